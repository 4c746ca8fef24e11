//! `verify_data` of each side.

use super::prf::Prf;
use crate::crypto::{Digest, Secret};

/// A side of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// What a Finished message carries (RFC 5246, 7.4.9). 12 bytes; compared in constant time.
#[derive(Debug)]
pub struct VerifyData(Secret<12>);

impl VerifyData {
    /// RFC 5246, 7.4.9: "PRF(master_secret, finished_label, Hash(handshake_messages)) [0..verify_data_length-1]".
    pub(super) fn compute(prf: &Prf, side: Side, transcript: &Digest) -> Self {
        let label: &[u8] = match side {
            Side::Client => b"client finished",
            Side::Server => b"server finished",
        };
        Self(Secret::fill(|out| prf.expand(label, [transcript.as_ref(), &[]], out)))
    }

    /// The bytes, to send.
    pub fn expose(&self) -> &[u8; 12] {
        self.0.expose()
    }

    /// Compares in constant time.
    pub fn same_as(&self, received: &[u8; 12]) -> bool {
        self.0.same_as(received)
    }
}
