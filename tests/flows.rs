//! Every flow by name: full, by ID, the four of RFC 5077, renewals, the zero-length ticket.

mod common;

use std::{sync::Arc, time::Duration};

use common::{
    certs::{NOW, at},
    pair::{Ended, World},
};
use tls12::{
    ClientConfig, ConnectionInfo, Error, RecordError, Seed,
    server::ServerConfig,
    session::{
        ClientSession, ClientToken, HandshakeKind, KeyRing, NotResumed, RenewWhen, ResumedBy, Resumption,
        TicketKey, TicketSent, Tickets,
    },
    wire::{ContentType, Decode, HandshakeHeader, Reader, RecordHeader},
};

const HOURS_12: Duration = Duration::from_secs(12 * 3600);

fn ring() -> KeyRing {
    KeyRing::new(TicketKey::generate(Seed::for_replay([7; 32]), at(NOW), HOURS_12))
}

fn world(change: impl FnOnce(Resumption) -> Resumption) -> World {
    let mut world = World::new();
    set(&mut world, change(Resumption::new(ring())));
    world
}

fn set(world: &mut World, resumption: Resumption) {
    world.server = Arc::new(ServerConfig::clone(&world.server).with_resumption(resumption));
}

fn without_tickets(world: &mut World) {
    world.client = Arc::new(ClientConfig::clone(&world.client).with_tickets(false));
}

/// One handshake, and the session for the next one.
struct Shaken {
    client: ConnectionInfo,
    server: ConnectionInfo,
    session: Option<ClientSession>,
    up: Vec<String>,
    down: Vec<String>,
}

fn shake(world: &World) -> Shaken {
    let Ended { client, server, wires, .. } = world.run(usize::MAX);
    let client = client.expect("the client's handshake succeeds");
    let server = server.expect("the server's handshake succeeds");
    Shaken {
        client: client.connection.info().clone(),
        server: server.connection.info().clone(),
        session: client.session,
        up: names(&wires.up.log),
        down: names(&wires.down.log),
    }
}

/// The messages on a wire; what is encrypted is `[]`.
fn names(mut wire: &[u8]) -> Vec<String> {
    let (mut names, mut encrypted) = (Vec::new(), false);
    while !wire.is_empty() {
        let header = RecordHeader::decode(&wire[..5]).expect("a record");
        let body = &wire[5..5 + usize::from(header.length)];
        wire = &wire[5 + body.len()..];
        match header.content_type {
            ContentType::CHANGE_CIPHER_SPEC => {
                names.push("ChangeCipherSpec".into());
                encrypted = true;
            }
            _ if encrypted => names.push("[]".into()),
            _ => {
                let mut reader = Reader::new(body);
                while !reader.is_empty() {
                    let header = HandshakeHeader::read(&mut reader).expect("a message");
                    reader.take(header.length as usize).expect("all of it");
                    names.push(header.msg_type.to_string());
                }
            }
        }
    }
    names
}

const FULL_UP: &[&str] = &["ClientHello", "ClientKeyExchange", "ChangeCipherSpec", "[]"];
const RESUMED_UP: &[&str] = &["ClientHello", "ChangeCipherSpec", "[]"];

fn full_down(ticket: bool) -> Vec<&'static str> {
    let mut names = vec!["ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone"];
    names.extend(ticket.then_some("NewSessionTicket"));
    names.extend(["ChangeCipherSpec", "[]"]);
    names
}

fn resumed_down(ticket: bool) -> Vec<&'static str> {
    let mut names = vec!["ServerHello"];
    names.extend(ticket.then_some("NewSessionTicket"));
    names.extend(["ChangeCipherSpec", "[]"]);
    names
}

fn assert_full(shaken: &Shaken, server: NotResumed, client: NotResumed, ticket: TicketSent) {
    assert_eq!(shaken.server.handshake, HandshakeKind::Full(server));
    assert_eq!(shaken.client.handshake, HandshakeKind::Full(client));
    assert_eq!((shaken.server.ticket, shaken.client.ticket), (ticket, ticket));
    assert_eq!(shaken.up, FULL_UP);
    assert_eq!(shaken.down, full_down(ticket != TicketSent::No));
}

