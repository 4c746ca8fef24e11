//! The lines of a recording.

use serde::{Deserialize, Serialize};

use super::{
    config::{ClientLine, CredentialLine, ServerLine},
    hex::Hex,
};
use crate::{
    pki::CertificateError,
    schedule::Side,
    session::{KeyName, KeyState, NotResumed, OpenedTicket, Session},
};

/// The version of the format. New fields that a replay can do without may come without a new version; a new kind of line
/// needs one, for whoever does not know it does not know whether the handshake was given it.
pub(super) const FORMAT: u32 = 1;

/// One line, one JSON object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// The first one.
    Recording(Header),
    /// What the one who records noted, in words.
    Note(String),
    /// A handshake began, at this time in seconds since 1970.
    Started {
        now: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<Hex>,
    },
    /// Whom a client calls, and how.
    Calls { server: String, provider: String, digest: Hex, config: Box<ClientLine>, session: Option<Hex> },
    /// How a server serves this client.
    Configured { provider: String, digest: Hex, config: Box<ServerLine> },
    /// What a ticket or an entry of a store contained, where the key that opens it is not recorded.
    Opened(OpenedLine),
    /// What a store has.
    Found(FoundLine),
    /// A session was stored.
    Stored {},
    /// A key holder's answer; null if it refused.
    Signature(Option<Hex>),
    /// A verifier's answer.
    Verdict(VerdictLine),
    /// What a client presents.
    Credential(Option<Box<CredentialLine>>),
    /// The name of the hello is not served.
    RefusedName {},
    /// The application ended the handshake with this alert.
    Aborted(u8),
    /// The peer sent more than it may.
    TooMuch {},
    /// Bytes that came, so many microseconds after the beginning; in a handshake with the time. None: no more will.
    Received {
        at_us: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        now: Option<u64>,
        bytes: Hex,
    },
    /// Bytes that were sent.
    Sent { at_us: u64, bytes: Hex },
    /// How the handshake ended, in words.
    Complete(String),
    /// Why it failed, in words.
    Failed(String),
    /// From here on nothing more is recorded.
    Full {},
}

impl Line {
    /// Who sent which bytes, if this is about some, and we are this side.
    pub(super) fn bytes(&self, ours: Side) -> Option<(Side, &[u8])> {
        match self {
            Self::Received { bytes, .. } => Some((ours.peer(), &bytes.0)),
            Self::Sent { bytes, .. } => Some((ours, &bytes.0)),
            _ => None,
        }
    }

    /// What all of them are called.
    pub(super) const NAMES: [&'static str; 19] = [
        "recording",
        "note",
        "started",
        "calls",
        "configured",
        "opened",
        "found",
        "stored",
        "signature",
        "verdict",
        "credential",
        "refused_name",
        "aborted",
        "too_much",
        "received",
        "sent",
        "complete",
        "failed",
        "full",
    ];

