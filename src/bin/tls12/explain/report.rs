//! One connection, for a person and in JSON. What is in the JSON is in docs/explain.md.

use std::{fmt::Write as _, time::Duration};

use tls12::{
    explain::{
        Decryption, Event, Known, NotTls12, Origin, Progress, Protection, Protocol, Registered, Seen, Shape,
        Verdict,
    },
    session::{HandshakeKind, ResumedBy, TicketSent},
    wire::SessionId,
};

use super::{
    fields::{self, check_name},
    value::{Fields, Value},
};
use crate::{
    conversation::Conversation,
    ladder::{self, Detail},
};

/// A connection, and who and when.
pub(crate) struct Report<'c> {
    pub(crate) number: u64,
    pub(crate) client: String,
    pub(crate) server: String,
    /// When its first packet came, as RFC 3339 writes it; empty if nobody knows.
    pub(crate) time: String,
    pub(crate) conversation: &'c Conversation,
    pub(crate) origin: Origin,
    /// What else there is to say: sentences.
    pub(crate) notes: Vec<String>,
}

impl Report<'_> {
    /// The header, the ladder, and the verdict.
    pub(crate) fn text(&self) -> String {
        let verdict = self.conversation.verdict();
        let mut text = self.heading();
        if !matches!(verdict.protocol, Protocol::Other(other) if other != NotTls12::Tls13 && !is_version(other))
        {
            text.push('\n');
            text.push_str(&ladder::draw(self.conversation, Detail::Fields));
            text.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  verdict: {verdict}");
        let is_other = matches!(verdict.protocol, Protocol::Other(_));
        // Without the ServerHello nobody knows what the hellos agreed on.
        if verdict.version.is_some() && !is_other {
            let _ = writeln!(text, "  agreed: {}", agreed(verdict));
        }
        if let Some(origin) = origin_sentence(self.origin) {
            let _ = writeln!(text, "  session: {origin}");
        }
        if let (Some(secrets), false) = (about_secrets(verdict.decryption), is_other) {
            let _ = writeln!(text, "  secrets: {secrets}");
        }
        self.notes.iter().for_each(|note| {
            let _ = writeln!(text, "  note: {note}");
        });
        if self.conversation.left_out > 0 {
            let _ = writeln!(text, "  note: {} more events are left out", self.conversation.left_out);
        }
        text
    }

    /// All that one line has room for.
    pub(crate) fn line(&self) -> String {
        let verdict = self.conversation.verdict();
        let name = verdict.server_name.as_deref().map(|name| format!(" ({})", printable(name)));
        let origin = origin_sentence(self.origin).map(|origin| format!("; {origin}"));
        format!(
            "{:>5}  {}  {} -> {}{}  {verdict}{}",
            self.number,
            self.time,
            self.client,
            self.server,
            name.unwrap_or_default(),
            origin.unwrap_or_default()
        )
    }

    fn heading(&self) -> String {
        match self.time.as_str() {
            "" => format!("Connection {}: {} -> {}\n", self.number, self.client, self.server),
            time => format!("Connection {}: {} -> {}, {time}\n", self.number, self.client, self.server),
        }
    }

    /// One object on one line.
    pub(crate) fn json(&self) -> String {
        let conversation = self.conversation;
        let events = conversation
            .steps
            .iter()
            .flat_map(|step| step.events.iter().map(|event| Value::Fields(event_fields(event, step.at))));
        let time = match self.time.as_str() {
            "" => Value::Null,
            time => time.into(),
        };
        Fields::new()
            .with("connection", self.number)
            .with("client", self.client.as_str())
            .with("server", self.server.as_str())
            .with("time", time)
            .with("microseconds", micros(conversation.last))
            .with("client_bytes", conversation.client_bytes)
            .with("server_bytes", conversation.server_bytes)
            .with("verdict", verdict_fields(conversation.verdict()))
            .with("session", origin_fields(self.origin))
            .with("notes", Value::List(self.notes.iter().map(|note| note.as_str().into()).collect()))
            .with("events_left_out", conversation.left_out)
            .with("events", Value::List(events.collect()))
            .json()
    }
}

