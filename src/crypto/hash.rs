//! Hashes and HMAC, object-safe.

use alloc::boxed::Box;
use core::fmt;

use super::{copy, secret::wipe};

/// The length of the longest hash, in bytes.
pub const MAX_HASH_LEN: usize = 64;

/// The output of a hash or an HMAC, 32 to 64 bytes; wiped on drop, for some of it is secret.
#[derive(Clone)]
pub struct Digest {
    bytes: [u8; MAX_HASH_LEN],
    len: u8,
}

impl Digest {
    /// The first [`MAX_HASH_LEN`] bytes of `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        let mut digest = Self { bytes: [0; MAX_HASH_LEN], len: 0 };
        digest.len = u8::try_from(copy(&mut digest.bytes, bytes)).unwrap_or(0);
        digest
    }

    /// The first `len` bytes of these words.
    pub(super) fn of_words<const N: usize>(len: u8, words: impl Iterator<Item = [u8; N]>) -> Self {
        let mut digest = Self { bytes: [0; MAX_HASH_LEN], len };
        let (places, _) = digest.bytes.as_chunks_mut::<N>();
        for (place, word) in places.iter_mut().zip(words) {
            *place = word;
        }
        digest
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({} bytes)", self.len)
    }
}

impl Drop for Digest {
    fn drop(&mut self) {
        wipe(&mut self.bytes);
    }
}

/// A hash algorithm of a provider.
pub trait Hash: Send + Sync {
    /// A hash of nothing yet.
    fn start(&self) -> Box<dyn HashContext>;
    /// The hash of `parts`, one behind the other.
    fn hash(&self, parts: &[&[u8]]) -> Digest;
}

/// A hash of what came so far.
pub trait HashContext: Send + Sync {
    /// Hashes `bytes` too.
    fn update(&mut self, bytes: &[u8]);
    /// The hash of what came so far; more may come.
    fn current(&self) -> Digest;
    /// A second one that goes its own way.
    fn fork(&self) -> Box<dyn HashContext>;
}

/// HMAC with a hash algorithm of a provider (RFC 2104).
pub trait Hmac: Send + Sync {
    /// A key, of any length, with its two blocks hashed once.
    fn key(&self, key: &[u8]) -> Box<dyn HmacKey>;
}

/// A key for HMAC; wiped on drop.
pub trait HmacKey: Send + Sync {
    /// The HMAC of `parts`, one behind the other.
    fn sign(&self, parts: &[&[u8]]) -> Digest;
}
