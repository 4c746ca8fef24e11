//! What became public since 2020 as a breach of a rule of resumption: that it cannot happen here.

use std::sync::Arc;

use tls12::{
    ClientAuth, Error, ServerConfig,
    crypto::RUSTCRYPTO,
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer, WebPki},
    session::{
        ClientToken, HandshakeKind, KeyRing, NotResumed, ResumedBy, SessionContext, TicketKey, WeakKey,
    },
    store::{ClientSessions, Reuse},
    wire::CipherSuite,
};

use super::session_of;
use crate::common::{
    certs::{Ca, Key, NOW, Spec, at},
    pair::{NAME, World},
    raw::{Greeting, Kept, Over, Raw, SESSION_TICKET, new_session_ticket, server_name},
    resuming::{
        BOTH, HOURS_12, assert_declined, assert_not_offered, assert_resumed, call, come_back, declined,
        policy,
    },
};

const OTHER: &str = "b.example";

/// A server of two names in one process, with one ring and one store.
fn two_hosts(world: World) -> World {
    let issued = Ca::new("test root").issue(&Spec::server(&[NAME, OTHER]));
    let mut world = world;
    world.server =
        Arc::new(ServerConfig::new(&RUSTCRYPTO, issued.credential("server")).with_resumption(policy()));
    world
}

/// wolfSSL checked the server name and the protocol for tickets and forgot session IDs.
#[test]
fn cve_2026_11703_the_path_by_id_checks_name_and_protocol_as_that_by_ticket() {
    declined(NotResumed::OtherServerName, &two_hosts, &|world| call(world, OTHER));
    let speaking = |world: World| {
        two_hosts(world)
            .with_server(|config| {
                let same = policy().with_same_protocol_required();
                config.with_alpn([&b"h2"[..], b"http/1.1"]).with_resumption(same)
            })
            .with_client(|config| config.with_alpn([&b"h2"[..]]))
    };
    declined(NotResumed::OtherProtocol, &speaking, &|world| {
        world.change_client(|config| config.with_alpn([&b"http/1.1"[..]]));
    });
}

fn roots_of_clients(name: &str) -> (Ca, Arc<dyn VerifyPeer>) {
    let ca = Ca::new(name);
    let verifier = WebPki::new(&RUSTCRYPTO, [ca.root()]).expect("a root");
    (ca, Arc::new(verifier))
}

fn trust(name: &[u8]) -> SessionContext {
    SessionContext::derive([name])
}

/// Go resumed after the CAs that a configuration trusts had been exchanged, so clients and servers stayed believed
/// that the new CAs do not vouch for.
#[test]
fn cve_2025_68121_after_the_trusted_cas_were_exchanged_nobody_stays_believed() {
    for by in BOTH {
        let (former, verifier) = roots_of_clients("former CA");
        let mut world = World::resuming_by(by)
            .with_client_certificate(ClientAuth::Require, Key::EcdsaP256)
            .with_server(|config| config.with_trust(trust(b"former CA")));
        let issued = former.issue(&Spec::client("alice"));
        world.client_credential = Some((issued.credential("client"), issued.local_key()));
        world.verifies_client = verifier;
        let mut world = world.visited();
        assert_resumed(&world.visit(), by, tls12::session::TicketSent::No);
        // The server trusts another CA now.
        world.verifies_client = roots_of_clients("new CA").1;
        world.change_server(|config| config.with_trust(trust(b"new CA")));
        let error = world.run(usize::MAX).server.err();
        assert_eq!(error, Some(Error::Certificate(CertificateError::UnknownIssuer)));
        // And so does a client, of servers.
        let mut world = World::after_a_visit(by);
        world.change_client(|config| config.with_trust(trust(b"new CA")));
        world.verifies_server = roots_of_clients("new CA").1;
        let error = world.run(usize::MAX).client.err();
        assert_eq!(error, Some(Error::Certificate(CertificateError::UnknownIssuer)));
    }
}

