//! HMAC (RFC 2104) over the states behind its key.

use alloc::boxed::Box;

use super::{
    hash::Digest,
    hashing::{Compression, Compression256, Hashing, digest},
    secret::wipe,
};

/// A key, with its two blocks compressed once; wiped on drop.
pub(crate) struct Keyed<C: Compression<BLOCK>, const BLOCK: usize> {
    inner: [C::Word; 8],
    outer: [C::Word; 8],
}

/// HMAC-SHA256.
pub(crate) type HmacSha256 = Keyed<Compression256, 64>;

impl<C: Compression<BLOCK>, const BLOCK: usize> Keyed<C, BLOCK> {
    /// Of any length (RFC 2104, 2: "Applications that use keys longer than B bytes will first hash the key").
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut keyed = Self { inner: C::START, outer: C::START };
        keyed.set(key);
        keyed
    }

    /// The same on the heap, and nowhere else.
    pub(crate) fn boxed(key: &[u8]) -> Box<Self> {
        let mut keyed = Box::new(Self { inner: C::START, outer: C::START });
        keyed.set(key);
        keyed
    }

    fn set(&mut self, key: &[u8]) {
        match key.len() > BLOCK {
            true => self.set_short(digest::<C, BLOCK>(&[key]).as_ref()),
            false => self.set_short(key),
        }
    }

    /// RFC 2104, 2: "append zeros to the end of K to create a B byte string", then "XOR (bitwise exclusive-OR)" with
    /// ipad, "the byte 0x36 repeated B times", and with opad, "the byte 0x5C repeated B times".
    fn set_short(&mut self, key: &[u8]) {
        for (state, pad) in [(&mut self.inner, 0x36), (&mut self.outer, 0x5c)] {
            let mut block = [pad; BLOCK];
            for (to, from) in block.iter_mut().zip(key) {
                *to ^= *from;
            }
            C::compress(state, core::slice::from_ref(&block));
            wipe(&mut block);
        }
    }

    /// The HMAC of `parts`, one behind the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut inner = Hashing::<C, BLOCK>::behind(self.inner, BLOCK as u64);
        for part in parts {
            inner.update(part);
        }
        inner.finish_outside(self.outer)
    }
}

impl<C: Compression<BLOCK>, const BLOCK: usize> Drop for Keyed<C, BLOCK> {
    fn drop(&mut self) {
        wipe(&mut self.inner);
        wipe(&mut self.outer);
    }
}
