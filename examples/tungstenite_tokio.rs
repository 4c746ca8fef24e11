//! WebSocket with tokio-tungstenite: a server that sends back what it is sent, and a client that checks it.
//!
//! `cargo run --features tokio,webpki --example tungstenite_tokio -- serve 127.0.0.1:8443 cert.pem key.pem`, and then the same with
//! `-- call localhost:8443 root.pem`.

use std::{env, error::Error, io, time::Duration};

use futures_util::{SinkExt, StreamExt};
use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, ClientConfig, PrivateKeyDer, ServerConfig, ServerName,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::{Credential, WebPki},
    tokio::{Acceptor, Connector},
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{accept_async, client_async, tungstenite::Message};

type BoxError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    match &args[..] {
        [_, verb, address, cert, key] if verb == "serve" => {
            let listener = TcpListener::bind(address).await?;
            println!("listening on {}", listener.local_addr()?);
            Ok(serve(listener, acceptor(cert, key)?).await?)
        }
        [_, verb, server, roots] if verb == "call" => {
            let lengths = [1, 1000, 1 << 20];
            call(&connector(roots)?, server, &lengths).await?;
            println!("messages of {lengths:?} bytes came back");
            Ok(())
        }
        _ => {
            Err("usage: tungstenite_tokio serve ADDRESS:PORT CERT.pem KEY.pem | call HOST:PORT ROOTS.pem"
                .into())
        }
    }
}

pub(crate) fn acceptor(cert: &str, key: &str) -> Result<Acceptor, BoxError> {
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<_, _>>()?;
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::from_pem_file(key)?)?;
    Ok(Acceptor::new(ServerConfig::new(&RUSTCRYPTO, Credential::new("server", chain)?), key))
}

pub(crate) fn connector(roots: &str) -> Result<Connector<WebPki>, BoxError> {
    let roots: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(roots)?.collect::<Result<_, _>>()?;
    Ok(Connector::new(ClientConfig::new(&RUSTCRYPTO), WebPki::new(&RUSTCRYPTO, roots)?))
}

pub(crate) async fn serve(listener: TcpListener, acceptor: Acceptor) -> io::Result<()> {
    loop {
        let (tcp, peer) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(error) = echo(&acceptor, tcp).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn echo(acceptor: &Acceptor, tcp: TcpStream) -> Result<(), BoxError> {
    tcp.set_nodelay(true)?;
    let opening = async { accept_async(acceptor.accept(tcp).await?).await.map_err(BoxError::from) };
    let mut socket = timeout(Duration::from_secs(10), opening).await??;
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    // The WebSocket is closed, and now TLS: tungstenite leaves that to its caller.
    Ok(socket.get_mut().shutdown().await?)
}

/// Sends messages of these lengths to a server named as `HOST:PORT`, and expects them back.
pub(crate) async fn call(
    connector: &Connector<WebPki>,
    server: &str,
    lengths: &[usize],
) -> Result<(), BoxError> {
    let (host, _) = server.rsplit_once(':').ok_or("a server is HOST:PORT")?;
    let tcp = TcpStream::connect(server).await?;
    tcp.set_nodelay(true)?;
    let tls = connector.connect(ServerName::try_from(host.to_owned())?, None, tcp).await?;
    let (mut socket, _) = client_async(format!("wss://{server}/"), tls).await?;
    for length in lengths {
        let message = Message::binary(vec![7; *length]);
        socket.send(message.clone()).await?;
        let back = socket.next().await.ok_or("the server closed")??;
        if back != message {
            return Err(format!("{} bytes came back for {length}", back.len()).into());
        }
    }
    socket.close(None).await?;
    // Until the server has agreed, and has ended.
    while socket.next().await.transpose()?.is_some() {}
    Ok(socket.get_mut().shutdown().await?)
}
