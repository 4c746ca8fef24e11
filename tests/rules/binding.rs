//! Binding: R1 to R8.

use std::sync::Arc;

use tls12::{
    ClientAuth, ServerConfig,
    crypto::{RUSTCRYPTO, SUITES},
    session::{HandshakeKind, KeyRing, NotResumed, SessionContext},
};

use super::sources;
use crate::common::{
    certs::{Ca, Key, NOW, Spec, at},
    pair::{NAME, World},
    resuming::{BOTH, HOUR, assert_not_offered, call, come_back, declined, key, plain, policy, resumed},
};

fn trust(name: &[u8]) -> SessionContext {
    SessionContext::derive([name])
}

fn two_names(mut world: World) -> World {
    let issued = Ca::new("test root").issue(&Spec::server(&[NAME, "b.example", "192.0.2.1"]));
    let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("server"));
    world.server = Arc::new(config.with_resumption(policy()));
    world
}

#[test]
fn r1_the_same_change_gives_the_same_reason_by_id_and_by_ticket() {
    let changes: [&dyn Fn(&mut World); 5] = [
        &|world| world.set_policy(policy().with_context(trust(b"another"))),
        &|world| call(world, "b.example"),
        &|world| world.set_policy(policy().with_lifetime(std::time::Duration::from_secs(0))),
        &|world| world.set_policy(policy().with_keys(KeyRing::new(key(8, at(NOW))))),
        &|_| {},
    ];
    for change in changes {
        let late = |world: &mut World| {
            change(world);
            world.now = at(NOW + 2);
        };
        let kinds = BOTH.map(|by| come_back(by, &two_names, &late).1.server.handshake.reason());
        assert_eq!(kinds[0], kinds[1]);
    }
    // And there is no second place where it could be decided: the gate is called once.
    let calls: Vec<_> = sources("src/server")
        .into_iter()
        .flat_map(|(path, text)| {
            let calls = text.matches("judge(&").count();
            (calls > 0).then_some((path, calls))
        })
        .collect();
    assert_eq!(calls, [("src/server/resumed.rs".into(), 1)]);
}

#[test]
fn r2_another_server_name_or_none_means_a_full_handshake() {
    declined(NotResumed::OtherServerName, &two_names, &|world| call(world, "b.example"));
    declined(NotResumed::OtherServerName, &two_names, &|world| call(world, "192.0.2.1"));
    let nameless = |world| {
        let mut world = two_names(world);
        call(&mut world, "192.0.2.1");
        world
    };
    declined(NotResumed::OtherServerName, &nameless, &|world| call(world, NAME));
    resumed(&nameless, &|_| {});
}

#[test]
fn r3_another_security_domain_means_a_full_handshake_and_a_relaxation_has_a_name() {
    let trusting = |world: &mut World| world.change_server(|config| config.with_trust(trust(b"other roots")));
    declined(NotResumed::OtherContext, &plain, &trusting);
    let by_name = |world: World| world.with_policy(policy().with_context(trust(b"by name")));
    resumed(&by_name, &trusting);
}

#[test]
fn r4_a_client_certificate_that_is_asked_for_now_was_verified_then_and_is_valid_now() {
    let shared = || policy().with_context(trust(b"by name"));
    let ca = Ca::new("test root of clients");
    let issue = |hours| ca.issue(&Spec { not_after: NOW + hours * HOUR, ..Spec::client("alice") });
    let with = |world: World, hours| {
        let mut world = world.with_client_certificate(ClientAuth::Require, Key::EcdsaP256);
        let issued = issue(hours);
        world.client_credential = Some((issued.credential("client"), issued.local_key()));
        world
    };
    let off = |world: World| {
        with(world, 1).with_policy(shared()).with_server(|config| config.with_client_auth(ClientAuth::Off))
    };
    let require = |world: &mut World| {
        world.change_server(|config| config.with_client_auth(ClientAuth::Require));
    };
    declined(NotResumed::NoClientCertificate, &off, &require);
    let on = |world: World| with(world, 1).with_policy(shared());
    declined(NotResumed::ClientCertificateExpired, &on, &|world| {
        let issued = issue(9);
        world.client_credential = Some((issued.credential("client"), issued.local_key()));
        world.now = at(NOW + HOUR + 1);
    });
}

#[test]
fn r5_two_configurations_that_share_keys_and_store_do_not_resume_each_others_sessions() {
    declined(NotResumed::OtherContext, &plain, &|world| {
        let issued = Ca::new("test root").issue(&Spec { key: Key::EcdsaP384, ..Spec::server(&[NAME]) });
        let same = world.server.session_context();
        // The same ring, and the same store.
        let config = ServerConfig::new(&RUSTCRYPTO, issued.credential("other")).with_resumption(policy());
        world.server = Arc::new(config);
        world.keys.push(("other".into(), issued.local_key()));
        assert_ne!(world.server.session_context(), same);
    });
}

#[test]
fn r6_the_suite_of_the_session_is_allowed_and_offered_now_and_no_other_is_used() {
    let others = |world: &World| {
        let made_with = world.session.as_ref().expect("a session").suite();
        SUITES.iter().map(|suite| suite.id).filter(|id| *id != made_with).collect::<Vec<_>>()
    };
    declined(NotResumed::OtherSuite, &plain, &|world| {
        let others = others(world);
        world.change_server(|config| config.with_suites(&others).expect("some suites"));
    });
    for by in BOTH {
        let (world, second) = come_back(by, &plain, &|world| {
            // The client would rather have any other now, and the server too.
            let made_with = world.session.as_ref().expect("a session").suite();
            let reordered = [others(world), vec![made_with]].concat();
            world.change_client(|config| config.with_suites(&reordered).expect("suites"));
            world.change_server(|config| config.with_suites(&reordered).expect("suites"));
        });
        assert_eq!(second.server.handshake, HandshakeKind::Resumed(by));
        assert_eq!(second.server.suite, world.session.expect("a session").suite());
    }
}

#[test]
fn r7_a_client_offers_a_session_to_its_server_and_under_its_trust_settings_only() {
    for by in BOTH {
        let mut world = two_names(World::resuming_by(by)).visited();
        let session = super::session_of(&world);
        world.name = "b.example".try_into().expect("a name");
        assert_not_offered(&world.visit(), NotResumed::OtherServerName);
        world.name = NAME.try_into().expect("a name");
        world.session = Some(session);
        world.change_client(|config| config.with_trust(trust(b"other roots")));
        assert_not_offered(&world.visit(), NotResumed::OtherContext);
    }
}

#[test]
fn r8_the_protocol_is_negotiated_anew_and_may_have_to_be_the_same() {
    const H2: &[u8] = b"h2";
    const H1: &[u8] = b"http/1.1";
    let both = |world: World| {
        world.with_server(|config| config.with_alpn([H2, H1])).with_client(|config| config.with_alpn([H2]))
    };
    let h1 = |world: &mut World| world.change_client(|config| config.with_alpn([H1]));
    for by in BOTH {
        let (_, second) = come_back(by, &both, &h1);
        assert_eq!(second.server.handshake, HandshakeKind::Resumed(by));
        assert_eq!((second.server.alpn.as_deref(), second.client.alpn.as_deref()), (Some(H1), Some(H1)));
    }
    let same = |world| both(world).with_policy(policy().with_same_protocol_required());
    declined(NotResumed::OtherProtocol, &same, &h1);
}
