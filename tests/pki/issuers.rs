//! Who may issue: what a root and an intermediate certificate must say (RFC 5280, 4.2.1.3, 4.2.1.9, 4.2.1.12, 6.1.4).

use rcgen::KeyUsagePurpose;
use tls12::{
    crypto::RUSTCRYPTO,
    pki::{CertificateError, VerifyPeer, WebPki},
};

use super::{
    common::certs::{Ca, Key, NOT_AFTER, NOT_BEFORE, NOW, Purpose, Spec, self_signed},
    presented, server, web_pki,
};

const MAY_NOT: &str = "may not issue";

fn spec() -> Spec<'static> {
    Ca::spec("root", Key::EcdsaP256)
}

/// What comes of a server that this CA, below or at a root, issued for `a.example`.
fn issued_by(ca: &Ca) -> Result<(), CertificateError> {
    server(ca, &ca.issue(&Spec::server(&["a.example"])), "a.example")
}

#[track_caller]
fn assert_may_not(verdict: Result<(), CertificateError>) {
    let refusal = verdict.expect_err("it may issue nothing");
    assert!(matches!(refusal, CertificateError::Unacceptable(why) if why.contains(MAY_NOT)), "{refusal}");
}

#[test]
fn a_servers_own_certificate_that_is_trusted_as_it_is_issues_for_nobody() {
    // As `openssl req -x509` makes them with basic constraints, and as other tools do, without.
    let leaf = Spec { key_usage: &[], ..Spec::server(&["mine.example"]) };
    let own = self_signed(&leaf);
    let verifier = WebPki::new(&RUSTCRYPTO, own.chain.clone()).unwrap();
    let itself = presented(own.chain, Some("mine.example"), NOW);
    assert!(verifier.verify(&itself).is_ok());
    assert_may_not(issued_by(&Ca::of(&leaf)));
    assert_eq!(issued_by(&Ca::of(&Spec { is_ca: true, ..leaf })), Ok(()));
}

#[test]
fn a_root_counts_from_its_first_second_to_its_last() {
    let until = |not_before, not_after| issued_by(&Ca::of(&Spec { not_before, not_after, ..spec() }));
    assert_eq!(until(NOW, NOW), Ok(()));
    let expired = CertificateError::Expired { now: NOW, not_after: NOW - 1 };
    assert_eq!(until(NOT_BEFORE, NOW - 1), Err(expired));
    let early = CertificateError::NotYetValid { now: NOW, not_before: NOW + 1 };
    assert_eq!(until(NOW + 1, NOT_AFTER), Err(early));
}

#[test]
fn where_a_root_was_renewed_under_its_key_the_one_that_is_in_date_counts() {
    let old = Ca::of(&Spec { not_after: NOW - 1, ..spec() });
    let (old, renewed) = (old.root(), Ca::of(&spec()));
    let chain = renewed.issue(&Spec::server(&["a.example"])).chain;
    for roots in [[old.clone(), renewed.root()], [renewed.root(), old.clone()]] {
        let verifier = WebPki::new(&RUSTCRYPTO, roots).unwrap();
        assert!(verifier.verify(&presented(chain.clone(), Some("a.example"), NOW)).is_ok());
    }
}

#[test]
fn key_usage_of_a_ca_without_key_cert_sign_issues_nothing() {
    for (key_usage, may) in [
        (&[][..], true),
        (&[KeyUsagePurpose::KeyCertSign][..], true),
        (&[KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::CrlSign], false),
    ] {
        let root = Ca::of(&Spec { key_usage, ..spec() });
        let below = Ca::new("root").intermediate_of(&Spec { subject: "one", key_usage, ..spec() });
        for verdict in [issued_by(&root), issued_by(&below)] {
            match may {
                true => assert_eq!(verdict, Ok(())),
                false => assert_may_not(verdict),
            }
        }
    }
}

#[test]
fn a_root_allows_as_many_cas_below_it_as_it_says() {
    let root = |path_len| Ca::of(&Spec { path_len, ..spec() });
    for (path_len, most) in [(None, 3), (Some(0), 0), (Some(1), 1), (Some(2), 2)] {
        let mut ca = root(path_len);
        for (below, subject) in ["one", "two", "three"].into_iter().enumerate() {
            assert_eq!(issued_by(&ca).is_ok(), below <= most, "{path_len:?}, {below} below");
            ca = ca.intermediate(subject);
        }
    }
}

#[test]
fn a_root_for_other_purposes_issues_neither_servers_nor_clients() {
    for (purpose, servers, clients) in [
        (Purpose::Any, true, true),
        (Purpose::Both, true, true),
        (Purpose::Server, true, false),
        (Purpose::Client, false, true),
        (Purpose::CodeSigning, false, false),
    ] {
        let ca = Ca::of(&Spec { purpose, ..spec() });
        let expected = |may| if may { Ok(()) } else { Err(CertificateError::WrongPurpose) };
        assert_eq!(issued_by(&ca), expected(servers), "{purpose:?}");
        let client = presented(ca.issue(&Spec::client("alice")).chain, None, NOW);
        assert_eq!(web_pki(&ca).verify(&client).map(|_| ()), expected(clients), "{purpose:?}");
    }
}
