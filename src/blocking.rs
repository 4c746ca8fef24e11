//! `Read`, `BufRead` and `Write` over a connection and a transport.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the adapters are where sockets and clocks are"
)]

mod incoming;

use std::{
    fmt,
    io::{self, BufRead, ErrorKind, IoSlice, Read, Write},
    net::{Shutdown, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use pki_types::ServerName;

pub use self::incoming::Incoming;
pub use crate::edge::NoVerifier;
#[cfg(feature = "replay")]
use crate::replay::Recorder;
use crate::{
    client::ClientConfig,
    crypto::{LocalKey, Sign},
    edge::{
        Budget, Client, Flush, Input, Link, Next, Outgoing, Server, Side, Turn, Witness, block_on, io_error,
        stream_facts, stream_session,
    },
    pki::{Credential, VerifyPeer},
    server::ServerConfig,
    session::{ClientSession, ResumptionStats, SessionContext},
    store::{ClientSessions, NoStore, SessionStore},
};

/// Makes client connections. Cheap to clone.
///
/// Errors are [`io::Error`]s whose inner error is an [`Error`](crate::Error) where the peer, its certificate or the
/// protocol is the reason: `UnexpectedEof` where the transport ended before the peer said so, `InvalidData`
/// otherwise. Errors of the transport are passed on as they are.
pub struct Connector<V> {
    client: Client<V>,
}

impl<V> Clone for Connector<V> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone() }
    }
}

impl<V> fmt::Debug for Connector<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").finish_non_exhaustive()
    }
}

impl<V: VerifyPeer> Connector<V> {
    /// Who verifies is not optional.
    pub fn new(config: ClientConfig, verifier: V) -> Self {
        Self { client: Client::new(config, verifier) }
    }

    /// Presents `credential` to servers that ask for a certificate; `key` signs for it.
    ///
    /// Can be repeated, with credentials of different names. The first one is presented that can sign under a scheme
    /// of the server's and that, if the server names authorities, was issued below one of them; where none fits, no
    /// certificate is presented, and the server decides what that means.
    #[must_use]
    pub fn with_credential(self, credential: Credential, key: impl Sign + 'static) -> Self {
        Self { client: self.client.with_credential(credential, Arc::new(key)) }
    }

    /// Resumes by itself: offers what `sessions` has for a server where no session is given to [`Self::connect`], keeps
    /// there what servers give, and forgets it when a handshake or a connection fails.
    #[must_use]
    pub fn with_sessions(self, sessions: Arc<ClientSessions>) -> Self {
        Self { client: self.client.with_sessions(sessions) }
    }

    /// What sessions of this connector are bound to (R7): what [`ClientConfig::with_trust`] says, or else a digest of
    /// what the verifier trusts and of the credentials; another one with [`ClientConfig::dangerous_any_key_usage`].
    pub fn trust(&self) -> SessionContext {
        self.client.bound_to()
    }

    /// Completes a handshake over `io`, offering `session` if there is one. Set timeouts on `io` before.
    ///
    /// When it fails, the peer has been sent the alert that says why. Pass `&TcpStream` rather than the stream itself
    /// to keep it, and give it to [`linger`] for the alert to arrive.
    pub fn connect<T: Read + Write>(
        &self,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        io: T,
    ) -> io::Result<Stream<T>> {
        self.connect_watched(server, session, io, Witness::default())
    }

    /// The same, recorded: everything that goes into the connection, from now to its end.
    #[cfg(feature = "replay")]
    pub fn connect_recorded<T: Read + Write>(
        &self,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        io: T,
        recorder: Recorder,
    ) -> io::Result<Stream<T>> {
        self.connect_watched(server, session, io, Witness::new(recorder))
    }

    fn connect_watched<T: Read + Write>(
        &self,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        mut io: T,
        witness: Witness,
    ) -> io::Result<Stream<T>> {
        let (calling, step) = self.client.call(server, session, witness)?;
        let link = handshake(&calling, step, &mut io, &mut { Budget::UNLIMITED })?;
        Ok(Stream { io, link })
    }
}

/// Accepts server connections. Cheap to clone; clones share the configuration. Errors are those of [`Connector`].
pub struct Acceptor<K = LocalKey, V = NoVerifier, S = NoStore> {
    server: Server<K, V, S>,
}

impl<K, V, S> Clone for Acceptor<K, V, S> {
    fn clone(&self) -> Self {
        Self { server: self.server.clone() }
    }
}

impl<K, V, S> fmt::Debug for Acceptor<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

impl<K: Sign> Acceptor<K> {
    /// Presents what `config` says; `key` signs for every credential that [`Self::with_key`] does not name.
    pub fn new(config: ServerConfig, key: K) -> Self {
        Self { server: Server::new(config, key, NoStore) }
    }
}

