//! What a server compares.

use std::{sync::Arc, time::Duration};

use tls12::{
    ClientAuth, ServerConfig,
    crypto::{RUSTCRYPTO, SUITES},
    session::{
        HandshakeKind, KeyRing, KeyState, KeyTimes, NotResumed, Partition, ResumedBy, Resumption,
        SessionContext,
    },
    wire::CipherSuite,
};

use crate::common::{
    certs::{Ca, Key, NOW, Spec, at},
    pair::{NAME, World},
    raw::{Kept, Over, Raw, SUITE, server_name},
    resuming::{BOTH, HOUR, assert_declined, call, come_back, declined, key, plain, policy, resumed, ring},
};

/// Three names, the last of which is sent to no server.
const NAMES: [&str; 3] = [NAME, "b.example", "192.0.2.1"];

fn context() -> SessionContext {
    SessionContext::derive([&b"a fleet"[..]])
}

/// A context by name: what would be in the digest is only compared where the policy asks for it.
fn with_context(world: World) -> World {
    world.with_policy(policy().with_context(context()))
}

type Change = &'static dyn Fn(&mut World);

#[test]
fn a_session_is_good_for_its_own_server_name_and_absent_is_a_name_too() {
    let issued = Ca::new("test root").issue(&Spec::server(&NAMES));
    for then in NAMES {
        let prepare = |mut world: World| {
            let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("server"));
            world.server = Arc::new(config.with_resumption(policy()));
            call(&mut world, then);
            world
        };
        for now in NAMES {
            match then == now {
                true => resumed(&prepare, &|world| call(world, now)),
                false => declined(NotResumed::OtherServerName, &prepare, &|world| call(world, now)),
            }
        }
    }
    resumed(&plain, &|world| call(world, "A.eXample"));
}

/// R3: each of them, changed alone.
#[test]
fn a_session_is_good_for_its_own_security_domain() {
    let changes: [(&str, Change); 7] = [
        ("credentials", &|world| {
            let issued = Ca::new("test root").issue(&Spec { key: Key::Ed25519, ..Spec::server(&[NAME]) });
            let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("other"));
            world.server = Arc::new(config.with_resumption(policy()));
            world.keys.push(("other".into(), issued.local_key()));
        }),
        ("protocols", &|world| world.change_server(|config| config.with_alpn([&b"h2"[..]]))),
        ("client certificates requested", &|world| {
            world.change_server(|config| config.with_client_auth(ClientAuth::Request));
        }),
        ("authorities", &|world| {
            world.change_server(|config| config.with_client_authorities([vec![0x30, 0]]));
        }),
        ("what the verifier trusts", &|world| world.change_server(|config| config.with_trust(context()))),
        ("a context by name", &|world| world.set_policy(policy().with_context(context()))),
        ("another credential", &|world| {
            let issued = Ca::new("test root").issue(&Spec::server(&["c.example"]));
            world.change_server(|config| config.with_credential(issued.credential("another")));
        }),
    ];
    for (name, change) in changes {
        println!("{name}");
        declined(NotResumed::OtherContext, &plain, change);
    }
}

/// R5: what is shared, is shared by name.
#[test]
fn servers_that_differ_resume_each_others_sessions_under_one_context_by_name() {
    resumed(&with_context, &|world| {
        let issued = Ca::new("test root").issue(&Spec { key: Key::EcdsaP384, ..Spec::server(&[NAME]) });
        let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("other"));
        world.server = Arc::new(config.with_resumption(policy().with_context(context())));
    });
}

#[test]
fn a_session_is_good_for_its_own_partition() {
    let other = |world: &mut World| world.set_policy(policy().with_partition(Partition::named(b"other")));
    let (mut world, second) = come_back(ResumedBy::Ticket, &plain, &other);
    assert_declined(&second, NotResumed::OtherPartition);
    assert_eq!(world.visit().server.handshake, HandshakeKind::Resumed(ResumedBy::Ticket));
    // In a store another partition is another place.
    let (mut world, second) = come_back(ResumedBy::SessionId, &plain, &other);
    assert_declined(&second, NotResumed::NotStored);
    assert_eq!(world.visit().server.handshake, HandshakeKind::Resumed(ResumedBy::SessionId));
}

fn require(world: &mut World) {
    world.change_server(|config| config.with_client_auth(ClientAuth::Require));
}

fn with_certificate(world: World, auth: ClientAuth) -> World {
    world.with_client_certificate(auth, Key::EcdsaP256)
}

