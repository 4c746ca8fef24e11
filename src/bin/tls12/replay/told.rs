//! The steps of a replay, for a person and in JSON. What is in the JSON is in docs/replay.md.

use std::time::{Duration, SystemTime};

use tls12::{
    Error,
    explain::{Explainer, Seen},
    pki::CertificateError,
    replay::{AS_RECORDED, Difference, End, Recording, Secrets, Step},
    schedule::Side,
    session::{HandshakeKind, NotResumed},
};

use super::super::explain::{
    report::event_fields,
    value::{Fields, Value},
};
use crate::{
    conversation::Conversation,
    daemon::log::timestamp,
    ladder::{self, Detail, grouped, micros},
    words::hex,
};

/// How wide the column of what was needed is.
const WIDTH: usize = 40;

/// Tells steps, one after the other.
pub(super) struct Told {
    pub(super) conversation: Conversation,
    pub(super) ours: Side,
    /// Whether what is in messages is told.
    pub(super) detail: Detail,
}

/// What is recorded, what was configured, and a head.
pub(super) fn heading(recording: &Recording, detail: Detail) -> String {
    let side = recording.side().name();
    let secrets = match recording.secrets() {
        Secrets::Recorded => "with secrets",
        Secrets::Withheld => "without secrets",
    };
    let provider = printable(recording.provider().unwrap_or("unknown"));
    let version = printable(recording.version());
    let when = started(recording).map(|time| format!(" at {}Z", time.split('.').next().unwrap_or_default()));
    let when = recording.note().map(|note| format!(" ({})", printable(note))).or(when).unwrap_or_default();
    let ours = match env!("CARGO_PKG_VERSION") {
        ours if ours == recording.version() => String::new(),
        ours => format!("; this is version {ours}"),
    };
    let digest = digest(recording).unwrap_or_else(|| "none".into());
    let mut configured = String::new();
    configuration(recording, detail).write_lines(2, &mut configured);
    format!(
        "the {side}'s side, recorded {secrets} by tls12 {version}, {provider}{when}{ours}\nconfiguration {digest}\n{configured}\n{:>10}  {:<WIDTH$}{}",
        "us", "needed", "given"
    )
}

/// The same in JSON.
pub(super) fn recording_fields(recording: &Recording) -> Fields {
    let or_null = |text: Option<String>| text.map_or(Value::Null, |text| text.as_str().into());
    Fields::new()
        .with("step", "recording")
        .with("side", recording.side().name())
        .with("secrets", matches!(recording.secrets(), Secrets::Recorded))
        .with("version", recording.version())
        .with("provider", or_null(recording.provider().map(Into::into)))
        .with("started", or_null(started(recording)))
        .with("note", or_null(recording.note().map(Into::into)))
        .with("configuration", or_null(digest(recording)))
        .with("configured", configuration(recording, Detail::Fields))
}

/// What was configured, so that a recording explains why a handshake failed.
fn configuration(recording: &Recording, detail: Detail) -> Fields {
    // The same nearly everywhere, and long.
    const LONG: [&str; 4] = ["version", "suites", "groups", "peer_signatures"];
    let all = recording.configuration().into_iter();
    let told = all.filter(|(name, _)| detail == Detail::Fields || !LONG.contains(name));
    told.fold(Fields::new(), |fields, (name, values)| {
        fields.with(name, Value::List(values.into_iter().map(Value::Text).collect()))
    })
}

fn started(recording: &Recording) -> Option<String> {
    let since = Duration::from_secs(recording.started_at()?);
    Some(timestamp(SystemTime::UNIX_EPOCH.checked_add(since)?))
}

fn digest(recording: &Recording) -> Option<String> {
    recording.config_digest().map(|digest| hex(&digest))
}

