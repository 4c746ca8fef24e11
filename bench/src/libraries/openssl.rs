//! OpenSSL of the system.

use std::{
    any::Any,
    io::{self, Read, Write},
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use openssl::{
    pkey::PKey,
    ssl::{
        ErrorCode, ShutdownState, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions,
        SslSession, SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
    },
    x509::{X509, store::X509StoreBuilder},
};

use crate::{
    cert::{Identity, NAME},
    contestant::{Contestant, Family, Library, Setup, Side, Way},
};

/// OpenSSL.
pub struct OpenSsl;

impl Contestant for OpenSsl {
    type Library = Running;

    fn name(&self) -> String {
        let version = openssl::version::version();
        version.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    fn family(&self) -> Family {
        Family::OpenSsl
    }

    fn note(&self, _: Way) -> Option<&'static str> {
        None
    }

    /// It renews a ticket only where a callback of the application says so, which its Rust interface does not have.
    fn configure(&self, setup: &Setup) -> Option<Running> {
        (setup.way != Way::TicketRenewed).then(|| Running {
            client: client(setup),
            server: server(setup),
            keeps: !setup.way.is_full(),
            session: Arc::default(),
        })
    }
}

fn common(builder: &mut SslContextBuilder, setup: &Setup) {
    let group = match setup.way {
        Way::FullP256 => "P-256",
        _ => "X25519:P-256",
    };
    builder.set_min_proto_version(Some(SslVersion::TLS1_2)).expect("TLS 1.2");
    builder.set_max_proto_version(Some(SslVersion::TLS1_2)).expect("TLS 1.2");
    builder.set_cipher_list("ECDHE-ECDSA-AES128-GCM-SHA256").expect("a suite");
    builder.set_groups_list(group).expect("a group");
    if !matches!(setup.way, Way::Ticket | Way::TicketRenewed) {
        builder.set_options(SslOptions::NO_TICKET);
    }
    if setup.lean {
        builder.set_mode(SslMode::RELEASE_BUFFERS);
    }
}

fn client(setup: &Setup) -> SslContext {
    let mut builder = SslContext::builder(SslMethod::tls_client()).expect("a client");
    common(&mut builder, setup);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    let mut roots = X509StoreBuilder::new().expect("a store of roots");
    roots.add_cert(certificate(&setup.identity.root)).expect("a root");
    builder.set_cert_store(roots.build());
    builder.set_verify(SslVerifyMode::PEER);
    builder.build()
}

fn server(setup: &Setup) -> SslContext {
    let mut builder = SslContext::builder(SslMethod::tls_server()).expect("a server");
    common(&mut builder, setup);
    identify(&mut builder, &setup.identity);
    builder.set_session_id_context(b"bench").expect("a context");
    builder.set_session_cache_mode(match setup.way {
        Way::SessionId => SslSessionCacheMode::SERVER,
        _ => SslSessionCacheMode::OFF,
    });
    builder.build()
}

fn identify(builder: &mut SslContextBuilder, identity: &Identity) {
    let (leaf, others) = identity.chain.split_first().expect("a leaf");
    builder.set_certificate(&certificate(leaf)).expect("a certificate");
    for other in others {
        builder.add_extra_chain_cert(certificate(other)).expect("a chain");
    }
    let key = PKey::private_key_from_pkcs8(identity.key.secret_der()).expect("a key");
    builder.set_private_key(&key).expect("the key of the certificate");
}

fn certificate(der: &[u8]) -> X509 {
    X509::from_der(der).expect("a certificate")
}

/// Both sides, configured.
pub struct Running {
    client: SslContext,
    server: SslContext,
    /// Whether the client resumes.
    keeps: bool,
    session: Arc<Mutex<Option<SslSession>>>,
}

impl Library for Running {
    type Client = Client;
    type Server = Server;

    fn client(&self) -> Client {
        let mut ssl = Ssl::new(&self.client).expect("a client");
        ssl.set_connect_state();
        ssl.set_hostname(NAME).expect("a name");
        ssl.param_mut().set_host(NAME).expect("a name");
        if let Some(session) = &*self.session.lock().unwrap_or_else(PoisonError::into_inner) {
            offer(&mut ssl, session);
        }
        let kept = self.keeps.then(|| self.session.clone());
        Client { end: Server::new(ssl), kept }
    }

    fn server(&self) -> Server {
        let mut ssl = Ssl::new(&self.server).expect("a server");
        ssl.set_accept_state();
        Server::new(ssl)
    }

    fn share(&self) -> Self {
        let (client, server) = (self.client.clone(), self.server.clone());
        Self { client, server, keeps: self.keeps, session: self.session.clone() }
    }
}

#[expect(unsafe_code, reason = "the only way to resume; no crate wraps it")]
fn offer(ssl: &mut Ssl, session: &SslSession) {
    // SAFETY: the session must be of a connection of the same context, and it is: `Client::turn` put it there, and
    // each `Running` has one context for its clients.
    unsafe { ssl.set_session(session) }.expect("a session to offer");
}

/// The client's end.
pub struct Client {
    end: Server,
    /// Where its session goes, if it is the first one.
    kept: Option<Arc<Mutex<Option<SslSession>>>>,
}

impl Side for Client {
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) {
        self.end.turn(input, output);
        if let (true, Some(kept)) = (self.end.is_done && !self.end.is_resumed(), &self.kept) {
            let session = self.end.stream.ssl().session().map(ToOwned::to_owned);
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = session;
        }
    }

    fn is_done(&self) -> bool {
        self.end.is_done()
    }

    fn is_resumed(&self) -> bool {
        self.end.is_resumed()
    }

    fn seal(&mut self, plaintext: &[u8], output: &mut Vec<u8>) {
        self.end.seal(plaintext, output);
    }

    fn open(&mut self, records: &mut Vec<u8>) -> usize {
        self.end.open(records)
    }

    fn rest(self) -> Box<dyn Any> {
        self.end.rest()
    }
}

