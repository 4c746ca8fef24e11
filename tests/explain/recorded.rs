//! Every recorded flow, without secrets.

use tls12::{
    explain::{Explainer, Progress, Protocol, Seen},
    schedule::Side,
    session::NotResumed,
    wire::{CipherSuite, Message},
};

use super::transcripts::{all, explained, words};

#[test]
fn any_cut_gives_the_same_events() {
    for transcript in all() {
        let whole = explained(&mut Explainer::new(), &transcript.said, usize::MAX);
        assert!(whole.len() > 8, "{}", transcript.name);
        for piece in [1, 2, 3, 5, 7, 100, 1000] {
            let cut = explained(&mut Explainer::new(), &transcript.said, piece);
            assert_eq!(cut, whole, "{} in pieces of {piece}", transcript.name);
        }
    }
}

#[test]
fn the_verdict_is_what_the_client_said() {
    let mut told = 0;
    for transcript in all() {
        let mut explainer = Explainer::new();
        explained(&mut explainer, &transcript.said, 50);
        let verdict = explainer.verdict();
        assert_eq!(verdict.protocol, Protocol::Tls12, "{}", transcript.name);
        assert_eq!(verdict.progress, Progress::Complete, "{}", transcript.name);
        assert!(!verdict.has_gaps && verdict.fatal_alert.is_none(), "{}", transcript.name);
        let handshake = verdict.handshake.expect("a handshake that can be judged");
        let reason = handshake.reason().map_or(0, NotResumed::code);
        let seen = [handshake.code(), reason, verdict.ticket.code()];
        if let Some(said) = transcript.verdict {
            assert_eq!(seen, said, "{}", transcript.name);
            told += 1;
        }
    }
    assert_eq!(told, 34, "all flows have a verdict");
}

#[test]
fn the_ladder_of_a_full_handshake_has_every_message() {
    let transcript = all().into_iter().find(|each| each.name == "full_with_ticket").expect("a flow");
    let mut explainer = Explainer::new();
    let events = explained(&mut explainer, &transcript.said, usize::MAX);
    let expected = [
        "ClientHello",
        "ServerHello",
        "Certificate",
        "ServerKeyExchange",
        "ServerHelloDone",
        "ClientKeyExchange",
        "ChangeCipherSpec",
        "[Finished]",
        "NewSessionTicket",
        "ChangeCipherSpec",
        "[Finished]",
    ];
    assert_eq!(words(&events), expected);
    let verdict = explainer.verdict();
    assert_eq!(verdict.suite, Some(CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256));
    assert_eq!(verdict.server_name.as_deref(), Some(&b"a.example"[..]));
    assert!(verdict.extended_master_secret && !verdict.new_ticket.is_empty() && !verdict.is_renewed());
    assert!(
        verdict
            .to_string()
            .starts_with("a full handshake: the client offered no session; a ticket is issued for")
    );
}

#[test]
fn every_message_decodes_to_what_was_sent() {
    for transcript in all() {
        for event in explained(&mut Explainer::new(), &transcript.said, 9) {
            let Seen::Message(message) = &event.seen else { continue };
            let decoded = message.decode().unwrap_or_else(|why| panic!("{}: {why}", transcript.name));
            assert_eq!(decoded.msg_type(), message.msg_type);
            if let Message::NewSessionTicket(_) = decoded {
                assert_eq!(event.from, Side::Server);
            }
        }
    }
}

#[test]
fn offsets_are_where_the_records_are() {
    for transcript in all() {
        let mut explainer = Explainer::new();
        let events = explained(&mut explainer, &transcript.said, 11);
        for side in [Side::Client, Side::Server] {
            let of_side = |(from, _): &&(Side, Vec<u8>)| *from == side;
            let all: Vec<u8> =
                transcript.said.iter().filter(of_side).flat_map(|(_, bytes)| bytes.clone()).collect();
            for event in events.iter().filter(|event| event.from == side) {
                let Seen::Record(header) = event.seen else { continue };
                let at = usize::try_from(event.offset).expect("short");
                assert_eq!(all[at], header.content_type.0, "{}", transcript.name);
                assert_eq!(all[at + 3..at + 5], header.length.to_be_bytes());
            }
        }
    }
}
