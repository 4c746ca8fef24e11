//! The provider on graviola: assembly for x86-64 and AArch64, and no C.
//!
//! Each primitive comes from where it is faster; where both take the same time, from the portable provider. What
//! graviola 0.4.4 and RustCrypto took in one process, the best of nine rounds each, on an x86-64 server with AVX-512
//! and other work going on (so the ratios say more than the times):
//!
//! | | RustCrypto, µs | graviola, µs | ratio | taken from |
//! | --- | --- | --- | --- | --- |
//! | AES-128-GCM, seal 16 bytes, 100 bytes, 16 KiB | 0.19, 0.30, 6.7 | 0.12, 0.17, 2.0 | 1.6, 1.8, 3.3 | graviola |
//! | AES-128-GCM, open the same | 0.23, 0.38, 7.1 | 0.13, 0.20, 1.7 | 1.9, 1.9, 4.2 | graviola |
//! | AES-256-GCM, seal 16 bytes, 100 bytes, 16 KiB | 0.23, 0.45, 10.1 | 0.13, 0.20, 2.6 | 1.8, 2.3, 3.8 | graviola |
//! | AES-256-GCM, open the same | 0.30, 0.38, 10.0 | 0.13, 0.20, 2.2 | 2.3, 1.9, 4.5 | graviola |
//! | a key for AES-128-GCM, AES-256-GCM: made and dropped | 0.15, 0.24 | 0.45, 0.44 | 0.3, 0.6 | with its cipher |
//! | ChaCha20-Poly1305, seal 16 bytes, 100 bytes, 16 KiB | 1.25, 1.73, 15.7 | 0.28, 0.36, 14.8 | 4.5, 4.8, 1.1 | graviola |
//! | SHA-256, 32 bytes, 200 bytes, 4 KiB | 0.10, 0.20, 2.4 | 0.09, 0.20, 2.4 | 1.1, 1.0, 1.0 | RustCrypto |
//! | SHA-384, the same | 0.37, 0.71, 7.0 | 0.35, 0.66, 7.5 | 1.1, 1.1, 0.9 | RustCrypto |
//! | HMAC of 100 bytes, SHA-256, SHA-384 | 0.18, 0.53 | 0.18, 0.53 | 1.0, 1.0 | RustCrypto |
//! | x25519, key pair, and with the secret | 16, 70 | 8, 36 | 2.1, 1.9 | graviola |
//! | secp256r1, the same | 79, 322 | 10, 56 | 7.9, 5.8 | graviola |
//! | secp384r1, the same | 278, 1135 | 141, 283 | 2.0, 4.0 | graviola |
//! | ECDSA P-256, sign, verify | 84, 271 | 18, 71 | 4.7, 3.8 | graviola, but see below |
//! | ECDSA P-384, sign, verify | 317, 1028 | 155, 291 | 2.0, 3.5 | graviola, but see below |
//! | Ed25519, sign | 18 | 8 | 2.2 | graviola |
//! | Ed25519, verify | 49 | 37 | 1.3 | RustCrypto, see below |
//! | RSA-2048, sign PSS, PKCS #1 | 1572, 1613 | 556, 581 | 2.8, 2.8 | graviola |
//! | RSA-2048, verify PSS, PKCS #1 | 77, 78 | 24, 23 | 3.2, 3.3 | graviola |
//!
//! - A key for AES-GCM is dearer by 0.2 to 0.3 µs, which three records of 100 bytes give back; it takes 832 bytes.
//! - ECDSA is signed with graviola's multiples of the base point and RustCrypto's arithmetic modulo the order (an
//!   inverse takes 5 µs in P-256 and 10 µs in P-384), so that the nonce is that of RFC 6979 without random bytes: the signature is
//!   the one that the portable provider makes, and a replay makes it again. graviola's own differs each time.
//! - The salt of RSASSA-PSS is random: graviola has no other. Those signatures differ each time, so a replay takes the recorded
//!   one, as it does from any key holder. Its RSA takes the same time for all messages, which RustCrypto's does not.
//! - Ed25519 is verified by RustCrypto, which refuses keys of small order; graviola verifies what nobody signed with them.
//! - RSA with moduli that are no multiple of 512 bits, with primes of different lengths or with exponents of more than
//!   32 bits is left to RustCrypto, and so is the decision what is DER. Both providers accept and refuse the same.

mod aead;
mod kx;
mod sign;
mod verify;

use ::graviola::{key_agreement::x25519::StaticPrivateKey, util::is_cpu_supported};

use super::{
    provider::Provider,
    rustcrypto::{hash, parse},
};

/// Not public: all of graviola panics on a processor without AES, carry-less multiplication, AVX2, BMI1, BMI2 and ADX
/// (on AArch64: AES, PMULL and SHA-2), so it is given out by [`provider`] alone.
static GRAVIOLA: Provider = Provider {
    name: "graviola",
    aes_128_gcm: &aead::AES_128_GCM,
    aes_256_gcm: &aead::AES_256_GCM,
    chacha20_poly1305: &aead::CHACHA20_POLY1305,
    sha256: &hash::SHA256,
    sha384: &hash::SHA384,
    sha512: &hash::SHA512,
    hmac_sha256: &hash::SHA256,
    hmac_sha384: &hash::SHA384,
    hmac_sha512: &hash::SHA512,
    groups: &[&kx::X25519, &kx::Secp256r1, &kx::Secp384r1],
    schemes: verify::SCHEMES,
    path_algorithms: verify::PATH_ALGORITHMS,
    signing_key: parse::signing_key::<sign::Keys>,
};

/// The provider, if this processor can run it.
pub(super) fn provider() -> Option<&'static Provider> {
    is_cpu_supported().then_some(&GRAVIOLA)
}

/// Clears the vector registers when it is dropped: as the last field of what holds a key of graviola, or as the first
/// variable of a function that calls it.
///
/// graviola wipes its keys through registers of 256 bits and leaves their upper halves in use, which slows down the
/// code for registers of 128 bits that comes next, such as SHA-256, on processors that then keep both halves. Where the table was measured, no difference was seen.
struct CleanRegisters;

impl Drop for CleanRegisters {
    fn drop(&mut self) {
        // Any call with secrets ends with cleared registers; this one, refused for its length, does nothing else.
        drop(StaticPrivateKey::try_from_slice(&[]));
    }
}
