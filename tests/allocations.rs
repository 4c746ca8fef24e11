//! How often each side alone allocates in an abbreviated handshake, and that records do not allocate at all.
//!
//! The tables say what each allocation is for. Where there are more than a table has, a test fails; to see what is
//! counted now: `cargo test --all-features --test allocations -- --nocapture`.

mod common;

use common::{
    certs::{Ca, Spec},
    pair::{NAME, Peer, World},
    resuming::policy,
};
use tls12::{
    ClientConfig, ClientHandshake, Received, RecvBuf, Seed, ServerConfig, ServerHandshake,
    crypto::{Authentication, LocalKey, Provider, RUSTCRYPTO, SUITES},
    pki::WebPki,
    session::{
        ClientSession, HandshakeKind, Lookup, RenewWhen, ResumedBy, SealedSession, StoreKey, TicketSent,
        Tickets,
    },
    wire::{CipherSuite, MAX_PLAINTEXT, MAX_RECORD},
};

/// What allocates, and how often.
type Table = &'static [(&'static str, u64)];

/// What every abbreviated handshake of a client allocates.
const CLIENT: Table = &[
    ("what lives as long as the handshake", 1),
    ("the state that waits for the ServerHello", 1),
    ("ClientHello, kept until the hash is known", 1),
    ("the first flight", 1),
    ("messages, gathered from records: ServerHello and Finished", 2),
    ("what ServerHello agreed on", 1),
    ("whom the full handshake verified", 1),
    ("the hash of the transcript", 1),
    ("the state of an abbreviated handshake", 1),
    ("the HMAC state of the master secret", 1),
    ("keys of records, one each way", 2),
    ("what the connection tells", 1),
];

/// What a new ticket adds at the client.
const CLIENT_RENEWED: Table = &[
    ("NewSessionTicket, after ServerHello in one record", 1),
    ("the ticket", 1),
    ("the session with the new ticket: itself, its name and its secret", 3),
];

/// What every abbreviated handshake of a server allocates.
const SERVER: Table = &[
    ("what lives as long as the handshake", 1),
    ("messages, gathered from records: ClientHello and Finished", 2),
    ("the greeting", 1),
    ("the name in it", 1),
    ("the session, opened, its master secret and its name", 3),
    ("the hash of the transcript", 1),
    ("the flight", 1),
    ("what the hellos agreed on", 1),
    ("the HMAC state of the master secret", 1),
    ("keys of records, one each way", 2),
    ("what the connection tells", 1),
];

/// What a session in a store adds at the server.
const SERVER_BY_ID: Table = &[("what waits for the store", 1)];

/// What a new ticket adds at the server.
const SERVER_RENEWED: Table =
    &[("the session, encoded", 1), ("the ticket", 1), ("NewSessionTicket, in a vector that grows", 3)];

/// How often both sides allocated.
#[derive(Default)]
struct Counted {
    client: u64,
    server: u64,
}

/// Does a step, and adds how often it allocates.
fn count<T>(sum: &mut u64, step: impl FnOnce() -> T) -> T {
    let mut result = None;
    *sum += allocation_counter::measure(|| result = Some(step())).count_total;
    result.expect("the step was taken")
}

/// Moves all that is on the wire, if that has room.
fn moved(wire: &mut Vec<u8>, spare: &mut [u8]) -> usize {
    spare[..wire.len()].copy_from_slice(wire);
    std::mem::take(wire).len()
}

/// Both sides of an abbreviated handshake. What the caller brings, finds and stores is not counted.
struct Pair<'a> {
    world: &'a World,
    to_client: Vec<u8>,
    to_server: Vec<u8>,
    counted: Counted,
}

impl Pair<'_> {
    fn client(&mut self, step: ClientHandshake) -> ClientHandshake {
        let sum = &mut self.counted.client;
        match step {
            ClientHandshake::NeedsFlush(ask) => {
                self.to_server.extend_from_slice(ask.bytes());
                count(sum, || ask.all_sent())
            }
            ClientHandshake::NeedsInput(mut ask) if !self.to_client.is_empty() => {
                let n = moved(&mut self.to_client, ask.spare());
                count(sum, || ask.received(n, self.world.now))
            }
            step @ (ClientHandshake::NeedsInput(_) | ClientHandshake::Done(_)) => step,
            other => panic!("{other:?}"),
        }
    }

    fn server(&mut self, step: ServerHandshake) -> ServerHandshake {
        let sum = &mut self.counted.server;
        match step {
            ServerHandshake::NeedsFlush(ask) => {
                self.to_client.extend_from_slice(ask.bytes());
                count(sum, || ask.all_sent())
            }
            ServerHandshake::NeedsInput(mut ask) if !self.to_server.is_empty() => {
                let n = moved(&mut self.to_server, ask.spare());
                count(sum, || ask.received(n, self.world.now))
            }
            ServerHandshake::NeedsConfig(ask) => {
                let config = self.world.server.clone();
                count(sum, || ask.answer(config))
            }
            ServerHandshake::NeedsSession(ask) => {
                let found: Option<SealedSession> =
                    self.world.store.kept().get::<StoreKey>(ask.key()).cloned();
                let found: Lookup = found.into();
                count(sum, || ask.answer(found))
            }
            step @ (ServerHandshake::NeedsInput(_) | ServerHandshake::Done(_)) => step,
            other => panic!("{other:?}"),
        }
    }
}

