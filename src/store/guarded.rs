//! A shared store that costs a handshake no more than a deadline, and nothing while it is dead (R34).

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use ::tokio::time::{Instant, timeout};

use super::{
    AsyncSessionStore, BreakerState, CacheStats, SharedStore, StoreError, StoreOperation,
    breaker::{Breaker, Ended, Pass, Settings},
    cache_stats::Outcome,
};
use crate::{
    edge::trace,
    session::{Lookup, NewSession, SealedSession, StoreKey},
};

/// For how long a store is waited for unless somebody says otherwise: 50 ms, for after that a full handshake would
/// have been quicker.
pub const DEFAULT_STORE_DEADLINE: Duration = Duration::from_millis(50);

/// What is said of a breaker where nobody says otherwise.
const BREAKER: Settings =
    Settings { failures: 5, pause: Duration::from_millis(100), longest: Duration::from_secs(2) };

/// What `work` gives, if it does in time. Whoever answers at once needs no timer, and no runtime that has one.
pub(crate) async fn within<R>(deadline: Duration, work: impl Future<Output = R>) -> Option<R> {
    let mut work = pin!(work);
    match poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await {
        Poll::Ready(result) => Some(result),
        Poll::Pending => timeout(deadline, work).await.ok(),
    }
}

/// A shared store, given up after a deadline and left alone while it fails.
///
/// After five failures in a row, or when half of the last 32 calls failed, no call goes to the store: each is answered
/// at once, as unavailable, for the price of reading a clock. After a pause one call tries, within the deadline as every
/// other; while it fails the pause doubles, and when it succeeds all is as before. What counts is that the store does
/// not answer ([`StoreError::is_outage`]): one that is full or refuses is alive.
///
/// Cheap to clone; clones share the store and the breaker. Needs a runtime with time enabled.
pub struct Guarded<S> {
    store: Arc<S>,
    breaker: Arc<Breaker>,
    deadline: Duration,
    begun: Instant,
    stats: Option<Arc<CacheStats>>,
}

impl<S> Clone for Guarded<S> {
    fn clone(&self) -> Self {
        Self {
            store: self.store.clone(),
            breaker: self.breaker.clone(),
            deadline: self.deadline,
            begun: self.begun,
            stats: self.stats.clone(),
        }
    }
}

impl<S> fmt::Debug for Guarded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl<S: SharedStore> Guarded<S> {
    /// With a deadline of [`DEFAULT_STORE_DEADLINE`], and a breaker that opens after five failures, for 100 ms at first
    /// and for 2 s at most.
    pub fn new(store: S) -> Self {
        Self {
            store: Arc::new(store),
            breaker: Arc::new(Breaker::new(BREAKER)),
            deadline: DEFAULT_STORE_DEADLINE,
            begun: Instant::now(),
            stats: None,
        }
    }

    /// For how long each call is waited for. An [`Acceptor`](crate::tokio::Acceptor) has a deadline of its own, which
    /// must not be shorter.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// After how many failures in a row the breaker opens: 1 to 32; what is outside of it becomes the nearest of them.
    #[must_use]
    pub fn with_failures(self, failures: u32) -> Self {
        let settings = Settings { failures: failures.clamp(1, 32), ..self.breaker.settings() };
        self.with_settings(settings)
    }

    /// For how long the breaker opens at first, and for how long at most.
    #[must_use]
    pub fn with_pauses(self, shortest: Duration, longest: Duration) -> Self {
        let settings =
            Settings { pause: shortest, longest: longest.max(shortest), ..self.breaker.settings() };
        self.with_settings(settings)
    }

    fn with_settings(mut self, settings: Settings) -> Self {
        self.breaker = Arc::new(Breaker::new(settings));
        self
    }

    /// The store behind it.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Counts every call; `stats` should be of this store alone, for it also says whether this breaker is open.
    #[must_use]
    pub fn with_stats(mut self, stats: Arc<CacheStats>) -> Self {
        self.stats = Some(stats);
        self
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The result of a call; `None` if it was not made, or failed.
    async fn call<R>(
        &self,
        operation: StoreOperation,
        outcome: impl Fn(&R) -> Outcome,
        work: impl Future<Output = Result<R, StoreError>>,
    ) -> Option<R> {
        let begun = self.now();
        let Some(pass) = self.breaker.enter(begun) else {
            self.ended(operation, Outcome::Refused, Duration::ZERO);
            return None;
        };
        let mut call = Call { guarded: self, operation, begun, pass: Some(pass) };
        let result = within(self.deadline, work).await.unwrap_or(Err(StoreError::TimedOut));
        match result {
            Ok(result) => {
                call.end(outcome(&result), Ended::Answered);
                Some(result)
            }
            Err(error) => {
                let ended = if error.is_outage() { Ended::Outage } else { Ended::Answered };
                call.end(Outcome::Failed(error), ended);
                None
            }
        }
    }

    /// The one place at which a call ends, however it does.
    fn ended(&self, operation: StoreOperation, outcome: Outcome, took: Duration) {
        let failure = match outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::Found | Outcome::Missing | Outcome::Done | Outcome::Refused | Outcome::Abandoned => None,
        };
        trace::called(operation, failure, took);
        if let Some(stats) = &self.stats {
            stats.count(operation, outcome, took);
        }
    }

    /// The one place at which the breaker opens and closes.
    fn changed(&self, state: BreakerState) {
        trace::breaker(state);
        if let Some(stats) = &self.stats {
            stats.set_breaker(state);
        }
    }
}

/// A call under way. Where it is dropped, somebody else's deadline ended, or the client went away.
struct Call<'g, S: SharedStore> {
    guarded: &'g Guarded<S>,
    operation: StoreOperation,
    begun: Duration,
    pass: Option<Pass>,
}

impl<S: SharedStore> Call<'_, S> {
    fn end(&mut self, outcome: Outcome, ended: Ended) {
        let Some(pass) = self.pass.take() else { return };
        let now = self.guarded.now();
        self.guarded.ended(self.operation, outcome, now.saturating_sub(self.begun));
        if let Some(state) = self.guarded.breaker.leave(pass, ended, now) {
            self.guarded.changed(state);
        }
    }
}

impl<S: SharedStore> Drop for Call<'_, S> {
    /// It says something about the store only if that had most of the time it may take.
    fn drop(&mut self) {
        let waited = self.guarded.now().saturating_sub(self.begun);
        match waited >= self.guarded.deadline.mul_f32(0.75) {
            true => self.end(Outcome::Failed(StoreError::TimedOut), Ended::Outage),
            false => self.end(Outcome::Abandoned, Ended::Abandoned),
        }
    }
}

impl<S: SharedStore> AsyncSessionStore for Guarded<S> {
    async fn get(&self, key: &StoreKey) -> Lookup {
        let outcome = |found: &Option<SealedSession>| match found {
            Some(_) => Outcome::Found,
            None => Outcome::Missing,
        };
        let found = self.call(StoreOperation::Get, outcome, self.store.get(key)).await;
        found.map_or(Lookup::Unavailable, Lookup::from)
    }

    async fn put(&self, session: &NewSession) {
        // A session that is not there is only not resumed.
        let _ = self.call(StoreOperation::Put, |()| Outcome::Done, self.store.put(session)).await;
    }

    async fn remove(&self, key: &StoreKey) {
        // Where it could not be removed, the level in front of it remembers that it was to be.
        let _ = self.call(StoreOperation::Remove, |()| Outcome::Done, self.store.remove(key)).await;
    }
}
