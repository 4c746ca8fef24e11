//! A server made by hand, which breaks what it is told to break.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tls12::{
    schedule::Side,
    wire::{ClientHello, Message, NamedGroup},
};

use super::serving::{NAME, Serving, ca};
use crate::common::{
    certs::{Issued, Spec},
    ours::{End, Link},
    raw::{
        Answer, EXTENDED_MASTER_SECRET, Greeting, Kept, Raw, SESSION_TICKET, certificate, framed,
        new_session_ticket, prefixed,
    },
};

const ALPN: u16 = 16;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quirk {
    /// Nothing.
    None,
    /// Sessions are resumed under any name.
    AnyName,
    /// Sessions are resumed whether or not the suite is offered.
    AnySuite,
    /// Sessions are resumed whether or not the extended master secret is offered, and whether or not they have it.
    AnyMasterSecret,
    /// The protocol of the session is used again.
    InheritsProtocol,
    /// Always 32 bytes of session ID come back.
    LongEcho,
    /// Another ID of the same length comes back.
    OtherEcho,
    /// The session ID is looked up before the ticket.
    IdFirst,
    /// Where a ticket is no good, the session ID is looked up.
    LooksUpBeside,
    /// A ticket that is not known ends the handshake.
    AbortsOnBadTicket,
    /// A ticket comes to those who did not ask.
    UnaskedTicket,
    /// A session is resumed once.
    Once,
    /// The same, and a new ticket comes each time.
    OnceRenewed,
    /// A connection that ends without close_notify takes its session with it.
    ForgetsAfterReset,
    /// The lifetime hint is 0.
    NoHint,
    /// Sessions live for three seconds, whatever the hint says.
    DiesEarly,
    /// A session is resumed with keys that are not its own.
    WrongKeys,
    /// A session is resumed with a Finished over something else.
    WrongFinished,
    /// A client certificate is asked for under [`NAME`] and no other name, and sessions go by any name.
    AsksHere,
    /// The same under `b.example` alone.
    AsksThere,
    /// After a few connections it says nothing any more.
    FallsSilent,
    /// Every third connection is cut in the middle of the handshake.
    Dies,
    /// After so many connections each is closed when it has said its hello.
    ClosesAfter(u32),
    /// It hangs where a ticket is offered.
    HangsOnTickets,
    /// A session is lost when the connection that made it ends, in whatever way.
    LostWithItsConnection,
    /// The session of a hello that is refused is forgotten (RFC 5246, 7.2.2); with any master secret it is resumed.
    ForgetsWhatItRefuses,
}

/// How many connections are answered by [`Quirk::FallsSilent`].
pub(super) const SPOKEN: u32 = 7;

/// A session, and what it should be bound to.
#[derive(Clone)]
struct Stored {
    kept: Kept,
    made: Instant,
    name: Option<Vec<u8>>,
    alpn: Option<Vec<u8>>,
}

#[derive(Default)]
struct Memory {
    stored: Vec<Stored>,
    connections: u32,
}

/// A server with a quirk.
#[derive(Clone)]
pub(super) struct Scripted {
    quirk: Quirk,
    memory: Arc<Mutex<Memory>>,
    issued: Arc<Issued>,
}

/// What a hello said.
struct Said {
    session_id: Vec<u8>,
    ticket: Option<Vec<u8>>,
    extended: bool,
    name: Option<Vec<u8>>,
    alpn: Vec<Vec<u8>>,
    suite: bool,
}

impl Said {
    fn of(hello: &ClientHello<'_>) -> Self {
        let extensions = &hello.extensions;
        Self {
            session_id: hello.session_id.as_bytes().to_vec(),
            ticket: extensions.session_ticket.map(<[u8]>::to_vec),
            extended: extensions.extended_master_secret,
            name: extensions.server_name.and_then(|name| name.host_name()).map(<[u8]>::to_vec),
            alpn: extensions.alpn.into_iter().flatten().map(|name| name.0.to_vec()).collect(),
            suite: hello.cipher_suites.contains(&crate::common::raw::SUITE),
        }
    }
}

impl Scripted {
    pub(super) fn new(quirk: Quirk) -> Self {
        let issued = ca().issue(&Spec::server(&[NAME, "b.example"]));
        Self { quirk, memory: Arc::default(), issued: Arc::new(issued) }
    }

    pub(super) fn start(&self) -> Serving {
        let server = self.clone();
        Serving::start(move |tcp| server.serve(tcp))
    }

    /// All that nobody may ever print: master secrets, and what is behind the key names of tickets, in hexadecimal.
    pub(super) fn secrets(&self) -> Vec<String> {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let memory = self.memory.lock().expect("nobody panics with it");
        let stored = memory.stored.iter();
        stored.flat_map(|each| [hex(&each.kept.master), hex(&each.kept.ticket[16..])]).collect()
    }

    fn is(&self, quirk: Quirk) -> bool {
        self.quirk == quirk
    }

