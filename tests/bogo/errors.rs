//! Each failure under the name that the runner looks for, and with the alert that it waits for.

use tls12::wire::{Alert, CipherSuite, NamedGroup};

use crate::{
    common::raw::{
        ALERT, APPLICATION_DATA, Answer, CHANGE_CIPHER_SPEC, Greeting, HANDSHAKE, Hello, Raw, certificate,
        framed, identity, prefixed,
    },
    runner::Shim,
};

/// A server fails under this name when a client does that.
#[track_caller]
fn server(name: &str, alert: Alert, play: impl FnOnce(&mut Raw)) {
    let outcome = Shim::server("").meets(|runner| {
        let mut raw = runner.raw_client();
        play(&mut raw);
        assert_eq!(raw.alert().description, alert, "{name}");
    });
    outcome.failed(name);
}

/// A server fails under this name when a client sends these bytes.
#[track_caller]
fn server_hears(name: &str, alert: Alert, hello: Hello) {
    server(name, alert, |raw| raw.message(&hello.message()));
}

/// A client fails under this name when its server answers so.
#[track_caller]
fn client(flags: &str, name: &str, alert: Alert, change: impl FnOnce(&mut Raw, &mut Answer)) {
    let outcome = Shim::client(flags).meets(|runner| {
        let mut raw = runner.raw_server();
        let mut answer = raw.answer();
        change(&mut raw, &mut answer);
        raw.say(&answer);
        assert_eq!(raw.alert().description, alert, "{name}");
    });
    outcome.failed(name);
}

fn greeting(change: impl FnOnce(Greeting) -> Greeting) -> impl FnOnce(&mut Raw, &mut Answer) {
    |_, answer| answer.hello = change(Greeting::new()).message()
}

#[test]
fn hellos_that_a_server_cannot_go_on_with() {
    let rsa = CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256;
    for hello in [
        Hello { suites: vec![rsa.0], ..Hello::new() },
        Hello::new().with(13, &[0, 2, 8, 7]),
        Hello::new().without(10),
    ] {
        server_hears(":NO_SHARED_CIPHER:", Alert::HANDSHAKE_FAILURE, hello);
    }
    let old = Hello { version: 0x0302, ..Hello::new() };
    server_hears(":UNSUPPORTED_PROTOCOL:", Alert::PROTOCOL_VERSION, old);
    let compressed = Hello { compression: vec![1], ..Hello::new() };
    server_hears(":INVALID_COMPRESSION_LIST:", Alert::ILLEGAL_PARAMETER, compressed);
    let long = Hello { session_id: vec![0; 33], ..Hello::new() };
    server_hears(":CLIENTHELLO_PARSE_FAILED:", Alert::DECODE_ERROR, long);
    server_hears(":PARSE_TLSEXT:", Alert::DECODE_ERROR, Hello::new().with(16, &[0, 1, 0]));
    // RFC 8422, 5.1.2: without uncompressed.
    server_hears(":ERROR_PARSING_EXTENSION:", Alert::ILLEGAL_PARAMETER, Hello::new().with(11, &[1, 1]));
}

#[test]
fn messages_and_records_out_of_turn() {
    server(":UNEXPECTED_MESSAGE:", Alert::UNEXPECTED_MESSAGE, |raw| raw.message(&framed(20, &[0; 12])));
    server(":UNEXPECTED_RECORD:", Alert::UNEXPECTED_MESSAGE, |raw| {
        raw.greet(&Hello::new());
        raw.record(APPLICATION_DATA, b"early");
    });
    server(":UNEXPECTED_RECORD:", Alert::UNEXPECTED_MESSAGE, |raw| {
        raw.greet(&Hello::new());
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
    });
    server(":BAD_CHANGE_CIPHER_SPEC:", Alert::UNEXPECTED_MESSAGE, |raw| {
        let flight = raw.greet(&Hello::new());
        raw.exchange(&flight);
        raw.record(CHANGE_CIPHER_SPEC, &[2]);
    });
    server(":EXCESS_HANDSHAKE_DATA:", Alert::UNEXPECTED_MESSAGE, |raw| {
        raw.message(&[Hello::new().message(), vec![16]].concat());
    });
    client("", ":UNEXPECTED_MESSAGE:", Alert::UNEXPECTED_MESSAGE, |_, answer| answer.certificate.clear());
    client("", ":EXCESS_HANDSHAKE_DATA:", Alert::UNEXPECTED_MESSAGE, |_, answer| answer.done.push(20));
}

