//! What comes out of turn, and ChangeCipherSpec where it has no place.

use tls12::{Error, schedule::Side, wire::Alert};

use super::{client_of, server_of, server_refuses, world};
use crate::common::raw::{
    APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Hello, Raw, certificate, framed, prefixed,
};

/// A server of ours that waits for ClientKeyExchange, and the message that it waits for.
fn awaiting_key_exchange() -> (Raw, Vec<u8>) {
    let mut raw = client_of(&world());
    let flight = raw.greet(&Hello::new());
    let message = raw.client_key_exchange(&flight);
    (raw, message)
}

/// Our side waits for the Finished of the peer on `side`.
fn awaiting_finished(side: Side) -> (Raw, Vec<u8>) {
    let mut raw = match side {
        Side::Client => client_of(&world()),
        Side::Server => server_of(&world()),
    };
    let finished = match side {
        Side::Client => raw.up_to_finished(&Hello::new()),
        Side::Server => raw.up_to_server_finished(),
    };
    (raw, finished)
}

#[test]
fn finished_too_long_or_too_short_is_a_decode_error_and_with_wrong_contents_a_decrypt_error() {
    for side in [Side::Client, Side::Server] {
        let refuse = |change: fn(Vec<u8>) -> Vec<u8>, alert| {
            let (mut raw, finished) = awaiting_finished(side);
            raw.message(&change(finished));
            raw.refused_with(alert, "Finished")
        };
        refuse(|f| framed(20, &f[4..15]), Alert::DECODE_ERROR);
        refuse(|f| framed(20, &[&f[4..], &[0]].concat()), Alert::DECODE_ERROR);
        refuse(|_| framed(20, &[]), Alert::DECODE_ERROR);
        let wrong = |mut f: Vec<u8>| {
            f[15] ^= 1;
            f
        };
        assert_eq!(refuse(wrong, Alert::DECRYPT_ERROR), Error::BadFinished);
    }
}

#[test]
fn an_unknown_handshake_type_is_an_unexpected_message_before_its_body_is_looked_at() {
    for unknown in [3, 5, 23, 24, 67, 254, 255] {
        // Sixteen megabytes are announced, and none of them comes.
        let header = [unknown, 0xff, 0xff, 0xff];
        server_refuses(&world(), &header, Alert::UNEXPECTED_MESSAGE, "as the very first message");
        let (mut raw, _) = awaiting_key_exchange();
        raw.record(HANDSHAKE, &header);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "in the place of ClientKeyExchange");
        let mut raw = server_of(&world());
        raw.next_message();
        raw.record(HANDSHAKE, &header);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "to a client");
    }
}

#[test]
fn a_message_out_of_turn_twice_or_skipped_is_an_unexpected_message() {
    let finished = framed(20, &[0; 12]);
    for first in [&finished, &framed(14, &[]), &framed(16, &[1, 4]), &certificate::<[u8; 0]>([])] {
        server_refuses(&world(), first, Alert::UNEXPECTED_MESSAGE, "before any hello");
    }
    for (message, case) in [
        (finished, "ClientKeyExchange skipped"),
        (Hello::new().message(), "ClientHello twice"),
        (certificate::<[u8; 0]>([]), "a certificate nobody asked for"),
    ] {
        let (mut raw, _) = awaiting_key_exchange();
        raw.message(&message);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, case);
    }
    let (mut raw, message) = awaiting_key_exchange();
    raw.message(&message);
    raw.message(&message);
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "ClientKeyExchange twice");
}

#[test]
fn a_server_that_skips_or_repeats_a_message_is_told_unexpected_message() {
    for case in 0..5 {
        let mut raw = server_of(&world());
        let mut answer = raw.answer();
        match case {
            0 => answer.hello = vec![],
            1 => answer.hello = answer.hello.repeat(2),
            2 => answer.certificate = vec![],
            3 => answer.key_exchange = vec![],
            _ => answer.key_exchange = answer.key_exchange.repeat(2),
        }
        raw.say(&answer);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, &format!("case {case}"));
    }
}

#[test]
fn hello_request_from_a_client_is_an_unexpected_message() {
    let request = framed(0, &[]);
    server_refuses(&world(), &request, Alert::UNEXPECTED_MESSAGE, "first");
    let (mut raw, _) = awaiting_key_exchange();
    raw.message(&request);
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "later");
    let mut raw = client_of(&world());
    raw.connect(&Hello::new());
    raw.record(HANDSHAKE, &request);
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "after the handshake");
}

