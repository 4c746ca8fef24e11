//! The provider: a value, never what a feature switched on.

use alloc::boxed::Box;
use core::fmt;

use pki_types::{PrivateKeyDer, SignatureVerificationAlgorithm};

use super::{
    aead::Aead,
    hash::{Hash, Hmac},
    kx::Group,
    record_key::{Cipher, RecordOpenKey, RecordSealKey},
    sign::{KeyError, SigningKey},
    suites::{AeadAlgorithm, HashAlgorithm},
    verify::SchemeVerifiers,
};
use crate::wire::{NamedGroup, SignatureScheme};

/// A set of implementations. Chosen by value, never by a Cargo feature alone.
pub struct Provider {
    pub(crate) name: &'static str,
    pub(crate) aes_128_gcm: &'static dyn Aead,
    pub(crate) aes_256_gcm: &'static dyn Aead,
    pub(crate) chacha20_poly1305: &'static dyn Aead,
    /// Makes a key that protects records out of the algorithm, the key and the fixed part of its nonces.
    pub(super) record_cipher: fn(AeadAlgorithm, &[u8], &[u8]) -> Option<Cipher>,
    pub(crate) sha256: &'static dyn Hash,
    pub(crate) sha384: &'static dyn Hash,
    pub(crate) sha512: &'static dyn Hash,
    pub(crate) hmac_sha256: &'static dyn Hmac,
    pub(crate) hmac_sha384: &'static dyn Hmac,
    pub(crate) hmac_sha512: &'static dyn Hmac,
    /// In our order of preference.
    pub(crate) groups: &'static [&'static dyn Group],
    /// In our order of preference.
    pub(crate) schemes: &'static [SchemeVerifiers],
    /// What may sign certificates.
    pub(crate) path_algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    pub(crate) signing_key: fn(PrivateKeyDer<'_>) -> Result<Box<dyn SigningKey>, KeyError>,
}

impl Provider {
    /// The fastest provider that is compiled in and that this processor can run.
    #[cfg(feature = "rustcrypto")]
    pub fn best() -> &'static Self {
        #[cfg(feature = "graviola")]
        if let Some(faster) = Self::graviola() {
            return faster;
        }
        &super::RUSTCRYPTO
    }

    /// The provider on graviola; `None` where this processor cannot run it.
    ///
    /// It is several times as fast as [`RUSTCRYPTO`](super::RUSTCRYPTO) and gives the same key shares, secrets, ciphertexts
    /// and signatures, but for RSASSA-PSS, whose salts are random here. What stands behind each primitive, and what it was
    /// measured to take, is in `src/crypto/graviola/mod.rs`.
    ///
    /// It is asked for, and not a `static` as `RUSTCRYPTO` is, for its code must not run where instructions are missing:
    /// whoever holds it has asked the processor.
    #[cfg(feature = "graviola")]
    pub fn graviola() -> Option<&'static Self> {
        super::graviola::provider()
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// An AEAD.
    pub fn aead(&self, algorithm: AeadAlgorithm) -> &'static dyn Aead {
        match algorithm {
            AeadAlgorithm::Aes128Gcm => self.aes_128_gcm,
            AeadAlgorithm::Aes256Gcm => self.aes_256_gcm,
            AeadAlgorithm::ChaCha20Poly1305 => self.chacha20_poly1305,
        }
    }

    /// A key that seals records: `key` and `iv` are as the key block has them (RFC 5246, 6.3). `None` if the key has not
    /// the length of the algorithm.
    pub fn record_seal_key(&self, algorithm: AeadAlgorithm, key: &[u8], iv: &[u8]) -> Option<RecordSealKey> {
        (self.record_cipher)(algorithm, key, iv).map(RecordSealKey)
    }

    /// A key that opens them, likewise.
    pub fn record_open_key(&self, algorithm: AeadAlgorithm, key: &[u8], iv: &[u8]) -> Option<RecordOpenKey> {
        (self.record_cipher)(algorithm, key, iv).map(RecordOpenKey)
    }

    /// A hash.
    pub fn hash(&self, algorithm: HashAlgorithm) -> &'static dyn Hash {
        match algorithm {
            HashAlgorithm::Sha256 => self.sha256,
            HashAlgorithm::Sha384 => self.sha384,
            HashAlgorithm::Sha512 => self.sha512,
        }
    }

    /// HMAC with a hash.
    pub fn hmac(&self, algorithm: HashAlgorithm) -> &'static dyn Hmac {
        match algorithm {
            HashAlgorithm::Sha256 => self.hmac_sha256,
            HashAlgorithm::Sha384 => self.hmac_sha384,
            HashAlgorithm::Sha512 => self.hmac_sha512,
        }
    }

    /// All groups, in our order of preference.
    pub fn groups(&self) -> impl Iterator<Item = NamedGroup> + use<> {
        self.groups.iter().map(|group| group.id())
    }

    /// A group.
    pub fn group(&self, id: NamedGroup) -> Option<&'static dyn Group> {
        self.groups.iter().copied().find(|group| group.id() == id)
    }

    /// All signature schemes that can be verified, in our order of preference.
    pub fn schemes(&self) -> impl Iterator<Item = SignatureScheme> + use<> {
        self.schemes.iter().map(|scheme| scheme.scheme)
    }

    /// What verifies a scheme; empty for one that is not known.
    pub fn verifiers(
        &self,
        scheme: SignatureScheme,
    ) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
        self.schemes.iter().find(|known| known.scheme == scheme).map_or(&[], |known| known.algorithms)
    }

    /// What may sign certificates.
    pub fn path_algorithms(&self) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
        self.path_algorithms
    }

    /// Parses a private key: PKCS#8, SEC1 or PKCS#1.
    pub fn signing_key(&self, key: PrivateKeyDer<'_>) -> Result<Box<dyn SigningKey>, KeyError> {
        (self.signing_key)(key)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.name).finish()
    }
}
