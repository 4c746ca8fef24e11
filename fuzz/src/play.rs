//! The script of `sequence`: visits of one client to servers that share keys and a store.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use arbitrary::Arbitrary;
use tls12::{
    ClientAuth, ClientConfig, ServerConfig, ServerName,
    crypto::RUSTCRYPTO,
    pki::dangerous::DangerousAcceptAny,
    session::{
        ClientSession, ClientToken, Partition, RenewWhen, Resumption, SealedSession, SessionContext,
        StoreKey, Tickets,
    },
    wire::{CipherSuite, SessionId},
};

use crate::{
    common::{
        certs::{Ca, NOW, Spec, at},
        forge::Log,
        pair::{NAME, World},
        resuming::{self, HOUR, ring},
    },
    stage::again,
    wires::Edit,
};

/// What happens, one visit after the other.
#[derive(Arbitrary, Debug)]
pub struct Play {
    /// All of them, of which the first four are played.
    pub visits: Vec<Visit>,
}

/// One connection.
#[derive(Arbitrary, Debug)]
pub struct Visit {
    /// To whom.
    pub place: Place,
    /// With which session.
    pub offer: Offer,
    /// How many hours after the one before.
    pub hours: u8,
    /// Whether somebody exchanges the entries of the store before.
    pub exchange: bool,
    /// What happens to the records on their way: to the one of this number, modulo 16.
    pub edits: Vec<(u8, Edit)>,
}

/// A server, by what a session of it is bound to.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Place {
    domain: u8,
    name: u8,
    partition: bool,
    auth: u8,
    tickets: u8,
    suite: u8,
}

/// What the client offers.
#[derive(Arbitrary, Debug)]
pub enum Offer {
    /// Nothing.
    Nothing,
    /// One of the sessions that it was given, counted from the last one.
    Session(u8),
    /// The same, and it believes that the session is of the server that it goes to.
    Renamed(u8),
    /// The same, with bits of its ticket or ID flipped.
    Tampered(u8, u16, u8),
}

const SUITES: [CipherSuite; 3] = [
    CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
    CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384,
    CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
];
const NAMES: [&str; 3] = [NAME, "b.example", "127.0.0.1"];

impl Place {
    fn name(self) -> &'static str {
        NAMES[usize::from(self.name) % NAMES.len()]
    }

    /// Whom the server asks for a certificate.
    pub fn auth(self) -> ClientAuth {
        match self.auth % 3 {
            0 => ClientAuth::Off,
            1 => ClientAuth::Request,
            _ => ClientAuth::Require,
        }
    }

    /// Everything that a session of this place is bound to: it travels in the session as data of the application.
    pub fn tag(self) -> Vec<u8> {
        let domain = self.domain % 3;
        // What is asked of clients is part of a domain that nobody named.
        let auth = if domain == 0 { self.auth % 3 } else { 0 };
        vec![domain, self.name % 3, u8::from(self.partition), auth]
    }

    fn resumption(self) -> Resumption {
        let tickets = match self.tickets % 5 {
            0 => Tickets::Issue,
            1 => Tickets::Renew(RenewWhen::Always),
            2 => Tickets::Off,
            3 => Tickets::IgnoreAndIssue,
            _ => Tickets::Renew(RenewWhen::SecondHalf),
        };
        let partition = Partition::named(if self.partition { b"one" } else { b"other" });
        let policy = Resumption::new(ring()).with_tickets(tickets).with_partition(partition);
        match self.domain % 3 {
            0 => policy,
            domain => policy.with_context(SessionContext::derive([&[domain][..]])),
        }
    }
}

/// What there is before a visit.
#[derive(Default)]
pub struct Memory {
    sessions: Vec<ClientSession>,
    store: HashMap<StoreKey, SealedSession>,
    /// The entries of the store that are not where they were put.
    pub moved: HashSet<StoreKey>,
    visits: u8,
    hours: u64,
}

/// A visit that is about to happen.
pub struct Scene {
    /// The server, and the client with what it offers.
    pub world: World,
    /// The secrets of the client and of the server.
    pub logs: [Arc<Log>; 2],
    /// Whether the token that is offered is none that a server gave.
    pub tampered: bool,
}

