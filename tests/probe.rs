//! `tls12 probe` against servers that are known to behave in one way: of this crate, made by hand, and other programs.
//!
//! Those with other programs run when TLS12_INTEROP is 1; else each says that it was left out.
#![cfg(feature = "cli")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests open sockets and files and read clocks"
)]

mod common;
#[path = "cli/files.rs"]
#[allow(dead_code, reason = "tests/cli.rs writes more kinds of files")]
mod files;
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

mod probe {
    mod broken;
    mod expiry;
    mod ladders;
    mod noise;
    mod ours;
    mod peers;
    mod printed;
    mod running;
    mod scripted;
    mod serving;
    mod several;
}
