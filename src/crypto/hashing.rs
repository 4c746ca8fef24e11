//! SHA-2 over its compression functions (FIPS 180-4).
//!
//! The compression is that of the crate `sha2`, with the instructions of the processor. Padding and buffering are here
//! because a handshake is made of some twenty HMACs of one or two blocks each, and there the general machinery of the
//! crates `digest` and `hmac` took longer than the compression itself: an HMAC of 32 bytes under a key that was used before
//! took 172 ns with them and takes 120 ns here, of which 80 ns are two compressions.

use core::marker::PhantomData;

use super::{
    copy,
    hash::Digest,
    secret::wipe,
    suites::HashAlgorithm::{self, Sha256, Sha384, Sha512},
};

/// A compression function with blocks of `BLOCK` bytes, and the state it begins with.
pub(crate) trait Compression<const BLOCK: usize>: Send + Sync + 'static {
    /// What the state has eight of.
    type Word: Copy + Default + Send + Sync;
    /// The state before the first block.
    const START: [Self::Word; 8];
    /// How many bytes at the end of the last block are for the length.
    const LENGTH: usize;

    /// Takes whole blocks into the state.
    fn compress(state: &mut [Self::Word; 8], blocks: &[[u8; BLOCK]]);
    /// The bytes of the state.
    fn output(state: &[Self::Word; 8]) -> Digest;
}

/// One hash: name, words, length of a block, of the output and of the length, compression, first words.
macro_rules! sha2 {
    ($name:ident, $word:ty, $block:literal, $output:literal, $length:literal, $compress:path, $start:expr) => {
        #[doc = concat!("FIPS 180-4: blocks of ", stringify!($block), " bytes, ", stringify!($output), " bytes out.")]
        pub(crate) struct $name;

        impl Compression<$block> for $name {
            type Word = $word;
            const START: [$word; 8] = $start;
            const LENGTH: usize = $length;

            fn compress(state: &mut [$word; 8], blocks: &[[u8; $block]]) {
                $compress(state, blocks);
            }

            fn output(state: &[$word; 8]) -> Digest {
                Digest::of_words($output, state.iter().map(|word| word.to_be_bytes()))
            }
        }
    };
}

// FIPS 180-4, 5.3.3.
sha2!(
    Compression256,
    u32,
    64,
    32,
    8,
    ::sha2::block_api::compress256,
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,]
);
// FIPS 180-4, 5.3.4.
sha2!(
    Compression384,
    u64,
    128,
    48,
    16,
    ::sha2::block_api::compress512,
    [
        0xcbbb_9d5d_c105_9ed8,
        0x629a_292a_367c_d507,
        0x9159_015a_3070_dd17,
        0x152f_ecd8_f70e_5939,
        0x6733_2667_ffc0_0b31,
        0x8eb4_4a87_6858_1511,
        0xdb0c_2e0d_64f9_8fa7,
        0x47b5_481d_befa_4fa4,
    ]
);
// FIPS 180-4, 5.3.5.
sha2!(
    Compression512,
    u64,
    128,
    64,
    16,
    ::sha2::block_api::compress512,
    [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ]
);

/// A hash of what came so far; wiped on drop, for what is hashed may be secret.
pub(crate) struct Hashing<C: Compression<BLOCK>, const BLOCK: usize> {
    state: [C::Word; 8],
    /// The first `filled` bytes wait for the rest of their block.
    block: [u8; BLOCK],
    filled: usize,
    /// How many bytes came in all.
    len: u64,
    compression: PhantomData<fn() -> C>,
}

