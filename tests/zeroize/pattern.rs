//! Secrets that a computation gives, so that no copy of them lies in the program, and what comes of them.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use tls12::crypto::{HashAlgorithm, RUSTCRYPTO};
use zeroize::Zeroizing;

/// Fills `bytes` with the pattern of this number (SplitMix64), in place.
pub(crate) fn fill(number: u64, bytes: &mut [u8]) {
    for (chunk, at) in bytes.chunks_mut(8).zip(1_u64..) {
        let mut word = (number << 32 | at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^= word >> 31;
        chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
    }
}

/// The pattern, for whoever searches for it.
pub(crate) fn pattern(number: u64, len: usize) -> Vec<u8> {
    filled(number, len).to_vec()
}

/// The pattern in memory that is wiped, for a child.
pub(crate) fn filled(number: u64, len: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(vec![0; len]);
    fill(number, &mut bytes);
    bytes
}

/// A source of randomness that gives the pattern of its number.
pub(crate) struct Pattern(pub u64);

impl TryRng for Pattern {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("seeds are filled by bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("seeds are filled by bytes")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill(self.0, bytes);
        Ok(())
    }
}

impl TryCryptoRng for Pattern {}

/// HMAC-SHA256.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    RUSTCRYPTO.hmac(HashAlgorithm::Sha256).key(key).sign(parts).as_ref().to_vec()
}

/// What a seed gives under a label: the 64 bytes from which shorter ones are cut.
pub(crate) fn drawn(seed: &[u8], label: &[u8]) -> Vec<u8> {
    [hmac(seed, &[label]), hmac(seed, &[label, &[1]])].concat()
}

/// A key of HMAC as it goes into the hash (RFC 2104, 2): with ipad, and with opad.
pub(crate) fn padded(key: &[u8]) -> [Vec<u8>; 2] {
    [0x36, 0x5c].map(|pad| key.iter().map(|byte| byte ^ pad).collect())
}

/// The states of SHA-256 behind a key of HMAC, as they lie in memory: whoever has them needs no key.
pub(crate) fn states(key: &[u8]) -> [Vec<u8>; 2] {
    // FIPS 180-4, 5.3.3.
    const START: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    [0x36, 0x5c].map(|pad| {
        let mut block = [pad; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to ^= *from);
        let mut state = START;
        sha2::block_api::compress256(&mut state, &[block]);
        state.iter().flat_map(|word| word.to_ne_bytes()).collect()
    })
}

/// The same bytes in the other order, as the limbs of a number lie in memory.
pub(crate) fn reversed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().rev().copied().collect()
}
