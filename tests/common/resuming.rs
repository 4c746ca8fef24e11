//! Handshakes that resume: a server with keys, a client that comes back, and what each of them says of it.
//!
//! ```ignore
//! let mut world = World::resuming();
//! assert_full(&world.visit(), NotOffered, NotOffered, TicketSent::Issued);
//! assert_resumed(&world.visit(), ResumedBy::Ticket, TicketSent::No);
//! ```

use std::{sync::Arc, time::Duration};

use pki_types::{ServerName, UnixTime};
use tls12::{
    ClientConfig, ConnectionInfo, Seed, ServerConfig,
    session::{
        ClientSession, ClientSessionParts, HandshakeKind, KeyRing, NotResumed, ResumedBy, Resumption, SeenBy,
        TicketKey, TicketSent, Tickets,
    },
    wire::{ContentType, Decode, HandshakeType, RecordHeader},
};

use super::{
    certs::{NOW, at},
    forge::take_messages,
    pair::{Ended, World},
};

/// How long a key seals here; it opens for twice as long.
pub const HOURS_12: Duration = Duration::from_secs(12 * HOUR);
pub const HOUR: u64 = 3600;
/// Both ways to name a session.
pub const BOTH: [ResumedBy; 2] = [ResumedBy::SessionId, ResumedBy::Ticket];

/// The key of this number, which seals from `now` on.
pub fn key(number: u8, now: UnixTime) -> TicketKey {
    TicketKey::generate(Seed::for_replay([number; 32]), now, HOURS_12)
}

/// The ring of most worlds here.
pub fn ring() -> KeyRing {
    KeyRing::new(key(7, at(NOW)))
}

/// The policy of most worlds here: tickets are not renewed, so that each flow is what its test says.
pub fn policy() -> Resumption {
    Resumption::new(ring()).with_tickets(Tickets::Issue)
}

impl World {
    /// A server that resumes by ticket and by ID, and a client that wants tickets.
    pub fn resuming() -> Self {
        Self::new().with_policy(policy())
    }

    /// The same, where the client resumes by this.
    pub fn resuming_by(by: ResumedBy) -> Self {
        match by {
            ResumedBy::Ticket => Self::resuming(),
            ResumedBy::SessionId => Self::resuming().with_client(|config| config.with_tickets(false)),
        }
    }

    /// Another policy of resumption.
    pub fn with_policy(self, policy: Resumption) -> Self {
        self.with_server(|config| config.with_resumption(policy))
    }

    /// Another policy of resumption.
    pub fn set_policy(&mut self, policy: Resumption) {
        self.server = Arc::new(ServerConfig::clone(&self.server).with_resumption(policy));
    }

    /// Changes how the server behaves from now on.
    pub fn change_server(&mut self, change: impl FnOnce(ServerConfig) -> ServerConfig) {
        self.server = Arc::new(change(ServerConfig::clone(&self.server)));
    }

    /// Changes how the client behaves from now on.
    pub fn change_client(&mut self, change: impl FnOnce(ClientConfig) -> ClientConfig) {
        self.client = Arc::new(change(ClientConfig::clone(&self.client)));
    }

    /// One handshake with randomness of its own, after which the client has what it was given, if it was given
    /// something, and nothing otherwise.
    pub fn visit(&mut self) -> Shaken {
        for seed in [&mut self.seeds.0, &mut self.seeds.1] {
            seed[31] = seed[31].wrapping_add(1);
            seed[30] = seed[30].wrapping_add(u8::from(seed[31] == 0));
        }
        let shaken = shake(self);
        self.session = shaken.session.as_ref().map(ClientSession::duplicate);
        shaken
    }

    /// A world whose client was here before, and has a session that it resumes by this.
    pub fn after_a_visit(by: ResumedBy) -> Self {
        Self::resuming_by(by).visited()
    }

    /// The same after one visit, which must leave a session.
    pub fn visited(mut self) -> Self {
        self.visit();
        assert!(self.session.is_some(), "the first visit leaves a session");
        self
    }
}

