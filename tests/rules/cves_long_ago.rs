//! What became public before 2020 as a breach of a rule of resumption: that it cannot happen here.

use std::{sync::Arc, thread};

use tls12::{
    ClientAuth, Error, Illegal, ServerConfig,
    crypto::{RUSTCRYPTO, SUITES},
    session::{
        ClientSession, HandshakeKind, NotResumed, RenewWhen, ResumedBy, SessionContext, TicketSent, Tickets,
    },
    wire::Alert,
};

use super::{answer, session_of};
use crate::common::{
    certs::{Key, NOW, at},
    pair::{NAME, World},
    raw::{EXTENDED_MASTER_SECRET, Hello, Kept, Over, Raw, SESSION_TICKET, server_name},
    recording::server_hello,
    resuming::{BOTH, assert_declined, assert_not_offered, assert_resumed, policy, ring},
};

/// curl resumed a session although the client certificate it was to present was another one by then.
#[test]
fn cve_2016_5419_a_client_that_presents_itself_as_somebody_else_does_not_resume() {
    for by in BOTH {
        let as_whom = |name: &[u8]| SessionContext::derive([&b"client certificate"[..], name]);
        let mut world = World::resuming_by(by).with_client_certificate(ClientAuth::Require, Key::EcdsaP256);
        world.change_client(|config| config.with_trust(as_whom(b"alice")));
        let mut world = world.visited();
        assert_resumed(&world.visit(), by, TicketSent::No);
        world.change_client(|config| config.with_trust(as_whom(b"bob")));
        assert_not_offered(&world.visit(), NotResumed::OtherContext);
    }
}

/// Ticketbleed: F5 echoed 32 bytes for an ID of any length, most of them out of its memory.
#[test]
fn cve_2016_9244_an_echoed_id_is_as_long_as_the_one_that_came() {
    let world = Arc::new(World::after_a_visit(ResumedBy::Ticket));
    let kept = Kept::of(&session_of(&world));
    for len in 0..=32 {
        let hello = Hello { session_id: vec![0xee; len], ..kept.hello().with(0, &server_name(NAME)) };
        let mut raw = Raw::client(&world, Over::Memory);
        let echoed = answer(&mut raw, &hello.message());
        assert_eq!(server_hello(&echoed).session_id.as_bytes(), vec![0xee; len]);
    }
}

/// Go with tickets switched off took a client's ticket all the same, and asked for no certificate.
#[test]
fn cve_2014_7189_with_tickets_off_a_ticket_opens_nothing_and_the_client_is_asked_who_it_is() {
    let sealed = World::resuming().with_client_certificate(ClientAuth::Request, Key::EcdsaP256).visited();
    let kept = Kept::of(&session_of(&sealed));
    let off = policy().with_tickets(Tickets::Off);
    let world = Arc::new(sealed.with_policy(off));
    let mut raw = Raw::client(&world, Over::Memory);
    assert!(raw.greet(&kept.hello().with(0, &server_name(NAME))).request);
    let mut world = Arc::into_inner(world).map(|world| World { session: None, ..world });
    if let Some(world) = &mut world {
        assert!(world.visit().client.handshake.reason().is_some());
    }
    // Nor without resumption at all.
    let mut world = World::resuming().with_client_certificate(ClientAuth::Require, Key::EcdsaP256).visited();
    let without = ServerConfig::new(&RUSTCRYPTO, certificate()).with_client_auth(ClientAuth::Require);
    world.server = Arc::new(without);
    let back = world.visit();
    assert_declined(&back, NotResumed::Disabled);
    assert!(back.server.peer.is_some(), "it was asked again, and is known again");
}

fn certificate() -> tls12::pki::Credential {
    crate::common::raw::identity().credential("server")
}

