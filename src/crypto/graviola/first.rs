//! AES-GCM for a connection that sends little.

use super::aead::{AesGcmKey, Key};
use crate::crypto::{
    aead::{NONCE_LEN, OpenKey, SealError, SealKey, Unauthentic},
    copy,
    rustcrypto::{Aes128GcmKey, Aes256GcmKey},
    secret::wipe,
};

/// A key of RustCrypto, which takes half the time to make and 500 bytes less to keep, and what a key of graviola is
/// made of as soon as it is worth it. An abbreviated handshake seals and opens 16 bytes with each key.
pub(in crate::crypto) struct First<K> {
    key: K,
    raw: [u8; 32],
}

pub(in crate::crypto) type FirstAes128GcmKey = First<Aes128GcmKey>;
pub(in crate::crypto) type FirstAes256GcmKey = First<Aes256GcmKey>;

impl<K> First<K> {
    /// `raw` is what `key` was made of.
    pub(super) fn new(key: K, raw: &[u8]) -> Self {
        let mut first = Self { key, raw: [0; 32] };
        copy(&mut first.raw, raw);
        first
    }

    /// The same key for a connection that sends more; `LEN` is its length in bytes.
    pub(in crate::crypto) fn grown<const LEN: usize>(&self) -> Option<AesGcmKey> {
        Key::new::<LEN>(self.raw.get(..LEN)?)
    }
}

impl<K> Drop for First<K> {
    fn drop(&mut self) {
        wipe(&mut self.raw);
    }
}

impl<K: SealKey> SealKey for First<K> {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), SealError> {
        self.key.seal(nonce, aad, plaintext, out)
    }
}

impl<K: OpenKey> OpenKey for First<K> {
    fn open<'b>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], Unauthentic> {
        self.key.open(nonce, aad, sealed)
    }
}
