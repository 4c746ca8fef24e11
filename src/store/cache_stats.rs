//! How a shared cache does.

use std::{
    fmt,
    sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::StoreError;

const ERRORS: usize = StoreError::ALL.len();

/// What a store is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreOperation {
    /// What is kept?
    Get,
    /// Keep this.
    Put,
    /// Forget this.
    Remove,
}

/// Whether a store that fails is still asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakerState {
    /// Every call goes to the store.
    #[default]
    Closed,
    /// None does; each is answered at once.
    Open,
}

impl BreakerState {
    /// A stable number: 0 for closed, 1 for open.
    pub fn code(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
        }
    }
}

impl fmt::Display for BreakerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
        })
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Found,
    Missing,
    Done,
    Failed(StoreError),
    /// The breaker did not let it through.
    Refused,
    /// Whoever waited went away.
    Abandoned,
}

/// What the local level of a [`TieredStore`](super::TieredStore) answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Local {
    Hit,
    Miss,
    Removed,
}

/// Counters of the calls to a shared cache, and of the level in front of it. Lock-free; share it behind an `Arc`.
#[derive(Debug, Default)]
pub struct CacheStats {
    get: Counters,
    put: Counters,
    remove: Counters,
    /// In the order of [`StoreError::ALL`].
    errors: [AtomicU64; ERRORS],
    hits: AtomicU64,
    misses: AtomicU64,
    removed: AtomicU64,
    opened: AtomicU64,
    breaker: AtomicU8,
}

#[derive(Debug, Default)]
struct Counters {
    found: AtomicU64,
    missing: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
    timed_out: AtomicU64,
    refused: AtomicU64,
    abandoned: AtomicU64,
    micros: AtomicU64,
}

impl CacheStats {
    /// All zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a call. One that the breaker refused took no time.
    pub(super) fn count(&self, operation: StoreOperation, outcome: Outcome, took: Duration) {
        let counters = match operation {
            StoreOperation::Get => &self.get,
            StoreOperation::Put => &self.put,
            StoreOperation::Remove => &self.remove,
        };
        let counter = match outcome {
            Outcome::Found => &counters.found,
            Outcome::Missing => &counters.missing,
            Outcome::Done => &counters.done,
            Outcome::Failed(StoreError::TimedOut) => &counters.timed_out,
            Outcome::Failed(_) => &counters.failed,
            Outcome::Refused => &counters.refused,
            Outcome::Abandoned => &counters.abandoned,
        };
        counter.fetch_add(1, Relaxed);
        if !took.is_zero() {
            counters.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
        }
        if let Outcome::Failed(error) = outcome {
            let place = StoreError::ALL.iter().zip(&self.errors).find(|(known, _)| **known == error);
            place.into_iter().for_each(|(_, counter)| {
                counter.fetch_add(1, Relaxed);
            });
        }
    }

    pub(super) fn count_local(&self, local: Local) {
        let counter = match local {
            Local::Hit => &self.hits,
            Local::Miss => &self.misses,
            Local::Removed => &self.removed,
        };
        counter.fetch_add(1, Relaxed);
    }

    /// The breaker opened or closed. An attempt that failed leaves it open, which is not counted again.
    pub(super) fn set_breaker(&self, state: BreakerState) {
        let before = self.breaker.swap(state.code(), Relaxed);
        if state == BreakerState::Open && before == BreakerState::Closed.code() {
            self.opened.fetch_add(1, Relaxed);
        }
    }

    /// What was counted so far. Calls that end meanwhile may be in some of the numbers and not in others.
    pub fn snapshot(&self) -> CacheSnapshot {
        let mut errors = [0; ERRORS];
        errors.iter_mut().zip(&self.errors).for_each(|(to, from)| *to = from.load(Relaxed));
        let is_open = self.breaker.load(Relaxed) == BreakerState::Open.code();
        CacheSnapshot {
            get: self.get.read(),
            put: self.put.read(),
            remove: self.remove.read(),
            errors,
            local_hits: self.hits.load(Relaxed),
            local_misses: self.misses.load(Relaxed),
            local_removed: self.removed.load(Relaxed),
            breaker: if is_open { BreakerState::Open } else { BreakerState::Closed },
            opened: self.opened.load(Relaxed),
        }
    }
}

impl Counters {
    fn read(&self) -> CallCounts {
        let read = |counter: &AtomicU64| counter.load(Relaxed);
        CallCounts {
            found: read(&self.found),
            missing: read(&self.missing),
            done: read(&self.done),
            failed: read(&self.failed),
            timed_out: read(&self.timed_out),
            refused: read(&self.refused),
            abandoned: read(&self.abandoned),
            micros: read(&self.micros),
        }
    }
}

