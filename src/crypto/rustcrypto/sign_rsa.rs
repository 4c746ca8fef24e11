//! Signing with RSA.

use alloc::vec::Vec;

use rsa::{
    Pkcs1v15Sign, Pss, RsaPrivateKey,
    pkcs1::EncodeRsaPrivateKey,
    pkcs8::EncodePublicKey,
    traits::{PublicKeyParts, SignatureScheme as Padding},
};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::drbg::Drbg;
use crate::{
    crypto::{
        hmac::HmacSha256,
        secret::Secret,
        sign::{KeyError, SignError, Signature, SigningKey},
    },
    wire::SignatureScheme,
};

/// How long a modulus may be, in bits.
pub(in crate::crypto) const MODULUS_BITS: core::ops::RangeInclusive<u32> = 2048..=8192;

/// What every key signs with, best first.
pub(in crate::crypto) const SCHEMES: &[SignatureScheme] = &[
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

/// A private key of RSA; wipes itself on drop.
///
/// The private operation is blinded, so that its time tells less about the key ("Marvin", RUSTSEC-2023-0071), and
/// its result is raised to the public exponent and compared before it leaves: one that a fault made wrong would
/// give the factors away.
pub(in crate::crypto) struct RsaKey {
    key: RsaPrivateKey,
    public_key: Vec<u8>,
    /// What salts and blinding are derived from.
    secret: Secret<32>,
}

impl RsaKey {
    pub(in crate::crypto) fn new(key: RsaPrivateKey) -> Result<Self, KeyError> {
        if !MODULUS_BITS.contains(&key.n().bits_vartime()) {
            return Err(KeyError::RsaSize);
        }
        let public_key = key.as_ref().to_public_key_der().map_err(|_| KeyError::BadEncoding)?.into_vec();
        // The same key gives the same signatures, whatever encoding it came in.
        let der = key.to_pkcs1_der().map_err(|_| KeyError::BadEncoding)?;
        let derived = HmacSha256::new(b"tls12 rsa signatures").sign(&[der.as_bytes()]);
        let secret = Secret::copy_of(derived.as_ref());
        Ok(Self { key, public_key, secret })
    }

    fn sign_with(&self, padding: impl Padding, rng: &mut Drbg, hash: &[u8]) -> Result<Signature, SignError> {
        self.key.sign_with_rng(rng, padding, hash).map(Signature).map_err(|_| SignError)
    }
}

impl SigningKey for RsaKey {
    fn schemes(&self) -> &'static [SignatureScheme] {
        SCHEMES
    }

    fn public_key(&self) -> Vec<u8> {
        self.public_key.clone()
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Signature, SignError> {
        let rng = &mut Drbg::new(&self.secret, scheme, message);
        match scheme {
            SignatureScheme::RSA_PSS_RSAE_SHA256 => {
                self.sign_with(Pss::<Sha256>::new(), rng, &Sha256::digest(message))
            }
            SignatureScheme::RSA_PSS_RSAE_SHA384 => {
                self.sign_with(Pss::<Sha384>::new(), rng, &Sha384::digest(message))
            }
            SignatureScheme::RSA_PSS_RSAE_SHA512 => {
                self.sign_with(Pss::<Sha512>::new(), rng, &Sha512::digest(message))
            }
            SignatureScheme::RSA_PKCS1_SHA256 => {
                self.sign_with(Pkcs1v15Sign::new::<Sha256>(), rng, &Sha256::digest(message))
            }
            SignatureScheme::RSA_PKCS1_SHA384 => {
                self.sign_with(Pkcs1v15Sign::new::<Sha384>(), rng, &Sha384::digest(message))
            }
            SignatureScheme::RSA_PKCS1_SHA512 => {
                self.sign_with(Pkcs1v15Sign::new::<Sha512>(), rng, &Sha512::digest(message))
            }
            _ => Err(SignError),
        }
    }
}

#[cfg(test)]
mod tests {
    use rsa::pkcs8::DecodePrivateKey;

    use super::*;

    /// RSASSA-PKCS1-v1_5 needs no randomness (RFC 8017, 8.2.1), so what is drawn blinds: a value of the modulus's length.
    #[test]
    fn the_private_operation_is_blinded_and_the_signature_does_not_tell() {
        let key = RsaPrivateKey::from_pkcs8_pem(include_str!("testdata/rsa2048.pkcs8.pem")).unwrap();
        let key = RsaKey::new(key).unwrap();
        let hash = Sha256::digest(b"message");
        let sign = |blinding: &[u8]| {
            let mut rng = Drbg::new(&key.secret, SignatureScheme::RSA_PKCS1_SHA256, blinding);
            let signature = key.sign_with(Pkcs1v15Sign::new::<Sha256>(), &mut rng, &hash).unwrap();
            (signature.0, rng.drawn())
        };
        let ((one, drawn), (other, _)) = (sign(b"one blinding"), sign(b"another"));
        assert!(drawn >= 256, "{drawn} bytes are drawn");
        assert_eq!(one, other);
    }
}
