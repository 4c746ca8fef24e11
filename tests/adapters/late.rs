//! Questions that are answered late, or never, through `tls12::tokio`.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::{Instant, sleep, timeout},
};
use tls12::{
    ClientAuth, ClientConfig,
    crypto::{LocalKey, RUSTCRYPTO, Sign, SignError, Signature, SignatureRequest},
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer, WebPki},
    session::{ClientSession, HandshakeKind, Lookup, NewSession, NotResumed, ResumedBy, StoreKey},
    store::{AsyncSessionStore, Limits, MemoryStore, SessionStore},
    tokio::{Acceptor, AsyncSign, AsyncVerifyPeer, Connector, TlsStream},
};

use super::{
    edges::{Edges, TIMEOUT, name, tls_error},
    resuming::resuming,
};
use crate::common::certs::Spec;

const LATE: Duration = Duration::from_millis(20);

/// A memory that answers after a while.
struct Slow(Arc<MemoryStore>);

impl AsyncSessionStore for Slow {
    async fn get(&self, key: &StoreKey) -> Lookup {
        sleep(LATE).await;
        SessionStore::get(&*self.0, key)
    }

    async fn put(&self, session: &NewSession) {
        sleep(LATE).await;
        SessionStore::put(&*self.0, session);
    }

    async fn remove(&self, key: &StoreKey) {
        sleep(LATE).await;
        SessionStore::remove(&*self.0, key);
    }
}

/// One that never answers, and counts how often it was asked.
#[derive(Clone, Default)]
struct Silent(Arc<AtomicUsize>);

impl AsyncSessionStore for Silent {
    async fn get(&self, _: &StoreKey) -> Lookup {
        self.0.fetch_add(1, Ordering::Relaxed);
        pending().await
    }

    async fn put(&self, _: &NewSession) {
        self.0.fetch_add(1, Ordering::Relaxed);
        pending().await
    }

    async fn remove(&self, _: &StoreKey) {
        self.0.fetch_add(1, Ordering::Relaxed);
        pending().await
    }
}

struct LateKey(LocalKey);

impl AsyncSign for LateKey {
    async fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        sleep(LATE).await;
        Sign::sign(&self.0, request)
    }
}

struct LateVerifier(WebPki);

impl AsyncVerifyPeer for LateVerifier {
    async fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        sleep(LATE).await;
        VerifyPeer::verify(&self.0, peer)
    }
}

/// With IDs, for tickets need no store.
fn connector(edges: &Edges) -> Connector<WebPki> {
    Connector::new(ClientConfig::new(&RUSTCRYPTO).with_tickets(false), edges.trust())
}

type Pair = (TlsStream<DuplexStream>, TlsStream<DuplexStream>);

async fn both<C, K, V, S>(
    connector: &Connector<C>,
    acceptor: &Acceptor<K, V, S>,
    session: Option<ClientSession>,
) -> Pair
where
    C: AsyncVerifyPeer,
    K: AsyncSign,
    V: AsyncVerifyPeer,
    S: AsyncSessionStore + 'static,
{
    let (client, server) = duplex(4096);
    let both =
        async { ::tokio::try_join!(connector.connect(name(), session, client), acceptor.accept(server)) };
    timeout(TIMEOUT, both).await.expect("nobody waits for ever").expect("two connections")
}

#[::tokio::test]
async fn a_store_that_answers_late_resumes_and_forgets_what_failed() {
    let edges = Edges::new();
    let store = Arc::new(MemoryStore::new(Limits::sessions(100)));
    let acceptor = Acceptor::new(resuming(&edges), edges.server.local_key())
        .with_store(Slow(store.clone()))
        .with_store_deadline(TIMEOUT);
    let connector = connector(&edges);
    let (mut client, _) = both(&connector, &acceptor, None).await;
    let (mut client, mut server) = both(&connector, &acceptor, client.take_session()).await;
    assert_eq!(server.info().handshake, HandshakeKind::Resumed(ResumedBy::SessionId));
    assert_eq!(store.len(), 1);
    client.get_mut().write_all(&[23, 3, 3, 0, 32]).await.unwrap();
    client.get_mut().write_all(&[7; 32]).await.unwrap();
    let error = server.read(&mut [0; 8]).await.unwrap_err();
    assert!(tls_error(&error).alert().is_some());
    assert!(store.is_empty(), "R29, before anybody hears of the error");
    client.read(&mut [0; 8]).await.unwrap_err();
    assert!(client.take_session().is_none());
}

#[::tokio::test(start_paused = true)]
async fn r34_a_store_that_never_answers_costs_its_deadline_and_nothing_else() {
    let edges = Edges::new();
    let silent = Silent::default();
    let deadline = Duration::from_millis(70);
    let acceptor = Acceptor::new(resuming(&edges), edges.server.local_key())
        .with_store(silent.clone())
        .with_store_deadline(deadline);
    let connector = connector(&edges);
    let begun = Instant::now();
    let (mut client, server) = both(&connector, &acceptor, None).await;
    assert_eq!(server.info().handshake, HandshakeKind::Full(NotResumed::NotOffered));
    assert!(begun.elapsed() >= deadline && begun.elapsed() < 2 * deadline, "{:?}", begun.elapsed());
    let (client, server) = both(&connector, &acceptor, client.take_session()).await;
    assert_eq!(server.info().handshake, HandshakeKind::Full(NotResumed::StoreUnavailable));
    assert_eq!(client.info().handshake, HandshakeKind::Full(NotResumed::Declined));
    // One put for each, and one get.
    assert_eq!(silent.0.load(Ordering::Relaxed), 3);
    assert!(begun.elapsed() < 4 * deadline + LATE, "{:?}", begun.elapsed());
}

#[::tokio::test]
async fn signatures_and_verdicts_may_come_late_on_both_sides() {
    let edges = Edges::new();
    let issued = edges.ca.issue(&Spec::client("somebody"));
    let config = resuming(&edges).with_client_auth(ClientAuth::Require);
    let acceptor = Acceptor::new(config, LateKey(edges.server.local_key()))
        .with_client_verifier(LateVerifier(edges.trust()));
    let connector = Connector::new(ClientConfig::new(&RUSTCRYPTO), LateVerifier(edges.trust()))
        .with_credential(issued.credential("somebody"), LateKey(issued.local_key()));
    let (mut client, server) = both(&connector, &acceptor, None).await;
    assert!(server.info().peer.is_some());
    let (_, server) = both(&connector, &acceptor, client.take_session()).await;
    assert_eq!(server.info().handshake, HandshakeKind::Resumed(ResumedBy::Ticket));
    // The same through the key of a name.
    let acceptor =
        Acceptor::new(resuming(&edges), NoKey).with_key("server", LateKey(edges.server.local_key()));
    both(&connector, &acceptor, None).await;
}

struct NoKey;

impl Sign for NoKey {
    fn sign(&self, _: &SignatureRequest) -> Result<Signature, SignError> {
        Err(SignError)
    }
}
