//! Certificates that are refused, of servers and of clients, and CertificateVerify.

use std::sync::Arc;

use tls12::{
    ClientAuth, Error, Illegal,
    crypto::{RUSTCRYPTO, Sign, SignatureRequest},
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer, WebPki},
    wire::{Alert, NamedGroup, SignatureScheme},
};

use super::{client_of, client_refuses, server_of, world};
use crate::common::{
    certs::{Ca, Issued, NOW, Purpose, Spec},
    pair::{NAME, World},
    raw::{Hello, Raw, certificate, framed, prefixed},
};

/// What a client of ours says to a server with this certificate.
#[track_caller]
fn refused(world: &Arc<World>, issued: &Issued, alert: Alert, case: &str) -> Error {
    let mut raw = server_of(world);
    let answer = raw.answer_as(issued, NamedGroup::X25519);
    raw.say(&answer);
    raw.refused_with(alert, case)
}

#[test]
fn a_certificate_refused_is_told_why() {
    let (ca, world) = (Ca::new("test root"), world());
    let server = || Spec::server(&[NAME]);
    let expired = ca.issue(&Spec { not_after: NOW - 1, ..server() });
    refused(&world, &expired, Alert::CERTIFICATE_EXPIRED, "expired");
    let early = ca.issue(&Spec { not_before: NOW + 1, ..server() });
    refused(&world, &early, Alert::CERTIFICATE_EXPIRED, "not valid yet");
    let unknown = Ca::new("another root").issue(&server());
    refused(&world, &unknown, Alert::UNKNOWN_CA, "unknown issuer");
    for purpose in [Purpose::Client, Purpose::CodeSigning] {
        let issued = ca.issue(&Spec { purpose, ..server() });
        refused(&world, &issued, Alert::UNSUPPORTED_CERTIFICATE, "wrong purpose");
    }
    let usage = &[rcgen::KeyUsagePurpose::KeyAgreement];
    let issued = ca.issue(&Spec { key_usage: usage, ..server() });
    refused(&world, &issued, Alert::UNSUPPORTED_CERTIFICATE, "wrong key usage");
    let other = ca.issue(&Spec::server(&["b.example"]));
    let error = refused(&world, &other, Alert::BAD_CERTIFICATE, "another name");
    assert!(error.to_string().contains(NAME) && error.to_string().contains("b.example"), "{error}");
    let is_ca = ca.issue(&Spec { is_ca: true, ..server() });
    refused(&world, &is_ca, Alert::CERTIFICATE_UNKNOWN, "anything else: a CA's own certificate");
}

/// RFC 8422, 5.3, and RFC 5480, 2.1.1 and 2.2: keys in other encodings, in certificates that are good otherwise.
#[test]
fn a_key_that_is_compressed_or_not_on_its_curve_or_whose_curve_is_spelled_out_is_refused() {
    let (ca, world) = (Ca::new("test root"), world());
    let spec = Spec::server(&[NAME]);
    let spki = ca.issue(&spec).local_key().public_key();
    let (_, point) = spki.split_last_chunk::<65>().expect("the point is at the end");
    let refused_key = |public: &[u8], case| {
        let error = refused(&world, &ca.issue_with_key(&spec, public), Alert::DECRYPT_ERROR, case);
        assert_eq!(error, Error::BadSignature, "{case}");
    };
    // What is encoded as it must be goes through.
    let mut raw = server_of(&world);
    let answer = raw.answer_as(&ca.issue_with_key(&spec, point), NamedGroup::X25519);
    raw.say(&answer);
    raw.read_answer();

    // SEC 1, 2.3.3: 2 or 3, as y is even or odd; 6 or 7 and both coordinates.
    let odd = point[64] & 1;
    refused_key(&[&[2 + odd], &point[1..33]].concat(), "compressed");
    refused_key(&[&[6 + odd], &point[1..]].concat(), "hybrid");
    let mut elsewhere = *point;
    elsewhere[64] ^= 1;
    refused_key(&elsewhere, "not on the curve");
    refused_key(&[0], "at infinity");
    refused_key(&point[..64], "cut");

    // RFC 5480, 2.1.1: of the ways to say which curve it is, only its name may be used.
    let named_curve = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    let mut leaf = ca.issue(&spec).leaf().to_vec();
    let at = leaf.windows(10).position(|bytes| bytes == named_curve).expect("the name of its curve");
    // A SEQUENCE of as many bytes, which begins as ECParameters do: version 1.
    leaf[at..at + 10].copy_from_slice(b"\x30\x08\x02\x01\x01\x30\x03\x06\x01\x2a");
    let change = |_: &_, a: &mut crate::common::raw::Answer| a.certificate = certificate([&leaf]);
    let error = client_refuses(&world, change, Alert::UNSUPPORTED_CERTIFICATE, "explicit parameters");
    assert_eq!(error, Error::Certificate(CertificateError::UnsupportedKey));
}