fn is_version(other: NotTls12) -> bool {
    matches!(other, NotTls12::Version(_))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What the hellos agreed on, in one line.
fn agreed(verdict: &Verdict) -> String {
    let mut text = verdict.version.map(|version| version.to_string()).unwrap_or_default();
    let mut add = |part: String| {
        text.push_str(", ");
        text.push_str(&part);
    };
    verdict.suite.into_iter().for_each(|suite| {
        add(suite.registered_name().map_or_else(|| suite.to_string(), Into::into));
    });
    add(match (verdict.extended_master_secret, verdict.has_client_hello) {
        (true, _) => "extended master secret".into(),
        (false, true) => "no extended master secret".into(),
        (false, false) => "nobody can tell whether with the extended master secret".into(),
    });
    match &verdict.alpn {
        Some(alpn) => add(format!("ALPN {}", printable(alpn))),
        None => add("no ALPN".into()),
    }
    match &verdict.server_name {
        Some(name) => add(format!("for {}", printable(name))),
        None if verdict.has_client_hello => add("for no name".into()),
        None => add("nobody can tell for which name".into()),
    }
    text
}

/// Bytes that are mostly text; whatever could move a cursor is written in another way.
fn printable(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn origin_sentence(origin: Origin) -> Option<String> {
    Some(match origin {
        Origin::NotResumed => return None,
        Origin::Unseen => "of a connection that is not in here".into(),
        Origin::Of(by, known) => format!("the one {}", known_sentence(by, known)),
        Origin::Either { ticket: Some(ticket), id } => format!(
            "either the one {}, or the one {}",
            known_sentence(ResumedBy::Ticket, ticket),
            known_sentence(ResumedBy::SessionId, id)
        ),
        Origin::Either { ticket: None, id } => {
            format!(
                "that of a ticket that is not in here, or the one {}",
                known_sentence(ResumedBy::SessionId, id)
            )
        }
    })
}

fn known_sentence(by: ResumedBy, Known { made_by, issued_by }: Known) -> String {
    let what = match by {
        ResumedBy::SessionId => "ID",
        ResumedBy::Ticket => "ticket",
    };
    match made_by {
        Some(made_by) if made_by == issued_by => format!("that connection {made_by} made"),
        Some(made_by) => {
            format!("that connection {made_by} made, by the {what} that connection {issued_by} got")
        }
        None => format!("whose {what} connection {issued_by} got"),
    }
}

fn about_secrets(decryption: Decryption) -> Option<&'static str> {
    match decryption {
        Decryption::NoSecrets | Decryption::Decrypted => None,
        Decryption::NotInKeyLog => Some("the key log has none of this connection"),
        Decryption::OtherSuite => Some("this cipher suite is not decrypted"),
    }
}

fn verdict_fields(verdict: &Verdict) -> Fields {
    let (handshake, reason) = match (verdict.handshake, verdict.shape) {
        (Some(HandshakeKind::Full(reason)), _) => ("full".into(), Value::from(reason.name())),
        (Some(HandshakeKind::Resumed(by)), _) => (Value::from(format!("resumed by {by}")), Value::Null),
        (None, Shape::Full) => ("full".into(), Value::Null),
        (None, Shape::Abbreviated) => ("resumed".into(), Value::Null),
        (None, Shape::Unknown) => (Value::Null, Value::Null),
    };
    let hellos = verdict.has_client_hello && verdict.version.is_some();
    // What is in bytes that are missing is not known not to be there.
    let ticket = match (verdict.ticket, verdict.has_gaps) {
        (TicketSent::No, true) => Value::Null,
        (sent, _) => ticket(sent).into(),
    };
    let bytes = |bytes: &Option<Vec<u8>>| match bytes {
        Some(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
        None => Value::Null,
    };
    Fields::new()
        .with("sentence", verdict.to_string())
        .with("protocol", protocol(verdict.protocol))
        .with("progress", progress(verdict.progress))
        .with("handshake", handshake)
        .with("reason", reason)
        .with("ticket", ticket)
        .with("renewed", verdict.is_renewed())
        .with("lifetime_hint", verdict.lifetime_hint.map_or(Value::Null, Value::from))
        .with("new_ticket_bytes", verdict.new_ticket.len())
        .with("offered_id", in_hello(verdict.has_client_hello, &verdict.offered_id))
        .with(
            "offered_ticket_bytes",
            verdict.offered_ticket.as_ref().map_or(Value::Null, |ticket| ticket.len().into()),
        )
        .with("session_id", in_hello(verdict.version.is_some(), &verdict.session_id))
        .with("version", verdict.version.map_or(Value::Null, Value::from))
        .with("cipher_suite", verdict.suite.map_or(Value::Null, Value::from))
        .with(
            "extended_master_secret",
            if hellos { verdict.extended_master_secret.into() } else { Value::Null },
        )
        .with("alpn", bytes(&verdict.alpn))
        .with("server_name", bytes(&verdict.server_name))
        .with("client_finished", check_name(verdict.client_finished))
        .with("server_finished", check_name(verdict.server_finished))
        .with("gaps", verdict.has_gaps)
        .with("client_preamble", verdict.client_preamble)
        .with("server_preamble", verdict.server_preamble)
}

/// A session ID, where the hello is there that it would be in.
fn in_hello(is_there: bool, id: &SessionId) -> Value {
    if is_there { id.as_bytes().into() } else { Value::Null }
}

fn protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::Unknown => "unknown".into(),
        Protocol::Tls => "TLS".into(),
        Protocol::Tls12 => "TLS 1.2".into(),
        Protocol::Other(other) => other.to_string(),
    }
}

