//! HMAC (RFC 2104) over the states behind its key.

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
        match key.len() > BLOCK {
            true => Self::of_block(digest::<C, BLOCK>(&[key]).as_ref()),
            false => Self::of_block(key),
        }
    }

    /// RFC 2104, 2: "append zeros to the end of K to create a B byte string", then "XOR (bitwise exclusive-OR)" with
    /// ipad, "the byte 0x36 repeated B times", and with opad, "the byte 0x5C repeated B times".
    fn of_block(key: &[u8]) -> Self {
        let padded = |pad: u8| {
            let mut block = [pad; BLOCK];
            for (to, from) in block.iter_mut().zip(key) {
                *to ^= *from;
            }
            let mut state = C::START;
            C::compress(&mut state, core::slice::from_ref(&block));
            wipe(&mut block);
            state
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// The HMAC of `parts`, one behind the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut inner = Hashing::<C, BLOCK>::behind(self.inner, BLOCK as u64);
        for part in parts {
            inner.update(part);
        }
        let mut outer = Hashing::<C, BLOCK>::behind(self.outer, BLOCK as u64);
        outer.update(inner.finish().as_ref());
        outer.finish()
    }
}

impl<C: Compression<BLOCK>, const BLOCK: usize> Drop for Keyed<C, BLOCK> {
    fn drop(&mut self) {
        wipe(&mut self.inner);
        wipe(&mut self.outer);
    }
}
