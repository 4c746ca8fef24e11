//! Randomness is an input.

use alloc::boxed::Box;

use rand_core::CryptoRng;

#[cfg(feature = "replay")]
use super::said::Said;
use super::{
    copy,
    hmac::HmacSha256,
    kx::{Group, KeyExchange},
    secret::{Secret, wipe},
};

/// All the randomness of one handshake, drawn once by the caller; wiped on drop.
///
/// Every random value is derived from it under its own label (`HMAC-SHA256(seed, label)`), so the
/// same seed, clock and bytes replay the same handshake, and adding a draw moves no other.
pub struct Seed(Source);

enum Source {
    /// The HMAC state of the seed.
    Drawn(Box<HmacSha256>),
    /// A seed that nobody knows, but what was said of it is known.
    #[cfg(feature = "replay")]
    Said(Box<Said>),
}

impl Seed {
    /// Draws 32 bytes from the operating system. The error is that of the operating system.
    #[cfg(feature = "std")]
    pub fn from_os() -> std::io::Result<Self> {
        Self::witnessed(|_| {})
    }

    /// The same, shown to somebody who writes it down.
    #[cfg(feature = "std")]
    #[expect(clippy::disallowed_types, reason = "the one door for the operating system's randomness")]
    pub(crate) fn witnessed(witness: impl FnOnce(&[u8; 32])) -> std::io::Result<Self> {
        use rand::{TryRng, rngs::SysRng};
        let mut bytes = [0; 32];
        SysRng.try_fill_bytes(&mut bytes).map_err(std::io::Error::other)?;
        witness(&bytes);
        Ok(Self::keyed(&mut bytes))
    }

    /// Of a handshake that was seen: draws what was said in it, and zeros where nothing was.
    #[cfg(feature = "replay")]
    pub(crate) fn said(said: Said) -> Self {
        Self(Source::Said(Box::new(said)))
    }

    /// Draws 32 bytes from `rng`.
    pub fn from_rng(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self::keyed(&mut bytes)
    }

    /// A seed that somebody knows: for tests, vectors and replays only.
    pub fn for_replay(mut seed: [u8; 32]) -> Self {
        Self::keyed(&mut seed)
    }

    /// All draws are HMACs under the seed, so their state is made once; wipes the bytes.
    fn keyed(bytes: &mut [u8; 32]) -> Self {
        let keyed = HmacSha256::boxed(bytes);
        wipe(bytes);
        Self(Source::Drawn(keyed))
    }

    /// `N` bytes under `label`: HMAC-SHA256(seed, label), and where more than 32 are wanted,
    /// HMAC-SHA256(seed, label ‖ i) for i = 1, 2, … behind it.
    pub(crate) fn draw<const N: usize>(&self, label: Label) -> Secret<N> {
        Secret::fill(|bytes| self.fill(label, bytes))
    }

    /// The same for what is public or will be: a random of a hello, an ID, a salt.
    pub(crate) fn draw_public<const N: usize>(&self, label: Label) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(label, &mut bytes);
        bytes
    }

    /// Our share of a key exchange in this group.
    pub(crate) fn exchange(&self, group: &dyn Group) -> Box<dyn KeyExchange> {
        let ours = group.start(&self.draw(Label::KeyExchange));
        match &self.0 {
            Source::Drawn(_) => ours,
            #[cfg(feature = "replay")]
            Source::Said(said) => said.exchange(ours),
        }
    }

    fn fill(&self, label: Label, bytes: &mut [u8]) {
        match &self.0 {
            Source::Drawn(seed) => draw(seed, label, bytes),
            #[cfg(feature = "replay")]
            Source::Said(said) => said.fill(label, bytes),
        }
    }
}

