//! Certificates, good and bad, as credentials and as peers.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;
#[path = "pki/credentials.rs"]
mod credentials;
#[path = "pki/issuers.rs"]
mod issuers;

use common::certs::{Ca, Issued, Key, NOT_AFTER, NOT_BEFORE, NOW, Purpose, Spec, at, self_signed};
use pki_types::{CertificateDer, ServerName, pem::PemObject};
use rcgen::KeyUsagePurpose;
use tls12::{
    crypto::{HashAlgorithm, RUSTCRYPTO},
    pki::{
        CertificateError, Credential, KeyKind, Leaf, PresentedPeer, VerifyPeer, WebPki,
        dangerous::DangerousAcceptAny, describe,
    },
};

fn web_pki(ca: &Ca) -> WebPki {
    WebPki::new(&RUSTCRYPTO, [ca.root()]).unwrap()
}

fn presented(chain: Vec<CertificateDer<'static>>, expected: Option<&str>, now: u64) -> PresentedPeer {
    let expected = expected.map(|name| ServerName::try_from(name.to_owned()).unwrap());
    PresentedPeer { chain: chain.into(), expected, ocsp: None, now: at(now) }
}

/// What comes of verifying a server called by `name`.
fn server(ca: &Ca, issued: &Issued, name: &str) -> Result<(), CertificateError> {
    let peer = presented(issued.chain.clone(), Some(name), NOW);
    web_pki(ca).verify(&peer).map(|verified| assert!(verified.is_about(&peer)))
}

fn client(ca: &Ca, issued: &Issued) -> Result<(), CertificateError> {
    web_pki(ca).verify(&presented(issued.chain.clone(), None, NOW)).map(|_| ())
}

#[test]
fn a_server_is_accepted_by_each_of_its_names_whatever_its_key() {
    let ca = Ca::new("root");
    for key in [Key::EcdsaP256, Key::EcdsaP384, Key::Ed25519, Key::Rsa2048] {
        let issued =
            ca.issue(&Spec { key, ..Spec::server(&["a.example", "*.w.example", "127.0.0.1", "::1"]) });
        for name in ["a.example", "A.EXAMPLE", "x.w.example", "127.0.0.1", "::1"] {
            assert_eq!(server(&ca, &issued, name), Ok(()), "{key:?} {name}");
        }
    }
}

#[test]
fn a_root_of_any_kind_of_key_is_trusted() {
    for key in [Key::EcdsaP384, Key::Ed25519, Key::Rsa2048] {
        let ca = Ca::with_key("root", key);
        assert_eq!(server(&ca, &ca.issue(&Spec::server(&["a.example"])), "a.example"), Ok(()), "{key:?}");
    }
}

#[test]
fn a_server_is_refused_by_any_other_name_and_the_error_says_both() {
    let ca = Ca::new("root");
    let issued = ca.issue(&Spec::server(&["a.example", "*.w.example", "127.0.0.1"]));
    for name in ["b.example", "example", "w.example", "x.y.w.example", "aa.example", "127.0.0.2", "::1"] {
        let presented = vec!["a.example".into(), "*.w.example".into(), "127.0.0.1".into()];
        let refusal = CertificateError::NotForName { expected: name.into(), presented };
        assert_eq!(server(&ca, &issued, name), Err(refusal), "{name}");
    }
    // A common name is no name of a server (RFC 6125, 6.4.4).
    let nameless = ca.issue(&Spec { subject: "a.example", ..Spec::server(&[]) });
    let refusal = CertificateError::NotForName { expected: "a.example".into(), presented: vec![] };
    assert_eq!(server(&ca, &nameless, "a.example"), Err(refusal));
}

