//! Verifying with ECDSA and RSA.

use ::graviola::{
    hashing::{Hash, Sha256, Sha384, Sha512},
    signing::{
        ecdsa::{P256, P384, VerifyingKey},
        rsa,
    },
};
use ::rsa::{pkcs1::RsaPublicKeyRef, pkcs8::der::Decode};
use pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use super::CleanRegisters;
use crate::{
    crypto::{
        rustcrypto::verify::{self as portable, ED25519},
        verify::{SchemeVerifiers, tables},
    },
    wire::SignatureScheme,
};

tables!();

static ECDSA_P256_SHA256: Faster = Faster { portable: &portable::ECDSA_P256_SHA256, verify: p256::<Sha256> };
static ECDSA_P256_SHA384: Faster = Faster { portable: &portable::ECDSA_P256_SHA384, verify: p256::<Sha384> };
static ECDSA_P256_SHA512: Faster = Faster { portable: &portable::ECDSA_P256_SHA512, verify: p256::<Sha512> };
static ECDSA_P384_SHA256: Faster = Faster { portable: &portable::ECDSA_P384_SHA256, verify: p384::<Sha256> };
static ECDSA_P384_SHA384: Faster = Faster { portable: &portable::ECDSA_P384_SHA384, verify: p384::<Sha384> };
static ECDSA_P384_SHA512: Faster = Faster { portable: &portable::ECDSA_P384_SHA512, verify: p384::<Sha512> };
static RSA_PSS_SHA256: Faster = Faster {
    portable: &portable::RSA_PSS_SHA256,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pss_sha256(signature, message).is_ok()),
};
static RSA_PSS_SHA384: Faster = Faster {
    portable: &portable::RSA_PSS_SHA384,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pss_sha384(signature, message).is_ok()),
};
static RSA_PSS_SHA512: Faster = Faster {
    portable: &portable::RSA_PSS_SHA512,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pss_sha512(signature, message).is_ok()),
};
static RSA_PKCS1_SHA256: Faster = Faster {
    portable: &portable::RSA_PKCS1_SHA256,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pkcs1_sha256(signature, message).is_ok()),
};
static RSA_PKCS1_SHA256_ABSENT_PARAMETERS: Faster = Faster {
    portable: &portable::RSA_PKCS1_SHA256_ABSENT_PARAMETERS,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pkcs1_sha256(signature, message).is_ok()),
};
static RSA_PKCS1_SHA384: Faster = Faster {
    portable: &portable::RSA_PKCS1_SHA384,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pkcs1_sha384(signature, message).is_ok()),
};
static RSA_PKCS1_SHA384_ABSENT_PARAMETERS: Faster = Faster {
    portable: &portable::RSA_PKCS1_SHA384_ABSENT_PARAMETERS,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pkcs1_sha384(signature, message).is_ok()),
};
static RSA_PKCS1_SHA512: Faster = Faster {
    portable: &portable::RSA_PKCS1_SHA512,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pkcs1_sha512(signature, message).is_ok()),
};
static RSA_PKCS1_SHA512_ABSENT_PARAMETERS: Faster = Faster {
    portable: &portable::RSA_PKCS1_SHA512_ABSENT_PARAMETERS,
    verify: |key, message, signature| Some(rsa_key(key)?.verify_pkcs1_sha512(signature, message).is_ok()),
};

/// Whether the signature, the last one, of the message, the second, is of the key, the first; `None` for a key that
/// graviola does not take.
type Verify = fn(&[u8], &[u8], &[u8]) -> Option<bool>;

/// An algorithm of the portable provider that graviola computes.
#[derive(Debug)]
struct Faster {
    portable: &'static dyn SignatureVerificationAlgorithm,
    verify: Verify,
}

impl SignatureVerificationAlgorithm for Faster {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let _registers = CleanRegisters;
        match (self.verify)(public_key, message, signature) {
            Some(true) => Ok(()),
            Some(false) => Err(InvalidSignature),
            None => self.portable.verify_signature(public_key, message, signature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.portable.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.portable.signature_alg_id()
    }
}

/// ECDSA over P-256. The portable provider decides what is DER, so that both refuse the same.
fn p256<H: Hash>(public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    // RFC 8422, 5.1.2: only the uncompressed format; no other is taken in here.
    let key = VerifyingKey::<P256>::from_x962_uncompressed(public_key).ok()?;
    let signature = ::p256::ecdsa::Signature::from_der(signature).ok()?.to_bytes();
    Some(key.verify::<H>(&[message], &signature).is_ok())
}

/// The same over P-384.
fn p384<H: Hash>(public_key: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = VerifyingKey::<P384>::from_x962_uncompressed(public_key).ok()?;
    let signature = ::p384::ecdsa::Signature::from_der(signature).ok()?.to_bytes();
    Some(key.verify::<H>(&[message], &signature).is_ok())
}

/// A key of 2048 to 8192 bits in steps of 512; all others are left to the portable provider: graviola counts whole bytes,
/// and an encoded message of PSS is one bit shorter than its modulus (RFC 8017, 8.1.2).
fn rsa_key(public_key: &[u8]) -> Option<rsa::VerifyingKey> {
    let modulus = RsaPublicKeyRef::from_der(public_key).ok()?.modulus;
    let bytes = modulus.as_bytes();
    let fits = (256..=1024).contains(&bytes.len())
        && bytes.len().is_multiple_of(64)
        && bytes.first().is_some_and(|first| *first >= 0x80);
    fits.then(|| rsa::VerifyingKey::from_pkcs1_der(public_key).ok()).flatten()
}
