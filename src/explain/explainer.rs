//! Bytes to events.

use alloc::{sync::Arc, vec::Vec};

use super::{
    event::{Event, FinishedCheck, NotTls12, Protection, Seen, SeenData, SeenMessage},
    half::{Awaits, Found, Half, Loss, Writes},
    key_log::KeyLogSecrets,
    keys::{Secrets, Unlocking},
    observed::{self, Follower, Hellos},
    preamble::Begins,
    stream::Piece,
    verdict::{Progress, Protocol, Shape, Verdict},
};
use crate::{
    crypto::Provider,
    schedule::Side,
    wire::{
        AlertLevel, AlertMessage, ChangeCipherSpec, ContentType, Decode, HandshakeType, Message, RecordHeader,
    },
};

/// Turns the bytes of one connection into [`Event`]s, and knows its [`Verdict`].
///
/// It is fed in the order in which the bytes were sent, as far as that is known; how they are cut changes nothing.
#[derive(Debug)]
pub struct Explainer {
    client: Half,
    server: Half,
    unlocking: Unlocking,
    hellos: Hellos,
    verdict: Verdict,
    keeping: Keeping,
}

/// What becomes of application data that is decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeping {
    Lengths,
    Data,
}

/// Where an event is from.
#[derive(Debug, Clone, Copy)]
struct At {
    from: Side,
    offset: u64,
}

/// Collects events.
struct Told<'t> {
    at: At,
    events: &'t mut Vec<Event>,
}

impl Told<'_> {
    fn tell(&mut self, seen: Seen) {
        self.events.push(Event { from: self.at.from, offset: self.at.offset, seen });
    }
}

impl Default for Explainer {
    fn default() -> Self {
        Self::new()
    }
}

impl Explainer {
    /// Of a connection of which nothing came yet.
    pub fn new() -> Self {
        Self {
            client: Half::new(),
            server: Half::new(),
            unlocking: Unlocking::new(None),
            hellos: Hellos::default(),
            verdict: Verdict::default(),
            keeping: Keeping::Lengths,
        }
    }

    /// Decrypts what these secrets open, and verifies Finished. Application data is told by its length.
    #[must_use]
    pub fn with_secrets(self, provider: &'static Provider, secrets: Arc<KeyLogSecrets>) -> Self {
        Self { unlocking: Unlocking::new(Some(Secrets { provider, log: secrets })), ..self }
    }

    /// Tells application data itself where it is decrypted. Nobody wipes it.
    #[must_use]
    pub fn with_application_data(self) -> Self {
        Self { keeping: Keeping::Data, ..self }
    }

    /// What is known so far.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// A record of this side of which only the beginning came so far: its header, and how many bytes came behind it.
    pub fn unfinished(&self, from: Side) -> Option<(RecordHeader, usize)> {
        match from {
            Side::Client => self.client.stream.unfinished(),
            Side::Server => self.server.stream.unfinished(),
        }
    }

    /// One side sent these bytes.
    pub fn bytes(&mut self, from: Side, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for (offset, piece) in self.half(from).stream.bytes(bytes) {
            self.piece(piece, &mut Told { at: At { from, offset }, events: &mut events });
        }
        events
    }

    /// One side sent so many bytes that nobody has; `None` if nobody knows how many, as where the connection had begun
    /// before anybody listened.
    pub fn missing(&mut self, from: Side, count: Option<u64>) -> Vec<Event> {
        let mut events = Vec::new();
        if count == Some(0) {
            return events;
        }
        self.verdict.has_gaps = true;
        let end = self.half(from).stream.offset();
        let peer_has_begun = self.half(from.peer()).stream.has_records();
        match self.half(from).stream.is_foreign() {
            // The hello may be among what is missing.
            true if peer_has_begun => {
                self.half(from).stream.has_begun();
                let told = &mut Told { at: At { from, offset: 0 }, events: &mut events };
                self.begins(end, Begins::Records, told);
            }
            true => {}
            false => self.unlocking.lost(),
        }
        let piece = self.half(from).stream.missing(count);
        if let Some((offset, Piece::Damaged(header, body))) = &piece {
            let told = &mut Told { at: At { from, offset: *offset }, events: &mut events };
            self.whole_before(header.content_type, body, told);
        }
        Told { at: At { from, offset: end }, events: &mut events }.tell(Seen::Missing(count));
        if let Some((offset, piece)) = piece {
            self.piece(piece, &mut Told { at: At { from, offset }, events: &mut events });
        }
        if self.half(from).stream.is_searching() {
            self.half(from).lost(Loss::Unknown);
        }
        self.hellos.lost_since |= from == Side::Server;
        events
    }

