//! The command in service: in front of other servers, called by other clients, sharing sessions among processes.
//!
//! All of it needs other programs and runs when TLS12_INTEROP is 1; else each test says that it was left out.
#![cfg(feature = "cli")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests open sockets and files and read clocks"
)]

mod common;
#[path = "interop/nginx.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses more of it")]
mod nginx;
#[path = "interop/place.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses more of it")]
mod place;
#[path = "interop/ports.rs"]
mod ports;
#[path = "interop/program.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses more of it")]
mod program;

mod service {
    mod backends;
    mod captures;
    mod haproxy;
    mod recordings;
    mod serving;
    mod sharing;
    mod starttls;
    mod websocket;
}