fn draw(seed: &HmacSha256, label: Label, bytes: &mut [u8]) {
    let label = label.text().as_bytes();
    for (chunk, i) in bytes.chunks_mut(32).zip(0_u8..) {
        let block = match i {
            0 => seed.sign(&[label]),
            _ => seed.sign(&[label, &[i]]),
        };
        copy(chunk, block.as_ref());
    }
}

impl core::fmt::Debug for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed")
    }
}

/// The one list of what may be drawn from a [`Seed`]; each at most once in a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// `ClientHello.random`.
    ClientRandom,
    /// `ServerHello.random`.
    ServerRandom,
    /// The server's name for a session, or the client's stand-in for one when it offers a ticket.
    SessionId,
    /// The private value of the key exchange.
    KeyExchange,
    /// The name of a full handshake among its resumptions.
    Lineage,
    /// The salt of a ticket.
    Ticket,
    /// The salt of a stored session.
    Store,
    /// The name and the secret of a ticket key.
    TicketKey,
}

impl Label {
    const fn text(self) -> &'static str {
        match self {
            Self::ClientRandom => "client random",
            Self::ServerRandom => "server random",
            Self::SessionId => "session id",
            Self::KeyExchange => "key exchange",
            Self::Lineage => "lineage",
            Self::Ticket => "ticket",
            Self::Store => "store",
            Self::TicketKey => "ticket key",
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// The bytes 0 to 31.
    fn counting() -> Seed {
        Seed::for_replay(core::array::from_fn(|i| i as u8))
    }

    fn hex(bytes: &[u8]) -> alloc::string::String {
        bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
    }

    #[test]
    fn draws_are_hmac_of_their_labels() {
        // Computed apart from this crate: HMAC-SHA256 under the bytes 0 to 31.
        let random = counting().draw::<32>(Label::ClientRandom);
        assert_eq!(hex(random.expose()), "e022124352e1645c05d9999346ef82f29948cbfc654e36beb6c07f2cbffaf3bf");
        let entropy = counting().draw::<64>(Label::KeyExchange);
        assert_eq!(
            hex(entropy.expose()),
            "3db3d361c36c52c3c8c6ef6d3644ecc60bcddad8ec51f034db8dfee9a9310c59\
             48fc647f2d5a60c6ec3b16d799bbe2545af55b463080c309b4fd5c50421c06ba"
        );
        let salt = counting().draw::<12>(Label::Store);
        assert_eq!(hex(salt.expose()), "1a4dace8735dcadb0020a723");
    }

    #[test]
    fn every_label_draws_something_else() {
        let labels = [
            Label::ClientRandom,
            Label::ServerRandom,
            Label::SessionId,
            Label::KeyExchange,
            Label::Ticket,
            Label::Store,
            Label::TicketKey,
        ];
        let draws: Vec<[u8; 32]> = labels.iter().map(|label| *counting().draw(*label).expose()).collect();
        for (i, draw) in draws.iter().enumerate() {
            assert!(!draws[..i].contains(draw));
        }
    }

    #[test]
    fn a_seed_is_the_32_bytes_of_its_source() {
        /// Gives 0, 1, 2 and so on.
        struct Counting(u8);

        impl rand_core::TryRng for Counting {
            type Error = core::convert::Infallible;

            fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
                unreachable!("seeds are filled by bytes")
            }

            fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
                unreachable!("seeds are filled by bytes")
            }

            fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
                for byte in bytes {
                    *byte = self.0;
                    self.0 += 1;
                }
                Ok(())
            }
        }

        impl rand_core::TryCryptoRng for Counting {}

        let seed = Seed::from_rng(&mut Counting(0));
        let draw = |seed: &Seed| *seed.draw::<32>(Label::Ticket).expose();
        assert_eq!(draw(&seed), draw(&counting()));
    }

    #[cfg(feature = "std")]
    #[test]
    fn seeds_of_the_operating_system_differ() {
        let draw = || *Seed::from_os().unwrap().draw::<32>(Label::Ticket).expose();
        assert_ne!(draw(), draw());
    }
}
