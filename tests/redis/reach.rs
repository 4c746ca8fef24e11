//! How Redis is reached: with a password, in another database, over a Unix socket, over TLS.

use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tls12::{
    ClientConfig, Error,
    crypto::RUSTCRYPTO,
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer, WebPki},
    session::Partition,
    store::{ClientSessions, NoStore, RedisStore, Reuse, SharedStore, StoreError},
    tokio::Connector,
};
use tokio::time::sleep;

use crate::{
    common::certs::{Ca, Key},
    place::Place,
    ports::{PATIENCE, free_port},
    program::has_peers,
    server::Redis,
    site::{RESUMED, Site},
};

/// Whether what is kept is found.
async fn works(store: &RedisStore) {
    let site = Site::new();
    let server = site.server_with(store.clone(), NoStore);
    let (_, session) = site.visit(&server, None).await;
    assert_eq!(site.visit(&server, session.as_ref()).await.0, RESUMED, "{}", server.now());
}

fn with_login(url: &str, login: &str) -> String {
    url.replace("127.0.0.1", &format!("{login}@127.0.0.1"))
}

#[tokio::test]
async fn a_wrong_password_is_said_at_once_or_is_a_store_that_is_not_there() {
    if !has_peers("passwords of Redis") {
        return;
    }
    let redis = Redis::start("--requirepass s@cret");
    for login in ["", ":wrong@", "nobody:s%40cret@"] {
        let url = redis.url().replace("127.0.0.1", &format!("{login}127.0.0.1"));
        let error = RedisStore::connect(&url).await.expect_err("it does not let us in");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert!(!format!("{error:?}").contains("wrong"));
        let store = RedisStore::open(&url).expect("it starts");
        sleep(Duration::from_millis(100)).await;
        let key = tls12::session::StoreKey { hash: [1; 32], partition: Partition::default().tag() };
        assert_eq!(SharedStore::get(&store, &key).await, Err(StoreError::NotConnected));
    }
    works(&RedisStore::connect(&with_login(redis.url(), ":s%40cret")).await.expect("it lets us in")).await;
}

#[tokio::test]
async fn a_user_who_may_do_little_is_enough() {
    if !has_peers("rights in Redis") {
        return;
    }
    let redis = Redis::start("");
    redis.ask::<()>("ACL SETUSER tls12 on >secret ~tls12:* +get +set +del +select");
    let url = format!("{}/3", with_login(redis.url(), "tls12:secret"));
    works(&RedisStore::connect(&url).await.expect("it lets us in")).await;
    let keyspace: String = redis.ask("INFO keyspace");
    assert!(keyspace.contains("db3:keys=1") && !keyspace.contains("db0"), "{keyspace}");
    // Who keeps an index needs the commands for it.
    redis.ask::<()>(
        "ACL SETUSER counting on >secret ~tls12:* +get +set +del +eval +evalsha +time +zadd +zrem +zcard +zrange \
         +zrangebyscore +pexpire",
    );
    let url = with_login(redis.url(), "counting:secret");
    let store = RedisStore::builder(&url).expect("a URL").with_capacity(10).connect().await;
    works(&store.expect("it lets us in")).await;
    // Another's prefix is not ours to write.
    let url = with_login(redis.url(), "tls12:secret");
    let store = RedisStore::builder(&url).expect("a URL").with_prefix("other:").connect().await;
    assert_eq!(store.expect_err("it may not").kind(), ErrorKind::PermissionDenied);
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_does_as_well() {
    if !has_peers("a Redis behind a Unix socket") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let socket = place.path("redis.sock");
    let _redis =
        Redis::start_in(place, &format!("--unixsocket {socket}"), |port| format!("redis://127.0.0.1:{port}"));
    let url = format!("redis+unix://{socket}");
    // Its port is there before its socket is.
    let mut store = RedisStore::connect(&url).await;
    for _ in 0..500 {
        if store.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        store = RedisStore::connect(&url).await;
    }
    works(&store.expect("it is there")).await;
}

/// Counts whom it was asked about: a connection that resumed asks about nobody.
struct Counting {
    inner: WebPki,
    asked: Arc<AtomicUsize>,
}

impl VerifyPeer for Counting {
    fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        self.asked.fetch_add(1, Relaxed);
        self.inner.verify(peer)
    }

    fn trust(&self) -> Option<[u8; 32]> {
        self.inner.trust()
    }
}

/// A Redis with TLS, and its URL.
fn secured() -> (Redis, String) {
    let place = Place::new(Key::EcdsaP256);
    let port = free_port();
    let options = format!(
        "--tls-port {port} --tls-cert-file {} --tls-key-file {} --tls-ca-cert-file {} --tls-auth-clients no \
         --tls-protocols TLSv1.2",
        place.path("server.pem"),
        place.path("server.key"),
        place.path("root.pem")
    );
    let redis = Redis::start_in(place, &options, |port| format!("redis://127.0.0.1:{port}"));
    (redis, format!("rediss://localhost:{port}"))
}

#[tokio::test]
async fn tls_to_redis_is_this_crate_s_and_connections_that_are_made_anew_resume() {
    if !has_peers("TLS to Redis") {
        return;
    }
    let (redis, url) = secured();
    let asked = Arc::new(AtomicUsize::new(0));
    let inner = WebPki::new(&RUSTCRYPTO, [redis.place().ca().root()]).expect("a root");
    let sessions = Arc::new(ClientSessions::new(10, Reuse::Many));
    let connector = Connector::new(ClientConfig::new(&RUSTCRYPTO), Counting { inner, asked: asked.clone() })
        .with_sessions(sessions.clone());
    let builder = RedisStore::builder(&url).expect("a URL").with_connections(1).with_tls(connector);
    let store = builder.connect().await.expect("it lets us in");
    works(&store).await;
    assert_eq!((asked.load(Relaxed), sessions.len()), (1, 1));
    for _ in 0..3 {
        redis.ask::<usize>("CLIENT KILL TYPE normal SKIPME yes");
        until_connected(&store, 0).await;
        until_connected(&store, 1).await;
        works(&store).await;
    }
    assert_eq!(asked.load(Relaxed), 1, "each later connection resumed");
}

async fn until_connected(store: &RedisStore, count: usize) {
    let end = Instant::now() + PATIENCE;
    while store.connected() != count {
        assert!(Instant::now() < end, "{count} connections");
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_redis_that_is_not_believed_is_none() {
    if !has_peers("TLS to a wrong Redis") {
        return;
    }
    let (redis, url) = secured();
    let connector = || {
        let stranger = Ca::new("another root").root();
        Connector::new(ClientConfig::new(&RUSTCRYPTO), WebPki::new(&RUSTCRYPTO, [stranger]).expect("a root"))
    };
    let builder = || RedisStore::builder(&url).expect("a URL").with_tls(connector());
    let error = builder().connect().await.expect_err("it is not believed");
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    assert!(matches!(inner, Some(Error::Certificate(_))), "{error:?}");
    let store = builder().open().expect("it starts");
    sleep(Duration::from_millis(200)).await;
    assert_eq!(store.connected(), 0);
    // TLS to who speaks none, and none to who speaks TLS.
    let plain = format!("rediss://127.0.0.1:{}", redis.port());
    let builder = RedisStore::builder(&plain).expect("a URL").with_tls(connector());
    builder.connect().await.expect_err("it does not speak TLS");
    RedisStore::connect(&url.replace("rediss", "redis")).await.expect_err("it speaks TLS");
}
