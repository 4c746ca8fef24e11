//! A web server with hyper, HTTP/1.1 or HTTP/2 by ALPN, which resumes sessions.
//!
//! `cargo run --features tokio --example hyper_server -- 127.0.0.1:8443 cert.pem key.pem`, and then
//! `curl --tls-max 1.2 --cacert root.pem https://localhost:8443/`: it says how the handshake went. What is posted comes back.

#![expect(clippy::disallowed_methods, reason = "an example reads the clock")]

use std::{convert::Infallible, env, error::Error, io, sync::Arc, time::Duration};

use http_body_util::{Either, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, PrivateKeyDer, Seed, ServerConfig, UnixTime,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::Credential,
    session::{DEFAULT_PERIOD, HandshakeKind, KeyRing, Resumption, TicketKey},
    store::{Limits, MemoryStore},
    tokio::{Acceptor, NoVerifier},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};

type BoxError = Box<dyn Error + Send + Sync>;
type Server = Acceptor<LocalKey, NoVerifier, Arc<MemoryStore>>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let [_, address, cert, key] = &args[..] else {
        return Err("usage: hyper_server ADDRESS:PORT CERT.pem KEY.pem".into());
    };
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(serve(listener, acceptor(cert, key)?).await?)
}

pub(crate) fn acceptor(cert: &str, key: &str) -> Result<Server, BoxError> {
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<_, _>>()?;
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::from_pem_file(key)?)?;
    // It seals for twelve hours; examples/tokio_server.rs shows how the next one takes over.
    let ticket_key = TicketKey::generate(Seed::from_os()?, UnixTime::now(), DEFAULT_PERIOD);
    let config = ServerConfig::new(&RUSTCRYPTO, Credential::new("server", chain)?)
        .with_alpn([&b"h2"[..], b"http/1.1"])
        .with_resumption(Resumption::new(KeyRing::new(ticket_key)));
    // Tickets need no store; it is for clients that have only session IDs, as curl.
    Ok(Acceptor::new(config, key).with_store(Arc::new(MemoryStore::new(Limits::sessions(10_000)))))
}

pub(crate) async fn serve(listener: TcpListener, acceptor: Server) -> io::Result<()> {
    loop {
        let (tcp, peer) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(error) = connection(&acceptor, tcp).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn connection(acceptor: &Server, tcp: TcpStream) -> Result<(), BoxError> {
    tcp.set_nodelay(true)?;
    let tls = timeout(Duration::from_secs(10), acceptor.accept(tcp)).await??;
    let (handshake, is_h2) = (tls.info().handshake, tls.info().alpn.as_deref() == Some(b"h2"));
    let service = service_fn(move |request| async move { Ok::<_, Infallible>(answer(handshake, request)) });
    match is_h2 {
        true => {
            http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(tls), service).await?
        }
        false => http1::Builder::new().serve_connection(TokioIo::new(tls), service).await?,
    }
    Ok(())
}

/// How the handshake went or, piece by piece as it comes, what was posted.
fn answer(handshake: HandshakeKind, request: Request<Incoming>) -> Response<Either<Full<Bytes>, Incoming>> {
    Response::new(match *request.method() {
        Method::POST => Either::Right(request.into_body()),
        _ => Either::Left(Full::new(format!("{handshake}\n").into())),
    })
}
