//! What a client compares before it offers a session at all.

use pki_types::ServerName;
use std::sync::Arc;

use tls12::{
    ServerConfig,
    crypto::{RUSTCRYPTO, SUITES},
    session::{ClientSession, NotResumed, RenewWhen, ResumedBy, SessionContext, TicketSent, Tickets},
};

use crate::common::{
    certs::{Ca, NOW, Spec, at},
    pair::{NAME, World},
    resuming::{BOTH, HOUR, assert_not_offered, assert_resumed, key, policy, ring, tampered},
};

/// After `change`, a session of either kind is not offered for this reason, and the full handshake succeeds.
#[track_caller]
fn kept_back(reason: NotResumed, prepare: &dyn Fn(World) -> World, change: &dyn Fn(&mut World)) {
    for by in BOTH {
        let mut world = prepare(World::resuming_by(by)).visited();
        assert_resumed(&world.visit(), by, TicketSent::No);
        change(&mut world);
        assert_not_offered(&world.visit(), reason);
        assert!(world.session.is_some(), "there is a new session");
    }
}

fn plain(world: World) -> World {
    world
}

/// A server that is also b.example, and whose certificate ends then.
fn with_certificate(mut world: World, not_after: u64) -> World {
    let ca = Ca::new("test root");
    let issued = ca.issue(&Spec { not_after, ..Spec::server(&[NAME, "b.example"]) });
    let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("server")).with_resumption(policy());
    world.server = Arc::new(config);
    world
}

#[test]
fn a_session_is_not_offered_to_another_server_even_if_the_certificate_was_good_for_it() {
    kept_back(NotResumed::OtherServerName, &|world| with_certificate(world, NOW + 100 * HOUR), &|world| {
        world.name = ServerName::try_from("b.example").expect("a name");
    });
}

#[test]
fn a_session_is_not_offered_under_other_trust_settings() {
    kept_back(NotResumed::OtherContext, &plain, &|world| {
        world.change_client(|config| config.with_trust(SessionContext::derive([&b"other roots"[..]])));
    });
}

#[test]
fn a_session_is_not_offered_after_its_lifetime() {
    // 10 hours: what the server's hint says, or our own policy for an ID.
    kept_back(NotResumed::Expired, &plain, &|world| world.now = at(NOW + 10 * HOUR));
}

#[test]
fn a_session_is_not_offered_when_the_clock_says_that_it_comes_from_the_future() {
    kept_back(NotResumed::Expired, &plain, &|world| {
        world.now = at(NOW - HOUR);
        world.set_policy(policy().with_keys(ring().with_key(key(9, at(NOW - HOUR)))));
    });
}

#[test]
fn a_session_is_not_offered_when_the_servers_certificate_has_expired() {
    kept_back(NotResumed::Expired, &|world| with_certificate(world, NOW + HOUR), &|world| {
        world.now = at(NOW + HOUR + 1);
        *world = with_certificate(std::mem::replace(world, World::new()), NOW + 100 * HOUR);
    });
}

#[test]
fn a_session_that_was_renewed_is_not_offered_a_day_after_its_full_handshake() {
    let renewing = |hours| {
        let keys = ring().with_key(key(8, at(NOW + 12 * HOUR))).with_key(key(9, at(NOW + hours * HOUR)));
        policy().with_keys(keys).with_tickets(Tickets::Renew(RenewWhen::Always))
    };
    let mut world = World::resuming().with_policy(renewing(24)).visited();
    for hours in [8, 16, 23] {
        world.now = at(NOW + hours * HOUR);
        assert_resumed(&world.visit(), ResumedBy::Ticket, TicketSent::Issued);
    }
    world.now = at(NOW + 24 * HOUR - 1);
    let session = world.session.as_ref().map(ClientSession::duplicate);
    assert_resumed(&world.visit(), ResumedBy::Ticket, TicketSent::Issued);
    // The server said that the last ticket is good for no longer, and the client does not depend on its word.
    world.session = session.map(|session| session.renewed(vec![1], 0, world.now).expect("a session"));
    world.now = at(NOW + 24 * HOUR);
    assert_not_offered(&world.visit(), NotResumed::AuthenticationTooOld);
}

#[test]
fn a_session_of_a_suite_that_is_not_offered_any_more_is_not_offered() {
    kept_back(NotResumed::OtherSuite, &plain, &|world| {
        let made_with = world.session.as_ref().expect("a session").suite();
        let others: Vec<_> = SUITES.iter().map(|suite| suite.id).filter(|id| *id != made_with).collect();
        world.change_client(|config| config.with_suites(&others).expect("some suites"));
    });
}

#[test]
fn a_session_without_the_extended_master_secret_is_not_offered_where_that_is_required() {
    kept_back(NotResumed::OtherMasterSecret, &plain, &|world| {
        let session = world.session.as_ref().expect("a session");
        world.session = Some(tampered(session, |bytes| bytes[5] = 0));
    });
}

#[test]
fn a_ticket_is_not_offered_where_tickets_are_not_wanted_any_more() {
    let mut world = World::after_a_visit(ResumedBy::Ticket);
    world.change_client(|config| config.with_tickets(false));
    assert_not_offered(&world.visit(), NotResumed::Disabled);
}
