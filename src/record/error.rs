//! What can be wrong with records.

use core::fmt;

use crate::wire::{ContentType, ProtocolVersion};

/// Why records are refused.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// A record longer than the protocol, or what was agreed, allows.
    Overflow,
    /// A record that does not authenticate.
    BadMac,
    /// A content type that TLS 1.2 does not have.
    UnknownType(ContentType),
    /// A record of another version.
    Version(ProtocolVersion),
    /// Plain HTTP in the place of a record.
    PlainHttp,
    /// A hello in the format of SSLv2.
    Sslv2,
    /// More of something than we put up with.
    Excessive(Excess),
    /// The records that one key may protect are used up.
    KeyExhausted,
}

/// What there was too much of.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Bytes of a handshake message.
    MessageSize,
    /// Records without data, in a row.
    EmptyRecords,
    /// Warning alerts, in a row.
    Warnings,
    /// Requests to renegotiate.
    Renegotiations,
    /// Bytes of a handshake, all its messages together: more than its caller puts up with.
    HandshakeSize,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow => f.write_str("the peer sent a record that is too long"),
            Self::BadMac => f.write_str("the peer sent a record that does not authenticate: altered on the way, or sealed with another key"),
            Self::UnknownType(content) => write!(f, "the peer sent a record of the unknown type {}", content.0),
            Self::Version(version) => write!(f, "the peer sent a record of version {version}; it may not speak TLS at all"),
            Self::PlainHttp => f.write_str("plain HTTP to a TLS port: use https"),
            Self::Sslv2 => f.write_str("a hello in the format of SSLv2, which is not supported (RFC 6176)"),
            Self::Excessive(excess) => excess.fmt(f),
            Self::KeyExhausted => f.write_str("this connection has sent as many records as its key may protect: make a new one"),
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MessageSize => "the peer sent a handshake message that is too long",
            Self::EmptyRecords => "the peer sent too many empty records in a row",
            Self::Warnings => "the peer sent too many warning alerts in a row",
            Self::Renegotiations => "the peer asked too often to renegotiate",
            Self::HandshakeSize => "the peer sent more bytes than a handshake may have here",
        })
    }
}
