//! `AsyncRead`, `AsyncBufRead` and `AsyncWrite` over a connection and a transport.
//!
//! ```
//! use tls12::{ServerName, pki::WebPki, tokio::Connector};
//! use tokio::{io::{AsyncReadExt, AsyncWriteExt}, net::TcpStream};
//!
//! async fn ask(connector: &Connector<WebPki>, host: ServerName<'static>) -> std::io::Result<Vec<u8>> {
//!     let tcp = TcpStream::connect((host.to_str().as_ref(), 443)).await?;
//!     let (mut reading, mut writing) = connector.connect(host, None, tcp).await?.into_split();
//!     let asking = tokio::spawn(async move {
//!         writing.write_all(b"a long question").await?;
//!         writing.flush().await?;
//!         std::io::Result::Ok(writing)
//!     });
//!     let mut answer = Vec::new();
//!     reading.read_to_end(&mut answer).await?;
//!     asking.await??.shutdown().await?;
//!     Ok(answer)
//! }
//! ```
//!
//! # What may be dropped
//!
//! - The futures of [`Connector::connect`] and [`Acceptor::accept`]: that abandons the handshake, and the transport with it.
//!   Whoever was asked for a signature, a verdict or a session loses the question and nothing else.
//! - `read`, `fill_buf`, `read_buf`, `write`, `write_vectored`, `flush` and `shutdown` of the stream and of its halves, at any await
//!   point, as often as one likes: no byte is lost, sent twice or out of order. What `write` said it took is sent by whatever
//!   is called next; what it did not say was not taken.
//! - `read_exact`, `write_all` and the like as tokio says: what was read or written by then is not known.
//!   [`TlsStream::shutdown_after`] is one of these.
//!
//! # Back-pressure
//!
//! A write takes at most 32 KiB, and nothing while anything is unsent: a peer that does not read makes writes wait, and costs
//! no more memory than that. Nothing is received before somebody reads, and then a record at a time: who does not read
//! makes the peer wait. Neither direction waits for the other.
//!
//! A write that is complete may still have bytes to send: `flush` or `shutdown` at the end, as with every `AsyncWrite`. What
//! waits for the peer sends them too. Many short slices become one record (`write_vectored`).
//!
//! A stream or a half that waits is woken when the transport has something for it, and not otherwise. Both halves may wait
//! for one transport, also where that remembers one waker.
//!
//! # Shutting down
//!
//! `shutdown` sends what is unsent and close_notify, once, then shuts the sending side of the transport down. A second call is
//! `Ok`; what is written later is an error of kind `BrokenPipe`. Reading goes on until the peer says close_notify in turn.
//!
//! The peer's own close_notify is answered as soon as it is read, unless the stream allows a half-closed connection. After that,
//! or after an error that a read told of, a peer that is gone is no error of `shutdown`. Otherwise it is one, once.
//!
//! # Memory
//!
//! A stream or a half that waits for its peer, or is not used, holds no buffers: the one for receiving is given back when all
//! that came is read, unless a part of a record has come, and the one for sending when all is sent. All connections of
//! the process share what a few of them need at once.

mod incoming;
mod receiving;
mod sending;
mod split;
mod stream;
mod timed;
mod waiting;