#[test]
fn without_a_client_certificate_in_the_session_one_that_is_required_now_is_asked_for() {
    let auths = [ClientAuth::Off, ClientAuth::Request];
    for auth in auths {
        let anonymous = |world: World| {
            let mut world = with_certificate(with_context(world), auth);
            world.client_credential = None;
            world
        };
        let change = |world: &mut World| {
            require(world);
            let with = with_certificate(World::new(), ClientAuth::Require);
            world.client_credential = with.client_credential;
        };
        declined(NotResumed::NoClientCertificate, &anonymous, &change);
    }
}

#[test]
fn a_client_certificate_in_the_session_is_told_again_and_does_where_one_is_required_now() {
    let prepare = |world| with_certificate(with_context(world), ClientAuth::Request);
    for by in BOTH {
        let (world, second) = come_back(by, &prepare, &require);
        assert_eq!(second.server.handshake, HandshakeKind::Resumed(by));
        let (credential, _) = world.client_credential.as_ref().expect("a client certificate");
        let peer = second.server.peer.expect("the client is known");
        assert_eq!(peer.peer().chain[..], *credential.chain());
        assert!(second.server.peer_scheme.is_some());
    }
}

#[test]
fn a_client_certificate_that_has_expired_since_is_not_believed_any_more() {
    let ca = Ca::new("test root of clients");
    let issue = |hours| ca.issue(&Spec { not_after: NOW + hours * HOUR, ..Spec::client("alice") });
    let prepare = |world| {
        let mut world = with_certificate(with_context(world), ClientAuth::Require);
        let issued = issue(1);
        world.client_credential = Some((issued.credential("client"), issued.local_key()));
        world
    };
    resumed(&prepare, &|world| world.now = at(NOW + HOUR));
    declined(NotResumed::ClientCertificateExpired, &prepare, &|world| {
        world.now = at(NOW + HOUR + 1);
        let issued = issue(9);
        world.client_credential = Some((issued.credential("client"), issued.local_key()));
    });
}

fn without(suite: CipherSuite) -> Vec<CipherSuite> {
    SUITES.iter().map(|each| each.id).filter(|id| *id != suite).collect()
}

#[test]
fn a_session_of_a_suite_that_the_server_does_not_allow_any_more_is_not_resumed() {
    declined(NotResumed::OtherSuite, &plain, &|world| {
        let made_with = world.session.as_ref().expect("a session").suite();
        world.change_server(|config| config.with_suites(&without(made_with)).expect("some suites"));
    });
}

#[test]
fn a_session_of_a_suite_that_the_client_does_not_offer_any_more_is_not_resumed() {
    for by in BOTH {
        let mut world = World::resuming_by(by);
        world.change_client(|config| config.with_suites(&without(SUITE)).expect("some suites"));
        world.visit();
        let session = world.session.take().expect("a session");
        assert_ne!(session.suite(), SUITE);
        // Our client would not offer it; this one does, and no suite but its own.
        let world = Arc::new(world);
        let mut raw = Raw::client(&world, Over::Memory);
        let kept = Kept::of(&session);
        assert!(!raw.offer(&kept.hello().with(0, &server_name(NAME)), None).resumed);
        let info = raw.close(b"").info.expect("a handshake");
        assert_eq!(info.handshake, HandshakeKind::Full(NotResumed::OtherSuite), "{by}");
        assert_eq!(info.suite, SUITE);
    }
}

const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

