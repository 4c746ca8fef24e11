//! A server with tokio, a line of text each way, which resumes sessions and changes its ticket keys every twelve hours.
//!
//! `cargo run --features tokio --example tokio_server -- 127.0.0.1:8443 cert.pem key.pem`

#![expect(clippy::disallowed_methods, reason = "an example reads the clock")]

use std::{env, error::Error, io, sync::Arc, time::Duration};

use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, PrivateKeyDer, Seed, ServerConfig, UnixTime,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::Credential,
    session::{DEFAULT_PERIOD, KeyRing, Resumption, TicketKey},
    store::{Limits, MemoryStore},
    tokio::{Acceptor, NoVerifier, linger},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{interval, timeout},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, address, cert, key] = &args[..] else {
        return Err("usage: tokio_server ADDRESS:PORT CERT.pem KEY.pem".into());
    };
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<_, _>>()?;
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::from_pem_file(key)?)?;
    let config = ServerConfig::new(&RUSTCRYPTO, Credential::new("server", chain)?);
    let mut ring = KeyRing::new(new_key()?);
    // Tickets need no store; it is for clients that have only session IDs.
    let acceptor = Acceptor::new(config.clone().with_resumption(Resumption::new(ring.clone())), key)
        .with_store(Arc::new(MemoryStore::new(Limits::sessions(10_000))));

    let listener = TcpListener::bind(address).await?;
    // A little before the key seals no more.
    let mut rotation = interval(DEFAULT_PERIOD - Duration::from_secs(60));
    rotation.tick().await;
    loop {
        tokio::select! {
            _ = rotation.tick() => {
                // Former keys go on opening, and connections that are open do not notice.
                ring = ring.rotate(new_key()?, UnixTime::now());
                acceptor.set_config(config.clone().with_resumption(Resumption::new(ring.clone())));
            }
            accepted = listener.accept() => {
                tokio::spawn(connection(acceptor.clone(), accepted?.0));
            }
        }
    }
}

fn new_key() -> io::Result<TicketKey> {
    Ok(TicketKey::generate(Seed::from_os()?, UnixTime::now(), DEFAULT_PERIOD))
}

type Server = Acceptor<LocalKey, NoVerifier, Arc<MemoryStore>>;

async fn connection(acceptor: Server, mut tcp: TcpStream) {
    match timeout(Duration::from_secs(10), serve(&acceptor, &mut tcp)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            eprintln!("a connection failed: {error}");
            // For the alert to arrive.
            let _ = timeout(Duration::from_secs(1), linger(&mut tcp)).await;
        }
        Err(_) => eprintln!("a connection took too long"),
    }
}

async fn serve(acceptor: &Server, tcp: &mut TcpStream) -> io::Result<()> {
    let mut tls = acceptor.accept(tcp).await?;
    println!("{}", tls.info().handshake);
    let mut line = String::new();
    tls.read_line(&mut line).await?;
    tls.write_all(line.to_uppercase().as_bytes()).await?;
    tls.shutdown().await
}
