//! The key block and what is cut from it.

use core::fmt;

use super::{finished::Side, master::Randoms, prf::Prf};
use crate::crypto::{AeadAlgorithm, NONCE_LEN, Provider, RecordOpenKey, RecordSealKey, Suite, wipe};

const MAX_KEY_LEN: usize = 32;

/// The keys of both sides; wiped on drop.
pub struct TrafficKeys {
    /// `key_block`: the client's key, the server's, the client's IV, the server's.
    block: [u8; 2 * (MAX_KEY_LEN + NONCE_LEN)],
    algorithm: AeadAlgorithm,
}

/// The key that one side writes with, as the key block has it.
#[derive(Clone, Copy)]
pub struct WriteKey<'k> {
    /// 16 or 32 bytes. Secret.
    pub key: &'k [u8],
    /// The fixed part of the nonces, 4 or 12 bytes.
    pub iv: &'k [u8],
    /// What it is a key of.
    pub algorithm: AeadAlgorithm,
}

impl TrafficKeys {
    /// RFC 5246, 6.3: "key_block = PRF(SecurityParameters.master_secret, "key expansion",
    /// SecurityParameters.server_random + SecurityParameters.client_random)", cut into the keys and then the IVs,
    /// the client's first. With an AEAD there are no MAC keys.
    pub(super) fn derive(prf: &Prf, suite: &Suite, randoms: &Randoms) -> Self {
        let mut keys = Self { block: [0; 2 * (MAX_KEY_LEN + NONCE_LEN)], algorithm: suite.aead };
        let len = suite.aead.key_len().saturating_add(suite.aead.fixed_iv_len()).saturating_mul(2);
        let used = keys.block.get_mut(..len).unwrap_or_default();
        prf.expand(b"key expansion", [&randoms.server, &randoms.client], used);
        keys
    }

    /// What a side writes with.
    pub fn of(&self, writer: Side) -> WriteKey<'_> {
        let (key_len, iv_len) = (self.algorithm.key_len(), self.algorithm.fixed_iv_len());
        let (first_key, first_iv) = match writer {
            Side::Client => (0, 0),
            Side::Server => (key_len, iv_len),
        };
        let keys = self.block.get(first_key..).unwrap_or_default();
        let ivs = self.block.get(key_len.saturating_mul(2).saturating_add(first_iv)..).unwrap_or_default();
        WriteKey {
            key: keys.get(..key_len).unwrap_or_default(),
            iv: ivs.get(..iv_len).unwrap_or_default(),
            algorithm: self.algorithm,
        }
    }
}

impl Drop for TrafficKeys {
    fn drop(&mut self) {
        wipe(&mut self.block);
    }
}

impl WriteKey<'_> {
    /// For the side that writes.
    pub fn sealing(&self, provider: &Provider) -> Option<RecordSealKey> {
        provider.record_seal_key(self.algorithm, self.key, self.iv)
    }

    /// For the side that reads.
    pub fn opening(&self, provider: &Provider) -> Option<RecordOpenKey> {
        provider.record_open_key(self.algorithm, self.key, self.iv)
    }
}

impl fmt::Debug for TrafficKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrafficKeys({:?})", self.algorithm)
    }
}

impl fmt::Debug for WriteKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteKey({:?})", self.algorithm)
    }
}