#[test]
fn shares_and_signatures_that_are_not_good() {
    for (group, share) in [
        (NamedGroup::SECP256R1, vec![4; 65]),
        (NamedGroup::X25519, vec![0; 32]),
        (NamedGroup::X25519, vec![9; 31]),
    ] {
        server(":BAD_ECPOINT:", Alert::ILLEGAL_PARAMETER, |raw| {
            let groups = if group == NamedGroup::X25519 { &[0, 4, 0, 29, 0, 23][..] } else { &[0, 2, 0, 23] };
            raw.greet(&Hello::new().with(10, groups));
            raw.message(&framed(16, &prefixed::<1>(&share)));
        });
    }
    server(":DECODE_ERROR:", Alert::DECODE_ERROR, |raw| {
        raw.greet(&Hello::new());
        raw.message(&framed(16, &[&prefixed::<1>(&[9; 32])[..], &[0]].concat()));
    });
    client("", ":BAD_ECPOINT:", Alert::ILLEGAL_PARAMETER, |raw, answer| {
        answer.key_exchange = raw.signed(NamedGroup::X25519, &[0; 32], &identity().local_key());
    });
    client("", ":BAD_SIGNATURE:", Alert::DECRYPT_ERROR, |raw, answer| {
        let share = raw.share(NamedGroup::X25519);
        raw.randoms.server[0] ^= 1;
        answer.key_exchange = raw.signed(NamedGroup::X25519, &share, &identity().local_key());
        raw.randoms.server[0] ^= 1;
    });
    client("-curves 23", ":WRONG_CURVE:", Alert::ILLEGAL_PARAMETER, |_, _| {});
}

#[test]
fn answers_that_a_client_cannot_go_on_with() {
    let illegal = Alert::ILLEGAL_PARAMETER;
    client("", ":WRONG_CIPHER_RETURNED:", illegal, greeting(|hello| Greeting { suite: 0x009c, ..hello }));
    let rsa = CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256;
    let unsupported = Alert::UNSUPPORTED_CERTIFICATE;
    client("", ":WRONG_CERTIFICATE_TYPE:", unsupported, greeting(|hello| Greeting { suite: rsa.0, ..hello }));
    let compressed = greeting(|hello| Greeting { compression: 1, ..hello });
    client("", ":UNSUPPORTED_COMPRESSION_ALGORITHM:", illegal, compressed);
    let old = greeting(|hello| Greeting { version: 0x0302, ..hello });
    client("", ":UNSUPPORTED_PROTOCOL:", Alert::PROTOCOL_VERSION, old);
    let chosen = greeting(|hello| hello.with(16, b"\x00\x04\x03foo"));
    client("", ":UNEXPECTED_EXTENSION:", Alert::UNSUPPORTED_EXTENSION, chosen);
    let malformed = greeting(|hello| hello.with(23, &[0]));
    client("", ":PARSE_TLSEXT:", Alert::DECODE_ERROR, malformed);
    let points = greeting(|hello| hello.with(11, &[1, 1]));
    client("", ":ERROR_PARSING_EXTENSION:", illegal, points);
    // The certificate's key is on P-256.
    client("-curves 29", ":BAD_ECC_CERT:", illegal, |_, _| {});
}

#[test]
fn certificates_that_a_client_cannot_use() {
    client("", ":CANNOT_PARSE_LEAF_CERT:", Alert::BAD_CERTIFICATE, |_, answer| {
        answer.certificate = certificate([b"no certificate"]);
    });
    let nobody: [&[u8]; 0] = [];
    client("", ":DECODE_ERROR:", Alert::DECODE_ERROR, |_, answer| answer.certificate = certificate(nobody));
}

#[test]
fn a_finished_that_is_wrong() {
    server(":DIGEST_CHECK_FAILED:", Alert::DECRYPT_ERROR, |raw| {
        let mut finished = raw.up_to_finished(&Hello::new());
        finished[4] ^= 1;
        raw.message(&finished);
    });
    let outcome = Shim::client("").meets(|runner| {
        let mut raw = runner.raw_server();
        let mut finished = raw.up_to_server_finished();
        finished[15] ^= 1;
        raw.message(&finished);
        assert_eq!(raw.alert().description, Alert::DECRYPT_ERROR);
    });
    outcome.failed(":DIGEST_CHECK_FAILED:");
}