    /// The messages in the beginning of a record whose end is missing.
    fn whole_before(&mut self, content_type: ContentType, body: &[u8], told: &mut Told<'_>) {
        let is_clear = matches!(self.half(told.at.from).writes, Writes::Clear);
        if is_clear && content_type == ContentType::HANDSHAKE {
            self.handshake(body, Protection::Clear, told);
        }
    }

    fn half(&mut self, from: Side) -> &mut Half {
        match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }

    fn piece(&mut self, piece: Piece, told: &mut Told<'_>) {
        match piece {
            Piece::Record(header, body) => {
                told.tell(Seen::Record(header));
                self.record(header.content_type, body, told);
            }
            Piece::Damaged(header, _) => {
                told.tell(Seen::Damaged(header));
                self.half(told.at.from).lost(Loss::OneRecord);
            }
            Piece::Skipped(count) => told.tell(Seen::Skipped(count)),
            Piece::Foreign(other) => {
                self.half(told.at.from).writes = Writes::Unknown;
                self.foreign(other, told);
            }
            Piece::Preamble(count, begins) => self.begins(count, begins, told),
        }
    }

    /// The connection is of something else, as far as is known.
    fn foreign(&mut self, other: NotTls12, told: &mut Told<'_>) {
        // A peer that does not understand a hello may answer in its own words; what counts came first.
        if !matches!(self.verdict.protocol, Protocol::Other(_)) {
            self.verdict.protocol = Protocol::Other(other);
        }
        told.tell(Seen::NotTls12(other));
    }

    /// One side begins TLS after something else.
    fn begins(&mut self, count: u64, begins: Begins, told: &mut Told<'_>) {
        match told.at.from {
            Side::Client => self.verdict.client_preamble = count,
            Side::Server => self.verdict.server_preamble = count,
        }
        match self.verdict.protocol {
            Protocol::Other(other) if !other.may_begin_tls() => {}
            Protocol::Other(_) => {
                self.verdict.protocol = Protocol::Unknown;
                self.half(told.at.from).writes = Writes::Clear;
            }
            Protocol::Unknown | Protocol::Tls | Protocol::Tls12 => {
                self.half(told.at.from).writes = Writes::Clear;
            }
        }
        if begins == Begins::Records {
            self.unlocking.lost();
            self.half(told.at.from).lost(Loss::Unknown);
        }
        told.tell(Seen::Preamble(count));
    }

    fn record(&mut self, content_type: ContentType, mut body: Vec<u8>, told: &mut Told<'_>) {
        if self.verdict.protocol == Protocol::Unknown {
            self.verdict.protocol = Protocol::Tls;
        }
        let length = body.len();
        match &mut self.half(told.at.from).writes {
            Writes::Unknown => told.tell(Seen::Encrypted { content_type, length }),
            Writes::Clear => self.clear(content_type, &body, told),
            Writes::Protected(Some(opener), _) => match opener.open(content_type, &mut body) {
                Some(plain) => {
                    let plain = plain.to_vec();
                    self.opened(content_type, &plain, told);
                }
                None => {
                    self.half(told.at.from).has_changed();
                    told.tell(Seen::DoesNotOpen { content_type, length });
                }
            },
            Writes::Protected(None, awaits) => match (content_type, *awaits) {
                (ContentType::HANDSHAKE, Awaits::Finished) => {
                    *awaits = Awaits::Anything;
                    self.finished(told.at.from);
                    told.tell(Seen::EncryptedFinished { length });
                }
                (_, Awaits::Finished | Awaits::Anything) => {
                    told.tell(Seen::Encrypted { content_type, length });
                }
            },
        }
    }

    fn clear(&mut self, content_type: ContentType, body: &[u8], told: &mut Told<'_>) {
        match content_type {
            ContentType::HANDSHAKE => self.handshake(body, Protection::Clear, told),
            ContentType::CHANGE_CIPHER_SPEC => match ChangeCipherSpec::decode(body) {
                Ok(ChangeCipherSpec) => self.changes(told),
                Err(why) => told.tell(Seen::Malformed { content_type, why }),
            },
            // Two bytes are all that an alert has; encrypted ones have more.
            ContentType::ALERT if body.len() <= 2 => self.alert(body, told),
            _ => {
                self.half(told.at.from).has_changed();
                told.tell(Seen::Encrypted { content_type, length: body.len() });
            }
        }
    }