/// Takes every certificate for one that was revoked.
struct Revoking;

impl VerifyPeer for Revoking {
    fn verify(&self, _: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        Err(CertificateError::Revoked)
    }
}

#[test]
fn a_certificate_that_the_verifier_takes_for_revoked_is_a_certificate_revoked() {
    let world = Arc::new(World { verifies_server: Arc::new(Revoking), ..World::new() });
    let error = client_refuses(&world, |_, _| {}, Alert::CERTIFICATE_REVOKED, "revoked");
    assert_eq!(error, Error::Certificate(CertificateError::Revoked));
}

#[test]
fn a_certificate_that_does_not_parse_is_a_bad_certificate_and_wrong_lengths_of_the_message_a_decode_error() {
    for leaf in [&b"\x30\x03\x02\x01\x05"[..], b"rubbish", &[0x30, 0x82, 0xff, 0xff]] {
        let change = |_: &_, a: &mut crate::common::raw::Answer| a.certificate = certificate([leaf]);
        let error = client_refuses(&world(), change, Alert::BAD_CERTIFICATE, "no certificate");
        assert_eq!(error, Error::Certificate(CertificateError::BadEncoding));
    }
    let entry = prefixed::<3>(&prefixed::<3>(&[0x30, 0]));
    let longer_entry = [&entry[..5], &[9], &entry[6..]].concat();
    let longer_list = [&entry[..2], &[9], &entry[3..]].concat();
    let empty_entry = prefixed::<3>(&[0, 0, 0]);
    for body in [longer_entry, longer_list, empty_entry, vec![0, 0], vec![0, 0, 0, 0], vec![0, 0, 0]] {
        let change = |_: &_, a: &mut crate::common::raw::Answer| a.certificate = framed(11, &body);
        client_refuses(&world(), change, Alert::DECODE_ERROR, "its lengths");
    }
}

/// A server of ours that asks for certificates, and a client of it.
fn asked(auth: ClientAuth) -> (Raw, Issued) {
    let ca = Ca::new("clients");
    let mut world = World::new();
    world.server = Arc::new((*world.server).clone().with_client_auth(auth));
    world.verifies_client = Arc::new(WebPki::new(&RUSTCRYPTO, [ca.root()]).expect("a root"));
    (client_of(&Arc::new(world)), ca.issue(&Spec::client("alice")))
}

#[test]
fn a_required_client_certificate_missing_is_a_handshake_failure() {
    let (mut raw, _) = asked(ClientAuth::Require);
    assert!(raw.greet(&Hello::new()).request);
    raw.message(&certificate::<[u8; 0]>([]));
    let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, "required");
    assert_eq!(error, Error::Certificate(CertificateError::Missing));

    let (mut raw, _) = asked(ClientAuth::Request);
    let flight = raw.greet(&Hello::new());
    raw.message(&certificate::<[u8; 0]>([]));
    raw.exchange(&flight);
    raw.change_cipher_spec();
    let finished = raw.finished(tls12::schedule::Side::Client);
    raw.message(&finished);
    raw.read_finished();
    assert!(raw.close(b"").info.is_some_and(|info| info.peer.is_none()));
}

