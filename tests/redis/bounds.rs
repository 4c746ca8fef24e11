//! How much is kept, and for how long.

use std::time::{Duration, Instant};

use tls12::{
    session::{Lookup, NewSession, NotResumed, Partition, SealedSession, StoreKey},
    store::{AsyncSessionStore, BreakerState, RedisBuilder, RedisStore, SharedStore, StoreError},
    wire::SessionId,
};
use tokio::time::sleep;

use crate::{
    ports::PATIENCE,
    program::has_peers,
    server::Redis,
    site::{RESUMED, Site, full},
};

const HOUR: Duration = Duration::from_secs(3600);

fn session(number: u16, lifetime: Duration) -> NewSession {
    let [high, low] = number.to_be_bytes();
    let mut id = [0; 32];
    (id[0], id[1]) = (high, low);
    NewSession {
        key: StoreKey::of(&Partition::default(), &SessionId::from(id)),
        sealed: SealedSession(vec![low; 300]),
        lifetime,
    }
}

async fn store(redis: &Redis, options: impl FnOnce(RedisBuilder) -> RedisBuilder) -> RedisStore {
    let builder = RedisStore::builder(redis.url()).expect("a URL");
    options(builder).connect().await.expect("Redis is there")
}

async fn has(store: &RedisStore, number: u16) -> bool {
    AsyncSessionStore::get(store, &session(number, HOUR).key).await != Lookup::Missing
}

async fn put(store: &RedisStore, session: &NewSession) {
    SharedStore::put(store, session).await.expect("it is kept");
}

#[tokio::test]
async fn r28_the_oldest_goes_out_first_when_there_are_too_many() {
    if !has_peers("the capacity of Redis") {
        return;
    }
    let redis = Redis::start("");
    let store = store(&redis, |options| options.with_capacity(10)).await;
    for number in 0..25 {
        put(&store, &session(number, HOUR)).await;
    }
    for number in 0..25 {
        assert_eq!(has(&store, number).await, number >= 15, "{number}");
    }
    // Ten, and two indices.
    assert_eq!(redis.keys().len(), 12);
    // The same again is no other.
    put(&store, &session(24, HOUR)).await;
    assert!(has(&store, 15).await);
    let stats: String = redis.ask("INFO commandstats");
    let calls = |name: &str| stats.lines().any(|line| line.starts_with(&format!("cmdstat_{name}:calls=")));
    assert!(calls("evalsha") && calls("eval"), "{stats}");
    assert!(
        stats.contains("cmdstat_eval:calls=1,"),
        "the script has the digest that it is called by: {stats}"
    );
}

#[tokio::test]
async fn r28_what_is_removed_or_has_expired_makes_room() {
    if !has_peers("the capacity of Redis") {
        return;
    }
    let redis = Redis::start("");
    let store = store(&redis, |options| options.with_capacity(4)).await;
    put(&store, &session(0, HOUR)).await;
    put(&store, &session(1, Duration::from_millis(50))).await;
    put(&store, &session(2, HOUR)).await;
    put(&store, &session(3, HOUR)).await;
    SharedStore::remove(&store, &session(2, HOUR).key).await.expect("it is removed");
    let size = |index: &str| redis.ask::<usize>(&format!("ZCARD tls12:index:{index}"));
    assert_eq!((size("age"), size("expiry")), (3, 3));
    sleep(Duration::from_millis(100)).await;
    put(&store, &session(4, HOUR)).await;
    put(&store, &session(5, HOUR)).await;
    assert!(has(&store, 0).await, "it is the oldest, but there was room");
    assert_eq!((size("age"), size("expiry")), (4, 4));
    let left: i64 = redis.ask("PTTL tls12:index:age");
    assert!(left > 0, "{left}");
}

#[tokio::test]
async fn r28_a_smaller_capacity_is_reached_step_by_step() {
    if !has_peers("the capacity of Redis") {
        return;
    }
    let redis = Redis::start("");
    let large = store(&redis, |options| options.with_capacity(1000)).await;
    for number in 0..200 {
        put(&large, &session(number, HOUR)).await;
    }
    let small = store(&redis, |options| options.with_capacity(10)).await;
    put(&small, &session(200, HOUR)).await;
    assert_eq!(redis.keys().len(), 200 - 64 + 1 + 2);
    for number in 201..204 {
        put(&small, &session(number, HOUR)).await;
    }
    assert_eq!(redis.keys().len(), 12);
}