#[test]
fn a_certificate_is_good_from_its_first_second_to_its_last() {
    let ca = Ca::new("root");
    let spec = Spec { not_before: NOW - 10, not_after: NOW + 10, ..Spec::server(&["a.example"]) };
    let verify = |now| {
        let peer = presented(ca.issue(&spec).chain, Some("a.example"), now);
        web_pki(&ca).verify(&peer).map(|_| ())
    };
    assert_eq!(verify(NOW - 10), Ok(()));
    assert_eq!(verify(NOW + 10), Ok(()));
    let early = CertificateError::NotYetValid { now: NOW - 11, not_before: NOW - 10 };
    assert_eq!(verify(NOW - 11), Err(early));
    let late = CertificateError::Expired { now: NOW + 11, not_after: NOW + 10 };
    assert!(late.to_string().contains("2027-01-15 08:00:10 UTC"));
    assert_eq!(verify(NOW + 11), Err(late));
}

#[test]
fn an_issuer_nobody_trusts_is_unknown() {
    let (ca, other) = (Ca::new("root"), Ca::new("another root"));
    let stranger = other.issue(&Spec::server(&["a.example"]));
    assert_eq!(server(&ca, &stranger, "a.example"), Err(CertificateError::UnknownIssuer));
    let own = self_signed(&Spec::server(&["a.example"]));
    assert_eq!(server(&ca, &own, "a.example"), Err(CertificateError::UnknownIssuer));
    // The chain may bring its own root, which does not help.
    let mut chain = stranger.chain.clone();
    chain.push(other.root());
    let peer = presented(chain, Some("a.example"), NOW);
    assert_eq!(web_pki(&ca).verify(&peer).unwrap_err(), CertificateError::UnknownIssuer);
}

#[test]
fn another_ca_of_the_same_name_did_not_sign_it() {
    let issued = Ca::new("root").issue(&Spec::server(&["a.example"]));
    // A P-384 key can verify what it did not sign (ecdsa-with-SHA256); an Ed25519 key cannot even try.
    for (key, refusal) in [
        (Key::EcdsaP384, CertificateError::BadSignature),
        (Key::Ed25519, CertificateError::UnsupportedSignature),
    ] {
        assert_eq!(server(&Ca::with_key("root", key), &issued, "a.example"), Err(refusal));
    }
    let mut altered = issued.chain[0].to_vec();
    *altered.last_mut().unwrap() ^= 1;
    let peer = presented(vec![altered.into()], Some("a.example"), NOW);
    assert_eq!(web_pki(&Ca::new("root")).verify(&peer).unwrap_err(), CertificateError::BadSignature);
}

#[test]
fn intermediate_cas_must_come_along_in_any_order() {
    let ca = Ca::new("root");
    let issued = ca.intermediate("one").intermediate("two").issue(&Spec::server(&["a.example"]));
    assert_eq!(issued.chain.len(), 3);
    assert_eq!(server(&ca, &issued, "a.example"), Ok(()));
    let verify = |chain| web_pki(&ca).verify(&presented(chain, Some("a.example"), NOW)).map(|_| ());
    let [leaf, two, one] = issued.chain.try_into().unwrap();
    assert_eq!(verify(vec![leaf.clone(), one.clone(), two.clone()]), Ok(()));
    assert_eq!(verify(vec![leaf.clone(), two]), Err(CertificateError::UnknownIssuer));
    assert_eq!(verify(vec![leaf]), Err(CertificateError::UnknownIssuer));
    assert_eq!(verify(vec![]), Err(CertificateError::Missing));
}

#[test]
fn only_the_first_sixteen_certificates_of_a_chain_count() {
    let ca = Ca::new("root");
    let issued = ca.intermediate("one").issue(&Spec::server(&["a.example"]));
    let [leaf, one] = issued.chain.try_into().unwrap();
    let padded = |others| {
        let mut chain = vec![leaf.clone()];
        chain.extend(vec![Ca::new("padding").root(); others]);
        chain.push(one.clone());
        web_pki(&ca).verify(&presented(chain, Some("a.example"), NOW)).map(|_| ())
    };
    assert_eq!(padded(14), Ok(()));
    assert_eq!(padded(15), Err(CertificateError::UnknownIssuer));
}

