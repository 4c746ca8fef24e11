//! The key block and what is cut from it.

use zeroize::Zeroize;

use super::{master::Randoms, prf::Prf};
use crate::crypto::{
    AeadAlgorithm, NONCE_LEN, Provider, RecordKey, RecordOpenKey, RecordSealKey, Secret, Suite,
};

const MAX_KEY_LEN: usize = 32;

/// The key that one side writes with; wiped on drop.
#[derive(Debug)]
pub struct WriteKey {
    key: Secret<MAX_KEY_LEN>,
    iv: Secret<NONCE_LEN>,
    algorithm: AeadAlgorithm,
}

/// The keys of both sides.
#[derive(Debug)]
pub struct TrafficKeys {
    /// What the client writes with.
    pub client: WriteKey,
    /// What the server writes with.
    pub server: WriteKey,
}

impl TrafficKeys {
    /// RFC 5246, 6.3: "key_block = PRF(SecurityParameters.master_secret, "key expansion",
    /// SecurityParameters.server_random + SecurityParameters.client_random)", cut into the keys and then the IVs,
    /// the client's first. With an AEAD there are no MAC keys.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "the lengths are those of an algorithm, MAX_KEY_LEN and NONCE_LEN at most"
    )]
    pub(super) fn derive(prf: &Prf, suite: &Suite, randoms: &Randoms) -> Self {
        let key_len = suite.aead.key_len();
        let iv_len = suite.aead.fixed_iv_len();
        let mut block = [0; 2 * (MAX_KEY_LEN + NONCE_LEN)];
        let (used, _) = block.split_at_mut(2 * (key_len + iv_len));
        prf.expand(b"key expansion", [&randoms.server, &randoms.client], used);
        let (keys, ivs) = used.split_at(2 * key_len);
        let (client_key, server_key) = keys.split_at(key_len);
        let (client_iv, server_iv) = ivs.split_at(iv_len);
        let keys = Self {
            client: WriteKey::new(client_key, client_iv, suite.aead),
            server: WriteKey::new(server_key, server_iv, suite.aead),
        };
        block.zeroize();
        keys
    }
}

impl WriteKey {
    fn new(key: &[u8], iv: &[u8], algorithm: AeadAlgorithm) -> Self {
        Self { key: Secret::fill(|to| copy(to, key)), iv: Secret::fill(|to| copy(to, iv)), algorithm }
    }

    /// For the side that writes.
    pub fn sealing(&self, provider: &Provider) -> Option<RecordSealKey> {
        let key = provider.aead(self.algorithm).seal_key(self.exact_key())?;
        Some(RecordKey { key, iv: self.iv.duplicate(), algorithm: self.algorithm })
    }

    /// For the side that reads.
    pub fn opening(&self, provider: &Provider) -> Option<RecordOpenKey> {
        let key = provider.aead(self.algorithm).open_key(self.exact_key())?;
        Some(RecordKey { key, iv: self.iv.duplicate(), algorithm: self.algorithm })
    }

    fn exact_key(&self) -> &[u8] {
        self.key.expose().get(..self.algorithm.key_len()).unwrap_or_default()
    }
}

fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