impl<K: Sign, V: VerifyPeer, S: SessionStore + 'static> Acceptor<K, V, S> {
    /// Lets `key` sign for the credential of this name.
    #[must_use]
    pub fn with_key(self, name: impl Into<Arc<str>>, key: impl Sign + 'static) -> Self {
        Self { server: self.server.with_key(name.into(), Arc::new(key)) }
    }

    /// Who verifies clients. Without one, every certificate that a client presents is refused.
    ///
    /// Sessions are bound to what it trusts (R3), unless [`ServerConfig::with_trust`] says otherwise. Clones that were
    /// made before keep what they had, also when [`Self::set_config`] is called.
    #[must_use]
    pub fn with_client_verifier<V2: VerifyPeer>(self, verifier: V2) -> Acceptor<K, V2, S> {
        Acceptor { server: self.server.with_verifier(verifier) }
    }

    /// Where sessions are kept that clients resume by ID. Without one no client is given an ID, and tickets are all
    /// that is resumed. A session whose handshake or connection fails is removed (R29). Clones that were made before
    /// keep what they had.
    #[must_use]
    pub fn with_store<S2: SessionStore + 'static>(self, store: S2) -> Acceptor<K, V, S2> {
        Acceptor { server: self.server.with_store(store) }
    }

    /// Counts every complete handshake.
    #[must_use]
    pub fn with_stats(self, stats: Arc<ResumptionStats>) -> Self {
        Self { server: self.server.with_stats(stats) }
    }

    /// For handshakes that ask for their configuration from now on, of all clones: this is how ticket keys rotate.
    pub fn set_config(&self, config: ServerConfig) {
        self.server.set_config(config);
    }

    /// Completes a handshake over `io`. Set timeouts on `io` before.
    ///
    /// When it fails, the peer has been sent the alert that says why. Pass `&TcpStream` rather than the stream itself
    /// to keep it, and give it to [`linger`] for the alert to arrive.
    ///
    /// [`Incoming`] does the same where the hello decides which acceptor it is.
    pub fn accept<T: Read + Write>(&self, io: T) -> io::Result<Stream<T>> {
        Incoming::read(io, usize::MAX)?.accept(self)
    }
}

fn handshake<S: Side, T: Read + Write>(
    side: &S,
    mut step: S::Step,
    io: &mut T,
    budget: &mut Budget,
) -> io::Result<S::Done> {
    loop {
        step = match block_on(side.answer(step)) {
            Turn::Flush(ask) => {
                let sent = io.write_all(side.sending(&ask)).and_then(|()| io.flush());
                ask.sent(sent)?
            }
            Turn::Input(mut ask) => match budget.room(ask.spare()) {
                [] => side.too_much(ask),
                room => {
                    let n = read(io, room)?;
                    budget.spend(n);
                    side.received(ask, n)
                }
            },
            Turn::Done(done) => return Ok(*done),
            Turn::Failed(error) => return Err(io_error(error)),
        };
    }
}

