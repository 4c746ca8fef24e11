//! Randomness is an input.

use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha2::Sha256;

use super::secret::Secret;

/// All the randomness of one handshake, drawn once by the caller; wiped on drop.
///
/// Every random value is derived from it under its own label (`HMAC-SHA256(seed, label)`), so the
/// same seed, clock and bytes replay the same handshake, and adding a draw moves no other.
#[derive(Debug)]
pub struct Seed(Secret<32>);

impl Seed {
    /// Draws 32 bytes from the operating system. The error is that of the operating system.
    #[cfg(feature = "std")]
    #[expect(clippy::disallowed_types, reason = "the one door for the operating system's randomness")]
    pub fn from_os() -> std::io::Result<Self> {
        use rand::{TryRng, rngs::SysRng};
        let mut bytes = [0; 32];
        SysRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
        let seed = Self(Secret::new(bytes));
        zeroize::Zeroize::zeroize(&mut bytes);
        Ok(seed)
    }

    /// Draws 32 bytes from `rng`.
    pub fn from_rng(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::fill(|bytes| rng.fill_bytes(bytes)))
    }

    /// A seed that somebody knows: for tests, vectors and replays only.
    pub fn for_replay(seed: [u8; 32]) -> Self {
        Self(Secret::new(seed))
    }

    /// `N` bytes under `label`: HMAC-SHA256(seed, label), and where more than 32 are wanted,
    /// HMAC-SHA256(seed, label ‖ i) for i = 1, 2, … behind it.
    pub(crate) fn draw<const N: usize>(&self, label: Label) -> Secret<N> {
        Secret::fill(|bytes| {
            for (chunk, i) in bytes.chunks_mut(32).zip(0_u8..) {
                let mut hmac = self.hmac();
                hmac.update(label.text().as_bytes());
                if i > 0 {
                    hmac.update(&[i]);
                }
                let mut block = hmac.finalize().into_bytes();
                for (to, from) in chunk.iter_mut().zip(block.iter()) {
                    *to = *from;
                }
                zeroize::Zeroize::zeroize(&mut block[..]);
            }
        })
    }

    fn hmac(&self) -> Hmac<Sha256> {
        // HMAC takes keys of any length, so of 32 bytes too: the fixed-size constructor cannot fail.
        let mut block = hmac::digest::array::Array::<u8, hmac::digest::consts::U64>::default();
        for (to, from) in block.iter_mut().zip(self.0.expose()) {
            *to = *from;
        }
        let hmac = Hmac::new(&block);
        zeroize::Zeroize::zeroize(&mut block[..]);
        hmac
    }
}

/// The one list of what may be drawn from a [`Seed`]; each at most once in a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// `ClientHello.random`.
    ClientRandom,
    /// `ServerHello.random`.
    ServerRandom,
    /// The private value of the key exchange.
    KeyExchange,
}

impl Label {
    const fn text(self) -> &'static str {
        match self {
            Self::ClientRandom => "client random",
            Self::ServerRandom => "server random",
            Self::KeyExchange => "key exchange",
        }
    }
}
