//! Verifying with ECDSA, Ed25519 and RSA.

use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey, pkcs1::DecodeRsaPublicKey, traits::PublicKeyParts};
use sha2::{Sha256, Sha384, Sha512};

use super::sign_rsa::MODULUS_BITS;
use crate::{
    crypto::{
        suites::HashAlgorithm,
        verify::{SchemeVerifiers, tables},
    },
    wire::SignatureScheme,
};

use HashAlgorithm::{Sha256 as H256, Sha384 as H384, Sha512 as H512};

tables!();

pub(in crate::crypto) static ECDSA_P256_SHA256: Ecdsa = Ecdsa { curve: Curve::P256, hash: H256 };
pub(in crate::crypto) static ECDSA_P256_SHA384: Ecdsa = Ecdsa { curve: Curve::P256, hash: H384 };
pub(in crate::crypto) static ECDSA_P256_SHA512: Ecdsa = Ecdsa { curve: Curve::P256, hash: H512 };
pub(in crate::crypto) static ECDSA_P384_SHA256: Ecdsa = Ecdsa { curve: Curve::P384, hash: H256 };
pub(in crate::crypto) static ECDSA_P384_SHA384: Ecdsa = Ecdsa { curve: Curve::P384, hash: H384 };
pub(in crate::crypto) static ECDSA_P384_SHA512: Ecdsa = Ecdsa { curve: Curve::P384, hash: H512 };
pub(in crate::crypto) static ED25519: Ed25519 = Ed25519;
pub(in crate::crypto) static RSA_PSS_SHA256: Rsa =
    Rsa { padding: Padding::Pss, hash: H256, id: alg_id::RSA_PSS_SHA256 };
pub(in crate::crypto) static RSA_PSS_SHA384: Rsa =
    Rsa { padding: Padding::Pss, hash: H384, id: alg_id::RSA_PSS_SHA384 };
pub(in crate::crypto) static RSA_PSS_SHA512: Rsa =
    Rsa { padding: Padding::Pss, hash: H512, id: alg_id::RSA_PSS_SHA512 };
pub(in crate::crypto) static RSA_PKCS1_SHA256: Rsa =
    Rsa { padding: Padding::Pkcs1, hash: H256, id: alg_id::RSA_PKCS1_SHA256 };
pub(in crate::crypto) static RSA_PKCS1_SHA384: Rsa =
    Rsa { padding: Padding::Pkcs1, hash: H384, id: alg_id::RSA_PKCS1_SHA384 };
pub(in crate::crypto) static RSA_PKCS1_SHA512: Rsa =
    Rsa { padding: Padding::Pkcs1, hash: H512, id: alg_id::RSA_PKCS1_SHA512 };

// RFC 4055, 5: "When any of these four object identifiers appears within an AlgorithmIdentifier, the parameters
// MUST be NULL. Implementations MUST accept the parameters being absent as well as present."
pub(in crate::crypto) static RSA_PKCS1_SHA256_ABSENT_PARAMETERS: Rsa = Rsa {
    padding: Padding::Pkcs1,
    hash: H256,
    id: AlgorithmIdentifier::from_slice(&with_rsa_encryption(11)),
};
pub(in crate::crypto) static RSA_PKCS1_SHA384_ABSENT_PARAMETERS: Rsa = Rsa {
    padding: Padding::Pkcs1,
    hash: H384,
    id: AlgorithmIdentifier::from_slice(&with_rsa_encryption(12)),
};
pub(in crate::crypto) static RSA_PKCS1_SHA512_ABSENT_PARAMETERS: Rsa = Rsa {
    padding: Padding::Pkcs1,
    hash: H512,
    id: AlgorithmIdentifier::from_slice(&with_rsa_encryption(13)),
};

/// The object identifier 1.2.840.113549.1.1.`last`, in DER.
const fn with_rsa_encryption(last: u8) -> [u8; 11] {
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, last]
}