    fn serve(&self, tcp: TcpStream) {
        let number = {
            let mut memory = self.memory.lock().expect("nobody panics with it");
            memory.connections += 1;
            memory.connections
        };
        let mut raw = Raw::over(Side::Server, Box::new(Wire(tcp)));
        let Some(hello) = first_message(&mut raw) else { return };
        let said = match Message::decode(&hello) {
            Ok(Some(Message::ClientHello(hello))) => {
                raw.randoms.client = hello.random;
                Said::of(&hello)
            }
            _ => return,
        };
        if self.is(Quirk::Dies) && number.is_multiple_of(3) {
            raw.send(&[22, 3, 3, 0, 40, 2, 0]);
            return;
        }
        if matches!(self.quirk, Quirk::ClosesAfter(most) if number > most) {
            return;
        }
        if self.is(Quirk::FallsSilent) && number > SPOKEN {
            raw.next_record();
            return;
        }
        if self.is(Quirk::HangsOnTickets) && said.ticket.as_ref().is_some_and(|ticket| !ticket.is_empty()) {
            raw.next_record();
            return;
        }
        let found = self.find(&said);
        let is_bad = found.is_none() && said.ticket.as_ref().is_some_and(|ticket| !ticket.is_empty());
        match found {
            _ if is_bad && self.is(Quirk::AbortsOnBadTicket) => raw.record(21, &[2, 40]),
            Some(stored) if stored.kept.extended && !said.extended && !self.mixes() => {
                raw.record(21, &[2, 40]);
            }
            Some(stored) => self.resume(&mut raw, &said, &stored),
            None if !said.suite => {
                if self.is(Quirk::ForgetsWhatItRefuses) {
                    self.forget(&said.session_id);
                }
                raw.record(21, &[2, 40]);
            }
            None => self.full(&mut raw, &said),
        }
    }

    /// Whether sessions with and without the extended master secret are one to it.
    fn mixes(&self) -> bool {
        matches!(self.quirk, Quirk::AnyMasterSecret | Quirk::ForgetsWhatItRefuses)
    }

    fn forget(&self, session_id: &[u8]) {
        let mut memory = self.memory.lock().expect("nobody panics with it");
        memory.stored.retain(|each| each.kept.session_id != session_id);
    }

    /// The session that it resumes.
    fn find(&self, said: &Said) -> Option<Stored> {
        let memory = self.memory.lock().expect("nobody panics with it");
        let by_id = || {
            memory
                .stored
                .iter()
                .find(|each| !said.session_id.is_empty() && each.kept.session_id == said.session_id)
        };
        let by_ticket = |ticket: &Vec<u8>| memory.stored.iter().find(|each| each.kept.ticket == *ticket);
        let found = match &said.ticket {
            None => by_id(),
            Some(ticket) if ticket.is_empty() => by_id(),
            Some(ticket) => match by_ticket(ticket) {
                Some(_) if self.is(Quirk::IdFirst) => by_id().or(by_ticket(ticket)),
                None if self.is(Quirk::LooksUpBeside) => by_id(),
                found => found,
            },
        };
        let any_name = matches!(self.quirk, Quirk::AnyName | Quirk::AsksHere | Quirk::AsksThere);
        let fits = |stored: &&Stored| {
            (stored.name == said.name || any_name)
                && (stored.made.elapsed() < Duration::from_secs(3) || !self.is(Quirk::DiesEarly))
                && (said.suite || self.is(Quirk::AnySuite))
                && (stored.kept.extended || !said.extended || self.mixes())
        };
        found.filter(fits).cloned()
    }

    /// What is the same in both kinds of hello.
    fn greeting(&self, said: &Said, session: Option<&Stored>) -> Greeting {
        let mut greeting = Greeting { extensions: vec![(0xff01, vec![0])], ..Greeting::new() };
        if said.extended {
            greeting = greeting.with(EXTENDED_MASTER_SECRET, &[]);
        }
        let inherited =
            session.and_then(|session| session.alpn.clone()).filter(|_| self.is(Quirk::InheritsProtocol));
        let chosen = said.alpn.iter().find(|name| [&b"h2"[..], b"http/1.1"].contains(&&name[..])).cloned();
        if let Some(name) = inherited.or(chosen) {
            greeting = greeting.with(ALPN, &prefixed::<2>(&prefixed::<1>(&name)));
        }
        greeting
    }

