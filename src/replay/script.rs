//! A recording as it is played: its lines one after the other, and what is made held against them.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use pki_types::UnixTime;

use super::{
    clear::{self, Units},
    line::{Line, Secrets},
    recording::Recording,
    step::{Difference, End, Step},
};
use crate::{
    crypto::{Provider, Seed},
    edge::{Flush, Input},
    schedule::{KeyLog, Side},
    session::{HandshakeKind, ResumedBy},
    wire::ContentType,
};

/// What a replay reads from, and what it tells.
pub(super) struct Script<'r> {
    pub(super) recording: &'r Recording,
    pub(super) provider: &'static Provider,
    next: usize,
    /// What came and was not used yet, where the peer's keys change within it.
    pending: Option<Came>,
    peer: Units,
    pub(super) told: VecDeque<Step>,
    /// The secrets of the connection, once there are any.
    pub(super) key_log: Arc<Captured>,
    /// The time of the last bytes of a handshake.
    pub(super) now: UnixTime,
    /// What a session is resumed by, if one is: known where keys are not recorded.
    pub(super) resumed_by: Option<ResumedBy>,
}

/// Bytes that came.
struct Came {
    at: Duration,
    now: UnixTime,
    bytes: Vec<u8>,
}

/// A key log that is kept.
#[derive(Default)]
pub(super) struct Captured(Mutex<String>);

impl Captured {
    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl KeyLog for Captured {
    fn log(&self, line: &str) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(line);
        text.push('\n');
    }
}

impl fmt::Debug for Script<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("next", &self.next).finish_non_exhaustive()
    }
}

impl<'r> Script<'r> {
    pub(super) fn new(recording: &'r Recording, provider: &'static Provider) -> Self {
        Self {
            recording,
            provider,
            next: 0,
            pending: None,
            peer: Units::records(),
            told: VecDeque::new(),
            key_log: Arc::default(),
            now: time(0),
            resumed_by: None,
        }
    }

    pub(super) fn has_keys(&self) -> bool {
        self.recording.secrets() == Secrets::Recorded
    }

