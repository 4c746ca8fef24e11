//! What secrets open, and whether Finished is right.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use super::{
    event::FinishedCheck,
    key_log::KeyLogSecrets,
    verdict::{Decryption, Shape, Verdict},
};
use crate::{
    crypto::{Place, Provider, RecordOpenKey, Suite},
    schedule::{KeySchedule, Log, Randoms, Side, TrafficKeys, Transcript},
    wire::{ContentType, Finished, HandshakeType},
};

/// How many bytes of handshake messages are kept to verify Finished: far more than an honest handshake has.
const MOST_KEPT: usize = 512 * 1024;

/// What there is to decrypt with.
pub(super) struct Secrets {
    pub(super) provider: &'static Provider,
    pub(super) log: Arc<KeyLogSecrets>,
}

/// The keys of a connection.
struct Keys {
    schedule: KeySchedule,
    traffic: TrafficKeys,
    suite: &'static Suite,
}

/// The secrets of one connection, and the messages that its Finished are about.
pub(super) struct Unlocking {
    secrets: Option<Secrets>,
    keys: Option<Keys>,
    kept: Kept,
}

/// The messages of each side, in its order, HelloRequest left out.
#[derive(Default)]
struct Kept {
    client: Vec<(HandshakeType, Vec<u8>)>,
    server: Vec<(HandshakeType, Vec<u8>)>,
    bytes: usize,
    incomplete: bool,
}

impl Unlocking {
    pub(super) fn new(secrets: Option<Secrets>) -> Self {
        Self { secrets, keys: None, kept: Kept::default() }
    }

    /// Keeps a message, if there is something to verify at all.
    pub(super) fn keep(&mut self, from: Side, msg_type: HandshakeType, raw: &[u8]) {
        if self.secrets.is_some() && msg_type != HandshakeType::HELLO_REQUEST {
            self.kept.add(from, msg_type, raw);
        }
    }

    /// Not all messages are there.
    pub(super) fn lost(&mut self) {
        self.kept = Kept { incomplete: true, ..Kept::default() };
    }

    /// Both hellos are there: makes the keys, if there is a secret. What came of it.
    pub(super) fn agreed(&mut self, randoms: &Randoms, verdict: &Verdict) -> Decryption {
        let Some(secrets) = &self.secrets else { return Decryption::NoSecrets };
        let Some(secret) = secrets.log.find(&randoms.client) else {
            self.secrets = None;
            return Decryption::NotInKeyLog;
        };
        let Some(suite) = verdict.suite.and_then(Suite::find) else {
            self.secrets = None;
            return Decryption::OtherSuite;
        };
        let schedule =
            KeySchedule::resume(secrets.provider, suite.hash, secret, verdict.extended_master_secret);
        self.keys = Some(Keys { traffic: schedule.traffic_keys(suite, randoms), schedule, suite });
        Decryption::Decrypted
    }

    /// What opens the records of one side from now on.
    pub(super) fn opener(&self, from: Side) -> Option<Opener> {
        let (secrets, keys) = (self.secrets.as_ref()?, self.keys.as_ref()?);
        keys.traffic.of(from).opening(secrets.provider).map(|key| Opener { key, sequence: 0 })
    }

    /// Whether a Finished is right.
    pub(super) fn check(&self, from: Side, finished: &Finished, shape: Shape) -> FinishedCheck {
        match self.is_right(from, finished, shape) {
            None => FinishedCheck::Unchecked,
            Some(true) => FinishedCheck::Verified,
            Some(false) => FinishedCheck::Wrong,
        }
    }

    fn is_right(&self, from: Side, finished: &Finished, shape: Shape) -> Option<bool> {
        let (secrets, keys) = (self.secrets.as_ref()?, self.keys.as_ref()?);
        let messages = self.kept.before_finished(from, shape)?;
        let transcript = Transcript::begin(secrets.provider, keys.suite.hash, Log::Drop, &messages);
        Some(keys.schedule.verify_data(from, &transcript.current()).same_as(&finished.verify_data))
    }
}

impl Kept {
    fn add(&mut self, from: Side, msg_type: HandshakeType, raw: &[u8]) {
        self.bytes = self.bytes.saturating_add(raw.len());
        if self.incomplete || self.bytes > MOST_KEPT {
            *self = Self { incomplete: true, ..Self::default() };
            return;
        }
        match from {
            Side::Client => self.client.push((msg_type, raw.to_vec())),
            Side::Server => self.server.push((msg_type, raw.to_vec())),
        }
    }

    /// The messages that the Finished of this side is about (RFC 5246, 7.4.9; RFC 5077, 3.3), in the order of the
    /// handshake and not in the one in which they were captured. `None` if some are not there.
    fn before_finished(&self, from: Side, shape: Shape) -> Option<Vec<&[u8]>> {
        if self.incomplete {
            return None;
        }
        let (client, server) = (up_to_finished(&self.client), up_to_finished(&self.server));
        let (hello, answer) = client.clear.split_first()?;
        let mut messages: Vec<&[u8]> = Vec::from([bytes(hello)]);
        match shape {
            Shape::Unknown => return None,
            Shape::Full => {
                let done = server.clear.iter().position(|(of, _)| *of == HandshakeType::SERVER_HELLO_DONE)?;
                let (flight, ticket) = server.clear.split_at_checked(done.checked_add(1)?)?;
                messages.extend(flight.iter().chain(answer).map(bytes));
                if from == Side::Server {
                    messages.push(client.finished?);
                    messages.extend(ticket.iter().map(bytes));
                }
            }
            Shape::Abbreviated => {
                messages.extend(server.clear.iter().map(bytes));
                if from == Side::Client {
                    messages.push(server.finished?);
                }
            }
        }
        Some(messages)
    }
}

/// The messages of one side before its Finished, and that.
struct Half<'k> {
    clear: &'k [(HandshakeType, Vec<u8>)],
    finished: Option<&'k [u8]>,
}

fn up_to_finished(messages: &[(HandshakeType, Vec<u8>)]) -> Half<'_> {
    let end = messages.iter().position(|(of, _)| *of == HandshakeType::FINISHED);
    let (clear, finished) = messages.split_at_checked(end.unwrap_or(messages.len())).unwrap_or_default();
    Half { clear, finished: finished.first().map(bytes) }
}

fn bytes((_, raw): &(HandshakeType, Vec<u8>)) -> &[u8] {
    raw
}

/// Opens the records of one side.
pub(super) struct Opener {
    key: RecordOpenKey,
    sequence: u64,
}

impl Opener {
    /// What is in a record; `None` if it does not open.
    pub(super) fn open<'b>(&mut self, content_type: ContentType, body: &'b mut [u8]) -> Option<&'b [u8]> {
        let place = Place { sequence: self.sequence, content_type };
        let plain = self.key.open(place, body).ok()?;
        self.skip();
        body.get(plain)
    }

    /// A record is not there.
    pub(super) fn skip(&mut self) {
        self.sequence = self.sequence.saturating_add(1);
    }
}

impl fmt::Debug for Unlocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unlocking").field("keys", &self.keys.is_some()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}