#[test]
fn a_leaf_is_no_ca_and_a_ca_is_no_leaf() {
    let ca = Ca::new("root");
    let ca_as_leaf = ca.issue(&Spec { is_ca: true, ..Spec::server(&["a.example"]) });
    let refusal = server(&ca, &ca_as_leaf, "a.example").unwrap_err();
    assert!(matches!(refusal, CertificateError::Unacceptable(why) if why.contains("CA:TRUE")), "{refusal}");

    let leaf = Spec::server(&["i.example"]);
    let mut below = ca.intermediate("i.example").issue(&Spec::server(&["a.example"]));
    below.chain[1] = ca.issue(&leaf).chain.remove(0);
    let refusal = server(&ca, &below, "a.example").unwrap_err();
    assert!(
        matches!(refusal, CertificateError::Unacceptable(why) if why.contains("may not issue")),
        "{refusal}"
    );
}

#[test]
fn a_certificate_serves_the_purpose_it_is_for() {
    let ca = Ca::new("root");
    let issue = |purpose| ca.issue(&Spec { purpose, ..Spec::server(&["a.example"]) });
    for (purpose, as_server, as_client) in [
        (Purpose::Server, Ok(()), Err(CertificateError::WrongPurpose)),
        (Purpose::Client, Err(CertificateError::WrongPurpose), Ok(())),
        (Purpose::Both, Ok(()), Ok(())),
        (Purpose::Any, Ok(()), Ok(())),
        (Purpose::CodeSigning, Err(CertificateError::WrongPurpose), Err(CertificateError::WrongPurpose)),
    ] {
        assert_eq!(server(&ca, &issue(purpose), "a.example"), as_server, "{purpose:?}");
        assert_eq!(client(&ca, &issue(purpose)), as_client, "{purpose:?}");
    }
}

#[test]
fn a_key_that_may_not_sign_is_refused_as_a_peer_and_as_a_credential() {
    let ca = Ca::new("root");
    let issue = |key_usage| ca.issue(&Spec { key_usage, ..Spec::server(&["a.example"]) });
    let agreement = issue(&[KeyUsagePurpose::KeyAgreement]);
    assert_eq!(server(&ca, &agreement, "a.example"), Err(CertificateError::WrongPurpose));
    assert_eq!(Credential::new("k", agreement.chain).unwrap_err(), CertificateError::WrongPurpose);
    let unsaid = issue(&[]);
    assert_eq!(Leaf::parse(unsaid.leaf()).unwrap().key_usage(), None);
    assert_eq!(server(&ca, &unsaid, "a.example"), Ok(()));
    let both = issue(&[KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement]);
    assert_eq!(Leaf::parse(both.leaf()).unwrap().key_usage(), Some(0b1_0001));
    assert_eq!(server(&ca, &both, "a.example"), Ok(()));
}

#[test]
fn a_client_is_accepted_without_any_name() {
    let ca = Ca::new("root");
    assert_eq!(client(&ca, &ca.intermediate("one").issue(&Spec::client("alice"))), Ok(()));
    let stranger = Ca::new("another root").issue(&Spec::client("alice"));
    assert_eq!(client(&ca, &stranger), Err(CertificateError::UnknownIssuer));
    let late = ca.issue(&Spec { not_after: NOW - 1, ..Spec::client("alice") });
    assert_eq!(client(&ca, &late), Err(CertificateError::Expired { now: NOW, not_after: NOW - 1 }));
}

/// A root and what it issued, of a file.
fn root_and_leaf(pem: &[u8]) -> [CertificateDer<'static>; 2] {
    CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().unwrap().try_into().unwrap()
}

#[test]
fn sha_1_is_refused() {
    let [root, leaf] = root_and_leaf(include_bytes!("common/sha_1.pem"));
    let verifier = WebPki::new(&RUSTCRYPTO, [root]).unwrap();
    let peer = presented(vec![leaf], Some("sha1.example"), NOW);
    assert_eq!(verifier.verify(&peer).unwrap_err(), CertificateError::UnsupportedSignature);
    // RFC 5929, 4.1: "if the hash function is MD5 or SHA-1, then use SHA-256"
    assert_eq!(Leaf::parse(&peer.chain[0]).unwrap().end_point_hash(), HashAlgorithm::Sha256);
}

