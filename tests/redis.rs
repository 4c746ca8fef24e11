//! Sessions in a real Redis, through real handshakes: shared, lost, slow, full, restarted, spoiled.
//!
//! Runs when TLS12_INTEROP is 1; else each test says that it was left out.
#![cfg(all(feature = "redis", feature = "rustcrypto", feature = "webpki"))]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests are edges: sockets, files and clocks"
)]

#[path = "redis/bounds.rs"]
mod bounds;
mod common;
#[path = "redis/contents.rs"]
mod contents;
#[path = "redis/failures.rs"]
mod failures;
#[path = "interop/place.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses all of it")]
mod place;
#[path = "interop/ports.rs"]
mod ports;
#[path = "interop/program.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses all of it")]
mod program;
#[path = "redis/reach.rs"]
mod reach;
#[path = "redis/server.rs"]
mod server;
#[path = "redis/site.rs"]
mod site;