/// The triple handshake: two connections share a master secret where it does not depend on the certificates, and a
/// resumption makes their Finished messages, and so their bindings, equal.
#[test]
fn cve_2014_1295_a_session_whose_secret_does_not_depend_on_the_certificates_resumes_nothing_and_binds_nothing()
 {
    // By default there is no connection without the extended master secret.
    let mut raw = Raw::client(&Arc::new(World::resuming()), Over::Memory);
    raw.message(&Hello::new().without(EXTENDED_MASTER_SECRET).message());
    raw.refused_with(Alert::HANDSHAKE_FAILURE, "without it");
    // Where an option lets it through, there is no session, so there is no second handshake of the three.
    let lenient = || {
        let world = World::resuming();
        Arc::new(world.with_server(ServerConfig::dangerous_without_extended_master_secret))
    };
    let world = lenient();
    let mut raw = Raw::client(&world, Over::Memory);
    let hello = Hello::new().with(SESSION_TICKET, &[]).without(EXTENDED_MASTER_SECRET);
    let made = raw.offer(&hello, None).kept;
    assert!(made.ticket.is_empty() && made.session_id.is_empty() && world.store.kept().is_empty());
    let info = raw.close(b"").info.expect("a handshake");
    assert!(!info.extended_master_secret && info.session.is_none());
    // With it, dropping it on the way to a resumption is noticed.
    let world = lenient();
    let mut raw = Raw::client(&world, Over::Memory);
    let kept = raw.offer(&Hello::new().with(SESSION_TICKET, &[]), None).kept;
    raw.close(b"");
    let mut raw = Raw::client(&world, Over::Memory);
    raw.message(&kept.hello().without(EXTENDED_MASTER_SECRET).message());
    let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, "dropped");
    assert_eq!(error, Error::Illegal(Illegal::ExtendedMasterSecretDropped));
}

/// OpenSSL: a NewSessionTicket changed a session that another connection was using at that moment.
#[test]
fn cve_2015_1791_a_new_ticket_changes_no_session_that_other_connections_use() {
    let always = policy().with_tickets(Tickets::Renew(RenewWhen::Always));
    let world = World::resuming().with_policy(always).visited();
    let before = session_of(&world).to_bytes().expose().to_vec();
    let renewed: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u8)
            .map(|n| {
                let shared = session_of(&world);
                let mut copy = World {
                    server: world.server.clone(),
                    client: world.client.clone(),
                    session: Some(shared),
                    ..World::new()
                };
                copy.seeds = ([n; 32], [n + 100; 32]);
                scope.spawn(move || {
                    let mut tokens = Vec::new();
                    for _ in 0..20 {
                        assert_resumed(&copy.visit(), ResumedBy::Ticket, TicketSent::Issued);
                        tokens.push(session_of(&copy).token().clone());
                    }
                    tokens
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(renewed.len(), 160);
    assert_eq!(session_of(&world).to_bytes().expose(), before);
}

/// OpenSSL lost memory with every ticket that did not authenticate.
#[cfg(target_os = "linux")]
#[test]
fn cve_2014_3567_bad_tickets_leave_nothing_behind() {
    let ring = ring();
    let name = ring.sealing_key(at(NOW)).expect("a key").name();
    let bad = [&name.0[..], &[7; 30_000]].concat();
    let open = |times| {
        for _ in 0..times {
            let opened = ring.open_ticket(&RUSTCRYPTO, &bad, at(NOW));
            assert_eq!(opened.err(), Some(NotResumed::Forged));
        }
    };
    open(10);
    let before = resident();
    // 120 megabytes of tickets.
    open(4000);
    let after = resident();
    assert!(after < before + 60_000_000, "{before} bytes before, {after} after");
}

/// How much memory this process has in use, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its resident size");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}

/// OpenSSL let a client change the suite of a session in the cache, to a weaker one, for all that resume it later.
#[test]
fn cve_2010_4180_a_hello_cannot_change_the_suite_of_a_session() {
    for by in BOTH {
        let mut world = World::after_a_visit(by);
        let (session, stored) = (session_of(&world), world.store.kept().clone());
        let suite = session.suite();
        let others: Vec<_> = SUITES.iter().map(|each| each.id).filter(|id| *id != suite).collect();
        // It asks for another suite first, and the server prefers another too.
        let reordered = [&others[..], &[suite]].concat();
        world.change_client(|config| config.with_suites(&reordered).expect("suites"));
        world.change_server(|config| config.with_suites(&reordered).expect("suites"));
        let back = world.visit();
        assert_eq!((back.server.suite, back.client.suite), (suite, suite));
        assert_eq!(back.server.handshake, HandshakeKind::Resumed(by));
        assert_eq!(*world.store.kept(), stored);
        // It does not offer the suite of its session: that is no resumption, and changes no session.
        let forged = tampered_suite(&session, others[0].0);
        world.change_client(|config| config.with_suites(&others).expect("suites"));
        world.session = Some(forged);
        assert_declined(&world.visit(), NotResumed::OtherSuite);
        world.change_client(|config| config.with_suites(&reordered).expect("suites"));
        world.session = Some(session);
        let back = world.visit();
        assert_eq!((back.server.handshake, back.server.suite), (HandshakeKind::Resumed(by), suite));
    }
}

fn tampered_suite(session: &ClientSession, suite: u16) -> ClientSession {
    crate::common::resuming::tampered(session, |bytes| bytes[3..5].copy_from_slice(&suite.to_be_bytes()))
}
