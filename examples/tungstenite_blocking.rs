//! WebSocket with tungstenite over blocking sockets: a server that sends back what it is sent, and a client that checks it.
//!
//! `cargo run --example tungstenite_blocking -- serve 127.0.0.1:8443 cert.pem key.pem`, and then the same with
//! `-- call localhost:8443 root.pem`.

#![expect(clippy::disallowed_types, reason = "an example opens sockets")]

use std::{
    env,
    error::Error,
    io,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, ClientConfig, PrivateKeyDer, ServerConfig, ServerName,
    blocking::{Acceptor, Connector},
    crypto::{LocalKey, RUSTCRYPTO},
    pki::{Credential, WebPki},
};
use tungstenite::{Message, accept, client};

type BoxError = Box<dyn Error + Send + Sync>;

/// How long a peer may say nothing, or not read.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    match &args[..] {
        [_, verb, address, cert, key] if verb == "serve" => {
            let listener = TcpListener::bind(address)?;
            println!("listening on {}", listener.local_addr()?);
            Ok(serve(&listener, &acceptor(cert, key)?)?)
        }
        [_, verb, server, roots] if verb == "call" => {
            let lengths = [1, 1000, 1 << 20];
            call(&connector(roots)?, server, &lengths)?;
            println!("messages of {lengths:?} bytes came back");
            Ok(())
        }
        _ => {
            Err("usage: tungstenite_blocking serve ADDRESS:PORT CERT.pem KEY.pem | call HOST:PORT ROOTS.pem"
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

pub(crate) fn serve(listener: &TcpListener, acceptor: &Acceptor) -> io::Result<()> {
    for tcp in listener.incoming() {
        let (tcp, acceptor) = (tcp?, acceptor.clone());
        thread::spawn(move || {
            if let Err(error) = echo(&acceptor, tcp) {
                eprintln!("a connection failed: {error}");
            }
        });
    }
    Ok(())
}

fn echo(acceptor: &Acceptor, tcp: TcpStream) -> Result<(), BoxError> {
    patient(&tcp)?;
    let mut socket = accept(acceptor.accept(tcp)?)?;
    loop {
        match socket.read() {
            Ok(message) if message.is_text() || message.is_binary() => socket.send(message)?,
            Ok(_) => {}
            Err(tungstenite::Error::ConnectionClosed) => break,
            Err(error) => return Err(error.into()),
        }
    }
    // The WebSocket is closed, and now TLS: tungstenite leaves that to its caller.
    Ok(socket.get_mut().shutdown_write()?)
}

/// Sends messages of these lengths to a server named as `HOST:PORT`, and expects them back.
pub(crate) fn call(connector: &Connector<WebPki>, server: &str, lengths: &[usize]) -> Result<(), BoxError> {
    let (host, _) = server.rsplit_once(':').ok_or("a server is HOST:PORT")?;
    let tcp = TcpStream::connect(server)?;
    patient(&tcp)?;
    let tls = connector.connect(ServerName::try_from(host.to_owned())?, None, tcp)?;
    let (mut socket, _) = client(format!("wss://{server}/"), tls)?;
    for length in lengths {
        let message = Message::binary(vec![7; *length]);
        socket.send(message.clone())?;
        let back = socket.read()?;
        if back != message {
            return Err(format!("{} bytes came back for {length}", back.len()).into());
        }
    }
    socket.close(None)?;
    // Until the server has agreed, and has ended.
    loop {
        match socket.read() {
            Ok(_) => {}
            Err(tungstenite::Error::ConnectionClosed) => return Ok(socket.get_mut().shutdown_write()?),
            Err(error) => return Err(error.into()),
        }
    }
}

fn patient(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.set_write_timeout(Some(PATIENCE))
}
