//! What a handshake said of a seed that nobody knows, for a replay without secrets.

use alloc::{boxed::Box, vec::Vec};

use super::{
    copy,
    kx::{InvalidShare, KeyExchange},
    secret::SecretVec,
    seed::Label,
};

/// What is drawn from a seed and then said in the clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The random of our hello.
    pub(crate) random: [u8; 32],
    /// The session ID of our hello, 0 to 32 bytes.
    pub(crate) session_id: Vec<u8>,
    /// Our share of the key exchange; empty if none was sent.
    pub(crate) share: Vec<u8>,
}

impl Said {
    pub(super) fn fill(&self, label: Label, bytes: &mut [u8]) {
        match label {
            Label::ClientRandom | Label::ServerRandom => copy(bytes, &self.random),
            Label::SessionId => copy(bytes, &self.session_id),
            // Nobody heard of these.
            Label::KeyExchange | Label::Lineage | Label::Ticket | Label::Store | Label::TicketKey => 0,
        };
    }

    /// A key exchange that says this share, and judges the peer's as `another` of the same group does. The secret is
    /// not that of the handshake.
    pub(super) fn exchange(&self, another: Box<dyn KeyExchange>) -> Box<dyn KeyExchange> {
        match self.share.is_empty() {
            true => another,
            false => Box::new(SaidExchange { share: self.share.clone(), another }),
        }
    }
}

struct SaidExchange {
    share: Vec<u8>,
    another: Box<dyn KeyExchange>,
}

impl KeyExchange for SaidExchange {
    fn share(&self) -> &[u8] {
        &self.share
    }

    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SecretVec, InvalidShare> {
        self.another.complete(peer)
    }
}
