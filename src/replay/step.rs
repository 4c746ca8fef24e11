//! What a replay tells.

use std::{fmt, time::Duration};

use crate::{connection::ConnectionInfo, error::Error, session::HandshakeKind};

/// One step of a replay.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum Step {
    /// A state needed bytes, and these came.
    Received {
        /// Since the beginning.
        at: Duration,
        /// Which messages may come in this state, by their names of RFC 5246, 7.4.
        expects: &'static [&'static str],
        /// What came. Nothing: the transport ended.
        bytes: Vec<u8>,
    },
    /// A state needed somebody's answer, and this is what is recorded.
    Answered {
        /// Which step asked: the name of a variant of [`ServerHandshake`](crate::ServerHandshake) or
        /// [`ClientHandshake`](crate::ClientHandshake).
        asked: &'static str,
        /// What the answer was, in words.
        answer: String,
    },
    /// A server decided which flow it is, and why.
    Decided(HandshakeKind),
    /// Bytes were made, and are those that were sent.
    Sent {
        /// Since the beginning.
        at: Duration,
        /// What was sent.
        bytes: Vec<u8>,
        /// How many of them were made again. The others depend on keys that are not recorded.
        same: usize,
    },
    /// The handshake is complete, as it was.
    Complete(Box<ConnectionInfo>),
    /// The handshake or the connection failed, as it did.
    Failed {
        /// Why.
        error: Error,
        /// How the recording has it, where it says so.
        recorded: Option<String>,
    },
    /// The last step.
    End(End),
}

/// Why a replay ends.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All that is recorded happened again.
    Reached,
    /// What follows depends on keys, and secrets are not recorded.
    KeysNeeded,
    /// The recording ends before the handshake did, or in the middle of a line: somebody abandoned the handshake, or the
    /// file is not whole.
    Unfinished,
    /// The limit of the recording was reached.
    Full,
    /// Of the last record that was sent only the beginning is recorded, which does not open.
    WithinRecord,
    /// Something else happened than was recorded.
    Differs(Difference),
    /// The recording says something that cannot be.
    Unusable(String),
}

/// What happened that is not what was recorded.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Other bytes were made.
    Bytes {
        /// Where the first of them is in what is sent at once.
        at: usize,
        /// What was made.
        made: Vec<u8>,
        /// What was sent.
        recorded: Vec<u8>,
    },
    /// Something else was needed.
    Need {
        /// What is needed: a name of a step.
        needed: &'static str,
        /// What the recording has.
        recorded: &'static str,
    },
    /// It ended in another way, each in words.
    Outcome {
        /// Now.
        now: String,
        /// Then.
        recorded: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { at, made, recorded } => write!(
                f,
                "byte {at} of {} is {}, and {} in the recording, which has {} bytes here",
                made.len(),
                byte(made.get(*at)),
                byte(recorded.get(*at)),
                recorded.len()
            ),
            Self::Need { needed, recorded } => {
                write!(f, "{needed} is where the handshake is, and the recording has \"{recorded}\" there")
            }
            Self::Outcome { now, recorded } => {
                write!(f, "it ends with \"{now}\", and ended with \"{recorded}\"")
            }
        }
    }
}

fn byte(byte: Option<&u8>) -> String {
    byte.map_or_else(|| "missing".into(), |byte| format!("{byte:02x}"))
}
