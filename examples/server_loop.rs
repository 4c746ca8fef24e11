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
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use pki_types::pem::PemObject;
use tls12::{
    CertificateDer, Error, PrivateKeyDer, Received, RecvBuf, Seed, ServerConfig, ServerHandshake, UnixTime,
    crypto::{LocalKey, RUSTCRYPTO, Sign},
    pki::{CertificateError, Credential},
    server::Established,
    session::{DEFAULT_PERIOD, KeyRing, Resumption, TicketKey},
    store::{Limits, MemoryStore, SessionStore},
};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().collect();
    let [_, address, cert, key] = &args[..] else {
        return Err("usage: server_loop ADDRESS:PORT CERT.pem KEY.pem".into());
    };
    let chain = CertificateDer::pem_file_iter(cert)?.collect::<std::result::Result<_, _>>()?;
    // It seals for twelve hours; examples/tokio_server.rs shows how the next one takes over.
    let ticket_key = TicketKey::generate(Seed::from_os()?, UnixTime::now(), DEFAULT_PERIOD);
    let config = ServerConfig::new(&RUSTCRYPTO, Credential::new("server", chain)?)
        .with_resumption(Resumption::new(KeyRing::new(ticket_key)));
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::from_pem_file(key)?)?;
    let store = MemoryStore::new(Limits::sessions(10_000));
    let server = Arc::new(Server { config: Arc::new(config), key, store });
    for tcp in TcpListener::bind(address)?.incoming() {
        let (tcp, server) = (tcp?, server.clone());
        thread::spawn(move || match echo(tcp, &server) {
            Ok(()) => println!("a connection was served"),
            Err(error) => println!("a connection failed: {error}"),
        });
    }
    Ok(())
}

/// What all connections share.
struct Server {
    config: Arc<ServerConfig>,
    key: LocalKey,
    /// For clients that have session IDs only; tickets need no store.
    store: MemoryStore,
}

/// Each step says what it needs and is answered with exactly that.
fn handshake(tcp: &mut TcpStream, server: &Server) -> Result<Established> {
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
            ServerHandshake::NeedsConfig(ask) => ask.answer(server.config.clone()),
            ServerHandshake::NeedsSession(ask) => {
                let found = server.store.get(ask.key());
                ask.answer(found)
            }
            ServerHandshake::NeedsStore(ask) => {
                server.store.put(ask.session());
                ask.stored()
            }
            // Here a server would ask its HSM, and come back when that has answered.
            ServerHandshake::NeedsSignature(ask) => {
                let signature = server.key.sign(ask.request());
                ask.answer(signature)
            }
            // Not asked, since this configuration wants no client certificates.
            ServerHandshake::NeedsVerdict(ask) => ask.answer(Err(CertificateError::NoRoots)),
            ServerHandshake::Done(done) => return Ok(done),
            ServerHandshake::Failed(failed) => {
                failed.forget.iter().for_each(|key| server.store.remove(key));
                return Err(failed.error.into());
            }
        };
    }
}

/// Data is decrypted where it was received and encrypted from there: no copy between.
fn echo(mut tcp: TcpStream, server: &Server) -> Result<()> {
    let Established { connection: mut tls, mut buf } = handshake(&mut tcp, server)?;
    println!("{}", tls.info().handshake); // "full (ExpiredTicketKey)", say
    let mut out = Vec::new();
    loop {
        let received = match tls.receive(&mut buf, &mut out) {
            Ok(received) => received,
            Err(error) => {
                // After a fatal alert a session must not be resumed (RFC 5246, 7.2.2); a lost connection leaves it be.
                if let (Some(key), true) = (tls.store_key(), error != Error::Truncated) {
                    server.store.remove(key);
                }
                return Err(error.into());
            }
        };
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
