//! What is resumed, by what, and what comes of it.

use tls12::{
    ConnectionInfo,
    session::{HandshakeKind, NotResumed, RenewWhen, ResumedBy, TicketSent, Tickets},
    wire::Alert,
};

use crate::{
    common::{
        pair::World,
        raw::{ALERT, EXTENDED_MASTER_SECRET, Greeting, Hello, SESSION_TICKET},
        resuming::policy,
    },
    runner::{Outcome, Shim},
};

fn kinds(infos: &[ConnectionInfo]) -> Vec<(HandshakeKind, TicketSent)> {
    infos.iter().map(|info| (info.handshake, info.ticket)).collect()
}

/// A server of this policy for tickets.
fn tickets(tickets: Tickets) -> World {
    World::resuming().with_policy(policy().with_tickets(tickets))
}

const BY_TICKET: HandshakeKind = HandshakeKind::Resumed(ResumedBy::Ticket);
const BY_ID: HandshakeKind = HandshakeKind::Resumed(ResumedBy::SessionId);

#[test]
fn a_session_miss_is_a_full_handshake_and_nothing_else() {
    let twice = |shim: Shim, world| shim.and("-resume-count 1 -expect-session-miss").visits(world);
    twice(Shim::client(""), tickets(Tickets::IgnoreAndIssue)).passed(2);
    twice(Shim::client(""), World::resuming()).broken();
    twice(Shim::server(""), World::new().with_client(|config| config.with_tickets(false))).broken();
    // This client never comes back with what it was given.
    let outcome = Shim::server("-resume-count 1 -expect-session-miss").meets(|runner| {
        for _ in 0..2 {
            assert!(runner.call(&World::new()).visit().is_ok());
        }
    });
    outcome.passed(2);
    // A client whose server does not resume, though it was to.
    Shim::client("-resume-count 1").visits(tickets(Tickets::IgnoreAndIssue)).broken();
}

#[test]
fn a_resumption_brings_a_new_ticket_where_that_is_expected_and_only_there() {
    let renewing = || tickets(Tickets::Renew(RenewWhen::Always));
    let shim = |flags| Shim::client("-resume-count 2").and(flags);
    shim("-expect-ticket-renewal").visits(renewing()).passed(3);
    shim("").visits(renewing()).broken();
    shim("").visits(World::resuming()).passed(3);
    shim("-expect-ticket-renewal").visits(World::resuming()).broken();
}

#[test]
fn a_handshake_that_gives_nothing_gives_no_session() {
    Shim::client("-expect-no-session").visits(World::new()).passed(1);
    Shim::client("-expect-no-session").visits(World::resuming()).broken();
}

#[test]
fn a_servers_session_is_in_the_cache_of_ids_or_not() {
    let (by_id, by_ticket) =
        (|| World::resuming_by(ResumedBy::SessionId), || World::resuming_by(ResumedBy::Ticket));
    let shim = |flags| Shim::server("-resume-count 1").and(flags);
    let infos = shim("-expect-session-id").visits(by_id()).passed(2);
    assert_eq!(infos[1].handshake, BY_ID);
    shim("-expect-no-session-id").visits(by_id()).broken();
    let infos = shim("-expect-no-session-id").visits(by_ticket()).passed(2);
    assert_eq!(infos[1].handshake, BY_TICKET);
    shim("-expect-session-id").visits(by_ticket()).broken();
}

#[test]
fn without_tickets_there_are_ids() {
    let infos = Shim::client("-resume-count 1 -no-ticket").visits(World::resuming()).passed(2);
    assert_eq!(kinds(&infos)[1], (BY_ID, TicketSent::No));
    let infos = Shim::server("-resume-count 1 -no-ticket").visits(World::resuming()).passed(2);
    assert_eq!(kinds(&infos)[1], (BY_ID, TicketSent::No));
    // On the first connection there was a ticket, which is not opened any more.
    let outcome = Shim::server("-resume-count 1 -on-resume-no-ticket").visits(World::resuming());
    let seen = outcome.visits[0].as_ref().map(|info| info.ticket);
    assert_eq!(seen, Ok(TicketSent::Issued));
    outcome.broken();
    let flags = "-resume-count 1 -on-resume-no-ticket -on-resume-expect-session-miss";
    let infos = Shim::server(flags).visits(World::resuming()).passed(2);
    assert_eq!(infos[1].handshake, HandshakeKind::Full(NotResumed::Declined));
}

#[test]
fn a_server_renews_a_ticket_or_issues_none_where_the_callback_says_so() {
    for callback in ["-use-ticket-callback", "-use-ticket-aead-callback"] {
        let shim = |flags| Shim::server("-resume-count 1").and(callback).and(flags);
        let infos = shim("").visits(World::resuming()).passed(2);
        assert_eq!(kinds(&infos)[1], (BY_TICKET, TicketSent::No));
        let infos = shim("-renew-ticket").visits(World::resuming()).passed(2);
        assert_eq!(kinds(&infos)[1], (BY_TICKET, TicketSent::Issued));
        let infos = Shim::server("-skip-ticket").and(callback).visits(World::resuming()).passed(1);
        assert_eq!(infos[0].ticket, TicketSent::No);
    }
}

/// A handshake with a client that has the extended master secret, or not.
fn client(flags: &str, extended: bool) -> Outcome {
    Shim::server(flags).meets(|runner| {
        let hello = Hello::new();
        let hello = if extended { hello } else { hello.without(EXTENDED_MASTER_SECRET) };
        let mut raw = runner.raw_client();
        raw.connect(&hello);
        raw.record(ALERT, &[1, 0]);
        raw.next_record();
    })
}

#[test]
fn the_extended_master_secret_is_there_as_expected_or_not() {
    Shim::client("-expect-extended-master-secret").visits(World::new()).passed(1);
    client("-expect-extended-master-secret", true).passed(1);
    client("-expect-extended-master-secret", false).broken();
    client("", false).passed(1);
    let outcome = Shim::client("-expect-extended-master-secret").meets(|runner| {
        let mut raw = runner.raw_server();
        raw.serve_plainly(&Greeting { extensions: vec![(0xff01, vec![0])], ..Greeting::new() });
        raw.drain_sealed();
    });
    outcome.broken();
}

#[test]
fn a_session_with_the_extended_master_secret_is_not_resumed_without_it() {
    let outcome = Shim::server("-resume-count 1").meets(|runner| {
        let mut raw = runner.raw_client();
        let kept = raw.offer(&Hello::new().with(SESSION_TICKET, &[]), None).kept;
        raw.record(ALERT, &[1, 0]);
        drop(raw);
        let mut raw = runner.raw_client();
        raw.message(&kept.hello().without(EXTENDED_MASTER_SECRET).message());
        assert_eq!(raw.alert().description, Alert::HANDSHAKE_FAILURE);
    });
    outcome.failed(":RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION:");
}
