//! A level of this process in front of a store that processes share.

use std::{fmt, sync::Arc, time::Duration};

use super::{AsyncSessionStore, CacheStats, Eviction, Limits, MemoryStore, SessionStore, cache_stats::Local};
use crate::session::{Lookup, MAX_LIFETIME, NewSession, SealedSession, StoreKey};

/// For how long this process answers for itself unless somebody says otherwise: 5 minutes.
pub const DEFAULT_LOCAL_TIMEOUT: Duration = Duration::from_secs(300);
/// Of how many removed sessions this process knows. Each takes some 90 bytes, once it is there.
const REMOVED: usize = 64 * 1024;

/// A store of this process in front of one that processes share.
///
/// What this process stored or found a short while ago ([`Self::with_local_timeout`]) it answers by itself, also while
/// the shared store is dead. What it removed it never resumes again (R29): it remembers that for as long as a session
/// may live, whether the shared store heard of it or not.
///
/// *Another* process that kept the session locally may still resume it, for at most its local timeout: nobody tells it.
/// Where that is too long, shorten the timeout; with [`NoStore`](super::NoStore) as the local level there is none, and a
/// removal counts everywhere as soon as the shared store has heard of it.
///
/// Cheap to clone; clones share both levels.
pub struct TieredStore<L, S> {
    local: Arc<L>,
    removed: Arc<MemoryStore>,
    shared: Arc<S>,
    local_timeout: Duration,
    stats: Option<Arc<CacheStats>>,
}

impl<L, S> Clone for TieredStore<L, S> {
    fn clone(&self) -> Self {
        Self {
            local: self.local.clone(),
            removed: self.removed.clone(),
            shared: self.shared.clone(),
            local_timeout: self.local_timeout,
            stats: self.stats.clone(),
        }
    }
}

impl<L, S> fmt::Debug for TieredStore<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TieredStore").field("local_timeout", &self.local_timeout).finish_non_exhaustive()
    }
}

impl<L: SessionStore, S: AsyncSessionStore> TieredStore<L, S> {
    /// `local` is asked first, usually a [`MemoryStore`]; `shared` is usually [`Guarded`](super::Guarded).
    pub fn new(local: L, shared: S) -> Self {
        let removed = MemoryStore::new(Limits::sessions(REMOVED)).with_eviction(Eviction::OldestFirst);
        Self {
            local: Arc::new(local),
            removed: Arc::new(removed),
            shared: Arc::new(shared),
            local_timeout: DEFAULT_LOCAL_TIMEOUT,
            stats: None,
        }
    }

    /// For how long at most a session is kept locally, each time that it is stored or comes from the shared store:
    /// [`DEFAULT_LOCAL_TIMEOUT`], and never longer than the session lives.
    #[must_use]
    pub fn with_local_timeout(mut self, timeout: Duration) -> Self {
        self.local_timeout = timeout;
        self
    }

    /// Where this process remembers what it removed: by default, the last 65536 sessions, for [`MAX_LIFETIME`] each. Only
    /// a client that holds a session can have it removed, and only that one, by breaking the protocol.
    #[must_use]
    pub fn with_removed(mut self, removed: MemoryStore) -> Self {
        self.removed = Arc::new(removed);
        self
    }

    /// Counts what the local level answers.
    #[must_use]
    pub fn with_stats(mut self, stats: Arc<CacheStats>) -> Self {
        self.stats = Some(stats);
        self
    }

    /// The local level.
    pub fn local(&self) -> &L {
        &self.local
    }

    /// The shared level.
    pub fn shared(&self) -> &S {
        &self.shared
    }

    fn is_removed(&self, key: &StoreKey) -> bool {
        SessionStore::get(&self.removed, key) != Lookup::Missing
    }

    fn count(&self, local: Local) {
        if let Some(stats) = &self.stats {
            stats.count_local(local);
        }
    }

    /// Keeps it locally, unless it was removed meanwhile. Returns whether it is kept.
    fn keep(&self, session: &NewSession) -> Kept {
        SessionStore::put(&self.local, session);
        // Who removes says so first and then empties this level. So either that is seen here, or what was put here is
        // removed there.
        match self.is_removed(&session.key) {
            true => {
                SessionStore::remove(&self.local, &session.key);
                Kept::No
            }
            false => Kept::Yes,
        }
    }
}

/// Whether a session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

impl<L: SessionStore, S: AsyncSessionStore> AsyncSessionStore for TieredStore<L, S> {
    async fn get(&self, key: &StoreKey) -> Lookup {
        if self.is_removed(key) {
            self.count(Local::Removed);
            return Lookup::Missing;
        }
        match SessionStore::get(&self.local, key) {
            found @ Lookup::Found(_) => {
                self.count(Local::Hit);
                return found;
            }
            Lookup::Missing | Lookup::Unavailable => self.count(Local::Miss),
        }
        match S::get(&self.shared, key).await {
            Lookup::Found(sealed) => {
                let session = NewSession { key: *key, sealed, lifetime: self.local_timeout };
                match self.keep(&session) {
                    Kept::Yes => Lookup::Found(session.sealed),
                    Kept::No => Lookup::Missing,
                }
            }
            other @ (Lookup::Missing | Lookup::Unavailable) => other,
        }
    }

    async fn put(&self, session: &NewSession) {
        let lifetime = session.lifetime.min(self.local_timeout);
        let kept = self.keep(&NewSession { lifetime, ..session.clone() });
        // Waited for: the client may come back at once, and to another process.
        match kept {
            Kept::Yes => S::put(&self.shared, session).await,
            Kept::No => {}
        }
    }

    async fn remove(&self, key: &StoreKey) {
        let sealed = SealedSession(Vec::new());
        let removed = NewSession { key: *key, sealed, lifetime: MAX_LIFETIME };
        SessionStore::put(&self.removed, &removed);
        SessionStore::remove(&self.local, key);
        S::remove(&self.shared, key).await;
    }
}
