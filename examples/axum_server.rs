//! A web server with axum, HTTP/1.1 or HTTP/2 by ALPN, which resumes sessions.
//!
//! `cargo run --features tokio --example axum_server -- 127.0.0.1:8443 cert.pem key.pem`: `/` says how the handshake went, and
//! what is posted to `/echo` comes back.

#![expect(clippy::disallowed_methods, reason = "an example reads the clock")]

use std::{env, error::Error, io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, connect_info::Connected},
    routing::{get, post},
    serve::{IncomingStream, Listener},
};
use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, PrivateKeyDer, Seed, ServerConfig, UnixTime,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::Credential,
    session::{DEFAULT_PERIOD, HandshakeKind, KeyRing, Resumption, TicketKey},
    tokio::{Acceptor, TlsStream},
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

type BoxError = Box<dyn Error + Send + Sync>;

/// How many clients may be in their handshakes at once. The others wait in the queue of the socket.
const MOST_HANDSHAKES: usize = 1000;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let [_, address, cert, key] = &args[..] else {
        return Err("usage: axum_server ADDRESS:PORT CERT.pem KEY.pem".into());
    };
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(serve(listener, acceptor(cert, key)?).await?)
}

pub(crate) fn acceptor(cert: &str, key: &str) -> Result<Acceptor, BoxError> {
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<_, _>>()?;
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::from_pem_file(key)?)?;
    // It seals for twelve hours; examples/tokio_server.rs shows how the next one takes over.
    let ticket_key = TicketKey::generate(Seed::from_os()?, UnixTime::now(), DEFAULT_PERIOD);
    let config = ServerConfig::new(&RUSTCRYPTO, Credential::new("server", chain)?)
        .with_alpn([&b"h2"[..], b"http/1.1"])
        .with_resumption(Resumption::new(KeyRing::new(ticket_key)));
    Ok(Acceptor::new(config, key))
}

pub(crate) async fn serve(listener: TcpListener, acceptor: Acceptor) -> io::Result<()> {
    let routes = Router::new()
        .route("/", get(|ConnectInfo(Handshake(kind))| async move { format!("{kind}\n") }))
        .route("/echo", post(|body: Body| async { body }));
    let listener = TlsListener { tcp: listener, acceptor, handshakes: JoinSet::new() };
    axum::serve(listener, routes.into_make_service_with_connect_info::<Handshake>()).await
}

/// How the handshake of a connection went, for handlers that want to know.
#[derive(Debug, Clone, Copy)]
struct Handshake(HandshakeKind);

impl Connected<IncomingStream<'_, TlsListener>> for Handshake {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(stream.io().info().handshake)
    }
}

/// Accepts while handshakes go on: a client that takes its time is nobody else's trouble.
struct TlsListener {
    tcp: TcpListener,
    acceptor: Acceptor,
    handshakes: JoinSet<io::Result<(TlsStream<TcpStream>, SocketAddr)>>,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            // Both may be dropped while they wait, and nothing is lost.
            tokio::select! {
                accepted = self.tcp.accept(), if self.handshakes.len() < MOST_HANDSHAKES => match accepted {
                    Ok((tcp, peer)) => {
                        self.handshakes.spawn(handshake(self.acceptor.clone(), tcp, peer));
                    }
                    // Out of file descriptors, say.
                    Err(error) => {
                        eprintln!("accepting failed: {error}");
                        sleep(Duration::from_secs(1)).await;
                    }
                },
                Some(done) = self.handshakes.join_next() => match done {
                    Ok(Ok(complete)) => return complete,
                    Ok(Err(error)) => eprintln!("a handshake failed: {error}"),
                    Err(error) => eprintln!("a handshake panicked: {error}"),
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

async fn handshake(
    acceptor: Acceptor,
    tcp: TcpStream,
    peer: SocketAddr,
) -> io::Result<(TlsStream<TcpStream>, SocketAddr)> {
    tcp.set_nodelay(true)?;
    Ok((timeout(Duration::from_secs(10), acceptor.accept(tcp)).await??, peer))
}
