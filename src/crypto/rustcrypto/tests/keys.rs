//! Private keys: their encodings, what they sign, and who verifies it.
//!
//! The keys were made with `openssl genpkey`, the other encodings and the public keys of them with `openssl pkey`.

use alloc::{boxed::Box, format, vec::Vec};

use p256::pkcs8::{
    SubjectPublicKeyInfoRef,
    der::{Decode, Encode, asn1::UintRef},
};
use pki_types::{
    PrivateKeyDer, PrivatePkcs1KeyDer, PrivateSec1KeyDer, SignatureVerificationAlgorithm,
    SubjectPublicKeyInfoDer, pem::PemObject,
};

use rsa::BoxedUint;

use super::{hex, providers};
use crate::{
    crypto::{
        HashAlgorithm, KeyError, LocalKey, Provider, RUSTCRYPTO, Sign, SignError, Signature,
        SignatureRequest, schemes,
    },
    wire::SignatureScheme,
};

pub(super) const P256: &str = include_str!("../testdata/p256.pkcs8.pem");
const P256_SEC1: &str = include_str!("../testdata/p256.sec1.pem");
pub(super) const P384: &str = include_str!("../testdata/p384.pkcs8.pem");
const P384_SEC1: &str = include_str!("../testdata/p384.sec1.pem");
pub(super) const ED25519: &str = include_str!("../testdata/ed25519.pkcs8.pem");
pub(super) const RSA: &str = include_str!("../testdata/rsa2048.pkcs8.pem");
const RSA_PKCS1: &str = include_str!("../testdata/rsa2048.pkcs1.pem");
/// Of 2049 bits, by primes of 1025 and 1024 from `openssl prime`. One bit longer than whole bytes: where RFC 8017 has an encoded message one byte shorter than the modulus.
pub(super) const RSA_2049: &str = include_str!("../testdata/rsa2049.pkcs8.pem");

/// The schemes of RSASSA-PSS.
pub(super) const SALTED: [SignatureScheme; 3] = [
    SignatureScheme::RSA_PSS_RSAE_SHA256,
    SignatureScheme::RSA_PSS_RSAE_SHA384,
    SignatureScheme::RSA_PSS_RSAE_SHA512,
];

fn key(provider: &'static Provider, pem: &str) -> Result<LocalKey, KeyError> {
    LocalKey::new(provider, PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap())
}

pub(super) fn sign(key: &LocalKey, scheme: SignatureScheme, message: &[u8]) -> Result<Signature, SignError> {
    key.sign(&SignatureRequest { credential: "test".into(), scheme, message: message.to_vec() })
}

#[test]
fn every_encoding_of_a_key_gives_the_public_key_that_openssl_gives() {
    for provider in providers() {
        let p256 = include_str!("../testdata/p256.spki.pem");
        let p384 = include_str!("../testdata/p384.spki.pem");
        let rsa = include_str!("../testdata/rsa2048.spki.pem");
        for (private, public) in [
            (P256, p256),
            (P256_SEC1, p256),
            (P384, p384),
            (P384_SEC1, p384),
            (ED25519, include_str!("../testdata/ed25519.spki.pem")),
            (RSA, rsa),
            (RSA_PKCS1, rsa),
        ] {
            let public = SubjectPublicKeyInfoDer::from_pem_slice(public.as_bytes()).unwrap();
            assert_eq!(key(provider, private).unwrap().public_key(), public.as_ref());
        }
    }
}

#[test]
fn a_sec1_key_that_names_no_curve_is_told_by_its_length() {
    for provider in providers() {
        // RFC 5915, 3: version 1 and the private key; the parameters and the public key are optional.
        for (header, len, alg_id) in [
            ("3025020101 0420", 32, pki_types::alg_id::ECDSA_P256),
            ("3035020101 0430", 48, pki_types::alg_id::ECDSA_P384),
        ] {
            let der = [hex(header), [7].repeat(len)].concat();
            let key = LocalKey::new(provider, PrivateSec1KeyDer::from(der).into()).unwrap();
            assert!(public_parts(&key).0 == alg_id.as_ref());
        }
    }
}

#[test]
fn keys_of_other_kinds_and_sizes_are_told_apart() {
    for provider in providers() {
        for (private, error) in [
            (include_str!("../testdata/p521.pkcs8.pem"), KeyError::UnsupportedKind),
            (include_str!("../testdata/p521.sec1.pem"), KeyError::UnsupportedKind),
            (include_str!("../testdata/x25519.pkcs8.pem"), KeyError::UnsupportedKind),
            // id-RSASSA-PSS: such a key must not sign rsa_pss_rsae_* (RFC 8446, 4.2.3).
            (include_str!("../testdata/rsapss.pkcs8.pem"), KeyError::UnsupportedKind),
            (include_str!("../testdata/rsa2047.pkcs8.pem"), KeyError::RsaSize),
        ] {
            assert_eq!(key(provider, private).unwrap_err(), error);
        }
    }
}

