//! A web client with hyper, HTTP/2 or HTTP/1.1 by ALPN, whose second connection resumes the session of the first.
//!
//! `cargo run --features tokio,webpki --example hyper_client -- localhost:8443 root.pem`

use std::{env, error::Error, sync::Arc};

use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, ClientConfig, ServerName,
    crypto::RUSTCRYPTO,
    pki::WebPki,
    session::HandshakeKind,
    store::{ClientSessions, Reuse},
    tokio::Connector,
};
use tokio::{net::TcpStream, task::JoinHandle};

type BoxError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let [_, server, roots] = &args[..] else {
        return Err("usage: hyper_client HOST:PORT ROOTS.pem".into());
    };
    let connector = connector(roots, &[b"h2", b"http/1.1"])?;
    for _ in 0..2 {
        let mut connection = Connection::open(&connector, server).await?;
        let response = connection.send(Method::GET, "/", Bytes::new()).await?;
        println!("{}, {:?} {}", connection.handshake, response.version(), response.status());
        let body = response.into_body().collect().await?.to_bytes();
        print!("{}", String::from_utf8_lossy(&body));
        connection.close().await?;
    }
    Ok(())
}

pub(crate) fn connector(roots: &str, protocols: &[&[u8]]) -> Result<Connector<WebPki>, BoxError> {
    let roots: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(roots)?.collect::<Result<_, _>>()?;
    let config = ClientConfig::new(&RUSTCRYPTO).with_alpn(protocols.iter().copied());
    let sessions = Arc::new(ClientSessions::new(100, Reuse::Many));
    Ok(Connector::new(config, WebPki::new(&RUSTCRYPTO, roots)?).with_sessions(sessions))
}

/// A connection that requests go over.
pub(crate) struct Connection {
    pub(crate) handshake: HandshakeKind,
    server: String,
    pub(crate) sender: Sender,
    /// What carries the requests; it ends when nobody can send any more.
    driver: JoinHandle<hyper::Result<()>>,
}

pub(crate) enum Sender {
    /// One request after the other.
    Http1(http1::SendRequest<Full<Bytes>>),
    /// Many at once.
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Connection {
    /// To a server named as `HOST:PORT`.
    pub(crate) async fn open(connector: &Connector<WebPki>, server: &str) -> Result<Self, BoxError> {
        let (host, _) = server.rsplit_once(':').ok_or("a server is HOST:PORT")?;
        let tcp = TcpStream::connect(server).await?;
        tcp.set_nodelay(true)?;
        let tls = connector.connect(ServerName::try_from(host.to_owned())?, None, tcp).await?;
        let handshake = tls.info().handshake;
        let (sender, driver) = match tls.info().alpn.as_deref() {
            Some(b"h2") => {
                let io = TokioIo::new(tls);
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
                (Sender::Http2(sender), tokio::spawn(connection))
            }
            _ => {
                let (sender, connection) = http1::handshake(TokioIo::new(tls)).await?;
                (Sender::Http1(sender), tokio::spawn(connection))
            }
        };
        Ok(Self { handshake, server: server.to_owned(), sender, driver })
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, BoxError> {
        let request = Request::builder().method(method);
        Ok(match &mut self.sender {
            Sender::Http1(sender) => {
                let request = request.uri(path).header("host", &self.server).body(Full::new(body))?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                let request = request.uri(format!("https://{}{path}", self.server)).body(Full::new(body))?;
                sender.send_request(request).await?
            }
        })
    }

    /// Says goodbye. Dropping a connection does so too, a little later.
    pub(crate) async fn close(self) -> Result<(), BoxError> {
        drop(self.sender);
        Ok(self.driver.await??)
    }
}
