//! The provider on graviola: assembly for x86-64 and AArch64, and no C.
//!
//! Each primitive comes from where it is faster; where both take the same time, from the portable provider. What the
//! portable provider and graviola 0.4.4 took by turns in one process, the best of nine rounds each, on an x86-64 server
//! with AVX-512 and other work going on, so that the ratios say more than the times:
//!
//! | | RustCrypto, µs | graviola, µs | ratio | taken from |
//! | --- | --- | --- | --- | --- |
//! | AES-128-GCM, seal 16 bytes, 100 bytes, 16 KiB | 0.23, 0.36, 6.3 | 0.12, 0.19, 2.0 | 2.0, 1.9, 3.1 | graviola |
//! | AES-128-GCM, open the same | 0.19, 0.32, 6.9 | 0.10, 0.19, 1.7 | 1.9, 1.7, 4.2 | graviola |
//! | AES-256-GCM, seal the same | 0.23, 0.45, 6.5 | 0.11, 0.22, 2.3 | 2.0, 2.1, 2.8 | graviola |
//! | AES-256-GCM, open the same | 0.31, 0.39, 11.0 | 0.13, 0.20, 2.1 | 2.4, 2.0, 5.2 | graviola |
//! | a key for AES-128-GCM, AES-256-GCM, made and dropped | 0.16, 0.17 | 0.35, 0.38 | 0.5, 0.5 | graviola |
//! | ChaCha20-Poly1305, seal the same | 1.22, 1.72, 12.8 | 0.28, 0.34, 14.3 | 4.4, 5.1, 0.9 | graviola |
//! | ChaCha20-Poly1305, open the same | 1.24, 1.72, 13.5 | 0.28, 0.34, 13.9 | 4.4, 5.1, 1.0 | graviola |
//! | SHA-256 of 32 bytes, 200 bytes, 4 KiB | 0.10, 0.20, 2.4 | 0.09, 0.20, 2.4 | 1.1, 1.0, 1.0 | RustCrypto |
//! | SHA-384, the same | 0.37, 0.71, 7.0 | 0.35, 0.66, 7.5 | 1.1, 1.1, 0.9 | RustCrypto |
//! | HMAC of 100 bytes, SHA-256, SHA-384 | 0.18, 0.53 | 0.18, 0.53 | 1.0, 1.0 | RustCrypto |
//! | x25519, key pair, and with the secret | 21, 94 | 9, 38 | 2.4, 2.5 | graviola |
//! | secp256r1, the same | 91, 335 | 13, 57 | 7.1, 5.9 | graviola |
//! | secp384r1, the same | 228, 1060 | 139, 290 | 1.6, 3.7 | graviola |
//! | ECDSA P-256, sign, verify | 86, 287 | 18, 57 | 4.7, 5.0 | graviola |
//! | ECDSA P-384, sign, verify | 248, 866 | 155, 274 | 1.6, 3.2 | graviola |
//! | Ed25519, sign | 20 | 9 | 2.3 | graviola |
//! | Ed25519, verify | 49 | 37 | 1.3 | RustCrypto |
//! | RSA-2048 PSS, sign, verify | 1977, 83 | 629, 28 | 3.1, 3.0 | graviola |
//!
//! - A key for AES-GCM is dearer by 0.2 µs, which two records of 100 bytes give back, and it takes 832 bytes in place of
//!   320. So a connection begins with RustCrypto's (`first.rs`) and changes over at its fourth record, or its first long one.
//! - ChaCha20-Poly1305 is slower by 4 to 10 % in the longest records only: at 4 KiB it is still faster by a fifth.
//! - ECDSA is signed with graviola's multiples of the base point and RustCrypto's arithmetic modulo the order, in the time
//!   that graviola's own takes, so that the nonce is that of RFC 6979 without random
//!   bytes: the signature is the one that the portable provider makes, and a replay makes it again. graviola's own differs each time.
//! - The salt of RSASSA-PSS is random: graviola has no other. Those signatures differ each time, so a replay takes the recorded
//!   one, as it does from any key holder. Its RSA takes the same time for all messages, which RustCrypto's does not.
//! - Ed25519 is verified by RustCrypto, which refuses keys of small order; graviola verifies what nobody signed with them.
//! - RSA with moduli that are no multiple of 512 bits, with primes of different lengths or with exponents of more than
//!   32 bits is left to RustCrypto, and so is the decision what is DER. Both providers accept and refuse the same.

mod aead;
mod first;
mod kx;
mod sign;
mod verify;

pub(super) use aead::{AesGcmKey, ChaCha20Poly1305Key};
pub(super) use first::{FirstAes128GcmKey, FirstAes256GcmKey};

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
    record_cipher: aead::record_cipher,
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
/// code for registers of 128 bits that comes next, such as SHA-256, on processors that then keep both halves. Where
/// the table was measured, no difference was seen.
struct CleanRegisters;

impl Drop for CleanRegisters {
    fn drop(&mut self) {
        // Any call with secrets ends with cleared registers; this one, refused for its length, does nothing else.
        drop(StaticPrivateKey::try_from_slice(&[]));
    }
}
