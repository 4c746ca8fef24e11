//! Randomness that a private key and a message determine.

use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use crate::{
    crypto::{hash::Digest, hmac::HmacSha256, secret::Secret},
    wire::SignatureScheme,
};

/// The length of a block in bytes.
const BLOCK: usize = 32;

/// The salt of RSASSA-PSS and the blinding of RSA come from here, not from the operating system.
///
/// Signatures are answers, and the same answers must replay the same handshake: so the same key, scheme and message
/// must give the same signature. Nothing is lost: whoever has not the key cannot predict the bytes, messages
/// of TLS contain fresh randoms of both sides, and the output of RSASSA-PKCS1-v1_5 does not depend on the blinding.
///
/// The stream is HMAC-SHA256(k, 0) ‖ HMAC-SHA256(k, 1) ‖ …, each counter 8 bytes, big endian, where k is
/// HMAC-SHA256(secret of the key, scheme ‖ message).
pub(super) struct Drbg {
    keyed: HmacSha256,
    counter: u64,
    block: Digest,
    used: usize,
}

impl Drbg {
    /// For one signature. `secret` must be known to the owner of the private key only.
    pub(super) fn new(secret: &Secret<BLOCK>, scheme: SignatureScheme, message: &[u8]) -> Self {
        let key = HmacSha256::new(secret.expose()).sign(&[&scheme.0.to_be_bytes(), message]);
        Self { keyed: HmacSha256::new(key.as_ref()), counter: 0, block: Digest::new(&[]), used: BLOCK }
    }

    /// How many bytes were drawn so far.
    #[cfg(test)]
    pub(super) fn drawn(&self) -> usize {
        (self.counter as usize * BLOCK).saturating_sub(BLOCK - self.used)
    }

    fn next_byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.block.as_ref().get(self.used) {
                self.used = self.used.saturating_add(1);
                return *byte;
            }
            self.next_block();
        }
    }

    fn next_block(&mut self) {
        self.block = self.keyed.sign(&[&self.counter.to_be_bytes()]);
        self.counter = self.counter.wrapping_add(1);
        self.used = 0;
    }

    fn next_bytes<const N: usize>(&mut self) -> [u8; N] {
        core::array::from_fn(|_| self.next_byte())
    }
}

impl TryRng for Drbg {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.next_bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.next_bytes()))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.next_byte();
        }
        Ok(())
    }
}

impl TryCryptoRng for Drbg {}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    /// HMAC-SHA256(k, 0) and the front of HMAC-SHA256(k, 1), each counter 8 bytes, where k is
    /// HMAC-SHA256(32 bytes of 3, 0804 ‖ "message"); computed apart from this crate.
    const STREAM: [u8; 40] = [
        0x70, 0xb0, 0x13, 0x02, 0x57, 0x1f, 0xe1, 0x84, 0x08, 0x0d, 0x51, 0xcc, 0x88, 0x65, 0xca, 0x7e, 0x06,
        0xc6, 0xa3, 0x11, 0x45, 0xcf, 0xe1, 0x66, 0x72, 0x3b, 0x79, 0x73, 0xcd, 0x52, 0x35, 0xcd, 0xa3, 0x43,
        0x13, 0xd2, 0xf6, 0x02, 0xd9, 0xbb,
    ];

    fn drbg() -> Drbg {
        Drbg::new(&Secret::new([3; 32]), SignatureScheme::RSA_PSS_RSAE_SHA256, b"message")
    }

    #[test]
    fn the_stream_is_the_same_however_it_is_cut() {
        let mut drbg = drbg();
        let mut bytes = [0; 28];
        drbg.fill_bytes(&mut bytes);
        assert_eq!(bytes, STREAM[..28]);
        assert_eq!(drbg.next_u64().to_le_bytes(), STREAM[28..36]);
        assert_eq!(drbg.next_u32().to_le_bytes(), STREAM[36..]);
    }

    #[test]
    fn key_scheme_and_message_each_change_the_stream() {
        let first = |secret, scheme, message: &[u8]| {
            Drbg::new(&Secret::new([secret; 32]), scheme, message).next_u64()
        };
        let scheme = SignatureScheme::RSA_PSS_RSAE_SHA256;
        assert_eq!(first(3, scheme, b"message"), drbg().next_u64());
        assert_ne!(first(4, scheme, b"message"), drbg().next_u64());
        assert_ne!(first(3, SignatureScheme::RSA_PSS_RSAE_SHA384, b"message"), drbg().next_u64());
        assert_ne!(first(3, scheme, b"massage"), drbg().next_u64());
    }
}