    /// The next line. Where there is none, the recording ends, and with it the replay.
    pub(super) fn line(&mut self) -> Result<&'r Line, End> {
        let line = self.recording.lines.get(self.next).ok_or(End::Unfinished)?;
        self.next += 1;
        match line {
            Line::Full {} => Err(End::Full),
            line => Ok(line),
        }
    }

    /// What it means that there are no more lines where there need be none.
    pub(super) fn at_the_end(&self, end: End) -> End {
        match end {
            End::Unfinished if self.recording.is_whole() => End::Reached,
            end => end,
        }
    }

    /// The next line, if it is one that `wanted` wants.
    pub(super) fn line_if<T>(&mut self, wanted: impl FnOnce(&'r Line) -> Option<T>) -> Option<T> {
        let found = self.recording.lines.get(self.next).and_then(wanted);
        self.next += usize::from(found.is_some());
        found
    }

    pub(super) fn peek(&self) -> Option<&'r Line> {
        self.recording.lines.get(self.next)
    }

    /// What came and went up to now.
    pub(super) fn past(&self) -> impl Iterator<Item = (Side, &'r [u8])> {
        let lines = self.recording.lines.get(..self.next).unwrap_or_default();
        lines.iter().filter_map(|line| line.bytes(self.recording.side()))
    }

    /// How many bytes are in the lines to come of what was sent.
    pub(super) fn to_be_sent(&self) -> usize {
        let lines = self.recording.lines.get(self.next..).unwrap_or_default();
        lines.iter().map(|line| if let Line::Sent { bytes, .. } = line { bytes.0.len() } else { 0 }).sum()
    }

    /// What a handshake begins with.
    pub(super) fn start(&mut self) -> Result<(Seed, UnixTime), End> {
        let line = self.line()?;
        let Line::Started { now, seed } = line else { return Err(unfit("the beginning", line)) };
        let seed = match seed {
            Some(seed) if self.has_keys() => Seed::for_replay(seed.array().map_err(End::Unusable)?),
            Some(_) | None => Seed::said(clear::said(self.recording)),
        };
        Ok((seed, time(*now)))
    }

    /// What was made to be sent, and was.
    pub(super) fn flush<S>(&mut self, ask: impl Flush<S>) -> Result<S, End> {
        let line = self.line()?;
        let Line::Sent { at_us, bytes: sent } = line else { return Err(unfit("NeedsFlush", line)) };
        let made = ask.bytes();
        let same = if self.has_keys() { made.len() } else { clear::without_keys(made) };
        let whole = same == made.len();
        let begins = sent.0.get(..same).is_some_and(|sent| made.starts_with(sent));
        if !begins || (whole && sent.0.len() != made.len()) {
            // Where the recording was full, its last line is only the beginning.
            return Err(match self.recording.lines.get(self.next) {
                Some(Line::Full {}) if made.starts_with(&sent.0) => End::Full,
                _ => differs(made, &sent.0),
            });
        }
        // A server comes to keys before it asks for a signature only if it resumes, and decided that before it sent this.
        let decided = match (whole, self.recording.side(), self.resumed_by) {
            (false, Side::Server, Some(by)) => self.as_recorded(HandshakeKind::Resumed(by)),
            _ => Ok(()),
        };
        let (at, bytes) = (Duration::from_micros(*at_us), sent.0.to_vec());
        self.told.push_back(Step::Sent { at, bytes, same });
        decided?;
        if whole { Ok(ask.all_sent()) } else { Err(End::KeysNeeded) }
    }

    /// What came.
    pub(super) fn input<S>(
        &mut self,
        mut ask: impl Input<S>,
        expects: &'static [&'static str],
    ) -> Result<S, End> {
        let Some(Came { at, now, mut bytes }) = self.came()? else { return Ok(ask.too_much()) };
        let mut rest = bytes.split_off(bytes.len().min(ask.spare().len()));
        if !self.has_keys() {
            match self.peer.find(ContentType::CHANGE_CIPHER_SPEC.0, &bytes) {
                Some(0) if expects.contains(&"ChangeCipherSpec") => return Err(End::KeysNeeded),
                // It has no place here, which needs no keys to be told.
                Some(0) | None => {}
                Some(change) => {
                    rest.splice(0..0, bytes.split_off(change));
                }
            }
        }
        if !rest.is_empty() {
            self.pending = Some(Came { at, now, bytes: rest });
        }
        ask.spare().iter_mut().zip(&bytes).for_each(|(to, byte)| *to = *byte);
        let n = bytes.len();
        self.now = now;
        self.told.push_back(Step::Received { at, expects, bytes });
        Ok(ask.received(n, now))
    }

    /// `None` if it was more than the peer may send.
    fn came(&mut self) -> Result<Option<Came>, End> {
        if let Some(came) = self.pending.take() {
            return Ok(Some(came));
        }
        match self.line()? {
            Line::TooMuch {} => Ok(None),
            Line::Received { at_us, now: Some(now), bytes } => {
                Ok(Some(Came { at: Duration::from_micros(*at_us), now: time(*now), bytes: bytes.0.to_vec() }))
            }
            line => Err(unfit("NeedsInput", line)),
        }
    }
}

/// A time of a recording.
pub(super) fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// The recording has something else where this is needed.
pub(super) fn unfit(needed: &'static str, line: &Line) -> End {
    End::Differs(Difference::Need { needed, recorded: line.name() })
}

/// Other bytes were made.
pub(super) fn differs(made: &[u8], recorded: &[u8]) -> End {
    let same = made.iter().zip(recorded).take_while(|(made, recorded)| made == recorded).count();
    End::Differs(Difference::Bytes { at: same, made: made.to_vec(), recorded: recorded.to_vec() })
}