/// One handshake that succeeded on both sides.
pub struct Shaken {
    pub client: ConnectionInfo,
    pub server: ConnectionInfo,
    /// For the next one.
    pub session: Option<ClientSession>,
    /// The messages of the client; what is encrypted is `[]`.
    pub up: Vec<String>,
    /// The messages of the server.
    pub down: Vec<String>,
}

/// Runs both sides, which both succeed; each tells only what it can know.
#[track_caller]
pub fn shake(world: &World) -> Shaken {
    let Ended { client, server, wires, .. } = world.run(usize::MAX);
    let client = client.expect("the client's handshake succeeds");
    let server = server.expect("the server's handshake succeeds");
    let shaken = Shaken {
        client: client.connection.info().clone(),
        server: server.connection.info().clone(),
        session: client.session,
        up: names(&wires.up.log),
        down: names(&wires.down.log),
    };
    let tells =
        |info: &ConnectionInfo, other| info.handshake.reason().is_none_or(|reason| reason.seen_by() != other);
    assert!(tells(&shaken.client, SeenBy::Server), "a client tells {}", shaken.client.handshake);
    assert!(tells(&shaken.server, SeenBy::Client), "a server tells {}", shaken.server.handshake);
    shaken
}

/// The messages on a wire; what is encrypted is `[]`.
pub fn names(mut wire: &[u8]) -> Vec<String> {
    let (mut names, mut encrypted, mut messages) = (Vec::new(), false, Vec::new());
    while !wire.is_empty() {
        let header = RecordHeader::decode(&wire[..5]).expect("a record");
        let body = &wire[5..5 + usize::from(header.length)];
        wire = &wire[5 + body.len()..];
        match header.content_type {
            ContentType::CHANGE_CIPHER_SPEC => {
                names.push("ChangeCipherSpec".into());
                encrypted = true;
            }
            _ if encrypted => names.push("[]".into()),
            _ => {
                messages.extend_from_slice(body);
                let whole = take_messages(&mut messages);
                names.extend(whole.iter().map(|message| HandshakeType(message[0]).to_string()));
            }
        }
    }
    names
}

const FULL_UP: &[&str] = &["ClientHello", "ClientKeyExchange", "ChangeCipherSpec", "[]"];
const RESUMED_UP: &[&str] = &["ClientHello", "ChangeCipherSpec", "[]"];