/// A client that proved itself to one virtual host takes its session to another that trusts another CA.
fn from_one_host_to_another(by: ResumedBy) -> (World, Kept) {
    let (ca, verifier) = roots_of_clients("CA of one host");
    let mut world = two_hosts(World::resuming_by(by))
        .with_client_certificate(ClientAuth::Require, Key::EcdsaP256)
        .with_server(|config| config.with_client_authorities([vec![0x30, 0]]));
    let issued = ca.issue(&Spec::client("alice"));
    world.client_credential = Some((issued.credential("client"), issued.local_key()));
    world.verifies_client = verifier;
    let mut world = world.visited();
    let kept = Kept::of(&session_of(&world));
    // The other host: the same certificate, ring and store, other clients.
    world.verifies_client = roots_of_clients("CA of the other host").1;
    world.change_server(|config| config.with_client_authorities([vec![0x31, 0]]));
    // Other randomness, or the server would draw the ID that it drew before.
    world.seeds = ([3; 32], [4; 32]);
    (world, kept)
}

/// nginx: virtual hosts that share ticket keys or a cache let a client authenticated to one of them into another.
#[test]
fn cve_2025_23419_a_client_of_one_virtual_host_is_not_that_of_another_that_shares_keys_and_cache() {
    for by in BOTH {
        let (mut world, _) = from_one_host_to_another(by);
        call(&mut world, OTHER);
        let ended = world.run(usize::MAX);
        assert_eq!(ended.server.err(), Some(Error::Certificate(CertificateError::UnknownIssuer)), "{by}");
    }
}

/// Apache: the same, where the name stays what it was and the configuration is another.
#[test]
fn cve_2025_23048_nor_under_the_same_name_where_other_clients_are_trusted() {
    for by in BOTH {
        let (world, kept) = from_one_host_to_another(by);
        let ended = world.run(usize::MAX);
        assert_eq!(ended.server.err(), Some(Error::Certificate(CertificateError::UnknownIssuer)), "{by}");
        // Whoever has the secret of the session itself gets no further: it is asked for a certificate.
        let world = Arc::new(world);
        let mut raw = Raw::client(&world, Over::Memory);
        let flight = raw.greet(&kept.hello().with(0, &server_name(NAME)));
        assert!(flight.request, "{by}");
    }
}

/// Says first that all is well, and then what is wrong with the OCSP response.
struct BadOcsp;

impl VerifyPeer for BadOcsp {
    fn verify(&self, _: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        Err(CertificateError::BadOcsp)
    }
}

/// curl kept a session whose OCSP check had failed, and the next transfer to the same host went through.
#[test]
fn cve_2024_0853_a_session_whose_ocsp_check_failed_is_not_there_for_the_next_connection() {
    for by in BOTH {
        let mut world = World::resuming_by(by);
        world.verifies_server = Arc::new(BadOcsp);
        for _ in 0..2 {
            let ended = world.run(usize::MAX);
            // The error is all that the client has of it; `Established`, which has the session, does not come.
            assert_eq!(ended.client.err(), Some(Error::Certificate(CertificateError::BadOcsp)));
            assert!(world.session.is_none() && world.store.kept().is_empty());
        }
    }
}

/// Envoy resumed after settings of certificate validation had changed.
#[test]
fn cve_2022_21654_after_validation_settings_changed_there_is_a_full_handshake() {
    let requesting = |world: World| world.with_client_certificate(ClientAuth::Request, Key::EcdsaP256);
    let changes: [&dyn Fn(&mut World); 3] = [
        &|world| world.change_server(|config| config.with_trust(trust(b"with revocation lists"))),
        &|world| world.change_server(|config| config.with_client_auth(ClientAuth::Require)),
        &|world| world.change_server(|config| config.with_client_authorities([vec![0x30, 0]])),
    ];
    for change in changes {
        declined(NotResumed::OtherContext, &requesting, change);
    }
    let mut world = World::after_a_visit(ResumedBy::Ticket);
    world.change_client(|config| config.with_trust(trust(b"with revocation lists")));
    assert_not_offered(&world.visit(), NotResumed::OtherContext);
}

