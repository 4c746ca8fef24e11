//! How a handshake went, and why.

use core::fmt;

/// How the handshake went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeKind {
    /// With certificates, and why no session was resumed.
    Full(NotResumed),
    /// Abbreviated.
    Resumed(ResumedBy),
}

/// What named the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumedBy {
    /// An id, from a store.
    SessionId,
    /// A ticket.
    Ticket,
}

/// Why a handshake was full: the first reason that applied. R37: the numbers never change meaning.
#[non_exhaustive]
#[repr(u16)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotResumed {
    /// The client offered nothing.
    NotOffered = 1,
    /// We do not resume.
    Disabled = 2,
    /// Seen by a client: the server would not, and does not say why.
    Declined = 3,
    /// The server's policy is to make a new session although it could have resumed.
    PolicyDeclined = 4,
    /// The store does not have it.
    NotStored = 10,
    /// The store did not answer.
    StoreUnavailable = 11,
    /// The ticket's key is not in the ring.
    UnknownTicketKey = 20,
    /// The ticket's key is in the ring, but too old to open with.
    ExpiredTicketKey = 21,
    /// It does not authenticate.
    Forged = 22,
    /// It is of a format that we do not read.
    UnknownFormat = 23,
    /// It is longer than anything that we seal.
    TooLong = 24,
    /// It is older than its lifetime.
    Expired = 30,
    /// The full handshake behind it is too long ago, whatever was renewed since.
    AuthenticationTooOld = 31,
    /// It belongs to another security domain.
    OtherContext = 40,
    /// It belongs to another server name.
    OtherServerName = 41,
    /// It belongs to another application protocol.
    OtherProtocol = 42,
    /// Its cipher suite is not offered, or no longer allowed.
    OtherSuite = 43,
    /// It was made without the extended master secret (RFC 7627, 5.3).
    OtherMasterSecret = 44,
    /// It has no client certificate, and one is required.
    NoClientCertificate = 45,
    /// The client certificate in it is no longer valid.
    ClientCertificateExpired = 46,
    /// It belongs to another partition of the cache.
    OtherPartition = 47,
}

impl NotResumed {
    /// The stable number of this reason (R37).
    pub const fn code(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for NotResumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl fmt::Display for ResumedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionId => "id",
            Self::Ticket => "ticket",
        })
    }
}

/// What became of the ticket in this handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketSent {
    /// None was asked for, or none is given.
    No,
    /// A new one.
    Issued,
    /// An empty one: promised, but not to be had (RFC 5077, 3.3).
    Empty,
}
