//! A server without adapters: the steps of a handshake, answered one by one, then a connection and two buffers.
//!
//! `cargo run --example server_loop -- 127.0.0.1:8443 cert.pem key.pem`, and then
//! `openssl s_client -tls1_2 -connect 127.0.0.1:8443`: it sends back what it is sent.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "an example opens sockets and reads the clock"
)]

use std::{
    env,
    error::Error,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, PrivateKeyDer, Received, RecvBuf, Seed, ServerConfig, ServerHandshake, UnixTime,
    crypto::{LocalKey, RUSTCRYPTO, Sign},
    pki::{CertificateError, Credential},
    server::Established,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().collect();
    let [_, address, cert, key] = &args[..] else {
        return Err("usage: server_loop ADDRESS:PORT CERT.pem KEY.pem".into());
    };
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<std::result::Result<_, _>>()?;
    let config = Arc::new(ServerConfig::new(&RUSTCRYPTO, Credential::new("server", chain)?));
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::from_pem_file(key)?)?;
    for tcp in TcpListener::bind(address)?.incoming() {
        let (tcp, config, key) = (tcp?, config.clone(), key.clone());
        thread::spawn(move || match echo(tcp, config, &key) {
            Ok(()) => println!("a connection was served"),
            Err(error) => println!("a connection failed: {error}"),
        });
    }
    Ok(())
}

/// Each step says what it needs and is answered with exactly that.
fn handshake(tcp: &mut TcpStream, config: Arc<ServerConfig>, key: &LocalKey) -> Result<Established> {
    let mut step = ServerHandshake::start(Seed::from_os()?, RecvBuf::new(), UnixTime::now());
    loop {
        step = match step {
            ServerHandshake::NeedsFlush(ask) => {
                tcp.write_all(ask.bytes())?;
                ask.all_sent()
            }
            ServerHandshake::NeedsInput(mut ask) => {
                let n = tcp.read(ask.spare())?;
                ask.received(n, UnixTime::now())
            }
            // Here a server would look at `ask.client_hello()` and choose.
            ServerHandshake::NeedsConfig(ask) => ask.answer(config.clone()),
            // Here a server would ask its HSM, and come back when that has answered.
            // No sessions are stored here: tickets would be enough to resume.
            ServerHandshake::NeedsSession(ask) => ask.answer(None),
            ServerHandshake::NeedsStore(ask) => ask.stored(),
            ServerHandshake::NeedsSignature(ask) => {
                let signature = key.sign(ask.request());
                ask.answer(signature)
            }
            // Not asked, since this configuration wants no client certificates.
            ServerHandshake::NeedsVerdict(ask) => ask.answer(Err(CertificateError::NoRoots)),
            ServerHandshake::Done(done) => return Ok(done),
            ServerHandshake::Failed(failed) => return Err(failed.error.into()),
        };
    }
}

/// Data is decrypted where it was received and encrypted from there: no copy between.
fn echo(mut tcp: TcpStream, config: Arc<ServerConfig>, key: &LocalKey) -> Result<()> {
    let Established { connection: mut tls, mut buf } = handshake(&mut tcp, config, key)?;
    println!("{:?}", tls.info().handshake);
    let mut out = Vec::new();
    loop {
        let received = tls.receive(&mut buf, &mut out)?;
        match received {
            Received::Data(data) => tls.send(&data, &mut out)?,
            Received::NeedsFlush => {}
            Received::NeedsInput => {
                let n = tcp.read(buf.spare())?;
                buf.received(n)?;
            }
            Received::Closed => {
                let _only_receives = tls.close(&mut out);
                return Ok(tcp.write_all(&out)?);
            }
        }
        tcp.write_all(&out)?;
        out.clear();
    }
}
