//! Why one try failed.

use std::{fmt, io};

use tls12::wire::{Alert, ProtocolVersion};

/// Why one try failed. None of them ends the probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nobody listens.
    Refused,
    /// No connection came about for another reason.
    Connect(String),
    /// The preamble went wrong.
    Preamble(String),
    /// The server speaks something else than TLS: how its answer begins.
    NotTls(String),
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
    /// So many answers were all of this kind, and maybe none came from a node that knows the session.
    Unmet(u32, &'static str),
    /// As many connections were made as were announced.
    Spent,
    /// Nobody answered too many times in a row.
    Silence,
    /// It failed, and so do others here that offer nothing.
    Noise,
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

    /// What is said where no connection comes about.
    pub(crate) fn connecting(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::Connect("nobody answers there".into()),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                Self::Connect("there is no way to this address".into())
            }
            _ => Self::Connect(format!("no connection comes about ({error})")),
        }
    }

    /// Whether no connection came about.
    pub(crate) fn is_about_connecting(&self) -> bool {
        matches!(self, Self::Refused | Self::Connect(_))
    }

    /// Whether the server refused what our hello said.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Alert(..) | Self::Gone(Stage::Hello | Stage::Answer | Stage::Finished))
    }

    /// Whether nobody was there, or said anything.
    pub(crate) fn is_silence(&self) -> bool {
        self.is_about_connecting() || matches!(self, Self::Late(_) | Self::Silence)
    }

    /// Whether the server ended the connection, or did not come to TLS: whether that is for what was offered is not known.
    pub(crate) fn is_dismissal(&self) -> bool {
        matches!(self, Self::Alert(..) | Self::Gone(_) | Self::Preamble(_) | Self::NotTls(_))
    }

    /// Whether the server does not speak TLS 1.2, as far as this tells.
    pub(crate) fn is_about_version(&self) -> bool {
        matches!(self, Self::Alert(Alert::PROTOCOL_VERSION, _) | Self::Version(_))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("nobody listens there (the connection was refused)"),
            Self::Connect(why) => f.write_str(why),
            Self::Preamble(why) => write!(f, "before TLS, {why}"),
            Self::NotTls(said) => write!(f, "the server does not answer with TLS, but with \"{said}\""),
            Self::Late(stage) => write!(f, "the server did not answer in time {stage}"),
            Self::Alert(alert, stage) => write!(f, "the server sent the alert {alert} {stage}"),
            Self::Gone(Stage::Preamble) => f.write_str("the server closed the connection before TLS"),
            Self::Gone(stage) => write!(f, "the server closed the connection without an alert {stage}"),
            Self::Version(version) => write!(f, "the server answered with {version}"),
            Self::Unexpected(what) => f.write_str(what),
            Self::WrongKeys => f.write_str("the server's Finished does not fit the keys"),
            Self::Unmet(times, what) => {
                write!(f, "{what} {times} times, perhaps never by a node that knows the session")
            }
            Self::Silence => f.write_str("nobody answered any more"),
            Self::Noise => f.write_str("it failed, as connections do here now and then whatever they offer"),
            Self::Spent => f.write_str("the connections that were announced are used up"),
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preamble => "to what was said before TLS",
            Self::Hello => "after our hello",
            Self::Answer => "in the middle of the handshake",
            Self::Finished => "after our Finished",
        })
    }
}

/// The beginning of what a server said. It comes from anybody, and ends on a terminal.
pub(super) fn quoted(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let line = said.lines().next().unwrap_or_default();
    line.chars().take(100).collect::<String>().escape_debug().to_string()
}
