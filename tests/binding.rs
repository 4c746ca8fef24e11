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
