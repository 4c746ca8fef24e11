//! What lies in Redis, and what is made of what others put there.

use std::time::Duration;

use redis::Commands;
use tls12::{
    session::{
        DEFAULT_LIFETIME, Lookup, MAX_SEALED, NewSession, NotResumed, Partition, SealedSession, StoreKey,
    },
    store::{AsyncSessionStore, RedisStore, StoreError},
    wire::SessionId,
};

use crate::{
    program::has_peers,
    server::Redis,
    site::{RESUMED, Site, full},
};

#[tokio::test]
async fn two_processes_resume_each_other_s_sessions() {
    if !has_peers("sessions that two servers share in Redis") {
        return;
    }
    let (redis, site) = (Redis::start(""), Site::new());
    let (one, other) = (site.server(&redis).await, site.server_with_memory(&redis).await);
    let (kind, session) = site.visit(&one, None).await;
    assert_eq!(kind, full(NotResumed::NotOffered));
    let (kind, session) = site.visit(&other, session.as_ref()).await;
    assert_eq!(kind, RESUMED);
    assert_eq!(site.visit(&one, session.as_ref()).await.0, RESUMED);
    assert_eq!(site.visit(&other, session.as_ref()).await.0, RESUMED);
    assert_eq!((one.now().get.found, one.now().put.done), (1, 1));
    assert_eq!((other.now().get.found, other.now().local_hits), (1, 1));
}

#[tokio::test]
async fn r32_what_lies_there_names_the_partition_and_tells_nothing_else() {
    if !has_peers("what lies in Redis") {
        return;
    }
    let (redis, site) = (Redis::start(""), Site::new());
    let server = site.server(&redis).await;
    let (_, session) = site.visit(&server, None).await;
    let session = session.expect("one");
    let keys = redis.keys();
    let prefix = server.redis.prefix_of(&site.partition);
    assert_eq!((keys.len(), prefix.len()), (1, 6 + 16 + 1));
    let hash = keys[0].strip_prefix(&prefix).expect("it is found by its partition");
    assert!(hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hash}");
    let value: Vec<u8> = redis.client().get(&keys[0]).expect("a value");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let tls12::session::ClientToken::SessionId(id) = session.token() else { panic!("it resumes by ID") };
    let all = [hex(&value), hash.to_owned()].concat();
    assert!(!all.contains(&hex(id.as_bytes())));
    for part in session.master_secret().expose().windows(8) {
        assert!(!all.contains(&hex(part)), "a part of the secret");
    }
    assert_eq!(hash, hex(&StoreKey::of(&site.partition, id).hash));
    let left: i64 = redis.ask(&format!("PTTL {}", keys[0]));
    let most = DEFAULT_LIFETIME.as_millis() as i64;
    assert!(left > most - 60_000 && left <= most, "{left}");
}

#[tokio::test]
async fn one_partition_is_flushed_without_the_others() {
    if !has_peers("partitions in Redis") {
        return;
    }
    let redis = Redis::start("");
    let store = RedisStore::connect(redis.url()).await.expect("Redis is there");
    let partitions = [&b"a"[..], b"b"].map(Partition::named);
    let sessions = partitions.map(|partition| NewSession {
        key: StoreKey::of(&partition, &SessionId::from([1; 32])),
        sealed: SealedSession(vec![0, 1, 2, 255]),
        lifetime: Duration::from_secs(60),
    });
    for session in &sessions {
        store.put(session).await;
    }
    let keys: Vec<String> = redis.ask(&format!("KEYS {}*", store.prefix_of(&partitions[0])));
    assert_eq!(keys.len(), 1);
    redis.ask::<()>(&format!("DEL {}", keys[0]));
    assert_eq!(store.get(&sessions[0].key).await, Lookup::Missing);
    assert_eq!(store.get(&sessions[1].key).await, Lookup::Found(sessions[1].sealed.clone()));
    store.remove(&sessions[1].key).await;
    assert!(redis.keys().is_empty());
}

#[tokio::test]
async fn r34_what_others_put_there_is_a_full_handshake_with_a_reason() {
    if !has_peers("garbage in Redis") {
        return;
    }
    let (redis, site) = (Redis::start(""), Site::new());
    let server = site.server(&redis).await;
    let long = vec![7; MAX_SEALED + 1];
    let values: [(&[u8], NotResumed); 4] = [
        (b"", NotResumed::UnknownFormat),
        (b"garbage", NotResumed::UnknownFormat),
        (&[7; 300], NotResumed::UnknownTicketKey),
        (&long, NotResumed::StoreUnavailable),
    ];
    for (value, reason) in values {
        let (_, session) = site.visit(&server, None).await;
        let keys = redis.keys();
        redis.client().set::<_, _, ()>(&keys[0], value).expect("it takes it");
        assert_eq!(site.visit(&server, session.as_ref()).await.0, full(reason));
        redis.ask::<()>("FLUSHALL");
    }
    // A bit turned, or what belongs to another session.
    let (_, session) = site.visit(&server, None).await;
    let key = redis.keys().remove(0);
    let mut value: Vec<u8> = redis.client().get(&key).expect("a value");
    *value.last_mut().expect("it has bytes") ^= 1;
    redis.client().set::<_, _, ()>(&key, value).expect("it takes it");
    assert_eq!(site.visit(&server, session.as_ref()).await.0, full(NotResumed::Forged));
    redis.ask::<()>("FLUSHALL");
    let (_, session) = site.visit(&server, None).await;
    let key = redis.keys().remove(0);
    redis.ask::<()>(&format!("DEL {key}"));
    redis.ask::<()>(&format!("RPUSH {key} a b c"));
    assert_eq!(site.visit(&server, session.as_ref()).await.0, full(NotResumed::StoreUnavailable));
    assert_eq!(server.now().failed_by(StoreError::NotASession), 2);
    assert_eq!(server.now().opened, 0);
}

#[tokio::test]
async fn r29_a_session_whose_connection_broke_is_gone_for_all() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    if !has_peers("removal from Redis") {
        return;
    }
    let (redis, site) = (Redis::start(""), Site::new());
    let (one, other) = (site.server(&redis).await, site.server(&redis).await);
    let (_, session) = site.visit(&one, None).await;
    let (mut client, mut server) = site.both(&one, session.as_ref()).await;
    client.get_mut().write_all(&[23, 3, 3, 0, 32]).await.unwrap();
    client.get_mut().write_all(&[7; 32]).await.unwrap();
    server.read(&mut [0; 8]).await.expect_err("it is forged");
    assert!(redis.keys().is_empty());
    assert_eq!(site.visit(&other, session.as_ref()).await.0, full(NotResumed::NotStored));
    // Even where another puts it back.
    assert_eq!(site.visit(&one, session.as_ref()).await.0, full(NotResumed::NotStored));
    assert_eq!(one.now().local_removed, 1);
}

#[tokio::test]
async fn a_flushed_redis_has_no_session() {
    if !has_peers("FLUSHALL") {
        return;
    }
    let (redis, site) = (Redis::start(""), Site::new());
    let server = site.server(&redis).await;
    let (_, session) = site.visit(&server, None).await;
    redis.ask::<()>("FLUSHALL");
    assert_eq!(site.visit(&server, session.as_ref()).await.0, full(NotResumed::NotStored));
}
