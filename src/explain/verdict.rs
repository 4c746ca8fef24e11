//! How a handshake went, as far as somebody can tell who only looks on.

use alloc::vec::Vec;
use core::fmt;

use super::event::{FinishedCheck, NotTls12};
use crate::{
    schedule::Side,
    session::{HandshakeKind, NotResumed, ResumedBy, TicketSent},
    wire::{AlertMessage, CipherSuite, ProtocolVersion, SessionId},
};

/// What is known of a connection so far.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// What it is.
    pub protocol: Protocol,
    /// How far the handshake has come.
    pub progress: Progress,
    /// Whether it is full or abbreviated, by what followed the ServerHello.
    pub shape: Shape,
    /// How it went, in the words of those who took part. `None` where that cannot be told. Why a server declined is
    /// known to nobody but itself: here it is [`NotResumed::Declined`].
    pub handshake: Option<HandshakeKind>,
    /// What became of the ticket. With a resumed session, one that is issued is a renewal.
    pub ticket: TicketSent,
    /// For how many seconds the new ticket may be of use, as the server says; 0 says nothing about it.
    pub lifetime_hint: Option<u32>,
    /// The new ticket; empty if there is none.
    pub new_ticket: Vec<u8>,
    /// Whether the ClientHello was seen: without it nobody knows what was offered.
    pub has_client_hello: bool,
    /// Whether a hello came from the side that cannot send it: it counts for nothing.
    pub has_misplaced_hello: bool,
    /// The session ID of the ClientHello.
    pub offered_id: SessionId,
    /// The ticket of the ClientHello: empty where it asks for one, `None` where the extension is absent.
    pub offered_ticket: Option<Vec<u8>>,
    /// Whether the client offers TLS 1.3 too: then its session ID may be made up (RFC 8446, D.4).
    pub offers_tls13: bool,
    /// The session ID of the ServerHello.
    pub session_id: SessionId,
    /// The version that the server chose.
    pub version: Option<ProtocolVersion>,
    /// The suite that the server chose.
    pub suite: Option<CipherSuite>,
    /// Whether both hellos have the extended master secret (RFC 7627).
    pub extended_master_secret: bool,
    /// The application protocol that the server chose.
    pub alpn: Option<Vec<u8>>,
    /// The name that the client looks for, as it came.
    pub server_name: Option<Vec<u8>>,
    /// Whether the client's Finished is right.
    pub client_finished: FinishedCheck,
    /// Whether the server's is.
    pub server_finished: FinishedCheck,
    /// The first fatal alert that could be read, and who sent it.
    pub fatal_alert: Option<(Side, AlertMessage)>,
    /// What became of what was encrypted.
    pub decryption: Decryption,
    /// Whether bytes are missing.
    pub has_gaps: bool,
    /// How many bytes the client sent before it began TLS; 0 if it began with TLS, or never did.
    pub client_preamble: u64,
    /// How many the server sent.
    pub server_preamble: u64,
}

/// What a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// Nothing that was seen says so.
    #[default]
    Unknown,
    /// TLS, and no ServerHello said of which version.
    Tls,
    /// TLS 1.2, as the ServerHello says.
    Tls12,
    /// Something else.
    Other(NotTls12),
}

/// How far a handshake has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Progress {
    /// There was no hello.
    #[default]
    Nothing,
    /// The client's hello came.
    ClientHello,
    /// The server's did.
    ServerHello,
    /// Both sides sent Finished.
    Complete,
}

/// What follows a ServerHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// Nothing that would tell.
    #[default]
    Unknown,
    /// A key exchange.
    Full,
    /// A change of keys, with a new ticket in front of it or not.
    Abbreviated,
}

/// What became of what was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decryption {
    /// There are no secrets.
    #[default]
    NoSecrets,
    /// There are, but none of this connection.
    NotInKeyLog,
    /// Its cipher suite is none of this crate.
    OtherSuite,
    /// It was decrypted.
    Decrypted,
}

impl Verdict {
    /// Whether the client offered a session for sure: a ticket, or an ID that it did not make up.
    pub fn offers_session(&self) -> bool {
        let ticket = self.offered_ticket.as_ref().is_some_and(|ticket| !ticket.is_empty());
        ticket || (!self.offered_id.is_empty() && !self.offers_tls13)
    }

    /// Whether a session was resumed and its ticket renewed.
    pub fn is_renewed(&self) -> bool {
        self.shape == Shape::Abbreviated && self.ticket == TicketSent::Issued
    }

