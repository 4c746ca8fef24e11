//! Records and alerts that are wrong, and too many of those that move nothing forward.

use std::sync::Arc;

use tls12::{
    Error, Excess, Illegal, RecordError,
    schedule::Side,
    wire::{Alert, MaxFragmentLength},
};

use super::{calling, client_of, server_of, serving, world};
use crate::common::{
    pair::World,
    raw::{ALERT, APPLICATION_DATA, Greeting, HANDSHAKE, Hello, Raw},
};

/// A connection of ours and its peer, which is on `side`; the connection has sent an echo already.
fn connected(side: Side) -> Raw {
    let mut raw = match side {
        Side::Client => client_of(&world()),
        Side::Server => server_of(&world()),
    };
    match side {
        Side::Client => raw.connect(&Hello::new()),
        Side::Server => raw.accept(),
    }
    raw.echo(b"hello");
    raw
}

/// Our side at the start, and connected, on both sides.
fn everywhere() -> Vec<(Raw, &'static str)> {
    let mut client = server_of(&world());
    client.next_message();
    vec![
        (client_of(&world()), "a server that waits for ClientHello"),
        (client, "a client that waits for ServerHello"),
        (connected(Side::Client), "a server that is connected"),
        (connected(Side::Server), "a client that is connected"),
    ]
}

#[test]
fn an_unknown_record_type_is_an_unexpected_message_and_so_is_a_heartbeat_record() {
    for content in [0, 19, 24, 25, 99, 255] {
        for (mut raw, case) in everywhere() {
            raw.record(content, &[1, 0, 0, 0]);
            let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, case);
            assert!(matches!(error, Error::Record(RecordError::UnknownType(c)) if c.0 == content));
        }
    }
}

#[test]
fn a_tampered_record_is_a_bad_record_mac() {
    for side in [Side::Client, Side::Server] {
        // The explicit nonce, the ciphertext and the tag.
        for at in [0, 7, 8, 10, 13, 28] {
            let mut raw = connected(side);
            let mut record = raw.sealed(APPLICATION_DATA, b"hello");
            record[5 + at] ^= 1;
            raw.send(&record);
            let error = raw.refused_with(Alert::BAD_RECORD_MAC, "one bit");
            assert_eq!(error, Error::Record(RecordError::BadMac));
        }
        // Of another type, too short for a tag, one left out, and one again.
        for case in 0..4 {
            let mut raw = connected(side);
            let mut record = raw.sealed(APPLICATION_DATA, b"hello");
            match case {
                0 => record[0] = HANDSHAKE,
                1 => record = [&[23, 3, 3, 0, 23][..], &[0; 23]].concat(),
                2 => record = raw.sealed(APPLICATION_DATA, b"hello"),
                _ => {
                    raw.send(&record);
                    assert_eq!(raw.next_record(), Some((APPLICATION_DATA, b"hello".to_vec())));
                }
            }
            raw.send(&record);
            raw.refused_with(Alert::BAD_RECORD_MAC, &format!("case {case}"));
        }
    }
}

#[test]
fn a_tampered_finished_record_is_a_bad_record_mac() {
    for side in [Side::Client, Side::Server] {
        let (mut raw, finished) = match side {
            Side::Client => {
                let mut raw = client_of(&world());
                let finished = raw.up_to_finished(&Hello::new());
                (raw, finished)
            }
            Side::Server => {
                let mut raw = server_of(&world());
                let finished = raw.up_to_server_finished();
                (raw, finished)
            }
        };
        let mut record = raw.sealed(HANDSHAKE, &finished);
        *record.last_mut().unwrap() ^= 0x80;
        raw.send(&record);
        raw.refused_with(Alert::BAD_RECORD_MAC, "Finished");
    }
}

#[test]
fn plaintext_over_2_to_the_14_is_a_record_overflow() {
    let overflow = Error::Record(RecordError::Overflow);
    for (mut raw, case) in everywhere() {
        raw.record(HANDSHAKE, &[0; 16_385]);
        assert_eq!(raw.refused_with(Alert::RECORD_OVERFLOW, case), overflow, "{case}");
    }
    for side in [Side::Client, Side::Server] {
        let mut raw = connected(side);
        raw.echo(&[7; 16_384]);
        raw.record(APPLICATION_DATA, &[7; 16_385]);
        assert_eq!(raw.refused_with(Alert::RECORD_OVERFLOW, "sealed"), overflow);
    }
}

