//! Signing with ECDSA, Ed25519 and RSA.

use alloc::{boxed::Box, vec, vec::Vec};

use ::graviola::{
    key_agreement,
    signing::{eddsa::Ed25519SigningKey, rsa},
};
use ::rsa::{
    RsaPrivateKey,
    pkcs1::EncodeRsaPrivateKey,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use ecdsa::{
    EcdsaCurve,
    elliptic_curve::{
        CurveArithmetic, FieldBytes, NonZeroScalar, Scalar,
        array::typenum::Unsigned,
        bigint::{BitOps, Encoding},
        ff::PrimeField,
        ops::{Invert, Reduce},
    },
};
use p256::pkcs8::EncodePublicKey;
use sha2::{
    Digest, Sha256, Sha384,
    digest::{array::ArraySize, block_api::BlockSizeUser},
};
use zeroize::Zeroize;

use super::CleanRegisters;
use crate::{
    crypto::{
        rustcrypto::{
            parse::{Parsed, SigningKeys},
            sign::ecdsa_key,
            sign_rsa,
        },
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
        Ok(Box::new(Ed25519Key::new(&key)?))
    }

    fn rsa(key: RsaPrivateKey) -> Parsed {
        match RsaKey::new(&key) {
            Some(fast) => Ok(Box::new(fast)),
            None => Ok(Box::new(sign_rsa::RsaKey::new(key)?)),
        }
    }
}

ecdsa_key!(P256Key, p256, NistP256, [ECDSA_SECP256R1_SHA256, ECDSA_SECP384R1_SHA384], sign_rfc6979);
ecdsa_key!(P384Key, p384, NistP384, [ECDSA_SECP384R1_SHA384, ECDSA_SECP256R1_SHA256], sign_rfc6979);

/// A curve whose base point graviola multiplies.
trait BasePoint: EcdsaCurve + CurveArithmetic {
    /// The x coordinate of `k` times the base point, big endian; `None` if `k` is not from 1 to n - 1.
    fn x_of_multiple(k: &FieldBytes<Self>) -> Option<FieldBytes<Self>>;
}

impl BasePoint for p256::NistP256 {
    fn x_of_multiple(k: &FieldBytes<Self>) -> Option<FieldBytes<Self>> {
        let point = key_agreement::p256::StaticPrivateKey::from_bytes(k).ok()?.public_key_uncompressed();
        point.get(1..33)?.try_into().ok()
    }
}

impl BasePoint for p384::NistP384 {
    fn x_of_multiple(k: &FieldBytes<Self>) -> Option<FieldBytes<Self>> {
        let point = key_agreement::p384::StaticPrivateKey::from_bytes(k).ok()?.public_key_uncompressed();
        point.get(1..49)?.try_into().ok()
    }
}

/// ECDSA with the nonce of RFC 6979, 3.2; `hash` is that of the message, by `D`.
///
/// graviola's own ECDSA adds random bytes to the nonce, and the same request must get the same signature, so that a
/// handshake can be replayed. Almost all time goes into the multiple of the base point: that is graviola's,
/// the arithmetic modulo n is not.
fn sign_rfc6979<C, D>(secret: &NonZeroScalar<C>, hash: &[u8], data: &[u8]) -> (ecdsa::Signature<C>, ())
where
    C: BasePoint,
    D: Digest + BlockSizeUser,
    ecdsa::SignatureSize<C>: ArraySize,
{
    let _registers = CleanRegisters;
    let mut value = secret.to_repr();
    let order = C::ORDER;
    let mut nonces = rfc6979::KGenerator::<D, C::Uint>::new(&value, hash, data, &order);
    value.zeroize();
    loop {
        let mut k = FieldBytes::<C>::default();
        nonces.fill_next_k(&mut k);
        let signature = sign_with(secret, &k, hash);
        k.zeroize();
        if let Some(signature) = signature {
            return (signature, ());
        }
    }
}

/// SEC 1, 4.1.3, from step 2; `None` if another nonce is needed.
#[expect(clippy::arithmetic_side_effects, reason = "modulo n, in constant time")]
fn sign_with<C: BasePoint>(
    secret: &NonZeroScalar<C>,
    nonce: &FieldBytes<C>,
    hash: &[u8],
) -> Option<ecdsa::Signature<C>>
where
    ecdsa::SignatureSize<C>: ArraySize,
{
    let mut k = NonZeroScalar::<C>::from_repr(*nonce).into_option()?;
    let mut inverse = Invert::invert(&k);
    k.zeroize();
    let r = reduced::<C>(&C::x_of_multiple(nonce)?);
    let s = *inverse * (reduced::<C>(hash) + r * secret.as_ref());
    inverse.zeroize();
    // Both are from 1 to n - 1, or this fails.
    ecdsa::Signature::from_scalars(r, s).ok()
}

/// The leftmost bits of `bytes`, as many as the order has, modulo the order.
fn reduced<C: BasePoint>(bytes: &[u8]) -> Scalar<C> {
    let front = bytes.get(..C::FieldBytesSize::USIZE).unwrap_or(bytes);
    Scalar::<C>::reduce(&C::Uint::from_be_slice_truncated(front, C::ORDER.bits()))
}

/// A private key of Ed25519 (RFC 8032, 5.1); graviola wipes it on drop.
struct Ed25519Key {
    key: Ed25519SigningKey,
    public_key: Vec<u8>,
    _registers: CleanRegisters,
}

impl Ed25519Key {
    fn new(key: &ed25519_dalek::SigningKey) -> Result<Self, KeyError> {
        let public_key =
            key.verifying_key().to_public_key_der().map_err(|_| KeyError::BadEncoding)?.into_vec();
        let key = Ed25519SigningKey::from_bytes(key.as_bytes()).map_err(|_| KeyError::BadEncoding)?;
        Ok(Self { key, public_key, _registers: CleanRegisters })
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
        let _registers = CleanRegisters;
        match scheme {
            SignatureScheme::ED25519 => Ok(Signature(self.key.sign(message).to_vec())),
            _ => Err(SignError),
        }
    }
}

/// A private key of RSA; graviola wipes it on drop.
///
/// The private operation takes the same time for all messages and keys of one size, and its result is raised to the
/// public exponent and compared before it leaves.
struct RsaKey {
    key: rsa::SigningKey,
    public_key: Vec<u8>,
    _registers: CleanRegisters,
}

impl RsaKey {
    /// `None` for what graviola does not take or would not sign well with: PSS needs a modulus of whole bytes, and the
    /// Chinese remainder theorem, as computed there, two primes of the same length.
    fn new(key: &RsaPrivateKey) -> Option<Self> {
        let bits = key.n().bits_vartime();
        let primes = key.primes();
        let fits = sign_rsa::MODULUS_BITS.contains(&bits)
            && bits.is_multiple_of(512)
            && primes.len() == 2
            && primes.iter().all(|prime| prime.bits_vartime().checked_mul(2) == Some(bits));
        if !fits {
            return None;
        }
        let public_key = key.as_ref().to_public_key_der().ok()?.into_vec();
        let key = rsa::SigningKey::from_pkcs1_der(key.to_pkcs1_der().ok()?.as_bytes()).ok()?;
        Some(Self { key, public_key, _registers: CleanRegisters })
    }
}

impl SigningKey for RsaKey {
    fn schemes(&self) -> &'static [SignatureScheme] {
        sign_rsa::SCHEMES
    }

    fn public_key(&self) -> Vec<u8> {
        self.public_key.clone()
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Signature, SignError> {
        use SignatureScheme as S;
        let _registers = CleanRegisters;
        let mut signature = vec![0; self.key.modulus_len_bytes()];
        match scheme {
            S::RSA_PSS_RSAE_SHA256 => self.key.sign_pss_sha256(&mut signature, message),
            S::RSA_PSS_RSAE_SHA384 => self.key.sign_pss_sha384(&mut signature, message),
            S::RSA_PSS_RSAE_SHA512 => self.key.sign_pss_sha512(&mut signature, message),
            S::RSA_PKCS1_SHA256 => self.key.sign_pkcs1_sha256(&mut signature, message),
            S::RSA_PKCS1_SHA384 => self.key.sign_pkcs1_sha384(&mut signature, message),
            S::RSA_PKCS1_SHA512 => self.key.sign_pkcs1_sha512(&mut signature, message),
            _ => return Err(SignError),
        }
        .map_err(|_| SignError)?;
        Ok(Signature(signature))
    }
}
