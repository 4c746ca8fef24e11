//! Ports for programs that cannot choose one themselves.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process,
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Below those that the system gives to whoever asks for no special one (from 32 768 on, on Linux), so that nobody gets one
/// of these before the program does.
const FIRST: u16 = 10_000;
const COUNT: u16 = 20_000;

/// A port that nobody has, on any address, and that nobody else gets.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two test programs begin at different places.
    let begin = (process::id() % u32::from(COUNT)) * 64;
    for _ in 0..COUNT {
        let next = begin + u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + (next % u32::from(COUNT)) as u16;
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

/// Waits for a program that does not say when it listens.
#[allow(dead_code, reason = "some programs say it")]
pub(crate) fn until_listening(port: u16) {
    let end = Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(Instant::now() < end, "nobody listens on port {port}");
        thread::sleep(Duration::from_millis(10));
    }
}