#[test]
fn ciphertext_over_2_to_the_14_and_2048_is_a_record_overflow_before_it_comes() {
    for side in [Side::Client, Side::Server] {
        for len in [18_433_u16, 65_535] {
            let mut raw = connected(side);
            raw.send(&[&[23, 3, 3], &len.to_be_bytes()[..]].concat());
            raw.refused_with(Alert::RECORD_OVERFLOW, "only the header came");
        }
        let mut raw = connected(side);
        raw.send(&[&[23, 3, 3, 0x48, 0][..], &[0; 18_432]].concat());
        raw.refused_with(Alert::BAD_RECORD_MAC, "as long as may be");
    }
}

/// What comes of a record of this many bytes where another limit was agreed.
fn limited(world: &Arc<World>, hello: Option<Hello>, greeting: Greeting, len: usize) -> Raw {
    let mut raw = match &hello {
        Some(_) => client_of(world),
        None => server_of(world),
    };
    match &hello {
        Some(hello) => raw.connect(hello),
        None => {
            let mut answer = raw.answer();
            answer.hello = greeting.message();
            raw.say(&answer);
            raw.read_answer();
            raw.change_cipher_spec();
            let finished = raw.finished(Side::Server);
            raw.message(&finished);
        }
    }
    raw.record(APPLICATION_DATA, &vec![7; len]);
    raw
}

#[test]
fn plaintext_over_the_agreed_limit_is_a_record_overflow() {
    let serving = serving(|config| config.with_record_size_limit(100).unwrap());
    let calling_limit = calling(|config| config.with_record_size_limit(100).unwrap());
    let calling_length = calling(|config| config.with_max_fragment_length(MaxFragmentLength::MAX_512));
    let greeting = Greeting::new;
    let cases = [
        (&serving, Some(Hello::new().with(28, &[64, 0])), greeting(), 100),
        (&world(), Some(Hello::new().with(1, &[1])), greeting(), 512),
        (&calling_limit, None, greeting().with(28, &[64, 0]), 100),
        (&calling_length, None, greeting().with(1, &[1]), 512),
    ];
    for (world, hello, greeting, limit) in cases {
        let mut raw = limited(world, hello.clone(), greeting.clone(), limit);
        let (content, echo) = raw.next_record().unwrap();
        assert_eq!((content, echo.len()), (APPLICATION_DATA, limit));
        let raw = limited(world, hello, greeting, limit + 1);
        raw.refused_with(Alert::RECORD_OVERFLOW, "one byte over");
    }
}

#[test]
fn an_alert_record_not_exactly_two_bytes_is_a_decode_error() {
    for body in [&[][..], &[1], &[1, 0, 0], &[1, 0, 1, 0]] {
        for (mut raw, case) in everywhere() {
            raw.record(ALERT, body);
            raw.refused_with(Alert::DECODE_ERROR, case);
        }
    }
}

#[test]
fn an_alert_whose_level_is_neither_1_nor_2_is_an_illegal_parameter() {
    for alert in [[0, 0], [3, 0], [0, 90], [3, 90], [255, 255]] {
        for (mut raw, case) in everywhere() {
            raw.record(ALERT, &alert);
            let error = raw.refused_with(Alert::ILLEGAL_PARAMETER, case);
            assert_eq!(error, Error::Illegal(Illegal::AlertLevel));
        }
    }
}

#[test]
fn more_than_4_warning_alerts_in_a_row_are_an_unexpected_message() {
    for (mut raw, case) in everywhere() {
        for _ in 0..5 {
            raw.record(ALERT, &[1, 90]);
        }
        let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, case);
        assert_eq!(error, Error::Record(RecordError::Excessive(Excess::Warnings)));
    }
    for side in [Side::Client, Side::Server] {
        let mut raw = connected(side);
        for round in 0..3 {
            for _ in 0..4 {
                raw.record(ALERT, &[1, 90]);
            }
            raw.echo(&[round]);
        }
        raw.close(b"hello\0\x01\x02");
    }
}

