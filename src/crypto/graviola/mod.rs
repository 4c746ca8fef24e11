//! The provider on graviola: assembly for x86-64 and AArch64, and no C.

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
    chacha20_poly1305: &super::rustcrypto::aead::CHACHA20_POLY1305,
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
/// code for registers of 128 bits that comes next, such as SHA-256, on processors that then keep both halves.
struct CleanRegisters;

impl Drop for CleanRegisters {
    fn drop(&mut self) {
        // Any call with secrets ends with cleared registers; this one, refused for its length, does nothing else.
        drop(StaticPrivateKey::try_from_slice(&[]));
    }
}
