//! A client whose hello decides who serves it.

use std::{
    fmt,
    io::{self, Read, Write},
};

use super::{Acceptor, Stream, handshake};
#[cfg(feature = "replay")]
use crate::replay::Recorder;
use crate::{
    crypto::Sign,
    edge::{Budget, Greeter, Witness},
    pki::VerifyPeer,
    server::{ClientHello, NeedsConfig, ServerHandshake},
    store::SessionStore,
    wire::Alert,
};

/// A client that said hello, and that nobody serves yet: the hello decides which [`Acceptor`] does.
///
/// Each acceptor has certificates, keys, a policy, a verifier and a store of its own, so that the servers of several names
/// on one port share as much as they are given in common, and no more.
///
/// ```
/// # #[cfg(feature = "rustcrypto")]
/// # fn serve(
/// #     tcp: std::net::TcpStream,
/// #     one: tls12::blocking::Acceptor,
/// #     other: tls12::blocking::Acceptor,
/// # ) -> std::io::Result<()> {
/// use tls12::blocking::Incoming;
///
/// let incoming = Incoming::read(tcp, 64 * 1024)?;
/// let tls = match incoming.client_hello().server_name() {
///     Some("one.example") => incoming.accept(&one)?,
///     Some("other.example") => incoming.accept(&other)?,
///     Some(_) | None => return Err(incoming.refuse_name()),
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

impl<T: Read + Write> Incoming<T> {
    /// Reads the hello. A handshake that takes more than `limit` bytes of the client's, the hello and record headers
    /// among them, fails with the alert `decode_error`; each message has a limit of its own besides.
    ///
    /// Set timeouts on `io` before. Errors are those of [`Connector`](super::Connector).
    pub fn read(io: T, limit: usize) -> io::Result<Self> {
        Self::read_watched(io, limit, Witness::default())
    }

    /// The same, recorded: everything that goes into the connection, from now to its end.
    #[cfg(feature = "replay")]
    pub fn read_recorded(io: T, limit: usize, recorder: Recorder) -> io::Result<Self> {
        Self::read_watched(io, limit, Witness::new(recorder))
    }

    fn read_watched(mut io: T, limit: usize, witness: Witness) -> io::Result<Self> {
        let (greeter, mut budget) = (Greeter(witness), Budget::new(limit));
        let ask = handshake(&greeter, greeter.start()?, &mut io, &mut budget)?;
        Ok(Self { io, greeter, ask, budget })
    }

    /// What the client says.
    pub fn client_hello(&self) -> ClientHello<'_> {
        self.ask.client_hello()
    }

    /// Completes the handshake as [`Acceptor::accept`] does.
    pub fn accept<K, V, S>(self, acceptor: &Acceptor<K, V, S>) -> io::Result<Stream<T>>
    where
        K: Sign,
        V: VerifyPeer,
        S: SessionStore + 'static,
    {
        let Self { mut io, greeter: Greeter(witness), ask, mut budget } = self;
        let step = ServerHandshake::NeedsConfig(ask);
        let link = handshake(&acceptor.server.serving(witness), step, &mut io, &mut budget)?;
        Ok(Stream { io, link })
    }

    /// Serves no such name: as [`NeedsConfig::refuse_name`]. Gives the error that this is.
    pub fn refuse_name(self) -> io::Error {
        self.fail(Greeter::refuse_name)
    }

    /// Ends the handshake with an alert of the caller's choice: as [`NeedsConfig::abort`]. Gives the error that this is.
    pub fn abort(self, alert: Alert) -> io::Error {
        self.fail(|greeter, ask| greeter.abort(ask, alert))
    }

    fn fail(self, end: impl FnOnce(&Greeter, NeedsConfig) -> ServerHandshake) -> io::Error {
        let Self { mut io, greeter, ask, mut budget } = self;
        match handshake(&greeter, end(&greeter, ask), &mut io, &mut budget) {
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