#[test]
fn more_than_32_empty_records_in_a_row_are_an_unexpected_message() {
    for (mut raw, case) in everywhere() {
        for _ in 0..33 {
            raw.record(HANDSHAKE, &[]);
        }
        let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, case);
        assert_eq!(error, Error::Record(RecordError::Excessive(Excess::EmptyRecords)));
    }
    for side in [Side::Client, Side::Server] {
        let mut raw = connected(side);
        for _ in 0..33 {
            raw.record(APPLICATION_DATA, &[]);
        }
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "application data");
    }
}

#[test]
fn a_message_of_the_handshake_renews_the_patience_for_warnings_and_for_empty_records() {
    for (content, body, most) in [(ALERT, &[1, 90][..], 4), (HANDSHAKE, &[], 32)] {
        let nothing = |raw: &mut Raw, times| (0..times).for_each(|_| raw.record(content, body));
        let mut raw = client_of(&world());
        nothing(&mut raw, most);
        let flight = raw.greet(&Hello::new());
        nothing(&mut raw, most);
        raw.exchange(&flight);
        nothing(&mut raw, most);
        raw.change_cipher_spec();
        let finished = raw.finished(Side::Client);
        raw.message(&finished);
        raw.read_finished();
        raw.close(b"");

        let mut raw = server_of(&world());
        let answer = raw.answer();
        for message in [&answer.hello, &answer.certificate, &answer.key_exchange, &answer.done] {
            nothing(&mut raw, most);
            raw.message(message);
        }
        raw.read_answer();
        nothing(&mut raw, most);
        raw.change_cipher_spec();
        let finished = raw.finished(Side::Server);
        raw.message(&finished);
        raw.close(b"");

        let mut raw = client_of(&world());
        nothing(&mut raw, most);
        raw.greet(&Hello::new());
        nothing(&mut raw, most + 1);
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "one more than is put up with");
    }
}

#[test]
fn warnings_between_empty_records_do_not_renew_the_patience() {
    for (mut raw, case) in everywhere() {
        for warned in [true, false, false] {
            (0..11).for_each(|_| raw.record(HANDSHAKE, &[]));
            if warned {
                raw.record(ALERT, &[1, 90]);
            }
        }
        let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, case);
        assert_eq!(error, Error::Record(RecordError::Excessive(Excess::EmptyRecords)));
    }
}

#[test]
fn a_fatal_alert_ends_the_connection_without_an_answer() {
    for (mut raw, _) in everywhere() {
        raw.record(ALERT, &[2, 40]);
        assert_eq!(raw.ends_without_a_word(), Error::Received(Alert::HANDSHAKE_FAILURE));
    }
}

#[test]
fn a_record_of_another_version_is_a_protocol_version() {
    for (mut raw, case) in everywhere() {
        let mut record = raw.sealed(HANDSHAKE, &[0; 4]);
        record[1] = 2;
        raw.send(&record);
        raw.refused_with(Alert::PROTOCOL_VERSION, case);
    }
    // RFC 5246, E.1: until the version is negotiated, any {3, x} will do.
    for minor in [0, 1, 4, 255] {
        let mut raw = client_of(&world());
        let hello = Hello::new();
        let message = hello.message();
        raw.transcript.extend_from_slice(&message);
        raw.send(&[&[22, 3, minor], &(message.len() as u16).to_be_bytes()[..], &message].concat());
        let flight = raw.flight();
        raw.exchange(&flight);
        let finished = {
            raw.change_cipher_spec();
            raw.finished(Side::Client)
        };
        raw.message(&finished);
        raw.read_finished();
        raw.close(b"");
    }
}

#[test]
fn http_in_the_place_of_a_record_ends_the_connection_and_the_error_says_so() {
    for request in [
        "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "POST / HTTP/1.0\r\n\r\n",
        "HEAD / HTTP/1.1\r\n\r\n",
        "PUT /x HTTP/1.1\r\n\r\n",
        "CONNECT a.example:443 HTTP/1.1\r\n\r\n",
    ] {
        let mut raw = client_of(&world());
        raw.send(request.as_bytes());
        let error = raw.ends_without_a_word();
        assert_eq!(error, Error::Record(RecordError::PlainHttp));
        assert!(error.to_string().contains("plain HTTP to a TLS port"), "{error}");
    }
}
