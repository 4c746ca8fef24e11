//! Sealing and opening, object-safe.

use alloc::boxed::Box;

/// The length of every tag in use (RFC 5116, 5.1), in bytes.
pub const TAG_LEN: usize = 16;
/// The length of every nonce in use (RFC 5116, 5.1), in bytes.
pub const NONCE_LEN: usize = 12;

/// An AEAD algorithm of a provider.
pub trait Aead: Send + Sync {
    /// A key to seal with; `None` if `key` has not the length of the algorithm.
    fn seal_key(&self, key: &[u8]) -> Option<Box<dyn SealKey>>;
    /// A key to open with; `None` if `key` has not the length of the algorithm.
    fn open_key(&self, key: &[u8]) -> Option<Box<dyn OpenKey>>;

    /// As [`SealKey::seal`], under a key that is used once. A key of another length is an error too.
    fn seal_once(&self, once: Once<'_>, plaintext: &[u8], out: &mut [u8]) -> Result<(), SealError>;
    /// As [`OpenKey::open`], likewise.
    fn open_once<'b>(&self, once: Once<'_>, sealed: &'b mut [u8]) -> Result<&'b mut [u8], Unauthentic>;
}

/// A key for one use, and what goes with it.
#[derive(Clone, Copy)]
pub struct Once<'k> {
    /// As long as the algorithm's. Secret.
    pub key: &'k [u8],
    /// Used once with this key.
    pub nonce: &'k [u8; NONCE_LEN],
    /// What is authenticated, and not encrypted.
    pub aad: &'k [u8],
}

impl core::fmt::Debug for Once<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Once")
    }
}

/// Seals; wiped on drop.
pub trait SealKey: Send + Sync {
    /// Writes the ciphertext and its tag to `out`, whose length is that of `plaintext` and [`TAG_LEN`];
    /// of any other length, it is an error, and so is a `plaintext` that the algorithm cannot take.
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), SealError>;
}

/// Opens; wiped on drop.
pub trait OpenKey: Send + Sync {
    /// Opens `sealed` (ciphertext and tag) where it lies, and returns the plaintext. What does not authenticate is
    /// not handed out.
    fn open<'b>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], Unauthentic>;
}

/// The lengths do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealError;

/// What was to be opened was not sealed with this key, nonce and additional data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthentic;
