//! Sessions in the memory of this process.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{SessionStore, shard::Shard};
use crate::session::{Lookup, MAX_SEALED, NewSession, Partition, PartitionTag, StoreKey};

/// The most shards there are, each with a lock of its own.
const MAX_SHARDS: usize = 256;
/// As many of them are for many threads. More only keep each of them small, so that nobody waits long while one grows.
const SHARDS_FOR_THREADS: usize = 16;
/// The fewest entries that are worth a shard: with fewer, chance would fill some shards long before others.
const ENTRIES_PER_SHARD: usize = 64;
/// The fewest that are worth one more than threads need.
const ENTRIES_PER_SMALL_SHARD: usize = 4096;
/// Every shard has room for the largest entry, twice.
const BYTES_PER_SHARD: usize = 4 * MAX_SEALED;

/// Which entry goes out when there is no room for a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// The one that was asked for the longest ago, or never.
    LeastRecentlyUsed,
    /// The one that was stored first.
    OldestFirst,
}

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many sessions; with 0 none is kept.
    pub count: usize,
    /// How many bytes, each session counted with 88 more than it has: what its place and its way there take.
    pub bytes: usize,
}

impl Limits {
    /// So many sessions, of 4 KiB on average at most.
    pub fn sessions(count: usize) -> Self {
        Self { count, bytes: count.saturating_mul(4096) }
    }

    /// The share of one of `shards`; shares add up to no more than the whole.
    fn share(self, shards: usize, index: usize) -> Self {
        let share = |whole: usize| whole / shards + usize::from(index < whole % shards);
        Self { count: share(self.count), bytes: share(self.bytes) }
    }

    fn shards(self) -> usize {
        let for_threads = (self.count / ENTRIES_PER_SHARD).min(SHARDS_FOR_THREADS);
        let for_size = (self.count / ENTRIES_PER_SMALL_SHARD).min(MAX_SHARDS);
        for_threads.max(for_size).min(self.bytes / BYTES_PER_SHARD).max(1)
    }
}

/// A clock that never goes back; only differences of its readings matter.
type Clock = Box<dyn Fn() -> Duration + Send + Sync>;

/// Sessions in the memory of this process: bounded by count and by bytes, expiring by time, for many threads.
///
/// Partitions with a quota ([`with_quota`](Self::with_quota)) have that room for themselves: no other partition's
/// sessions push theirs out. All others share one room. Where limits allow it the store is divided into up to 256 parts
/// with a lock each; its order is kept within each of them.
///
/// Each session takes about 70 bytes of the heap besides its own, which are some 240 without a client certificate. What
/// is asked for is found in the same number of steps whether there are a thousand sessions or ten million; only that
/// ten million do not fit into the processor's cache. Time is counted in milliseconds. Room that sessions had is used
/// again for others, and given back with the store.
pub struct MemoryStore {
    limits: Limits,
    eviction: Eviction,
    quotas: Vec<(Partition, Limits)>,
    /// Where each partition with a quota counts; 0 is everybody else.
    pools: HashMap<PartitionTag, usize>,
    clock: Clock,
    shards: Vec<Mutex<Shard>>,
}

impl MemoryStore {
    /// An empty store; the least recently used session goes out first.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            eviction: Eviction::LeastRecentlyUsed,
            quotas: Vec::new(),
            pools: HashMap::new(),
            clock: monotonic(),
            shards: Vec::new(),
        }
        .divided()
    }

    /// Which session goes out first.
    pub fn with_eviction(mut self, eviction: Eviction) -> Self {
        self.eviction = eviction;
        self
    }

    /// Room for one partition alone, besides that of the others. The store is emptied.
    pub fn with_quota(mut self, partition: Partition, limits: Limits) -> Self {
        self.quotas.retain(|(known, _)| *known != partition);
        self.quotas.push((partition, limits));
        self.divided()
    }

    /// Reads time from `clock`, which must not go back; by default the monotonic clock of the system.
    pub fn with_clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    fn divided(mut self) -> Self {
        let all = || [self.limits].into_iter().chain(self.quotas.iter().map(|(_, limits)| *limits));
        // As many as the smallest of them is worth, for a share of nothing keeps nothing; one of no size has no say.
        let shards = all().filter(|limits| limits.count > 0).map(Limits::shards).min().unwrap_or(1);
        let shard = |index| Mutex::new(Shard::new(all().map(|limits| limits.share(shards, index))));
        self.shards = (0..shards).map(shard).collect();
        self.pools = self.quotas.iter().zip(1..).map(|((partition, _), at)| (partition.tag(), at)).collect();
        self
    }

    /// How many sessions are kept, expired ones included that nobody asked for since.
    pub fn len(&self) -> usize {
        self.each(|shard| shard.count())
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes are kept, each session counted with 88 more than it has.
    pub fn bytes(&self) -> usize {
        self.each(|shard| shard.bytes())
    }

    /// Forgets all that has expired. Storing does that too, for the part of the store that it touches.
    pub fn remove_expired(&self) {
        let now = (self.clock)();
        self.shards.iter().for_each(|shard| lock(shard).remove_expired(now));
    }

    fn each(&self, count: impl Fn(&Shard) -> usize) -> usize {
        self.shards.iter().map(|shard| count(&lock(shard))).sum()
    }

    /// A key is a hash, so its first bytes are as good as any.
    fn shard(&self, key: &StoreKey) -> Option<MutexGuard<'_, Shard>> {
        let [a, b, ..] = key.hash;
        let at = usize::from(u16::from_be_bytes([a, b])).checked_rem(self.shards.len())?;
        self.shards.get(at).map(lock)
    }
}

/// A thread that panicked inside left no half-made entry that could do worse than be a miss.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::disallowed_methods, reason = "a store is an edge: it reads the monotonic clock")]
fn monotonic() -> Clock {
    let start = Instant::now();
    Box::new(move || start.elapsed())
}

impl SessionStore for MemoryStore {
    fn get(&self, key: &StoreKey) -> Lookup {
        let now = (self.clock)();
        self.shard(key).and_then(|mut shard| shard.get(key, now, self.eviction)).into()
    }

    fn put(&self, session: &NewSession) {
        let now = (self.clock)();
        let pool = self.pools.get(&session.key.partition).copied().unwrap_or(0);
        if let Some(mut shard) = self.shard(&session.key) {
            shard.put(session, pool, now);
        }
    }

    fn remove(&self, key: &StoreKey) {
        if let Some(mut shard) = self.shard(key) {
            shard.remove(key);
        }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("limits", &self.limits)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
