//! Why one try failed.

use std::{fmt, io};

use tls12::wire::{Alert, ProtocolVersion};

/// Why one try failed. None of them ends the probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No connection came about.
    Connect(String),
    /// The preamble went wrong.
    Preamble(String),
    /// It took too long.
    Late(Stage),
    /// The server sent a fatal alert.
    Alert(Alert, Stage),
    /// The server closed or reset the connection.
    Gone(Stage),
    /// The server answered with another version.
    Version(ProtocolVersion),
    /// The server said what it must not say, or what this probe does not understand.
    Unexpected(String),
    /// The server's Finished is not made with the keys of the session, or of the key exchange.
    WrongKeys,
    /// As many connections were made as were announced.
    Spent,
    /// It was not tried: nobody had answered too many times in a row.
    Silence,
}

/// How far a handshake had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Something stood in front of TLS.
    Preamble,
    /// Our hello was sent.
    Hello,
    /// The server's hello had come.
    Answer,
    /// Our Finished was sent.
    Finished,
}

impl Trouble {
    /// What an error of the transport says at this stage.
    pub(crate) fn of(error: &io::Error, stage: Stage) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Self::Gone(stage),
            _ => Self::Unexpected(error.to_string()),
        }
    }

    /// Whether the server refused what our hello said.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Alert(..) | Self::Gone(Stage::Hello | Stage::Answer | Stage::Finished))
    }

    /// Whether nobody was there, or said anything.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Late(_) | Self::Silence)
    }

    /// Whether the server does not speak TLS 1.2, as far as this tells.
    pub(crate) fn is_about_version(&self) -> bool {
        matches!(self, Self::Alert(Alert::PROTOCOL_VERSION, _) | Self::Version(_))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(why) => write!(f, "no connection: {why}"),
            Self::Preamble(why) => write!(f, "before TLS: {why}"),
            Self::Late(stage) => write!(f, "no answer in time {stage}"),
            Self::Alert(alert, stage) => write!(f, "the alert {alert} {stage}"),
            Self::Gone(stage) => write!(f, "the connection was closed without an alert {stage}"),
            Self::Version(version) => write!(f, "the server answered with {version}"),
            Self::Unexpected(what) => f.write_str(what),
            Self::WrongKeys => f.write_str("the server's Finished does not fit the keys"),
            Self::Silence => f.write_str("not tried, for nobody answered any more"),
            Self::Spent => f.write_str("the connections that were announced are used up"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preamble => "before TLS",
            Self::Hello => "after our hello",
            Self::Answer => "in the middle of the handshake",
            Self::Finished => "after our Finished",
        })
    }
}
