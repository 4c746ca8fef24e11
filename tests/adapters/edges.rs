//! What the tests of both adapters use.

use std::{
    io,
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, SystemTime},
};

use tls12::{
    ClientConfig, Error, ServerConfig, ServerName,
    blocking::{Acceptor, Connector, Stream},
    crypto::{LocalKey, RUSTCRYPTO},
    pki::WebPki,
};

use crate::common::certs::{Ca, Issued, Spec};

/// The name that the server's certificate is for.
pub(super) const NAME: &str = "a.example";
/// Long enough for a busy machine, short enough for a test that hangs.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20);

/// A CA and a server that it vouches for.
pub(super) struct Edges {
    pub(super) ca: Ca,
    pub(super) server: Issued,
}

impl Edges {
    pub(super) fn new() -> Self {
        let ca = Ca::new("edge root");
        let server = ca.issue(&Spec::server(&[NAME]));
        Self { ca, server }
    }

    pub(super) fn trust(&self) -> WebPki {
        WebPki::new(&RUSTCRYPTO, [self.ca.root()]).expect("a root")
    }

    pub(super) fn server_config(&self) -> ServerConfig {
        ServerConfig::new(&RUSTCRYPTO, self.server.credential("server"))
    }

    pub(super) fn acceptor(&self) -> Acceptor<LocalKey> {
        Acceptor::new(self.server_config(), self.server.local_key())
    }

    pub(super) fn connector(&self) -> Connector<WebPki> {
        Connector::new(ClientConfig::new(&RUSTCRYPTO), self.trust())
    }
}

pub(super) fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).expect("a name")
}

/// Two ends of a connection over the loopback interface: the client's and the server's.
pub(super) fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let server = listener.accept().expect("the other end").0;
    for tcp in [&client, &server] {
        tcp.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
        tcp.set_write_timeout(Some(TIMEOUT)).expect("a timeout");
        tcp.set_nodelay(true).expect("an option");
    }
    (client, server)
}

/// Both sides of an established connection.
pub(super) fn established(edges: &Edges) -> (Stream<TcpStream>, Stream<TcpStream>) {
    let (client, server) = sockets();
    let (acceptor, connector) = (edges.acceptor(), edges.connector());
    let accepting = thread::spawn(move || acceptor.accept(server));
    let client = connector.connect(name(), None, client).expect("a client's connection");
    (client, accepting.join().expect("no panic").expect("a server's connection"))
}

/// The error of this crate within an error of an adapter.
pub(super) fn tls_error(error: &io::Error) -> &Error {
    error.get_ref().and_then(|inner| inner.downcast_ref()).expect("an error of this crate")
}

/// `length` bytes that repeat nowhere near each other.
pub(super) fn bytes(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

/// The certificates of these tests are made for a span of years, and the adapters read the system's clock.
#[test]
fn the_clock_is_within_the_validity_of_the_certificates() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    assert!((crate::common::certs::NOT_BEFORE..crate::common::certs::NOT_AFTER).contains(&now));
}