impl<C: Compression<BLOCK>, const BLOCK: usize> Hashing<C, BLOCK> {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self::behind(C::START, 0)
    }

    /// Of `len` bytes, whole blocks, whose state is known.
    pub(super) fn behind(state: [C::Word; 8], len: u64) -> Self {
        Self { state, block: [0; BLOCK], filled: 0, len, compression: PhantomData }
    }

    /// Hashes `bytes` too.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.len = self.len.wrapping_add(bytes.len() as u64);
        let rest = self.fill(bytes);
        let (whole, rest) = rest.as_chunks::<BLOCK>();
        if !whole.is_empty() {
            C::compress(&mut self.state, whole);
        }
        self.fill(rest);
    }

    /// Goes on with the block that was begun, and returns what it has no room for. Takes all that is less than a block.
    fn fill<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.filled == 0 && bytes.len() >= BLOCK {
            return bytes;
        }
        let room = self.block.get_mut(self.filled..).unwrap_or_default();
        let n = copy(room, bytes);
        self.filled = self.filled.saturating_add(n);
        if self.filled == BLOCK {
            C::compress(&mut self.state, core::slice::from_ref(&self.block));
            self.filled = 0;
        }
        bytes.get(n..).unwrap_or_default()
    }

    /// The hash of all that came.
    pub(crate) fn finish(mut self) -> Digest {
        self.pad();
        C::output(&self.state)
    }

    /// The hash of one whole block, whose state is `outer`, and of the hash of all that came: the second half of HMAC. The
    /// hash and its padding fit into one block.
    pub(super) fn finish_outside(mut self, outer: [C::Word; 8]) -> Digest {
        self.pad();
        let inner = C::output(&self.state);
        self.block = [0; BLOCK];
        (self.state, self.filled) = (outer, copy(&mut self.block, inner.as_ref()));
        self.len = (BLOCK as u64).saturating_add(self.filled as u64);
        self.pad();
        C::output(&self.state)
    }

    /// FIPS 180-4, 5.1: "Append the bit "1" to the end of the message, followed by k zero bits", then its length.
    fn pad(&mut self) {
        let bits = u128::from(self.len).wrapping_mul(8).to_be_bytes();
        let padding = self.block.get_mut(self.filled..).unwrap_or_default();
        padding.fill(0);
        if let Some(first) = padding.first_mut() {
            *first = 0x80;
        }
        if padding.len() <= C::LENGTH {
            C::compress(&mut self.state, core::slice::from_ref(&self.block));
            self.block = [0; BLOCK];
        }
        let place = self.block.get_mut(BLOCK.saturating_sub(C::LENGTH)..).unwrap_or_default();
        copy(place, bits.get(bits.len().saturating_sub(C::LENGTH)..).unwrap_or_default());
        C::compress(&mut self.state, core::slice::from_ref(&self.block));
    }
}

impl<C: Compression<BLOCK>, const BLOCK: usize> Clone for Hashing<C, BLOCK> {
    fn clone(&self) -> Self {
        let Self { state, block, filled, len, compression } = *self;
        Self { state, block, filled, len, compression }
    }
}

impl<C: Compression<BLOCK>, const BLOCK: usize> Drop for Hashing<C, BLOCK> {
    fn drop(&mut self) {
        wipe(&mut self.state);
        wipe(&mut self.block);
    }
}

impl HashAlgorithm {
    /// The hash of a message, without a provider.
    pub(crate) fn of(self, message: &[u8]) -> Digest {
        match self {
            Sha256 => digest::<Compression256, 64>(&[message]),
            Sha384 => digest::<Compression384, 128>(&[message]),
            Sha512 => digest::<Compression512, 128>(&[message]),
        }
    }
}

/// The hash of `parts`, one behind the other.
pub(super) fn digest<C: Compression<BLOCK>, const BLOCK: usize>(parts: &[&[u8]]) -> Digest {
    let mut hashing = Hashing::<C, BLOCK>::new();
    for part in parts {
        hashing.update(part);
    }
    hashing.finish()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_length_and_every_cut_gives_what_the_crate_gives() {
        let bytes: Vec<u8> = (0..400_u16).map(|i| i as u8).collect();
        for len in 0..bytes.len() {
            let message = &bytes[..len];
            let cut = len / 3;
            let parts = [&message[..cut], &message[cut..]];
            use ::sha2::Digest as _;
            assert_eq!(
                digest::<Compression256, 64>(&parts).as_ref(),
                ::sha2::Sha256::digest(message).as_slice()
            );
            assert_eq!(
                digest::<Compression384, 128>(&parts).as_ref(),
                ::sha2::Sha384::digest(message).as_slice()
            );
            assert_eq!(
                digest::<Compression512, 128>(&parts).as_ref(),
                ::sha2::Sha512::digest(message).as_slice()
            );
        }
    }
}
