//! What the other side sees when something is wrong: each alert as it arrives at a peer, and that it is the one of
//! the error that our side reports.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

#[path = "alerts/after.rs"]
mod after;
#[path = "alerts/behaviour.rs"]
mod behaviour;
#[path = "alerts/certificates.rs"]
mod certificates;
#[path = "alerts/errors.rs"]
mod errors;
#[path = "alerts/hellos.rs"]
mod hellos;
#[path = "alerts/options.rs"]
mod options;
#[path = "alerts/records.rs"]
mod records;
#[path = "alerts/resumption.rs"]
mod resumption;
#[path = "alerts/shares.rs"]
mod shares;
#[path = "alerts/turns.rs"]
mod turns;

use std::sync::Arc;

use common::{
    pair::World,
    raw::{Answer, Over, Raw},
};
use tls12::{ClientConfig, Error, ServerConfig, wire::Alert};

fn world() -> Arc<World> {
    Arc::new(World::new())
}

/// With a server of another configuration.
fn serving(change: impl FnOnce(ServerConfig) -> ServerConfig) -> Arc<World> {
    let mut world = World::new();
    world.server = Arc::new(change(ServerConfig::clone(&world.server)));
    Arc::new(world)
}

/// With a client of another configuration.
fn calling(change: impl FnOnce(ClientConfig) -> ClientConfig) -> Arc<World> {
    let mut world = World::new();
    world.client = Arc::new(change(ClientConfig::clone(&world.client)));
    Arc::new(world)
}

/// A client at the socket of a server of ours.
fn client_of(world: &Arc<World>) -> Raw {
    Raw::client(world, Over::Socket)
}

/// A server at the socket of a client of ours.
fn server_of(world: &Arc<World>) -> Raw {
    Raw::server(world, Over::Socket)
}

/// What a server of ours says to a first message.
#[track_caller]
fn server_refuses(world: &Arc<World>, message: &[u8], alert: Alert, case: &str) -> Error {
    let mut raw = client_of(world);
    raw.message(message);
    raw.refused_with(alert, case)
}

/// What a client of ours says to a changed answer.
#[track_caller]
fn client_refuses(
    world: &Arc<World>,
    change: impl FnOnce(&Raw, &mut Answer),
    alert: Alert,
    case: &str,
) -> Error {
    let mut raw = server_of(world);
    let mut answer = raw.answer();
    change(&raw, &mut answer);
    raw.say(&answer);
    raw.refused_with(alert, case)
}
