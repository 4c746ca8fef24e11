//! Every error there is, its alert, and that a person can read it.
//!
//! An error that is added to the crate and not to a list here fails the test that reads their names in the source.

use std::collections::BTreeSet;

use tls12::{
    Error, Excess, Illegal, Incompatible, RecordError, Refusal,
    pki::CertificateError,
    wire::{Alert, ContentType, DecodeError, ExtensionType, ProtocolVersion},
};

/// One error of each kind, with the alert that RFC 5246, 7.2.2 and its successors have for it.
fn all() -> Vec<(Error, Option<Alert>)> {
    let mut all = vec![
        (Error::Decode { message: "ClientHello", why: DecodeError::Truncated }, Some(Alert::DECODE_ERROR)),
        (Error::Unexpected { expected: &["Finished"], got: "alert" }, Some(Alert::UNEXPECTED_MESSAGE)),
        (Error::ExcessData, Some(Alert::UNEXPECTED_MESSAGE)),
        (Error::BadSignature, Some(Alert::DECRYPT_ERROR)),
        (Error::BadFinished, Some(Alert::DECRYPT_ERROR)),
        (Error::Renegotiation, Some(Alert::NO_RENEGOTIATION)),
        (Error::Truncated, None),
        (Error::Received(Alert::HANDSHAKE_FAILURE), None),
        (Error::Received(Alert::CLOSE_NOTIFY), None),
    ];
    all.extend(illegal().map(|(each, alert)| (Error::Illegal(each), Some(alert))));
    all.extend(incompatible().map(|(each, alert)| (Error::Incompatible(each), Some(alert))));
    all.extend(record().map(|(each, alert)| (Error::Record(each), alert)));
    all.extend(certificate().map(|(each, alert)| (Error::Certificate(each), Some(alert))));
    all.extend(refusal().map(|(each, alert)| (Error::Refused(each), Some(alert))));
    all
}

fn illegal() -> impl Iterator<Item = (Illegal, Alert)> {
    let parameter = [
        Illegal::SuiteNotOffered,
        Illegal::CertificateCurve,
        Illegal::Compression,
        Illegal::PointFormats,
        Illegal::GroupNotOffered,
        Illegal::KeyShare,
        Illegal::SchemeNotOffered,
        Illegal::SchemeForOtherKey,
        Illegal::ProtocolNotOffered,
        Illegal::ServerName,
        Illegal::MaxFragmentLength,
        Illegal::RecordSizeLimit,
        Illegal::AlertLevel,
        Illegal::ResumedWithOtherSuite,
    ];
    let others = [
        (Illegal::CertificateForOtherSuite, Alert::UNSUPPORTED_CERTIFICATE),
        (Illegal::ExtensionNotOffered(ExtensionType::ALPN), Alert::UNSUPPORTED_EXTENSION),
        (Illegal::RenegotiationInfo, Alert::HANDSHAKE_FAILURE),
        (Illegal::ExtendedMasterSecretDropped, Alert::HANDSHAKE_FAILURE),
        (Illegal::ExtendedMasterSecretAdded, Alert::HANDSHAKE_FAILURE),
    ];
    parameter.into_iter().map(|each| (each, Alert::ILLEGAL_PARAMETER)).chain(others)
}

fn incompatible() -> impl Iterator<Item = (Incompatible, Alert)> {
    [
        (Incompatible::Suite, Alert::HANDSHAKE_FAILURE),
        (Incompatible::Group, Alert::HANDSHAKE_FAILURE),
        (Incompatible::Scheme, Alert::HANDSHAKE_FAILURE),
        (Incompatible::Protocol, Alert::NO_APPLICATION_PROTOCOL),
        (Incompatible::Version, Alert::PROTOCOL_VERSION),
        (Incompatible::ExtendedMasterSecret, Alert::HANDSHAKE_FAILURE),
        (Incompatible::Curve, Alert::HANDSHAKE_FAILURE),
        (Incompatible::CertificateType, Alert::HANDSHAKE_FAILURE),
    ]
    .into_iter()
}

fn record() -> impl Iterator<Item = (RecordError, Option<Alert>)> {
    [
        (RecordError::Overflow, Some(Alert::RECORD_OVERFLOW)),
        (RecordError::BadMac, Some(Alert::BAD_RECORD_MAC)),
        (RecordError::UnknownType(ContentType::HEARTBEAT), Some(Alert::UNEXPECTED_MESSAGE)),
        (RecordError::Version(ProtocolVersion(0x0505)), Some(Alert::PROTOCOL_VERSION)),
        (RecordError::PlainHttp, None),
        (RecordError::Sslv2, Some(Alert::PROTOCOL_VERSION)),
        (RecordError::Excessive(Excess::MessageSize), Some(Alert::DECODE_ERROR)),
        (RecordError::Excessive(Excess::HandshakeSize), Some(Alert::DECODE_ERROR)),
        (RecordError::Excessive(Excess::EmptyRecords), Some(Alert::UNEXPECTED_MESSAGE)),
        (RecordError::Excessive(Excess::Warnings), Some(Alert::UNEXPECTED_MESSAGE)),
        (RecordError::Excessive(Excess::Renegotiations), Some(Alert::UNEXPECTED_MESSAGE)),
        (RecordError::KeyExhausted, Some(Alert::INTERNAL_ERROR)),
    ]
    .into_iter()
}

