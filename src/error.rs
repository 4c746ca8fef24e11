//! Layer 3: what can go wrong, and the one alert each of them sends.

use core::fmt;

use crate::{
    pki::CertificateError,
    record::{Excess, RecordError, Truncated},
    wire::{Alert, DecodeError, ExtensionType},
};

/// Why a handshake or a connection failed.
///
/// There is no variant for calling the API wrongly: wrong calls do not compile.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The peer sent bytes that do not parse.
    Decode {
        /// As which message.
        message: &'static str,
        /// How.
        why: DecodeError,
    },
    /// The peer sent a message that has no place here.
    Unexpected {
        /// What does.
        expected: &'static [&'static str],
        /// What came.
        got: &'static str,
    },
    /// Handshake bytes follow where the peer's flight ends or its keys change.
    ExcessData,
    /// The peer sent a value that the protocol forbids here.
    Illegal(Illegal),
    /// The two sides have something necessary not in common.
    Incompatible(Incompatible),
    /// A record was refused.
    Record(RecordError),
    /// A handshake signature that does not verify.
    BadSignature,
    /// A Finished that does not match our transcript.
    BadFinished,
    /// The peer's certificate was refused.
    Certificate(CertificateError),
    /// Whoever was asked for help refused it.
    Refused(Refusal),
    /// The peer wants to renegotiate, and the configuration makes that fatal.
    Renegotiation,
    /// The transport ended before the peer said that it would send nothing more.
    Truncated,
    /// The peer ended the connection with an alert.
    Received(Alert),
}

/// Values that the protocol forbids where they came.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Illegal {
    /// A cipher suite that was not offered, or that is not of TLS 1.2.
    SuiteNotOffered,
    /// A suite whose authentication is not what the certificate's key does (RFC 5246, 7.4.2).
    CertificateForOtherSuite,
    /// A certificate with a key on a curve that was not offered (RFC 8422, 5.3).
    CertificateCurve,
    /// Compression other than null, or none that is null.
    Compression,
    /// Point formats without the uncompressed one (RFC 8422, 5.1.2).
    PointFormats,
    /// A group that was not offered.
    GroupNotOffered,
    /// A point off the curve, of another form or length, or a shared secret of zeros (RFC 8422, 5.11).
    KeyShare,
    /// A signature scheme that was not offered.
    SchemeNotOffered,
    /// A signature scheme that the certificate's key cannot use.
    SchemeForOtherKey,
    /// An application protocol that was not offered (RFC 7301, 3.1).
    ProtocolNotOffered,
    /// A server name that is no host name (RFC 6066, 3).
    ServerName,
    /// A maximum fragment length that is none of the four, or not the one asked for (RFC 6066, 4).
    MaxFragmentLength,
    /// A record size limit below 64 (RFC 8449, 4).
    RecordSizeLimit,
    /// An extension in a ServerHello that was not in the ClientHello (RFC 5246, 7.4.1.4).
    ExtensionNotOffered(ExtensionType),
    /// Renegotiation data in a first handshake (RFC 5746, 3.4, 3.6).
    RenegotiationInfo,
    /// An alert whose level is neither warning nor fatal.
    AlertLevel,
    /// A session with the extended master secret, and a hello without (RFC 7627, 5.3).
    ExtendedMasterSecretDropped,
    /// A session without the extended master secret, resumed with it (RFC 7627, 5.3).
    ExtendedMasterSecretAdded,
    /// A session resumed with another cipher suite (RFC 5246, 7.4.1.3).
    ResumedWithOtherSuite,
}

/// What the two sides do not have in common.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incompatible {
    /// A cipher suite.
    Suite,
    /// A group.
    Group,
    /// A signature scheme that one can make and the other read.
    Scheme,
    /// The curve of any certificate: what the client lists as groups counts for certificates too (RFC 8422, 5.1).
    Curve,
    /// An application protocol.
    Protocol,
    /// A version: ours is TLS 1.2 alone.
    Version,
    /// The extended master secret (RFC 7627).
    ExtendedMasterSecret,
    /// A kind of client certificate.
    CertificateType,
}

/// Who refused to help.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The key holder would not sign.
    Signature,
    /// The signature that the key holder made does not verify.
    WrongSignature,
    /// There is no configuration for this client.
    Config,
    /// The server name is none that is served.
    ServerName,
    /// The verdict is about another peer.
    OtherPeer,
    /// There is no credential that may be used.
    Credential,
    /// The provider has no such key.
    Provider,
    /// The application ended the handshake with this alert.
    Application(Alert),
}

