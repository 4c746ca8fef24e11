//! A key of its own for every seal (R19).

use crate::crypto::{HashAlgorithm, NONCE_LEN, Provider, Secret};

/// The length of the salt of a seal in bytes.
pub const SALT_LEN: usize = 32;

/// An AES-256-GCM key and its nonce, both used for one seal.
pub(crate) struct SealingSecret {
    pub(crate) key: Secret<32>,
    pub(crate) nonce: Secret<NONCE_LEN>,
}

impl SealingSecret {
    /// HKDF-SHA256 (RFC 5869): extracts with `salt` from `secret`, and expands under `label` to 44 bytes.
    ///
    /// Salts are 32 random bytes, so two seals of a fleet have the same key only if two such salts collide: the
    /// nonces of 96 bits, random under one key, that R19 forbids do not come up.
    pub(crate) fn derive(provider: &Provider, secret: &[u8], salt: &[u8; SALT_LEN], label: &[u8]) -> Self {
        let hmac = provider.hmac(HashAlgorithm::Sha256);
        let extracted = hmac.key(salt).sign(&[secret]);
        let expand = hmac.key(extracted.as_ref());
        let first = expand.sign(&[label, &[1]]);
        let second = expand.sign(&[first.as_ref(), label, &[2]]);
        let nonce = Secret::fill(|to| to.iter_mut().zip(second.as_ref()).for_each(|(to, from)| *to = *from));
        let key = Secret::fill(|to| to.iter_mut().zip(first.as_ref()).for_each(|(to, from)| *to = *from));
        Self { key, nonce }
    }
}
