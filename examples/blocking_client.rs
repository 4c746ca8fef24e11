//! A plain HTTP client over blocking sockets, whose second connection resumes the session of the first.
//!
//! `cargo run --example blocking_client -- localhost 8443 root.pem`: asks for a page twice, and prints what comes.
#![expect(clippy::disallowed_types, reason = "an example opens sockets")]

use std::{
    env,
    error::Error,
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, ClientConfig, ServerName,
    blocking::Connector,
    crypto::RUSTCRYPTO,
    pki::WebPki,
    session::HandshakeKind,
    store::{ClientSessions, Reuse},
};

type BoxError = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), BoxError> {
    let args: Vec<String> = env::args().collect();
    let [_, host, port, roots] = &args[..] else {
        return Err("usage: blocking_client HOST PORT ROOTS.pem".into());
    };
    let connector = connector(roots)?;
    for _ in 0..2 {
        let (handshake, answer) = get(&connector, host, port.parse()?, "/")?;
        // "full (NotOffered)", and then "resumed by ticket" or why not.
        eprintln!("{handshake}");
        println!("{}", String::from_utf8_lossy(&answer));
    }
    Ok(())
}

pub(crate) fn connector(roots: &str) -> Result<Connector<WebPki>, BoxError> {
    let roots: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(roots)?.collect::<Result<_, _>>()?;
    let config = ClientConfig::new(&RUSTCRYPTO).with_alpn([&b"http/1.1"[..]]);
    let sessions = Arc::new(ClientSessions::new(100, Reuse::Many));
    Ok(Connector::new(config, WebPki::new(&RUSTCRYPTO, roots)?).with_sessions(sessions))
}

/// How the handshake went, and all of the answer, header and body.
pub(crate) fn get(
    connector: &Connector<WebPki>,
    host: &str,
    port: u16,
    path: &str,
) -> Result<(HandshakeKind, Vec<u8>), BoxError> {
    let tcp = TcpStream::connect((host, port))?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut tls = connector.connect(ServerName::try_from(host.to_owned())?, None, tcp)?;
    // `format!` rather than `write!`, which would make a record of each of its parts.
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    tls.write_all(request.as_bytes())?;
    let (handshake, mut answer) = (tls.info().handshake, Vec::new());
    // The server closes behind its answer. An error, and not an end, if somebody cut the connection.
    tls.read_to_end(&mut answer)?;
    tls.close()?;
    Ok((handshake, answer))
}