/// How the calls of one kind ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallCounts {
    /// A session was found.
    pub found: u64,
    /// There was none.
    pub missing: u64,
    /// It was kept, or forgotten.
    pub done: u64,
    /// The store failed, other than by its deadline.
    pub failed: u64,
    /// The store did not answer in time.
    pub timed_out: u64,
    /// The breaker was open, so the store was not asked.
    pub refused: u64,
    /// Whoever asked went away before there was an answer.
    pub abandoned: u64,
    /// How long all of them took together, in microseconds.
    pub micros: u64,
}

impl CallCounts {
    /// All calls.
    pub fn calls(&self) -> u64 {
        [self.found, self.missing, self.done, self.failed, self.timed_out, self.refused, self.abandoned]
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }
}

impl fmt::Display for CallCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.calls())?;
        let counts = [
            ("found", self.found),
            ("missing", self.missing),
            ("done", self.done),
            ("failed", self.failed),
            ("timed out", self.timed_out),
            ("refused", self.refused),
            ("abandoned", self.abandoned),
        ];
        for (at, (name, count)) in counts.iter().filter(|(_, count)| *count > 0).enumerate() {
            write!(f, "{} {name} {count}", if at == 0 { ":" } else { "," })?;
        }
        match self.calls().saturating_sub(self.refused) {
            0 => Ok(()),
            asked => write!(f, "; {} µs on average", self.micros / asked),
        }
    }
}

/// The numbers of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSnapshot {
    /// Lookups in the shared cache.
    pub get: CallCounts,
    /// Sessions given to it.
    pub put: CallCounts,
    /// Sessions that it was to forget.
    pub remove: CallCounts,
    errors: [u64; ERRORS],
    /// Lookups that the local level answered.
    pub local_hits: u64,
    /// Lookups that went on to the shared cache.
    pub local_misses: u64,
    /// Lookups of sessions that this process had removed.
    pub local_removed: u64,
    /// Whether the shared cache is asked now.
    pub breaker: BreakerState,
    /// How often the breaker opened.
    pub opened: u64,
}

impl CacheSnapshot {
    /// Every way to fail, and how often it happened.
    pub fn errors(&self) -> impl Iterator<Item = (StoreError, u64)> {
        StoreError::ALL.into_iter().zip(self.errors)
    }

    /// How often calls failed in one way.
    pub fn failed_by(&self, error: StoreError) -> u64 {
        self.errors().find_map(|(known, count)| (known == error).then_some(count)).unwrap_or(0)
    }
}

/// Lines for a person: what never happened is left out.
impl fmt::Display for CacheSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { local_hits, local_misses, local_removed, .. } = self;
        writeln!(f, "local: hits {local_hits}, misses {local_misses}, removed {local_removed}")?;
        writeln!(f, "get {}", self.get)?;
        writeln!(f, "put {}", self.put)?;
        writeln!(f, "remove {}", self.remove)?;
        for (error, count) in self.errors().filter(|(_, count)| *count > 0) {
            writeln!(f, "  {error}: {count}")?;
        }
        writeln!(f, "breaker: {}, opened {} times", self.breaker, self.opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_how_they_ended_and_the_errors_by_kind() {
        let stats = CacheStats::new();
        stats.count(StoreOperation::Get, Outcome::Found, Duration::from_micros(300));
        stats.count(StoreOperation::Get, Outcome::Failed(StoreError::TimedOut), Duration::from_micros(700));
        stats.count(StoreOperation::Get, Outcome::Refused, Duration::ZERO);
        stats.count(StoreOperation::Put, Outcome::Failed(StoreError::Full), Duration::ZERO);
        stats.count_local(Local::Hit);
        stats.set_breaker(BreakerState::Open);
        stats.set_breaker(BreakerState::Open);
        let snapshot = stats.snapshot();
        assert_eq!((snapshot.get.calls(), snapshot.get.micros), (3, 1000));
        assert_eq!((snapshot.put.failed, snapshot.failed_by(StoreError::Full)), (1, 1));
        assert_eq!((snapshot.opened, snapshot.breaker), (1, BreakerState::Open));
        assert_eq!(
            snapshot.to_string(),
            "local: hits 1, misses 0, removed 0\n\
             get 3: found 1, timed out 1, refused 1; 500 µs on average\n\
             put 1: failed 1; 0 µs on average\n\
             remove 0\n  \
             the store did not answer in time: 1\n  \
             the store is full: 1\n\
             breaker: open, opened 1 times\n"
        );
    }
}
