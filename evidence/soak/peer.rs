//! Honest peers: whatever comes back is compared, and nothing of theirs may fail.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tls12::{
    ClientConfig, ServerName,
    crypto::Provider,
    pki::WebPki,
    store::{ClientSessions, Reuse},
    tokio::{Connector, TlsStream},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, split},
    net::{TcpSocket, TcpStream},
    time::{Instant, timeout},
};

use crate::{Soak, files::Files, findings::Trouble, random::Random, tally::Made};

/// For how long one step of an honest peer may take: longer than anything that is done to the servers.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) type Tls = TlsStream<TcpStream>;

/// By what a peer resumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Tickets,
    /// It knows no tickets.
    Ids,
}

/// Where peers call from, so that no address runs out of ports, and the servers' logs say who it was.
pub(crate) mod source {
    use std::net::Ipv4Addr;

    /// Addresses that callers take in turns.
    const CALLERS: usize = 250;

    pub(crate) fn probe(n: usize) -> Ipv4Addr {
        last(Ipv4Addr::new(127, 0, 1, 0), n % CALLERS)
    }

    pub(crate) fn caller(n: usize) -> Ipv4Addr {
        last(Ipv4Addr::new(127, 0, 2, 0), n % CALLERS)
    }

    pub(crate) fn held(n: usize) -> Ipv4Addr {
        last(Ipv4Addr::new(127, 0, 3, 0), n % CALLERS)
    }

    /// How the servers' logs write the addresses of those that mean harm, at the beginning.
    pub(crate) const ATTACKERS: &str = "127.1.";

    pub(crate) fn attacker(kind: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, 1, 0, kind + 1)
    }

    fn last(net: Ipv4Addr, n: usize) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(net) + 1 + n as u32)
    }
}

/// Makes peers that trust one root.
pub(crate) struct Peers {
    verifier: Arc<WebPki>,
    server: SocketAddr,
}

/// A peer, with what it keeps to resume.
pub(crate) struct Peer {
    connector: Connector<Arc<WebPki>>,
    sessions: Arc<ClientSessions>,
    server: SocketAddr,
}

impl Peers {
    pub(crate) fn new(files: &Files, server: SocketAddr) -> Result<Self, Trouble> {
        let verifier = WebPki::new(Provider::best(), [files.root()?])?;
        Ok(Self { verifier: Arc::new(verifier), server })
    }

    pub(crate) fn peer(&self, how: How) -> Peer {
        let config = ClientConfig::new(Provider::best()).with_tickets(how == How::Tickets);
        let sessions = Arc::new(ClientSessions::new(1, Reuse::Many));
        let connector = Connector::new(config, self.verifier.clone()).with_sessions(sessions.clone());
        Peer { connector, sessions, server: self.server }
    }

    /// A connection without TLS from this address.
    pub(crate) async fn tcp(&self, from: Ipv4Addr) -> io::Result<TcpStream> {
        tcp(from, self.server).await
    }
}

impl Peer {
    /// The next connection has a full handshake.
    pub(crate) fn forget(&self) {
        self.sessions.clear();
    }

    /// A handshake over a connection.
    pub(crate) async fn handshake(&self, tcp: TcpStream) -> io::Result<Tls> {
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        self.connector.connect(name, None, tcp).await
    }

    /// What a client says first.
    pub(crate) async fn hello(&self) -> io::Result<Vec<u8>> {
        let (io, mut wire) = tokio::io::duplex(4096);
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let mut hello = vec![0; 4096];
        tokio::select! {
            _ = self.connector.connect(name, None, io) => Err(io::Error::other("a handshake without a server")),
            n = wire.read(&mut hello) => {
                hello.truncate(n?);
                Ok(hello)
            }
        }
    }
}

async fn tcp(from: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let tcp = socket.connect(to).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

impl Soak {
    /// A whole connection, with an echo of `len` bytes. How its handshake went, unless something failed.
    pub(crate) async fn call(&self, peer: &Peer, from: Ipv4Addr, len: usize) -> Option<Made> {
        let mut random = Random::new(len + from.to_bits() as usize);
        let (tls, made) = self.open(peer, from).await?;
        let tls = self.echo(tls, len, &mut random).await?;
        self.close(tls).await.then_some(made)
    }

    /// A connection that is ready for data. A failure is counted.
    pub(crate) async fn open(&self, peer: &Peer, from: Ipv4Addr) -> Option<(Tls, Made)> {
        let phase = self.tally.phase();
        let work = async {
            let tcp = tcp(from, peer.server).await?;
            let begun = Instant::now();
            let tls = peer.handshake(tcp).await?;
            Ok((tls, begun.elapsed()))
        };
        let (tls, took) = self.honest("a handshake", work).await?;
        self.tally.made(tls.info().handshake, took, phase);
        let leaf = tls.info().peer.as_ref().and_then(|peer| peer.peer().chain.first());
        let made = Made { kind: tls.info().handshake, leaf: leaf.map(|leaf| leaf.to_vec()) };
        Some((tls, made))
    }

    /// Sends `len` bytes and compares what comes back.
    pub(crate) async fn echo(&self, mut tls: Tls, len: usize, random: &mut Random) -> Option<Tls> {
        let sent = self.tally.bytes.some(len, random);
        self.honest("an echo", echo(&mut tls, sent)).await?;
        self.tally.echoed(len);
        Some(tls)
    }

    /// Ends a connection as both sides should. Whether they did.
    pub(crate) async fn close(&self, mut tls: Tls) -> bool {
        let work = async {
            tls.shutdown().await?;
            match tls.read(&mut [0]).await? {
                0 => Ok(()),
                _ => Err(io::Error::other("more came back than was sent")),
            }
        };
        let closed = self.honest("an end", work).await.is_some();
        if closed {
            self.tally.closed();
        }
        closed
    }

    /// Counts it if it fails or does not end.
    async fn honest<R>(&self, what: &str, work: impl Future<Output = io::Result<R>>) -> Option<R> {
        let why = match timeout(PATIENCE, work).await {
            Ok(Ok(done)) => return Some(done),
            Ok(Err(error)) => format!("{what}: {error}"),
            Err(_) => format!("{what} takes more than {} s", PATIENCE.as_secs()),
        };
        self.tally.failed(why);
        None
    }
}

/// Sends and receives at once, for a server that sends while nobody reads waits.
async fn echo(tls: &mut Tls, sent: &[u8]) -> io::Result<()> {
    let (mut from, mut to) = split(tls);
    let sending = async {
        to.write_all(sent).await?;
        to.flush().await
    };
    let receiving = async {
        let (mut rest, mut come) = (sent, vec![0; sent.len().min(16 * 1024)]);
        while !rest.is_empty() {
            let most = come.len().min(rest.len());
            let n = from.read(&mut come[..most]).await?;
            if n == 0 || come[..n] != rest[..n] {
                return Err(io::Error::other(match n {
                    0 => "less came back than was sent",
                    _ => "other bytes came back than were sent",
                }));
            }
            rest = &rest[n..];
        }
        Ok(())
    };
    tokio::try_join!(sending, receiving).map(drop)
}
