//! A client and a server in memory, with the stores and keys that they would have.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use pki_types::{ServerName, UnixTime};
use tls12::{
    ClientConfig, ClientHandshake, Connection, RecvBuf, Seed, ServerConfig, ServerHandshake,
    crypto::{LocalKey, Provider, Sign},
    pki::{VerifyPeer, WebPki},
    session::{ClientSession, HandshakeKind, KeyRing, NotResumed, RenewWhen, ResumedBy, Resumption, TicketKey, Tickets},
    store::{Limits, MemoryStore, SessionStore},
};

use crate::certs::{Ca, NOW, Spec, at};

/// How the handshakes go that are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resumes {
    Nothing,
    Id,
    Ticket,
    Renewed,
}

/// Both sides' settings.
pub struct World {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    key: LocalKey,
    verifier: WebPki,
    store: MemoryStore,
    now: UnixTime,
    rounds: u64,
}

/// What is kept of a client's memory from one handshake to the next.
type Storage = Vec<u8>;

impl World {
    pub fn new(resumes: Resumes) -> Self {
        let provider = Provider::best();
        let ca = Ca::new("test root");
        let issued = ca.issue(&Spec::server(&["a.example"]));
        let (credential, key) = (issued.credential("web"), issued.local_key());
        let ring = KeyRing::new(TicketKey::generate(
            Seed::for_replay([7; 32]),
            at(NOW),
            Duration::from_secs(43_200),
        ));
        let tickets = match resumes {
            Resumes::Renewed => Tickets::Renew(RenewWhen::Always),
            Resumes::Nothing | Resumes::Id | Resumes::Ticket => Tickets::Issue,
        };
        let resumption = Resumption::new(ring).with_tickets(tickets);
        let server = ServerConfig::new(provider, credential).with_resumption(resumption);
        let client = ClientConfig::new(provider).with_tickets(resumes != Resumes::Id);
        Self {
            server: Arc::new(server),
            client: Arc::new(client),
            key,
            verifier: WebPki::new(provider, [ca.root()]).expect("a root"),
            store: MemoryStore::new(Limits::sessions(1000)),
            now: at(NOW),
            rounds: 0,
        }
    }

    /// The same in every run, another one each time.
    fn seed(&mut self) -> Seed {
        self.rounds += 1;
        let mut bytes = [1; 32];
        bytes[..8].copy_from_slice(&self.rounds.to_be_bytes());
        Seed::for_replay(bytes)
    }

    fn start_client(&mut self, session: Option<&ClientSession>, storage: Storage) -> ClientHandshake {
        let server = ServerName::try_from("a.example").expect("a name");
        let seed = self.seed();
        let session = session.map(ClientSession::duplicate);
        let buf = RecvBuf::from_vec(storage);
        ClientHandshake::start(self.client.clone(), server, session, seed, buf, self.now)
    }

    fn start_server(&mut self, storage: Storage) -> ServerHandshake {
        ServerHandshake::start(self.seed(), RecvBuf::from_vec(storage), self.now)
    }

    /// Answers and moves bytes until nothing is left to do without the server.
    fn client(&self, mut step: ClientHandshake, wire: &mut Wire) -> ClientHandshake {
        loop {
            step = match step {
                ClientHandshake::NeedsFlush(ask) => {
                    wire.to_server.extend_from_slice(ask.bytes());
                    ask.all_sent()
                }
                ClientHandshake::NeedsInput(mut ask) => match take(&mut wire.to_client, ask.spare()) {
                    0 => return ClientHandshake::NeedsInput(ask),
                    n => ask.received(n, self.now),
                },
                ClientHandshake::NeedsVerdict(ask) => {
                    let verdict = self.verifier.verify(ask.presented());
                    ask.answer(verdict)
                }
                done => return done,
            };
        }
    }

    fn server(&self, mut step: ServerHandshake, wire: &mut Wire) -> ServerHandshake {
        loop {
            step = match step {
                ServerHandshake::NeedsFlush(ask) => {
                    wire.to_client.extend_from_slice(ask.bytes());
                    ask.all_sent()
                }
                ServerHandshake::NeedsInput(mut ask) => match take(&mut wire.to_server, ask.spare()) {
                    0 => return ServerHandshake::NeedsInput(ask),
                    n => ask.received(n, self.now),
                },
                ServerHandshake::NeedsConfig(ask) => ask.answer(self.server.clone()),
                ServerHandshake::NeedsSession(ask) => {
                    let found = self.store.get(ask.key());
                    ask.answer(found)
                }
                ServerHandshake::NeedsStore(ask) => {
                    self.store.put(ask.session());
                    ask.stored()
                }
                ServerHandshake::NeedsSignature(ask) => {
                    let signature = self.key.sign(ask.request());
                    ask.answer(signature)
                }
                done => return done,
            };
        }
    }