impl Error {
    /// The alert that this error sends; `None` where the peer is already gone, or speaks no TLS.
    ///
    /// One match without a wildcard: a new error does not compile until somebody chooses its alert.
    pub fn alert(&self) -> Option<Alert> {
        Some(match self {
            Self::Decode { .. } => Alert::DECODE_ERROR,
            Self::Unexpected { .. } | Self::ExcessData => Alert::UNEXPECTED_MESSAGE,
            Self::Illegal(illegal) => illegal.alert(),
            Self::Incompatible(incompatible) => incompatible.alert(),
            Self::Record(error) => return record_alert(*error),
            Self::BadSignature | Self::BadFinished => Alert::DECRYPT_ERROR,
            Self::Certificate(error) => certificate_alert(error),
            Self::Refused(refusal) => refusal.alert(),
            Self::Renegotiation => Alert::NO_RENEGOTIATION,
            Self::Truncated | Self::Received(_) => return None,
        })
    }
}

impl Error {
    /// Whether a session that was to be resumed must go: after a fatal alert of either side, and not because the
    /// connection was closed or lost (R29).
    pub(crate) fn invalidates_session(&self) -> bool {
        !matches!(self, Self::Truncated | Self::Received(Alert::CLOSE_NOTIFY))
    }
}

impl Illegal {
    const fn alert(self) -> Alert {
        match self {
            Self::SuiteNotOffered
            | Self::CertificateCurve
            | Self::Compression
            | Self::PointFormats
            | Self::GroupNotOffered
            | Self::KeyShare
            | Self::SchemeNotOffered
            | Self::SchemeForOtherKey
            | Self::ProtocolNotOffered
            | Self::ServerName
            | Self::MaxFragmentLength
            | Self::RecordSizeLimit
            | Self::AlertLevel
            | Self::ResumedWithOtherSuite => Alert::ILLEGAL_PARAMETER,
            Self::CertificateForOtherSuite => Alert::UNSUPPORTED_CERTIFICATE,
            Self::ExtensionNotOffered(_) => Alert::UNSUPPORTED_EXTENSION,
            // RFC 5746, 3.4: "the client MUST abort the handshake (by sending a fatal handshake_failure alert)".
            Self::RenegotiationInfo => Alert::HANDSHAKE_FAILURE,
            Self::ExtendedMasterSecretDropped | Self::ExtendedMasterSecretAdded => Alert::HANDSHAKE_FAILURE,
        }
    }
}

impl Incompatible {
    const fn alert(self) -> Alert {
        match self {
            Self::Suite
            | Self::Group
            | Self::Scheme
            | Self::Curve
            | Self::ExtendedMasterSecret
            | Self::CertificateType => Alert::HANDSHAKE_FAILURE,
            Self::Protocol => Alert::NO_APPLICATION_PROTOCOL,
            Self::Version => Alert::PROTOCOL_VERSION,
        }
    }
}

impl Refusal {
    const fn alert(self) -> Alert {
        match self {
            Self::Signature | Self::WrongSignature | Self::OtherPeer | Self::Provider => {
                Alert::INTERNAL_ERROR
            }
            Self::Config | Self::Credential => Alert::HANDSHAKE_FAILURE,
            Self::ServerName => Alert::UNRECOGNIZED_NAME,
            Self::Application(alert) => alert,
        }
    }
}

const fn record_alert(error: RecordError) -> Option<Alert> {
    Some(match error {
        RecordError::Overflow => Alert::RECORD_OVERFLOW,
        RecordError::BadMac => Alert::BAD_RECORD_MAC,
        RecordError::UnknownType(_) => Alert::UNEXPECTED_MESSAGE,
        RecordError::Version(_) | RecordError::Sslv2 => Alert::PROTOCOL_VERSION,
        // An alert would be noise to whoever reads it.
        RecordError::PlainHttp => return None,
        RecordError::Excessive(excess) => match excess {
            Excess::MessageSize | Excess::HandshakeSize => Alert::DECODE_ERROR,
            Excess::EmptyRecords | Excess::Warnings | Excess::Renegotiations => Alert::UNEXPECTED_MESSAGE,
        },
        RecordError::KeyExhausted => Alert::INTERNAL_ERROR,
    })
}

const fn certificate_alert(error: &CertificateError) -> Alert {
    match error {
        CertificateError::BadEncoding
        | CertificateError::NotForName { .. }
        | CertificateError::BadSignature => Alert::BAD_CERTIFICATE,
        CertificateError::UnknownIssuer | CertificateError::NoRoots => Alert::UNKNOWN_CA,
        CertificateError::Expired { .. } | CertificateError::NotYetValid { .. } => Alert::CERTIFICATE_EXPIRED,
        CertificateError::Revoked => Alert::CERTIFICATE_REVOKED,
        CertificateError::WrongPurpose
        | CertificateError::UnsupportedKey
        | CertificateError::UnsupportedSignature => Alert::UNSUPPORTED_CERTIFICATE,
        // RFC 5246, 7.4.6: "the server MAY at its discretion either continue … or respond with a fatal
        // handshake_failure alert".
        CertificateError::Missing => Alert::HANDSHAKE_FAILURE,
        CertificateError::BadOcsp => Alert::BAD_CERTIFICATE_STATUS_RESPONSE,
        CertificateError::Unacceptable(_) | CertificateError::TooLong | CertificateError::KeyMismatch => {
            Alert::CERTIFICATE_UNKNOWN
        }
    }
}

