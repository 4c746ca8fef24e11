//! The leaf's public key and usage, and what follows from them for a handshake.

use alloc::vec::Vec;

use pki_types::{AlgorithmIdentifier, CertificateDer, alg_id};

use super::{
    der::{Der, Tag},
    error::CertificateError,
    outline::Outline,
};
use crate::{
    crypto::{Authentication, HashAlgorithm, Provider},
    wire::{NamedGroup, SignatureScheme},
};

/// What kind of public key a certificate has.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// An EC key on secp256r1.
    P256,
    /// An EC key on secp384r1.
    P384,
    /// RFC 8410.
    Ed25519,
    /// rsaEncryption, a key that may be used with PKCS#1 v1.5 and with PSS.
    Rsa {
        /// The length of its modulus.
        bits: usize,
    },
    /// id-RSASSA-PSS, an RSA key for PSS only; not supported.
    RsaPss,
    /// Any other; not supported.
    Other,
}

/// Why a signature by a leaf's key is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureFailure {
    /// A key of this kind does not sign under this scheme. Answered with `illegal_parameter`.
    UnfitScheme,
    /// The signature does not verify. Answered with `decrypt_error`.
    Bad,
}

/// What a handshake needs of the leaf: its public key, and what it may be used for.
///
/// Parsing takes no view on names, issuers and versions, which are the verifier's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    kind: KeyKind,
    spki: Vec<u8>,
    /// How many bytes at the end of `spki` are the key itself.
    key_len: usize,
    key_usage: Option<u16>,
    validity: (u64, u64),
    end_point_hash: HashAlgorithm,
}

impl Leaf {
    /// Parses a certificate of any version, as far as a handshake needs it.
    ///
    /// [`CertificateError::BadEncoding`] if it is no certificate, or bytes are left over. A key of a kind that is
    /// not supported is no error here: see [`Self::authentication`].
    pub fn parse(certificate: &CertificateDer<'_>) -> Result<Self, CertificateError> {
        let outline = Outline::parse(certificate).map_err(|_| CertificateError::BadEncoding)?;
        Ok(Self {
            kind: kind_of(&outline)?,
            spki: outline.key.whole.to_vec(),
            key_len: outline.key.bits.len(),
            key_usage: outline.extensions.key_usage,
            validity: outline.validity,
            end_point_hash: hash_of(outline.signature_algorithm),
        })
    }

    /// What kind of key it has.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its SubjectPublicKeyInfo in DER (RFC 5280, 4.1).
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The first second of its validity, since 1970; 0 if it is earlier.
    pub fn not_before(&self) -> u64 {
        self.validity.0
    }

    /// The last second of its validity, since 1970; 0 if it is earlier.
    pub fn not_after(&self) -> u64 {
        self.validity.1
    }

    /// Its key usage, if it says anything: bit n of RFC 5280, 4.2.1.3, is `1 << n`, digitalSignature is 1.
    pub fn key_usage(&self) -> Option<u16> {
        self.key_usage
    }

    /// Whether its key usage allows signing a handshake.
    ///
    /// RFC 5246, 7.4.2: "If the key usage extension is present, the digitalSignature bit MUST be set" (of all the
    /// key exchanges with a signature).
    pub fn may_sign(&self) -> bool {
        self.key_usage.is_none_or(|bits| bits & 1 == 1)
    }

