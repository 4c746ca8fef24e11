//! A client whose hello decides who serves it.

use std::{fmt, io};

use ::tokio::io::{AsyncRead, AsyncWrite};

use super::{Acceptor, TlsStream, handshake};
#[cfg(feature = "replay")]
use crate::replay::Recorder;
use crate::{
    edge::{AsyncSign, AsyncVerifyPeer, Budget, Greeter, Witness},
    server::{ClientHello, NeedsConfig, ServerHandshake},
    store::AsyncSessionStore,
    wire::Alert,
};

/// A client that said hello, and that nobody serves yet: the hello decides which [`Acceptor`] does.
///
/// Each acceptor has certificates, keys, a policy, a verifier and a store of its own, so that the servers of several names
/// on one port share as much as they are given in common, and no more.
///
/// ```
/// # #[cfg(feature = "rustcrypto")]
/// # async fn serve(
/// #     tcp: tokio::net::TcpStream,
/// #     one: tls12::tokio::Acceptor,
/// #     other: tls12::tokio::Acceptor,
/// # ) -> std::io::Result<()> {
/// use tls12::tokio::Incoming;
///
/// let incoming = Incoming::read(tcp, 64 * 1024).await?;
/// let tls = match incoming.client_hello().server_name() {
///     Some("one.example") => incoming.accept(&one).await?,
///     Some("other.example") => incoming.accept(&other).await?,
///     Some(_) | None => return Err(incoming.refuse_name().await),
/// };
/// # drop(tls);
/// # Ok(())
/// # }
/// ```
pub struct Incoming<T> {
    io: T,
    greeter: Greeter,
    ask: NeedsConfig,
    budget: Budget,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Incoming<T> {
    /// Reads the hello. A handshake that takes more than `limit` bytes of the client's, the hello and record headers
    /// among them, fails with the alert `decode_error`; each message has a limit of its own besides.
    ///
    /// Bound it with `tokio::time::timeout`; dropping it abandons the handshake. Errors are those of
    /// [`Connector`](super::Connector).
    pub async fn read(io: T, limit: usize) -> io::Result<Self> {
        Self::read_watched(io, limit, Witness::default()).await
    }

    /// The same, recorded: everything that goes into the connection, from now to its end.
    #[cfg(feature = "replay")]
    pub async fn read_recorded(io: T, limit: usize, recorder: Recorder) -> io::Result<Self> {
        Self::read_watched(io, limit, Witness::new(recorder)).await
    }

    async fn read_watched(mut io: T, limit: usize, witness: Witness) -> io::Result<Self> {
        let (greeter, mut budget) = (Greeter(witness), Budget::new(limit));
        let ask = handshake(&greeter, greeter.start()?, &mut io, &mut budget).await?;
        Ok(Self { io, greeter, ask, budget })
    }

    /// What the client says.
    pub fn client_hello(&self) -> ClientHello<'_> {
        self.ask.client_hello()
    }

    /// Completes the handshake as [`Acceptor::accept`] does.
    pub async fn accept<K, V, S>(self, acceptor: &Acceptor<K, V, S>) -> io::Result<TlsStream<T>>
    where
        K: AsyncSign,
        V: AsyncVerifyPeer,
        S: AsyncSessionStore + 'static,
    {
        let Self { mut io, greeter: Greeter(witness), ask, mut budget } = self;
        let step = ServerHandshake::NeedsConfig(ask);
        let link = handshake(&acceptor.server.serving(witness), step, &mut io, &mut budget).await?;
        Ok(TlsStream::new(io, link))
    }

    /// Serves no such name: as [`NeedsConfig::refuse_name`]. Gives the error that this is.
    pub async fn refuse_name(self) -> io::Error {
        self.fail(Greeter::refuse_name).await
    }

    /// Ends the handshake with an alert of the caller's choice: as [`NeedsConfig::abort`]. Gives the error that this is.
    pub async fn abort(self, alert: Alert) -> io::Error {
        self.fail(|greeter, ask| greeter.abort(ask, alert)).await
    }

    async fn fail(self, end: impl FnOnce(&Greeter, NeedsConfig) -> ServerHandshake) -> io::Error {
        let Self { mut io, greeter, ask, mut budget } = self;
        match handshake(&greeter, end(&greeter, ask), &mut io, &mut budget).await {
            Err(error) => error,
            Ok(_) => unreachable!("a handshake that was ended asks for nothing"),
        }
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("server_name", &self.ask.client_hello().server_name())
            .finish_non_exhaustive()
    }
}