fn speak(world: &mut World, protocols: &[&'static [u8]]) {
    world.change_client(|config| config.with_alpn(protocols.iter().copied()));
}

#[test]
fn the_protocol_is_negotiated_anew_and_not_inherited() {
    let prepare = |mut world: World| {
        world.change_server(|config| config.with_alpn(PROTOCOLS));
        speak(&mut world, &PROTOCOLS[..1]);
        world
    };
    for by in BOTH {
        for now in [&PROTOCOLS[..1], &PROTOCOLS[1..], &[]] {
            let (_, second) = come_back(by, &prepare, &|world| speak(world, now));
            assert_eq!(second.server.handshake, HandshakeKind::Resumed(by));
            let expected = now.first().map(|name| name.to_vec());
            assert_eq!((second.server.alpn, second.client.alpn), (expected.clone(), expected));
        }
    }
    let strict = |world: World| prepare(world).with_policy(policy().with_same_protocol_required());
    resumed(&strict, &|world| speak(world, &PROTOCOLS));
    declined(NotResumed::OtherProtocol, &strict, &|world| speak(world, &PROTOCOLS[1..]));
    declined(NotResumed::OtherProtocol, &strict, &|world| speak(world, &[]));
}

fn later(world: &mut World, seconds: u64, policy: Resumption) {
    world.now = at(NOW + seconds);
    world.set_policy(policy);
}

#[test]
fn a_session_is_resumed_within_its_lifetime_and_not_at_its_end() {
    let policy = || policy().with_lifetime(Duration::from_secs(HOUR));
    resumed(&plain, &|world| later(world, HOUR - 1, policy()));
    declined(NotResumed::Expired, &plain, &|world| later(world, HOUR, policy()));
}

#[test]
fn a_session_is_resumed_until_its_authentication_is_too_old() {
    let policy = || policy().with_authentication_lifetime(Duration::from_secs(HOUR));
    resumed(&plain, &|world| later(world, HOUR - 1, policy()));
    declined(NotResumed::AuthenticationTooOld, &plain, &|world| later(world, HOUR, policy()));
}

fn times(sealing_from: u64, sealing_until: u64, opening_until: u64) -> KeyTimes {
    KeyTimes { sealing_from, sealing_until, opening_until }
}

/// The ring in which the key of the first visit has these times, and another one seals.
fn ring_with(times: KeyTimes) -> KeyRing {
    let one =
        KeyRing::new(key(8, at(NOW)).with_times(self::times(NOW + 1, NOW + 12 * HOUR, NOW + 24 * HOUR)));
    one.with_key(key(7, at(NOW)).with_times(times))
}

#[test]
fn a_session_is_resumed_while_its_key_waits_or_only_opens_and_its_name_is_told() {
    let (now, name) = (NOW + HOUR, key(7, at(NOW)).name());
    let cases = [
        (KeyState::Waiting, times(now + HOUR, now + 2 * HOUR, now + 3 * HOUR)),
        (KeyState::Opening, times(NOW, now, now + 1)),
        (KeyState::Sealing, times(now, now + HOUR, now + 2 * HOUR)),
    ];
    for (state, times) in cases {
        let keys = ring_with(times);
        assert!(keys.keys(at(now)).any(|(key, is)| key.name() == name && is == state));
        for by in BOTH {
            let change = |world: &mut World| later(world, HOUR, policy().with_keys(keys.clone()));
            let (_, second) = come_back(by, &plain, &change);
            assert_eq!(second.server.handshake, HandshakeKind::Resumed(by), "{state}");
            assert_eq!(second.server.session.and_then(|session| session.key_name), Some(name));
        }
    }
}

#[test]
fn a_session_is_not_resumed_when_its_key_is_erased_forgotten_or_another_of_its_name() {
    let expired = ring_with(times(NOW, NOW + 1, NOW + HOUR));
    let set = |keys: KeyRing| move |world: &mut World| later(world, HOUR, policy().with_keys(keys.clone()));
    declined(NotResumed::ExpiredTicketKey, &plain, &set(expired.clone()));
    // Also when the ring has let it go.
    let gone = expired.rotate(key(9, at(NOW + HOUR)), at(NOW + HOUR));
    assert!(gone.keys(at(NOW + HOUR)).all(|(each, _)| each.name() != key(7, at(NOW)).name()));
    declined(NotResumed::ExpiredTicketKey, &plain, &set(gone));
    declined(NotResumed::UnknownTicketKey, &plain, &set(KeyRing::new(key(9, at(NOW)))));
    let name = ring().sealing_key(at(NOW)).expect("a key").name();
    let namesake = tls12::session::TicketKey::from_parts(
        name.0,
        *b"another secret of the same name.",
        at(NOW),
        Duration::from_secs(12 * HOUR),
    );
    declined(NotResumed::Forged, &plain, &set(KeyRing::new(namesake.expect("a key"))));
}

#[test]
fn what_the_policy_does_not_do_is_disabled() {
    let by_ticket = |world: &mut World| world.set_policy(policy().with_tickets(tls12::session::Tickets::Off));
    let (_, second) = come_back(ResumedBy::Ticket, &plain, &by_ticket);
    assert_declined(&second, NotResumed::Disabled);
    let by_id = |world: &mut World| world.set_policy(policy().with_ids(false));
    let (world, second) = come_back(ResumedBy::SessionId, &plain, &by_id);
    assert_declined(&second, NotResumed::Disabled);
    assert!(second.session.is_none() && world.session.is_none());
}