    /// What its key can sign with, best first; nothing if the key is not supported.
    ///
    /// In TLS 1.2 an ECDSA scheme does not bind the curve (RFC 8446, 4.2.3), so both hashes go with both curves.
    pub fn schemes(&self) -> &'static [SignatureScheme] {
        match self.kind {
            KeyKind::P256 => {
                &[SignatureScheme::ECDSA_SECP256R1_SHA256, SignatureScheme::ECDSA_SECP384R1_SHA384]
            }
            KeyKind::P384 => {
                &[SignatureScheme::ECDSA_SECP384R1_SHA384, SignatureScheme::ECDSA_SECP256R1_SHA256]
            }
            KeyKind::Ed25519 => &[SignatureScheme::ED25519],
            KeyKind::Rsa { bits: 2048..=8192 } => &[
                SignatureScheme::RSA_PSS_RSAE_SHA256,
                SignatureScheme::RSA_PSS_RSAE_SHA384,
                SignatureScheme::RSA_PSS_RSAE_SHA512,
                SignatureScheme::RSA_PKCS1_SHA256,
                SignatureScheme::RSA_PKCS1_SHA384,
                SignatureScheme::RSA_PKCS1_SHA512,
            ],
            KeyKind::Rsa { .. } | KeyKind::RsaPss | KeyKind::Other => &[],
        }
    }

    /// The cipher suites it serves; `None` if its key is not supported, or is RSA of a length that is not.
    pub fn authentication(&self) -> Option<Authentication> {
        match self.kind {
            KeyKind::P256 | KeyKind::P384 | KeyKind::Ed25519 => Some(Authentication::Ecdsa),
            KeyKind::Rsa { bits: 2048..=8192 } => Some(Authentication::Rsa),
            KeyKind::Rsa { .. } | KeyKind::RsaPss | KeyKind::Other => None,
        }
    }

    /// The curve of an EC key, which the peer must support too (RFC 8422, 5.3).
    pub fn group(&self) -> Option<NamedGroup> {
        match self.kind {
            KeyKind::P256 => Some(NamedGroup::SECP256R1),
            KeyKind::P384 => Some(NamedGroup::SECP384R1),
            KeyKind::Ed25519 | KeyKind::Rsa { .. } | KeyKind::RsaPss | KeyKind::Other => None,
        }
    }

    /// Verifies `signature` over `message`, which is not hashed yet, with its key.
    pub fn verify(
        &self,
        provider: &Provider,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureFailure> {
        let algorithm = self.algorithm().ok_or(SignatureFailure::UnfitScheme)?;
        let verifier = provider
            .verifiers(scheme)
            .iter()
            .find(|verifier| verifier.public_key_alg_id() == algorithm)
            .ok_or(SignatureFailure::UnfitScheme)?;
        verifier.verify_signature(self.key(), message, signature).map_err(|_| SignatureFailure::Bad)
    }

    /// The hash of the channel binding `tls-server-end-point`.
    ///
    /// RFC 5929, 4.1: the hash of the certificate's own signature, but SHA-256 for MD5 and SHA-1. For signatures
    /// without one hash of their own (Ed25519) the RFC leaves the binding undefined; SHA-256 is used for them and
    /// for algorithms that are not known, so that both sides of this implementation agree.
    pub fn end_point_hash(&self) -> HashAlgorithm {
        self.end_point_hash
    }

    /// The content of the bit string of its SubjectPublicKeyInfo.
    fn key(&self) -> &[u8] {
        let start = self.spki.len().saturating_sub(self.key_len);
        self.spki.get(start..).unwrap_or_default()
    }

    /// How a key of this kind is announced; `None` if it is not supported.
    fn algorithm(&self) -> Option<AlgorithmIdentifier> {
        match self.kind {
            KeyKind::P256 => Some(alg_id::ECDSA_P256),
            KeyKind::P384 => Some(alg_id::ECDSA_P384),
            KeyKind::Ed25519 => Some(alg_id::ED25519),
            KeyKind::Rsa { bits: 2048..=8192 } => Some(alg_id::RSA_ENCRYPTION),
            KeyKind::Rsa { .. } | KeyKind::RsaPss | KeyKind::Other => None,
        }
    }
}

