//! Whole handshakes in which something has changed since the session was made: whether it is resumed, and why not.
//!
//! Wherever the rules say that there is a full handshake, there is one, it succeeds, and it makes a session that is
//! resumed under what is now.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

#[path = "binding/client.rs"]
mod client;
#[path = "binding/extended.rs"]
mod extended;
#[path = "binding/ids.rs"]
mod ids;
#[path = "binding/server.rs"]
mod server;
#[path = "binding/tickets.rs"]
mod tickets;

use common::{
    pair::World,
    resuming::{BOTH, Shaken, assert_declined, assert_resumed},
};
use tls12::session::{HandshakeKind, NotResumed, ResumedBy, TicketSent};

/// A client that was here before comes back, once as everything was, and once after `change`.
fn come_back(
    by: ResumedBy,
    prepare: &dyn Fn(World) -> World,
    change: &dyn Fn(&mut World),
) -> (World, Shaken) {
    let mut world = prepare(World::resuming_by(by)).visited();
    assert_resumed(&world.visit(), by, TicketSent::No);
    change(&mut world);
    let second = world.visit();
    (world, second)
}

/// After `change`, a session of either kind is not resumed for this reason, and one that is made then is.
#[track_caller]
fn declined(reason: NotResumed, prepare: &dyn Fn(World) -> World, change: &dyn Fn(&mut World)) {
    for by in BOTH {
        let (mut world, second) = come_back(by, prepare, change);
        assert_declined(&second, reason);
        assert_resumed(&world.visit(), by, TicketSent::No);
    }
}

/// In spite of `change`, a session of either kind is resumed.
#[track_caller]
fn resumed(prepare: &dyn Fn(World) -> World, change: &dyn Fn(&mut World)) {
    for by in BOTH {
        let (_, second) = come_back(by, prepare, change);
        assert_eq!(second.server.handshake, HandshakeKind::Resumed(by));
        assert_eq!(second.client.handshake, HandshakeKind::Resumed(by));
    }
}

/// As it is.
fn plain(world: World) -> World {
    world
}
