//! A client and a server in memory, with the stores and keys that they would have.

use std::{hint::black_box, mem::take, sync::Arc, time::Duration};

use pki_types::{ServerName, UnixTime};
use tls12::{
    ClientConfig, ClientHandshake, Connection, RecvBuf, Seed, ServerConfig, ServerHandshake,
    crypto::{LocalKey, RUSTCRYPTO, Sign},
    pki::{VerifyPeer, WebPki},
    session::{
        ClientSession, HandshakeKind, KeyRing, RenewWhen, ResumedBy, Resumption, TicketKey, TicketSent,
        Tickets,
    },
    store::{Limits, MemoryStore, SessionStore},
};

use crate::certs::{Ca, NOW, Spec, at};

/// How the handshakes go that are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resumes {
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

impl World {
    pub fn new(resumes: Resumes) -> Self {
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
            Resumes::Id | Resumes::Ticket => Tickets::Issue,
        };
        let resumption = Resumption::new(ring).with_tickets(tickets);
        let server = ServerConfig::new(&RUSTCRYPTO, credential).with_resumption(resumption);
        let client = ClientConfig::new(&RUSTCRYPTO).with_tickets(resumes != Resumes::Id);
        Self {
            server: Arc::new(server),
            client: Arc::new(client),
            key,
            verifier: WebPki::new(&RUSTCRYPTO, [ca.root()]).expect("a root"),
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

    fn start_client(&mut self, session: Option<&ClientSession>, storage: Vec<u8>) -> ClientHandshake {
        let server = ServerName::try_from("a.example").expect("a name");
        let seed = self.seed();
        let session = session.map(ClientSession::duplicate);
        let buf = RecvBuf::from_vec(storage);
        ClientHandshake::start(self.client.clone(), server, session, seed, buf, self.now)
    }

    fn start_server(&mut self, storage: Vec<u8>) -> ServerHandshake {
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
                ClientHandshake::NeedsInput(mut ask) => match moved(&mut wire.to_client, ask.spare()) {
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
                ServerHandshake::NeedsInput(mut ask) => match moved(&mut wire.to_server, ask.spare()) {
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

    /// One handshake, which uses memory that was used before.
    pub fn handshake(&mut self, session: Option<&ClientSession>, memory: &mut Memory) -> Ended {
        let [client, server] = take(&mut memory.buffers);
        let wire = &mut memory.wire;
        let mut client = measured_client(|| {
            let step = self.start_client(session, client);
            self.client(step, wire)
        });
        let mut server = measured_server(|| {
            let step = self.start_server(server);
            self.server(step, wire)
        });
        loop {
            (client, server) = match (client, server) {
                (ClientHandshake::Done(client), ServerHandshake::Done(server)) => {
                    memory.buffers = [client.buf.into_vec(), server.buf.into_vec()];
                    return Ended {
                        client: client.connection,
                        server: server.connection,
                        session: client.session,
                    };
                }
                (ClientHandshake::Failed(failed), _) => panic!("{failed:?}"),
                (_, ServerHandshake::Failed(failed)) => panic!("{failed:?}"),
                (client, server) => {
                    let client = measured_client(|| self.client(client, wire));
                    (client, measured_server(|| self.server(server, wire)))
                }
            };
        }
    }
}

/// What a handshake gave.
pub struct Ended {
    pub client: Connection,
    pub server: Connection,
    pub session: Option<ClientSession>,
}

/// Buffers that go from one handshake to the next.
#[derive(Default)]
pub struct Memory {
    wire: Wire,
    buffers: [Vec<u8>; 2],
}

#[derive(Default)]
struct Wire {
    to_client: Vec<u8>,
    to_server: Vec<u8>,
}

/// Moves all that is there, as far as there is room; says how much that was.
fn moved(from: &mut Vec<u8>, to: &mut [u8]) -> usize {
    let n = from.len().min(to.len());
    to[..n].copy_from_slice(&from[..n]);
    from.drain(..n);
    n
}

#[inline(never)]
fn measured_client<T>(step: impl FnOnce() -> T) -> T {
    black_box(step())
}

#[inline(never)]
fn measured_server<T>(step: impl FnOnce() -> T) -> T {
    black_box(step())
}

/// Handshakes that resume the session of a full one.
pub fn run(resumes: Resumes, rounds: usize) {
    let (mut world, mut memory) = (World::new(resumes), Memory::default());
    let session = world.handshake(None, &mut memory).session.expect("a session");
    let by = match resumes {
        Resumes::Id => ResumedBy::SessionId,
        Resumes::Ticket | Resumes::Renewed => ResumedBy::Ticket,
    };
    for _ in 0..rounds {
        let ended = world.handshake(Some(&session), &mut memory);
        assert_eq!(ended.client.info().handshake, HandshakeKind::Resumed(by));
        assert_eq!(ended.client.info().ticket != TicketSent::No, resumes == Resumes::Renewed);
    }
}