#[tokio::test]
async fn r28_redis_forgets_a_session_when_it_ends_or_earlier_where_that_is_chosen() {
    if !has_peers("lifetimes in Redis") {
        return;
    }
    let redis = Redis::start("");
    let plain = store(&redis, |options| options).await;
    let short = store(&redis, |options| options.with_timeout(HOUR / 2).with_prefix("short:")).await;
    let counted = store(&redis, |options| options.with_capacity(5).with_prefix("counted:")).await;
    for (store, most) in [(&plain, HOUR), (&short, HOUR / 2), (&counted, HOUR)] {
        put(store, &session(1, HOUR)).await;
        let keys: Vec<String> = redis.ask(&format!("KEYS {}*", store.prefix_of(&Partition::default())));
        let left: i64 = redis.ask(&format!("PTTL {}", keys[0]));
        let most = most.as_millis() as i64;
        assert!(left > most - 60_000 && left <= most, "{left}");
        put(store, &session(2, Duration::from_millis(30))).await;
        put(store, &session(3, Duration::ZERO)).await;
    }
    sleep(Duration::from_millis(60)).await;
    for store in [plain, short, counted] {
        assert!(has(&store, 1).await && !has(&store, 2).await && !has(&store, 3).await);
    }
}

/// Puts until Redis says that it is full, or has pushed out what came first.
fn fill(redis: &Redis) {
    let mut client = redis.client();
    for size in [4096, 64] {
        for number in 0..5000 {
            let (name, value) = (format!("filling:{size}:{number}"), vec![7_u8; size]);
            let kept = redis::cmd("SET").arg(name).arg(value).query::<()>(&mut client);
            if kept.is_err() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn r34_a_full_redis_keeps_nothing_new_and_what_it_has_still_resumes() {
    if !has_peers("a Redis without room") {
        return;
    }
    let (redis, site) = (Redis::start("--maxmemory 3mb --maxmemory-policy noeviction"), Site::new());
    let server = site.server(&redis).await;
    let (_, early) = site.visit(&server, None).await;
    fill(&redis);
    let (mut refused, end) = (0, Instant::now() + PATIENCE);
    while refused < 20 {
        assert!(Instant::now() < end, "it has room: {}", server.now());
        let (kind, late) = site.visit(&server, None).await;
        assert_eq!(kind, full(NotResumed::NotOffered));
        // Here and there room becomes free, when a client goes.
        let kind = site.visit(&server, late.as_ref()).await.0;
        assert!(kind == RESUMED || kind == full(NotResumed::NotStored), "{kind:?}");
        refused += u32::from(kind != RESUMED);
        assert_eq!(site.visit(&server, early.as_ref()).await.0, RESUMED);
    }
    let now = server.now();
    assert!(now.failed_by(StoreError::Full) >= 20, "{now}");
    assert_eq!((now.opened, now.breaker), (0, BreakerState::Closed));
    redis.ask::<()>("FLUSHALL");
    site.recovers(&server).await;
}

#[tokio::test]
async fn r34_a_redis_that_makes_room_by_itself_loses_old_sessions_and_keeps_new_ones() {
    if !has_peers("a Redis that evicts") {
        return;
    }
    let (redis, site) = (Redis::start("--maxmemory 3mb --maxmemory-policy allkeys-lru"), Site::new());
    let server = site.server(&redis).await;
    let (_, early) = site.visit(&server, None).await;
    fill(&redis);
    assert_eq!(site.visit(&server, early.as_ref()).await.0, full(NotResumed::NotStored));
    let (_, late) = site.visit(&server, None).await;
    assert_eq!(site.visit(&server, late.as_ref()).await.0, RESUMED);
    assert_eq!(server.now().failed_by(StoreError::Full), 0);
}

#[tokio::test]
async fn r34_a_full_redis_with_a_capacity_makes_room_for_itself() {
    if !has_peers("a Redis without room, with a capacity") {
        return;
    }
    let redis = Redis::start("--maxmemory 3mb --maxmemory-policy noeviction");
    let store = store(&redis, |options| options.with_capacity(20)).await;
    for number in 0..20 {
        put(&store, &session(number, HOUR)).await;
    }
    fill(&redis);
    let mut kept = 0;
    for number in 20..120 {
        match SharedStore::put(&store, &session(number, HOUR)).await {
            Ok(()) => kept += 1,
            Err(error) => assert_eq!(error, StoreError::Full),
        }
    }
    println!("{kept} of 100 were kept");
    let size: usize = redis.ask("ZCARD tls12:index:age");
    assert!(size <= 20, "{size}");
}