use std::{
    fmt,
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use ::tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use pki_types::ServerName;

use self::timed::Timed;
pub use self::{
    incoming::Incoming,
    split::{OwnedReadHalf, OwnedWriteHalf, ReuniteError},
    stream::TlsStream,
    timed::DEFAULT_STORE_DEADLINE,
};
pub use crate::edge::{AsyncSign, AsyncVerifyPeer, NoVerifier};
#[cfg(feature = "replay")]
use crate::replay::Recorder;
use crate::{
    client::ClientConfig,
    crypto::LocalKey,
    edge::{Budget, Client, Flush, Input, Server, Side, Turn, Witness, io_error},
    pki::Credential,
    server::ServerConfig,
    session::{ClientSession, ResumptionStats, SessionContext},
    store::{AsyncSessionStore, ClientSessions, NoStore},
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

impl<V: AsyncVerifyPeer> Connector<V> {
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
    pub fn with_credential(self, credential: Credential, key: impl AsyncSign + 'static) -> Self {
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

    /// Completes a handshake over `io`, offering `session` if there is one. Bound it with `tokio::time::timeout`:
    /// dropping the future abandons the handshake, and `io` is of no use for another one.
    ///
    /// When it fails, the peer has been sent the alert that says why. Pass `&mut TcpStream` rather than the stream
    /// itself to keep it, and give it to [`linger`] for the alert to arrive.
    pub async fn connect<T: AsyncRead + AsyncWrite + Unpin>(
        &self,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        io: T,
    ) -> io::Result<TlsStream<T>> {
        self.connect_watched(server, session, io, Witness::default()).await
    }

    /// The same, recorded: everything that goes into the connection, from now to its end.
    #[cfg(feature = "replay")]
    pub async fn connect_recorded<T: AsyncRead + AsyncWrite + Unpin>(
        &self,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        io: T,
        recorder: Recorder,
    ) -> io::Result<TlsStream<T>> {
        self.connect_watched(server, session, io, Witness::new(recorder)).await
    }

    async fn connect_watched<T: AsyncRead + AsyncWrite + Unpin>(
        &self,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        mut io: T,
        witness: Witness,
    ) -> io::Result<TlsStream<T>> {
        let (calling, step) = self.client.call(server, session, witness)?;
        let link = handshake(&calling, step, &mut io, &mut { Budget::UNLIMITED }).await?;
        Ok(TlsStream::new(io, link))
    }
}

/// Accepts server connections. Cheap to clone; clones share the configuration. Errors are those of [`Connector`].
///
/// What is asked for in a handshake may be answered late: signatures ([`AsyncSign`]), verdicts on clients
/// ([`AsyncVerifyPeer`]), sessions ([`AsyncSessionStore`]).
pub struct Acceptor<K = LocalKey, V = NoVerifier, S = NoStore> {
    server: Server<K, V, Timed<S>>,
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

impl<K: AsyncSign> Acceptor<K> {
    /// Presents what `config` says; `key` signs for every credential that [`Self::with_key`] does not name.
    pub fn new(config: ServerConfig, key: K) -> Self {
        Self { server: Server::new(config, key, Timed::new(NoStore)) }
    }
}

impl<K, V, S> Acceptor<K, V, S>
where
    K: AsyncSign,
    V: AsyncVerifyPeer,
    S: AsyncSessionStore + 'static,
{
    /// Lets `key` sign for the credential of this name.
    #[must_use]
    pub fn with_key(self, name: impl Into<Arc<str>>, key: impl AsyncSign + 'static) -> Self {
        Self { server: self.server.with_key(name.into(), Arc::new(key)) }
    }

    /// Who verifies clients. Without one, every certificate that a client presents is refused.
    ///
    /// Sessions are bound to what it trusts (R3), unless [`ServerConfig::with_trust`] says otherwise. Clones that were
    /// made before keep what they had, also when [`Self::set_config`] is called.
    #[must_use]
    pub fn with_client_verifier<V2: AsyncVerifyPeer>(self, verifier: V2) -> Acceptor<K, V2, S> {
        Acceptor { server: self.server.with_verifier(verifier) }
    }

    /// Where sessions are kept that clients resume by ID. Without one no client is given an ID, and tickets are all
    /// that is resumed. A session whose handshake or connection fails is removed (R29). Clones that were made before
    /// keep what they had.
    ///
    /// A store that has not answered after [`DEFAULT_STORE_DEADLINE`] is given up, and the handshake goes on (R34): a
    /// lookup is [`Lookup::Unavailable`](crate::session::Lookup::Unavailable) then. What does not answer at once needs
    /// a runtime with time enabled.
    #[must_use]
    pub fn with_store<S2: AsyncSessionStore + 'static>(self, store: S2) -> Acceptor<K, V, S2> {
        Acceptor { server: self.server.with_store(Timed::new(store)) }
    }

    /// For how long each question to the store is waited for.
    #[must_use]
    pub fn with_store_deadline(self, deadline: Duration) -> Self {
        Self { server: self.server.map_store(|store| store.with_deadline(deadline)) }
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

    /// Completes a handshake over `io`. Bound it with `tokio::time::timeout`: dropping the future abandons the handshake,
    /// and `io` is of no use for another one. Whoever was asked for an answer meanwhile is not waited for.
    ///
    /// When it fails, the peer has been sent the alert that says why. Pass `&mut TcpStream` rather than the stream
    /// itself to keep it, and give it to [`linger`] for the alert to arrive.
    ///
    /// [`Incoming`] does the same where the hello decides which acceptor it is.
    pub async fn accept<T: AsyncRead + AsyncWrite + Unpin>(&self, io: T) -> io::Result<TlsStream<T>> {
        Incoming::read(io, usize::MAX).await?.accept(self).await
    }
}

async fn handshake<S, T>(side: &S, mut step: S::Step, io: &mut T, budget: &mut Budget) -> io::Result<S::Done>
where
    S: Side,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        step = match side.answer(step).await {
            Turn::Flush(ask) => {
                let sent = flush(io, side.sending(&ask)).await;
                ask.sent(sent)?
            }
            Turn::Input(mut ask) => match budget.room(ask.spare()) {
                [] => side.too_much(ask),
                room => {
                    let n = io.read(room).await?;
                    budget.spend(n);
                    side.received(ask, n)
                }
            },
            Turn::Done(done) => return Ok(*done),
            Turn::Failed(error) => return Err(io_error(error)),
        };
    }
}

async fn flush<T: AsyncWrite + Unpin>(io: &mut T, bytes: &[u8]) -> io::Result<()> {
    io.write_all(bytes).await?;
    io.flush().await
}

/// The most bytes that [`linger`] discards.
const MOST_DISCARDED: usize = 1 << 20;

/// Lets the peer read the last thing that it was sent: ends the sending side, then reads and discards what still
/// comes until the peer ends too, at most 1 MiB. Bound it with `tokio::time::timeout`: a second will do.
///
/// A socket that is closed with unread input resets the connection, and then the peer may never see the alert that
/// was sent before. What goes wrong is of no interest any more. Dropping the future ends the waiting.
pub async fn linger<T: AsyncRead + AsyncWrite + Unpin>(io: &mut T) {
    if io.shutdown().await.is_ok() {
        discard(io).await;
    }
}

/// The second half of [`linger`], for a transport whose sending side ended: reads and discards what still comes until
/// the peer ends too, at most 1 MiB. Bound it with `tokio::time::timeout`: dropping the future ends the waiting.
pub async fn discard<T: AsyncRead + Unpin>(io: &mut T) {
    let mut total = 0;
    while let Ok(n @ 1..) = poll_fn(|cx| poll_discard(io, cx)).await {
        total += n;
        if total > MOST_DISCARDED {
            return;
        }
    }
}

/// Reads to a buffer that is only there meanwhile: whoever waits holds none.
fn poll_discard<T: AsyncRead + Unpin>(io: &mut T, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut discarded = [const { MaybeUninit::uninit() }; 4096];
    let mut discarded = ReadBuf::uninit(&mut discarded);
    ready!(Pin::new(io).poll_read(cx, &mut discarded))?;
    Poll::Ready(Ok(discarded.filled().len()))
}
