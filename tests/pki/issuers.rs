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

/// RFC 5280, 4.2.1.9: pathLenConstraint is of "non-self-issued intermediate certificates".
#[test]
fn a_ca_that_issued_for_itself_does_not_count_in_the_path_of_a_root() {
    for (most, names, may) in [
        (0, &["root"][..], true),
        (0, &["root", "one"], false),
        (1, &["root", "one"], true),
        (1, &["root", "one", "two"], false),
    ] {
        let mut ca = Ca::of(&Spec { path_len: Some(most), ..spec() });
        for subject in names {
            // Another key, so that it stands in the path and cannot be left out.
            ca = ca.intermediate_of(&Ca::spec(subject, Key::Ed25519));
        }
        assert_eq!(issued_by(&ca).is_ok(), may, "{most}, {names:?}");
    }
}

#[test]
fn a_root_for_any_purpose_issues_servers_and_clients() {
    let any = extended_key_usage(&[0x55, 0x1d, 0x25, 0]);
    let extensions: &[_] = &[(EXTENDED_KEY_USAGE, false, &any[..])];
    let ca = Ca::of(&Spec { extensions, ..spec() });
    assert_eq!(issued_by(&ca), Ok(()));
    let client = presented(ca.issue(&Spec::client("alice")).chain, None, NOW);
    assert!(web_pki(&ca).verify(&client).is_ok());
    // 2.5.29.37.1 is nobody's.
    let other = extended_key_usage(&[0x55, 0x1d, 0x25, 1]);
    let extensions: &[_] = &[(EXTENDED_KEY_USAGE, false, &other[..])];
    assert_eq!(issued_by(&Ca::of(&Spec { extensions, ..spec() })), Err(CertificateError::WrongPurpose));
}

const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];

/// ExtKeyUsageSyntax with one purpose (RFC 5280, 4.2.1.12).
fn extended_key_usage(purpose: &[u8]) -> Vec<u8> {
    let len = purpose.len() as u8;
    [&[0x30, len + 2, 0x06, len][..], purpose].concat()
}

/// What comes of a leaf below a root and below an intermediate certificate that has this extension.
fn with_extension(id: &[u64], critical: bool, value: &[u8]) -> [Result<(), CertificateError>; 2] {
    let extensions: &[_] = &[(id, critical, value)];
    let root = Ca::of(&Spec { extensions, ..spec() });
    let below = Ca::new("root").intermediate_of(&Spec { subject: "one", extensions, ..spec() });
    [&root, &below].map(|ca| match WebPki::new(&RUSTCRYPTO, [ca.root()]) {
        Ok(_) => issued_by(ca),
        Err(why) => Err(why),
    })
}

#[test]
fn a_ca_with_a_critical_extension_that_is_not_known_issues_nothing() {
    // 2.999.1 is for examples.
    let id: &[u64] = &[2, 999, 1];
    assert_eq!(with_extension(id, false, b"\x05\0"), [Ok(()), Ok(())]);
    for verdict in with_extension(id, true, b"\x05\0") {
        let refusal = verdict.expect_err("what it means is not known");
        assert!(
            matches!(refusal, CertificateError::Unacceptable(why) if why.contains("critical")),
            "{refusal}"
        );
    }
}

#[test]
fn a_ca_without_a_name_issues_nothing() {
    assert_may_not(issued_by(&Ca::of(&Spec { subject: "", ..spec() })));
    assert_may_not(issued_by(&Ca::new("root").intermediate_of(&Spec { subject: "", ..spec() })));
}

/// RFC 5280, 4.2.1.10: one that was meant must not count as none.
#[test]
fn a_ca_whose_name_constraints_constrain_nothing_or_cannot_be_read_issues_nothing() {
    // permittedSubtrees: dNSName "example"
    let permitted = b"\x30\x0d\xa0\x0b\x30\x09\x82\x07example";
    assert_eq!(with_extension(NAME_CONSTRAINTS, true, permitted), [Ok(()), Ok(())]);
    for critical in [true, false] {
        for bad in [&b"\x30\0"[..], b"\x30\x02\xa0\0", b"\x30\x02\xa1\0", b"\x05\0", b"\x30\x02\xa2\0", b""] {
            let refused = Err(CertificateError::BadEncoding);
            let verdicts = with_extension(NAME_CONSTRAINTS, critical, bad);
            assert_eq!(verdicts, [refused.clone(), refused], "{bad:?}, critical: {critical}");
        }
    }
}
