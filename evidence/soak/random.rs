//! Numbers that look random and are the same in every run, and bytes made of them.

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: usize) -> Self {
        Self((seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `limit`, which is not zero.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// The longest message.
pub(crate) const LARGEST: usize = 1 << 20;

/// What messages are cut from: no part of it is like another one.
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(1);
        Self((0..2 * LARGEST / 8).flat_map(|_| random.next().to_le_bytes()).collect())
    }

    /// `len` of them, from wherever `random` says.
    pub(crate) fn some(&self, len: usize, random: &mut Random) -> &[u8] {
        let from = random.below(self.0.len() - len);
        &self.0[from..from + len]
    }
}
