//! `tls12 probe` against servers that are known to behave in one way: of this crate, made by hand, and other programs.
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

mod probe {
    mod broken;
    mod expiry;
    mod ours;
    mod printed;
    mod running;
    mod scripted;
    mod serving;
    mod several;
}