fn kind_of(outline: &Outline<'_>) -> Result<KeyKind, CertificateError> {
    let key = &outline.key;
    for (algorithm, kind) in [
        (alg_id::ECDSA_P256, KeyKind::P256),
        (alg_id::ECDSA_P384, KeyKind::P384),
        (alg_id::ED25519, KeyKind::Ed25519),
    ] {
        if key.algorithm == algorithm.as_ref() {
            return Ok(kind);
        }
    }
    if key.algorithm == alg_id::RSA_ENCRYPTION.as_ref() {
        let bits = key.rsa_bits().map_err(|_| CertificateError::BadEncoding)?;
        return Ok(KeyKind::Rsa { bits });
    }
    let mut identifier = Der::new(key.algorithm);
    match identifier.expect(Tag::OBJECT_IDENTIFIER) {
        Ok(id) if id.content == RSASSA_PSS => Ok(KeyKind::RsaPss),
        Ok(_) => Ok(KeyKind::Other),
        Err(_) => Err(CertificateError::BadEncoding),
    }
}

/// 1.2.840.113549.1.1.10
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];

/// Object identifiers of signatures, and of the hashes in the parameters of RSASSA-PSS, with a long hash.
/// What is not here has SHA-256, or counts as if.
const LONG_HASHES: [(&[u8], HashAlgorithm); 6] = [
    // sha384WithRSAEncryption, sha512WithRSAEncryption
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12], HashAlgorithm::Sha384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13], HashAlgorithm::Sha512),
    // ecdsa-with-SHA384, ecdsa-with-SHA512
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], HashAlgorithm::Sha384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], HashAlgorithm::Sha512),
    // id-sha384, id-sha512
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2], HashAlgorithm::Sha384),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3], HashAlgorithm::Sha512),
];

/// The hash of a signature algorithm, given as the content of an AlgorithmIdentifier.
fn hash_of(algorithm: &[u8]) -> HashAlgorithm {
    let mut identifier = Der::new(algorithm);
    let Ok(mut id) = identifier.expect(Tag::OBJECT_IDENTIFIER).map(|id| id.content) else {
        return HashAlgorithm::Sha256;
    };
    if id == RSASSA_PSS {
        // RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] HashAlgorithm DEFAULT sha1, .. } (RFC 4055, 3.1)
        let hash = identifier
            .enter(Tag::SEQUENCE)
            .and_then(|mut parameters| parameters.enter(Tag::explicit(0)))
            .and_then(|mut hash| hash.enter(Tag::SEQUENCE))
            .and_then(|mut hash| hash.expect(Tag::OBJECT_IDENTIFIER));
        id = hash.map_or(&[], |hash| hash.content);
    }
    LONG_HASHES.iter().find(|(known, _)| *known == id).map_or(HashAlgorithm::Sha256, |(_, hash)| *hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_point_hash_is_that_of_the_signature_and_sha_256_at_least() {
        for (algorithm, hash) in [
            (alg_id::RSA_PKCS1_SHA256, HashAlgorithm::Sha256),
            (alg_id::RSA_PKCS1_SHA384, HashAlgorithm::Sha384),
            (alg_id::RSA_PKCS1_SHA512, HashAlgorithm::Sha512),
            (alg_id::RSA_PSS_SHA256, HashAlgorithm::Sha256),
            (alg_id::RSA_PSS_SHA384, HashAlgorithm::Sha384),
            (alg_id::RSA_PSS_SHA512, HashAlgorithm::Sha512),
            (alg_id::ECDSA_SHA256, HashAlgorithm::Sha256),
            (alg_id::ECDSA_SHA384, HashAlgorithm::Sha384),
            (alg_id::ECDSA_SHA512, HashAlgorithm::Sha512),
            (alg_id::ED25519, HashAlgorithm::Sha256),
        ] {
            assert_eq!(hash_of(algorithm.as_ref()), hash, "{algorithm:?}");
        }
        // sha1WithRSAEncryption, and RSASSA-PSS whose parameters are all defaults, that is SHA-1
        let sha1 = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0];
        let pss = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10, 0x30, 0];
        for algorithm in [&sha1[..], &pss, &[], &[6, 40]] {
            assert_eq!(hash_of(algorithm), HashAlgorithm::Sha256);
        }
    }
}
