//! A Redis that means no good, or is broken: each call fails within its deadline, and nothing else happens.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use tls12::{
    session::{Lookup, MAX_SEALED},
    store::{AsyncSessionStore, CacheStats, Guarded, RedisStore, StoreError},
};
use tokio::time::{sleep, timeout};

use crate::fakes::session;

const PATIENCE: Duration = Duration::from_secs(20);

/// What it answers to each command but the first, which is asked of every connection.
#[derive(Debug, Clone)]
enum Manner {
    /// These bytes.
    Says(Vec<u8>),
    /// The answer to the command before.
    Late,
    /// Nothing at all.
    Silent,
    /// It closes.
    Closes,
    /// Bytes of one answer that never ends.
    Floods,
}

/// Ends with the test: its threads end when their connections do.
struct Hostile {
    url: String,
    manner: Arc<Mutex<Manner>>,
    connections: Arc<AtomicUsize>,
}

impl Hostile {
    fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("redis://{}", listener.local_addr().expect("an address"));
        let (manner, connections) = (Arc::new(Mutex::new(manner)), Arc::new(AtomicUsize::new(0)));
        let (shared, count) = (manner.clone(), connections.clone());
        thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Relaxed);
                let manner = shared.clone();
                thread::spawn(move || serve(tcp, &manner));
            }
        });
        Self { url, manner, connections }
    }

    fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }
}

/// Whatever is read at once is taken for one command, which is so as long as one is asked at a time.
fn serve(mut tcp: TcpStream, manner: &Mutex<Manner>) {
    let (mut read, mut hello, mut late) = ([0; 4096], true, b"+OK\r\n".to_vec());
    while let Ok(1..) = tcp.read(&mut read) {
        if hello {
            hello = false;
            if tcp.write_all(b"$-1\r\n").is_err() {
                return;
            }
            continue;
        }
        let current = manner.lock().unwrap().clone();
        let sent = match current {
            Manner::Says(bytes) => tcp.write_all(&bytes),
            Manner::Late => {
                let answer = std::mem::replace(&mut late, b"$4\r\nlate\r\n".to_vec());
                tcp.write_all(&answer)
            }
            Manner::Silent => Ok(()),
            Manner::Closes => return,
            Manner::Floods => flood(&mut tcp),
        };
        if sent.is_err() {
            return;
        }
    }
}

fn flood(tcp: &mut TcpStream) -> std::io::Result<()> {
    tcp.write_all(b"$1073741824\r\n")?;
    let mut sent = 0_usize;
    while sent < 1 << 30 {
        tcp.write_all(&[b'x'; 65536])?;
        sent += 65536;
    }
    Ok(())
}

struct Set {
    redis: RedisStore,
    store: Guarded<RedisStore>,
    stats: Arc<CacheStats>,
}

