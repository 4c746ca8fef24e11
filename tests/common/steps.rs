//! A handshake of either side, step by step.

use tls12::{ClientHandshake, Error, ServerHandshake, UnixTime, schedule::Side};

use super::pair::{Peer, World};

/// A handshake of either side.
pub enum Steps {
    Client(ClientHandshake),
    Server(ServerHandshake),
}

/// What it needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    Flush {
        bytes: Vec<u8>,
        failure: Option<Error>,
    },
    Input,
    /// Somebody's answer.
    Answer,
    /// Nothing: it is complete.
    Done,
    /// Nothing: it failed.
    Failed(Error),
}

/// Takes a step from a variant that both sides have.
macro_rules! step {
    ($handshake:expr, $variant:ident($ask:ident) => $then:expr) => {
        match $handshake {
            Steps::Client(ClientHandshake::$variant($ask)) => Steps::Client($then),
            Steps::Server(ServerHandshake::$variant($ask)) => Steps::Server($then),
            other => panic!("it needs {:?}", other.need()),
        }
    };
}

impl Steps {
    /// The first step of this side.
    pub fn start(side: Side, world: &World) -> Self {
        match side {
            Side::Client => Self::Client(world.start_client()),
            Side::Server => Self::Server(world.start_server()),
        }
    }

    pub fn need(&self) -> Need {
        use {ClientHandshake as C, ServerHandshake as S};
        match self {
            Self::Client(C::NeedsFlush(ask)) => {
                Need::Flush { bytes: ask.bytes().to_vec(), failure: ask.failure().cloned() }
            }
            Self::Server(S::NeedsFlush(ask)) => {
                Need::Flush { bytes: ask.bytes().to_vec(), failure: ask.failure().cloned() }
            }
            Self::Client(C::NeedsInput(_)) | Self::Server(S::NeedsInput(_)) => Need::Input,
            Self::Client(C::Done(_)) | Self::Server(S::Done(_)) => Need::Done,
            Self::Client(C::Failed(failed)) => Need::Failed(failed.error.clone()),
            Self::Server(S::Failed(failed)) => Need::Failed(failed.error.clone()),
            Self::Client(_) | Self::Server(_) => Need::Answer,
        }
    }

    /// The first `n` bytes were sent.
    pub fn sent(self, n: usize) -> Self {
        step!(self, NeedsFlush(ask) => ask.sent(n))
    }

    /// All bytes were sent.
    pub fn all_sent(self) -> Self {
        step!(self, NeedsFlush(ask) => ask.all_sent())
    }

    /// These bytes were received; none, and the peer is gone.
    pub fn received(self, bytes: &[u8], now: UnixTime) -> Self {
        step!(self, NeedsInput(ask) => {
            let mut ask = ask;
            ask.spare()[..bytes.len()].copy_from_slice(bytes);
            ask.received(bytes.len(), now)
        })
    }

    /// What `world` answers.
    pub fn answered(self, world: &World) -> Self {
        match self {
            Self::Client(step) => Self::Client(world.answer_client(step)),
            Self::Server(step) => Self::Server(world.answer_server(step)),
        }
    }

    /// The connection of a handshake that is complete.
    pub fn connection(self) -> Peer {
        match self {
            Self::Client(ClientHandshake::Done(done)) => Peer { tls: done.connection, buf: done.buf },
            Self::Server(ServerHandshake::Done(done)) => Peer { tls: done.connection, buf: done.buf },
            other => panic!("it needs {:?}", other.need()),
        }
    }
}