#[test]
fn a_key_that_is_cut_or_changed_does_not_parse() {
    for provider in providers() {
        for pem in [P256, P256_SEC1, P384, P384_SEC1, ED25519, RSA, RSA_PKCS1] {
            let whole = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
            let again = |der: Vec<u8>| match &whole {
                PrivateKeyDer::Pkcs8(_) => PrivateKeyDer::Pkcs8(der.into()),
                PrivateKeyDer::Sec1(_) => PrivateKeyDer::Sec1(der.into()),
                _ => PrivateKeyDer::Pkcs1(der.into()),
            };
            let der = whole.secret_der();
            let longer = [der, &[0]].concat();
            for bad in [&[], &der[..1], &der[..der.len() / 2], &der[..der.len() - 1], &longer] {
                assert_eq!(LocalKey::new(provider, again(bad.to_vec())).unwrap_err(), KeyError::BadEncoding);
            }
        }
        // A private value of zero is none.
        let zero = PrivateSec1KeyDer::from([hex("3025020101 0420"), [0].repeat(32)].concat());
        assert_eq!(LocalKey::new(provider, zero.into()).unwrap_err(), KeyError::BadEncoding);
        let empty = PrivatePkcs1KeyDer::from(hex("3000"));
        assert_eq!(LocalKey::new(provider, empty.into()).unwrap_err(), KeyError::BadEncoding);
    }
}

/// The algorithm identifier and the bits of a public key.
pub(super) fn public_parts(key: &LocalKey) -> (Vec<u8>, Vec<u8>) {
    let spki = key.public_key();
    let spki = SubjectPublicKeyInfoRef::from_der(&spki).unwrap();
    // A SEQUENCE of less than 128 bytes: its identifier and its length take one byte each.
    let algorithm = spki.algorithm.to_der().unwrap().split_off(2);
    (algorithm, spki.subject_public_key.as_bytes().unwrap().to_vec())
}

/// What verifies `scheme` with this kind of key.
pub(super) fn verifier(
    provider: &Provider,
    scheme: SignatureScheme,
    key: &[u8],
) -> Option<&'static dyn SignatureVerificationAlgorithm> {
    provider.verifiers(scheme).iter().copied().find(|known| known.public_key_alg_id().as_ref() == key)
}

#[test]
fn what_a_key_signs_is_verified_under_its_scheme_only() {
    for provider in providers() {
        for pem in [P256, P384, ED25519, RSA, RSA_2049] {
            let key = key(provider, pem).unwrap();
            let (kind, public_key) = public_parts(&key);
            for scheme in provider.schemes() {
                let signed = sign(&key, scheme, b"message");
                if !key.schemes().contains(&scheme) {
                    assert_eq!(signed, Err(SignError), "{scheme}");
                    assert!(verifier(provider, scheme, &kind).is_none(), "{scheme}");
                    continue;
                }
                let signature = signed.unwrap().0;
                let verify = |scheme, message: &[u8], signature: &[u8]| {
                    let verifier = verifier(provider, scheme, &kind).unwrap();
                    verifier.verify_signature(&public_key, message, signature).is_ok()
                };
                assert!(verify(scheme, b"message", &signature), "{scheme}");
                assert!(!verify(scheme, b"massage", &signature), "{scheme}");
                assert!(!verify(scheme, b"message", &signature[..signature.len() - 1]), "{scheme}");
                assert!(!verify(scheme, b"message", &[&signature[..], &[0]].concat()), "{scheme}");
                for other in key.schemes().iter().filter(|other| **other != scheme) {
                    assert!(!verify(*other, b"message", &signature), "{scheme} under {other}");
                }
            }
        }
    }
}

#[test]
fn keys_list_what_they_sign_with_best_first() {
    for provider in providers() {
        use SignatureScheme as S;
        let rsa = [
            S::RSA_PSS_RSAE_SHA256,
            S::RSA_PSS_RSAE_SHA384,
            S::RSA_PSS_RSAE_SHA512,
            S::RSA_PKCS1_SHA256,
            S::RSA_PKCS1_SHA384,
            S::RSA_PKCS1_SHA512,
        ];
        assert_eq!(
            key(provider, P256).unwrap().schemes(),
            [S::ECDSA_SECP256R1_SHA256, S::ECDSA_SECP384R1_SHA384]
        );
        assert_eq!(
            key(provider, P384).unwrap().schemes(),
            [S::ECDSA_SECP384R1_SHA384, S::ECDSA_SECP256R1_SHA256]
        );
        assert_eq!(key(provider, ED25519).unwrap().schemes(), [S::ED25519]);
        assert_eq!(key(provider, RSA).unwrap().schemes(), rsa);
        let all: Vec<_> = provider.schemes().collect();
        assert_eq!(all[..3], [S::ECDSA_SECP256R1_SHA256, S::ECDSA_SECP384R1_SHA384, S::ED25519]);
        assert_eq!(all[3..], rsa);
    }
}