#[test]
fn version_1_will_do_for_a_handshake_but_not_for_the_web_pki() {
    let [root, leaf] = root_and_leaf(include_bytes!("common/version_1.pem"));
    let credential = Credential::new("old", vec![leaf.clone()]).unwrap();
    assert_eq!((credential.leaf().kind(), credential.names()), (KeyKind::P256, vec![]));
    let verifier = WebPki::new(&RUSTCRYPTO, [root]).unwrap();
    let refusal = verifier.verify(&presented(vec![leaf], Some("sha1.example"), NOW)).unwrap_err();
    assert!(matches!(refusal, CertificateError::Unacceptable(why) if why.contains("version 3")), "{refusal}");
}

#[test]
fn a_certificate_that_signs_itself_may_be_its_own_root() {
    let own = self_signed(&Spec::server(&["a.example"]));
    let verifier = WebPki::new(&RUSTCRYPTO, own.chain.clone()).unwrap();
    verifier.verify(&presented(own.chain.clone(), Some("a.example"), NOW)).unwrap();
    let impostor = self_signed(&Spec { key: Key::Ed25519, ..Spec::server(&["a.example"]) });
    assert!(verifier.verify(&presented(impostor.chain, Some("a.example"), NOW)).is_err());
}

/// What comes of calling a server by `name` that presents a certificate which is trusted as it is.
fn root_as_server(root: &Issued, name: &str) -> Result<(), CertificateError> {
    let verifier = WebPki::new(&RUSTCRYPTO, [Ca::new("another root").root(), root.leaf().clone()]).unwrap();
    verifier.verify(&presented(root.chain.clone(), Some(name), NOW)).map(|_| ())
}

#[test]
fn a_server_may_present_a_root_if_nothing_but_its_basic_constraints_is_against_it() {
    // What `openssl req -x509` makes: CA:TRUE, no key usage, no extended key usage
    let spec = Spec { is_ca: true, purpose: Purpose::Any, key_usage: &[], ..Spec::server(&["a.example"]) };
    let with = |spec: Spec<'_>| root_as_server(&self_signed(&spec), "a.example");
    assert_eq!(with(spec.clone()), Ok(()));
    assert_eq!(with(Spec { purpose: Purpose::Both, ..spec.clone() }), Ok(()));

    let key_usage: &[_] = &[KeyUsagePurpose::KeyCertSign];
    assert_eq!(with(Spec { key_usage, ..spec.clone() }), Err(CertificateError::WrongPurpose));
    for purpose in [Purpose::Client, Purpose::CodeSigning] {
        assert_eq!(with(Spec { purpose, ..spec.clone() }), Err(CertificateError::WrongPurpose));
    }
    let late = CertificateError::Expired { now: NOW, not_after: NOW - 1 };
    assert_eq!(with(Spec { not_after: NOW - 1, ..spec.clone() }), Err(late));
    let early = CertificateError::NotYetValid { now: NOW, not_before: NOW + 1 };
    assert_eq!(with(Spec { not_before: NOW + 1, ..spec.clone() }), Err(early));
    let misnamed = root_as_server(&self_signed(&spec), "b.example").unwrap_err();
    assert!(matches!(misnamed, CertificateError::NotForName { .. }), "{misnamed}");
}

