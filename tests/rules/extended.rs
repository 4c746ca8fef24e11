//! The extended master secret: R9 to R12. tests/binding.rs has all combinations.

use std::sync::Arc;

use tls12::{
    ClientConfig, Error, Illegal, ServerConfig,
    session::{HandshakeKind, NotResumed},
    wire::Alert,
};

use crate::common::{
    pair::World,
    raw::{EXTENDED_MASTER_SECRET, Finished, Greeting, Hello, Kept, Over, Raw, SESSION_TICKET},
    recording::{Recording, client_hello},
    resuming::{BOTH, policy, tampered},
    worlds::resumption_flows,
};

#[test]
fn r9_a_client_offers_it_in_every_hello() {
    for (name, world) in resumption_flows() {
        let recording = Recording::of(&world);
        let hello = client_hello(&recording.client[0]);
        assert!(hello.extensions.extended_master_secret, "{name}");
    }
}

/// A server that takes clients without it, and may resume what they make.
fn lenient() -> World {
    let policy = policy().dangerous_without_extended_master_secret();
    World::new().with_policy(policy).with_server(ServerConfig::dangerous_without_extended_master_secret)
}

fn hello(extended: bool) -> Hello {
    let hello = Hello::new().with(SESSION_TICKET, &[]);
    if extended { hello } else { hello.without(EXTENDED_MASTER_SECRET) }
}

fn made(world: &Arc<World>, extended: bool) -> Kept {
    let mut raw = Raw::client(world, Over::Memory);
    let Finished { kept, .. } = raw.offer(&hello(extended), None);
    raw.close(b"");
    assert_eq!(kept.extended, extended);
    kept
}

fn offered(world: &Arc<World>, kept: &Kept, extended: bool) -> HandshakeKind {
    let mut raw = Raw::client(world, Over::Memory);
    raw.offer(&hello(extended).with(SESSION_TICKET, &kept.ticket), Some(kept));
    raw.close(b"").info.expect("a handshake").handshake
}

#[test]
fn r10_without_then_with_is_a_full_handshake_and_with_then_without_is_the_end() {
    let world = Arc::new(lenient());
    let full = HandshakeKind::Full(NotResumed::OtherMasterSecret);
    assert_eq!(offered(&world, &made(&world, false), true), full);
    let kept = made(&world, true);
    let mut raw = Raw::client(&world, Over::Memory);
    raw.message(&hello(false).with(SESSION_TICKET, &kept.ticket).message());
    let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, "with, then without");
    assert_eq!(error, Error::Illegal(Illegal::ExtendedMasterSecretDropped));
}

#[test]
fn r11_without_on_both_sides_is_resumed_by_a_named_option_only_and_exports_nothing() {
    let lenient = Arc::new(lenient());
    let kept = made(&lenient, false);
    let strict = World::new()
        .with_policy(policy())
        .with_server(ServerConfig::dangerous_without_extended_master_secret);
    let full = HandshakeKind::Full(NotResumed::OtherMasterSecret);
    assert_eq!(offered(&Arc::new(strict), &kept, false), full);
    let hello = hello(false).with(SESSION_TICKET, &kept.ticket);
    let mut raw = Raw::client(&lenient, Over::Memory);
    assert!(raw.offer(&hello, Some(&kept)).resumed);
    let info = raw.close(b"").info.expect("a handshake");
    assert!(!info.extended_master_secret);
    // Nor does a connection export without it that our client resumed.
    let connection = resumed_without();
    assert!(!connection.info().extended_master_secret);
    assert!(connection.exporter().is_none());
}

/// Both sides ours, both with a session without it; what a client never has by itself.
fn resumed_without() -> tls12::Connection {
    use crate::common::steps::{Need, Steps};
    let mut world = World::resuming().visited();
    world.change_client(ClientConfig::dangerous_without_extended_master_secret);
    world.change_client(ClientConfig::dangerous_resume_without_extended_master_secret);
    world.session = world.session.map(|session| tampered(&session, |bytes| bytes[5] = 0));
    let kept = Kept::of(world.session.as_ref().expect("a session"));
    let mut client = Steps::start(tls12::schedule::Side::Client, &world);
    let Need::Flush { bytes, .. } = client.need() else { panic!("a hello is first") };
    client = client.all_sent();
    let mut raw =
        Raw::server(&Arc::new(World { session: world.session.take(), ..copy(&world) }), Over::Memory);
    let offers = raw.read_offer();
    assert_eq!(bytes[5..], raw.transcript, "the same hello");
    let mut greeting = Greeting { session_id: offers.session_id.as_bytes().to_vec(), ..Greeting::new() };
    greeting.extensions.retain(|(extension, _)| *extension != EXTENDED_MASTER_SECRET);
    raw.randoms.server = greeting.random;
    raw.transcript.extend_from_slice(&greeting.message());
    raw.adopt(&kept);
    let mut flight = raw.sealed(22, &greeting.message());
    flight.extend(raw.sealed(20, &[1]));
    raw.protect();
    let finished = raw.finished(tls12::schedule::Side::Server);
    flight.extend(raw.sealed(22, &finished));
    client = client.received(&flight, world.now);
    assert!(matches!(client.need(), Need::Flush { failure: None, .. }));
    client = client.all_sent();
    client.connection().tls
}

/// The same world again, without its session.
fn copy(world: &World) -> World {
    World { client: world.client.clone(), server: world.server.clone(), seeds: world.seeds, ..World::new() }
}

#[test]
fn r12_a_server_that_answers_otherwise_than_the_session_is_refused() {
    for by in BOTH {
        for then in [true, false] {
            let mut world = World::after_a_visit(by);
            world.change_client(ClientConfig::dangerous_without_extended_master_secret);
            world.change_client(ClientConfig::dangerous_resume_without_extended_master_secret);
            world.session =
                world.session.map(|session| tampered(&session, |bytes| bytes[5] = u8::from(then)));
            let mut raw = Raw::server(&Arc::new(world), Over::Memory);
            let session_id = raw.read_offer().session_id.as_bytes().to_vec();
            let mut greeting = Greeting { session_id, ..Greeting::new() };
            if then {
                greeting.extensions.retain(|(extension, _)| *extension != EXTENDED_MASTER_SECRET);
            }
            raw.message(&greeting.message());
            let end = raw.refused_end(Alert::HANDSHAKE_FAILURE);
            assert!(end.session.is_none() && end.forget);
        }
    }
}
