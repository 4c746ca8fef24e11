//! Servers of one site, which share a Redis as processes do, and a client that resumes by ID.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tls12::{
    ClientConfig, Seed, ServerConfig, ServerName, UnixTime,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::WebPki,
    session::{
        ClientSession, HandshakeKind, KeyRing, NotResumed, Partition, ResumedBy, Resumption, TicketKey,
    },
    store::{
        AsyncSessionStore, CacheSnapshot, CacheStats, Guarded, Limits, MemoryStore, NoStore, RedisStore,
        SessionStore, TieredStore,
    },
    tokio::{Acceptor, Connector, TlsStream},
};
use tokio::{
    io::{DuplexStream, duplex},
    time::{sleep, timeout},
};

use crate::{
    common::{
        certs::{Ca, Issued, Spec},
        pair::NAME,
    },
    ports::PATIENCE,
    server::Redis,
};

pub(crate) type Store<L> = TieredStore<L, Guarded<RedisStore>>;

/// What the servers of a site have in common.
pub(crate) struct Site {
    server: Issued,
    config: ServerConfig,
    connector: Connector<WebPki>,
    pub(crate) partition: Partition,
}

impl Site {
    pub(crate) fn new() -> Self {
        let ca = Ca::new("site root");
        let server = ca.issue(&Spec::server(&[NAME]));
        let seed = Seed::from_os().expect("randomness");
        let ring = KeyRing::new(TicketKey::generate(seed, UnixTime::now(), Duration::from_secs(43_200)));
        let partition = Partition::named(b"the site");
        let policy = Resumption::new(ring).with_partition(partition);
        let config = ServerConfig::new(&RUSTCRYPTO, server.credential("server")).with_resumption(policy);
        let verifier = WebPki::new(&RUSTCRYPTO, [ca.root()]).expect("a root");
        let connector = Connector::new(ClientConfig::new(&RUSTCRYPTO).with_tickets(false), verifier);
        Self { server, config, connector, partition }
    }

    /// A server, as if in a process of its own. All that it keeps it keeps in Redis.
    pub(crate) async fn server(&self, redis: &Redis) -> Server<NoStore> {
        self.server_with(RedisStore::connect(redis.url()).await.expect("Redis is there"), NoStore)
    }

    /// One with a level of its own.
    pub(crate) async fn server_with_memory(&self, redis: &Redis) -> Server<MemoryStore> {
        let store = RedisStore::connect(redis.url()).await.expect("Redis is there");
        self.server_with(store, MemoryStore::new(Limits::sessions(1000)))
    }

    pub(crate) fn server_with<L: SessionStore + 'static>(&self, redis: RedisStore, local: L) -> Server<L> {
        let stats = Arc::new(CacheStats::new());
        let shared = Guarded::new(redis.clone()).with_stats(stats.clone());
        let store = TieredStore::new(local, shared).with_stats(stats.clone());
        Server { acceptor: self.accepting(store), redis, stats }
    }

    fn accepting<S: AsyncSessionStore + 'static>(
        &self,
        store: S,
    ) -> Acceptor<LocalKey, tls12::tokio::NoVerifier, S> {
        Acceptor::new(self.config.clone(), self.server.local_key()).with_store(store)
    }

    /// A visit to a server: how it went, and what the client can resume.
    pub(crate) async fn visit<L: SessionStore + 'static>(
        &self,
        server: &Server<L>,
        session: Option<&ClientSession>,
    ) -> (HandshakeKind, Option<ClientSession>) {
        let (mut client, server) = self.both(server, session).await;
        (server.info().handshake, client.take_session())
    }

    /// Both ends of a connection; a failure of either is one of the test.
    pub(crate) async fn both<L: SessionStore + 'static>(
        &self,
        server: &Server<L>,
        session: Option<&ClientSession>,
    ) -> (TlsStream<DuplexStream>, TlsStream<DuplexStream>) {
        let (up, down) = duplex(16 * 1024);
        let name = ServerName::try_from(NAME).expect("a name");
        let both = async {
            tokio::try_join!(
                self.connector.connect(name, session.map(ClientSession::duplicate), up),
                server.acceptor.accept(down)
            )
        };
        timeout(PATIENCE, both).await.expect("nobody waits for ever").expect("no connection fails")
    }

    /// Visits with the same session until it resumes, but not for longer than it should take to recover.
    pub(crate) async fn recovers<L: SessionStore + 'static>(&self, server: &Server<L>) {
        let end = Instant::now() + RECOVERY;
        let (mut last, mut session) = self.visit(server, None).await;
        while last != RESUMED {
            assert!(Instant::now() < end, "{last:?} {}", server.now());
            sleep(Duration::from_millis(10)).await;
            let (next, new) = self.visit(server, session.as_ref()).await;
            (last, session) = (next, new);
        }
    }
}

/// A server; what it keeps where.
pub(crate) struct Server<L> {
    acceptor: Acceptor<LocalKey, tls12::tokio::NoVerifier, Store<L>>,
    pub(crate) redis: RedisStore,
    stats: Arc<CacheStats>,
}

impl<L> Server<L> {
    pub(crate) fn now(&self) -> CacheSnapshot {
        self.stats.snapshot()
    }
}

/// In how long all is well again after Redis is. The longest pauses of the breaker and of connecting are 2 s, give or take
/// a quarter; the rest is for a busy machine.
const RECOVERY: Duration = Duration::from_secs(10);

pub(crate) const RESUMED: HandshakeKind = HandshakeKind::Resumed(ResumedBy::SessionId);

/// A full handshake for this reason.
pub(crate) fn full(reason: NotResumed) -> HandshakeKind {
    HandshakeKind::Full(reason)
}