async fn connected(hostile: &Hostile) -> Set {
    let redis = RedisStore::builder(&hostile.url).expect("a URL").with_connections(1);
    let redis = redis.connect().await.expect("it says hello");
    let stats = Arc::new(CacheStats::new());
    // Many failures are wanted here.
    let store = Guarded::new(redis.clone()).with_failures(32).with_stats(stats.clone());
    Set { redis, store, stats }
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Asks until it failed like this; every call ends in time, and none finds anything.
async fn fails_with(set: &Set, error: StoreError) {
    let end = Instant::now() + PATIENCE;
    while set.stats.snapshot().failed_by(error) == 0 {
        assert!(Instant::now() < end, "{:?}", set.stats.snapshot());
        let found = timeout(PATIENCE, set.store.get(&session(1).key)).await.expect("a deadline");
        assert_eq!(found, Lookup::Unavailable);
        sleep(Duration::from_millis(1)).await;
    }
}

/// As soon as it behaves, it is used again.
async fn recovers(hostile: &Hostile, set: &Set) {
    hostile.set(Manner::Says(b"$-1\r\n".to_vec()));
    let end = Instant::now() + PATIENCE;
    while set.store.get(&session(1).key).await != Lookup::Missing {
        assert!(Instant::now() < end, "{:?}", set.stats.snapshot());
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn r34_answers_that_are_none_cost_the_connection_and_no_more() {
    let garbage: [&[u8]; 8] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &[0; 100],
        &[0xff; 100],
        // Numbers, arrays and words where there should be a session.
        b":1\r\n",
        b"*1\r\n$1\r\nx\r\n",
        b"+OK\r\n",
        b"$x\r\n",
        &b"*1\r\n".repeat(200),
    ];
    for bytes in garbage {
        let hostile = Hostile::new(Manner::Says(bytes.to_vec()));
        let set = connected(&hostile).await;
        println!("{:?}", String::from_utf8_lossy(bytes));
        fails_with(&set, StoreError::Garbled).await;
        until("it connects anew", || hostile.connections() > 1).await;
        recovers(&hostile, &set).await;
    }
}

#[tokio::test]
async fn r34_answers_that_announce_what_nobody_has_are_failures_and_take_no_memory() {
    let announced: [&[u8]; 5] = [
        b"*1000000000\r\n:",
        b"*9223372036854775807\r\n+\r\n+",
        b"%-1\r\n",
        b"%9223372036854775807\r\n",
        b"=-1\r\n",
    ];
    for bytes in announced {
        let hostile = Hostile::new(Manner::Says(bytes.to_vec()));
        let set = connected(&hostile).await;
        println!("{:?}", String::from_utf8_lossy(bytes));
        for _ in 0..3 {
            assert_eq!(set.store.get(&session(1).key).await, Lookup::Unavailable);
        }
        recovers(&hostile, &set).await;
    }
}

#[tokio::test]
async fn r34_errors_of_redis_are_failures_and_the_connection_stays() {
    let errors: [(&[u8], StoreError); 7] = [
        (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", StoreError::Full),
        (b"-LOADING Redis is loading the dataset in memory\r\n", StoreError::Loading),
        (b"-READONLY You can't write against a read only replica.\r\n", StoreError::ReadOnly),
        (b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n", StoreError::NotASession),
        (b"-NOAUTH Authentication required.\r\n", StoreError::NotAllowed),
        (b"-NOPERM this user has no permissions\r\n", StoreError::NotAllowed),
        (b"-ERR something else\r\n", StoreError::Refused),
    ];
    for (bytes, error) in errors {
        let hostile = Hostile::new(Manner::Says(bytes.to_vec()));
        let set = connected(&hostile).await;
        assert_eq!(set.store.get(&session(1).key).await, Lookup::Unavailable);
        set.store.put(&session(1)).await;
        set.store.remove(&session(1).key).await;
        assert_eq!(set.stats.snapshot().failed_by(error), 3, "{:?}", set.stats.snapshot());
        assert_eq!((set.redis.connected(), hostile.connections()), (1, 1));
    }
}

#[tokio::test]
async fn r34_an_answer_that_is_longer_than_a_session_is_none() {
    let mut answer = format!("${}\r\n", MAX_SEALED + 1).into_bytes();
    answer.resize(answer.len() + MAX_SEALED + 1, b'x');
    answer.extend_from_slice(b"\r\n");
    let hostile = Hostile::new(Manner::Says(answer));
    let set = connected(&hostile).await;
    fails_with(&set, StoreError::NotASession).await;
}

#[tokio::test]
async fn r34_half_an_answer_and_silence_cost_the_deadline_and_later_the_connection() {
    for manner in
        [Manner::Says(b"$100\r\nhalf".to_vec()), Manner::Says(b"$1073741824\r\n".to_vec()), Manner::Silent]
    {
        let hostile = Hostile::new(manner);
        let set = connected(&hostile).await;
        fails_with(&set, StoreError::TimedOut).await;
        let end = Instant::now() + PATIENCE;
        while hostile.connections() == 1 {
            assert!(Instant::now() < end, "the connection is kept");
            set.store.get(&session(1).key).await;
            sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test]
async fn r34_a_gigabyte_that_comes_is_not_read() {
    let hostile = Hostile::new(Manner::Floods);
    let set = connected(&hostile).await;
    set.store.get(&session(1).key).await;
    until("it connects anew, long before a gigabyte came", || hostile.connections() > 1).await;
}

#[tokio::test]
async fn r34_a_redis_that_closes_at_once_is_a_failure_each_time_and_is_not_called_without_end() {
    let hostile = Hostile::new(Manner::Closes);
    let set = connected(&hostile).await;
    fails_with(&set, StoreError::Lost).await;
    fails_with(&set, StoreError::NotConnected).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(400) {
        set.store.get(&session(1).key).await;
        sleep(Duration::from_millis(1)).await;
    }
    // After 50 ms, 100 ms, 200 ms, a quarter less at most.
    assert!(hostile.connections() <= 8, "{}", hostile.connections());
}

#[tokio::test]
async fn r34_the_answer_to_another_question_is_noticed_or_is_no_session_of_ours() {
    let hostile = Hostile::new(Manner::Late);
    let set = connected(&hostile).await;
    // The first answer cannot be one to this question; from then on they look like sessions, and do not open.
    fails_with(&set, StoreError::Garbled).await;
    until("it connects anew", || hostile.connections() > 1).await;
}

#[tokio::test]
async fn without_a_redis_a_store_opens_and_answers_at_once_and_does_not_connect() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://user:secret@{}", free.local_addr().expect("an address"));
    drop(free);
    let error = RedisStore::connect(&url).await.expect_err("nobody is there");
    assert!(!format!("{error} {error:?}").contains("secret"));
    let store = RedisStore::open(&url).expect("it starts without");
    assert_eq!(store.get(&session(1).key).await, Lookup::Unavailable);
    store.put(&session(1)).await;
    store.remove(&session(1).key).await;
    let builder = RedisStore::builder(&url).expect("a URL");
    assert!(!format!("{builder:?} {store:?}").contains("secret"));
    assert_eq!(store.connected(), 0);
}

#[tokio::test]
async fn tls_needs_to_be_told_whom_to_believe() {
    let error = RedisStore::open("rediss://localhost").expect_err("an error");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains("with_tls"), "{error}");
}

#[test]
fn without_a_runtime_there_is_an_error() {
    assert!(RedisStore::open("redis://localhost").is_err());
}

#[tokio::test]
async fn connections_end_with_the_last_clone() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://{}", listener.local_addr().expect("an address"));
    let served = thread::spawn(move || {
        let (tcp, _) = listener.accept().expect("a connection");
        serve(tcp, &Mutex::new(Manner::Says(b"$-1\r\n".to_vec())));
    });
    let store = RedisStore::builder(&url).expect("a URL").with_connections(1).connect().await.expect("hello");
    let clone = store.clone();
    drop(store);
    assert_eq!(clone.get(&session(1).key).await, Lookup::Missing);
    drop(clone);
    until("it closes", || served.is_finished()).await;
}

#[test]
fn several_runtimes_use_one_store_at_once() {
    let hostile = Hostile::new(Manner::Says(b"$-1\r\n".to_vec()));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let owner =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("one");
    let redis =
        owner.block_on(RedisStore::builder(&hostile.url).expect("a URL").with_connections(4).connect());
    let redis = redis.expect("hello");
    owner.block_on(until("all are up", || redis.connected() == 4));
    thread::scope(|scope| {
        for number in 0..4 {
            let store = Guarded::new(redis.clone()).with_deadline(PATIENCE);
            scope.spawn(move || {
                runtime().block_on(async {
                    // One at a time on each connection, for this Redis can do no more.
                    let key = tls12::session::StoreKey { hash: [number; 32], ..session(1).key };
                    for _ in 0..100 {
                        assert_eq!(store.get(&key).await, Lookup::Missing);
                    }
                });
            });
        }
    });
    // The connections go with the runtime that made them, and the store says so.
    drop(owner);
    assert_eq!(redis.connected(), 0);
    assert_eq!(runtime().block_on(redis.get(&session(1).key)), Lookup::Unavailable);
}