#[test]
fn the_same_request_gets_the_same_signature_whatever_the_encoding_of_the_key() {
    for provider in providers() {
        for (one, other) in [(P256, P256_SEC1), (P384, P384_SEC1), (ED25519, ED25519), (RSA, RSA_PKCS1)] {
            let (one, other) = (key(provider, one).unwrap(), key(provider, other).unwrap());
            for scheme in one.schemes() {
                let [first, second] = [&one, &other].map(|key| sign(key, *scheme, b"message").unwrap());
                // graviola has no PSS but with a random salt.
                let salted = provider.name() == "graviola" && SALTED.contains(scheme);
                assert_eq!(first != second, salted, "{scheme}");
                assert_ne!(sign(&one, *scheme, b"message"), sign(&one, *scheme, b"massage"), "{scheme}");
            }
        }
    }
}

/// `r` and `s` as an Ecdsa-Sig-Value whose integers both need, or both need no, byte of zeros in front.
fn ecdsa_value(r: &str, s: &str) -> Vec<u8> {
    let integer = |digits: &str| {
        let mut bytes = hex(digits);
        if bytes[0] >= 0x80 {
            bytes.insert(0, 0);
        }
        [&[2, bytes.len() as u8], &bytes[..]].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [&[0x30, body.len() as u8], &body[..]].concat()
}

#[test]
fn ecdsa_agrees_with_rfc_6979() {
    for provider in providers() {
        use SignatureScheme as S;
        let p256 = "3031020101 0420 c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721
                a00a06082a8648ce3d030107";
        let p384 = "303e020101 0430 6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d8
                96d5724e4c70a825f872c9ea60d2edf5 a00706052b81040022";
        for (key, scheme, r, s) in [
            // A.2.5, message "sample".
            (
                p256,
                S::ECDSA_SECP256R1_SHA256,
                "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
                "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
            ),
            (
                p256,
                S::ECDSA_SECP384R1_SHA384,
                "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
                "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954",
            ),
            // A.2.6, message "sample".
            (
                p384,
                S::ECDSA_SECP256R1_SHA256,
                "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd",
                "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0",
            ),
            (
                p384,
                S::ECDSA_SECP384R1_SHA384,
                "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46",
                "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
            ),
        ] {
            let key = LocalKey::new(provider, PrivateSec1KeyDer::from(hex(key)).into()).unwrap();
            assert_eq!(sign(&key, scheme, b"sample").unwrap().0, ecdsa_value(r, s), "{scheme}");
        }
    }
}

#[test]
fn ed25519_agrees_with_rfc_8032() {
    for provider in providers() {
        // 7.1, tests 1 and 2; the headers are those of RFC 8410, 7.
        for (secret, public, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            &[][..],
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b
             d25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            &[0x72],
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c
             387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ] {
        let der = hex(&format!("302e020100300506032b657004220420{secret}"));
        let key = LocalKey::new(provider, PrivateKeyDer::Pkcs8(der.into())).unwrap();
        assert_eq!(public_parts(&key).1, hex(public));
        assert_eq!(sign(&key, SignatureScheme::ED25519, message).unwrap().0, hex(signature));
    }
    }
}

#[test]
fn an_ecdsa_signature_in_anything_but_der_is_refused() {
    for provider in providers() {
        let key = key(provider, P256).unwrap();
        let (kind, public_key) = public_parts(&key);
        let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
        let verifier = verifier(provider, scheme, &kind).unwrap();
        let good = sign(&key, scheme, b"message").unwrap().0;
        let accepts =
            |signature: &[u8]| verifier.verify_signature(&public_key, b"message", signature).is_ok();
        assert!(accepts(&good));
        let mut long_length = good.clone();
        long_length.splice(1..2, [0x81, good[1]]);
        let mut padded = good.clone();
        padded[1] += 1;
        padded[3] += 1;
        padded.insert(4, 0);
        let mut negative = ecdsa_value("01", "01");
        negative[4] = 0x80;
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        let [zero_r, zero_s] = [ecdsa_value("00", "01"), ecdsa_value("01", "00")];
        let [large_r, large_s] = [ecdsa_value(order, "01"), ecdsa_value("01", order)];
        let raw = [1].repeat(64);
        for bad in [long_length, padded, negative, zero_r, zero_s, large_r, large_s, raw, Vec::new()] {
            assert!(!accepts(&bad));
        }
    }
}

#[test]
fn a_public_key_in_another_form_verifies_nothing() {
    for provider in providers() {
        let key = key(provider, P256).unwrap();
        let (kind, point) = public_parts(&key);
        let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
        let signature = sign(&key, scheme, b"message").unwrap().0;
        let accepts = |public_key: &[u8]| {
            verifier(provider, scheme, &kind)
                .unwrap()
                .verify_signature(public_key, b"message", &signature)
                .is_ok()
        };
        assert!(accepts(&point));
        let compressed = [&[2 | point[64] & 1], &point[1..33]].concat();
        let hybrid = [&[6 | point[64] & 1], &point[1..]].concat();
        for bad in [compressed, hybrid, point[..64].to_vec(), [4].repeat(65), Vec::from([0]), Vec::new()] {
            assert!(!accepts(&bad));
        }
    }
}

/// A public key of RSA of `len` bytes under which `signature`, made without any private key, is a good one of
/// `message`: its modulus is the difference between the cube of the signature and the encoded message.
fn forged(len: usize, message: &[u8]) -> (Vec<u8>, Vec<u8>) {
    // RFC 8017, 9.2: EM = 0x00 || 0x01 || PS || 0x00 || T, with the T of SHA-256 of note 1.
    let hash = RUSTCRYPTO.hash(HashAlgorithm::Sha256).hash(&[message]);
    let tail = [&hex("00 3031300d060960864801650304020105000420")[..], hash.as_ref()].concat();
    let encoded = [&[0, 1], &[0xff].repeat(len - 2 - tail.len())[..], &tail].concat();
    let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, 8 * u32::try_from(len).unwrap()).unwrap();
    let mut root = [&[0].repeat(len - len / 3)[..], &[0xff].repeat(len / 3)].concat();
    // The modulus must be odd, so one of its two terms is and the other is not.
    *root.last_mut().unwrap() ^= encoded.last().unwrap() & 1;
    let modulus =
        number(&root).wrapping_mul(number(&root)).wrapping_mul(number(&root)).wrapping_sub(number(&encoded));
    let modulus = modulus.to_be_bytes_trimmed_vartime();
    assert_eq!((modulus.len(), modulus[0] >> 7), (len, 1));
    let public_key = rsa::pkcs1::RsaPublicKeyRef {
        modulus: UintRef::new(&modulus).unwrap(),
        public_exponent: UintRef::new(&[3]).unwrap(),
    };
    (public_key.to_der().unwrap(), root)
}

