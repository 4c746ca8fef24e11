//! The TLS 1.2 PRF.

use alloc::boxed::Box;
use core::fmt;

use crate::crypto::{HashAlgorithm, HmacKey, Provider, copy};

/// The pseudo-random function of RFC 5246, 5, under one secret.
///
/// The HMAC state of the secret is made once and serves every label.
pub struct Prf {
    key: Box<dyn HmacKey>,
}

impl Prf {
    /// The PRF of a suite with this hash, under `secret` (any length).
    pub fn new(provider: &Provider, hash: HashAlgorithm, secret: &[u8]) -> Self {
        Self { key: provider.hmac(hash).key(secret) }
    }

    /// Fills `out` with `PRF(secret, label, seed)`, where the seed is two parts, one behind the other.
    ///
    /// RFC 5246, 5: "P_hash(secret, seed) = HMAC_hash(secret, A(1) + seed) + HMAC_hash(secret, A(2) + seed) + …
    /// A(0) = seed, A(i) = HMAC_hash(secret, A(i-1))".
    pub fn expand(&self, label: &[u8], seed: [&[u8]; 2], out: &mut [u8]) {
        let [first, second] = seed;
        let mut a = self.key.sign(&[label, first, second]);
        let mut rest = out;
        loop {
            let block = self.key.sign(&[a.as_ref(), label, first, second]);
            let copied = copy(rest, block.as_ref());
            match rest.split_at_mut_checked(copied) {
                None | Some((_, [])) => return,
                Some((_, tail)) => rest = tail,
            }
            a = self.key.sign(&[a.as_ref()]);
        }
    }
}

impl fmt::Debug for Prf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prf")
    }
}