fn read(io: &mut impl Read, to: &mut [u8]) -> io::Result<usize> {
    loop {
        match io.read(to) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Lets the peer read the last thing that it was sent: ends the sending side, then reads and discards what still
/// comes until the peer ends too, at most for as long as `patience`.
///
/// A socket that is closed with unread input resets the connection, and then the peer may never see the alert that
/// was sent before. Changes the read timeout of `tcp`. What goes wrong is of no interest any more.
pub fn linger(tcp: &TcpStream, patience: Duration) {
    let end = Instant::now() + patience;
    let mut discarded = [0; 4096];
    let mut go_on = tcp.shutdown(Shutdown::Write).is_ok();
    while go_on {
        let left = end.saturating_duration_since(Instant::now());
        // A timeout of zero would be an error, which ends the loop as it should.
        go_on = tcp.set_read_timeout(Some(left)).is_ok()
            && read(&mut { tcp }, &mut discarded).is_ok_and(|n| n > 0);
    }
}

/// A connection and its transport.
///
/// The end of what the peer sends is `Ok(0)` only if it said so with close_notify, which is answered at once;
/// otherwise it is an error of kind `UnexpectedEof`. A record that does not authenticate is an error, the peer is told
/// with an alert, and nothing works after it. Dropping a stream says nothing to the peer: use [`Self::close`].
///
/// Where the transport has timeouts, or does not block, an error of kind `WouldBlock` or `TimedOut` loses nothing, and
/// the call can be repeated.
///
/// A stream that waits for its peer, or is not used, holds no buffers: the one for receiving is given back when all
/// that came is read, unless a part of a record has come, and the one for sending when all is sent. All connections of
/// the process share what a few of them need at once.
pub struct Stream<T> {
    io: T,
    link: Link,
}

impl<T> Stream<T> {
    stream_facts!(link.facts);
    stream_session!(link.incoming);

    /// The transport.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// The transport. What is read from it or written to it here is missing in the connection.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    /// From now on the peer's close_notify ends only what it sends. It is answered when this side has no more to
    /// send, by [`Self::shutdown_write`] or [`Self::close`]. RFC 5246, 7.2.1, has the answer come at once.
    pub fn allow_half_close(&mut self) {
        self.link.incoming.allow_half_close();
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("info", self.info()).finish_non_exhaustive()
    }
}

impl<T: Read + Write> Stream<T> {
    /// Says with close_notify that nothing more will be sent, once: what is written after it is an error of kind
    /// `BrokenPipe`, and a second call sends nothing. Reading goes on.
    ///
    /// That the peer is gone is no error once it closed, or once the connection failed, which was told then.
    pub fn shutdown_write(&mut self) -> io::Result<()> {
        self.link.outgoing.close();
        let sent = self.send().and_then(|()| self.io.flush());
        sent.or_else(|error| self.link.outgoing.forgive(error))
    }

    /// Says goodbye with close_notify and gives the transport back. What the peer still sends is not read.
    pub fn close(mut self) -> io::Result<T> {
        self.shutdown_write()?;
        Ok(self.io)
    }

    /// Sends what is encrypted.
    fn send(&mut self) -> io::Result<()> {
        while !self.link.outgoing.unsent().is_empty() {
            match self.io.write(self.link.outgoing.unsent()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => self.link.outgoing.sent(n),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends what is encrypted before something is waited for. What has to wait itself is sent later.
    fn send_first(&mut self) -> io::Result<()> {
        if self.link.outgoing.unsent().is_empty() {
            return Ok(());
        }
        match self.send().and_then(|()| self.io.flush()) {
            Ok(()) => Ok(()),
            Err(error) if is_waiting(&error) => Ok(()),
            Err(_) if self.link.outgoing.is_ending() => {
                self.link.outgoing.give_up();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Encrypts something and sends it; nothing of it is kept for later where the transport blocks.
    fn write_by(&mut self, encrypt: impl FnOnce(&mut Outgoing) -> io::Result<usize>) -> io::Result<usize> {
        self.send()?;
        let taken = encrypt(&mut self.link.outgoing)?;
        match self.send() {
            // It is encrypted, so it must not be given again; the rest of it goes first next time.
            Err(error) if is_waiting(&error) => Ok(taken),
            sent => sent.map(|()| taken),
        }
    }

    /// Receives until there is data, or the end.
    fn fill(&mut self) -> io::Result<()> {
        loop {
            match self.link.incoming.next().map_err(io_error)? {
                Next::Data | Next::Closed => return Ok(()),
                Next::News(news) => {
                    self.link.outgoing.hear(news);
                    if let Some(forgetting) = self.link.incoming.forgetting() {
                        block_on(forgetting);
                    }
                    self.send_first()?;
                }
                Next::Input => {
                    self.send_first()?;
                    self.receive()?;
                }
            }
        }
    }

    /// Waits for bytes. As long as none come, no buffer is held but a small one on the stack.
    ///
    /// What does not fit into that takes a second call of the transport, which does not wait. That is for the first
    /// record after a pause only: where data streams, a part of the next record is there, and read on to.
    fn receive(&mut self) -> io::Result<()> {
        self.link.incoming.rest();
        if !self.link.incoming.is_resting() {
            let n = read(&mut self.io, self.link.incoming.spare())?;
            return self.link.incoming.received(n);
        }
        let mut first = [0; FIRST];
        let n = read(&mut self.io, &mut first)?;
        self.link.incoming.receive(first.get(..n).unwrap_or(&first))
    }
}

/// How much is received at first, after a pause: most requests, and most answers to them that are short.
const FIRST: usize = 1024;

fn is_waiting(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

impl<T: Read + Write> Read for Stream<T> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        self.fill()?;
        let n = self.link.incoming.data().read(to)?;
        self.link.incoming.consume(n);
        Ok(n)
    }
}

impl<T: Read + Write> BufRead for Stream<T> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill()?;
        Ok(self.link.incoming.data())
    }

    fn consume(&mut self, n: usize) {
        self.link.incoming.consume(n);
    }
}

impl<T: Read + Write> Write for Stream<T> {
    /// Encrypts and sends up to 32 KiB of `plaintext`.
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        match plaintext {
            [] => Ok(0),
            plaintext => self.write_by(|outgoing| outgoing.encrypt(plaintext)),
        }
    }

    /// The same for slices: no record ends where a short one does.
    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match parts.iter().all(|part| part.is_empty()) {
            true => Ok(0),
            false => self.write_by(|outgoing| outgoing.encrypt_parts(parts)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send()?;
        self.io.flush()
    }
}
