//! A key with all that a record layer must know to use it.

use alloc::boxed::Box;
use core::fmt;

use super::{
    aead::{NONCE_LEN, OpenKey, SealKey},
    secret::Secret,
    suites::AeadAlgorithm,
};

/// A key of one direction, with its part of the nonce; wiped on drop.
pub struct RecordKey<K: ?Sized> {
    /// The expanded key.
    pub key: Box<K>,
    /// The fixed part of the nonce, at the front; the rest is zero.
    pub iv: Secret<NONCE_LEN>,
    /// Which algorithm it is a key of.
    pub algorithm: AeadAlgorithm,
}

/// A key that seals records.
pub type RecordSealKey = RecordKey<dyn SealKey>;
/// A key that opens records.
pub type RecordOpenKey = RecordKey<dyn OpenKey>;

impl<K: ?Sized> fmt::Debug for RecordKey<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordKey({:?})", self.algorithm)
    }
}
