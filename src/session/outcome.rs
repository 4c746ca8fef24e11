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

impl HandshakeKind {
    /// The stable number of this verdict (R37): 1 is full, 2 is resumed by ID, 3 is resumed by ticket.
    pub const fn code(self) -> u16 {
        match self {
            Self::Full(_) => 1,
            Self::Resumed(ResumedBy::SessionId) => 2,
            Self::Resumed(ResumedBy::Ticket) => 3,
        }
    }

    /// Why no session was resumed; `None` if one was.
    pub const fn reason(self) -> Option<NotResumed> {
        match self {
            Self::Full(reason) => Some(reason),
            Self::Resumed(_) => None,
        }
    }
}

impl fmt::Display for HandshakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(reason) => write!(f, "full ({reason})"),
            Self::Resumed(by) => write!(f, "resumed by {by}"),
        }
    }
}

/// What named the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResumedBy {
    /// An id, from a store.
    SessionId,
    /// A ticket.
    Ticket,
}

impl fmt::Display for ResumedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionId => "id",
            Self::Ticket => "ticket",
        })
    }
}

/// Who can see a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenBy {
    /// Servers only.
    Server,
    /// Clients only.
    Client,
    /// Servers and clients.
    Both,
}

/// Makes [`NotResumed`] from one table, so that documentation, numbers and advice cannot drift apart.
macro_rules! reasons {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $side:ident, $advice:literal;)*) => {
        /// Why a handshake was full: the first reason that applied. R37: the numbers never change meaning.
        ///
        /// | number | name | seen by | what to do about it |
        /// | --- | --- | --- | --- |
        $(#[doc = concat!("| ", $code, " | `", stringify!($name), "` | ", stringify!($side), " | ", $advice, " |")])*
        #[non_exhaustive]
        #[repr(u16)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum NotResumed {
            $($(#[$meta])* $name = $code,)*
        }

        impl NotResumed {
            /// Every reason, by rising number.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The reason of this number, if there is one.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Its name, as in the table above.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// What a person can do about it, in one sentence.
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$name => $advice,)*
                }
            }

            /// Who can see it.
            pub const fn seen_by(self) -> SeenBy {
                match self {
                    $(Self::$name => SeenBy::$side,)*
                }
            }
        }
    };
}

reasons! {
    /// The client offered nothing.
    NotOffered = 1, Both,
        "Nothing on a first visit; a client that comes back should keep its session and offer it.";
    /// We do not resume.
    Disabled = 2, Both, "Configure `Resumption`, or allow tickets, if sessions are to be resumed.";
    /// Seen by a client: the server would not, and does not say why.
    Declined = 3, Client, "Ask the server's operator: its log has the reason.";
    /// The server's policy is to make a new session although it could have resumed.
    PolicyDeclined = 4, Server, "Choose another `Tickets` policy if this is not what was wanted.";
    /// The store does not have it.
    NotStored = 10, Server,
        "If it is frequent, enlarge the store, or share it between the servers that share clients.";
    /// The store did not answer.
    StoreUnavailable = 11, Server, "Look at the store: it failed, or took longer than its deadline.";
    /// The ticket's key is not in the ring.
    UnknownTicketKey = 20, Server,
        "Give all servers that share clients the same ticket keys, and keep former keys for as long as tickets live.";
    /// The ticket's key is in the ring, but too old to open with.
    ExpiredTicketKey = 21, Server, "Nothing, unless clients come back later than expected: then rotate less often.";
    /// It does not authenticate.
    Forged = 22, Server,
        "If it is frequent, look for two keys of one name, a store that damages entries, or an attack.";
    /// It is of a format that we do not read.
    UnknownFormat = 23, Server,
        "Expected from clients of another server, and for a while after a change of version; else look who sends it.";
    /// It is longer than anything that we seal; to a client, longer than a hello has room for.
    TooLong = 24, Both, "Not ours: look who sends it. A client does not offer tickets of more than 48 KiB.";
    /// It is older than its lifetime.
    Expired = 30, Both, "Nothing, unless clients come back later than expected: then prolong the lifetime.";
    /// The full handshake behind it is too long ago, whatever was renewed since.
    AuthenticationTooOld = 31, Both, "Nothing: certificates are looked at again from time to time.";
    /// It belongs to another security domain.
    OtherContext = 40, Both,
        "If two servers are to resume each other's sessions, give both the same context by name; a client whose trust settings changed begins anew.";
    /// It belongs to another server name.
    OtherServerName = 41, Both, "Nothing: a session is good for the name that it was made under.";
    /// It belongs to another application protocol.
    OtherProtocol = 42, Server, "Nothing, or do not require that the protocol stays the same.";
    /// Its cipher suite is not offered, or no longer allowed.
    OtherSuite = 43, Both, "Expected after suites were reconfigured; else the client offers its session wrongly.";
    /// It was made without the extended master secret (RFC 7627, 5.3).
    OtherMasterSecret = 44, Both, "Update the side that does not speak RFC 7627.";
    /// It has no client certificate, and one is required.
    NoClientCertificate = 45, Server, "Expected after client certificates became required.";
    /// The client certificate in it is no longer valid.
    ClientCertificateExpired = 46, Server, "The client needs a new certificate.";
    /// It belongs to another partition of the cache.
    OtherPartition = 47, Server, "If two servers are to resume each other's sessions, give both the same partition.";
}