fn assert_resumed(shaken: &Shaken, by: ResumedBy, ticket: TicketSent) {
    assert_eq!(shaken.server.handshake, HandshakeKind::Resumed(by));
    assert_eq!(shaken.client.handshake, HandshakeKind::Resumed(by));
    assert_eq!((shaken.server.ticket, shaken.client.ticket), (ticket, ticket));
    assert_eq!(shaken.up, RESUMED_UP);
    assert_eq!(shaken.down, resumed_down(ticket != TicketSent::No));
    assert_eq!(shaken.client.group, None);
    assert!(shaken.client.peer.is_some(), "the client knows whom it verified then");
}

#[test]
fn flow_1_full_with_ticket() {
    let first = shake(&world(|policy| policy));
    assert_full(&first, NotResumed::NotOffered, NotResumed::NotOffered, TicketSent::Issued);
    let session = first.session.expect("a session");
    assert!(matches!(session.token(), ClientToken::Ticket { .. }));
}

#[test]
fn flow_2_resumed_by_ticket_without_a_renewed_one() {
    let mut world = world(|policy| policy.with_tickets(Tickets::Issue));
    let first = shake(&world);
    world.session = first.session;
    let second = shake(&world);
    assert_resumed(&second, ResumedBy::Ticket, TicketSent::No);
    let lineage = |info: &ConnectionInfo| info.session.as_ref().expect("a session").lineage;
    assert_eq!(lineage(&first.server), lineage(&second.server));
    assert_eq!(lineage(&first.client), lineage(&second.client));
    // The same ticket serves again.
    world.session = second.session;
    assert_resumed(&shake(&world), ResumedBy::Ticket, TicketSent::No);
}

#[test]
fn flow_2_resumed_by_ticket_with_a_renewed_one() {
    let mut world = world(|policy| policy.with_tickets(Tickets::Renew(RenewWhen::Always)));
    let first = shake(&world);
    let old = first.session.as_ref().map(ClientSession::duplicate).expect("a session");
    world.session = first.session;
    world.now = at(NOW + 60);
    world.seeds = ([3; 32], [4; 32]);
    let second = shake(&world);
    assert_resumed(&second, ResumedBy::Ticket, TicketSent::Issued);
    let new = second.session.expect("a session");
    assert_ne!(old.token(), new.token());
    assert_eq!((old.lineage(), old.authenticated_at()), (new.lineage(), new.authenticated_at()));
    let told = second.server.session.expect("a session");
    assert_eq!(told.authenticated_at, NOW, "R27: renewal does not extend the authentication");
    assert_eq!(Some(told.lineage), first.server.session.map(|session| session.lineage));
    world.session = Some(new);
    assert_resumed(&shake(&world), ResumedBy::Ticket, TicketSent::Issued);
}

#[test]
fn a_ticket_is_renewed_in_the_second_half_of_its_life_or_when_its_key_is_not_the_newest() {
    let mut half = world(|policy| policy.with_tickets(Tickets::Renew(RenewWhen::SecondHalf)));
    half.session = shake(&half).session;
    half.now = at(NOW + 4 * 3600);
    assert_resumed(&shake(&half), ResumedBy::Ticket, TicketSent::No);
    half.now = at(NOW + 6 * 3600);
    assert_resumed(&shake(&half), ResumedBy::Ticket, TicketSent::Issued);

    let policy = |keys| Resumption::new(keys).with_tickets(Tickets::Renew(RenewWhen::KeyNotNewest));
    let mut newest = world(|_| policy(ring()));
    newest.session = shake(&newest).session;
    newest.now = at(NOW + 3600);
    assert_resumed(&shake(&newest), ResumedBy::Ticket, TicketSent::No);
    let next = TicketKey::generate(Seed::for_replay([8; 32]), newest.now, HOURS_12);
    let rotated = ring().rotate(next, newest.now);
    set(&mut newest, policy(rotated));
    assert_resumed(&shake(&newest), ResumedBy::Ticket, TicketSent::Issued);
}

#[test]
fn flow_3_ticket_refused_and_nothing_new() {
    let mut world = world(|policy| policy.with_ids(false));
    world.session = shake(&world).session;
    set(&mut world, Resumption::new(ring()).with_ids(false).with_tickets(Tickets::Ignore));
    let second = shake(&world);
    assert_full(&second, NotResumed::PolicyDeclined, NotResumed::Declined, TicketSent::No);
    assert!(second.session.is_none());
}