impl Told {
    pub(super) fn text(&mut self, step: &Step, recording: &Recording) -> String {
        match step {
            Step::Received { at, expects, bytes } => {
                let awaited = format!("NeedsInput: {}", expects.join(", "));
                let (names, inside) = self.seen(self.ours.peer(), *at, bytes);
                let count = match bytes.len() {
                    0 => "the transport ended".into(),
                    count => format!("{} bytes{names}", count_of(count)),
                };
                line(Some(*at), &awaited, &count) + &inside
            }
            Step::Sent { at, bytes, same } => {
                let (names, inside) = self.seen(self.ours, *at, bytes);
                let (same, all) = (count_of(*same), count_of(bytes.len()));
                let count = match same == all {
                    true => format!("{all} bytes, the same{names}"),
                    false => format!("{all} bytes, the first {same} the same{names}"),
                };
                line(Some(*at), "NeedsFlush", &count) + &inside
            }
            Step::Answered { asked, answer } => line(None, asked, &printable(answer)),
            Step::Decided(flow) => line(None, "(decides)", &advised(*flow)),
            Step::Complete(info) => {
                let agreed = format!("ticket {}, {}", info.ticket, info.suite);
                line(None, "Done", &format!("{agreed}, {}", advised(info.handshake)))
            }
            Step::Failed { error, recorded } => line(None, "Failed", &failed(error, recorded.as_deref())),
            Step::End(end) => format!("\n{}", sentence(end, recording)),
            other => format!("{other:?}"),
        }
    }

    /// The names of what is in these bytes, and, if that is told, what is in it.
    fn seen(&mut self, from: Side, at: Duration, bytes: &[u8]) -> (String, String) {
        let (mut names, mut inside) = (Vec::new(), String::new());
        for event in self.events(from, at, bytes) {
            names.extend(ladder::name(&event));
            if self.detail == Detail::Fields {
                if let (Seen::Message(_), Some(name)) = (&event.seen, ladder::name(&event)) {
                    inside.push_str(&format!("    {name}\n"));
                }
                ladder::inside(&event, &mut inside);
            }
        }
        let names = match names.is_empty() {
            true => String::new(),
            false => format!(": {}", names.join(", ")),
        };
        let inside = match inside.is_empty() {
            true => inside,
            false => format!("\n{}", inside.trim_end()),
        };
        (names, inside)
    }

    fn events(&mut self, from: Side, at: Duration, bytes: &[u8]) -> Vec<tls12::explain::Event> {
        let before = self.conversation.steps.len();
        self.conversation.sent(from, at, bytes);
        self.conversation.steps.drain(before..).flat_map(|step| step.events).collect()
    }

    pub(super) fn fields(&mut self, step: &Step, recording: &Recording) -> Fields {
        match step {
            Step::Received { at, expects, bytes } => Fields::new()
                .with("step", "received")
                .with("microseconds", micros(*at))
                .with("expects", Value::List(expects.iter().map(|name| (*name).into()).collect()))
                .with("bytes", bytes.len())
                .with("events", self.event_list(self.ours.peer(), *at, bytes)),
            Step::Sent { at, bytes, same } => Fields::new()
                .with("step", "sent")
                .with("microseconds", micros(*at))
                .with("bytes", bytes.len())
                .with("same", *same)
                .with("events", self.event_list(self.ours, *at, bytes)),
            Step::Answered { asked, answer } => {
                Fields::new().with("step", "answered").with("asked", *asked).with("answer", answer.as_str())
            }
            Step::Decided(flow) => {
                Fields::new().with("step", "decided").with("handshake", flow.to_string().as_str())
            }
            Step::Complete(info) => Fields::new()
                .with("step", "complete")
                .with("handshake", info.handshake.to_string().as_str())
                .with("ticket", info.ticket.to_string().as_str())
                .with("suite", info.suite.to_string().as_str()),
            Step::Failed { error, recorded } => Fields::new()
                .with("step", "failed")
                .with("error", error.to_string().as_str())
                .with("recorded", recorded.as_deref().map_or(Value::Null, Into::into)),
            Step::End(end) => Fields::new()
                .with("step", "end")
                .with("end", code(end))
                .with("sentence", sentence(end, recording).as_str())
                .with("outcome", recording.outcome().or(recording.failure()).map_or(Value::Null, Into::into)),
            other => Fields::new().with("step", "other").with("text", format!("{other:?}").as_str()),
        }
    }

