//! Every flow by name: full, by ID, the four of RFC 5077, renewals, the zero-length ticket.

mod common;
#[path = "flows/golden.rs"]
mod golden;
#[path = "flows/rotation.rs"]
mod rotation;

use common::{
    certs::{NOW, at},
    pair::{Ended, World},
    resuming::{HOURS_12, assert_full, assert_resumed, ring, shake},
};
use tls12::{
    ConnectionInfo, Error, RecordError, Seed,
    session::{
        ClientSession, ClientToken, KeyRing, NotResumed, RenewWhen, ResumedBy, Resumption, TicketKey,
        TicketSent, Tickets,
    },
};

fn world(change: impl FnOnce(Resumption) -> Resumption) -> World {
    World::new().with_policy(change(Resumption::new(ring())))
}

fn set(world: &mut World, resumption: Resumption) {
    world.set_policy(resumption);
}

fn without_tickets(world: &mut World) {
    world.change_client(|config| config.with_tickets(false));
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