    fn resume(&self, raw: &mut Raw, said: &Said, stored: &Stored) {
        let mut greeting = self.greeting(said, Some(stored));
        greeting.session_id = match self.quirk {
            Quirk::LongEcho => {
                let mut echo = said.session_id.clone();
                echo.resize(32, 0xee);
                echo
            }
            Quirk::OtherEcho => vec![0xee; said.session_id.len()],
            _ => said.session_id.clone(),
        };
        let mut kept = stored.kept.clone();
        let renewed = (self.is(Quirk::OnceRenewed) && said.ticket.is_some()).then(fresh);
        self.used(&stored.kept, renewed.as_deref());
        if self.is(Quirk::WrongKeys) {
            kept.master[0] ^= 1;
        }
        raw.adopt(&kept);
        let mut messages = Vec::new();
        if let Some(ticket) = &renewed {
            greeting = greeting.with(SESSION_TICKET, &[]);
            messages = new_session_ticket(3600, ticket);
        }
        raw.message(&[greeting.message(), messages].concat());
        raw.change_cipher_spec();
        let mut finished = raw.finished(Side::Server);
        finished[15] ^= u8::from(self.is(Quirk::WrongFinished));
        raw.message(&finished);
        if !self.is(Quirk::WrongKeys) && !self.is(Quirk::WrongFinished) {
            raw.read_finished();
            self.end(raw, &stored.kept);
        }
    }

    /// What becomes of a session that was used.
    fn used(&self, kept: &Kept, renewed: Option<&[u8]>) {
        let mut memory = self.memory.lock().expect("nobody panics with it");
        if let Some(place) = memory.stored.iter().position(|each| each.kept.session_id == kept.session_id) {
            match (self.quirk, renewed) {
                (Quirk::OnceRenewed, Some(ticket)) => memory.stored[place].kept.ticket = ticket.to_vec(),
                (Quirk::Once | Quirk::OnceRenewed, _) => drop(memory.stored.remove(place)),
                _ => {}
            }
        }
    }

    fn full(&self, raw: &mut Raw, said: &Said) {
        let mut kept = Kept {
            master: [0; 48],
            extended: said.extended,
            session_id: fresh()[..32].to_vec(),
            ticket: fresh(),
            hint: if self.is(Quirk::NoHint) { 0 } else { 3600 },
        };
        let gives = said.ticket.is_some() || self.is(Quirk::UnaskedTicket);
        let mut greeting = self.greeting(said, None);
        greeting.session_id = kept.session_id.clone();
        if gives {
            greeting = greeting.with(SESSION_TICKET, &[]);
        }
        let asks = match self.quirk {
            Quirk::AsksHere => said.name.as_deref() == Some(NAME.as_bytes()),
            Quirk::AsksThere => said.name.as_deref() == Some(b"b.example"),
            _ => false,
        };
        let share = raw.share(NamedGroup::X25519);
        let answer = Answer {
            hello: greeting.message(),
            certificate: certificate(&self.issued.chain),
            key_exchange: raw.signed(NamedGroup::X25519, &share, &self.issued.local_key()),
            request: if asks { framed(13, &[2, 1, 64, 0, 2, 4, 3, 0, 0]) } else { vec![] },
            done: framed(14, &[]),
        };
        raw.say(&answer);
        if asks {
            assert_eq!(raw.next_message(), certificate(&[] as &[&[u8]]), "the client has none");
        }
        raw.read_answer_with(said.extended);
        kept.master = master(raw);
        let alpn = said.alpn.first().cloned();
        let stored = Stored { kept: kept.clone(), made: Instant::now(), name: said.name.clone(), alpn };
        self.memory.lock().expect("nobody panics with it").stored.push(stored);
        if gives {
            raw.message(&new_session_ticket(kept.hint, &kept.ticket));
        }
        raw.change_cipher_spec();
        let finished = raw.finished(Side::Server);
        raw.message(&finished);
        self.end(raw, &kept);
    }

    /// Waits for the client's last word.
    fn end(&self, raw: &mut Raw, kept: &Kept) {
        match raw.next_record() {
            Some((21, _)) => {
                if self.is(Quirk::LostWithItsConnection) {
                    self.forget(&kept.session_id);
                }
                raw.record(21, &[1, 0]);
            }
            _ if self.is(Quirk::ForgetsAfterReset) => self.forget(&kept.session_id),
            _ => {}
        }
    }
}

/// The master secret of a handshake.
fn master(raw: &Raw) -> [u8; 48] {
    let (hex, mut master) = (raw.master_secret(), [0; 48]);
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    for (byte, pair) in master.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(pair, 16).expect("hex");
    }
    master
}

/// The first message, unless whoever connected says nothing.
fn first_message(raw: &mut Raw) -> Option<Vec<u8>> {
    match raw.next_record() {
        Some((22, body)) => {
            raw.transcript.extend_from_slice(&body);
            Some(body)
        }
        _ => None,
    }
}

/// A ticket under the one key that there is, unlike all before.
fn fresh() -> Vec<u8> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let rest = number.to_be_bytes().repeat(10);
    [&rest[..2], &[0x11; 16], &rest].concat()[2..].to_vec()
}

/// A socket as the way to the other side.
struct Wire(TcpStream);

impl Link for Wire {
    fn send(&mut self, bytes: &[u8]) {
        // The client may have gone.
        let _ = self.0.write_all(bytes);
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 20_000];
        let n = self.0.read(&mut bytes).unwrap_or(0);
        bytes.truncate(n);
        bytes
    }

    fn cut(&mut self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }

    fn end(self: Box<Self>) -> End {
        End::default()
    }
}