/// The server's end, and what the client's has in common with it.
pub struct Server {
    stream: Quiet,
    is_done: bool,
}

impl Server {
    fn new(ssl: Ssl) -> Self {
        Self { stream: Quiet(SslStream::new(ssl, Pipe::default()).expect("a stream")), is_done: false }
    }
}

impl Side for Server {
    fn turn(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) {
        self.stream.get_mut().take(input);
        match self.stream.do_handshake() {
            Ok(()) => self.is_done = true,
            Err(error) if error.code() == ErrorCode::WANT_READ => {}
            Err(error) => panic!("OpenSSL: {error}"),
        }
        let pipe = self.stream.get_mut();
        pipe.give_back(input);
        output.append(&mut pipe.output);
    }

    fn is_done(&self) -> bool {
        self.is_done
    }

    fn is_resumed(&self) -> bool {
        self.stream.ssl().session_reused()
    }

    fn seal(&mut self, plaintext: &[u8], output: &mut Vec<u8>) {
        std::mem::swap(&mut self.stream.get_mut().output, output);
        self.stream.write_all(plaintext).expect("a record is sealed");
        std::mem::swap(&mut self.stream.get_mut().output, output);
    }

    fn open(&mut self, records: &mut Vec<u8>) -> usize {
        self.stream.get_mut().take(records);
        let mut plaintext = [0; 16 * 1024];
        let mut shown = 0;
        loop {
            match self.stream.ssl_read(&mut plaintext) {
                Ok(n) => shown += n,
                Err(error) if error.code() == ErrorCode::WANT_READ => break,
                Err(error) => panic!("OpenSSL: {error}"),
            }
        }
        self.stream.get_mut().give_back(records);
        shown
    }

    /// Without the buffers of the pipe, which stand for a socket.
    fn rest(mut self) -> Box<dyn Any> {
        *self.stream.get_mut() = Pipe::default();
        Box::new(self.stream)
    }
}

/// A connection that is dropped as if both sides had closed it: of one that was not, OpenSSL resumes no session.
struct Quiet(SslStream<Pipe>);

impl Deref for Quiet {
    type Target = SslStream<Pipe>;

    fn deref(&self) -> &SslStream<Pipe> {
        &self.0
    }
}

impl DerefMut for Quiet {
    fn deref_mut(&mut self) -> &mut SslStream<Pipe> {
        &mut self.0
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        self.0.set_shutdown(ShutdownState::SENT | ShutdownState::RECEIVED);
    }
}

/// What a socket would be.
#[derive(Default)]
pub struct Pipe {
    input: Vec<u8>,
    read: usize,
    output: Vec<u8>,
}

impl Pipe {
    /// What is there to be read.
    fn take(&mut self, input: &mut Vec<u8>) {
        std::mem::swap(&mut self.input, input);
    }

    /// The memory of it, when it was read.
    fn give_back(&mut self, input: &mut Vec<u8>) {
        assert_eq!(self.read, self.input.len(), "all that came was used");
        self.read = 0;
        self.input.clear();
        std::mem::swap(&mut self.input, input);
    }
}

impl Read for Pipe {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let from = &self.input[self.read..];
        if from.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let n = from.len().min(to.len());
        to[..n].copy_from_slice(&from[..n]);
        self.read += n;
        Ok(n)
    }
}

impl Write for Pipe {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(from);
        Ok(from.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
