//! What can be said: every handshake message, record and alert, as it should be and, where that matters, as it should
//! not.

use std::fmt;

use super::model::Facts;

/// What the test says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    HelloRequest,
    ClientHello,
    ServerHello,
    NewSessionTicket,
    /// A NewSessionTicket whose ticket has no bytes (RFC 5077, 3.3).
    NoTicket,
    Certificate,
    /// A Certificate without certificates.
    NoCertificate,
    CertificateStatus,
    ServerKeyExchange,
    /// Its signature is wrong.
    ForgedServerKeyExchange,
    /// The form of RSA_EXPORT: a modulus of 512 bits, an exponent, a signature.
    ExportServerKeyExchange,
    CertificateRequest,
    ServerHelloDone,
    ClientKeyExchange,
    /// It has no bytes at all.
    EmptyClientKeyExchange,
    /// The signature is over what was said so far.
    CertificateVerify,
    /// Its signature is wrong.
    ForgedCertificateVerify,
    /// It is over what was said so far.
    Finished,
    /// One bit of it is wrong.
    ForgedFinished,
    /// One byte is missing.
    ShortFinished,
    /// HelloVerifyRequest, which only DTLS has.
    DatagramMessage,
    /// A type that nobody knows.
    UnknownMessage,
    ChangeCipherSpec,
    /// It has two bytes.
    LongChangeCipherSpec,
    Data,
    EmptyData,
    EmptyHandshake,
    Warning,
    Fatal,
    CloseNotify,
    /// An alert of three bytes.
    LongAlert,
    /// An alert that is neither a warning nor fatal.
    AlertOfNoLevel,
    /// A record of RFC 6520, which nobody negotiated.
    Heartbeat,
    /// A record of a type that nobody knows.
    UnknownRecord,
    /// Sealed before ChangeCipherSpec, in the clear after it; and so are the next three.
    OtherFinished,
    OtherChangeCipherSpec,
    OtherData,
    OtherAlert,
}

/// All of them.
pub(crate) const ALPHABET: [Kind; 38] = [
    Kind::HelloRequest,
    Kind::ClientHello,
    Kind::ServerHello,
    Kind::NewSessionTicket,
    Kind::NoTicket,
    Kind::Certificate,
    Kind::NoCertificate,
    Kind::CertificateStatus,
    Kind::ServerKeyExchange,
    Kind::ForgedServerKeyExchange,
    Kind::ExportServerKeyExchange,
    Kind::CertificateRequest,
    Kind::ServerHelloDone,
    Kind::ClientKeyExchange,
    Kind::EmptyClientKeyExchange,
    Kind::CertificateVerify,
    Kind::ForgedCertificateVerify,
    Kind::Finished,
    Kind::ForgedFinished,
    Kind::ShortFinished,
    Kind::DatagramMessage,
    Kind::UnknownMessage,
    Kind::ChangeCipherSpec,
    Kind::LongChangeCipherSpec,
    Kind::Data,
    Kind::EmptyData,
    Kind::EmptyHandshake,
    Kind::Warning,
    Kind::Fatal,
    Kind::CloseNotify,
    Kind::LongAlert,
    Kind::AlertOfNoLevel,
    Kind::Heartbeat,
    Kind::UnknownRecord,
    Kind::OtherFinished,
    Kind::OtherChangeCipherSpec,
    Kind::OtherData,
    Kind::OtherAlert,
];

/// A kind, and what it says if it is a hello.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) kind: Kind,
    pub(crate) hello: Facts,
}

impl From<Kind> for Symbol {
    fn from(kind: Kind) -> Self {
        Self { kind, hello: Facts::NONE }
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hello {
            Facts::NONE => write!(f, "{:?}", self.kind),
            hello => write!(f, "{:?} with {hello:?}", self.kind),
        }
    }
}