#[derive(Debug)]
enum Curve {
    P256,
    P384,
}

/// ECDSA with a key on one curve and one hash (RFC 8422, 5.10).
#[derive(Debug)]
pub(in crate::crypto) struct Ecdsa {
    curve: Curve,
    hash: HashAlgorithm,
}

/// Verifies on one curve, over a hash that is already made.
macro_rules! verify_ecdsa {
    ($curve:ident, $point_len:literal, $public_key:expr, $hash:expr, $signature:expr) => {{
        use $curve::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};
        let public_key: &[u8] = $public_key;
        // RFC 8422, 5.1.2: only the uncompressed format, whose first byte is 4.
        if public_key.len() != $point_len || public_key.first() != Some(&4) {
            return Err(InvalidSignature);
        }
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        // RFC 8422, 5.4: "Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }", in DER and in no other encoding;
        // both are from 1 to n - 1.
        let signature = Signature::from_der($signature).map_err(|_| InvalidSignature)?;
        key.verify_prehash($hash, &signature).map_err(|_| InvalidSignature)
    }};
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let hash = self.hash.of(message);
        match self.curve {
            Curve::P256 => verify_ecdsa!(p256, 65, public_key, hash.as_ref(), signature),
            Curve::P384 => verify_ecdsa!(p384, 97, public_key, hash.as_ref(), signature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        match self.curve {
            Curve::P256 => alg_id::ECDSA_P256,
            Curve::P384 => alg_id::ECDSA_P384,
        }
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self.hash {
            H256 => alg_id::ECDSA_SHA256,
            H384 => alg_id::ECDSA_SHA384,
            H512 => alg_id::ECDSA_SHA512,
        }
    }
}

/// Ed25519 (RFC 8032, 5.1.7).
#[derive(Debug)]
pub(in crate::crypto) struct Ed25519;

impl SignatureVerificationAlgorithm for Ed25519 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let public_key = public_key.try_into().map_err(|_| InvalidSignature)?;
        let signature = signature.try_into().map_err(|_| InvalidSignature)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(public_key).map_err(|_| InvalidSignature)?;
        // Strict: a key of small order would verify messages that nobody signed.
        key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
            .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ED25519
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ED25519
    }
}

#[derive(Debug)]
enum Padding {
    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.2).
    Pkcs1,
    /// RSASSA-PSS (RFC 8017, 8.1.2), with MGF1 over the same hash and a salt as long as the hash (RFC 8446, 4.2.3).
    Pss,
}

/// RSA with a key of 2048 to 8192 bits, of the kind rsaEncryption.
#[derive(Debug)]
pub(in crate::crypto) struct Rsa {
    padding: Padding,
    hash: HashAlgorithm,
    id: AlgorithmIdentifier,
}

impl SignatureVerificationAlgorithm for Rsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        // This refuses a modulus of more than 8192 bits and an exponent of more than 33 bits.
        let key = RsaPublicKey::from_pkcs1_der(public_key).map_err(|_| InvalidSignature)?;
        if !MODULUS_BITS.contains(&key.n().bits_vartime()) {
            return Err(InvalidSignature);
        }
        let hash = self.hash.of(message);
        let hash = hash.as_ref();
        match (&self.padding, self.hash) {
            (Padding::Pkcs1, H256) => key.verify(Pkcs1v15Sign::new::<Sha256>(), hash, signature),
            (Padding::Pkcs1, H384) => key.verify(Pkcs1v15Sign::new::<Sha384>(), hash, signature),
            (Padding::Pkcs1, H512) => key.verify(Pkcs1v15Sign::new::<Sha512>(), hash, signature),
            (Padding::Pss, H256) => key.verify(Pss::<Sha256>::new(), hash, signature),
            (Padding::Pss, H384) => key.verify(Pss::<Sha384>::new(), hash, signature),
            (Padding::Pss, H512) => key.verify(Pss::<Sha512>::new(), hash, signature),
        }
        .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.id
    }
}
