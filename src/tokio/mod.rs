//! `AsyncRead`, `AsyncBufRead` and `AsyncWrite` over a connection and a transport.

mod stream;
mod waiting;

use std::{fmt, io, sync::Arc};

use ::tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use pki_types::ServerName;

pub use self::stream::TlsStream;
pub use crate::edge::NoVerifier;
use crate::{
    client::ClientConfig,
    crypto::{LocalKey, Sign},
    edge::{Client, Flush, Input, Link, Server, Side, Turn, io_error},
    pki::{Credential, VerifyPeer},
    server::ServerConfig,
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

    /// Completes a handshake over `io`. Bound it with `tokio::time::timeout`; dropping it abandons the handshake.
    ///
    /// When it fails, the peer has been sent the alert that says why. Pass `&mut TcpStream` rather than the stream
    /// itself to keep it, and give it to [`linger`] for the alert to arrive.
    pub async fn connect<T: AsyncRead + AsyncWrite + Unpin>(
        &self,
        server: ServerName<'static>,
        mut io: T,
    ) -> io::Result<TlsStream<T>> {
        let step = self.client.start(server)?;
        let established = handshake(&self.client, step, &mut io).await?;
        Ok(TlsStream::new(io, Link::new(established.connection, established.buf)))
    }
}

/// Accepts server connections. Cheap to clone; clones share the configuration. Errors are those of [`Connector`].
pub struct Acceptor<K = LocalKey, V = NoVerifier> {
    server: Server<K, V>,
}

impl<K, V> Clone for Acceptor<K, V> {
    fn clone(&self) -> Self {
        Self { server: self.server.clone() }
    }
}

impl<K, V> fmt::Debug for Acceptor<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

impl<K: Sign> Acceptor<K> {
    /// Presents what `config` says; `key` signs for every credential that [`Self::with_key`] does not name.
    pub fn new(config: ServerConfig, key: K) -> Self {
        Self { server: Server::new(config, key, NoVerifier) }
    }
}

impl<K: Sign, V: VerifyPeer> Acceptor<K, V> {
    /// Lets `key` sign for the credential of this name.
    #[must_use]
    pub fn with_key(self, name: impl Into<Arc<str>>, key: impl Sign + 'static) -> Self {
        Self { server: self.server.with_key(name.into(), Arc::new(key)) }
    }

    /// Who verifies clients. Without one, every certificate that a client presents is refused.
    #[must_use]
    pub fn with_client_verifier<V2: VerifyPeer>(self, verifier: V2) -> Acceptor<K, V2> {
        Acceptor { server: self.server.with_verifier(verifier) }
    }

    /// For handshakes that begin from now on, of all clones.
    pub fn set_config(&self, config: ServerConfig) {
        self.server.set_config(config);
    }

    /// Completes a handshake over `io`. Bound it with `tokio::time::timeout`; dropping it abandons the handshake.
    ///
    /// When it fails, the peer has been sent the alert that says why. Pass `&mut TcpStream` rather than the stream
    /// itself to keep it, and give it to [`linger`] for the alert to arrive.
    pub async fn accept<T: AsyncRead + AsyncWrite + Unpin>(&self, mut io: T) -> io::Result<TlsStream<T>> {
        let step = self.server.start()?;
        let established = handshake(&self.server, step, &mut io).await?;
        Ok(TlsStream::new(io, Link::new(established.connection, established.buf)))
    }
}

async fn handshake<S, T>(side: &S, mut step: S::Step, io: &mut T) -> io::Result<S::Established>
where
    S: Side,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        step = match side.answer(step) {
            Turn::Flush(ask) => match flush(io, ask.bytes()).await {
                Ok(()) => ask.all_sent(),
                Err(error) => return Err(ask.unsent(error)),
            },
            Turn::Input(mut ask) => {
                let n = io.read(ask.spare()).await?;
                ask.received(n)
            }
            Turn::Done(established) => return Ok(established),
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
/// was sent before. What goes wrong is of no interest any more.
pub async fn linger<T: AsyncRead + AsyncWrite + Unpin>(io: &mut T) {
    let (mut discarded, mut total) = ([0; 4096], 0);
    if io.shutdown().await.is_err() {
        return;
    }
    while let Ok(n @ 1..) = io.read(&mut discarded).await {
        total += n;
        if total > MOST_DISCARDED {
            return;
        }
    }
}