#[test]
fn rsa_public_keys_of_2048_to_8192_bits_verify() {
    for provider in providers() {
        let verifier = provider.verifiers(SignatureScheme::RSA_PKCS1_SHA256)[0];
        for (len, fits) in
            [(126, false), (255, false), (258, true), (1023, true), (1026, false), (2049, false)]
        {
            let (public_key, signature) = forged(len, b"message");
            let verified = verifier.verify_signature(&public_key, b"message", &signature);
            assert_eq!(verified.is_ok(), fits, "{} bits", 8 * len);
        }
    }
}

#[test]
fn a_digest_is_the_message_under_the_hash_of_the_scheme() {
    for provider in providers() {
        for scheme in provider.schemes() {
            let request =
                SignatureRequest { credential: "test".into(), scheme, message: b"message".to_vec() };
            match schemes::hash(scheme) {
                Some(hash) => assert_eq!(request.digest(), provider.hash(hash).hash(&[b"message"]).as_ref()),
                None => {
                    assert_eq!(scheme, SignatureScheme::ED25519);
                    assert_eq!(request.digest(), b"message");
                }
            }
            assert!(schemes::authentication(scheme).is_some(), "{scheme}");
        }
        assert_eq!(schemes::hash(SignatureScheme::RSA_PKCS1_SHA1), None);
        assert_eq!(schemes::authentication(SignatureScheme::RSA_PKCS1_SHA1), None);
    }
}

#[test]
fn nothing_signs_or_verifies_with_sha_1() {
    for provider in providers() {
        let sha1: Box<[SignatureScheme]> =
            [SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1].into();
        for scheme in sha1 {
            assert!(provider.verifiers(scheme).is_empty());
            for pem in [P256, RSA] {
                assert_eq!(sign(&key(provider, pem).unwrap(), scheme, b"message"), Err(SignError));
            }
        }
    }
}

#[test]
fn debug_prints_no_key() {
    for provider in providers() {
        let printed = format!("{:?}", key(provider, ED25519).unwrap());
        assert_eq!(printed, "LocalKey { schemes: [ed25519], .. }");
    }
}
