//! Both sides in one process: two queues, any cut, and nobody may wait for what is not on its way.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use pki_types::{ServerName, UnixTime};
use tls12::{
    ClientConfig, ClientHandshake, Connection, Error, RecvBuf, Seed, ServerConfig, ServerHandshake, client,
    crypto::{LocalKey, RUSTCRYPTO, Sign},
    pki::{Credential, VerifyPeer, WebPki},
    server,
    session::{ClientSession, Lookup, NewSession, SealedSession, StoreKey},
};

use super::certs::{Ca, NOW, Spec, at};

/// The name of the server in most tests.
pub const NAME: &str = "a.example";

/// What stands around the handshakes: who signs, who verifies, and what both sides want.
pub struct World {
    pub server: Arc<ServerConfig>,
    pub client: Arc<ClientConfig>,
    /// The server's keys by the names of their credentials.
    pub keys: Vec<(String, LocalKey)>,
    /// What the client presents when asked.
    pub client_credential: Option<(Credential, LocalKey)>,
    pub verifies_server: Arc<dyn VerifyPeer>,
    pub verifies_client: Arc<dyn VerifyPeer>,
    pub name: ServerName<'static>,
    pub seeds: ([u8; 32], [u8; 32]),
    /// What the client offers.
    pub session: Option<ClientSession>,
    /// What the server binds into sessions.
    pub application_data: Vec<u8>,
    /// Where the server keeps sessions.
    pub store: Store,
    pub now: UnixTime,
}

impl World {
    /// An ECDSA server for [`NAME`] and a client that trusts its root.
    pub fn new() -> Self {
        let ca = Ca::new("test root");
        let issued = ca.issue(&Spec::server(&[NAME]));
        let verifier: Arc<dyn VerifyPeer> = Arc::new(WebPki::new(&RUSTCRYPTO, [ca.root()]).expect("a root"));
        Self {
            server: Arc::new(ServerConfig::new(&RUSTCRYPTO, issued.credential("server"))),
            client: Arc::new(ClientConfig::new(&RUSTCRYPTO)),
            keys: vec![("server".into(), issued.local_key())],
            client_credential: None,
            verifies_server: verifier.clone(),
            verifies_client: verifier,
            name: ServerName::try_from(NAME).expect("a name"),
            seeds: ([1; 32], [2; 32]),
            session: None,
            application_data: Vec::new(),
            store: Store::default(),
            now: at(NOW),
        }
    }

    /// The client's first step.
    pub fn start_client(&self) -> ClientHandshake {
        let seed = Seed::for_replay(self.seeds.0);
        let session = self.session.as_ref().map(ClientSession::duplicate);
        ClientHandshake::start(
            self.client.clone(),
            self.name.clone(),
            session,
            seed,
            RecvBuf::new(),
            self.now,
        )
    }

    /// The server's first step.
    pub fn start_server(&self) -> ServerHandshake {
        ServerHandshake::start(Seed::for_replay(self.seeds.1), RecvBuf::new(), self.now)
    }

    /// Answers an ask of the server's; a step that wants bytes comes back as it is.
    pub fn answer_server(&self, step: ServerHandshake) -> ServerHandshake {
        match step {
            ServerHandshake::NeedsConfig(ask) => {
                let ask = ask.with_application_data(&self.application_data).expect("at most 4 KiB");
                ask.answer(self.server.clone())
            }
            ServerHandshake::NeedsSession(ask) => {
                let found = self.store.get(ask.key());
                ask.answer(found)
            }
            ServerHandshake::NeedsStore(ask) => {
                self.store.put(ask.session());
                ask.stored()
            }
            ServerHandshake::NeedsSignature(ask) => {
                let named = self.keys.iter().find(|(name, _)| **name == *ask.request().credential);
                let signature = named.expect("a key of this name").1.sign(ask.request());
                ask.answer(signature)
            }
            ServerHandshake::NeedsVerdict(ask) => {
                let verdict = self.verifies_client.verify(ask.presented());
                ask.answer(verdict)
            }
            other => other,
        }
    }

    /// Answers an ask of the client's; a step that wants bytes comes back as it is.
    pub fn answer_client(&self, step: ClientHandshake) -> ClientHandshake {
        match step {
            ClientHandshake::NeedsVerdict(ask) => {
                let verdict = self.verifies_server.verify(ask.presented());
                ask.answer(verdict)
            }
            ClientHandshake::NeedsCredential(ask) => {
                ask.answer(self.client_credential.as_ref().map(|(credential, _)| credential.clone()))
            }
            ClientHandshake::NeedsSignature(ask) => {
                let (_, key) = self.client_credential.as_ref().expect("a credential that was given before");
                let signature = key.sign(ask.request());
                ask.answer(signature)
            }
            other => other,
        }
    }

    /// Runs both sides to their ends. Each reads at most `cut` bytes at a time.
    pub fn run(&self, cut: usize) -> Ended {
        let mut wires = Wires::default();
        let (mut client, mut server) = (Some(self.start_client()), Some(self.start_server()));
        let (mut client_end, mut server_end) = (None, None);
        while client_end.is_none() || server_end.is_none() {
            let mut moved = false;
            if let Some(step) = client.take() {
                match self.client_turn(step, &mut wires, cut, &mut moved) {
                    Ok(step) => client = Some(step),
                    Err(end) => (client_end, moved) = (Some(end), true),
                }
            }
            if let Some(step) = server.take() {
                match self.server_turn(step, &mut wires, cut, &mut moved) {
                    Ok(step) => server = Some(step),
                    Err(end) => (server_end, moved) = (Some(end), true),
                }
            }
            assert!(moved, "somebody waits for input that is not on its way");
        }
        let (client, server) = (*client_end.expect("an end"), *server_end.expect("an end"));
        let forgotten = (
            client.as_ref().is_err_and(|failed| failed.forget),
            server.as_ref().err().and_then(|failed| failed.forget),
        );
        let (client, server) = (client.map_err(|failed| failed.error), server.map_err(|failed| failed.error));
        Ended { client, server, wires, forgotten }
    }

