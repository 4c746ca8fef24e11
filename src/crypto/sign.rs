//! Signatures are requests and answers; a handshake never holds a private key.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

use pki_types::PrivateKeyDer;

use super::{provider::Provider, schemes};
use crate::wire::SignatureScheme;

/// What must be signed, as a plain value: send it to another thread, process or HSM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureRequest {
    /// The name under which the caller configured the credential.
    pub credential: Arc<str>,
    /// How to sign.
    pub scheme: SignatureScheme,
    /// What to sign; not hashed.
    pub message: Vec<u8>,
}

impl SignatureRequest {
    /// The message under the scheme's hash, 32 to 64 bytes, for key holders that sign digests.
    ///
    /// Ed25519 has no such hash, for it hashes the message twice (RFC 8032, 5.1.6): there, and for a scheme that is
    /// not known here, this is the message itself.
    pub fn digest(&self) -> Vec<u8> {
        match schemes::hash(self.scheme) {
            Some(hash) => hash.of(&self.message).as_ref().to_vec(),
            None => self.message.clone(),
        }
    }
}

/// The bytes of a signature: DER for ECDSA (RFC 8422, 5.4), 64 bytes for Ed25519, as long as the modulus for RSA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(pub Vec<u8>);

/// The key holder refused, or could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignError;

/// Why a private key cannot be used.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyError {
    /// It does not parse.
    BadEncoding,
    /// It is of a kind that this crate does not sign with.
    UnsupportedKind,
    /// An RSA key of fewer than 2048 or more than 8192 bits.
    RsaSize,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadEncoding => "the private key does not parse",
            Self::UnsupportedKind => "the private key is none of P-256, P-384, Ed25519 and RSA (rsaEncryption; a key for RSA-PSS alone is not used)",
            Self::RsaSize => "the RSA key has not 2048 to 8192 bits",
        })
    }
}

impl core::error::Error for KeyError {}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key holder refused to sign")
    }
}

impl core::error::Error for SignError {}

/// Something that signs without waiting.
pub trait Sign: Send + Sync {
    /// Answers a request.
    fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError>;
}

/// A private key of a provider; wiped on drop.
pub trait SigningKey: Send + Sync {
    /// What it can sign with, best first.
    fn schemes(&self) -> &'static [SignatureScheme];
    /// Its public key, as a SubjectPublicKeyInfo in DER (RFC 5280, 4.1).
    fn public_key(&self) -> Vec<u8>;
    /// Signs `message`, which is not hashed yet.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Signature, SignError>;
}

/// A private key in memory; wiped on drop. Handshakes never hold one.
///
/// The same request gets the same signature, so that a handshake can be replayed: ECDSA draws its nonce by RFC 6979,
/// and the salts of RSASSA-PSS are derived from the key and the message. The one exception is RSASSA-PSS of
/// the provider on graviola, whose salts are random: there, a replay takes the recorded signature as an answer.
///
/// # RSA and time
///
/// graviola signs in constant time. The `rsa` crate behind [`RUSTCRYPTO`](super::RUSTCRYPTO) does not compute in constant time ("Marvin",
/// RUSTSEC-2023-0071). Signatures are made with blinding, which takes the link between the message and the time away
/// as far as it goes, and TLS 1.2 as spoken here never decrypts with RSA, which is what the attack needs most. Where
/// this is not enough, sign with ECDSA or Ed25519, or let another [`Sign`] take over: an HSM, another process,
/// another library.
#[derive(Clone)]
pub struct LocalKey {
    /// In the box that it was parsed into: moved into the memory of the `Arc`, it would leave a copy behind.
    key: Arc<Box<dyn SigningKey>>,
}

impl LocalKey {
    /// Parses a key: PKCS#8, SEC1 or PKCS#1.
    pub fn new(provider: &'static Provider, key: PrivateKeyDer<'_>) -> Result<Self, KeyError> {
        Ok(Self { key: Arc::new(provider.signing_key(key)?) })
    }

    /// What it can sign with, best first.
    pub fn schemes(&self) -> &'static [SignatureScheme] {
        self.key.schemes()
    }

    /// Its public key, as a SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> Vec<u8> {
        self.key.public_key()
    }
}

impl Sign for LocalKey {
    fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        self.key.sign(request.scheme, &request.message)
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").field("schemes", &self.schemes()).finish_non_exhaustive()
    }
}
