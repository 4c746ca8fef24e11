//! What both sides of a connection say, explained while they say it.

use std::{sync::Arc, time::Duration};

use tls12::{
    crypto::Provider,
    explain::{Event, Explainer, KeyLogSecrets, Seen, Verdict},
    schedule::Side,
};

use crate::roles::{Assumed, Part, Roles, Says, Turn};

/// Bytes that were sent at once, and what there is to see in them.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) from: Side,
    /// Since the beginning.
    pub(crate) at: Duration,
    /// How many.
    pub(crate) bytes: usize,
    pub(crate) events: Vec<Event>,
}

/// How many events are kept of a connection; what follows is told if it is more than another record.
const MOST_EVENTS: usize = 10_000;
/// And how many if it is.
const MOST_EVENTS_AT_ALL: usize = 2 * MOST_EVENTS;
/// How many are kept that are more than another record where there are too many of other connections: enough for a handshake.
const FEW_EVENTS: usize = 100;

/// What decrypts, and whether application data is told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    pub(crate) secrets: Option<Arc<KeyLogSecrets>>,
    pub(crate) data: Data,
}

/// What is told of application data that is decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Data {
    #[default]
    Lengths,
    Shown,
}

impl Reading {
    fn explainer(&self) -> Explainer {
        let explainer = match &self.secrets {
            Some(secrets) => Explainer::new().with_secrets(Provider::best(), secrets.clone()),
            None => Explainer::new(),
        };
        match self.data {
            Data::Lengths => explainer,
            Data::Shown => explainer.with_application_data(),
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Conversation {
    roles: Roles,
    explainer: Explainer,
    pub(crate) steps: Vec<Step>,
    kept: usize,
    kept_bytes: usize,
    most: usize,
    most_at_all: usize,
    /// How many events are not kept.
    pub(crate) left_out: u64,
    /// How many bytes each side sent.
    pub(crate) client_bytes: u64,
    pub(crate) server_bytes: u64,
    /// When the last ones came.
    pub(crate) last: Duration,
}

impl Conversation {
    pub(crate) fn new(reading: &Reading) -> Self {
        Self {
            roles: Roles::Settled(Turn::AsSaid),
            explainer: reading.explainer(),
            steps: Vec::new(),
            kept: 0,
            kept_bytes: 0,
            most: MOST_EVENTS,
            most_at_all: MOST_EVENTS_AT_ALL,
            left_out: 0,
            client_bytes: 0,
            server_bytes: 0,
            last: Duration::ZERO,
        }
    }

    /// Of two of whom nobody knows for sure which is the client: who says the hello of one, or anything else that only
    /// one of them may say, whatever they are called.
    pub(crate) fn of_somebody(reading: &Reading) -> Self {
        Self { roles: Roles::assumed(reading), ..Self::new(reading) }
    }

    pub(crate) fn sent(&mut self, from: Side, at: Duration, bytes: &[u8]) {
        self.roles.hear(from, at, Part::Bytes(bytes));
        let from = self.roles.of(from);
        let sent = match from {
            Side::Client => &mut self.client_bytes,
            Side::Server => &mut self.server_bytes,
        };
        *sent += u64::try_from(bytes.len()).unwrap_or(0);
        let events = self.explainer.bytes(from, bytes);
        self.told(Step { from, at, bytes: bytes.len(), events });
    }

    /// So many bytes are not there.
    pub(crate) fn missing(&mut self, from: Side, at: Duration, count: Option<u64>) {
        self.roles.hear(from, at, Part::Missing(count));
        let from = self.roles.of(from);
        let events = self.explainer.missing(from, count);
        self.told(Step { from, at, bytes: 0, events });
    }

    /// Whether who was called the client is the server.
    pub(crate) fn is_turned(&self) -> bool {
        self.roles.turn() == Turn::Turned
    }

    fn told(&mut self, step: Step) {
        match self.roles.settle(&step.events) {
            Says::Nothing => self.keep(step),
            Says::Settled(assumed) => self.again(&assumed),
            Says::Guessed(assumed) => {
                self.again(&assumed);
                self.roles = Roles::Assumed(assumed);
            }
        }
    }

    /// Explains what was heard anew, the other way round.
    fn again(&mut self, assumed: &Assumed) {
        let (most, most_at_all) = (self.most, self.most_at_all);
        let roles = Roles::Settled(self.roles.turn());
        *self = Self { roles, most, most_at_all, ..Self::new(&assumed.reading) };
        for (from, at, part) in assumed.parts() {
            match part {
                Part::Bytes(bytes) => self.sent(from, at, bytes),
                Part::Missing(count) => self.missing(from, at, count),
            }
        }
    }

    pub(crate) fn verdict(&self) -> &Verdict {
        self.explainer.verdict()
    }

    /// Records of which only the beginning is there, in sentences.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let sides = [Side::Client, Side::Server].into_iter();
        let records = sides.filter_map(|side| Some((side.name(), self.explainer.unfinished(side)?)));
        records
            .filter(|(_, (header, have))| *have < usize::from(header.length))
            .map(|(name, (header, have))| {
                let (kind, length) = (header.content_type, header.length);
                format!("the {name}'s last record ({kind}) is cut: {have} of its {length} bytes are there")
            })
            .collect()
    }

    /// How many events are kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// How many bytes of messages and of data are kept.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.kept_bytes + self.roles.kept_bytes()
    }

    /// How many of them are kept only until it is known who is the client.
    pub(crate) fn heard_bytes(&self) -> usize {
        self.roles.kept_bytes()
    }

    /// Who is the client is found out no more.
    pub(crate) fn settle_roles(&mut self) {
        self.roles.settle_as_it_is();
    }

    /// From now on none is kept.
    pub(crate) fn keep_none(&mut self) {
        self.most = 0;
        self.most_at_all = 0;
        self.settle_roles();
    }

    /// From now on events are kept only if they are more than another record, and not many of those.
    pub(crate) fn keep_few(&mut self) {
        self.most = 0;
        self.most_at_all = FEW_EVENTS;
    }

    fn keep(&mut self, mut step: Step) {
        self.last = step.at;
        if step.events.iter().any(|event| matches!(event.seen, Seen::Preamble(_))) {
            self.begins(&mut step);
        }
        let before = step.events.len();
        let (kept, mut more) = (self.kept, 0);
        step.events.retain(|event| {
            let most = if is_another_record(&event.seen) { self.most } else { self.most_at_all };
            let keep = kept + more < most;
            more += usize::from(keep);
            keep
        });
        self.kept += more;
        self.left_out += u64::try_from(before - step.events.len()).unwrap_or(0);
        if !step.events.is_empty() {
            // There are many, and room for others is of no use.
            step.events.shrink_to_fit();
            self.kept_bytes += step.events.iter().map(bytes).sum::<usize>();
            self.steps.push(step);
        }
    }

    /// One side begins TLS after all: that it did not is told no more.
    fn begins(&mut self, step: &mut Step) {
        for earlier in &mut self.steps {
            let before = earlier.events.len();
            earlier.events.retain(|event| !is_no_tls(event, step.from));
            self.kept -= before - earlier.events.len();
        }
        self.steps.retain(|step| !step.events.is_empty());
        step.events.retain(|event| !is_no_tls(event, step.from));
    }
}

/// How many bytes of the connection an event has.
fn bytes(event: &Event) -> usize {
    match &event.seen {
        Seen::Message(message) => message.raw.len(),
        Seen::ApplicationData { data: Some(data), .. } => data.0.len(),
        _ => 0,
    }
}

/// Whether it says that one side does not begin with TLS.
fn is_no_tls(event: &Event, of: Side) -> bool {
    event.from == of && matches!(event.seen, Seen::NotTls12(other) if other.may_begin_tls())
}

/// Whether it is one of the many things that established connections are made of.
fn is_another_record(seen: &Seen) -> bool {
    matches!(seen, Seen::Record(_) | Seen::ApplicationData { .. } | Seen::Encrypted { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_few_events_are_kept_the_others_are_counted() {
        let done = [[22, 3, 3, 0, 4, 14, 0, 0, 0]; 300].concat();
        let mut conversation = Conversation::new(&Reading::default());
        conversation.keep_few();
        conversation.sent(Side::Server, Duration::ZERO, &done);
        assert_eq!((conversation.kept(), conversation.left_out), (FEW_EVENTS, 600 - FEW_EVENTS as u64));
        let kept = conversation.steps.iter().flat_map(|step| &step.events);
        assert!(kept.into_iter().all(|event| !is_another_record(&event.seen)));
        assert_eq!(conversation.kept_bytes(), 4 * FEW_EVENTS);
        assert!(conversation.steps.iter().all(|step| step.events.capacity() <= 2 * FEW_EVENTS));
        conversation.keep_none();
        conversation.sent(Side::Server, Duration::ZERO, &done);
        assert_eq!((conversation.kept(), conversation.left_out), (FEW_EVENTS, 1200 - FEW_EVENTS as u64));
    }
}