/// How often each side allocates from its start to its end; how it resumed is checked.
fn handshake(world: &World, by: ResumedBy, ticket: TicketSent) -> Counted {
    let mut counted = Counted::default();
    let buffer = || RecvBuf::from_vec(Vec::with_capacity(MAX_RECORD));
    let (ours, theirs) = (Seed::for_replay([3; 32]), Seed::for_replay([4; 32]));
    let (config, name, buf) = (world.client.clone(), world.name.clone(), buffer());
    let session = world.session.as_ref().map(ClientSession::duplicate);
    let start = || ClientHandshake::start(config, name, session, ours, buf, world.now);
    let mut client = count(&mut counted.client, start);
    let buf = buffer();
    let mut server = count(&mut counted.server, || ServerHandshake::start(theirs, buf, world.now));
    let mut pair = Pair { world, to_client: Vec::new(), to_server: Vec::new(), counted };
    loop {
        (client, server) = match (client, server) {
            (ClientHandshake::Done(client), ServerHandshake::Done(server)) => {
                for info in [client.connection.info(), server.connection.info()] {
                    assert_eq!((info.handshake, info.ticket), (HandshakeKind::Resumed(by), ticket));
                }
                return pair.counted;
            }
            (client, server) => (pair.client(client), pair.server(server)),
        };
    }
}

/// No more than the tables have.
#[track_caller]
fn assert_within(name: &str, counted: u64, tables: &[Table]) {
    let expected: u64 = tables.iter().copied().flatten().map(|(_, times)| times).sum();
    println!("{name}: {counted} allocations, {expected} expected");
    assert!(counted <= expected, "{name}: {counted} allocations, where {expected} are known: {tables:#?}");
}

#[test]
fn a_handshake_by_ticket_allocates_what_its_steps_are_and_nothing_else() {
    let counted = handshake(&World::after_a_visit(ResumedBy::Ticket), ResumedBy::Ticket, TicketSent::No);
    assert_within("client, by ticket", counted.client, &[CLIENT]);
    assert_within("server, by ticket", counted.server, &[SERVER]);
}

#[test]
fn a_handshake_by_ticket_with_a_new_one_allocates_what_that_takes_besides() {
    let renewing = policy().with_tickets(Tickets::Renew(RenewWhen::Always));
    let world = World::after_a_visit(ResumedBy::Ticket).with_policy(renewing);
    let counted = handshake(&world, ResumedBy::Ticket, TicketSent::Issued);
    assert_within("client, by ticket, renewed", counted.client, &[CLIENT, CLIENT_RENEWED]);
    assert_within("server, by ticket, renewed", counted.server, &[SERVER, SERVER_RENEWED]);
}

#[test]
fn a_handshake_by_session_id_allocates_what_its_steps_are_and_nothing_else() {
    let counted =
        handshake(&World::after_a_visit(ResumedBy::SessionId), ResumedBy::SessionId, TicketSent::No);
    assert_within("client, by session ID", counted.client, &[CLIENT]);
    assert_within("server, by session ID", counted.server, &[SERVER, SERVER_BY_ID]);
}

/// The lengths of what goes in one buffer: many small records, and one of the largest size.
const BUFFERS: [(usize, usize); 3] = [(1, 1), (100, 100), (MAX_PLAINTEXT, 1)];
/// The first records of a connection: after these a key has what it will ever have.
const FIRST: usize = 8;

/// How often `send_into`, `send` and `receive` allocate for so many records of this length, in one buffer.
fn records(from: &mut Peer, to: &mut Peer, length: usize, many: usize) -> u64 {
    let (plain, mut allocations) = (vec![b'x'; length], 0);
    let record = length + from.tls.record_overhead();
    let mut wire = vec![0; record];
    let mut rest = Vec::with_capacity(record * many);
    let sent = count(&mut allocations, || from.tls.send_into(&plain, &mut wire).expect("a record"));
    assert_eq!((sent.read, sent.written), (length, record));
    let send = || (1..many).for_each(|_| from.tls.send(&plain, &mut rest).expect("a record"));
    count(&mut allocations, send);
    wire.append(&mut rest);
    let n = moved(&mut wire, to.buf.spare());
    let (mut came, mut reply) = (0, Vec::new());
    count(&mut allocations, || {
        to.buf.received(n).expect("bytes");
        while let Received::Data(data) = to.tls.receive(&mut to.buf, &mut reply).expect("records") {
            came += usize::from(*data == plain[..]);
        }
    });
    assert_eq!(came, many);
    allocations
}

/// Both sides of a connection on this provider with this suite.
fn connection(provider: &'static Provider, suite: CipherSuite) -> (Peer, Peer) {
    let ca = Ca::new("test root");
    let issued = ca.issue(&Spec::server(&[NAME]));
    let world = World {
        server: ServerConfig::new(provider, issued.credential("server")).into(),
        client: ClientConfig::new(provider).with_suites(&[suite]).expect("a suite").into(),
        keys: vec![("server".into(), LocalKey::new(provider, issued.key_der()).expect("a key"))],
        verifies_server: std::sync::Arc::new(WebPki::new(provider, [ca.root()]).expect("a root")),
        ..World::new()
    };
    world.run(usize::MAX).established()
}

#[test]
fn records_allocate_nothing_but_once_for_a_key_that_is_used_more() {
    for (provider, allowed) in [(&RUSTCRYPTO, 0), (Provider::best(), 1)] {
        for suite in SUITES.iter().filter(|suite| suite.authentication == Authentication::Ecdsa) {
            let (mut client, mut server) = connection(provider, suite.id);
            let one_way = |from: &mut Peer, to: &mut Peer| {
                let name = format!("{}, {:?}", provider.name(), suite.id);
                let first = records(from, to, 100, FIRST);
                // A key each for sealing and for opening.
                assert!(first <= 2 * allowed, "{name}: {first} allocations for the first records");
                for (length, many) in BUFFERS {
                    let later = records(from, to, length, many);
                    assert_eq!(later, 0, "{name}: for {many} records of {length} bytes");
                }
            };
            one_way(&mut client, &mut server);
            one_way(&mut server, &mut client);
        }
    }
}
