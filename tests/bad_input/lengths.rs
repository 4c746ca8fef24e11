//! Messages and records of lengths that are wrong, too long, or nothing at all.

use tls12::{
    Error, Excess, RecordError,
    wire::{Alert, DecodeError},
};

use super::{Bystanders, alice_before, requiring, server_before};
use crate::common::{
    pair::World,
    raw::{ALERT, APPLICATION_DATA, HANDSHAKE, Hello, Over, Raw, framed},
};

/// Cuts the body of a message at every length, and adds a byte; `whole` is a length at which it is whole.
fn every_cut(message: &[u8], whole: Option<usize>) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let (msg_type, body) = (message[0], [&message[4..], &[0]].concat());
    let lengths = (0..=body.len()).filter(move |len| *len != body.len() - 1 && Some(*len) != whole);
    let body = [&message[4..], &[0]].concat();
    lengths.map(move |len| (len, framed(msg_type, &body[..len])))
}

#[test]
fn every_message_of_a_client_cut_at_any_length_or_with_a_byte_more_is_a_decode_error() {
    for name in ["ClientHello", "Certificate", "ClientKeyExchange", "CertificateVerify", "Finished"] {
        // A hello may end where its extensions would begin.
        let whole = (name == "ClientHello").then_some(2 + 32 + 1 + 4 + 2);
        for (len, cut) in every_cut(&alice_before(name).1, whole) {
            let (mut raw, _) = alice_before(name);
            raw.message(&cut);
            let error = raw.refused_with(Alert::DECODE_ERROR, &format!("{name} of {len} bytes"));
            assert!(matches!(error, Error::Decode { message, .. } if message == name), "{error:?}");
        }
    }
}

#[test]
fn every_message_of_a_server_cut_at_any_length_or_with_a_byte_more_is_a_decode_error() {
    for name in [
        "ServerHello",
        "Certificate",
        "CertificateStatus",
        "ServerKeyExchange",
        "CertificateRequest",
        "ServerHelloDone",
        "Finished",
    ] {
        let whole = (name == "ServerHello").then_some(2 + 32 + 1 + 2 + 1);
        for (len, cut) in every_cut(&server_before(name).1, whole) {
            let (mut raw, _) = server_before(name);
            raw.message(&cut);
            let error = raw.refused_with(Alert::DECODE_ERROR, &format!("{name} of {len} bytes"));
            assert!(matches!(error, Error::Decode { message, .. } if message == name), "{error:?}");
        }
    }
}

#[test]
fn a_hello_without_extensions_is_whole_and_lacks_the_extended_master_secret() {
    let (mut raw, message) = alice_before("ClientHello");
    raw.message(&framed(1, &message[4..4 + 41]));
    raw.refused_with(Alert::HANDSHAKE_FAILURE, "a client's");
    let (mut raw, message) = server_before("ServerHello");
    raw.message(&framed(2, &message[4..4 + 38]));
    raw.refused_with(Alert::HANDSHAKE_FAILURE, "a server's");
}

#[test]
fn messages_announced_longer_than_their_limit_are_decode_errors_before_they_come() {
    let too_long = Error::Record(RecordError::Excessive(Excess::MessageSize));
    for name in ["Certificate", "ClientKeyExchange", "CertificateVerify", "Finished"] {
        for len in [[1, 0, 1], [0xff; 3]] {
            let (mut raw, message) = alice_before(name);
            raw.record(HANDSHAKE, &[&[message[0]], &len[..]].concat());
            assert_eq!(raw.refused_with(Alert::DECODE_ERROR, name), too_long);
        }
    }
    for name in ["ServerHello", "Certificate", "ServerKeyExchange", "CertificateRequest", "ServerHelloDone"] {
        let (mut raw, message) = server_before(name);
        raw.record(HANDSHAKE, &[message[0], 1, 0, 1]);
        assert_eq!(raw.refused_with(Alert::DECODE_ERROR, name), too_long);
    }
    let (mut raw, _) = alice_before("ClientHello");
    raw.record(HANDSHAKE, &[1, 2, 1, 0x45]);
    let error = raw.refused_with(Alert::DECODE_ERROR, "131 397 bytes");
    assert_eq!(error, Error::Decode { message: "ClientHello", why: DecodeError::TooLong });
}

