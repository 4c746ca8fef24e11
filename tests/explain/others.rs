//! What is not of TLS 1.2, and what goes wrong.

use tls12::{
    explain::{Explainer, NotTls12, Protocol, Seen},
    schedule::Side,
    session::{HandshakeKind, NotResumed},
    wire::{Alert, ContentType, HandshakeType, MAX_PLAINTEXT, Message, NamedGroup},
};

use super::transcripts::{all, words};
use crate::common::forge::record;

fn client_hello() -> Vec<u8> {
    all().into_iter().find(|each| each.name == "full_with_ticket").expect("a flow").said.remove(0).1
}

/// A ServerHello of TLS 1.2 with these extensions, in a record.
fn server_hello(version: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let length = u8::try_from(extensions.len()).expect("short");
    let body = [&version, &[7; 32][..], &[0, 0xc0, 0x2f, 0, 0, length], extensions].concat();
    let header = [2, 0, 0, u8::try_from(body.len()).expect("short")];
    record(ContentType::HANDSHAKE, &[&header[..], &body].concat())
}

fn answered(answer: &[u8]) -> (Explainer, Vec<String>) {
    let mut explainer = Explainer::new();
    explainer.bytes(Side::Client, &client_hello());
    let events = explainer.bytes(Side::Server, answer);
    (explainer, words(&events))
}

#[test]
fn tls_1_3_is_told_by_the_version_that_the_server_chose() {
    let answer =
        [server_hello([3, 3], &[0, 43, 0, 2, 3, 4]), record(ContentType::CHANGE_CIPHER_SPEC, &[1])].concat();
    let (mut explainer, words) = answered(&answer);
    assert_eq!(words, ["ServerHello", "NotTls12(Tls13)", "[change_cipher_spec]"]);
    assert_eq!(explainer.verdict().protocol, Protocol::Other(NotTls12::Tls13));
    assert_eq!(explainer.verdict().handshake, None);
    assert_eq!(explainer.verdict().to_string(), "not TLS 1.2 but TLS 1.3");
    let more = explainer.bytes(Side::Client, &record(ContentType::APPLICATION_DATA, &[0; 40]));
    assert!(matches!(more[1].seen, Seen::Encrypted { length: 40, .. }));
}

#[test]
fn older_versions_are_told_by_name() {
    for (version, name) in [([3, 1], "TLSv1.0"), ([3, 2], "TLSv1.1"), ([3, 0], "SSLv3")] {
        let (explainer, _) = answered(&server_hello(version, &[]));
        assert_eq!(explainer.verdict().to_string(), format!("not TLS 1.2 but {name}"));
    }
}

#[test]
fn other_protocols_are_told_from_their_first_bytes() {
    for (bytes, other) in [
        (&b"POST / HTTP/1.1\r\n"[..], NotTls12::PlainHttp),
        (b"SSH-2.0-OpenSSH\r\n", NotTls12::NotTls),
        (&[0x80, 0x2e, 1, 3, 3, 0, 0], NotTls12::Sslv2Hello),
    ] {
        let mut explainer = Explainer::new();
        let events = explainer.bytes(Side::Client, bytes);
        assert_eq!(events[0].seen, Seen::NotTls12(other));
        assert_eq!(explainer.verdict().protocol, Protocol::Other(other));
        assert_eq!(explainer.bytes(Side::Client, &[22; 100]), []);
    }
}

#[test]
fn a_handshake_that_fails_says_who_ended_it_and_why() {
    let alert = record(ContentType::ALERT, &[2, 40]);
    let (explainer, words) = answered(&alert);
    assert_eq!(words, ["Alert(AlertMessage { level: fatal, description: handshake_failure })"]);
    let (side, alert) = explainer.verdict().fatal_alert.expect("an alert");
    assert_eq!((side, alert.description), (Side::Server, Alert::HANDSHAKE_FAILURE));
    assert_eq!(
        explainer.verdict().to_string(),
        "a handshake that the server refused; the server ended it with handshake_failure"
    );
}

