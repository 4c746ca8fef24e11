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
                let (now, then) = (needed_words(needed), recorded_words(recorded));
                write!(f, "now {now} ({needed}), and in the recording {then} there (\"{recorded}\")")
            }
            Self::Outcome { now, recorded } => {
                write!(f, "it ends with \"{now}\", and ended with \"{recorded}\"")
            }
        }
    }
}

/// What a step is about.
fn needed_words(needed: &str) -> &str {
    match needed {
        "the beginning" => "the connection begins",
        "NeedsFlush" => "something is sent",
        "NeedsInput" => "the peer is to say something",
        "NeedsConfig" => "a configuration is asked for",
        "NeedsSession" => "the store is asked for a session",
        "NeedsStore" => "a session is stored",
        "NeedsSignature" => "a signature is asked for",
        "NeedsVerdict" => "it is asked whether the peer's certificates are believed",
        "NeedsCredential" => "a client certificate is asked for",
        "Done" => "the handshake is complete",
        "Failed" => "the handshake fails",
        "the connection" => "the connection is established",
        "the end" | "the end of what comes" => "it is over",
        other => other,
    }
}

/// What a line of a recording says.
fn recorded_words(line: &str) -> &str {
    match line {
        "started" => "a handshake begins",
        "calls" => "a client calls",
        "configured" => "a configuration was given",
        "opened" => "a session was opened",
        "found" => "the store answered",
        "stored" => "a session was stored",
        "signature" => "a signature was given",
        "verdict" => "certificates were judged",
        "credential" => "a client certificate was chosen, or none",
        "refused_name" => "the name was refused",
        "aborted" => "the application ended the handshake",
        "too_much" => "the peer had sent too much",
        "received" => "something came",
        "sent" => "something was sent",
        "complete" => "the handshake was complete",
        "failed" => "the handshake had failed",
        other => other,
    }
}

fn byte(byte: Option<&u8>) -> String {
    byte.map_or_else(|| "missing".into(), |byte| format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::line::Line;

    #[test]
    fn a_difference_is_a_sentence() {
        let differs = Difference::Need { needed: "NeedsSignature", recorded: "sent" };
        let sentence = "now a signature is asked for (NeedsSignature), and in the recording something was sent there (\"sent\")";
        assert_eq!(differs.to_string(), sentence);
        // The others begin a recording, are no step, or end it.
        let others = ["recording", "note", "full"];
        for name in Line::NAMES.iter().filter(|name| !others.contains(*name)) {
            assert_ne!(recorded_words(name), *name);
        }
    }
}
