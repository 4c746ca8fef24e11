//! Handshakes that are given up while somebody is asked for a signature, a verdict or a session.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ::tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::Notify,
    task::yield_now,
};
use tls12::{
    ClientAuth, ClientConfig,
    crypto::{LocalKey, RUSTCRYPTO, Sign, SignError, Signature, SignatureRequest},
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer, WebPki},
    session::{ClientSession, HandshakeKind, Lookup, NewSession, ResumedBy, StoreKey},
    store::{AsyncSessionStore, Limits, MemoryStore, SessionStore},
    tokio::{Acceptor, AsyncSign, AsyncVerifyPeer, Connector, TlsStream},
};

use super::{
    edges::{Edges, TIMEOUT, name},
    resuming::resuming,
    transports::within,
};
use crate::common::certs::Spec;

/// Whom everybody who answers waits for: open unless it is shut.
#[derive(Default)]
struct Gate {
    shut: AtomicBool,
    reached: Notify,
    /// How many futures were given up in front of it.
    given_up: Arc<AtomicBool>,
}

struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Gate {
    async fn pass(&self) {
        // A real wait, also where the gate is open.
        yield_now().await;
        if self.shut.load(Ordering::SeqCst) {
            let _given_up = GivenUp(self.given_up.clone());
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// Everybody who is asked in a handshake, each behind a gate.
#[derive(Default)]
struct Gates {
    server_signs: Arc<Gate>,
    server_verifies: Arc<Gate>,
    client_signs: Arc<Gate>,
    client_verifies: Arc<Gate>,
    gets: Arc<Gate>,
    puts: Arc<Gate>,
}

struct Key(LocalKey, Arc<Gate>);

impl AsyncSign for Key {
    async fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        self.1.pass().await;
        Sign::sign(&self.0, request)
    }
}

struct Verifier(WebPki, Arc<Gate>);

impl AsyncVerifyPeer for Verifier {
    async fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        self.1.pass().await;
        VerifyPeer::verify(&self.0, peer)
    }

    fn trust(&self) -> Option<[u8; 32]> {
        VerifyPeer::trust(&self.0)
    }
}

struct Store {
    kept: MemoryStore,
    gets: Arc<Gate>,
    puts: Arc<Gate>,
}

impl AsyncSessionStore for Store {
    async fn get(&self, key: &StoreKey) -> Lookup {
        self.gets.pass().await;
        SessionStore::get(&self.kept, key)
    }

    async fn put(&self, session: &NewSession) {
        self.puts.pass().await;
        SessionStore::put(&self.kept, session);
    }

    async fn remove(&self, key: &StoreKey) {
        SessionStore::remove(&self.kept, key);
    }
}

/// Both sides, with client certificates, and sessions in a store.
struct Sides {
    gates: Gates,
    acceptor: Acceptor<Key, Verifier, Store>,
    connector: Connector<Verifier>,
}

impl Sides {
    fn new() -> Self {
        let (edges, gates) = (Edges::new(), Gates::default());
        let issued = edges.ca.issue(&Spec::client("somebody"));
        let store = Store {
            kept: MemoryStore::new(Limits::sessions(100)),
            gets: gates.gets.clone(),
            puts: gates.puts.clone(),
        };
        let config = resuming(&edges).with_client_auth(ClientAuth::Require);
        let acceptor = Acceptor::new(config, Key(edges.server.local_key(), gates.server_signs.clone()))
            .with_client_verifier(Verifier(edges.trust(), gates.server_verifies.clone()))
            .with_store(store)
            .with_store_deadline(TIMEOUT);
        let config = ClientConfig::new(&RUSTCRYPTO).with_tickets(false);
        let connector = Connector::new(config, Verifier(edges.trust(), gates.client_verifies.clone()))
            .with_credential(
                issued.credential("somebody"),
                Key(issued.local_key(), gates.client_signs.clone()),
            );
        Self { gates, acceptor, connector }
    }

    /// Both sides of a connection that answers; how it came about.
    async fn works(&self, session: Option<ClientSession>) -> (HandshakeKind, Option<ClientSession>) {
        let (client, server) = duplex(4096);
        let both = async {
            ::tokio::try_join!(self.connector.connect(name(), session, client), self.acceptor.accept(server))
        };
        let (mut client, mut server) = within(both).await.expect("two connections");
        within(echo(&mut client, &mut server)).await;
        (server.info().handshake, client.take_session())
    }

    /// Gives one side up when it waits at `gate`; the other hears of it, and afterwards all works again.
    async fn given_up(&self, gate: &Gate, on_server: bool, session: Option<ClientSession>) {
        gate.shut.store(true, Ordering::SeqCst);
        let (client, server) = duplex(4096);
        let connecting = self.connector.connect(name(), session, client);
        let accepting = self.acceptor.accept(server);
        let ended = match on_server {
            true => within(give_up(gate, accepting, connecting)).await,
            false => within(give_up(gate, connecting, accepting)).await,
        };
        // The last one to be asked may be asked after the other side is through.
        if let Some(Ok(mut tls)) = ended {
            within(tls.read(&mut [0; 8])).await.unwrap_err();
        }
        assert!(gate.given_up.load(Ordering::SeqCst), "whoever was asked is asked no longer");
        gate.shut.store(false, Ordering::SeqCst);
    }
}

async fn echo(client: &mut TlsStream<DuplexStream>, server: &mut TlsStream<DuplexStream>) {
    client.write_all(b"data").await.unwrap();
    let mut data = [0; 4];
    server.read_exact(&mut data).await.unwrap();
    assert_eq!(&data, b"data");
}

/// Drops `waiting` once it waits at the gate, and gives what comes of the other side.
async fn give_up<W, O>(gate: &Gate, waiting: W, other: O) -> Option<O::Output>
where
    W: Future,
    O: Future,
{
    let mut other = Box::pin(other);
    let mut early = None;
    {
        let mut waiting = Box::pin(waiting);
        let reached = async {
            ::tokio::select! {
                biased;
                () = gate.reached.notified() => {}
                _ = &mut waiting => panic!("it waits at the gate"),
            }
        };
        let both = async {
            ::tokio::pin!(reached);
            loop {
                ::tokio::select! {
                    biased;
                    () = &mut reached => return,
                    result = &mut other, if early.is_none() => early = Some(result),
                }
            }
        };
        both.await;
    }
    match early {
        Some(early) => Some(early),
        None => Some(other.await),
    }
}

#[::tokio::test]
async fn all_answers_may_be_waited_for_at_once() {
    let sides = Sides::new();
    let (_, session) = sides.works(None).await;
    let (kind, _) = sides.works(session).await;
    assert_eq!(kind, HandshakeKind::Resumed(ResumedBy::SessionId));
}

#[::tokio::test]
async fn a_handshake_that_is_given_up_while_a_signature_is_waited_for_leaves_the_key_usable() {
    let sides = Sides::new();
    sides.given_up(&sides.gates.server_signs, true, None).await;
    sides.works(None).await;
    sides.given_up(&sides.gates.client_signs, false, None).await;
    sides.works(None).await;
}

#[::tokio::test]
async fn a_handshake_that_is_given_up_while_a_verdict_is_waited_for_leaves_the_verifier_usable() {
    let sides = Sides::new();
    sides.given_up(&sides.gates.server_verifies, true, None).await;
    sides.works(None).await;
    sides.given_up(&sides.gates.client_verifies, false, None).await;
    sides.works(None).await;
}

#[::tokio::test]
async fn a_handshake_that_is_given_up_while_a_store_is_waited_for_leaves_its_sessions_there() {
    let sides = Sides::new();
    let (_, session) = sides.works(None).await;
    let session = session.expect("a session");
    sides.given_up(&sides.gates.gets, true, Some(session.duplicate())).await;
    let (kind, _) = sides.works(Some(session)).await;
    assert_eq!(kind, HandshakeKind::Resumed(ResumedBy::SessionId));
    sides.given_up(&sides.gates.puts, true, None).await;
    sides.works(None).await;
}