    /// One handshake; what it cost is added up.
    pub fn handshake(&mut self, session: Option<&ClientSession>, costs: &mut Costs) -> Ended {
        let mut wire = std::mem::take(&mut costs.wire);
        let [client, server] = std::mem::take(&mut costs.storage);
        let start = Instant::now();
        let mut client = measured_client(|| {
            let step = self.start_client(session, client);
            self.client(step, &mut wire)
        });
        let between = Instant::now();
        let mut server = measured_server(|| {
            let step = self.start_server(server);
            self.server(step, &mut wire)
        });
        costs.client += between - start;
        costs.server += between.elapsed();
        loop {
            let start = Instant::now();
            client = measured_client(|| self.client(client, &mut wire));
            let between = Instant::now();
            server = measured_server(|| self.server(server, &mut wire));
            costs.client += between - start;
            costs.server += between.elapsed();
            if let (ClientHandshake::Done(_), ServerHandshake::Done(_)) = (&client, &server) {
                break;
            }
            assert!(
                !matches!((&client, &server), (ClientHandshake::Failed(_), _) | (_, ServerHandshake::Failed(_))),
                "{client:?} {server:?}"
            );
        }
        let (ClientHandshake::Done(client), ServerHandshake::Done(server)) = (client, server) else {
            unreachable!("both are done")
        };
        costs.wire = wire;
        costs.storage = [client.buf.into_vec(), server.buf.into_vec()];
        Ended { client: client.connection, server: server.connection, session: client.session }
    }
}

/// What a handshake gave.
pub struct Ended {
    pub client: Connection,
    pub server: Connection,
    pub session: Option<ClientSession>,
}

#[derive(Default)]
struct Wire {
    to_client: Vec<u8>,
    to_server: Vec<u8>,
}

/// Moves all that is there, as far as there is room.
fn take(from: &mut Vec<u8>, to: &mut [u8]) -> usize {
    let n = from.len().min(to.len());
    to[..n].copy_from_slice(&from[..n]);
    from.drain(..n);
    n
}

/// Time spent, and memory that is used again.
#[derive(Default)]
pub struct Costs {
    pub client: Duration,
    pub server: Duration,
    pub all: Vec<(Duration, Duration)>,
    wire: Wire,
    storage: [Storage; 2],
}

#[inline(never)]
fn measured_client<T>(step: impl FnOnce() -> T) -> T {
    black_box(step())
}

#[inline(never)]
fn measured_server<T>(step: impl FnOnce() -> T) -> T {
    black_box(step())
}

/// Handshakes that resume the session of the first one, which is not among those counted.
pub fn run(resumes: Resumes, rounds: u32) {
    let mut world = World::new(resumes);
    let mut first = Costs::default();
    let session = world.handshake(None, &mut first).session.expect("a session");
    let mut costs = Costs::default();
    for _ in 0..rounds {
        let offered = (resumes != Resumes::Nothing).then_some(&session);
        let ended = world.handshake(offered, &mut costs);
        let expected = match resumes {
            Resumes::Nothing => HandshakeKind::Full(NotResumed::NotOffered),
            Resumes::Id => HandshakeKind::Resumed(ResumedBy::SessionId),
            Resumes::Ticket | Resumes::Renewed => HandshakeKind::Resumed(ResumedBy::Ticket),
        };
        assert_eq!(ended.client.info().handshake, expected);
        let (c, s) = (std::mem::take(&mut costs.client), std::mem::take(&mut costs.server));
        costs.all.push((c, s));
    }
    let mut c: Vec<_> = costs.all.iter().map(|a| a.0).collect();
    let mut s: Vec<_> = costs.all.iter().map(|a| a.1).collect();
    c.sort();
    s.sort();
    let at = c.len() / 2;
    eprintln!("median client {:?}, server {:?}; min {:?} {:?}", c[at], s[at], c[0], s[0]);
}
