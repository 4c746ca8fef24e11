//! TLS that begins after something else.

use tls12::{
    explain::{Explainer, NotTls12, Protocol, Seen, Verdict},
    schedule::Side,
};

use super::{
    secrets::with_key_log,
    transcripts::{Said, all, words},
};
use crate::common::{forge::record, pair::World, resuming::policy};

/// What both sides say before TLS begins: C, S, bytes.
type Talk = &'static [(Side, &'static [u8])];

const C: Side = Side::Client;
const S: Side = Side::Server;

const TALKS: [(&str, Talk); 12] = [
    (
        "SMTP",
        &[
            (S, b"220 mail ESMTP\r\n"),
            (C, b"EHLO me\r\n"),
            (S, b"250-mail\r\n250 STARTTLS\r\n"),
            (C, b"STARTTLS\r\n"),
            (S, b"220 go ahead\r\n"),
        ],
    ),
    ("IMAP", &[(S, b"* OK IMAP4rev1\r\n"), (C, b". STARTTLS\r\n"), (S, b". OK begin\r\n")]),
    ("POP3", &[(S, b"+OK POP3\r\n"), (C, b"STLS\r\n"), (S, b"+OK\r\n")]),
    ("FTP", &[(S, b"220 ftp\r\n"), (C, b"AUTH TLS\r\n"), (S, b"234 AUTH TLS OK\r\n")]),
    // The code of the request ends with 0x16 0x2f.
    ("PostgreSQL", &[(C, &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]), (S, b"S")]),
    ("MySQL", &[(S, &[9, 0, 0, 0, 10, b'8', 0, 0, 22, 3, 1, 0, 9]), (C, &[4, 0, 0, 1, 0x85, 0xae, 3, 22])]),
    (
        "HTTP Upgrade",
        &[
            (C, b"OPTIONS * HTTP/1.1\r\nHost: a\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n\r\n"),
            (S, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n"),
        ],
    ),
    (
        "HTTP CONNECT",
        &[(C, b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), (S, b"HTTP/1.1 200 OK\r\n\r\n")],
    ),
    ("PROXY 1", &[(C, b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n")]),
    ("PROXY 2", &[(C, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x16\xc6\x33\x64\x16\x16\x03\x01\xbb")]),
    (
        "XMPP",
        &[
            (C, b"<?xml version='1.0'?><stream:stream to='a' version='1.0'>"),
            (S, b"<stream:stream id='b'><stream:features><starttls/></stream:features>"),
            (C, b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
            (S, b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ],
    ),
    // The tag of what is in the request is 0x80, that of its length 0x16.
    (
        "LDAP",
        &[
            (C, b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"),
            (S, b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"),
        ],
    ),
];

/// How many bytes one side says in it.
fn length(talk: Talk, side: Side) -> u64 {
    talk.iter().filter(|(of, _)| *of == side).map(|(_, bytes)| bytes.len() as u64).sum()
}

fn after(talk: Talk, said: &Said) -> Said {
    talk.iter().map(|(side, bytes)| (*side, bytes.to_vec())).chain(said.iter().cloned()).collect()
}

/// What is told, without that a side did not begin with TLS, and the verdict.
fn told(said: &Said, piece: usize) -> (Vec<String>, Verdict) {
    let mut explainer = Explainer::new();
    let mut events = super::transcripts::explained(&mut explainer, said, piece);
    events.retain(|event| !matches!(event.seen, Seen::NotTls12(other) if other.may_begin_tls()));
    (words(&events), explainer.verdict().clone())
}

#[test]
fn every_flow_is_explained_from_where_tls_begins_and_the_bytes_before_are_counted() {
    for (name, talk) in TALKS {
        for transcript in all() {
            let (expected, plain) = told(&transcript.said, usize::MAX);
            let said = after(talk, &transcript.said);
            for piece in [usize::MAX, 1, 7] {
                let (mut found, verdict) = told(&said, piece);
                for side in [Side::Client, Side::Server] {
                    let bytes = length(talk, side);
                    if bytes > 0 {
                        let word = format!("Preamble({bytes})");
                        let at = found.iter().position(|found| *found == word).expect(&word);
                        found.remove(at);
                    }
                }
                assert_eq!(found, expected, "{name}, {}, {piece}", transcript.name);
                let preambles = Verdict {
                    client_preamble: length(talk, C),
                    server_preamble: length(talk, S),
                    ..plain.clone()
                };
                assert_eq!(verdict, preambles, "{name}, {}, {piece}", transcript.name);
            }
        }
    }
}

#[test]
fn offsets_count_the_bytes_before_tls() {
    let (_, talk) = TALKS[0];
    let said = after(talk, &all().remove(0).said);
    let mut explainer = Explainer::new();
    let events = super::transcripts::explained(&mut explainer, &said, usize::MAX);
    for side in [Side::Client, Side::Server] {
        let first = events.iter().find(|event| event.from == side && matches!(event.seen, Seen::Record(_)));
        assert_eq!(first.map(|event| event.offset), Some(length(talk, side)));
        let preamble =
            events.iter().find(|event| event.from == side && matches!(event.seen, Seen::Preamble(_)));
        assert_eq!(preamble.map(|event| event.offset), Some(0));
    }
}

#[test]
fn a_preamble_does_not_keep_secrets_from_opening_what_follows() {
    let (said, log) = with_key_log(World::resuming().with_policy(policy()));
    let (_, talk) = TALKS[4];
    let (_, verdict) = super::secrets::opened(&after(talk, &said), &log, 100);
    assert_eq!(verdict.client_finished, tls12::explain::FinishedCheck::Verified);
    assert_eq!(verdict.server_finished, tls12::explain::FinishedCheck::Verified);
}

#[test]
fn an_alert_in_the_place_of_the_hello_of_the_server_is_told() {
    let (_, talk) = TALKS[0];
    let hello = all().remove(0).said.remove(0);
    let said = after(talk, &vec![hello, (S, record(tls12::wire::ContentType::ALERT, &[2, 40]))]);
    let (found, verdict) = told(&said, usize::MAX);
    assert_eq!(
        found[found.len() - 1],
        "Alert(AlertMessage { level: fatal, description: handshake_failure })"
    );
    assert_eq!(
        verdict.to_string(),
        "a handshake that the server refused; the server ended it with handshake_failure"
    );
}

#[test]
fn a_server_that_refuses_to_begin_is_told_as_no_tls() {
    let said =
        vec![(S, b"220 mail\r\n".to_vec()), (C, b"STARTTLS\r\n".to_vec()), (S, b"454 no\r\n".to_vec())];
    let (found, verdict) = told(&said, usize::MAX);
    assert_eq!(found, [""; 0]);
    assert_eq!(verdict.protocol, Protocol::Other(NotTls12::NotTls));
    assert_eq!((verdict.client_preamble, verdict.server_preamble), (0, 0));
}

#[test]
fn bytes_missing_before_tls_are_counted_and_cost_no_check() {
    let (said, log) = with_key_log(World::resuming().with_policy(policy()));
    let secrets = std::sync::Arc::new(tls12::explain::KeyLogSecrets::read(log.as_bytes()));
    let mut explainer = Explainer::new().with_secrets(&tls12::crypto::RUSTCRYPTO, secrets);
    explainer.bytes(S, b"220 mail ESMTP\r\n");
    explainer.missing(S, Some(30));
    explainer.bytes(C, b"STARTTLS\r\n");
    explainer.bytes(S, b"220 go\r\n");
    super::transcripts::explained(&mut explainer, &said, usize::MAX);
    let verdict = explainer.verdict();
    assert_eq!((verdict.server_preamble, verdict.has_gaps), (16 + 30 + 8, true));
    assert_eq!(verdict.server_finished, tls12::explain::FinishedCheck::Verified);
}

#[test]
fn records_are_found_where_the_hello_of_one_side_is_missing() {
    let (_, talk) = TALKS[1];
    let transcript = all().into_iter().find(|each| each.name == "full_with_ticket").expect("a flow");
    let mut explainer = Explainer::new();
    super::transcripts::explained(
        &mut explainer,
        &after(talk, &vec![transcript.said[0].clone()]),
        usize::MAX,
    );
    explainer.missing(S, Some(200));
    let rest = transcript.said[2..].to_vec();
    let words = words(&super::transcripts::explained(&mut explainer, &rest, usize::MAX));
    assert!(words.contains(&"NewSessionTicket".to_owned()), "{words:?}");
}
