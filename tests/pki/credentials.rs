//! What we show of ourselves, and what a leaf's key can do.

use std::sync::Arc;

use pki_types::ServerName;
use tls12::{
    crypto::{Authentication, RUSTCRYPTO, Sign, SignatureRequest},
    pki::{CertificateError, Credential, KeyKind, Leaf, SignatureFailure, VerifyPeer},
    wire::{NamedGroup, SignatureScheme},
};

use super::{
    common::certs::{Ca, Key, NOT_AFTER, NOT_BEFORE, Spec},
    web_pki,
};

#[test]
fn a_credential_knows_whose_names_its_issuers_have() {
    let (ca, other) = (Ca::new("root"), Ca::new("another root"));
    let credential = ca.intermediate("one").issue(&Spec::client("alice")).credential("alice");
    let names = |ca: &Ca| web_pki(ca).authorities();
    let issued_by = |names: &[Vec<u8>]| credential.issued_by_one_of(names.iter().map(Vec::as_slice));
    assert!(issued_by(&names(&ca)));
    assert!(!issued_by(&names(&other)));
    assert!(issued_by(&[names(&other), names(&ca)].concat()));
    assert!(issued_by(&names(&ca.intermediate("one"))));
    // RFC 5246, 7.4.4: an empty list lets the client choose.
    assert!(issued_by(&[]));
}

#[test]
fn a_credential_says_what_its_key_can_do() {
    use SignatureScheme as S;
    let ca = Ca::new("root");
    let of = |key| ca.issue(&Spec { key, ..Spec::server(&["a.example", "::1"]) }).credential("web");
    let p256 = [S::ECDSA_SECP256R1_SHA256, S::ECDSA_SECP384R1_SHA384];
    let p384 = [S::ECDSA_SECP384R1_SHA384, S::ECDSA_SECP256R1_SHA256];
    let rsa = [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601].map(SignatureScheme);
    for (key, kind, group, schemes) in [
        (Key::EcdsaP256, KeyKind::P256, Some(NamedGroup::SECP256R1), &p256[..]),
        (Key::EcdsaP384, KeyKind::P384, Some(NamedGroup::SECP384R1), &p384),
        (Key::Ed25519, KeyKind::Ed25519, None, &[S::ED25519]),
        (Key::Rsa2048, KeyKind::Rsa { bits: 2048 }, None, &rsa),
    ] {
        let credential = of(key);
        assert_eq!(credential.leaf().kind(), kind);
        assert_eq!((credential.group(), credential.schemes()), (group, schemes));
        let rsa_or_not = if key == Key::Rsa2048 { Authentication::Rsa } else { Authentication::Ecdsa };
        assert_eq!(credential.authentication(), rsa_or_not);
        assert_eq!((credential.leaf().not_before(), credential.leaf().not_after()), (NOT_BEFORE, NOT_AFTER));
    }
    let narrowed = of(Key::Rsa2048).with_schemes(&[
        S::RSA_PKCS1_SHA256,
        S::ED25519,
        S::RSA_PSS_RSAE_SHA512,
        S::RSA_PKCS1_SHA256,
    ]);
    assert_eq!(narrowed.schemes(), [S::RSA_PKCS1_SHA256, S::RSA_PSS_RSAE_SHA512]);
    assert_eq!(narrowed.names(), ["a.example", "::1"]);
}

#[test]
fn a_credential_is_for_its_names_and_its_key() {
    let ca = Ca::new("root");
    let issued = ca.issue(&Spec::server(&["a.example", "*.w.example", "127.0.0.1"]));
    let credential = issued.credential("web");
    for (name, is_for) in [
        ("a.example", true),
        ("x.w.example", true),
        ("127.0.0.1", true),
        ("b.example", false),
        ("w.example", false),
        ("::1", false),
    ] {
        assert_eq!(credential.is_for_name(&ServerName::try_from(name).unwrap()), is_for, "{name}");
    }
    assert!(credential.fits_key(&issued.local_key().public_key()));
    let other = ca.issue(&Spec::server(&["b.example"]));
    assert!(!credential.fits_key(&other.local_key().public_key()));
    assert_eq!((credential.name(), credential.ocsp()), ("web", None));
    assert_eq!(credential.clone().with_ocsp(vec![]).ocsp(), None);
    let stapled = credential.clone().with_ocsp(vec![1, 2]);
    assert_eq!((stapled.ocsp(), credential.ocsp()), (Some(&[1, 2][..]), None));
    assert!(Arc::ptr_eq(stapled.name_arc(), credential.name_arc()));
}

#[test]
fn a_chain_that_no_message_can_hold_is_no_credential() {
    let leaf = Ca::new("root").issue(&Spec::server(&["a.example"])).chain.remove(0);
    assert_eq!(Credential::new("k", vec![]).unwrap_err(), CertificateError::Missing);
    // 3 bytes of length for the list, and for each certificate: all in all 2^24 - 1 at most (RFC 5246, 7.4.2)
    let room = (1 << 24) - 1 - 3 - 3 - leaf.len() - 3;
    let with = |len| Credential::new("k", vec![leaf.clone(), vec![0; len].into()]).map(|_| ());
    assert_eq!(with(room), Ok(()));
    assert_eq!(with(room + 1), Err(CertificateError::TooLong));
    // opaque ASN.1Cert<1..2^24-1>
    assert_eq!(with(0), Err(CertificateError::BadEncoding));
}

#[test]
fn a_signature_is_verified_under_schemes_that_fit_the_key() {
    let ca = Ca::new("root");
    for (key, scheme, unfit) in [
        (Key::EcdsaP256, SignatureScheme::ECDSA_SECP256R1_SHA256, SignatureScheme::ED25519),
        (Key::EcdsaP256, SignatureScheme::ECDSA_SECP384R1_SHA384, SignatureScheme::RSA_PKCS1_SHA256),
        (Key::EcdsaP384, SignatureScheme::ECDSA_SECP256R1_SHA256, SignatureScheme::ECDSA_SHA1),
        (Key::Ed25519, SignatureScheme::ED25519, SignatureScheme::ECDSA_SECP256R1_SHA256),
        (Key::Rsa2048, SignatureScheme::RSA_PSS_RSAE_SHA256, SignatureScheme::ECDSA_SECP384R1_SHA384),
        (Key::Rsa2048, SignatureScheme::RSA_PKCS1_SHA512, SignatureScheme::RSA_PKCS1_SHA1),
    ] {
        let issued = ca.issue(&Spec { key, ..Spec::server(&["a.example"]) });
        let request = SignatureRequest { credential: "k".into(), scheme, message: b"message".to_vec() };
        let signature = issued.local_key().sign(&request).unwrap().0;
        let leaf = Leaf::parse(issued.leaf()).unwrap();
        let verify = |scheme, message: &[u8]| leaf.verify(&RUSTCRYPTO, scheme, message, &signature);
        assert_eq!(verify(scheme, b"message"), Ok(()), "{key:?} {scheme}");
        assert_eq!(verify(scheme, b"massage"), Err(SignatureFailure::Bad), "{key:?} {scheme}");
        assert_eq!(verify(unfit, b"message"), Err(SignatureFailure::UnfitScheme), "{key:?} {unfit}");
    }
}
