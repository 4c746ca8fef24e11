//! A client over a blocking socket.
//!
//! `cargo run --example blocking_client -- localhost 8443 root.pem`: asks for a page twice, the second time
//! resuming the first, and prints what comes.
#![expect(clippy::disallowed_types, reason = "an example opens sockets")]

use std::{
    env,
    error::Error,
    io::{BufRead, Write},
    net::TcpStream,
    time::Duration,
};

use pki_types::pem::PemObject;
use tls12::{CertificateDer, ClientConfig, ServerName, blocking::Connector, crypto::RUSTCRYPTO, pki::WebPki};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, host, port, roots] = &args[..] else {
        return Err("usage: blocking_client HOST PORT ROOTS.pem".into());
    };
    let roots: Vec<CertificateDer<'_>> = CertificateDer::pem_file_iter(roots)?.collect::<Result<_, _>>()?;
    let config = ClientConfig::new(&RUSTCRYPTO).with_alpn([&b"http/1.1"[..]]);
    let connector = Connector::new(config, WebPki::new(&RUSTCRYPTO, roots)?);

    let mut session = None;
    for _ in 0..2 {
        let tcp = TcpStream::connect((host.as_str(), port.parse()?))?;
        tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut tls = connector.connect(ServerName::try_from(host.clone())?, session, tcp)?;
        // "full (NotOffered)", and then "resumed by ticket" or why not.
        eprintln!("{}", tls.info().handshake);

        write!(tls, "GET / HTTP/1.1\r\nHost: {host}\r\nAccept: text/plain\r\nConnection: close\r\n\r\n")?;
        for line in (&mut tls).lines() {
            // An error, and not an end, if somebody cut the connection.
            println!("{}", line?);
        }
        session = tls.take_session();
        tls.close()?;
    }
    Ok(())
}
