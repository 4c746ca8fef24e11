//! A server with tokio, a line of text each way.
//!
//! `cargo run --features tokio --example tokio_server -- 127.0.0.1:8443 cert.pem key.pem`

use std::{env, error::Error, io, time::Duration};

use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, PrivateKeyDer, ServerConfig,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::Credential,
    tokio::{Acceptor, linger},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().collect();
    let [_, address, cert, key] = &args[..] else {
        return Err("usage: tokio_server ADDRESS:PORT CERT.pem KEY.pem".into());
    };
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<_, _>>()?;
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::from_pem_file(key)?)?;
    let acceptor = Acceptor::new(ServerConfig::new(&RUSTCRYPTO, Credential::new("server", chain)?), key);

    let listener = TcpListener::bind(address).await?;
    loop {
        let (mut tcp, acceptor) = (listener.accept().await?.0, acceptor.clone());
        tokio::spawn(async move {
            match timeout(Duration::from_secs(10), serve(&acceptor, &mut tcp)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    eprintln!("a connection failed: {error}");
                    // For the alert to arrive.
                    let _ = timeout(Duration::from_secs(1), linger(&mut tcp)).await;
                }
                Err(_) => eprintln!("a connection took too long"),
            }
        });
    }
}

async fn serve(acceptor: &Acceptor, tcp: &mut TcpStream) -> io::Result<()> {
    let mut tls = acceptor.accept(tcp).await?;
    let mut line = String::new();
    tls.read_line(&mut line).await?;
    tls.write_all(line.to_uppercase().as_bytes()).await?;
    tls.shutdown().await
}
