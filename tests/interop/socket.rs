//! Loopback sockets with time limits, which remember what went through them.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use tls12::Error;

use crate::{
    common::pair::World,
    drive::{self, Tls, Transport},
    ports::PATIENCE,
};

/// A socket, and all that was sent and received.
pub(crate) struct Socket {
    tcp: TcpStream,
    pub(crate) sent: Vec<u8>,
    pub(crate) received: Vec<u8>,
}

impl Socket {
    fn new(tcp: TcpStream) -> Self {
        tcp.set_nonblocking(false).expect("a socket");
        tcp.set_read_timeout(Some(PATIENCE)).expect("a socket");
        tcp.set_write_timeout(Some(PATIENCE)).expect("a socket");
        tcp.set_nodelay(true).expect("a socket");
        Self { tcp, sent: Vec::new(), received: Vec::new() }
    }

    /// Connects to a program that may not listen yet.
    pub(crate) fn to(port: u16) -> Self {
        let end = Instant::now() + PATIENCE;
        loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                Ok(tcp) => return Self::new(tcp),
                Err(error) => assert!(Instant::now() < end, "nobody listens on port {port}: {error}"),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Transport for Socket {
    fn send(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        // A peer that has closed may be gone before it gets our close_notify.
        match self.tcp.write_all(bytes) {
            Err(error) if !is_gone(error.kind()) => panic!("sending: {error}"),
            _ => {}
        }
    }

    fn receive(&mut self, into: &mut [u8]) -> usize {
        let n = match self.tcp.read(into) {
            Ok(n) => n,
            Err(error) if is_gone(error.kind()) => 0,
            Err(error) => panic!("receiving: {error}"),
        };
        self.received.extend_from_slice(&into[..n]);
        n
    }

    fn linger(&mut self) {
        let _ = self.tcp.shutdown(Shutdown::Write);
        let mut rest = [0; 4096];
        while self.receive(&mut rest) > 0 {}
    }
}

fn is_gone(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
}

/// A listener on a port that the system chose.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        Self(listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().expect("a bound socket").port()
    }

    /// The next connection.
    pub(crate) fn next(&self) -> Socket {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.0.accept() {
                Ok((tcp, _)) => return Socket::new(tcp),
                Err(error) => assert!(Instant::now() < end, "nobody connects: {error}"),
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Serves the next client.
    pub(crate) fn accept(&self, world: &World) -> Result<Tls<Socket>, Error> {
        drive::accept(world, self.next())
    }
}

/// Calls the server on a port.
pub(crate) fn connect(world: &World, port: u16) -> Result<Tls<Socket>, Error> {
    drive::connect(world, Socket::to(port))
}

/// The lengths of the records in `bytes` that have this content type.
pub(crate) fn record_lengths(bytes: &[u8], content_type: u8) -> Vec<usize> {
    let (mut rest, mut lengths) = (bytes, Vec::new());
    while let [found, _, _, high, low, more @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        if *found == content_type {
            lengths.push(len);
        }
        rest = more.get(len..).unwrap_or_default();
    }
    lengths
}