    fn event_list(&mut self, from: Side, at: Duration, bytes: &[u8]) -> Value {
        let events = self.events(from, at, bytes);
        let fields = events.iter().map(|event| event_fields(event, at));
        Value::List(fields.map(Value::Fields).collect())
    }
}

fn count_of(bytes: usize) -> String {
    grouped(u64::try_from(bytes).unwrap_or(u64::MAX))
}

fn line(at: Option<Duration>, needed: &str, given: &str) -> String {
    let at = at.map(|at| grouped(micros(at))).unwrap_or_default();
    format!("{at:>10}  {needed:<WIDTH$}{given}")
}

fn failed(error: &Error, recorded: Option<&str>) -> String {
    let now = error.to_string();
    match (error, recorded) {
        // The words of a verifier are in the recording alone.
        (Error::Certificate(CertificateError::Unacceptable(AS_RECORDED)), Some(recorded)) => {
            printable(recorded)
        }
        (_, Some(recorded)) if recorded != now => {
            format!("{now} (in the recording: {})", printable(recorded))
        }
        (_, Some(_) | None) => now,
    }
}

/// A flow, and what a person can do about it.
fn advised(flow: HandshakeKind) -> String {
    match flow.reason() {
        None | Some(NotResumed::NotOffered) => flow.to_string(),
        Some(reason) => format!("{flow}\n{:12}{:<WIDTH$}{}", "", "", reason.advice()),
    }
}

/// What a client can do about the outcome that is recorded, on a line of its own.
fn advice(outcome: &str) -> String {
    let named = |reason: &&NotResumed| HandshakeKind::Full(**reason).to_string() == outcome;
    let reason = NotResumed::ALL.iter().find(named).filter(|reason| **reason != NotResumed::NotOffered);
    reason.map(|reason| format!("\n{}", reason.advice())).unwrap_or_default()
}

/// What is in the bytes that differ, as far as it is in the clear.
fn both(how: &Difference, ours: Side) -> String {
    let Difference::Bytes { made, recorded, .. } = how else { return String::new() };
    let names = |bytes: &[u8]| {
        let events = Explainer::new().bytes(ours, bytes);
        let names: Vec<String> = events.iter().filter_map(ladder::name).collect();
        if names.is_empty() { format!("{} bytes", bytes.len()) } else { names.join(", ") }
    };
    format!("\nmade:     {}\nrecorded: {}", names(made), names(recorded))
}

/// What a recording says, without what could move a cursor.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn code(end: &End) -> &'static str {
    match end {
        End::Reached => "reached",
        End::KeysNeeded => "keys-needed",
        End::Unfinished => "unfinished",
        End::Full => "full",
        End::WithinRecord => "within-record",
        End::Differs(_) => "differs",
        End::Unusable(_) => "unusable",
        _ => "other",
    }
}

fn sentence(end: &End, recording: &Recording) -> String {
    match end {
        End::Reached => "the same: all that is recorded happened again".into(),
        End::KeysNeeded => {
            let outcome = match recording.outcome() {
                // A server's was said where it decided.
                Some(outcome) if recording.side() == Side::Client => printable(outcome) + &advice(outcome),
                Some(outcome) => printable(outcome),
                None => recording.failure().map_or("no complete handshake".into(), printable),
            };
            format!(
                "the same up to here; what follows depends on keys, and secrets are not recorded (--record-secrets)\n\
                 in the recording it ends with: {outcome}"
            )
        }
        End::Unfinished => {
            "the same up to here: the recording ends before the handshake did, or is not whole".into()
        }
        End::Full => "the same up to here: the recording had no room for more".into(),
        End::WithinRecord => {
            "the same up to the last record that was sent, of which only the beginning is recorded".into()
        }
        End::Differs(how) => printable(&format!("DIFFERENT: {how}")) + &both(how, recording.side()),
        End::Unusable(why) => format!("the recording says what cannot be: {}", printable(why)),
        other => format!("{other:?}"),
    }
}
