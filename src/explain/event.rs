//! What is told of a connection.

use alloc::vec::Vec;
use core::fmt;

use super::names::{KeyExchange, Registered};
use crate::{
    schedule::Side,
    wire::{
        AlertMessage, CipherSuite, ContentType, DecodeError, HandshakeType, Message, ProtocolVersion,
        RecordHeader,
    },
};

/// Something that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who sent it.
    pub from: Side,
    /// Where the record begins that it came with, or came to its end with: so many bytes after the first one that this
    /// side sent, those that are missing counted.
    pub offset: u64,
    /// What it is.
    pub seen: Seen,
}

/// What there is to see.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A whole record. What is in it follows.
    Record(RecordHeader),
    /// A whole handshake message, whatever records it came in.
    Message(SeenMessage),
    /// The keys of this side change.
    ChangeCipherSpec,
    /// An alert that can be read.
    Alert(AlertMessage),
    /// Application data that was decrypted.
    ApplicationData {
        /// How many bytes.
        length: usize,
        /// They themselves, if they were asked for.
        data: Option<SeenData>,
    },
    /// What stands where Finished has its place, encrypted: so many bytes without the header of the record.
    EncryptedFinished {
        /// Without the header of the record, in bytes.
        length: usize,
    },
    /// Anything else that is encrypted.
    Encrypted {
        /// What the header of the record says.
        content_type: ContentType,
        /// Without the header of the record, in bytes.
        length: usize,
    },
    /// A record that does not open under the keys that the secrets give: nothing after it is decrypted.
    DoesNotOpen {
        /// What the header of the record says.
        content_type: ContentType,
        /// Without the header of the record, in bytes.
        length: usize,
    },
    /// The body of a record that should be an alert or ChangeCipherSpec, and is none.
    Malformed {
        /// What the header of the record says.
        content_type: ContentType,
        /// Why it is none.
        why: DecodeError,
    },
    /// Bytes of the handshake in which no message could be found: others are missing, or a message says that it is longer
    /// than any that is read.
    MessagesLost,
    /// Bytes that are not there; `None` if nobody knows how many.
    Missing(Option<u64>),
    /// A record of which bytes are missing. Messages that are whole before those were told already.
    Damaged(RecordHeader),
    /// So many bytes after others that are missing, among which no record was found.
    Skipped(u64),
    /// The connection is not of TLS 1.2: what follows is told by its records at most. Where the first bytes of a side are no
    /// TLS, this holds until it begins TLS, if it ever does.
    NotTls12(NotTls12),
    /// After so many bytes of something else, those that are missing counted, this side begins TLS. Where its hello is
    /// missing, those before what is missing are counted.
    Preamble(u64),
}

/// Application data that was decrypted. It prints its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenData(pub Vec<u8>);

impl fmt::Debug for SeenData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeenData({} bytes)", self.0.len())
    }
}

/// What a connection is of instead.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTls12 {
    /// TLS 1.3, as the ServerHello says (RFC 8446, 4.2.1).
    Tls13,
    /// Another version, as the ServerHello says.
    Version(ProtocolVersion),
    /// The hello has the form of SSL 2.0 (RFC 5246, E.2).
    Sslv2Hello,
    /// HTTP without TLS.
    PlainHttp,
    /// Something else.
    NotTls,
}

impl NotTls12 {
    /// Whether this was told from the first bytes of a side alone, which may begin TLS later.
    pub fn may_begin_tls(self) -> bool {
        match self {
            Self::PlainHttp | Self::NotTls | Self::Sslv2Hello => true,
            Self::Tls13 | Self::Version(_) => false,
        }
    }
}

impl fmt::Display for NotTls12 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tls13 => f.write_str("TLS 1.3"),
            Self::Version(version) => write!(f, "{version}"),
            Self::Sslv2Hello => f.write_str("a hello of SSL 2.0"),
            Self::PlainHttp => f.write_str("HTTP without TLS"),
            Self::NotTls => f.write_str("no TLS at all"),
        }
    }
}

/// Whether a message was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// It was readable for everybody.
    Clear,
    /// It was decrypted.
    Decrypted,
}

/// Whether `verify_data` is what the master secret and the messages before it make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FinishedCheck {
    /// Without the secret, or without all messages, nobody can tell.
    #[default]
    Unchecked,
    /// It is.
    Verified,
    /// It is not.
    Wrong,
}

/// A handshake message.
#[derive(Clone, PartialEq, Eq)]
pub struct SeenMessage {
    /// What its header says.
    pub msg_type: HandshakeType,
    /// All its bytes, with its header.
    pub raw: Vec<u8>,
    /// Whether it was encrypted.
    pub protection: Protection,
    /// Of a Finished, whether it is right.
    pub finished: Option<FinishedCheck>,
    /// The suite of the connection, where it decides what is in the message.
    pub(super) suite: Option<CipherSuite>,
}

impl SeenMessage {
    /// Which side alone may send it (RFC 5246, 7.3; RFC 5077, 3.3); `None` where both may, or nobody here knows the type.
    pub fn sender(&self) -> Option<Side> {
        match self.msg_type {
            HandshakeType::CLIENT_HELLO
            | HandshakeType::CERTIFICATE_VERIFY
            | HandshakeType::CLIENT_KEY_EXCHANGE => Some(Side::Client),
            HandshakeType::HELLO_REQUEST
            | HandshakeType::SERVER_HELLO
            | HandshakeType::NEW_SESSION_TICKET
            | HandshakeType::CERTIFICATE_STATUS
            | HandshakeType::SERVER_KEY_EXCHANGE
            | HandshakeType::CERTIFICATE_REQUEST
            | HandshakeType::SERVER_HELLO_DONE => Some(Side::Server),
            _ => None,
        }
    }

    /// What is in it.
    pub fn decode(&self) -> Result<Message<'_>, Undecoded> {
        match self.suite.map(|suite| (KeyExchange::of(suite), suite)) {
            Some((KeyExchange::Other, suite)) => Err(Undecoded::OtherKeyExchange(suite)),
            Some((KeyExchange::Unknown, suite)) => Err(Undecoded::UnknownKeyExchange(suite)),
            Some((KeyExchange::Ecdhe, _)) | None => match Message::decode(&self.raw) {
                Ok(Some(message)) => Ok(message),
                Ok(None) => Err(Undecoded::UnknownType),
                Err(why) => Err(Undecoded::Malformed(why)),
            },
        }
    }
}

impl fmt::Debug for SeenMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeenMessage({}, {} bytes, {:?}", self.msg_type, self.raw.len(), self.protection)?;
        match self.finished {
            Some(check) => write!(f, ", {check:?})"),
            None => f.write_str(")"),
        }
    }
}

/// Why there is no decoded form of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecoded {
    /// Its bytes are not of its format.
    Malformed(DecodeError),
    /// Nobody here knows the type.
    UnknownType,
    /// It is a message of another key exchange than ECDHE, which this suite has.
    OtherKeyExchange(CipherSuite),
    /// It is a message of the key exchange of this suite, which nobody here knows.
    UnknownKeyExchange(CipherSuite),
}

impl fmt::Display for Undecoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(f),
            Self::UnknownType => f.write_str("a message of an unknown type"),
            Self::OtherKeyExchange(suite) => {
                // It has a name.
                let name = suite.registered_name().unwrap_or_default();
                write!(f, "a message of another key exchange than ECDHE ({name})")
            }
            Self::UnknownKeyExchange(suite) => {
                write!(f, "a message of the key exchange of a suite that is not known ({suite})")
            }
        }
    }
}

impl core::error::Error for Undecoded {}