fn certificate() -> impl Iterator<Item = (CertificateError, Alert)> {
    let other_name = CertificateError::NotForName { expected: "a".into(), presented: vec!["b".into()] };
    [
        (CertificateError::BadEncoding, Alert::BAD_CERTIFICATE),
        (CertificateError::UnknownIssuer, Alert::UNKNOWN_CA),
        (CertificateError::Expired { now: 2, not_after: 1 }, Alert::CERTIFICATE_EXPIRED),
        (CertificateError::NotYetValid { now: 1, not_before: 2 }, Alert::CERTIFICATE_EXPIRED),
        (other_name, Alert::BAD_CERTIFICATE),
        (CertificateError::Revoked, Alert::CERTIFICATE_REVOKED),
        (CertificateError::WrongPurpose, Alert::UNSUPPORTED_CERTIFICATE),
        (CertificateError::UnsupportedKey, Alert::UNSUPPORTED_CERTIFICATE),
        (CertificateError::UnsupportedSignature, Alert::UNSUPPORTED_CERTIFICATE),
        (CertificateError::BadSignature, Alert::BAD_CERTIFICATE),
        (CertificateError::Unacceptable("it is odd"), Alert::CERTIFICATE_UNKNOWN),
        (CertificateError::Missing, Alert::HANDSHAKE_FAILURE),
        (CertificateError::NoRoots, Alert::UNKNOWN_CA),
        (CertificateError::TooLong, Alert::CERTIFICATE_UNKNOWN),
        (CertificateError::KeyMismatch, Alert::CERTIFICATE_UNKNOWN),
        (CertificateError::BadOcsp, Alert::BAD_CERTIFICATE_STATUS_RESPONSE),
    ]
    .into_iter()
}

fn refusal() -> impl Iterator<Item = (Refusal, Alert)> {
    [
        (Refusal::Signature, Alert::INTERNAL_ERROR),
        (Refusal::WrongSignature, Alert::INTERNAL_ERROR),
        (Refusal::Config, Alert::HANDSHAKE_FAILURE),
        (Refusal::ServerName, Alert::UNRECOGNIZED_NAME),
        (Refusal::OtherPeer, Alert::INTERNAL_ERROR),
        (Refusal::Credential, Alert::HANDSHAKE_FAILURE),
        (Refusal::Provider, Alert::INTERNAL_ERROR),
        (Refusal::Application(Alert::ACCESS_DENIED), Alert::ACCESS_DENIED),
    ]
    .into_iter()
}

#[test]
fn every_error_has_the_alert_of_the_rfcs() {
    for (error, alert) in all() {
        assert_eq!(error.alert(), alert, "{error:?}");
    }
}

/// RFC 5246, 7.2.2: decryption_failed, no_certificate and export_restriction "MUST NOT be sent".
#[test]
fn no_error_is_told_by_an_alert_that_must_not_be_sent() {
    for (error, alert) in all() {
        assert!(alert.is_none_or(|alert| ![21, 41, 60].contains(&alert.0)), "{error:?}");
    }
}

#[test]
fn every_error_is_a_sentence_that_a_person_can_read() {
    let mut sentences = BTreeSet::new();
    for (error, _) in all() {
        let sentence = error.to_string();
        assert!(sentence.split(' ').count() >= 4, "{sentence}");
        assert!(!sentence.contains(['{', '\n']), "{sentence}");
        // What a programmer reads is not what a person reads.
        assert_ne!(sentence, format!("{error:?}"));
        assert!(sentences.insert(sentence.clone()), "two errors with the sentence {sentence}");
    }
}

/// The names of the variants of an enum, read from its source.
fn variants(source: &str, name: &str) -> Vec<String> {
    let start = source.find(&format!("pub enum {name} {{")).expect("the enum is in this file");
    let body = &source[start..];
    let body = &body[..body.find("\n}").expect("its end")];
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(|line| line.chars().take_while(|c| c.is_alphanumeric()).collect())
        .collect()
}

fn names<T: std::fmt::Debug>(values: impl Iterator<Item = T>) -> BTreeSet<String> {
    values.map(|each| format!("{each:?}").chars().take_while(|c| c.is_alphanumeric()).collect()).collect()
}

/// The enums may grow, so no match outside of the crate is without a wildcard; the source is.
#[test]
fn no_error_is_missing_from_these_lists() {
    let errors = include_str!("../../src/error.rs");
    let records = include_str!("../../src/record/error.rs");
    let excess = record().filter_map(|(each, _)| match each {
        RecordError::Excessive(excess) => Some(excess),
        _ => None,
    });
    for (source, name, listed) in [
        (errors, "Error", names(all().into_iter().map(|(each, _)| each))),
        (errors, "Illegal", names(illegal().map(|(each, _)| each))),
        (errors, "Incompatible", names(incompatible().map(|(each, _)| each))),
        (errors, "Refusal", names(refusal().map(|(each, _)| each))),
        (records, "RecordError", names(record().map(|(each, _)| each))),
        (records, "Excess", names(excess)),
        (
            include_str!("../../src/pki/error.rs"),
            "CertificateError",
            names(certificate().map(|(each, _)| each)),
        ),
    ] {
        let there_are = variants(source, name);
        assert!(there_are.len() > 3, "{name}");
        assert_eq!(listed, there_are.into_iter().collect(), "{name}");
    }
}
