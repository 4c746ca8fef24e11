//! What a library has to do to be measured, and the handshake that all of them are measured in.

use std::{
    any::Any,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::cert::Identity;

/// The kinds of handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// Full, with x25519; neither side has anything to do with sessions.
    #[value(name = "full-x25519")]
    FullX25519,
    /// Full, with P-256; likewise.
    #[value(name = "full-p256")]
    FullP256,
    /// Abbreviated, by session ID; the server keeps sessions in its cache.
    SessionId,
    /// Abbreviated, by ticket, which is not renewed unless the library always does.
    Ticket,
    /// Abbreviated, by ticket, with a new ticket in every handshake.
    TicketRenewed,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::FullX25519, Self::FullP256, Self::SessionId, Self::Ticket, Self::TicketRenewed];

    /// What a table calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::FullX25519 => "full, x25519",
            Self::FullP256 => "full, P-256",
            Self::SessionId => "by session ID",
            Self::Ticket => "by ticket",
            Self::TicketRenewed => "by ticket, renewed",
        }
    }

    /// Whether nothing is resumed.
    pub fn is_full(self) -> bool {
        matches!(self, Self::FullX25519 | Self::FullP256)
    }
}

/// What both sides are configured for.
#[derive(Clone)]
pub struct Setup {
    /// Whom clients meet.
    pub identity: Arc<Identity>,
    /// The handshake.
    pub way: Way,
    /// Whether an idle connection gives up whatever the library lets it give up.
    pub lean: bool,
}

/// Which library somebody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The crate beside this one.
    Tls12,
    /// rustls, with any provider.
    Rustls,
    /// OpenSSL.
    OpenSsl,
}

/// A library with a provider.
pub trait Contestant: 'static {
    /// It, configured.
    type Library: Library;

    /// What tables call it.
    fn name(&self) -> String;
    /// Which library it is.
    fn family(&self) -> Family;
    /// A word on how it does this, where it does not do it as asked.
    fn note(&self, way: Way) -> Option<&'static str>;
    /// Both sides, or nothing if it cannot do that.
    fn configure(&self, setup: &Setup) -> Option<Self::Library>;
}

/// Both sides of a library, configured.
pub trait Library: Send + 'static {
    /// One end of a connection.
    type Client: Side + Send + 'static;
    /// The other.
    type Server: Side + Send + 'static;

    /// The client's end of a new connection.
    fn client(&self) -> Self::Client;
    /// The server's.
    fn server(&self) -> Self::Server;
    /// The same for another thread: configurations, caches and stores are shared.
    fn share(&self) -> Self;
}

/// One end of a connection, from its first byte to its last.
pub trait Side {
    /// Takes all of `input` and appends what is to be sent to `output`.
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>);
    /// Whether the handshake is complete.
    fn is_done(&self) -> bool;
    /// Whether it was abbreviated.
    fn is_resumed(&self) -> bool;
    /// Encrypts one message, and appends the record to `output`.
    fn seal(&mut self, plaintext: &[u8], output: &mut Vec<u8>);
    /// Decrypts all of `records`, and says how many bytes of plaintext it could show.
    fn open(&mut self, records: &mut Vec<u8>) -> usize;
    /// What it has to keep as long as nothing happens.
    fn rest(self) -> Box<dyn Any>;
}

/// What is on its way.
#[derive(Default)]
pub struct Wires {
    up: Vec<u8>,
    down: Vec<u8>,
}

/// Both ends of a connection, and the time spent in each.
pub struct Connected<L: Library> {
    /// The client.
    pub client: L::Client,
    /// The server.
    pub server: L::Server,
    /// In the calls of the client and in those of the server.
    pub spent: [Duration; 2],
}

/// More turns than any handshake takes.
const TURNS: usize = 8;

impl<L: Library> Connected<L> {
    /// A handshake. The clock runs from before an end is made until its handshake is complete, and stands still while
    /// it is the other's turn.
    pub fn new(library: &L, wires: &mut Wires) -> Self {
        let mut spent = [Duration::ZERO; 2];
        let [client_spent, server_spent] = &mut spent;
        wires.up.clear();
        wires.down.clear();
        let mut client = timed(client_spent, || {
            let mut client = library.client();
            client.turn(&mut wires.down, &mut wires.up);
            client
        });
        let mut server = timed(server_spent, || {
            let mut server = library.server();
            server.turn(&mut wires.up, &mut wires.down);
            server
        });
        for _ in 0..TURNS {
            if !wires.down.is_empty() {
                timed(client_spent, || client.turn(&mut wires.down, &mut wires.up));
            }
            if !wires.up.is_empty() {
                timed(server_spent, || server.turn(&mut wires.up, &mut wires.down));
            }
        }
        assert!(client.is_done() && server.is_done(), "a handshake did not end");
        Self { client, server, spent }
    }

    /// Whether both ends say that they resumed a session, or both that they did not.
    pub fn is_resumed(&self) -> bool {
        let resumed = self.client.is_resumed();
        assert_eq!(resumed, self.server.is_resumed(), "both sides took part in the same handshake");
        resumed
    }

    /// Drops both ends, which counts too.
    pub fn end(self) -> [Duration; 2] {
        let Self { client, server, mut spent } = self;
        let [client_spent, server_spent] = &mut spent;
        timed(client_spent, || drop(client));
        timed(server_spent, || drop(server));
        spent
    }
}

fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let made = work();
    *spent += start.elapsed();
    made
}
