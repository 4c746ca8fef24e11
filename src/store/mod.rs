//! Layer 6: where sessions are kept. A server's store sees sealed sessions only (R32), and its failure is only a miss
//! (R34); a client's keeps the sessions themselves.
//!
//! Servers: [`SessionStore`] answers at once, [`AsyncSessionStore`] later; [`MemoryStore`] is one, [`NoStore`] keeps
//! nothing. Clients: [`ClientSessions`], and a file to keep it in.
//!
//! Servers of many processes: a [`SharedStore`] says how it failed (`RedisStore`, with the feature `redis`, is one);
//! `Guarded` (feature `tokio`) bounds what it costs; a [`TieredStore`] has a level of this process in front of it;
//! [`CacheStats`] counts. `docs/cache.md` says what an operator sets up, and what happens when it fails.

#[cfg(feature = "tokio")]
mod breaker;
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "calls are counted where they are bounded in time")
)]
mod cache_stats;
mod client;
mod client_file;
#[cfg(feature = "tokio")]
mod guarded;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod shard;
mod shared;
mod slab;
mod table;
mod tiered;
mod wheel;

use std::{boxed::Box, future::Future, sync::Arc};

pub use cache_stats::{BreakerState, CacheSnapshot, CacheStats, CallCounts, StoreOperation};
pub use client::{ClientSessions, Reuse};
pub use client_file::{FileError, Protection};
#[cfg(feature = "tokio")]
pub(crate) use guarded::within;
#[cfg(feature = "tokio")]
pub use guarded::{DEFAULT_STORE_DEADLINE, Guarded};
pub use memory::{Eviction, Limits, MemoryStore};
#[cfg(feature = "redis")]
pub use redis::{RedisBuilder, RedisStore};
pub use shared::{SharedStore, StoreError};
pub use tiered::{DEFAULT_LOCAL_TIMEOUT, TieredStore};

use crate::session::{Lookup, NewSession, StoreKey};

/// A store that answers at once.
pub trait SessionStore: Send + Sync {
    /// What is kept under `key`.
    fn get(&self, key: &StoreKey) -> Lookup;
    /// Keeps a session, for at most its lifetime.
    fn put(&self, session: &NewSession);
    /// Forgets one.
    fn remove(&self, key: &StoreKey);
}

/// A store that answers later: a shared cache. Every [`SessionStore`] is one.
pub trait AsyncSessionStore: Send + Sync {
    /// What is kept under `key`.
    fn get(&self, key: &StoreKey) -> impl Future<Output = Lookup> + Send;
    /// Keeps a session, for at most its lifetime.
    fn put(&self, session: &NewSession) -> impl Future<Output = ()> + Send;
    /// Forgets one.
    fn remove(&self, key: &StoreKey) -> impl Future<Output = ()> + Send;
}

impl<S: SessionStore + ?Sized> AsyncSessionStore for S {
    async fn get(&self, key: &StoreKey) -> Lookup {
        SessionStore::get(self, key)
    }

    async fn put(&self, session: &NewSession) {
        SessionStore::put(self, session);
    }

    async fn remove(&self, key: &StoreKey) {
        SessionStore::remove(self, key);
    }
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStore;

impl SessionStore for NoStore {
    fn get(&self, _: &StoreKey) -> Lookup {
        Lookup::Missing
    }

    fn put(&self, _: &NewSession) {}

    fn remove(&self, _: &StoreKey) {}
}

macro_rules! store_through {
    ($($pointer:ty),*) => {$(
        impl<S: SessionStore + ?Sized> SessionStore for $pointer {
            fn get(&self, key: &StoreKey) -> Lookup {
                (**self).get(key)
            }

            fn put(&self, session: &NewSession) {
                (**self).put(session);
            }

            fn remove(&self, key: &StoreKey) {
                (**self).remove(key);
            }
        }
    )*};
}

store_through!(&S, Arc<S>, Box<S>);