impl Memory {
    /// Prepares a visit.
    pub fn scene(&mut self, visit: &Visit) -> Scene {
        static BASE: LazyLock<World> = LazyLock::new(base);
        let (place, mut world) = (visit.place, again(&BASE));
        self.visits += 1;
        self.hours += u64::from(visit.hours % 32);
        if visit.exchange {
            self.exchange();
        }
        let logs = [Arc::new(Log::default()), Arc::new(Log::default())];
        let suite = SUITES[usize::from(place.suite) % SUITES.len()];
        world.server = Arc::new(
            ServerConfig::clone(&world.server)
                .with_client_auth(place.auth())
                .with_resumption(place.resumption())
                .with_key_log(logs[1].clone()),
        );
        let client = ClientConfig::clone(&world.client).with_key_log(logs[0].clone());
        world.client = Arc::new(client.with_suites(&[suite]).expect("a suite of this crate"));
        world.name = ServerName::try_from(place.name()).expect("a name");
        world.application_data = place.tag();
        world.seeds = ([self.visits; 32], [self.visits | 0x80; 32]);
        world.now = at(NOW + self.hours * HOUR);
        world.store.kept().clone_from(&self.store);
        let (session, tampered) = self.offered(&visit.offer, place);
        world.session = session;
        Scene { world, logs, tampered }
    }

    /// Remembers what a visit left.
    pub fn remember(&mut self, world: &World, session: Option<&ClientSession>) {
        self.store.clone_from(&world.store.kept());
        self.sessions.extend(session.map(ClientSession::duplicate));
    }

    /// Every entry of the store goes where another one was.
    fn exchange(&mut self) {
        let mut keys: Vec<_> = self.store.keys().copied().collect();
        keys.sort_unstable();
        let entries: Vec<_> = keys.iter().filter_map(|key| self.store.remove(key)).collect();
        if keys.len() > 1 {
            keys.rotate_left(1);
            // Twice may be once too often, and everything is in its place again; then there is less to be seen.
            self.moved.extend(&keys);
        }
        self.store.extend(keys.into_iter().zip(entries));
    }

    fn offered(&self, offer: &Offer, place: Place) -> (Option<ClientSession>, bool) {
        let find = |n: &u8| {
            let at = usize::from(*n).checked_rem(self.sessions.len())?;
            self.sessions.get(self.sessions.len() - 1 - at)
        };
        match offer {
            Offer::Nothing => (None, false),
            Offer::Session(n) => (find(n).map(ClientSession::duplicate), false),
            Offer::Renamed(n) => (find(n).map(|found| remade(found, place, found.token().clone())), false),
            Offer::Tampered(n, at, bits) => {
                let session = find(n).map(|found| remade(found, place, flipped(found.token(), *at, *bits)));
                (session, *bits != 0)
            }
        }
    }
}

fn flipped(token: &ClientToken, at: u16, bits: u8) -> ClientToken {
    let flip = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let len = bytes.len().max(1);
        bytes.get_mut(usize::from(at) % len).into_iter().for_each(|byte| *byte ^= bits);
        bytes
    };
    match token {
        ClientToken::SessionId(id) => {
            ClientToken::SessionId(SessionId::new(&flip(id.as_bytes())).expect("as long as before"))
        }
        ClientToken::Ticket { ticket, lifetime_hint } => {
            ClientToken::Ticket { ticket: flip(ticket), lifetime_hint: *lifetime_hint }
        }
    }
}

/// The session as the client would have it of this place, with this token.
fn remade(session: &ClientSession, place: Place, token: ClientToken) -> ClientSession {
    resuming::remade(session, |parts| (parts.server, parts.token) = (place.name().into(), token))
}

/// A server with a certificate for all names, and a client with one. Nobody looks at the paths: this is about orders.
fn base() -> World {
    let ca = Ca::new("test root");
    let issued = ca.issue(&Spec::server(&NAMES));
    let client = ca.issue(&Spec::client("alice"));
    let mut world = World::new();
    world.server = Arc::new(ServerConfig::new(&RUSTCRYPTO, issued.credential("server")));
    world.keys = vec![("server".into(), issued.local_key())];
    world.client_credential = Some((client.credential("client"), client.local_key()));
    world.verifies_server = Arc::new(DangerousAcceptAny);
    world.verifies_client = Arc::new(DangerousAcceptAny);
    world
}
