//! What a connection takes that waits, and what is left of it when it is parked.

use std::{mem, sync::Arc};

use tls12::{
    ClientConfig, Connection, Received, ServerConfig, ServerName,
    crypto::{Provider, RUSTCRYPTO},
    pki::{VerifyPeer, WebPki},
    session::ResumedBy::{self, SessionId, Ticket},
    wire::CipherSuite,
};

use crate::{
    common::{
        certs::{Ca, Spec},
        pair::{Peer, World},
        resuming::policy,
    },
    heap::{HEAP, Heap},
};

/// An idle connection, beside what a peer presented.
const IDLE: usize = 1900;
/// The same after much data, with a provider whose keys for much data are larger.
const GROWN: usize = 2400;
/// Records that went each way: none, and as many as make such a provider change to its larger keys.
const LITTLE: usize = 0;
const MUCH: usize = 5;
const NAMES: [&str; 3] = ["a.example", "mail.example.com", "static-7.example.net"];
const PROTOCOLS: [Option<&[u8]>; 3] = [None, Some(b"h2"), Some(b"http/1.1")];
const SUITE: CipherSuite = CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256;

/// What is done before the connection that is measured.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A full handshake without resumption.
    Full,
    /// A full handshake after which the client can resume.
    First(ResumedBy),
    Resumed(ResumedBy),
}

/// Client and server with AES_128_GCM_SHA256.
fn world(provider: &'static Provider, name: &'static str, protocol: Option<&[u8]>, way: Way) -> World {
    let ca = Ca::new("test root");
    let issued = ca.issue(&Spec::server(&[name]));
    let verifier: Arc<dyn VerifyPeer> = Arc::new(WebPki::new(provider, [ca.root()]).expect("a root"));
    let server = ServerConfig::new(provider, issued.credential("server"));
    let client = ClientConfig::new(provider).with_suites(&[SUITE]).expect("a suite");
    let (server, client) = match protocol {
        Some(protocol) => (server.with_alpn([protocol]), client.with_alpn([protocol])),
        None => (server, client),
    };
    let (server, client) = match way {
        Way::Full => (server, client),
        Way::First(by) | Way::Resumed(by) => {
            (server.with_resumption(policy()), client.with_tickets(by == Ticket))
        }
    };
    let mut world = World::new();
    (world.server, world.client) = (Arc::new(server), Arc::new(client));
    world.keys = vec![("server".into(), issued.local_key())];
    (world.verifies_server, world.verifies_client) = (verifier.clone(), verifier);
    world.name = ServerName::try_from(name.to_owned()).expect("a name");
    match way {
        Way::Full | Way::First(_) => world,
        Way::Resumed(_) => world.visited(),
    }
}

/// What is given back with a value, and the value itself. What its peer presented is held elsewhere.
fn taken<T>(value: T) -> usize {
    let before = HEAP.current_usage();
    drop(value);
    before.saturating_sub(HEAP.current_usage()) + mem::size_of::<T>()
}

/// The connections of both sides, and nothing else of their handshake.
fn connections(world: &World, records: usize) -> [Connection; 2] {
    let (mut client, mut server) = world.run(usize::MAX).established();
    for _ in 0..records {
        exchange(&mut client, &mut server);
        exchange(&mut server, &mut client);
    }
    [client.tls, server.tls]
}

fn exchange(from: &mut Peer, to: &mut Peer) {
    let mut wire = Vec::new();
    from.tls.send(&[7; 2000], &mut wire).expect("it sends");
    to.buf.spare()[..wire.len()].copy_from_slice(&wire);
    to.buf.received(wire.len()).expect("a record");
    let received = to.tls.receive(&mut to.buf, &mut wire);
    assert!(matches!(received, Ok(Received::Data(data)) if data.len() == 2000));
}

/// The bytes of each side: as they are after little data and after much, and parked; the harness allocates now and then, so the least of three counts.
fn measured(world: &World) -> [[usize; 2]; 3] {
    let idle = |connection: Connection| {
        let _peer = connection.info().peer.clone();
        taken(connection)
    };
    let parked = |connection: Connection| {
        let _peer = connection.info().peer.clone();
        taken(connection.park())
    };
    let after = |records| connections(world, records);
    let once = || [after(LITTLE).map(idle), after(MUCH).map(idle), after(MUCH).map(parked)];
    let mut least = once();
    for more in [once(), once()] {
        least
            .iter_mut()
            .flatten()
            .zip(more.iter().flatten())
            .for_each(|(least, new)| *least = *new.min(least));
    }
    least
}

/// The bound of a parked one: a server's entry in a store is found by 32 bytes more.
fn bound(way: Way) -> usize {
    match way {
        Way::Full | Way::First(Ticket) | Way::Resumed(Ticket) => 300,
        Way::First(SessionId) | Way::Resumed(SessionId) => 304,
    }
}

#[test]
fn an_idle_connection_takes_little_and_a_parked_one_next_to_nothing() {
    let _heap = Heap::alone();
    let ways =
        [Way::Full, Way::First(Ticket), Way::First(SessionId), Way::Resumed(Ticket), Way::Resumed(SessionId)];
    for provider in [&RUSTCRYPTO, Provider::best()] {
        for way in ways {
            for (name, protocol) in NAMES.into_iter().zip(PROTOCOLS) {
                let taken = measured(&world(provider, name, protocol, way));
                let case = format!("{}, {way:?}, {name}", provider.name());
                println!("{case}: idle, used much, parked {taken:?}");
                let grown = if provider.name() == RUSTCRYPTO.name() { IDLE } else { GROWN };
                for (taken, most) in taken.iter().zip([IDLE, grown, bound(way)]) {
                    assert!(taken.iter().all(|bytes| *bytes <= most), "{case}: {taken:?}, more than {most}");
                }
            }
        }
    }
}

#[test]
fn a_connection_that_is_used_again_takes_what_it_took() {
    let _heap = Heap::alone();
    let world = world(&RUSTCRYPTO, NAMES[0], None, Way::Resumed(Ticket));
    let again = |connection: Connection| {
        let _peer = connection.info().peer.clone();
        taken(connection.park().unpark().expect("its keys are made again"))
    };
    let least = |all: [[usize; 2]; 3]| [0, 1].map(|side| all.iter().map(|both| both[side]).min());
    let first = least([(); 3].map(|()| measured(&world)[0]));
    assert_eq!(least([(); 3].map(|()| connections(&world, LITTLE).map(again))), first);
}
