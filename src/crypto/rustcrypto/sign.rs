//! Signing with ECDSA and Ed25519.

use alloc::{boxed::Box, vec::Vec};

use ecdsa::hazmat::sign_prehashed_rfc6979;
use ed25519_dalek::Signer;
use p256::pkcs8::EncodePublicKey;
use sha2::{Digest, Sha256, Sha384};
use zeroize::Zeroize;

use super::{
    parse::{Parsed, SigningKeys},
    sign_rsa::RsaKey,
};
use crate::{
    crypto::{
        secret::overwrite_stack,
        sign::{KeyError, SignError, Signature, SigningKey},
    },
    wire::SignatureScheme,
};

/// The signing keys of this provider.
pub(super) struct Keys;

impl SigningKeys for Keys {
    fn p256(key: p256::SecretKey) -> Parsed {
        Ok(Box::new(P256Key::new(key)?))
    }

    fn p384(key: p384::SecretKey) -> Parsed {
        Ok(Box::new(P384Key::new(key)?))
    }

    fn ed25519(key: ed25519_dalek::SigningKey) -> Parsed {
        Ok(Box::new(Ed25519Key::new(key)?))
    }

    fn rsa(key: rsa::RsaPrivateKey) -> Parsed {
        Ok(Box::new(RsaKey::new(key)?))
    }
}

/// A key of ECDSA on one curve, which signs with a function of the form of [`sign_prehashed_rfc6979`].
///
/// In TLS 1.2 a scheme names a hash and no curve (RFC 5246, 7.4.1.4.1), so each key signs with either hash; first
/// with the one that is as strong as the curve. The nonce is that of RFC 6979, with the hash of the scheme.
macro_rules! ecdsa_key {
    ($name:ident, $curve:ident, $nist:ident, [$first:ident, $second:ident], $sign:ident) => {
        /// A private key; the scalar wipes itself on drop.
        pub(in crate::crypto) struct $name {
            secret: $curve::SecretKey,
            public_key: Vec<u8>,
        }

        impl $name {
            pub(in crate::crypto) fn new(secret: $curve::SecretKey) -> Result<Self, KeyError> {
                let public_key =
                    secret.public_key().to_public_key_der().map_err(|_| KeyError::BadEncoding)?.into_vec();
                Ok(Self { secret, public_key })
            }
        }

        impl SigningKey for $name {
            fn schemes(&self) -> &'static [SignatureScheme] {
                &[SignatureScheme::$first, SignatureScheme::$second]
            }

            fn public_key(&self) -> Vec<u8> {
                self.public_key.clone()
            }

            fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Signature, SignError> {
                let mut secret = self.secret.to_nonzero_scalar();
                let signature = match scheme {
                    SignatureScheme::ECDSA_SECP256R1_SHA256 => {
                        Some($sign::<$curve::$nist, Sha256>(&secret, &Sha256::digest(message), &[]).0)
                    }
                    SignatureScheme::ECDSA_SECP384R1_SHA384 => {
                        Some($sign::<$curve::$nist, Sha384>(&secret, &Sha384::digest(message), &[]).0)
                    }
                    _ => None,
                };
                secret.zeroize();
                signature.map(|made| Signature(made.to_der().as_bytes().to_vec())).ok_or(SignError)
            }
        }
    };
}

#[allow(unused_imports, reason = "for the provider on graviola, where there is one")]
pub(in crate::crypto) use ecdsa_key;

ecdsa_key!(P256Key, p256, NistP256, [ECDSA_SECP256R1_SHA256, ECDSA_SECP384R1_SHA384], sign_prehashed_rfc6979);
ecdsa_key!(P384Key, p384, NistP384, [ECDSA_SECP384R1_SHA384, ECDSA_SECP256R1_SHA256], sign_prehashed_rfc6979);

/// A private key of Ed25519 (RFC 8032, 5.1); wipes itself on drop.
pub(super) struct Ed25519Key {
    key: ed25519_dalek::SigningKey,
    public_key: Vec<u8>,
}

impl Ed25519Key {
    pub(super) fn new(key: ed25519_dalek::SigningKey) -> Result<Self, KeyError> {
        let public_key =
            key.verifying_key().to_public_key_der().map_err(|_| KeyError::BadEncoding)?.into_vec();
        Ok(Self { key, public_key })
    }
}

impl SigningKey for Ed25519Key {
    fn schemes(&self) -> &'static [SignatureScheme] {
        &[SignatureScheme::ED25519]
    }

    fn public_key(&self) -> Vec<u8> {
        self.public_key.clone()
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Signature, SignError> {
        if scheme != SignatureScheme::ED25519 {
            return Err(SignError);
        }
        let signature = self.key.sign(message).to_bytes().to_vec();
        // The crate of the signature makes its scalar and its prefix anew each time, and passes them on by value.
        overwrite_stack();
        Ok(Signature(signature))
    }
}