#[test]
fn a_record_that_announces_too_much_is_a_record_overflow_before_it_comes() {
    let (world, _) = requiring();
    for len in [[0x40, 1], [0xff, 0xff]] {
        let mut raw = Raw::client(&world, Over::Memory);
        raw.send(&[&[22, 3, 1], &len[..]].concat());
        raw.refused_with(Alert::RECORD_OVERFLOW, "to a server");
        let mut raw = Raw::server(&world, Over::Memory);
        raw.next_message();
        raw.send(&[&[22, 3, 3], &len[..]].concat());
        raw.refused_with(Alert::RECORD_OVERFLOW, "to a client");
    }
}

#[test]
fn fragments_of_no_bytes_are_normal_up_to_32_in_a_row() {
    for (empty, good) in [(1, true), (32, true), (33, false)] {
        for name in ["ClientHello", "ClientKeyExchange", "CertificateVerify", "Finished"] {
            let (mut raw, message) = alice_before(name);
            raw.record(HANDSHAKE, &message[..5]);
            for _ in 0..empty {
                raw.record(HANDSHAKE, &[]);
            }
            raw.record(HANDSHAKE, &message[5..]);
            match good {
                // Whatever comes next is not an alert, or is the end of the transport.
                true => raw.cut(),
                false => {
                    let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, name);
                    assert_eq!(error, Error::Record(RecordError::Excessive(Excess::EmptyRecords)));
                    continue;
                }
            }
            while let Some((content, body)) = raw.next_record() {
                assert_ne!(content, ALERT, "{name}: {body:?}");
            }
            assert_eq!(raw.end().error, Some(Error::Truncated));
        }
    }
}

#[test]
fn records_of_other_types_within_a_message() {
    for name in ["ClientHello", "ClientKeyExchange", "Finished"] {
        for at in [1, 4, 9] {
            let (mut raw, message) = alice_before(name);
            raw.record(HANDSHAKE, &message[..at]);
            raw.record(APPLICATION_DATA, b"between");
            raw.record(HANDSHAKE, &message[at..]);
            raw.refused_with(Alert::UNEXPECTED_MESSAGE, name);
            // An alert has its own place, and a warning changes nothing.
            let (mut raw, message) = alice_before(name);
            raw.record(HANDSHAKE, &message[..at]);
            raw.record(ALERT, &[1, 90]);
            raw.record(HANDSHAKE, &message[at..]);
            raw.cut();
            while let Some((content, _)) = raw.next_record() {
                assert_ne!(content, ALERT, "{name}");
            }
        }
    }
}

#[test]
fn messages_interleaved_byte_by_byte_are_refused() {
    let world = std::sync::Arc::new(World::new());
    let others = Bystanders::of(&world);
    let hello = Hello::new().message();
    let mut raw = Raw::client(&world, Over::Memory);
    let mixed: Vec<u8> = hello.iter().zip(&framed(16, &[9; 200])).flat_map(|(a, b)| [*a, *b]).collect();
    raw.record(HANDSHAKE, &mixed);
    raw.refused_with(Alert::DECODE_ERROR, "a hello and a key exchange");
    for at in [10, 50] {
        let (mut raw, message) = alice_before("CertificateVerify");
        raw.record(HANDSHAKE, &[&message[..at], &framed(20, &[0; 12]), &message[at..]].concat());
        let (alert, error) = raw.refused();
        assert!(matches!(alert, Alert::DECODE_ERROR | Alert::DECRYPT_ERROR), "{error:?}");
    }
    others.are_well();
}
