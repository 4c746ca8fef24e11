//! `verify_data` of each side.

use core::fmt;

use subtle::ConstantTimeEq;

use super::prf::Prf;
use crate::crypto::{Digest, wipe};

/// A side of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl Side {
    /// What it is called: `client` or `server`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    /// The other one.
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What a Finished message carries (RFC 5246, 7.4.9). 12 bytes; compared in constant time, wiped on drop.
pub struct VerifyData([u8; 12]);

impl VerifyData {
    /// RFC 5246, 7.4.9: "PRF(master_secret, finished_label, Hash(handshake_messages)) [0..verify_data_length-1]".
    pub(super) fn compute(prf: &Prf, side: Side, transcript: &Digest) -> Self {
        let label: &[u8] = match side {
            Side::Client => b"client finished",
            Side::Server => b"server finished",
        };
        let mut data = Self([0; 12]);
        prf.expand(label, [transcript.as_ref(), &[]], &mut data.0);
        data
    }

    /// The bytes, to send.
    pub fn expose(&self) -> &[u8; 12] {
        &self.0
    }

    /// Compares in constant time.
    pub fn same_as(&self, received: &[u8; 12]) -> bool {
        self.0.ct_eq(received).into()
    }
}

impl Drop for VerifyData {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for VerifyData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyData")
    }
}