fn progress(progress: Progress) -> &'static str {
    match progress {
        Progress::Nothing => "nothing",
        Progress::ClientHello => "ClientHello",
        Progress::ServerHello => "ServerHello",
        Progress::Complete => "complete",
    }
}

fn ticket(ticket: TicketSent) -> &'static str {
    match ticket {
        TicketSent::No => "no",
        TicketSent::Issued => "issued",
        TicketSent::Empty => "empty",
    }
}

fn origin_fields(origin: Origin) -> Value {
    let known = |Known { made_by, issued_by }| {
        let made_by = made_by.map_or(Value::Null, Value::from);
        Value::Fields(Fields::new().with("made_by", made_by).with("issued_by", issued_by))
    };
    let resumed = |by: &'static str| Fields::new().with("resumed_by", by);
    match origin {
        Origin::NotResumed => Value::Null,
        Origin::Unseen => resumed("unseen").into(),
        Origin::Of(ResumedBy::Ticket, of) => resumed("ticket").with("ticket", known(of)).into(),
        Origin::Of(ResumedBy::SessionId, of) => resumed("id").with("id", known(of)).into(),
        Origin::Either { ticket, id } => {
            resumed("either").with("ticket", ticket.map_or(Value::Null, known)).with("id", known(id)).into()
        }
    }
}

pub(crate) fn event_fields(event: &Event, at: Duration) -> Fields {
    let side = event.from.name();
    let start = |name: &'static str| {
        let fields = Fields::new().with("event", name).with("from", side);
        fields.with("offset", event.offset).with("microseconds", micros(at))
    };
    let encrypted = |name, content_type: tls12::wire::ContentType, length: usize| {
        start(name).with("type", content_type).with("length", length)
    };
    match &event.seen {
        Seen::Record(header) => {
            encrypted("record", header.content_type, header.length.into()).with("version", header.version)
        }
        Seen::Message(message) => start("message")
            .with("type", message.msg_type)
            .with("decrypted", message.protection == Protection::Decrypted)
            .with("length", message.raw.len())
            .with("message", fields::of_message(message)),
        Seen::ChangeCipherSpec => start("change_cipher_spec"),
        Seen::Alert(alert) => {
            start("alert").with("level", alert.level).with("description", alert.description)
        }
        Seen::ApplicationData { length, data } => start("application_data")
            .with("length", *length)
            .with_some("data", data.as_ref().map(|data| &data.0[..])),
        Seen::EncryptedFinished { length } => start("encrypted_finished").with("length", *length),
        Seen::Encrypted { content_type, length } => encrypted("encrypted", *content_type, *length),
        Seen::DoesNotOpen { content_type, length } => encrypted("does_not_open", *content_type, *length),
        Seen::Malformed { content_type, why } => {
            start("malformed").with("type", *content_type).with("why", why.to_string())
        }
        Seen::MessagesLost => start("messages_lost"),
        Seen::Missing(count) => start("missing").with("bytes", count.map_or(Value::Null, Value::from)),
        Seen::Damaged(header) => encrypted("damaged", header.content_type, header.length.into()),
        Seen::Skipped(count) => start("skipped").with("bytes", *count),
        Seen::Preamble(count) => start("preamble").with("bytes", *count),
        Seen::NotTls12(other) => start("not_tls12").with("protocol", other.to_string()),
        other => start("other").with("text", format!("{other:?}")),
    }
}
