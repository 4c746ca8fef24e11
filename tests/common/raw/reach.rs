//! Ways from the peer to our side.

use std::sync::Arc;

use tls12::{
    crypto::Suite,
    schedule::{Randoms, Side},
};

use super::{Raw, SUITE};
use crate::common::{
    ours::{Link, Ours, Socket},
    pair::World,
};

/// How to reach our side.
#[derive(Debug, Clone, Copy)]
pub enum Over {
    /// Within this process, fast.
    Memory,
    /// Through a socket of the loopback interface.
    Socket,
}

impl Raw {
    /// A client, and a server of ours.
    pub fn client(world: &Arc<World>, over: Over) -> Self {
        Self::new(Side::Client, Ours::server(world), over)
    }

    /// A server, and a client of ours.
    pub fn server(world: &Arc<World>, over: Over) -> Self {
        Self::new(Side::Server, Ours::client(world), over)
    }

    pub fn new(side: Side, ours: Ours, over: Over) -> Self {
        match over {
            Over::Memory => Self::over(side, Box::new(ours)),
            Over::Socket => Self::over(side, Box::new(Socket::to(ours))),
        }
    }

    /// Whoever is at the other end of the link.
    pub fn over(side: Side, link: Box<dyn Link>) -> Self {
        Self {
            side,
            link,
            received: Vec::new(),
            inbox: Vec::new(),
            transcript: Vec::new(),
            randoms: Randoms { client: [0xc1; 32], server: [0x5e; 32] },
            suite: Suite::find(SUITE).expect("it is known"),
            exchange: None,
            secrets: None,
            sealing: None,
            opening: None,
            ended: false,
        }
    }
}