#[test]
fn flow_4_ticket_refused_and_a_new_one_issued() {
    let mut world = world(|policy| policy);
    world.session = shake(&world).session;
    set(&mut world, Resumption::new(ring()).with_tickets(Tickets::IgnoreAndIssue));
    let second = shake(&world);
    assert_full(&second, NotResumed::PolicyDeclined, NotResumed::Declined, TicketSent::Issued);
    assert!(second.session.is_some());
}

#[test]
fn a_ticket_of_an_unknown_key_leads_to_a_full_handshake_with_a_new_one() {
    let mut world = world(|policy| policy);
    world.session = shake(&world).session;
    let other = TicketKey::generate(Seed::for_replay([9; 32]), at(NOW), HOURS_12);
    set(&mut world, Resumption::new(KeyRing::new(other)));
    let second = shake(&world);
    assert_full(&second, NotResumed::UnknownTicketKey, NotResumed::Declined, TicketSent::Issued);
}

#[test]
fn the_zero_length_ticket_keeps_the_promise_where_no_key_seals() {
    let mut world = world(|policy| policy);
    world.now = at(NOW + 40 * 3600);
    let first = shake(&world);
    assert_full(&first, NotResumed::NotOffered, NotResumed::NotOffered, TicketSent::Empty);
    assert!(first.session.is_none());
}

#[test]
fn full_with_session_id_and_resumed_by_it() {
    let mut world = world(|policy| policy);
    without_tickets(&mut world);
    let first = shake(&world);
    assert_full(&first, NotResumed::NotOffered, NotResumed::NotOffered, TicketSent::No);
    let session = first.session.expect("a session");
    assert!(matches!(session.token(), ClientToken::SessionId(id) if id.as_bytes().len() == 32));
    world.session = Some(session);
    let second = shake(&world);
    assert_resumed(&second, ResumedBy::SessionId, TicketSent::No);
    assert_eq!(first.server.session.map(|s| s.lineage), second.server.session.map(|s| s.lineage));
}

#[test]
fn full_with_neither() {
    let mut world = world(|policy| policy.with_ids(false).with_tickets(Tickets::Off));
    let first = shake(&world);
    assert_full(&first, NotResumed::NotOffered, NotResumed::NotOffered, TicketSent::No);
    assert!(first.session.is_none());
    without_tickets(&mut world);
    assert!(shake(&world).session.is_none());
}

#[test]
fn a_store_that_lost_the_session_or_does_not_answer_leads_to_a_full_handshake() {
    let mut world = world(|policy| policy);
    without_tickets(&mut world);
    world.session = shake(&world).session;
    // Another seed, or the server would draw the ID that it drew before.
    world.seeds = ([3; 32], [4; 32]);
    world.store.set_down(true);
    let reason = NotResumed::StoreUnavailable;
    assert_full(&shake(&world), reason, NotResumed::Declined, TicketSent::No);
    world.store.set_down(false);
    world.store.kept().clear();
    assert_full(&shake(&world), NotResumed::NotStored, NotResumed::Declined, TicketSent::No);
}

#[test]
fn without_resumption_an_offer_is_answered_with_disabled() {
    let mut world = world(|policy| policy);
    world.session = shake(&world).session;
    world.server = World::new().server;
    assert_full(&shake(&world), NotResumed::Disabled, NotResumed::Declined, TicketSent::No);
}

#[test]
fn application_data_comes_back_on_resumption() {
    let mut world = world(|policy| policy);
    world.application_data = b"user 17".to_vec();
    let first = shake(&world);
    world.application_data.clear();
    world.session = first.session;
    let second = shake(&world);
    assert_resumed(&second, ResumedBy::Ticket, TicketSent::No);
    assert_eq!(second.server.session.expect("a session").application_data, b"user 17");
}

#[test]
fn r29_a_failed_resumption_forgets_the_session_on_both_sides() {
    let mut world = world(|policy| policy);
    without_tickets(&mut world);
    world.session = shake(&world).session;
    let key = *world.store.kept().keys().next().expect("a stored session");
    // Somebody exchanged the master secret: the Finished does not match.
    let tampered = world.session.as_ref().expect("a session").to_bytes();
    let mut bytes = tampered.expose().to_vec();
    bytes[6] ^= 1;
    world.session = Some(ClientSession::from_bytes(&bytes).expect("a session"));
    let Ended { client, server, forgotten, .. } = world.run(usize::MAX);
    assert!(server.is_err());
    assert!(matches!(client.expect_err("a failure"), Error::Record(RecordError::BadMac)));
    assert_eq!(forgotten, (true, Some(key)));
}
