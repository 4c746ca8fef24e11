//! With bytes missing.

use tls12::{
    explain::{Explainer, FinishedCheck, Progress, Seen, Shape},
    schedule::Side,
    session::{HandshakeKind, NotResumed},
    wire::ContentType,
};

use super::{
    secrets::{opened, with_key_log},
    transcripts::{all, explained, words},
};
use crate::common::{forge::record, pair::World, resuming::policy};

fn named(name: &str) -> super::transcripts::Said {
    all().into_iter().find(|each| each.name == name).expect("a flow").said
}

#[test]
fn a_gap_in_the_certificate_costs_that_message_and_no_verdict() {
    let said = named("full_with_ticket");
    let mut explainer = Explainer::new();
    let mut events = explainer.bytes(Side::Client, &said[0].1);
    let flight = &said[1].1;
    let middle = flight.len() / 2;
    events.extend(explainer.bytes(Side::Server, &flight[..middle]));
    events.extend(explainer.missing(Side::Server, Some(10)));
    events.extend(explainer.bytes(Side::Server, &flight[middle + 10..]));
    events.extend(explained(&mut explainer, &said[2..].to_vec(), 100));
    let words = words(&events);
    assert_eq!(words[1..3], ["ServerHello", "Missing(Some(10))"]);
    assert!(words[3].starts_with("Damaged("), "{words:?}");
    // The client's key exchange says that it is full, whatever the server said.
    let rest =
        ["ClientKeyExchange", "ChangeCipherSpec", "[Finished]", "NewSessionTicket", "ChangeCipherSpec"];
    assert_eq!(words[4..9], rest);
    let verdict = explainer.verdict();
    assert!(verdict.has_gaps);
    assert_eq!(verdict.shape, Shape::Full);
    assert_eq!(verdict.handshake, Some(HandshakeKind::Full(NotResumed::NotOffered)));
}

#[test]
fn what_is_missing_behind_the_hello_of_the_server_leaves_it_open() {
    let said = named("resumed_by_ticket");
    let mut explainer = Explainer::new();
    explainer.bytes(Side::Client, &said[0].1);
    let flight = &said[1].1;
    let hello = 5 + usize::from(u16::from_be_bytes([flight[3], flight[4]]));
    explainer.bytes(Side::Server, &flight[..hello]);
    assert_eq!(explainer.verdict().progress, Progress::ServerHello);
    explainer.missing(Side::Server, Some(500));
    explainer.bytes(Side::Server, &flight[hello..]);
    assert_eq!(explainer.verdict().shape, Shape::Unknown);
    assert_eq!(explainer.verdict().handshake, None);
    // Without the loss it would have been told.
    let mut explainer = Explainer::new();
    explained(&mut explainer, &said, 100);
    assert_eq!(explainer.verdict().shape, Shape::Abbreviated);
}

#[test]
fn a_connection_may_be_seen_from_its_middle_on() {
    let said = named("full_with_ticket");
    let mut explainer = Explainer::new();
    explainer.missing(Side::Client, None);
    explainer.missing(Side::Server, None);
    let events = explained(&mut explainer, &said[2..].to_vec(), 100);
    assert!(words(&events).contains(&"NewSessionTicket".to_owned()), "{events:?}");
    assert_eq!(explainer.verdict().shape, Shape::Full);
    assert_eq!(explainer.verdict().handshake, None);
    assert!(!explainer.verdict().new_ticket.is_empty());
    let mut explainer = Explainer::new();
    explainer.missing(Side::Client, None);
    let data = [&[1, 2, 3, 23, 3, 3, 0, 30][..], &[9; 30]].concat();
    let events = explainer.bytes(Side::Client, &data);
    assert_eq!(words(&events), ["Skipped(3)", "[application_data]"]);
}

#[test]
fn what_cannot_be_verified_is_not_said_to_be_wrong() {
    let (said, log) = with_key_log(World::resuming().with_policy(policy()));
    let (_, whole) = opened(&said, &log, 100);
    assert_eq!(whole.client_finished, FinishedCheck::Verified);
    let secrets = std::sync::Arc::new(tls12::explain::KeyLogSecrets::read(log.as_bytes()));
    let mut explainer = Explainer::new().with_secrets(&tls12::crypto::RUSTCRYPTO, secrets);
    explainer.bytes(Side::Client, &said[0].1);
    let flight = &said[1].1;
    explainer.bytes(Side::Server, &flight[..200]);
    explainer.missing(Side::Server, Some(10));
    explainer.bytes(Side::Server, &flight[210..]);
    let events = explained(&mut explainer, &said[2..].to_vec(), 100);
    assert_eq!(explainer.verdict().client_finished, FinishedCheck::Unchecked);
    assert_eq!(explainer.verdict().server_finished, FinishedCheck::Unchecked);
    // What is encrypted opens all the same.
    assert!(!events.iter().any(|event| matches!(event.seen, Seen::DoesNotOpen { .. })), "{events:?}");
    assert_eq!(explainer.verdict().progress, Progress::Complete);
}

#[test]
fn behind_a_gap_messages_begin_where_a_record_begins_with_whole_ones() {
    let mut explainer = Explainer::new();
    explainer.missing(Side::Server, None);
    // The end of a message, which looks like the beginning of another one that is longer.
    let part = record(ContentType::HANDSHAKE, &[11, 0, 0, 200, 1, 2, 3]);
    let whole = record(ContentType::HANDSHAKE, &[14, 0, 0, 0]);
    let events = explainer.bytes(Side::Server, &[part, whole].concat());
    assert_eq!(words(&events), ["MessagesLost", "ServerHelloDone"]);
}

#[test]
fn what_the_wrong_side_says_leads_to_no_verdict() {
    // The server of a full handshake, taken for the client.
    let said = named("full_with_ticket");
    let mut explainer = Explainer::new();
    for (from, bytes) in &said[1..] {
        explainer.bytes(from.peer(), bytes);
        assert_ne!(explainer.verdict().shape, Shape::Abbreviated);
    }
    let verdict = explainer.verdict();
    // There are certificates all the same.
    assert_eq!((verdict.shape, verdict.version, verdict.handshake), (Shape::Full, None, None));
    assert!(verdict.new_ticket.is_empty());
    let mut explainer = Explainer::new();
    explained(
        &mut explainer,
        &named("resumed_by_ticket").into_iter().map(|(from, bytes)| (from.peer(), bytes)).collect(),
        100,
    );
    assert_eq!(
        (explainer.verdict().shape, explainer.verdict().progress),
        (Shape::Unknown, Progress::Nothing)
    );
}