impl From<RecordError> for Error {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<Excess> for Error {
    fn from(excess: Excess) -> Self {
        Self::Record(RecordError::Excessive(excess))
    }
}

impl From<CertificateError> for Error {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<Illegal> for Error {
    fn from(illegal: Illegal) -> Self {
        Self::Illegal(illegal)
    }
}

impl From<Incompatible> for Error {
    fn from(incompatible: Incompatible) -> Self {
        Self::Incompatible(incompatible)
    }
}

impl From<Truncated> for Error {
    fn from(Truncated: Truncated) -> Self {
        Self::Truncated
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode { message, why } => write!(f, "the peer sent a malformed {message}: {why}"),
            Self::Unexpected { expected, got } => {
                write!(f, "the peer sent {got} out of turn; expected was ")?;
                for (n, name) in expected.iter().enumerate() {
                    let before = if n == 0 { "" } else { " or " };
                    write!(f, "{before}{name}")?;
                }
                Ok(())
            }
            Self::ExcessData => f.write_str("the peer sent more handshake data than belongs there"),
            Self::Illegal(illegal) => illegal.fmt(f),
            Self::Incompatible(incompatible) => incompatible.fmt(f),
            Self::Record(error) => error.fmt(f),
            Self::BadSignature => f.write_str("the peer's signature in the handshake does not verify"),
            Self::BadFinished => {
                f.write_str("the peer's Finished does not match: the handshake was altered on the way")
            }
            Self::Certificate(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Renegotiation => f.write_str("the peer wants to renegotiate, which is not done here"),
            Self::Truncated => Truncated.fmt(f),
            Self::Received(Alert::CLOSE_NOTIFY) => {
                f.write_str("the peer closed the connection before the handshake was complete")
            }
            Self::Received(alert) => write!(f, "the peer ended the connection with the alert {alert}"),
        }
    }
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SuiteNotOffered => "the server chose a cipher suite that was not offered",
            Self::CertificateForOtherSuite => {
                "the peer's certificate has a key of another kind than the cipher suite needs"
            }
            Self::CertificateCurve => "the peer's certificate has a key on a curve that was not offered",
            Self::Compression => "the peer insists on compression",
            Self::PointFormats => "the peer cannot read uncompressed points",
            Self::GroupNotOffered => "the server chose a group that was not offered",
            Self::KeyShare => "the peer's key share is no valid point of the group",
            Self::SchemeNotOffered => "the peer signed under a scheme that was not offered",
            Self::SchemeForOtherKey => "the peer signed under a scheme that its certificate's key cannot use",
            Self::ProtocolNotOffered => "the server chose an application protocol that was not offered",
            Self::ServerName => "the client asks for a server name that is no host name",
            Self::MaxFragmentLength => "the peer sent a maximum fragment length that is not valid here",
            Self::RecordSizeLimit => "the peer sent a record size limit below 64",
            Self::ExtensionNotOffered(extension) => {
                return write!(f, "the server sent the extension {extension}, which was not offered");
            }
            Self::RenegotiationInfo => "the peer sent renegotiation data in a first handshake",
            Self::AlertLevel => "the peer sent an alert that is neither warning nor fatal",
            Self::ExtendedMasterSecretDropped => {
                "the peer resumes a session that has the extended master secret, and does without it now"
            }
            Self::ExtendedMasterSecretAdded => {
                "the server resumes a session without the extended master secret, and wants it now"
            }
            Self::ResumedWithOtherSuite => "the server resumed a session with another cipher suite",
        })
    }
}

impl fmt::Display for Incompatible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Suite => "the two sides have no cipher suite in common (here: ECDHE with AES-GCM or ChaCha20-Poly1305), or none that a certificate fits",
            Self::Group => "the two sides have no group for the key exchange in common",
            Self::Scheme => "the two sides have no signature scheme in common that a certificate fits",
            Self::Curve => "no certificate has a key on a curve that the client supports",
            Self::Protocol => "the two sides have no application protocol in common (ALPN)",
            Self::Version => "the peer does not speak TLS 1.2",
            Self::ExtendedMasterSecret => "the peer does not do the extended master secret (RFC 7627), which is required",
            Self::CertificateType => "there is no certificate of a kind that the server takes",
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signature => "the key holder refused to sign",
            Self::WrongSignature => {
                "the key holder made a signature that does not verify: is it the certificate's key?"
            }
            Self::Config => "there is no configuration for this client",
            Self::ServerName => "the client asks for a server name that is not served",
            Self::OtherPeer => "the verifier's answer is about another peer",
            Self::Credential => "there is no credential that may be used",
            Self::Provider => "the provider cannot make a key for this suite",
            Self::Application(alert) => {
                return write!(f, "the application ended the handshake with the alert {alert}");
            }
        })
    }
}

impl core::error::Error for Error {}