#[test]
fn what_does_not_decode_says_why_and_keeps_its_bytes() {
    let (_, words) = answered(&record(ContentType::HANDSHAKE, &[2, 0, 0, 1, 9]));
    assert_eq!(words, ["ServerHello"]);
    let mut explainer = Explainer::new();
    let events =
        explainer.bytes(Side::Server, &record(ContentType::HANDSHAKE, &[2, 0, 0, 1, 9, 99, 0, 0, 0]));
    let Seen::Message(message) = &events[1].seen else { panic!("{events:?}") };
    assert_eq!(message.raw, [2, 0, 0, 1, 9]);
    assert_eq!(message.decode().unwrap_err().to_string(), "a length runs past the end");
    let Seen::Message(message) = &events[2].seen else { panic!("{events:?}") };
    assert_eq!(message.msg_type, HandshakeType(99));
    assert_eq!(message.decode().unwrap_err().to_string(), "a message of an unknown type");
    let events = explainer.bytes(Side::Server, &record(ContentType::CHANGE_CIPHER_SPEC, &[2]));
    assert!(matches!(events[1].seen, Seen::Malformed { .. }));
}

/// What is told of a ServerKeyExchange of this suite: the group, or why it is not decoded.
fn exchanged(suite: [u8; 2]) -> Result<NamedGroup, String> {
    let mut explainer = Explainer::new();
    explainer.bytes(Side::Client, &client_hello());
    let mut hello = server_hello([3, 3], &[]);
    let at = hello.windows(2).position(|pair| pair == [0xc0, 0x2f]).expect("a suite");
    hello[at..at + 2].copy_from_slice(&suite);
    explainer.bytes(Side::Server, &hello);
    let body = [&[3, 0, 29, 32][..], &[9; 32], &[4, 1, 0, 2, 7, 7]].concat();
    let message = [&[12, 0, 0, body.len() as u8][..], &body].concat();
    let events = explainer.bytes(Side::Server, &record(ContentType::HANDSHAKE, &message));
    let Seen::Message(message) = &events[1].seen else { panic!("{events:?}") };
    match message.decode() {
        Ok(Message::ServerKeyExchange(exchange)) => Ok(exchange.params.group),
        Ok(other) => panic!("{other:?}"),
        Err(why) => Err(why.to_string()),
    }
}

#[test]
fn the_key_exchange_decides_what_is_decoded_and_not_the_cipher() {
    // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    assert_eq!(exchanged([0xc0, 0x13]), Ok(NamedGroup::X25519));
    let other = "a message of another key exchange than ECDHE (TLS_DHE_RSA_WITH_AES_128_GCM_SHA256)";
    assert_eq!(exchanged([0, 0x9e]), Err(other.into()));
    let unknown = "a message of the key exchange of a suite that is not known (0xeeee)";
    assert_eq!(exchanged([0xee, 0xee]), Err(unknown.into()));
}

#[test]
fn a_message_without_end_is_given_up_and_its_bytes_are_not_kept() {
    let mut explainer = Explainer::new();
    let first = record(ContentType::HANDSHAKE, &[11, 0xff, 0xff, 0xff, 0]);
    assert_eq!(words(&explainer.bytes(Side::Server, &first)), ["MessagesLost"]);
    for _ in 0..100 {
        let more = record(ContentType::HANDSHAKE, &[0; MAX_PLAINTEXT]);
        assert_eq!(words(&explainer.bytes(Side::Server, &more)), [""; 0]);
    }
}

#[test]
fn an_id_beside_an_offer_of_tls_1_3_is_not_taken_for_an_offer() {
    for (version, reason) in [(4, NotResumed::NotOffered), (3, NotResumed::Declined)] {
        let extensions = [0, 7, 0, 43, 0, 3, 2, 3, version];
        let body = [&[3, 3], &[7; 32][..], &[32], &[9; 32], &[0, 2, 0xc0, 0x2f, 1, 0], &extensions].concat();
        let header = [1, 0, 0, u8::try_from(body.len()).expect("short")];
        let mut explainer = Explainer::new();
        explainer.bytes(Side::Client, &record(ContentType::HANDSHAKE, &[&header[..], &body].concat()));
        explainer.bytes(Side::Server, &server_hello([3, 3], &[]));
        explainer.bytes(Side::Server, &record(ContentType::HANDSHAKE, &[14, 0, 0, 0]));
        let verdict = explainer.verdict();
        assert_eq!(verdict.handshake, Some(HandshakeKind::Full(reason)));
        assert_eq!(verdict.to_string().contains("may be made up"), version == 4, "{verdict}");
    }
}
