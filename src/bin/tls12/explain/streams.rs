//! The TCP connections of a capture.

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use tls12::schedule::Side;

use super::{
    capture::{End, Packet},
    fragments::Fragments,
    link::{Inside, Segment, inside, whole},
    tcp::{Direction, Piece},
};
use crate::conversation::{Conversation, Reading};

/// How many connections are kept.
const MOST_CONNECTIONS: usize = 20_000;
/// How many events of all connections are kept; of what follows, few of each connection are.
const MOST_EVENTS: usize = 2_000_000;
/// How many bytes of messages and of data in those events are kept; nothing of what follows is.
const MOST_BYTES: usize = 512 << 20;
/// How many of those bytes may be kept only until it is known who is the client; then that is found out no more.
const MOST_HEARD: usize = 128 << 20;
/// How many bytes of all connections may wait for others that come before them.
const MOST_WAITING: usize = 64 << 20;

/// All there is in a capture.
pub(super) struct Streams {
    reading: Reading,
    /// The newest of each pair of addresses, by its place in `all`.
    open: HashMap<(SocketAddr, SocketAddr), usize>,
    pub(super) all: Vec<Stream>,
    /// Of all connections.
    events: usize,
    bytes: usize,
    heard: usize,
    waiting: usize,
    fragments: Fragments,
    left_out: LeftOut,
}

/// What was not looked at.
#[derive(Debug, Default)]
struct LeftOut {
    connections: u64,
    unknown_links: u64,
    end: Option<End>,
}

/// One connection.
pub(super) struct Stream {
    pub(super) number: u64,
    /// Who is taken for the client; who is it, the conversation finds out.
    client: SocketAddr,
    server: SocketAddr,
    /// Since 1970.
    pub(super) begun: Duration,
    pub(super) conversation: Conversation,
    pub(super) from_middle: bool,
    to_server: Direction,
    to_client: Direction,
    /// The first sequence number of who called, as its SYN says.
    first_sequence: Option<u32>,
    has_ended: bool,
    last: Duration,
}

impl Streams {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            reading,
            open: HashMap::new(),
            all: Vec::new(),
            events: 0,
            bytes: 0,
            heard: 0,
            waiting: 0,
            fragments: Fragments::default(),
            left_out: LeftOut::default(),
        }
    }

    pub(super) fn packet(&mut self, packet: &Packet<'_>) {
        match inside(packet) {
            Inside::Tcp(segment) => self.segment(&segment, packet.time),
            Inside::Fragment(fragment) => {
                if let Some(payload) = self.fragments.add(&fragment, packet.time)
                    && let Some(segment) = whole(&fragment.name, &payload)
                {
                    self.segment(&segment, packet.time);
                }
            }
            Inside::UnknownLink => self.left_out.unknown_links += 1,
            Inside::Other => {}
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, time: Duration) {
        let key = match segment.from <= segment.to {
            true => (segment.from, segment.to),
            false => (segment.to, segment.from),
        };
        let known = self
            .open
            .get(&key)
            .copied()
            .filter(|at| self.all.get(*at).is_some_and(|stream| !stream.is_followed_by(segment)));
        let at = match known {
            Some(at) => at,
            // The end of a connection that nobody saw is no connection.
            None if segment.payload.is_empty() && !segment.flags.syn => return,
            None if self.all.len() >= MOST_CONNECTIONS => {
                let begins = segment.flags.syn && segment.acknowledged.is_none();
                self.left_out.connections += u64::from(begins);
                // What follows is not of the one before.
                self.open.remove(&key);
                return;
            }
            None => {
                let number = u64::try_from(self.all.len()).unwrap_or(u64::MAX).saturating_add(1);
                self.all.push(Stream::new(number, segment, time, &self.reading));
                self.open.insert(key, self.all.len() - 1);
                self.all.len() - 1
            }
        };
        self.change(at, |stream, waiting| {
            stream.segment(segment, time);
            if waiting > MOST_WAITING {
                stream.end();
            }
        });
    }

    /// Lets something happen to one connection, with how many bytes of all wait, and counts what is kept of it.
    fn change(&mut self, at: usize, happens: impl FnOnce(&mut Stream, usize)) {
        let Some(stream) = self.all.get_mut(at) else { return };
        let before = (stream.conversation.kept(), stream.conversation.kept_bytes(), stream.waiting());
        let heard_before = stream.conversation.heard_bytes();
        if self.bytes > MOST_BYTES {
            stream.conversation.keep_none();
        } else if self.events > MOST_EVENTS {
            stream.conversation.keep_few();
        }
        happens(stream, self.waiting);
        self.events = (self.events + stream.conversation.kept()).saturating_sub(before.0);
        self.bytes = (self.bytes + stream.conversation.kept_bytes()).saturating_sub(before.1);
        self.waiting = (self.waiting + stream.waiting()).saturating_sub(before.2);
        self.heard = (self.heard + stream.conversation.heard_bytes()).saturating_sub(heard_before);
        if self.heard > MOST_HEARD {
            self.all.iter_mut().for_each(|stream| stream.conversation.settle_roles());
            self.bytes = self.bytes.saturating_sub(self.heard);
            self.heard = 0;
        }
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self, end: End) {
        self.left_out.end = Some(end);
        (0..self.all.len()).for_each(|at| self.change(at, |stream, _| stream.end()));
        self.fragments.end();
    }

    /// What was not looked at, in sentences.
    pub(super) fn left_out(&self) -> Vec<String> {
        let counted = [
            (self.left_out.connections, "connections are left out, for there are too many"),
            (self.fragments.incomplete, "IP packets are left out, for not all their fragments are there"),
            (
                self.fragments.refused,
                "IP packets are left out, for their fragments overlap, contradict each other or were cut",
            ),
            (self.left_out.unknown_links, "packets are of an interface of a kind that is not known here"),
        ];
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        let mut all: Vec<_> = counted.map(|(count, what)| format!("{count} {what}")).collect();
        match self.left_out.end {
            Some(End::Cut) => all.push("the file ends in the middle of a packet".into()),
            Some(End::Damaged) => all.push("the file is damaged, and what follows is left out".into()),
            Some(End::Whole) | None => {}
        }
        all
    }
}