#[test]
fn a_ca_like_a_root_but_not_byte_for_byte_is_no_server() {
    let spec = Spec { is_ca: true, purpose: Purpose::Any, key_usage: &[], ..Spec::server(&["a.example"]) };
    let root = self_signed(&spec);
    let verifier = WebPki::new(&RUSTCRYPTO, root.chain.clone()).unwrap();
    // The same name and key, but valid for longer than the one that is trusted
    let renewed = self_signed(&Spec { not_after: spec.not_after + 1, ..spec.clone() });
    let refusal = verifier.verify(&presented(renewed.chain, Some("a.example"), NOW)).unwrap_err();
    assert!(matches!(refusal, CertificateError::Unacceptable(why) if why.contains("CA:TRUE")), "{refusal}");
    // Nor does a root help that only comes along.
    let other = self_signed(&Spec { subject: "other", ..spec });
    let chain = vec![other.leaf().clone(), root.leaf().clone()];
    assert!(verifier.verify(&presented(chain, Some("a.example"), NOW)).is_err());
}

#[test]
fn a_client_may_present_a_root_too() {
    let spec = Spec { is_ca: true, purpose: Purpose::Any, key_usage: &[], ..Spec::client("alice") };
    let as_client = |root: Issued| {
        let verifier = WebPki::new(&RUSTCRYPTO, root.chain.clone()).unwrap();
        verifier.verify(&presented(root.chain, None, NOW)).map(|_| ())
    };
    assert_eq!(as_client(self_signed(&spec)), Ok(()));
    let server = self_signed(&Spec { purpose: Purpose::Server, ..spec });
    assert_eq!(as_client(server), Err(CertificateError::WrongPurpose));
}

#[test]
fn verifiers_trust_alike_if_their_roots_are_the_same_certificates() {
    let spec = Spec { is_ca: true, ..Spec::server(&["a.example"]) };
    let (one, two) = (self_signed(&spec).leaf().clone(), Ca::new("root").root());
    let renewed = self_signed(&Spec { not_after: spec.not_after + 1, ..spec }).leaf().clone();
    let trust = |roots: &[&CertificateDer<'static>]| {
        WebPki::new(&RUSTCRYPTO, roots.iter().map(|root| (*root).clone())).unwrap().trust().unwrap()
    };
    assert_eq!(trust(&[&one, &two]), trust(&[&two, &one, &two]));
    for others in [&[&one][..], &[&two], &[&renewed, &two], &[&one, &renewed, &two]] {
        assert_ne!(trust(&[&one, &two]), trust(others));
    }
}

#[test]
fn a_key_that_is_not_supported_is_refused_as_a_peer_and_as_a_credential() {
    let ca = Ca::new("root");
    // The end of the object identifiers prime256v1 and rsaEncryption, and what makes others of them
    for (key, from, to, kind) in [
        (Key::EcdsaP256, b"\xce\x3d\x03\x01\x07", b"\xce\x3d\x03\x01\x06", KeyKind::Other),
        (Key::Rsa2048, b"\xf7\x0d\x01\x01\x01", b"\xf7\x0d\x01\x01\x0a", KeyKind::RsaPss),
    ] {
        let mut leaf = ca.issue(&Spec { key, ..Spec::server(&["a.example"]) }).leaf().to_vec();
        let at = leaf.windows(from.len()).position(|bytes| bytes == from).unwrap();
        leaf[at..at + to.len()].copy_from_slice(to);
        let leaf = CertificateDer::from(leaf);
        let parsed = Leaf::parse(&leaf).unwrap();
        assert_eq!((parsed.kind(), parsed.authentication(), parsed.schemes()), (kind, None, &[][..]));
        assert_eq!(Credential::new("k", vec![leaf.clone()]).unwrap_err(), CertificateError::UnsupportedKey);
        let peer = presented(vec![leaf], Some("a.example"), NOW);
        assert_eq!(web_pki(&ca).verify(&peer).unwrap_err(), CertificateError::UnsupportedKey);
    }
}

