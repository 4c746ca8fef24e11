//! Sessions in Redis: for many processes, on many machines.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `builder.rs` | [`RedisBuilder`]: the options |
//! | `place.rs` | where Redis is, and streams to there |
//! | `stream.rs` | a stream that does not read without end |
//! | `line.rs` | one connection, made anew when it is lost |
//! | `command.rs` | what Redis is asked |
//! | `answer.rs` | what its answers mean |

mod answer;
mod builder;
mod command;
mod line;
mod place;
mod stream;

use std::{fmt, io, sync::Arc};

use ::tokio::task::AbortHandle;

pub use self::builder::RedisBuilder;
use self::{command::Commands, line::Line};
use super::{AsyncSessionStore, SharedStore, StoreError};
use crate::session::{Lookup, NewSession, SealedSession, StoreKey};

/// Sessions in Redis, under a few connections that all share and that are made anew when they are lost.
///
/// What lies there is sealed by the server's key ring and bound to its key; `docs/cache.md` says what Redis is to be set
/// up for, and what happens when it fails. A call never waits for a connection: while there is none, it fails at once.
/// But it waits for an answer without end, so bound it:
///
/// ```no_run
/// use std::sync::Arc;
/// use tls12::store::{CacheStats, Guarded, Limits, MemoryStore, RedisStore, TieredStore};
/// # use tls12::{crypto::LocalKey, ServerConfig};
///
/// # async fn start(config: ServerConfig, key: LocalKey) -> std::io::Result<()> {
/// let stats = Arc::new(CacheStats::new());
/// let redis = Guarded::new(RedisStore::open("redis://cache")?).with_stats(stats.clone());
/// let local = MemoryStore::new(Limits::sessions(20_000));
/// let store = TieredStore::new(local, redis).with_stats(stats.clone());
/// let acceptor = tls12::tokio::Acceptor::new(config, key).with_store(store);
/// # let _ = acceptor;
/// # Ok(())
/// # }
/// ```
///
/// Connections belong to the runtime that made the store; calls may come from any. They end with the last clone.
#[derive(Clone)]
pub struct RedisStore {
    shared: Arc<Shared>,
}

struct Shared {
    lines: Vec<Arc<Line>>,
    commands: Commands,
    /// Those that keep the lines.
    keepers: Vec<AbortHandle>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keepers.iter().for_each(AbortHandle::abort);
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore").field("connected", &self.connected()).finish_non_exhaustive()
    }
}

impl RedisStore {
    /// The options; see [`RedisBuilder`] for what `url` may be.
    pub fn builder(url: &str) -> io::Result<RedisBuilder> {
        RedisBuilder::new(url)
    }

    /// Connects. Fails where there is no Redis, or where it does not let us in.
    pub async fn connect(url: &str) -> io::Result<Self> {
        Self::builder(url)?.connect().await
    }

    /// Goes on connecting in the background, whether there is a Redis or not. Fails where `url` is none, or there is no
    /// runtime.
    pub fn open(url: &str) -> io::Result<Self> {
        Self::builder(url)?.open()
    }

    /// How many connections there are at the moment.
    pub fn connected(&self) -> usize {
        self.shared.lines.iter().filter(|line| line.is_up()).count()
    }

    /// What begins the names of all keys of a partition, for who wants to find or flush them, or to give rights on them:
    /// the prefix, 16 hexadecimal digits, and a colon.
    pub fn prefix_of(&self, partition: &crate::session::Partition) -> String {
        self.shared.commands.partition(partition.tag())
    }

    /// The line for a key: always the same one while it is up, so that a session that is removed right after it was
    /// stored is not stored after it was removed.
    fn line(&self, key: &StoreKey) -> Result<line::Live, StoreError> {
        let [first, ..] = key.hash;
        let lines = &self.shared.lines;
        let at = usize::from(first) % lines.len().max(1);
        let in_turn = lines.iter().cycle().skip(at).take(lines.len());
        in_turn.filter_map(|line| line.live()).next().ok_or(StoreError::NotConnected)
    }

    async fn put_counted(&self, session: &NewSession, capacity: u32) -> Result<(), StoreError> {
        let live = self.line(&session.key)?;
        let commands = &self.shared.commands;
        match live.ask(&commands.put_by_digest(session, capacity), answer::done).await {
            // It does not know the script: it was restarted, or never saw it.
            Err(StoreError::Refused) => {
                live.ask(&commands.put_by_text(session, capacity), answer::done).await
            }
            result => result,
        }
    }
}

impl SharedStore for RedisStore {
    async fn get(&self, key: &StoreKey) -> Result<Option<SealedSession>, StoreError> {
        self.line(key)?.ask(&self.shared.commands.get(key), answer::session).await
    }

    async fn put(&self, session: &NewSession) -> Result<(), StoreError> {
        if session.lifetime.is_zero() {
            return Ok(());
        }
        match self.shared.commands.capacity() {
            Some(capacity) => self.put_counted(session, capacity).await,
            None => self.line(&session.key)?.ask(&self.shared.commands.put(session), answer::done).await,
        }
    }

    async fn remove(&self, key: &StoreKey) -> Result<(), StoreError> {
        let (live, commands) = (self.line(key)?, &self.shared.commands);
        match commands.capacity() {
            Some(_) => live.ask_all(&commands.remove_counted(key), answer::count).await,
            None => live.ask(&commands.remove(key), answer::count).await,
        }
    }
}

/// Without a deadline and without a breaker, for who has both already; otherwise see [`Guarded`](super::Guarded).
impl AsyncSessionStore for RedisStore {
    async fn get(&self, key: &StoreKey) -> Lookup {
        SharedStore::get(self, key).await.map_or(Lookup::Unavailable, Lookup::from)
    }

    async fn put(&self, session: &NewSession) {
        // A session that is not there is only not resumed.
        let _ = SharedStore::put(self, session).await;
    }

    async fn remove(&self, key: &StoreKey) {
        // R28: its lifetime ends there, too.
        let _ = SharedStore::remove(self, key).await;
    }
}