fn down(before: &[&'static str], ticket: TicketSent) -> Vec<&'static str> {
    let mut names = before.to_vec();
    names.extend((ticket != TicketSent::No).then_some("NewSessionTicket"));
    names.extend(["ChangeCipherSpec", "[]"]);
    names
}

/// A full handshake, why on each side, message by message.
#[track_caller]
pub fn assert_full(shaken: &Shaken, server: NotResumed, client: NotResumed, ticket: TicketSent) {
    assert_eq!(shaken.server.handshake, HandshakeKind::Full(server));
    assert_eq!(shaken.client.handshake, HandshakeKind::Full(client));
    assert_eq!((shaken.server.ticket, shaken.client.ticket), (ticket, ticket));
    assert_eq!(shaken.up, FULL_UP);
    let hello = ["ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone"];
    assert_eq!(shaken.down, down(&hello, ticket));
}

/// An abbreviated handshake on both sides, message by message.
#[track_caller]
pub fn assert_resumed(shaken: &Shaken, by: ResumedBy, ticket: TicketSent) {
    assert_eq!(shaken.server.handshake, HandshakeKind::Resumed(by));
    assert_eq!(shaken.client.handshake, HandshakeKind::Resumed(by));
    assert_eq!((shaken.server.ticket, shaken.client.ticket), (ticket, ticket));
    assert_eq!(shaken.up, RESUMED_UP);
    assert_eq!(shaken.down, down(&["ServerHello"], ticket));
    assert_eq!(shaken.client.group, None);
    assert!(shaken.client.peer.is_some(), "the client knows whom it verified then");
}

/// The server would not, for this reason, and the client heard that it would not.
#[track_caller]
pub fn assert_declined(shaken: &Shaken, reason: NotResumed) {
    assert_eq!(shaken.server.handshake, HandshakeKind::Full(reason));
    assert_eq!(shaken.client.handshake, HandshakeKind::Full(NotResumed::Declined));
}

/// The client did not offer its session, for this reason, and the server saw none.
#[track_caller]
pub fn assert_not_offered(shaken: &Shaken, reason: NotResumed) {
    assert_eq!(shaken.client.handshake, HandshakeKind::Full(reason));
    assert_eq!(shaken.server.handshake, HandshakeKind::Full(NotResumed::NotOffered));
}

/// The client's session as bytes, with one thing changed by hand.
pub fn tampered(session: &ClientSession, change: impl FnOnce(&mut Vec<u8>)) -> ClientSession {
    let mut bytes = session.to_bytes().expose().to_vec();
    change(&mut bytes);
    ClientSession::from_bytes(&bytes).expect("a session")
}

/// Our client offers no session under another name (R7), so it is made to believe that this one is for `server`.
pub fn renamed(session: &ClientSession, server: &str) -> ClientSession {
    remade(session, |parts| (parts.server, parts.alpn) = (server.into(), None))
}

/// The client's session, with something in it changed.
pub fn remade(session: &ClientSession, change: impl FnOnce(&mut ClientSessionParts)) -> ClientSession {
    let mut parts = parts_of(session);
    change(&mut parts);
    ClientSession::new(parts).expect("a session")
}

/// What the client's session is made of.
pub fn parts_of(session: &ClientSession) -> ClientSessionParts {
    ClientSessionParts {
        server: session.server().into(),
        trust: *session.trust(),
        token: session.token().clone(),
        suite: session.suite(),
        master_secret: session.master_secret().duplicate(),
        extended_master_secret: session.extended_master_secret(),
        received_at: session.received_at(),
        authenticated_at: session.authenticated_at(),
        lineage: session.lineage(),
        alpn: session.alpn().map(<[u8]>::to_vec),
        peer: session.peer().cloned(),
        peer_scheme: session.peer_scheme(),
        group: session.group(),
        ocsp: session.ocsp().cloned(),
    }
}

/// From now on the client calls the server by this name, and believes that its session is for it.
pub fn call(world: &mut World, name: &'static str) {
    world.name = ServerName::try_from(name).expect("a name");
    world.session = world.session.as_ref().map(|session| renamed(session, name));
}

/// A client that was here before comes back, once as everything was, and once after `change`.
pub fn come_back(
    by: ResumedBy,
    prepare: &dyn Fn(World) -> World,
    change: &dyn Fn(&mut World),
) -> (World, Shaken) {
    let mut world = prepare(World::resuming_by(by)).visited();
    assert_resumed(&world.visit(), by, TicketSent::No);
    change(&mut world);
    let second = world.visit();
    (world, second)
}

/// After `change`, a session of either kind is not resumed for this reason, and one that is made then is.
#[track_caller]
pub fn declined(reason: NotResumed, prepare: &dyn Fn(World) -> World, change: &dyn Fn(&mut World)) {
    for by in BOTH {
        let (mut world, second) = come_back(by, prepare, change);
        assert_declined(&second, reason);
        assert_resumed(&world.visit(), by, TicketSent::No);
    }
}

/// In spite of `change`, a session of either kind is resumed.
#[track_caller]
pub fn resumed(prepare: &dyn Fn(World) -> World, change: &dyn Fn(&mut World)) {
    for by in BOTH {
        let (_, second) = come_back(by, prepare, change);
        assert_eq!(second.server.handshake, HandshakeKind::Resumed(by));
        assert_eq!(second.client.handshake, HandshakeKind::Resumed(by));
    }
}

/// As it is.
pub fn plain(world: World) -> World {
    world
}
