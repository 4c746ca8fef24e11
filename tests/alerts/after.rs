//! After the handshake: renegotiation, and closes.

use std::sync::Arc;

use tls12::{
    Error, Excess, RecordError,
    schedule::Side,
    wire::{Alert, AlertLevel, AlertMessage},
};

use super::{calling, client_of, server_of, serving, world};
use crate::common::{
    pair::World,
    raw::{ALERT, APPLICATION_DATA, Answer, Greeting, HANDSHAKE, Hello, Raw, framed},
};

/// A connection of ours, its peer on `side`, and the request to renegotiate of that side.
fn connected(world: &Arc<World>, side: Side) -> (Raw, Vec<u8>) {
    match side {
        Side::Client => {
            let mut raw = client_of(world);
            raw.connect(&Hello::new());
            (raw, Hello::new().message())
        }
        Side::Server => {
            let mut raw = server_of(world);
            raw.accept();
            (raw, framed(0, &[]))
        }
    }
}

#[test]
fn a_renegotiation_attempt_is_answered_by_a_warning_no_renegotiation_and_the_connection_goes_on_a_few_times()
{
    for side in [Side::Client, Side::Server] {
        let (mut raw, request) = connected(&world(), side);
        for n in 0..8 {
            raw.record(HANDSHAKE, &request);
            let warning = AlertMessage { level: AlertLevel::WARNING, description: Alert::NO_RENEGOTIATION };
            assert_eq!(raw.alert(), warning);
            raw.echo(&[n]);
        }
        raw.record(HANDSHAKE, &request);
        let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, "the ninth time");
        assert_eq!(error, Error::Record(RecordError::Excessive(Excess::Renegotiations)));
    }
}

/// A connection of ours whose peer knows nothing of RFC 5746, and the request to renegotiate of that side.
fn connected_without_signal(world: &Arc<World>, side: Side) -> (Raw, Vec<u8>) {
    const RENEGOTIATION_INFO: u16 = 0xff01;
    match side {
        Side::Client => {
            let hello = Hello::new().without(RENEGOTIATION_INFO);
            let mut raw = client_of(world);
            raw.connect(&hello);
            (raw, hello.message())
        }
        Side::Server => {
            let mut raw = server_of(world);
            let mut greeting = Greeting::new();
            greeting.extensions.retain(|(extension, _)| *extension != RENEGOTIATION_INFO);
            let answer = Answer { hello: greeting.message(), ..raw.answer() };
            raw.say(&answer);
            raw.read_answer();
            raw.change_cipher_spec();
            let finished = raw.finished(Side::Server);
            raw.message(&finished);
            (raw, framed(0, &[]))
        }
    }
}

/// RFC 5746, 4.2 and 4.4.
#[test]
fn a_peer_without_secure_renegotiation_connects_is_told_apart_and_renegotiates_as_little() {
    for side in [Side::Client, Side::Server] {
        let (mut raw, request) = connected_without_signal(&world(), side);
        raw.record(HANDSHAKE, &request);
        let warning = AlertMessage { level: AlertLevel::WARNING, description: Alert::NO_RENEGOTIATION };
        assert_eq!(raw.alert(), warning);
        raw.echo(b"on it goes");
        let end = raw.close(b"on it goes");
        assert_eq!(end.info.map(|info| info.secure_renegotiation), Some(false));
    }
    let fatal = [
        (serving(|config| config.with_fatal_renegotiation()), Side::Client),
        (calling(|config| config.with_fatal_renegotiation()), Side::Server),
    ];
    for (world, side) in fatal {
        let (mut raw, request) = connected_without_signal(&world, side);
        raw.record(HANDSHAKE, &request);
        assert_eq!(raw.refused_with(Alert::NO_RENEGOTIATION, "fatal"), Error::Renegotiation);
    }
}

#[test]
fn a_renegotiation_attempt_is_fatal_where_configured() {
    let worlds = [
        (serving(|config| config.with_fatal_renegotiation()), Side::Client),
        (calling(|config| config.with_fatal_renegotiation()), Side::Server),
    ];
    for (world, side) in worlds {
        let (mut raw, request) = connected(&world, side);
        raw.record(HANDSHAKE, &request);
        assert_eq!(raw.refused_with(Alert::NO_RENEGOTIATION, "fatal"), Error::Renegotiation);
    }
}

#[test]
fn any_other_handshake_message_after_the_handshake_is_an_unexpected_message() {
    for side in [Side::Client, Side::Server] {
        let own = [framed(20, &[0; 12]), framed(14, &[]), framed(16, &[1, 4]), framed(99, &[])];
        let wrong_way = match side {
            Side::Client => framed(0, &[]),
            Side::Server => Hello::new().message(),
        };
        for message in own.iter().chain([&wrong_way]) {
            let (mut raw, _) = connected(&world(), side);
            raw.record(HANDSHAKE, message);
            raw.refused_with(Alert::UNEXPECTED_MESSAGE, "after the handshake");
        }
        let (mut raw, request) = connected(&world(), side);
        raw.record(HANDSHAKE, &request[..3]);
        raw.record(APPLICATION_DATA, b"within");
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "data within a request");
    }
    let (mut raw, _) = connected(&world(), Side::Server);
    raw.record(HANDSHAKE, &framed(0, &[0]));
    raw.refused_with(Alert::DECODE_ERROR, "HelloRequest with a body");
}

#[test]
fn close_notify_of_either_level_is_answered_after_all_that_came_before_it_was_delivered() {
    for side in [Side::Client, Side::Server] {
        for level in [1, 2] {
            let (mut raw, _) = connected(&world(), side);
            let records =
                [raw.sealed(APPLICATION_DATA, b"the last "), raw.sealed(APPLICATION_DATA, b"words")];
            let close = raw.sealed(ALERT, &[level, 0]);
            // What follows a close is not looked at.
            raw.send(&[&records.concat()[..], &close, b"rubbish"].concat());
            assert_eq!(raw.next_record(), Some((APPLICATION_DATA, b"the last ".to_vec())));
            assert_eq!(raw.next_record(), Some((APPLICATION_DATA, b"words".to_vec())));
            assert_eq!(raw.next_record(), Some((ALERT, vec![1, 0])));
            assert_eq!(raw.next_record(), None);
            let end = raw.end();
            assert_eq!((end.error, &end.data[..]), (None, &b"the last words"[..]));
        }
    }
}

#[test]
fn an_end_without_close_notify_is_an_error() {
    for side in [Side::Client, Side::Server] {
        let (mut raw, _) = connected(&world(), side);
        raw.echo(b"half of a messa");
        raw.cut();
        assert_eq!(raw.ends_without_a_word(), Error::Truncated);
    }
}

#[test]
fn close_notify_during_a_handshake_ends_it() {
    let mut raw = client_of(&world());
    raw.greet(&Hello::new());
    raw.record(ALERT, &[1, 0]);
    assert_eq!(raw.ends_without_a_word(), Error::Received(Alert::CLOSE_NOTIFY));
}