    /// What it is called in a recording.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Recording(_) => "recording",
            Self::Note(_) => "note",
            Self::Started { .. } => "started",
            Self::Calls { .. } => "calls",
            Self::Configured { .. } => "configured",
            Self::Opened(_) => "opened",
            Self::Found(_) => "found",
            Self::Stored {} => "stored",
            Self::Signature(_) => "signature",
            Self::Verdict(_) => "verdict",
            Self::Credential(_) => "credential",
            Self::RefusedName {} => "refused_name",
            Self::Aborted(_) => "aborted",
            Self::TooMuch {} => "too_much",
            Self::Received { .. } => "received",
            Self::Sent { .. } => "sent",
            Self::Complete(_) => "complete",
            Self::Failed(_) => "failed",
            Self::Full {} => "full",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    /// The version of this crate.
    pub(super) version: String,
    pub(super) side: SideWord,
    pub(super) secrets: Secrets,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SideWord {
    Client,
    Server,
}

impl From<Side> for SideWord {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

impl From<SideWord> for Side {
    fn from(word: SideWord) -> Self {
        match word {
            SideWord::Client => Self::Client,
            SideWord::Server => Self::Server,
        }
    }
}

/// Whether secrets are written: the seed, ticket keys, and the client's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secrets {
    /// They are not. A replay goes as far as it goes without keys.
    Withheld,
    /// They are: whoever has the recording can read the connection, and all others that used the same ticket keys.
    Recorded,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FoundLine {
    Sealed(Hex),
    Missing,
    Unavailable,
}

/// What something sealed contained: a session without its secrets, or why it does not open, as a code of [`NotResumed`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OpenedLine {
    Session { session: Hex, key_name: Hex, key_state: KeyStateWord },
    NotResumed(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeyStateWord {
    Waiting,
    Sealing,
    Opening,
    Erased,
}

impl OpenedLine {
    pub(super) fn of(opened: &Result<OpenedTicket, NotResumed>) -> Self {
        match opened {
            Ok(opened) => Self::Session {
                session: Hex::of(opened.session.without_secrets().encode().expose()),
                key_name: Hex::of(opened.key_name.0),
                key_state: match opened.key_state {
                    KeyState::Waiting => KeyStateWord::Waiting,
                    KeyState::Sealing => KeyStateWord::Sealing,
                    KeyState::Opening => KeyStateWord::Opening,
                    KeyState::Erased => KeyStateWord::Erased,
                },
            },
            Err(reason) => Self::NotResumed(reason.code()),
        }
    }

    pub(super) fn opened(&self) -> Result<Result<OpenedTicket, NotResumed>, String> {
        let (session, key_name, key_state) = match self {
            Self::Session { session, key_name, key_state } => (session, key_name, key_state),
            Self::NotResumed(code) => {
                return NotResumed::from_code(*code).map(Err).ok_or_else(|| format!("no reason {code}"));
            }
        };
        let key_state = match key_state {
            KeyStateWord::Waiting => KeyState::Waiting,
            KeyStateWord::Sealing => KeyState::Sealing,
            KeyStateWord::Opening => KeyState::Opening,
            KeyStateWord::Erased => KeyState::Erased,
        };
        let session = Session::decode(&session.0).map_err(|_| "a session that does not parse")?;
        Ok(Ok(OpenedTicket { session, key_name: KeyName(key_name.array()?), key_state }))
    }
}

/// The last line of a recording from which something was left out, for a sink that has room for nothing else.
pub const FULL_LINE: &str = "{\"full\":{}}\n";

/// Stands for the words of a verifier, which are in the recording alone.
pub const AS_RECORDED: &str = "for the reason that is in the recording";

/// A verifier's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictLine {
    Verified,
    BadEncoding,
    UnknownIssuer,
    Expired { now: u64, not_after: u64 },
    NotYetValid { now: u64, not_before: u64 },
    NotForName { expected: String, presented: Vec<String> },
    Revoked,
    WrongPurpose,
    UnsupportedKey,
    UnsupportedSignature,
    BadSignature,
    Unacceptable(String),
    Missing,
    NoRoots,
    TooLong,
    KeyMismatch,
    BadOcsp,
}

impl VerdictLine {
    pub(super) fn refused(error: &CertificateError) -> Self {
        use CertificateError as E;
        match error.clone() {
            E::BadEncoding => Self::BadEncoding,
            E::UnknownIssuer => Self::UnknownIssuer,
            E::Expired { now, not_after } => Self::Expired { now, not_after },
            E::NotYetValid { now, not_before } => Self::NotYetValid { now, not_before },
            E::NotForName { expected, presented } => Self::NotForName { expected, presented },
            E::Revoked => Self::Revoked,
            E::WrongPurpose => Self::WrongPurpose,
            E::UnsupportedKey => Self::UnsupportedKey,
            E::UnsupportedSignature => Self::UnsupportedSignature,
            E::BadSignature => Self::BadSignature,
            E::Unacceptable(why) => Self::Unacceptable(why.into()),
            E::Missing => Self::Missing,
            E::NoRoots => Self::NoRoots,
            E::TooLong => Self::TooLong,
            E::KeyMismatch => Self::KeyMismatch,
            E::BadOcsp => Self::BadOcsp,
        }
    }

    /// `None` if it was believed.
    pub(super) fn refusal(&self) -> Option<CertificateError> {
        use CertificateError as E;
        Some(match self.clone() {
            Self::Verified => return None,
            Self::BadEncoding => E::BadEncoding,
            Self::UnknownIssuer => E::UnknownIssuer,
            Self::Expired { now, not_after } => E::Expired { now, not_after },
            Self::NotYetValid { now, not_before } => E::NotYetValid { now, not_before },
            Self::NotForName { expected, presented } => E::NotForName { expected, presented },
            Self::Revoked => E::Revoked,
            Self::WrongPurpose => E::WrongPurpose,
            Self::UnsupportedKey => E::UnsupportedKey,
            Self::UnsupportedSignature => E::UnsupportedSignature,
            Self::BadSignature => E::BadSignature,
            // The words are those of a program that is not here.
            Self::Unacceptable(_) => E::Unacceptable(AS_RECORDED),
            Self::Missing => E::Missing,
            Self::NoRoots => E::NoRoots,
            Self::TooLong => E::TooLong,
            Self::KeyMismatch => E::KeyMismatch,
            Self::BadOcsp => E::BadOcsp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_lines_are_those_that_are_read() {
        // The parser names all that it knows.
        let error = serde_json::from_str::<Line>("{\"none of them\":1}").unwrap_err().to_string();
        let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
        assert_eq!(known, Line::NAMES);
    }

    #[test]
    fn the_line_for_sinks_is_the_one_that_a_recorder_writes() {
        let written = serde_json::to_string(&Line::Full {}).unwrap() + "\n";
        assert_eq!(written, FULL_LINE);
    }
}
