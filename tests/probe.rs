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
#[path = "interop/place.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses more of it")]
mod place;
#[path = "interop/program.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses more of it")]
mod program;

/// Ports for other programs, and how long anything may take.
mod socket {
    use std::{
        net::{Ipv4Addr, TcpListener, TcpStream},
        thread,
        time::{Duration, Instant},
    };

    pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

    /// A port that was free a moment ago.
    pub(crate) fn free_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.local_addr().expect("an address").port()
    }

    /// Waits until somebody listens.
    pub(crate) fn until_listening(port: u16) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < end, "nobody listens on {port}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

mod probe {
    mod broken;
    mod expiry;
    mod ladders;
    mod ours;
    mod peers;
    mod printed;
    mod running;
    mod scripted;
    mod serving;
    mod several;
}
