//! A part of a memory store, behind one lock.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use super::memory::{Eviction, Limits};
use crate::session::{NewSession, SealedSession, StoreKey};

/// What an entry costs besides its bytes: its keys in three maps, roughly.
const ENTRY_OVERHEAD: usize = 256;

/// Entries of all pools, whose keys fall into this shard.
#[derive(Debug)]
pub(super) struct Shard {
    entries: HashMap<StoreKey, Entry>,
    pools: Vec<Pool>,
    /// Rises with every use, so that no two uses are at the same time.
    turn: u64,
}

#[derive(Debug)]
struct Entry {
    sealed: SealedSession,
    expires: Duration,
    /// Which pool it counts against.
    pool: usize,
    /// Its place in the pool's order.
    turn: u64,
}

impl Entry {
    fn cost(&self) -> usize {
        cost(&self.sealed)
    }
}

/// What one partition, or all without a quota of their own, may use of this shard.
#[derive(Debug)]
struct Pool {
    limits: Limits,
    bytes: usize,
    /// The next to go out comes first.
    order: BTreeMap<u64, StoreKey>,
    /// The next to expire comes first.
    expiry: BTreeMap<(Duration, u64), StoreKey>,
}

impl Shard {
    pub(super) fn new(limits: impl IntoIterator<Item = Limits>) -> Self {
        let pool = |limits| Pool { limits, bytes: 0, order: BTreeMap::new(), expiry: BTreeMap::new() };
        Self { entries: HashMap::new(), pools: limits.into_iter().map(pool).collect(), turn: 0 }
    }

    pub(super) fn get(&mut self, key: &StoreKey, now: Duration, eviction: Eviction) -> Option<SealedSession> {
        if self.entries.get(key)?.expires <= now {
            self.remove(key);
            return None;
        }
        let entry = self.entries.get_mut(key)?;
        if let (Eviction::LeastRecentlyUsed, Some(pool)) = (eviction, self.pools.get_mut(entry.pool)) {
            self.turn += 1;
            pool.order.remove(&entry.turn);
            pool.order.insert(self.turn, *key);
            pool.expiry.remove(&(entry.expires, entry.turn));
            pool.expiry.insert((entry.expires, self.turn), *key);
            entry.turn = self.turn;
        }
        Some(entry.sealed.clone())
    }

    /// Keeps a session in a pool. Room is made in that pool only, so that no partition pushes out another's.
    pub(super) fn put(&mut self, session: &NewSession, at: usize, now: Duration) {
        self.remove(&session.key);
        self.remove_expired(at, now);
        let cost = cost(&session.sealed);
        let Some(limits) = self.pools.get(at).map(|pool| pool.limits) else {
            return;
        };
        if session.lifetime.is_zero() || limits.count == 0 || cost > limits.bytes {
            return;
        }
        while self.pools.get(at).is_some_and(|pool| pool.is_too_full_for(cost)) {
            let Some(oldest) = self.pools.get(at).and_then(|pool| pool.order.values().next().copied()) else {
                return;
            };
            self.remove(&oldest);
        }
        self.insert(session, at, now.saturating_add(session.lifetime));
    }

    fn insert(&mut self, session: &NewSession, at: usize, expires: Duration) {
        let Some(pool) = self.pools.get_mut(at) else {
            return;
        };
        self.turn += 1;
        let entry = Entry { sealed: session.sealed.clone(), expires, pool: at, turn: self.turn };
        pool.bytes += entry.cost();
        pool.order.insert(self.turn, session.key);
        pool.expiry.insert((expires, self.turn), session.key);
        self.entries.insert(session.key, entry);
    }

    pub(super) fn remove(&mut self, key: &StoreKey) {
        let Some(entry) = self.entries.remove(key) else {
            return;
        };
        if let Some(pool) = self.pools.get_mut(entry.pool) {
            pool.bytes = pool.bytes.saturating_sub(entry.cost());
            pool.order.remove(&entry.turn);
            pool.expiry.remove(&(entry.expires, entry.turn));
        }
    }

    /// R28: stored sessions expire by time as well as by space.
    fn remove_expired(&mut self, at: usize, now: Duration) {
        while let Some((&(expires, _), &key)) = self.pools.get(at).and_then(|pool| pool.expiry.iter().next())
        {
            if expires > now {
                return;
            }
            self.remove(&key);
        }
    }

    pub(super) fn remove_all_expired(&mut self, now: Duration) {
        (0..self.pools.len()).for_each(|at| self.remove_expired(at, now));
    }

    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.pools.iter().map(|pool| pool.bytes).sum()
    }
}

impl Pool {
    fn is_too_full_for(&self, cost: usize) -> bool {
        self.order.len() >= self.limits.count || self.bytes.saturating_add(cost) > self.limits.bytes
    }
}

fn cost(sealed: &SealedSession) -> usize {
    sealed.0.len().saturating_add(ENTRY_OVERHEAD)
}
