//! Secrets: wiped, not cloned by accident, not compared with `==`, not printed.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::copy;

/// `N` secret bytes; wiped on drop.
///
/// They stay where they were first written: a value that moves, moves their address, and leaves no copy of them behind.
pub struct Secret<const N: usize>(Box<[u8; N]>);

impl<const N: usize> Secret<N> {
    /// Takes over `bytes`; the caller wipes what it copied them from.
    pub fn new(mut bytes: [u8; N]) -> Self {
        let secret = Self::fill(|to| *to = bytes);
        wipe(&mut bytes);
        secret
    }

    /// Fills `N` bytes in place.
    pub fn fill(fill: impl FnOnce(&mut [u8; N])) -> Self {
        let mut secret = Self(Box::new([0; N]));
        fill(&mut secret.0);
        secret
    }

    /// The first `N` bytes of `bytes`; zeros stand for those that are not there.
    pub(crate) fn copy_of(bytes: &[u8]) -> Self {
        Self::fill(|to| {
            copy(to, bytes);
        })
    }

    /// The bytes, to compute with. The name makes uses easy to find.
    pub fn expose(&self) -> &[u8; N] {
        &self.0
    }

    /// Compares in constant time.
    pub fn same_as(&self, other: &[u8]) -> bool {
        self.0.as_slice().ct_eq(other).into()
    }

    /// A second copy, said aloud.
    pub fn duplicate(&self) -> Self {
        Self::fill(|to| *to = *self.0)
    }
}

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Overwrites all words at once; `zeroize` of an array overwrites one after the other, which takes ten times as long.
#[inline]
pub(crate) fn wipe<W: Copy + Default, const N: usize>(words: &mut [W; N]) {
    *words = [W::default(); N];
    zeroize::optimization_barrier(words);
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({N} bytes)")
    }
}

/// Overwrites what the calls before left on the stack below the caller, as far as 8 KiB go.
///
/// For those that pass keys on by value, which leaves copies that nobody else can reach.
#[inline(never)]
pub(crate) fn overwrite_stack() {
    let mut below = [0_u8; 8 * 1024];
    // So that the array is written, although nobody reads it.
    core::hint::black_box(&mut below);
}

/// Secret bytes whose number is known at run time; wiped on drop, with all their capacity.
pub struct SecretVec(Vec<u8>);

impl SecretVec {
    /// Takes over `bytes`.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Copies `bytes` into an allocation of exactly their length.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes, to compute with.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for SecretVec {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretVec({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use super::*;

    #[test]
    fn debug_prints_the_length_only() {
        assert_eq!(format!("{:?}", Secret::new([7; 48])), "Secret(48 bytes)");
        assert_eq!(format!("{:?}", SecretVec::new(vec![7; 3])), "SecretVec(3 bytes)");
    }

    #[test]
    fn comparison_is_by_content_and_length() {
        let secret = Secret::new([7; 12]);
        assert!(secret.same_as(&[7; 12]));
        assert!(!secret.same_as(&[7; 11]));
        assert!(!secret.same_as(&[8; 12]));
    }
}