    fn client_turn(
        &self,
        step: ClientHandshake,
        wires: &mut Wires,
        cut: usize,
        moved: &mut bool,
    ) -> Result<ClientHandshake, ClientEnd> {
        match step {
            ClientHandshake::NeedsFlush(ask) => {
                wires.up.send(ask.bytes());
                *moved = true;
                Ok(ask.all_sent())
            }
            ClientHandshake::NeedsInput(mut ask) => match wires.down.receive(ask.spare(), cut) {
                0 if wires.down.closed => {
                    *moved = true;
                    Ok(ask.received(0, self.now))
                }
                0 => Ok(ClientHandshake::NeedsInput(ask)),
                n => {
                    *moved = true;
                    Ok(ask.received(n, self.now))
                }
            },
            ClientHandshake::Done(done) => Err(Box::new(Ok(done))),
            ClientHandshake::Failed(failed) => {
                wires.up.closed = true;
                Err(Box::new(Err(failed)))
            }
            ask => {
                *moved = true;
                Ok(self.answer_client(ask))
            }
        }
    }

    fn server_turn(
        &self,
        step: ServerHandshake,
        wires: &mut Wires,
        cut: usize,
        moved: &mut bool,
    ) -> Result<ServerHandshake, ServerEnd> {
        match step {
            ServerHandshake::NeedsFlush(ask) => {
                wires.down.send(ask.bytes());
                *moved = true;
                Ok(ask.all_sent())
            }
            ServerHandshake::NeedsInput(mut ask) => match wires.up.receive(ask.spare(), cut) {
                0 if wires.up.closed => {
                    *moved = true;
                    Ok(ask.received(0, self.now))
                }
                0 => Ok(ServerHandshake::NeedsInput(ask)),
                n => {
                    *moved = true;
                    Ok(ask.received(n, self.now))
                }
            },
            ServerHandshake::Done(done) => Err(Box::new(Ok(done))),
            ServerHandshake::Failed(failed) => {
                wires.down.closed = true;
                Err(Box::new(Err(failed)))
            }
            ask => {
                *moved = true;
                Ok(self.answer_server(ask))
            }
        }
    }
}

/// How the client ended.
type ClientEnd = Box<Result<client::Established, client::Failed>>;
/// How the server ended.
type ServerEnd = Box<Result<server::Established, server::Failed>>;

/// One direction of the transport.
#[derive(Default)]
pub struct Wire {
    queue: VecDeque<u8>,
    /// All that was ever sent.
    pub log: Vec<u8>,
    pub closed: bool,
    /// Where the memory ends that the receiver gives: a buffer never moves.
    memory: Option<usize>,
}

impl Wire {
    pub fn send(&mut self, bytes: &[u8]) {
        assert!(!bytes.is_empty(), "nobody asks to send nothing");
        self.queue.extend(bytes);
        self.log.extend_from_slice(bytes);
    }

    pub fn receive(&mut self, into: &mut [u8], cut: usize) -> usize {
        assert!(!into.is_empty(), "whoever asks for input has room for it");
        let end = into.as_ptr_range().end.addr();
        assert_eq!(*self.memory.get_or_insert(end), end, "the buffer of the receiver moved");
        let n = self.queue.len().min(cut).min(into.len());
        for (to, from) in into.iter_mut().zip(self.queue.drain(..n)) {
            *to = from;
        }
        n
    }
}

/// Both directions: `up` to the server, `down` to the client.
#[derive(Default)]
pub struct Wires {
    pub up: Wire,
    pub down: Wire,
}

/// How both sides ended.
pub struct Ended {
    pub client: Result<client::Established, Error>,
    pub server: Result<server::Established, Error>,
    pub wires: Wires,
    /// What a failure removes: the session that the client offered, the session in the server's store.
    pub forgotten: (bool, Option<StoreKey>),
}

impl Ended {
    /// Both connections, and their buffers.
    pub fn established(self) -> (Peer, Peer) {
        let client = self.client.expect("the client's handshake succeeds");
        let server = self.server.expect("the server's handshake succeeds");
        let client = Peer { tls: client.connection, buf: client.buf };
        let server = Peer { tls: server.connection, buf: server.buf };
        (client, server)
    }
}

/// A connection and its buffer.
pub struct Peer {
    pub tls: Connection,
    pub buf: RecvBuf,
}

/// A store in the hands of a test.
#[derive(Default)]
pub struct Store {
    kept: Mutex<HashMap<StoreKey, SealedSession>>,
    /// It does not answer.
    down: AtomicBool,
}

impl Store {
    /// All that is kept.
    pub fn kept(&self) -> MutexGuard<'_, HashMap<StoreKey, SealedSession>> {
        self.kept.lock().expect("nobody panics with the store in hand")
    }

    /// Whether it answers from now on.
    pub fn set_down(&self, down: bool) {
        self.down.store(down, Relaxed);
    }

    fn get(&self, key: &StoreKey) -> Lookup {
        match self.down.load(Relaxed) {
            true => Lookup::Unavailable,
            false => self.kept().get(key).cloned().into(),
        }
    }

    fn put(&self, session: &NewSession) {
        if !self.down.load(Relaxed) {
            self.kept().insert(session.key, session.sealed.clone());
        }
    }
}