#[test]
fn another_handshake_is_refused_and_ends_the_connection() {
    server(":NO_RENEGOTIATION:", Alert::NO_RENEGOTIATION, |raw| {
        raw.connect(&Hello::new());
        raw.record(HANDSHAKE, &Hello::new().message());
    });
    let outcome = Shim::client("").meets(|runner| {
        let mut raw = runner.raw_server();
        raw.accept();
        raw.record(HANDSHAKE, &framed(0, &[]));
        assert_eq!(raw.alert().description, Alert::NO_RENEGOTIATION);
    });
    outcome.failed(":NO_RENEGOTIATION:");
}

#[test]
fn records_that_are_none() {
    let sends = |name: &str, bytes: &[u8]| {
        let outcome = Shim::server("").meets(|runner| {
            let mut raw = runner.raw_client();
            raw.send(bytes);
            raw.drain_sealed();
        });
        outcome.failed(name);
    };
    for method in ["GET ", "POST ", "HEAD ", "PUT "] {
        sends(":HTTP_REQUEST:", format!("{method}/ HTTP/1.0\r\n\r\n").as_bytes());
    }
    sends(":HTTPS_PROXY_REQUEST:", b"CONNECT a.example:443 HTTP/1.0\r\n\r\n");
    sends(":WRONG_VERSION_NUMBER:", &[HANDSHAKE, 2, 0, 0, 1, 1]);
    sends(":UNEXPECTED_RECORD:", &[99, 3, 1, 0, 1, 1]);
    sends(":BAD_ALERT:", &[ALERT, 3, 1, 0, 1, 2]);
    sends(":UNKNOWN_ALERT_TYPE:", &[ALERT, 3, 1, 0, 2, 3, 0]);
    sends(":ENCRYPTED_LENGTH_TOO_LONG:", &[HANDSHAKE, 3, 1, 0xff, 0xff, 1]);
}

#[test]
fn records_that_do_not_open_are_too_long_or_too_many() {
    server(":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:", Alert::BAD_RECORD_MAC, |raw| {
        raw.connect(&Hello::new());
        let mut record = raw.sealed(APPLICATION_DATA, b"data");
        *record.last_mut().expect("a record") ^= 1;
        raw.send(&record);
    });
    server(":DATA_LENGTH_TOO_LONG:", Alert::RECORD_OVERFLOW, |raw| {
        raw.connect(&Hello::new());
        raw.record(APPLICATION_DATA, &[0; (1 << 14) + 1]);
    });
    server(":TOO_MANY_EMPTY_FRAGMENTS:", Alert::UNEXPECTED_MESSAGE, |raw| {
        raw.connect(&Hello::new());
        (0..33).for_each(|_| raw.record(APPLICATION_DATA, &[]));
    });
    server(":TOO_MANY_WARNING_ALERTS:", Alert::UNEXPECTED_MESSAGE, |raw| {
        raw.connect(&Hello::new());
        // user_canceled
        (0..5).for_each(|_| raw.record(ALERT, &[1, 90]));
    });
}

#[test]
fn alerts_of_the_runner_have_names_too() {
    for (alert, name) in [
        (Alert::RECORD_OVERFLOW, ":TLSV1_ALERT_RECORD_OVERFLOW:"),
        (Alert::DECOMPRESSION_FAILURE, ":SSLV3_ALERT_DECOMPRESSION_FAILURE:"),
        (Alert::HANDSHAKE_FAILURE, ":HANDSHAKE_FAILURE_ON_CLIENT_HELLO:"),
        (Alert::INTERNAL_ERROR, ":ALERT_RECEIVED:"),
    ] {
        let outcome = Shim::client("").meets(|runner| {
            let mut raw = runner.raw_server();
            raw.next_message();
            raw.record(ALERT, &[2, alert.0]);
        });
        outcome.failed(name);
    }
    // Later than in answer to the hello it has no name of its own.
    let outcome = Shim::client("").meets(|runner| {
        let mut raw = runner.raw_server();
        let answer = raw.answer();
        raw.say(&answer);
        raw.read_answer();
        raw.change_cipher_spec();
        raw.record(ALERT, &[2, Alert::HANDSHAKE_FAILURE.0]);
    });
    outcome.failed(":ALERT_RECEIVED:");
}
