//! What the adapters share: handshakes of which only reading and writing are left to do, and the way of the data.

#[cfg_attr(not(feature = "tokio"), expect(unreachable_pub, reason = "only async adapters show them"))]
mod answers;
#[cfg(feature = "blocking")]
mod block_on;
mod client;
mod facts;
mod link;
mod pool;
mod server;
pub(crate) mod trace;
mod witness;

use std::{future::Future, io};

use pki_types::UnixTime;

#[cfg(feature = "tokio")]
pub use self::answers::{AsyncSign, AsyncVerifyPeer};
#[cfg(not(feature = "tokio"))]
pub(crate) use self::answers::{AsyncSign, AsyncVerifyPeer};
#[cfg(feature = "blocking")]
pub(crate) use self::block_on::block_on;
#[cfg(feature = "tokio")]
pub(crate) use self::link::Incoming;
#[cfg(feature = "replay")]
pub(crate) use self::witness::Watch;
pub(crate) use self::{
    answers::{LateSign, Waiting},
    client::Client,
    facts::{stream_facts, stream_session},
    link::{Link, Next, Outgoing},
    pool::receiving,
    server::{Greeter, Server},
    witness::{Happening, Witness},
};
use crate::{
    error::Error,
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer},
};

/// One side of the handshake, with everybody who answers its asks.
pub(crate) trait Side {
    /// A step of the handshake.
    type Step;
    /// Bytes to send.
    type Flush: Flush<Self::Step>;
    /// Bytes to receive.
    type Input: Input<Self::Step>;
    /// What it ends with.
    type Done;

    /// Answers all asks up to one that needs the transport, or to the end.
    fn answer(&self, step: Self::Step) -> impl Future<Output = Turn<Self>> + Send;

    /// Who watches.
    fn witness(&self) -> &Witness;

    /// What to send.
    fn sending<'f>(&self, ask: &'f Self::Flush) -> &'f [u8] {
        self.witness().saw(Happening::Sent(ask.bytes()));
        ask.bytes()
    }

    /// The first `n` bytes of what is spare were received.
    fn received(&self, mut ask: Self::Input, n: usize) -> Self::Step {
        let now = now();
        self.witness().saw(Happening::Received(ask.spare().get(..n).unwrap_or_default(), Some(now)));
        ask.received(n, now)
    }

    /// The peer sent more than it may.
    fn too_much(&self, ask: Self::Input) -> Self::Step {
        self.witness().saw(Happening::TooMuch);
        ask.too_much()
    }
}

/// What is left to an adapter.
pub(crate) enum Turn<S: Side + ?Sized> {
    /// Send these bytes.
    Flush(S::Flush),
    /// Receive bytes.
    Input(S::Input),
    /// This part of the handshake is complete.
    Done(Box<S::Done>),
    /// The handshake failed, and the peer was told.
    Failed(Error),
}

/// `NeedsFlush` of both sides.
pub(crate) trait Flush<Step> {
    /// What to send.
    fn bytes(&self) -> &[u8];
    /// All of it was sent.
    fn all_sent(self) -> Step;
    /// Why these bytes are the last ones, if they are.
    fn failure(&self) -> Option<&Error>;

    /// Goes on after an attempt to send. Where these bytes are the last ones it does not matter whether they arrive:
    /// what counts is the failure that comes next, and what has to be forgotten because of it.
    fn sent(self, result: io::Result<()>) -> io::Result<Step>
    where
        Self: Sized,
    {
        match (result, self.failure()) {
            (Ok(()), _) | (Err(_), Some(_)) => Ok(self.all_sent()),
            (Err(error), None) => Err(error),
        }
    }
}

/// `NeedsInput` of both sides.
pub(crate) trait Input<Step> {
    /// Where to receive to.
    fn spare(&mut self) -> &mut [u8];
    /// The first `n` bytes were received, at this time.
    fn received(self, n: usize, now: UnixTime) -> Step;
    /// The peer sent more than it may.
    fn too_much(self) -> Step;
}

/// How many bytes a peer may still send before it is authenticated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget(usize);

impl Budget {
    /// As many as the limits of single messages let through.
    pub(crate) const UNLIMITED: Self = Self(usize::MAX);

    /// So many.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// Where the next of them go; empty where none may come.
    pub(crate) fn room<'s>(&self, spare: &'s mut [u8]) -> &'s mut [u8] {
        let room = spare.len().min(self.0);
        spare.get_mut(..room).unwrap_or_default()
    }

    /// So many came.
    pub(crate) fn spend(&mut self, n: usize) {
        self.0 = self.0.saturating_sub(n);
    }
}

/// Implements the two traits for the steps of one side.
macro_rules! io_steps {
    ($side:ident, $step:ident) => {
        impl crate::edge::Flush<crate::$side::$step> for crate::$side::NeedsFlush {
            fn bytes(&self) -> &[u8] {
                self.bytes()
            }

            fn all_sent(self) -> crate::$side::$step {
                self.all_sent()
            }

            fn failure(&self) -> Option<&crate::error::Error> {
                self.failure()
            }
        }

        impl crate::edge::Input<crate::$side::$step> for crate::$side::NeedsInput {
            fn spare(&mut self) -> &mut [u8] {
                self.spare()
            }

            fn received(self, n: usize, now: pki_types::UnixTime) -> crate::$side::$step {
                self.received(n, now)
            }

            fn too_much(self) -> crate::$side::$step {
                self.too_much()
            }
        }
    };
}
use io_steps;

/// The time by the system's clock.
#[expect(clippy::disallowed_methods, reason = "the adapters are where the clock is read")]
pub(crate) fn now() -> UnixTime {
    UnixTime::now()
}

/// The error of an adapter: the inner error is an [`Error`], and the message is its message.
pub(crate) fn io_error(error: Error) -> io::Error {
    let kind = match error {
        Error::Truncated => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}

/// What is ignored when close_notify is sent to a peer that said it before: it need not wait for the answer.
pub(crate) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::NotConnected
    )
}

/// Believes nobody: the verifier of an acceptor that was given none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoVerifier;

impl VerifyPeer for NoVerifier {
    fn verify(&self, _: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        Err(CertificateError::NoRoots)
    }
}
