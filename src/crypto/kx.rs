//! Key exchange, object-safe; from a seed, never from a random number generator.

use alloc::boxed::Box;

use super::secret::{Secret, SecretVec};
use crate::wire::NamedGroup;

/// A group of a provider.
pub trait Group: Send + Sync {
    /// Which one.
    fn id(&self) -> NamedGroup;
    /// Makes a key pair out of 64 secret random bytes. The same bytes give the same pair.
    fn start(&self, entropy: &Secret<64>) -> Box<dyn KeyExchange>;
}

/// A private value, for one exchange; wiped on drop.
pub trait KeyExchange: Send + Sync {
    /// Ours to send: an uncompressed point (RFC 8422, 5.4.1), 65 or 97 bytes, or 32 bytes for x25519.
    fn share(&self) -> &[u8];
    /// The shared secret with the peer's share: 32 or 48 bytes.
    ///
    /// A share of another length, a point that is compressed, off the curve or at infinity, and a result of
    /// nothing but zeros (RFC 7748, 6.1) is an error.
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SecretVec, InvalidShare>;
}

/// The peer's share is none of this group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidShare;