impl Stream {
    fn new(number: u64, segment: &Segment<'_>, time: Duration, reading: &Reading) -> Self {
        let (client, server) = match sender(segment) {
            Side::Client => (segment.from, segment.to),
            Side::Server => (segment.to, segment.from),
        };
        Self {
            number,
            client,
            server,
            begun: time,
            conversation: Conversation::of_somebody(reading),
            from_middle: false,
            to_server: Direction::default(),
            to_client: Direction::default(),
            first_sequence: None,
            has_ended: false,
            last: Duration::ZERO,
        }
    }

    /// Whether a segment between the same addresses belongs to a later connection.
    fn is_followed_by(&self, segment: &Segment<'_>) -> bool {
        let begins = segment.flags.syn && segment.acknowledged.is_none();
        begins && (self.has_ended || self.first_sequence.is_none_or(|first| first != segment.sequence))
    }

    fn segment(&mut self, segment: &Segment<'_>, time: Duration) {
        let at = time.saturating_sub(self.begun);
        self.last = self.last.max(at);
        let from = if segment.from == self.client { Side::Client } else { Side::Server };
        self.begin(from, segment, at);
        let sequence = segment.sequence.wrapping_add(segment.flags.syn.into());
        let pieces = self.direction(from).segment(sequence, segment.payload, segment.cut);
        self.pieces(from, at, pieces);
        if segment.flags.fin {
            let length = u32::try_from(segment.payload.len() + segment.cut).unwrap_or(0);
            self.direction(from).ends(sequence.wrapping_add(length));
        }
        if let Some(acknowledged) = segment.acknowledged {
            self.direction(from.peer()).acknowledged(acknowledged);
        }
        for side in [Side::Client, Side::Server] {
            let pieces = self.direction(side).packet();
            self.pieces(side, at, pieces);
        }
        self.has_ended |= segment.flags.fin || segment.flags.rst;
    }

    /// The client and the server of TLS: where FTP is active, the server calls for each transfer (RFC 4217, 7).
    pub(super) fn ends(&self) -> (SocketAddr, SocketAddr) {
        match self.conversation.is_turned() {
            true => (self.server, self.client),
            false => (self.client, self.server),
        }
    }

    /// Finds out where a direction begins.
    fn begin(&mut self, from: Side, segment: &Segment<'_>, at: Duration) {
        if segment.flags.syn {
            self.direction(from).begins(segment.sequence.wrapping_add(1));
            match segment.acknowledged {
                None => self.first_sequence = Some(segment.sequence),
                // The answer says where the caller began.
                Some(acknowledged) => {
                    self.direction(from.peer()).begins(acknowledged);
                    self.first_sequence.get_or_insert(acknowledged.wrapping_sub(1));
                }
            }
        }
        let says_something = !segment.payload.is_empty() || segment.cut > 0;
        if says_something && !self.direction(from).is_begun() {
            self.direction(from).begins(segment.sequence);
            match begins_with(segment.payload) {
                // All of TLS is there, if not of TCP.
                Some(HELLO_OF_CLIENT) => {
                    if let Some(acknowledged) = segment.acknowledged {
                        self.direction(from.peer()).begins(acknowledged);
                    }
                }
                Some(_) | None => {
                    self.from_middle |= self.first_sequence.is_none();
                    self.conversation.missing(from, at, None);
                }
            }
        }
    }

    fn pieces(&mut self, from: Side, at: Duration, pieces: Vec<Piece>) {
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => self.conversation.sent(from, at, &bytes),
                Piece::Missing(count) => self.conversation.missing(from, at, Some(count)),
            }
        }
    }

    /// What this side sends.
    fn direction(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::Client => &mut self.to_server,
            Side::Server => &mut self.to_client,
        }
    }

    fn waiting(&self) -> usize {
        self.to_server.waiting() + self.to_client.waiting()
    }

    /// Nothing is waited for any more.
    fn end(&mut self) {
        for side in [Side::Client, Side::Server] {
            let (at, pieces) = (self.last, self.direction(side).end());
            self.pieces(side, at, pieces);
        }
    }

    /// When its first packet came; `None` where the capture does not say.
    pub(super) fn time(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(self.begun).filter(|_| !self.begun.is_zero())
    }
}

const HELLO_OF_CLIENT: u8 = 1;
const HELLO_OF_SERVER: u8 = 2;

/// The type of the message that a payload begins with, where it begins with a record of the handshake.
fn begins_with(payload: &[u8]) -> Option<u8> {
    match payload {
        [22, 3, _, _, _, kind, ..] => Some(*kind),
        _ => None,
    }
}

/// Who sends the first segment that there is of a connection.
fn sender(segment: &Segment<'_>) -> Side {
    match (segment.flags.syn, segment.acknowledged, begins_with(segment.payload)) {
        (true, None, _) | (false, _, Some(HELLO_OF_CLIENT)) => Side::Client,
        (true, Some(_), _) | (false, _, Some(HELLO_OF_SERVER)) => Side::Server,
        // Servers mostly have the lower port.
        (false, ..) if segment.from.port() < segment.to.port() => Side::Server,
        (false, ..) => Side::Client,
    }
}