#[test]
fn a_verifier_without_roots_or_with_a_bad_one_is_not_made() {
    let none: [CertificateDer<'_>; 0] = [];
    assert_eq!(WebPki::new(&RUSTCRYPTO, none).unwrap_err(), CertificateError::NoRoots);
    let bad = || CertificateDer::from(vec![0x30, 0]);
    let ca = Ca::new("root");
    assert_eq!(WebPki::new(&RUSTCRYPTO, [ca.root(), bad()]).unwrap_err(), CertificateError::BadEncoding);
    let (verifier, unusable) = WebPki::from_store(&RUSTCRYPTO, [bad(), ca.root()]).unwrap();
    assert_eq!((verifier.authorities().len(), unusable), (1, 1));
    assert_eq!(WebPki::from_store(&RUSTCRYPTO, [bad()]).unwrap_err(), CertificateError::NoRoots);
}

#[test]
fn a_certificate_cut_anywhere_or_with_bytes_left_over_does_not_parse() {
    let ca = Ca::new("root");
    let issued = ca.issue(&Spec::server(&["a.example", "127.0.0.1"]));
    let whole = issued.leaf().to_vec();
    for cut in 0..whole.len() {
        let piece = CertificateDer::from(&whole[..cut]);
        assert_eq!(Leaf::parse(&piece).unwrap_err(), CertificateError::BadEncoding, "{cut}");
        assert_eq!(describe(&piece).unwrap_err(), CertificateError::BadEncoding, "{cut}");
        let peer = presented(vec![piece.into_owned()], Some("a.example"), NOW);
        assert_eq!(web_pki(&ca).verify(&peer).unwrap_err(), CertificateError::BadEncoding, "{cut}");
    }
    let longer = CertificateDer::from([&whole[..], &[0]].concat());
    assert_eq!(Leaf::parse(&longer).unwrap_err(), CertificateError::BadEncoding);
}

#[test]
fn a_certificate_altered_in_any_byte_is_refused_and_panics_nowhere() {
    let ca = Ca::new("root");
    let issued = ca.issue(&Spec::server(&["a.example", "127.0.0.1"]));
    let verifier = web_pki(&ca);
    for at in 0..issued.leaf().len() {
        for change in [0x01, 0x80, 0xff] {
            let mut altered = issued.leaf().to_vec();
            altered[at] ^= change;
            let altered = CertificateDer::from(altered);
            let parsed =
                (Leaf::parse(&altered), describe(&altered), Credential::new("k", vec![altered.clone()]));
            drop(parsed);
            let peer = presented(vec![altered], Some("a.example"), NOW);
            assert!(verifier.verify(&peer).is_err(), "byte {at} ^ {change:#x}");
        }
    }
}

#[test]
fn a_description_says_whose_certificate_it_is() {
    let issued = Ca::new("the root").issue(&Spec::server(&["a.example", "127.0.0.1", "::1"]));
    let description = describe(issued.leaf()).unwrap();
    assert_eq!(description.subject, "CN=a.example");
    assert_eq!(description.issuer, "CN=the root");
    assert_eq!(description.names, ["a.example", "127.0.0.1", "::1"]);
    assert_eq!((description.not_before, description.not_after), (NOT_BEFORE, NOT_AFTER));
    assert_eq!((description.key.as_str(), description.serial.len()), ("P-256", 32));
    let line = description.to_string();
    assert!(line.contains("valid 2020-01-01 00:00:00 UTC to 2100-01-01 00:00:00 UTC"), "{line}");
    // It ends on a terminal, and its text is from anybody (RFC 4514, 2.4).
    let hostile = self_signed(&Spec { subject: "a\x1b[2Jb\nc", ..Spec::client("") });
    assert_eq!(describe(hostile.leaf()).unwrap().subject, "CN=a\\1b[2Jb\\0ac");
    let turned = self_signed(&Spec { subject: "\u{202e}moc\u{200b}.\u{9b}\"é'\\", ..Spec::client("") });
    assert_eq!(describe(turned.leaf()).unwrap().subject, "CN=\\e2\\80\\aemoc\\e2\\80\\8b.\\c2\\9b\\\"é'\\\\");
}

#[test]
fn whoever_asks_for_it_believes_anybody() {
    let peer = presented(self_signed(&Spec::server(&["b.example"])).chain, Some("a.example"), NOW);
    assert!(DangerousAcceptAny.verify(&peer).unwrap().is_about(&peer));
}
