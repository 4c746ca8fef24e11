//! What the runner calls our errors. It looks for these names on stderr.
//!
//! Where the runner tells more apart than we do, an error has all the names that it may go by.

use tls12::{Error, Excess, Illegal, Incompatible, RecordError, Refusal, pki::CertificateError, wire::Alert};

/// Where an error happened, as far as its name depends on it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scene {
    pub(super) server: bool,
    /// A client that has heard nothing but the answer to its hello.
    pub(super) hello_only: bool,

    /// The name of what the application refused.
    pub(super) refused: &'static [&'static str],
}

/// The runner's names of an error.
pub(super) fn names(error: &Error, scene: Scene) -> &'static [&'static str] {
    match error {
        Error::Refused(refusal) => refused(*refusal, scene),
        Error::Certificate(error) => certificate(error, scene),
        Error::Decode { message, .. } => decode(message),
        Error::Unexpected { got, expected } => unexpected(got, expected),
        // Left over at the end of a flight, or before ChangeCipherSpec.
        Error::ExcessData => &[":EXCESS_HANDSHAKE_DATA:", ":UNEXPECTED_RECORD:"],
        Error::Illegal(Illegal::Compression) if scene.server => &[":INVALID_COMPRESSION_LIST:"],
        Error::Illegal(illegal) => self::illegal(*illegal),
        Error::Incompatible(incompatible) => self::incompatible(*incompatible, scene),
        Error::Record(error) => record(*error),
        Error::BadSignature => &[":BAD_SIGNATURE:"],
        Error::BadFinished => &[":DIGEST_CHECK_FAILED:"],
        Error::Renegotiation => &[":NO_RENEGOTIATION:"],
        Error::Truncated => &["the peer is gone"],
        Error::Received(alert) => received(*alert, scene),
        _ => &["an error without a name"],
    }
}

fn refused(refusal: Refusal, scene: Scene) -> &'static [&'static str] {
    match refusal {
        Refusal::Config | Refusal::Credential | Refusal::Application(_) => scene.refused,
        _ => &[":INTERNAL_ERROR:"],
    }
}

fn certificate(error: &CertificateError, scene: Scene) -> &'static [&'static str] {
    match error {
        CertificateError::Unacceptable(_) | CertificateError::BadOcsp => scene.refused,
        CertificateError::BadEncoding => &[":CANNOT_PARSE_LEAF_CERT:"],
        CertificateError::UnsupportedKey => &[":UNSUPPORTED_ALGORITHM:"],
        CertificateError::WrongPurpose => &[":KEY_USAGE_BIT_INCORRECT:"],
        CertificateError::Missing => &[":PEER_DID_NOT_RETURN_A_CERTIFICATE:"],
        _ => &[":CERTIFICATE_VERIFY_FAILED:"],
    }
}

fn decode(message: &str) -> &'static [&'static str] {
    match message {
        "ClientHello" => &[":CLIENTHELLO_PARSE_FAILED:", ":PARSE_TLSEXT:", ":ERROR_PARSING_EXTENSION:"],
        "ServerHello" => &[":DECODE_ERROR:", ":PARSE_TLSEXT:", ":ERROR_PARSING_EXTENSION:"],
        "Finished" => &[":DIGEST_CHECK_FAILED:"],
        "alert" => &[":BAD_ALERT:"],
        _ => &[":DECODE_ERROR:"],
    }
}

fn unexpected(got: &str, expected: &[&str]) -> &'static [&'static str] {
    match got {
        "a malformed ChangeCipherSpec" => &[":BAD_CHANGE_CIPHER_SPEC:"],
        "ChangeCipherSpec" | "application data" => &[":UNEXPECTED_RECORD:"],
        // Another type of record was due.
        _ if expected == ["ChangeCipherSpec"] => &[":UNEXPECTED_RECORD:"],
        _ => &[":UNEXPECTED_MESSAGE:"],
    }
}