    fn opened(&mut self, content_type: ContentType, plain: &[u8], told: &mut Told<'_>) {
        match content_type {
            ContentType::HANDSHAKE => self.handshake(plain, Protection::Decrypted, told),
            ContentType::ALERT => self.alert(plain, told),
            ContentType::APPLICATION_DATA => told.tell(Seen::ApplicationData {
                length: plain.len(),
                data: (self.keeping == Keeping::Data).then(|| SeenData(plain.to_vec())),
            }),
            // A second handshake has keys that nobody here follows.
            ContentType::CHANGE_CIPHER_SPEC => {
                told.tell(Seen::ChangeCipherSpec);
                self.half(told.at.from).has_changed();
            }
            _ => told.tell(Seen::Encrypted { content_type, length: plain.len() }),
        }
    }

    fn changes(&mut self, told: &mut Told<'_>) {
        let from = told.at.from;
        let opener = self.unlocking.opener(from);
        if let Some(Found::Lost) = self.half(from).changes(opener) {
            told.tell(Seen::MessagesLost);
        }
        observed::follows(&mut self.verdict, &self.hellos, from, Follower::ChangeCipherSpec);
        told.tell(Seen::ChangeCipherSpec);
    }

    fn alert(&mut self, body: &[u8], told: &mut Told<'_>) {
        match AlertMessage::decode(body) {
            Ok(alert) => {
                if alert.level == AlertLevel::FATAL && self.verdict.fatal_alert.is_none() {
                    self.verdict.fatal_alert = Some((told.at.from, alert));
                }
                told.tell(Seen::Alert(alert));
            }
            Err(why) => told.tell(Seen::Malformed { content_type: ContentType::ALERT, why }),
        }
    }

    fn handshake(&mut self, bytes: &[u8], protection: Protection, told: &mut Told<'_>) {
        for found in self.half(told.at.from).handshake(bytes) {
            match found {
                Found::Lost => {
                    self.unlocking.lost();
                    told.tell(Seen::MessagesLost);
                }
                Found::Message(msg_type, raw) => self.message(msg_type, raw, protection, told),
            }
        }
    }

    fn message(
        &mut self,
        msg_type: HandshakeType,
        raw: Vec<u8>,
        protection: Protection,
        told: &mut Told<'_>,
    ) {
        let from = told.at.from;
        let mut message = SeenMessage {
            msg_type,
            raw,
            protection,
            finished: None,
            suite: match msg_type {
                HandshakeType::SERVER_KEY_EXCHANGE | HandshakeType::CLIENT_KEY_EXCHANGE => self.verdict.suite,
                _ => None,
            },
        };
        if msg_type == HandshakeType::FINISHED {
            message.finished = Some(self.check(from, &message));
        }
        // What comes after Finished is of another handshake.
        let other = match (self.verdict.progress, protection) {
            (Progress::Complete, _) | (_, Protection::Decrypted) => None,
            (_, Protection::Clear) => observed::message(&mut self.verdict, &mut self.hellos, from, &message),
        };
        self.unlocking.keep(from, msg_type, &message.raw);
        if msg_type == HandshakeType::SERVER_HELLO && self.verdict.progress == Progress::ServerHello {
            self.agreed();
        }
        told.tell(Seen::Message(message));
        if let Some(other) = other {
            self.client.writes = Writes::Unknown;
            self.server.writes = Writes::Unknown;
            self.foreign(other, told);
        }
    }

    /// Both hellos are there.
    fn agreed(&mut self) {
        if let Some(randoms) = self.hellos.randoms() {
            self.verdict.decryption = self.unlocking.agreed(&randoms, &self.verdict);
        }
    }

    fn check(&mut self, from: Side, message: &SeenMessage) -> FinishedCheck {
        let check = match message.decode() {
            Ok(Message::Finished(finished)) => self.unlocking.check(from, &finished, self.verdict.shape),
            Ok(_) | Err(_) => FinishedCheck::Unchecked,
        };
        if self.verdict.progress < Progress::Complete {
            match from {
                Side::Client => self.verdict.client_finished = check,
                Side::Server => self.verdict.server_finished = check,
            }
            self.finished(from);
        }
        check
    }

    /// One side sent its Finished.
    fn finished(&mut self, from: Side) {
        self.half(from).has_finished = true;
        if self.client.has_finished && self.server.has_finished && self.verdict.shape != Shape::Unknown {
            self.verdict.progress = Progress::Complete;
        }
    }
}
