//! Private keys in their encodings: PKCS#8 (RFC 5958), SEC1 (RFC 5915) and PKCS#1 (RFC 8017, A.1.2).

use alloc::boxed::Box;

use p256::{
    elliptic_curve::{
        ALGORITHM_OID as EC_PUBLIC_KEY,
        pkcs8::{
            AssociatedOid, ObjectIdentifier, PrivateKeyInfoRef,
            der::{self, Decode, Reader, SliceReader, TagNumber, asn1::OctetStringRef},
        },
    },
    pkcs8::DecodePrivateKey,
};
use pki_types::PrivateKeyDer;
use rsa::{RsaPrivateKey, pkcs1::DecodeRsaPrivateKey};

use crate::crypto::sign::{KeyError, SigningKey};

const BAD: KeyError = KeyError::BadEncoding;

pub(in crate::crypto) type Parsed = Result<Box<dyn SigningKey>, KeyError>;

/// What a provider makes of private keys that parsed.
pub(in crate::crypto) trait SigningKeys {
    fn p256(key: p256::SecretKey) -> Parsed;
    fn p384(key: p384::SecretKey) -> Parsed;
    fn ed25519(key: ed25519_dalek::SigningKey) -> Parsed;
    /// Of any size.
    fn rsa(key: RsaPrivateKey) -> Parsed;
}

/// Parses a private key in any of the encodings.
pub(in crate::crypto) fn signing_key<K: SigningKeys>(key: PrivateKeyDer<'_>) -> Parsed {
    match &key {
        PrivateKeyDer::Pkcs8(key) => pkcs8::<K>(key.secret_pkcs8_der()),
        PrivateKeyDer::Sec1(key) => sec1::<K>(key.secret_sec1_der()),
        PrivateKeyDer::Pkcs1(key) => made(K::rsa, RsaPrivateKey::from_pkcs1_der(key.secret_pkcs1_der()).ok()),
        _ => Err(KeyError::UnsupportedKind),
    }
}

fn pkcs8<K: SigningKeys>(der: &[u8]) -> Parsed {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| BAD)?;
    match info.algorithm.oid {
        EC_PUBLIC_KEY => match info.algorithm.parameters_oid().map_err(|_| BAD)? {
            p256::NistP256::OID => made(K::p256, info.try_into().ok()),
            p384::NistP384::OID => made(K::p384, info.try_into().ok()),
            _ => Err(KeyError::UnsupportedKind),
        },
        ed25519_dalek::pkcs8::ALGORITHM_OID => {
            made(K::ed25519, ed25519_dalek::SigningKey::from_pkcs8_der(der).ok())
        }
        rsa::pkcs1::ALGORITHM_OID => made(K::rsa, info.try_into().ok()),
        _ => Err(KeyError::UnsupportedKind),
    }
}

fn sec1<K: SigningKeys>(der: &[u8]) -> Parsed {
    match sec1_curve(der).map_err(|_| BAD)? {
        p256::NistP256::OID => made(K::p256, p256::SecretKey::from_sec1_der(der).ok()),
        p384::NistP384::OID => made(K::p384, p384::SecretKey::from_sec1_der(der).ok()),
        _ => Err(KeyError::UnsupportedKind),
    }
}

/// The curve of an ECPrivateKey: the one that it names, or else the one whose private values have its length.
fn sec1_curve(der: &[u8]) -> der::Result<ObjectIdentifier> {
    let mut reader = SliceReader::new(der)?;
    reader.sequence(|fields| {
        fields.decode::<u8>()?;
        let value: &OctetStringRef = fields.decode()?;
        let named = fields.context_specific::<ObjectIdentifier>(TagNumber(0), der::TagMode::Explicit)?;
        fields.drain(fields.remaining_len())?;
        // RFC 5915, 3: "privateKey is the private key. It is an octet string of length ceiling (log2(n)/8)"
        let by_length = if value.as_bytes().len() == 48 { p384::NistP384::OID } else { p256::NistP256::OID };
        Ok(named.unwrap_or(by_length))
    })
}

fn made<T>(make: fn(T) -> Parsed, key: Option<T>) -> Parsed {
    make(key.ok_or(BAD)?)
}