fn illegal(illegal: Illegal) -> &'static [&'static str] {
    match illegal {
        Illegal::SuiteNotOffered => &[":WRONG_CIPHER_RETURNED:"],
        Illegal::CertificateForOtherSuite => &[":WRONG_CERTIFICATE_TYPE:"],
        Illegal::CertificateCurve => &[":BAD_ECC_CERT:"],
        Illegal::Compression => &[":UNSUPPORTED_COMPRESSION_ALGORITHM:"],
        Illegal::PointFormats => &[":ERROR_PARSING_EXTENSION:"],
        Illegal::GroupNotOffered => &[":WRONG_CURVE:"],
        Illegal::KeyShare => &[":BAD_ECPOINT:"],
        Illegal::SchemeNotOffered | Illegal::SchemeForOtherKey => &[":WRONG_SIGNATURE_TYPE:"],
        Illegal::ProtocolNotOffered => &[":INVALID_ALPN_PROTOCOL:"],
        Illegal::ExtensionNotOffered(_) => &[":UNEXPECTED_EXTENSION:"],
        Illegal::RenegotiationInfo => &[":RENEGOTIATION_MISMATCH:"],
        Illegal::AlertLevel => &[":UNKNOWN_ALERT_TYPE:"],
        Illegal::ExtendedMasterSecretDropped => &[":RESUMED_EMS_SESSION_WITHOUT_EMS_EXTENSION:"],
        Illegal::ExtendedMasterSecretAdded => &[":RESUMED_NON_EMS_SESSION_WITH_EMS_EXTENSION:"],
        Illegal::ResumedWithOtherSuite => &[":OLD_SESSION_CIPHER_NOT_RETURNED:"],
        _ => &[":ERROR_PARSING_EXTENSION:"],
    }
}

fn incompatible(incompatible: Incompatible, scene: Scene) -> &'static [&'static str] {
    match incompatible {
        Incompatible::Version => &[":UNSUPPORTED_PROTOCOL:"],
        Incompatible::Protocol => &[":NO_APPLICATION_PROTOCOL:"],
        Incompatible::Curve => &[":WRONG_CURVE:"],
        Incompatible::CertificateType => &[":UNKNOWN_CERTIFICATE_TYPE:"],
        Incompatible::Scheme if !scene.server => &[":NO_COMMON_SIGNATURE_ALGORITHMS:"],
        _ => &[":NO_SHARED_CIPHER:"],
    }
}

fn record(error: RecordError) -> &'static [&'static str] {
    match error {
        RecordError::Overflow => &[":DATA_LENGTH_TOO_LONG:", ":ENCRYPTED_LENGTH_TOO_LONG:"],
        RecordError::BadMac => &[":DECRYPTION_FAILED_OR_BAD_RECORD_MAC:"],
        RecordError::UnknownType(_) => &[":UNEXPECTED_RECORD:"],
        RecordError::Version(_) | RecordError::Sslv2 => &[":WRONG_VERSION_NUMBER:"],
        RecordError::PlainHttp => &[":HTTP_REQUEST:", ":HTTPS_PROXY_REQUEST:"],
        RecordError::Excessive(Excess::EmptyRecords) => &[":TOO_MANY_EMPTY_FRAGMENTS:"],
        RecordError::Excessive(Excess::Warnings) => &[":TOO_MANY_WARNING_ALERTS:"],
        _ => &[":EXCESSIVE_MESSAGE_SIZE:"],
    }
}

/// A client that is refused at once is told so by this name.
fn received(alert: Alert, scene: Scene) -> &'static [&'static str] {
    match alert {
        Alert::HANDSHAKE_FAILURE if scene.hello_only => &[":HANDSHAKE_FAILURE_ON_CLIENT_HELLO:"],
        Alert::RECORD_OVERFLOW => &[":TLSV1_ALERT_RECORD_OVERFLOW:"],
        Alert::DECOMPRESSION_FAILURE => &[":SSLV3_ALERT_DECOMPRESSION_FAILURE:"],
        _ => &[":ALERT_RECEIVED:"],
    }
}