    /// Decides what the words of [`HandshakeKind`] are for this.
    pub(super) fn judge(&mut self) {
        let has_ticket = self.offered_ticket.as_ref().is_some_and(|ticket| !ticket.is_empty());
        self.handshake = match (self.shape, self.has_client_hello) {
            (Shape::Unknown, _) | (_, false) => None,
            (Shape::Full, true) if self.offers_session() => Some(HandshakeKind::Full(NotResumed::Declined)),
            (Shape::Full, true) => Some(HandshakeKind::Full(NotResumed::NotOffered)),
            // RFC 5077, 3.4: with a ticket, "the server MUST NOT attempt to use the Session ID in the ClientHello for
            // stateful session resumption".
            (Shape::Abbreviated, true) if has_ticket => Some(HandshakeKind::Resumed(ResumedBy::Ticket)),
            (Shape::Abbreviated, true) if self.offered_id.is_empty() => None,
            (Shape::Abbreviated, true) => Some(HandshakeKind::Resumed(ResumedBy::SessionId)),
        };
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verdict({self})")
    }
}

/// One sentence without a full stop.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.protocol {
            Protocol::Other(NotTls12::NotTls) if self.has_gaps => {
                return f.write_str("no TLS to be seen, and bytes are missing");
            }
            Protocol::Other(other) => return write!(f, "not TLS 1.2 but {other}"),
            Protocol::Unknown | Protocol::Tls | Protocol::Tls12 => {}
        }
        match (self.handshake, self.shape) {
            (Some(HandshakeKind::Full(NotResumed::NotOffered)), _) => {
                f.write_str("a full handshake: the client offered no session")?;
                if !self.offered_id.is_empty() {
                    f.write_str(" (its session ID may be made up, for it offers TLS 1.3)")?;
                }
            }
            (Some(HandshakeKind::Full(_)), _) => {
                write!(f, "a full handshake: the server declined {}", self.offer())?;
            }
            (Some(HandshakeKind::Resumed(by)), _) => write!(f, "a session resumed by {by}")?,
            (None, Shape::Full) => f.write_str(match self.version {
                _ if self.has_misplaced_hello => {
                    "a full handshake, with a hello of the side that cannot send it"
                }
                Some(_) => "a full handshake, of which the ClientHello is not there",
                None => "a full handshake, of which the hellos are not there",
            })?,
            (None, Shape::Abbreviated) => f.write_str("a session resumed, nobody can tell by what")?,
            (None, Shape::Unknown) => f.write_str(match self.progress {
                Progress::Nothing if self.has_misplaced_hello => {
                    "no handshake to be seen, but a hello of the side that cannot send it"
                }
                Progress::Nothing => "no handshake to be seen",
                Progress::ClientHello => match (self.fatal_alert, self.has_gaps) {
                    (Some((Side::Server, _)), _) => "a handshake that the server refused",
                    (_, true) => "a handshake whose answer is not there",
                    (_, false) => "a handshake of which only the ClientHello is there",
                },
                Progress::ServerHello | Progress::Complete => {
                    "a handshake of which nobody can tell whether it is full"
                }
            })?,
        }
        self.about_ticket(f)?;
        self.about_end(f)
    }
}

impl Verdict {
    fn offer(&self) -> &'static str {
        match &self.offered_ticket {
            Some(ticket) if !ticket.is_empty() => "the ticket",
            _ => "the session ID",
        }
    }

    fn about_ticket(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ticket, self.lifetime_hint) {
            (TicketSent::No, _) => Ok(()),
            (TicketSent::Empty, _) => f.write_str("; the new ticket is empty"),
            (TicketSent::Issued, hint) => {
                f.write_str(if self.is_renewed() {
                    "; the ticket is renewed"
                } else {
                    "; a ticket is issued"
                })?;
                match hint {
                    Some(0) | None => f.write_str(" without a hint about its lifetime"),
                    Some(seconds) => write!(f, " for {seconds} s"),
                }
            }
        }
    }

    fn about_end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong = FinishedCheck::Wrong;
        match (self.progress, self.fatal_alert) {
            (Progress::Complete, _) if wrong == self.client_finished || wrong == self.server_finished => {
                f.write_str("; a Finished is wrong")
            }
            (Progress::Complete, _) => Ok(()),
            (_, Some((Side::Client, alert))) => write!(f, "; the client ended it with {}", alert.description),
            (_, Some((Side::Server, alert))) => write!(f, "; the server ended it with {}", alert.description),
            (Progress::Nothing | Progress::ClientHello, None) => Ok(()),
            (Progress::ServerHello, None) => f.write_str("; the rest of it was not seen"),
        }
    }
}