/// wolfSSL: a large ticket in NewSessionTicket crashed a client that had sessions already.
#[test]
fn cve_2022_38153_a_client_with_sessions_takes_large_tickets() {
    let sessions = ClientSessions::new(4, Reuse::Many);
    for len in [255, 256, 257, 600, 4096, 16_000, 65_535] {
        for by in BOTH {
            let world = World::after_a_visit(by).with_client(|config| config.with_tickets(true));
            sessions.insert(session_of(&world));
            let mut raw = Raw::server(&Arc::new(world), Over::Memory);
            let mut answer = raw.answer();
            answer.hello = Greeting::new().with(SESSION_TICKET, &[]).message();
            raw.say(&answer);
            raw.read_answer();
            let message = new_session_ticket(60, &vec![0x5c; len]);
            raw.count(&message);
            message.chunks(1 << 14).for_each(|part| raw.record(22, part));
            raw.change_cipher_spec();
            let finished = raw.finished(tls12::schedule::Side::Server);
            raw.message(&finished);
            let session = raw.close(b"").session.expect("a session");
            assert!(matches!(session.token(), ClientToken::Ticket { ticket, .. } if ticket.len() == len));
            sessions.insert(session);
        }
    }
    assert_eq!(sessions.len(), 1);
}

/// wolfSSL: a resumption with a list of suites full of repetitions wrote behind a buffer of the server.
#[test]
fn cve_2022_39173_suites_again_and_again_in_a_resumption_change_nothing() {
    for by in BOTH {
        let world = Arc::new(World::after_a_visit(by));
        let kept = Kept::of(&session_of(&world));
        for times in [2, 150, 16_000, 32_767] {
            let mut hello = kept.hello().with(0, &server_name(NAME));
            hello.suites = hello.suites.iter().copied().cycle().take(times).collect();
            let mut raw = Raw::client(&world, Over::Memory);
            assert!(raw.offer(&hello, Some(&kept)).resumed, "{by}, {times} times");
            let info = raw.close(b"").info.expect("a handshake");
            assert_eq!(info.suite, CipherSuite(hello.suites[0]));
        }
    }
}

/// GnuTLS sealed with a key of zeros until the first rotation, so anybody could open and make tickets.
#[test]
fn cve_2020_13777_no_key_of_zeros_seals_or_opens_before_or_after_a_rotation() {
    let load = TicketKey::from_parts([0; 16], [0; 32], at(NOW), HOURS_12);
    assert_eq!(load.err(), Some(WeakKey::AllZero));
    // Every key that a server starts with depends on its seed, and opens no other's tickets.
    let ring = |seed| KeyRing::new(TicketKey::generate(tls12::Seed::for_replay(seed), at(NOW), HOURS_12));
    let (one, two) = (ring([1; 32]), ring([2; 32]));
    let mut world = World::new().with_policy(policy().with_keys(one.clone())).visited();
    let ticket = Kept::of(&session_of(&world)).ticket;
    assert!(one.open_ticket(&RUSTCRYPTO, &ticket, at(NOW)).is_ok());
    assert_eq!(two.open_ticket(&RUSTCRYPTO, &ticket, at(NOW)).err(), Some(NotResumed::UnknownTicketKey));
    assert_ne!(ticket[..16], [0; 16]);
    world.set_policy(policy().with_keys(two));
    assert_declined(&world.visit(), NotResumed::UnknownTicketKey);
}

/// Node handed out a session before the server's certificate was verified; with it the verification was skipped.
#[test]
fn cve_2020_8172_there_is_no_session_before_the_server_is_verified_and_none_crosses_to_another_trust() {
    for by in BOTH {
        // Trusted by one agent of the program, which does not verify, and not by another.
        let mut world = World::resuming_by(by);
        world.change_client(|config| config.with_trust(trust(b"anybody")));
        let (mut world, session) = {
            let world = world.visited();
            let session = session_of(&world);
            (world, session)
        };
        world.change_client(|config| config.with_trust(trust(b"a root")));
        world.session = Some(session);
        world.verifies_server = roots_of_clients("another root").1;
        let ended = world.run(usize::MAX);
        let error = Error::Certificate(CertificateError::UnknownIssuer);
        assert_eq!(ended.client.err(), Some(error), "{by}: it is verified, for no session was offered");
    }
}

#[test]
fn a_full_handshake_of_the_same_worlds_succeeds() {
    for by in BOTH {
        let (_, second) = come_back(by, &two_hosts, &|_| {});
        assert_eq!(second.server.handshake, HandshakeKind::Resumed(by));
    }
}
