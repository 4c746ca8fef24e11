//! The portable provider, on RustCrypto.

pub(super) mod aead;
mod drbg;
pub(super) mod hash;
pub(super) mod kx;
pub(super) mod parse;
pub(super) mod sign;
pub(super) mod sign_rsa;
pub(super) mod verify;

pub(super) use aead::{Aes128GcmKey, Aes256GcmKey, ChaCha20Poly1305Key};

use super::provider::Provider;

/// Pure Rust, on every processor; faster where it finds instructions for AES, GHASH and SHA-2.
pub static RUSTCRYPTO: Provider = Provider {
    name: "rustcrypto",
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

#[cfg(test)]
mod tests;
