//! Redis dies, hangs, and comes back, in the middle of load: no connection fails, and all is well soon after.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tls12::{
    session::{HandshakeKind, NotResumed},
    store::{BreakerState, NoStore, RedisStore, SessionStore},
};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    ports::PATIENCE,
    program::has_peers,
    server::Redis,
    site::{RESUMED, Server, Site, full},
};

/// Clients that come back again and again, until told to end.
struct Load {
    end: Arc<AtomicBool>,
    counts: Arc<Counts>,
    clients: JoinSet<()>,
}

#[derive(Default)]
struct Counts {
    resumed: AtomicUsize,
    unavailable: AtomicUsize,
    other: AtomicUsize,
}

impl Load {
    fn start<L: SessionStore + 'static>(site: &Arc<Site>, servers: [&Arc<Server<L>>; 2]) -> Self {
        let (end, counts) = (Arc::new(AtomicBool::new(false)), Arc::new(Counts::default()));
        let mut clients = JoinSet::new();
        for client in 0..6 {
            let (site, servers, end, counts) =
                (site.clone(), servers.map(Arc::clone), end.clone(), counts.clone());
            clients.spawn(async move {
                let (mut session, mut visits) = (None, client);
                while !end.load(Relaxed) {
                    // Each time at the other server.
                    visits += 1;
                    let (kind, next) = site.visit(&servers[visits % 2], session.as_ref()).await;
                    session = next;
                    counts.count(kind);
                }
            });
        }
        Self { end, counts, clients }
    }

    /// Waits until so many more handshakes went like this.
    async fn more(&self, what: &str, count: impl Fn(&Counts) -> usize) {
        let (before, end) = (count(&self.counts), Instant::now() + PATIENCE);
        while count(&self.counts) < before + 20 {
            assert!(Instant::now() < end, "{what}: {}", count(&self.counts) - before);
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn resumed(&self) {
        self.more("resumed", |counts| counts.resumed.load(Relaxed)).await;
    }

    async fn unavailable(&self) {
        self.more("unavailable", |counts| counts.unavailable.load(Relaxed)).await;
    }

    /// A failed connection panics in its client, and here.
    async fn stop(mut self) {
        self.end.store(true, Relaxed);
        while let Some(client) = self.clients.join_next().await {
            client.expect("no connection failed");
        }
        assert_eq!(self.counts.other.load(Relaxed), 0, "reasons that nothing explains");
    }
}

impl Counts {
    fn count(&self, kind: HandshakeKind) {
        let counter = match kind {
            kind if kind == RESUMED => &self.resumed,
            HandshakeKind::Full(NotResumed::StoreUnavailable) => &self.unavailable,
            // A client's first visit, and sessions that could not be stored, or that went with a Redis.
            HandshakeKind::Full(NotResumed::NotOffered | NotResumed::NotStored) => return,
            _ => &self.other,
        };
        counter.fetch_add(1, Relaxed);
    }
}

async fn loaded(redis: &Redis) -> (Arc<Site>, [Arc<Server<NoStore>>; 2]) {
    let site = Arc::new(Site::new());
    let servers = [Arc::new(site.server(redis).await), Arc::new(site.server(redis).await)];
    (site, servers)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r34_a_redis_that_is_killed_under_load_and_starts_again_empty() {
    if !has_peers("a Redis that is killed") {
        return;
    }
    let mut redis = Redis::start("");
    let (site, [one, other]) = loaded(&redis).await;
    let load = Load::start(&site, [&one, &other]);
    load.resumed().await;
    for round in 1..=2 {
        redis.kill();
        load.unavailable().await;
        for server in [&one, &other] {
            let end = Instant::now() + PATIENCE;
            while server.now().opened < round {
                assert!(Instant::now() < end, "the breaker opens: {}", server.now());
                sleep(Duration::from_millis(5)).await;
            }
        }
        redis.restart();
        site.recovers(&one).await;
        site.recovers(&other).await;
        load.resumed().await;
    }
    load.stop().await;
    for server in [one, other] {
        let now = server.now();
        assert_eq!((now.breaker, server.redis.connected()), (BreakerState::Closed, 2), "{now}");
        assert!(now.get.refused + now.put.refused > 0, "{now}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r34_a_redis_that_hangs_under_load_and_goes_on() {
    if !has_peers("a Redis that is stopped") {
        return;
    }
    let redis = Redis::start("");
    let (site, [one, other]) = loaded(&redis).await;
    let (_, kept) = site.visit(&one, None).await;
    let load = Load::start(&site, [&one, &other]);
    load.resumed().await;
    for seconds in [0, 3] {
        redis.signal("STOP");
        load.unavailable().await;
        // Also for so long that connections are given up.
        sleep(Duration::from_secs(seconds)).await;
        redis.signal("CONT");
        site.recovers(&one).await;
        site.recovers(&other).await;
        load.resumed().await;
    }
    load.stop().await;
    assert_eq!(site.visit(&other, kept.as_ref()).await.0, RESUMED, "it had only been stopped");
    for server in [one, other] {
        let now = server.now();
        assert!(now.opened >= 1 && now.get.timed_out + now.put.timed_out > 0, "{now}");
    }
}

#[tokio::test]
async fn r34_a_redis_that_restarted_empty_has_no_session_and_takes_new_ones() {
    if !has_peers("a Redis that restarts") {
        return;
    }
    let mut redis = Redis::start("");
    let site = Site::new();
    let server = site.server(&redis).await;
    let (_, session) = site.visit(&server, None).await;
    redis.kill();
    let (kind, _) = site.visit(&server, session.as_ref()).await;
    assert_eq!(kind, full(NotResumed::StoreUnavailable));
    redis.restart();
    site.recovers(&server).await;
    assert_eq!(site.visit(&server, session.as_ref()).await.0, full(NotResumed::NotStored));
}

#[tokio::test]
async fn what_this_process_keeps_it_resumes_while_redis_is_dead() {
    if !has_peers("local sessions without Redis") {
        return;
    }
    let mut redis = Redis::start("");
    let site = Site::new();
    let server = site.server_with_memory(&redis).await;
    let (_, mut session) = site.visit(&server, None).await;
    redis.kill();
    for _ in 0..10 {
        let (kind, next) = site.visit(&server, session.as_ref()).await;
        assert_eq!(kind, RESUMED);
        session = next;
    }
    // New ones, too.
    let (_, session) = site.visit(&server, None).await;
    assert_eq!(site.visit(&server, session.as_ref()).await.0, RESUMED);
}

#[tokio::test]
async fn a_server_starts_without_redis_and_uses_it_when_it_comes() {
    if !has_peers("a Redis that comes later") {
        return;
    }
    let mut redis = Redis::start("");
    redis.kill();
    let site = Site::new();
    let server = site.server_with(RedisStore::open(redis.url()).expect("a URL"), NoStore);
    let (_, session) = site.visit(&server, None).await;
    assert_eq!(site.visit(&server, session.as_ref()).await.0, full(NotResumed::StoreUnavailable));
    redis.restart();
    site.recovers(&server).await;
}