#[test]
fn a_client_certificate_refused_is_told_why() {
    let clients = Ca::new("clients");
    let alice = || Spec::client("alice");
    let late = clients.issue(&Spec { not_after: NOW - 1, ..alice() });
    let purpose = clients.issue(&Spec { purpose: Purpose::Server, ..alice() });
    let usage = clients.issue(&Spec { key_usage: &[rcgen::KeyUsagePurpose::KeyAgreement], ..alice() });
    let stranger = Ca::new("another root").issue(&alice());
    for (issued, alert) in [
        (late, Alert::CERTIFICATE_EXPIRED),
        (purpose, Alert::UNSUPPORTED_CERTIFICATE),
        (usage, Alert::UNSUPPORTED_CERTIFICATE),
        (stranger, Alert::UNKNOWN_CA),
    ] {
        let (mut raw, _) = asked(ClientAuth::Request);
        raw.greet(&Hello::new());
        raw.message(&certificate(&issued.chain));
        raw.refused_with(alert, "of a client");
    }
    let (mut raw, _) = asked(ClientAuth::Request);
    raw.greet(&Hello::new());
    raw.message(&certificate([b"rubbish"]));
    raw.refused_with(Alert::BAD_CERTIFICATE, "of a client");
}

/// What a server of ours says to alice, whose CertificateVerify `signer` makes; `None` if it is accepted.
fn certificate_verify(change: impl FnOnce(&mut Vec<u8>), signer: &str) -> Option<(Alert, Error)> {
    let (mut raw, alice) = asked(ClientAuth::Require);
    let flight = raw.greet(&Hello::new());
    raw.message(&certificate(&alice.chain));
    raw.exchange(&flight);
    let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
    let key = Ca::new("clients").issue(&Spec::client(signer));
    let request = SignatureRequest { credential: "raw".into(), scheme, message: raw.transcript.clone() };
    let signature = key.local_key().sign(&request).expect("a signature").0;
    let mut body = [&[4, 3], &prefixed::<2>(&signature)[..]].concat();
    change(&mut body);
    raw.message(&framed(15, &body));
    raw.change_cipher_spec();
    let finished = raw.finished(tls12::schedule::Side::Client);
    raw.message(&finished);
    match raw.next_record() {
        Some((20, _)) => None,
        Some((21, alert)) => {
            let error = raw.end().error.expect("an alert has a reason");
            assert_eq!((alert[0], Some(Alert(alert[1]))), (2, error.alert()));
            Some((Alert(alert[1]), error))
        }
        other => panic!("an alert or ChangeCipherSpec is next, not {other:?}"),
    }
}

#[test]
fn a_certificate_verify_with_a_wrong_signature_is_a_decrypt_error() {
    assert_eq!(certificate_verify(|_| {}, "alice"), None);
    let bad = Some((Alert::DECRYPT_ERROR, Error::BadSignature));
    assert_eq!(certificate_verify(|body| *body.last_mut().unwrap() ^= 1, "alice"), bad);
    assert_eq!(certificate_verify(|_| {}, "bob"), bad);
}

#[test]
fn a_certificate_verify_under_a_scheme_not_offered_or_unfit_for_the_key_is_an_illegal_parameter() {
    for (scheme, why) in [
        ([2, 3], Illegal::SchemeNotOffered),
        ([6, 3], Illegal::SchemeNotOffered),
        ([8, 4], Illegal::SchemeForOtherKey),
        ([8, 7], Illegal::SchemeForOtherKey),
    ] {
        let told = certificate_verify(|body| body[..2].copy_from_slice(&scheme), "alice");
        assert_eq!(told, Some((Alert::ILLEGAL_PARAMETER, Error::Illegal(why))));
    }
}