impl NotResumed {
    /// The stable number of this reason (R37).
    pub const fn code(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for NotResumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for NotResumed {}

/// What became of the ticket in this handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum TicketSent {
    /// None was asked for, or none is given.
    #[default]
    No,
    /// A new one.
    Issued,
    /// An empty one: promised, but not to be had (RFC 5077, 3.3).
    Empty,
}

impl TicketSent {
    /// The stable number of this outcome (R37).
    pub const fn code(self) -> u16 {
        match self {
            Self::No => 0,
            Self::Issued => 1,
            Self::Empty => 2,
        }
    }
}

impl fmt::Display for TicketSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "none",
            Self::Issued => "issued",
            Self::Empty => "empty",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r37_every_reason_has_one_number_for_ever() {
        // Written out, not computed: a change here is a change of what the numbers mean, which R37 forbids.
        let numbers = [
            (1, "NotOffered"),
            (2, "Disabled"),
            (3, "Declined"),
            (4, "PolicyDeclined"),
            (10, "NotStored"),
            (11, "StoreUnavailable"),
            (20, "UnknownTicketKey"),
            (21, "ExpiredTicketKey"),
            (22, "Forged"),
            (23, "UnknownFormat"),
            (24, "TooLong"),
            (30, "Expired"),
            (31, "AuthenticationTooOld"),
            (40, "OtherContext"),
            (41, "OtherServerName"),
            (42, "OtherProtocol"),
            (43, "OtherSuite"),
            (44, "OtherMasterSecret"),
            (45, "NoClientCertificate"),
            (46, "ClientCertificateExpired"),
            (47, "OtherPartition"),
        ];
        assert_eq!(NotResumed::ALL.len(), numbers.len());
        for (reason, (code, name)) in NotResumed::ALL.iter().zip(numbers) {
            assert_eq!((reason.code(), reason.name()), (code, name));
            assert_eq!(NotResumed::from_code(code), Some(*reason));
            assert!(!reason.advice().is_empty());
        }
        assert_eq!(NotResumed::from_code(0), None);
        assert_eq!(NotResumed::from_code(48), None);
    }

    #[test]
    fn r37_every_verdict_has_one_number_for_ever() {
        assert_eq!(HandshakeKind::Full(NotResumed::Forged).code(), 1);
        assert_eq!(HandshakeKind::Resumed(ResumedBy::SessionId).code(), 2);
        assert_eq!(HandshakeKind::Resumed(ResumedBy::Ticket).code(), 3);
        let tickets = [TicketSent::No, TicketSent::Issued, TicketSent::Empty];
        assert_eq!(tickets.map(TicketSent::code), [0, 1, 2]);
    }
}
