//! Names and protocols.

use tls12::{
    ConnectionInfo,
    schedule::Side,
    wire::{Alert, Message},
};

use crate::{
    common::{
        pair::{NAME, World},
        raw::{ALERT, Greeting, Hello, server_name},
    },
    runner::{Shim, holds},
};

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const LIST: &[u8] = b"\x03foo\x03bar";

/// A server that speaks this protocol.
fn speaking(protocol: &'static [u8]) -> World {
    World::new().with_server(|config| config.with_alpn([protocol]))
}

/// A client that offers foo and bar.
fn offering() -> World {
    World::new().with_client(|config| config.with_alpn([&b"foo"[..], b"bar"]))
}

fn advertising(flags: &str) -> Shim {
    Shim::client("").with("-advertise-alpn", LIST).and(flags)
}

fn alpn(infos: &[ConnectionInfo]) -> Option<&[u8]> {
    infos[0].alpn.as_deref()
}

#[test]
fn a_client_with_a_host_name_sends_it_and_without_one_sends_none() {
    let infos = Shim::client("-host-name a.example").visits(World::new()).passed(1);
    assert_eq!(infos[0].server_name.as_ref().map(|name| name.to_str().into_owned()), Some(NAME.into()));
    let infos = Shim::client("").visits(World::new()).passed(1);
    assert!(infos[0].server_name.is_none());
}

#[test]
fn a_server_sees_the_name_as_expected_or_not() {
    let flag = |name| format!("-expect-server-name {name}");
    holds(Shim::server, World::new, &flag("a.example"), &flag("b.example"));
    // A client that sends none.
    let outcome = Shim::server(&flag("a.example")).meets(|runner| {
        let mut raw = runner.raw_client();
        raw.connect(&Hello::new());
    });
    outcome.broken();
}

#[test]
fn a_name_is_acknowledged_unless_a_flag_says_otherwise() {
    let acknowledged = |shim: Shim, name: &str| {
        let mut acknowledged = None;
        shim.meets(|runner| {
            let hello = Hello::new().with(SERVER_NAME, &server_name(name));
            let flight = runner.raw_client().greet(&hello);
            acknowledged = Some(match Message::decode(&flight.messages[0]) {
                Ok(Some(Message::ServerHello(hello))) => hello.extensions.server_name,
                other => panic!("ServerHello is next, not {other:?}"),
            });
        });
        acknowledged.expect("a flight")
    };
    // The certificate is for a.example.
    assert!(acknowledged(Shim::server(""), "b.example"));
    assert!(!acknowledged(Shim::server("-no-server-name-ack"), "b.example"));
}

#[test]
fn a_client_advertises_protocols_and_one_is_chosen_as_expected_or_not() {
    let infos = advertising("-expect-alpn bar").visits(speaking(b"bar")).passed(1);
    assert_eq!(alpn(&infos), Some(&b"bar"[..]));
    advertising("-expect-alpn foo").visits(speaking(b"bar")).broken();
    // Without an expectation there is to be none.
    advertising("").visits(speaking(b"bar")).broken();
    advertising("").visits(World::new()).passed(1);
}

#[test]
fn a_protocol_that_was_not_offered_is_taken_only_by_a_client_that_takes_all() {
    let baz = Greeting::new().with(ALPN, b"\x00\x04\x03baz").message();
    let outcome = advertising("-expect-alpn baz").meets(|runner| {
        let mut raw = runner.raw_server();
        let mut answer = raw.answer();
        answer.hello = baz.clone();
        raw.say(&answer);
        assert_eq!(raw.alert().description, Alert::ILLEGAL_PARAMETER);
    });
    outcome.failed(":INVALID_ALPN_PROTOCOL:");
    let outcome = advertising("-expect-alpn baz -allow-unknown-alpn-protos").meets(|runner| {
        let mut raw = runner.raw_server();
        let mut answer = raw.answer();
        answer.hello = baz.clone();
        raw.say(&answer);
        raw.read_answer();
        raw.change_cipher_spec();
        let finished = raw.finished(Side::Server);
        raw.message(&finished);
        raw.record(ALERT, &[1, 0]);
        raw.next_record();
    });
    outcome.passed(1);
}

#[test]
fn a_server_selects_declines_or_refuses_a_protocol() {
    let infos = Shim::server("-select-alpn bar").visits(offering()).passed(1);
    assert_eq!(alpn(&infos), Some(&b"bar"[..]));
    let infos = Shim::server("-decline-alpn").visits(offering()).passed(1);
    assert_eq!(alpn(&infos), None);
    let infos = Shim::server("").visits(offering()).passed(1);
    assert_eq!(alpn(&infos), None);
    let outcome = Shim::server("-reject-alpn").visits(offering());
    outcome.failed_with(":NO_APPLICATION_PROTOCOL:", Alert::NO_APPLICATION_PROTOCOL);
    let outcome = Shim::server("-select-empty-alpn").visits(offering());
    outcome.failed_with(":INVALID_ALPN_PROTOCOL:", Alert::INTERNAL_ERROR);
    for flags in ["-reject-alpn", "-select-empty-alpn", "-select-alpn bar"] {
        Shim::server(flags).visits(World::new()).passed(1);
    }
}

#[test]
fn the_protocols_that_a_client_lists_are_as_expected_or_not() {
    let shim = |list: &[u8]| Shim::server("").with("-expect-advertised-alpn", list);
    shim(LIST).visits(offering()).passed(1);
    shim(b"\x03bar\x03foo").visits(offering()).broken();
    shim(LIST).visits(World::new()).broken();
}

#[test]
fn an_early_callback_that_fails_refuses_the_connection() {
    let outcome = Shim::server("-fail-early-callback").visits(World::new());
    outcome.failed_with(":CONNECTION_REJECTED:", Alert::HANDSHAKE_FAILURE);
    Shim::server("-use-early-callback").visits(World::new()).passed(1);
}

#[test]
fn a_client_that_falls_back_says_so_in_its_list_of_suites() {
    let says_so = |flags| {
        let mut suites = Vec::new();
        Shim::client(flags).meets(|runner| {
            let hello = runner.raw_server().next_message();
            let Ok(Some(Message::ClientHello(hello))) = Message::decode(&hello) else {
                panic!("ClientHello")
            };
            suites = hello.cipher_suites.iter().map(|suite| suite.0).collect();
        });
        assert!(!suites.is_empty());
        // RFC 7507
        suites.contains(&0x5600)
    };
    assert!(says_so("-fallback-scsv"));
    assert!(!says_so(""));
}
