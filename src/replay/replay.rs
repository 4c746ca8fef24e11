//! Runs a recording again.

use std::{fmt, mem};

use super::{
    client,
    line::Secrets,
    recording::Recording,
    script::Script,
    server,
    step::{End, Step},
    traffic::Traffic,
};
use crate::{
    client::ClientHandshake, crypto::Provider, explain::KeyLogSecrets, schedule::Side,
    server::ServerHandshake,
};

/// A recorded connection, run again: an iterator over its steps, whose last one is [`Step::End`].
///
/// The handshakes of this version of the crate are given what went into the recorded one, and what they make is compared
/// with what was sent, byte by byte. The provider may be another one: all of them make the same bytes.
///
/// Where secrets were recorded, the whole connection is run again. Where they were withheld, what is random is taken from
/// what was said in the clear, and what a ticket contained from what the recorder saw in it, without its secret: everything up to the first
/// byte that depends on keys happens again, which is the choice of flow and its reason, the choice of everything else, certificates and their verdicts,
/// signatures, and every alert that ends a handshake before.
///
/// ```
/// use tls12::{crypto::RUSTCRYPTO, replay::{End, Recording, Replay, Step}};
///
/// fn happens_again(file: &[u8]) -> Result<bool, tls12::replay::RecordingError> {
///     let recording = Recording::read(file)?;
///     let last = Replay::new(&recording, &RUSTCRYPTO).last();
///     Ok(matches!(last, Some(Step::End(End::Reached | End::KeysNeeded))))
/// }
/// ```
pub struct Replay<'r> {
    script: Script<'r>,
    phase: Phase,
}

/// Where a replay is.
pub(super) enum Phase {
    Start,
    Client(Box<ClientHandshake>),
    Server(Box<ServerHandshake>),
    Traffic(Box<Traffic>),
    Over,
}

impl<'r> Replay<'r> {
    /// From the beginning.
    pub fn new(recording: &'r Recording, provider: &'static Provider) -> Self {
        Self { script: Script::new(recording, provider), phase: Phase::Start }
    }

    /// The secrets of what was run again so far, to explain it with. There are none where they were withheld.
    pub fn secrets(&self) -> KeyLogSecrets {
        match self.script.recording.secrets() {
            Secrets::Recorded => KeyLogSecrets::read(self.script.key_log.text().as_bytes()),
            Secrets::Withheld => KeyLogSecrets::default(),
        }
    }

    fn go_on(&mut self) -> Result<Phase, End> {
        let script = &mut self.script;
        match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Start => match script.recording.side() {
                Side::Client => client::start(script),
                Side::Server => server::start(script),
            },
            Phase::Client(handshake) => client::step(script, *handshake),
            Phase::Server(handshake) => server::step(script, *handshake),
            Phase::Traffic(mut traffic) => {
                traffic.step(script)?;
                Ok(Phase::Traffic(traffic))
            }
            Phase::Over => Ok(Phase::Over),
        }
    }
}

impl Iterator for Replay<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.script.told.pop_front() {
                return Some(step);
            }
            if matches!(self.phase, Phase::Over) {
                return None;
            }
            match self.go_on() {
                Ok(phase) => self.phase = phase,
                Err(end) => {
                    self.script.told.push_back(Step::End(end));
                    self.phase = Phase::Over;
                }
            }
        }
    }
}

impl fmt::Debug for Replay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("script", &self.script).finish_non_exhaustive()
    }
}
