//! A recording that was read.

use std::{collections::BTreeMap, fmt};

use pki_types::ServerName;
use serde::de::IgnoredAny;

use super::{
    config::digest,
    line::{FORMAT, Header, Line, Secrets},
};
use crate::schedule::Side;

/// A connection that a [`Recorder`](super::Recorder) wrote down.
///
/// # Format
///
/// Lines of JSON, each an object with one name. The first is `recording`, with `format`, `version`, `side` (`client`,
/// `server`) and `secrets` (`withheld`, `recorded`). Then come, as they happened:
///
/// | line | what is in it |
/// | --- | --- |
/// | `note` | what the one who recorded it noted: who talked to whom, say |
/// | `started` | `now` in seconds since 1970; `seed`, 32 bytes, if secrets are recorded |
/// | `calls` | a client's `server`, `provider`, `digest` of the configuration, `config`, `session` ([`ClientSession`](crate::session::ClientSession), its secret zeros if withheld) |
/// | `configured` | a server's `provider`, `digest`, `config` for this hello |
/// | `opened` | if secrets are withheld: the session in a ticket or an entry without its secret, or the number of the reason why there is none |
/// | `found` | what the store answered: `{"sealed": ..}`, `"missing"`, `"unavailable"` |
/// | `stored` | the store was told |
/// | `signature`, `verdict`, `credential` | what was answered |
/// | `refused_name`, `aborted`, `too_much` | how the application ended a handshake |
/// | `received` | `at_us` microseconds since the beginning, `now` in a handshake, `bytes`; no bytes: the transport ended |
/// | `sent` | `at_us`, `bytes` |
/// | `complete`, `failed` | how the handshake ended, in words |
/// | `full` | the limit of the recording was reached |
///
/// Bytes are in hex. Fields that a replay can do without may be added; a line of another kind needs another `format`, for
/// it may be something that the handshake was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    header: Header,
    note: Option<String>,
    pub(super) lines: Vec<Line>,
    whole: bool,
}

/// Why a recording cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingError {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for RecordingError {}

impl Recording {
    /// Reads one. A last line that is not whole, for nobody finished writing it, is left out; empty lines are nothing.
    pub fn read(text: &[u8]) -> Result<Self, RecordingError> {
        let mut lines = Vec::new();
        let (mut header, mut note, mut whole) = (None, None, true);
        for (number, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            let wrong = |why: String| RecordingError { line: number, why };
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(Line::Recording(is)) if header.is_none() => {
                    header = Some(check_header(is).map_err(wrong)?)
                }
                Ok(_) if header.is_none() => return Err(wrong(NO_RECORDING.into())),
                Ok(Line::Note(text)) => note = Some(text),
                Ok(line) => {
                    check(&line).map_err(wrong)?;
                    lines.push(line);
                }
                Err(_) if !line.ends_with(b"\n") && header.is_some() => whole = false,
                Err(error) => {
                    let header = header.as_ref().ok_or_else(|| wrong(NO_RECORDING.into()))?;
                    return Err(wrong(unreadable(line, &error.to_string(), header)));
                }
            }
        }
        let header =
            header.ok_or_else(|| RecordingError { line: 1, why: "there is nothing in it".into() })?;
        Ok(Self { header, note, lines, whole })
    }

    /// What the one who recorded it noted, in words.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether its last line is whole.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whose side was recorded.
    pub fn side(&self) -> Side {
        self.header.side.into()
    }

    /// Whether secrets are in it.
    pub fn secrets(&self) -> Secrets {
        self.header.secrets
    }

    /// Which version of this crate recorded it.
    pub fn version(&self) -> &str {
        &self.header.version
    }

    /// By which provider, if that is known.
    pub fn provider(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Calls { provider, .. } | Line::Configured { provider, .. } => Some(provider.as_str()),
            _ => None,
        })
    }

    /// What the configuration is known by, its secrets left out: 32 bytes. `None` if it did not come to that.
    pub fn config_digest(&self) -> Option<[u8; 32]> {
        self.lines.iter().find_map(|line| match line {
            Line::Calls { digest, .. } | Line::Configured { digest, .. } => digest.array().ok(),
            _ => None,
        })
    }

    /// How the handshake ended, if it was complete: [`HandshakeKind`](crate::session::HandshakeKind) in words.
    pub fn outcome(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Complete(words) => Some(words.as_str()),
            _ => None,
        })
    }

    /// Why the handshake failed, if it did, in words.
    pub fn failure(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Failed(words) => Some(words.as_str()),
            _ => None,
        })
    }

    /// What was configured, as far as it matters to a handshake: names, and values in words. Nothing if it did not come to
    /// that.
    pub fn configuration(&self) -> Vec<(&'static str, Vec<String>)> {
        let words = self.lines.iter().find_map(|line| match line {
            Line::Calls { config, .. } => Some(config.words()),
            Line::Configured { config, .. } => Some(config.settings_words()),
            _ => None,
        });
        words.unwrap_or_default()
    }

    /// When the handshake began, in seconds since 1970.
    pub fn started_at(&self) -> Option<u64> {
        self.lines.iter().find_map(|line| match line {
            Line::Started { now, .. } => Some(*now),
            _ => None,
        })
    }

    /// What came and went, in order.
    pub(super) fn bytes(&self) -> impl Iterator<Item = (Side, &[u8])> {
        self.lines.iter().filter_map(|line| line.bytes(self.side()))
    }
}

/// Why a line cannot be read, in a sentence.
fn unreadable(line: &[u8], why: &str, header: &Header) -> String {
    let ours = env!("CARGO_PKG_VERSION");
    let Ok(names) = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(line) else {
        return "this is no JSON object, so the file was damaged or changed".into();
    };
    match names.keys().next() {
        // It may be something that the handshake was given: without it another one would be run.
        Some(name) if !Line::NAMES.contains(&name.as_str()) => format!(
            "version {ours} knows no line \"{}\", and the handshake may have been given what is in it; the file is of version {}",
            plain(name),
            plain(&header.version)
        ),
        Some(name) => format!("what stands under \"{name}\" cannot be read: {}", plain(why)),
        None => "this JSON object has nothing in it".into(),
    }
}

/// Words with something of the file in them: not all of it, and nothing that could move a cursor.
fn plain(words: &str) -> String {
    const MOST: usize = 500;
    // The parser counts lines of its own.
    let words = words.split(" at line ").next().unwrap_or_default();
    words.chars().take(MOST).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

const NO_RECORDING: &str = "this is no recording of tls12 (captures are for `tls12 explain`, sessions for `tls12 connect --session-in`)";

fn check_header(header: Header) -> Result<Header, String> {
    match header.format {
        FORMAT => Ok(header),
        other => Err(format!("format {other} is not read; this version reads format {FORMAT}")),
    }
}

/// What a line says must go together.
fn check(line: &Line) -> Result<(), String> {
    let (digest, computed) = match line {
        Line::Recording(_) => return Err("another recording begins within this one".into()),
        Line::Calls { server, digest: said, config, .. } => {
            ServerName::try_from(server.as_str()).map_err(|_| "no name that can be called")?;
            (said, digest(config))
        }
        Line::Configured { digest: said, config, .. } => {
            let mut config = config.clone();
            let keys = config.resumption.iter_mut().flat_map(|resumption| &mut resumption.keys);
            keys.for_each(|key| key.secret = None);
            (said, digest(&config))
        }
        _ => return Ok(()),
    };
    match digest.array()? == computed {
        true => Ok(()),
        false => Err("the configuration is not the one that was recorded: the digest is another".into()),
    }
}
