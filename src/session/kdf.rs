//! A key of its own for every seal (R19).

use crate::crypto::{HmacSha256, NONCE_LEN, Once, copy, wipe};

/// The length of the salt of a seal in bytes.
pub const SALT_LEN: usize = 32;

/// An AES-256-GCM key and its nonce, both used for one seal. Wiped on drop, and on the stack, where it is used up.
pub(crate) struct SealingSecret {
    key: [u8; 32],
    nonce: [u8; NONCE_LEN],
}

impl SealingSecret {
    /// For tickets and stored sessions: HKDF-Expand (RFC 5869, 2.3) of a ring's key, whose HMAC state is kept, under
    /// `label` and `salt`, to 32 bytes. "Extract" is left out, as RFC 5869, 3.3 lets those do whose key is random already.
    ///
    /// Salts are 32 random bytes, so two seals of a fleet have the same key only if two such salts collide: the
    /// nonces of 96 bits, random under one key, that R19 forbids do not come up. Under a key that seals once, the nonce is
    /// zero.
    pub(super) fn expand(key: &HmacSha256, salt: &[u8; SALT_LEN], label: &[u8]) -> Self {
        let mut expanded = Self { key: [0; 32], nonce: [0; NONCE_LEN] };
        let output = key.sign(&[label, salt, &[1]]);
        copy(&mut expanded.key, output.as_ref());
        expanded
    }

    /// For files: HKDF-SHA256 (RFC 5869): extracts with `salt` from `secret`, and expands under `label` to 44 bytes.
    #[cfg(feature = "std")]
    pub(crate) fn derive(secret: &[u8], salt: &[u8; SALT_LEN], label: &[u8]) -> Self {
        let expand = HmacSha256::new(HmacSha256::new(salt).sign(&[secret]).as_ref());
        let first = expand.sign(&[label, &[1]]);
        let second = expand.sign(&[first.as_ref(), label, &[2]]);
        let mut derived = Self { key: [0; 32], nonce: [0; NONCE_LEN] };
        copy(&mut derived.key, first.as_ref());
        copy(&mut derived.nonce, second.as_ref());
        derived
    }

    /// For the one seal.
    pub(crate) fn once<'k>(&'k self, aad: &'k [u8]) -> Once<'k> {
        Once { key: &self.key, nonce: &self.nonce, aad }
    }
}

impl Drop for SealingSecret {
    fn drop(&mut self) {
        wipe(&mut self.key);
        wipe(&mut self.nonce);
    }
}