#[test]
fn a_part_of_the_next_message_behind_a_flight_or_where_keys_change_is_an_unexpected_message() {
    let packed = [&Hello::new().message()[..], &[16, 0, 0]].concat();
    let error = server_refuses(&world(), &packed, Alert::UNEXPECTED_MESSAGE, "behind ClientHello");
    assert_eq!(error, Error::ExcessData);

    let (mut raw, message) = awaiting_key_exchange();
    raw.message(&[&message[..], &[20, 0, 0]].concat());
    raw.record(CHANGE_CIPHER_SPEC, &[1]);
    assert_eq!(raw.refused_with(Alert::UNEXPECTED_MESSAGE, "before keys change"), Error::ExcessData);

    let mut raw = server_of(&world());
    let mut answer = raw.answer();
    answer.done.extend_from_slice(&[20, 0]);
    raw.say(&answer);
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "behind ServerHelloDone");

    for side in [Side::Client, Side::Server] {
        let (mut raw, finished) = awaiting_finished(side);
        raw.message(&[&finished[..], &[0]].concat());
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "behind Finished");
    }
}

#[test]
fn change_cipher_spec_of_two_bytes_or_of_another_value_is_an_unexpected_message() {
    for body in [&[1, 1][..], &[2], &[0], &[]] {
        let (mut raw, message) = awaiting_key_exchange();
        raw.message(&message);
        raw.record(CHANGE_CIPHER_SPEC, body);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "to a server");
        let mut raw = server_of(&world());
        let answer = raw.answer();
        raw.say(&answer);
        raw.read_answer();
        raw.record(CHANGE_CIPHER_SPEC, body);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "to a client");
    }
}

#[test]
fn change_cipher_spec_twice_is_an_unexpected_message() {
    for side in [Side::Client, Side::Server] {
        let (mut raw, _) = awaiting_finished(side);
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "before Finished");
        let (mut raw, finished) = awaiting_finished(side);
        raw.message(&finished);
        if side == Side::Client {
            raw.read_finished();
        }
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "after the handshake");
    }
}

#[test]
fn change_cipher_spec_early_is_an_unexpected_message() {
    let mut raw = client_of(&world());
    raw.record(CHANGE_CIPHER_SPEC, &[1]);
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "before ClientHello");
    // Before ClientKeyExchange there is no secret that keys could follow from.
    let (mut raw, _) = awaiting_key_exchange();
    raw.record(CHANGE_CIPHER_SPEC, &[1]);
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "before ClientKeyExchange");
    for parts in 0..4 {
        let mut raw = server_of(&world());
        let answer = raw.answer();
        let said = [&answer.hello, &answer.certificate, &answer.key_exchange, &answer.done];
        for message in &said[..parts] {
            raw.message(message);
        }
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, &format!("after {parts} messages of a server"));
    }
}

#[test]
fn change_cipher_spec_between_two_fragments_of_a_message_is_an_unexpected_message() {
    for at in [1, 4, 20] {
        let (mut raw, message) = awaiting_key_exchange();
        raw.record(HANDSHAKE, &message[..at]);
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        raw.record(HANDSHAKE, &message[at..]);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "in ClientKeyExchange");
        let mut raw = client_of(&world());
        raw.record(HANDSHAKE, &Hello::new().message()[..at]);
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "in ClientHello");
    }
}

#[test]
fn application_data_before_finished_is_an_unexpected_message() {
    let mut raw = client_of(&world());
    raw.record(APPLICATION_DATA, b"early");
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "first of all");
    let (mut raw, _) = awaiting_key_exchange();
    raw.record(APPLICATION_DATA, b"early");
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "before ClientKeyExchange");
    for side in [Side::Client, Side::Server] {
        let (mut raw, _) = awaiting_finished(side);
        raw.record(APPLICATION_DATA, b"early");
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "before Finished, sealed");
    }
    let mut raw = server_of(&world());
    raw.next_message();
    raw.record(APPLICATION_DATA, b"");
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "in the place of ServerHello, and empty");
}

#[test]
fn a_client_key_exchange_truncated_or_padded_or_with_an_empty_share_is_a_decode_error() {
    for change in [
        |share: &[u8]| framed(16, &prefixed::<1>(share)[..share.len()]),
        |share: &[u8]| framed(16, &[&prefixed::<1>(share)[..], &[0]].concat()),
        |_: &[u8]| framed(16, &[0]),
        |_: &[u8]| framed(16, &[]),
    ] {
        let (mut raw, message) = awaiting_key_exchange();
        raw.message(&change(&message[5..]));
        raw.refused_with(Alert::DECODE_ERROR, "ClientKeyExchange");
    }
}
