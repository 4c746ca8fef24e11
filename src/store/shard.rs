//! A part of a memory store, behind one lock.

use std::{time::Duration, vec::Vec};

use super::{
    memory::{Eviction, Limits},
    slab::{At, Entry, Links, NONE, Order, Slab, Tag},
    table::Table,
    wheel::Wheel,
};
use crate::session::{NewSession, SealedSession, StoreKey};

/// What an entry costs besides its bytes: a cell of 64, a bucket of 4 and as much again until it has its share, and 16
/// that an allocator takes to manage the bytes.
pub(super) const ENTRY_OVERHEAD: usize = 88;

/// Entries of all pools, whose keys fall into this shard.
#[derive(Debug)]
pub(super) struct Shard {
    slab: Slab,
    table: Table,
    wheel: Wheel,
    pools: Vec<Pool>,
}

/// What one partition, or all without a quota of their own, may use of this shard.
#[derive(Debug)]
struct Pool {
    limits: Limits,
    count: usize,
    bytes: usize,
    /// The next to go out comes first.
    order: Order,
}

impl Shard {
    pub(super) fn new(limits: impl IntoIterator<Item = Limits>) -> Self {
        let pool = |limits| Pool { limits, count: 0, bytes: 0, order: Order::new() };
        Self {
            slab: Slab::new(),
            table: Table::new(),
            wheel: Wheel::new(),
            pools: limits.into_iter().map(pool).collect(),
        }
    }

    pub(super) fn get(&mut self, key: &StoreKey, now: Duration, eviction: Eviction) -> Option<SealedSession> {
        let at = self.table.find(Tag::of(key), &self.slab)?;
        let entry = self.slab.get(at)?;
        if entry.expires <= millis(now) {
            self.remove_at(at);
            return None;
        }
        let pool = entry.pool as usize;
        if let (Eviction::LeastRecentlyUsed, Some(pool)) = (eviction, self.pools.get_mut(pool)) {
            pool.order.renew(at, &mut self.slab);
        }
        self.slab.get(at).map(|entry| SealedSession(entry.sealed.to_vec()))
    }

    /// Keeps a session in a pool. Room is made in that pool only, so that no partition pushes out another's.
    pub(super) fn put(&mut self, session: &NewSession, at: usize, now: Duration) {
        self.remove(&session.key);
        self.remove_expired(now);
        let cost = cost(&session.sealed.0);
        let Some(limits) = self.pools.get(at).map(|pool| pool.limits) else {
            return;
        };
        if session.lifetime.is_zero() || limits.count == 0 || cost > limits.bytes {
            return;
        }
        while self.pools.get(at).is_some_and(|pool| pool.is_too_full_for(cost)) {
            let Some(first) = self.pools.get(at).and_then(|pool| pool.order.first()) else {
                return;
            };
            self.remove_at(first);
        }
        self.insert(session, at, now.saturating_add(session.lifetime));
    }

    fn insert(&mut self, session: &NewSession, at: usize, expires: Duration) {
        let (Some(pool), Ok(number)) = (self.pools.get_mut(at), u32::try_from(at)) else {
            return;
        };
        let tag = Tag::of(&session.key);
        let entry = Entry {
            tag,
            sealed: session.sealed.0.as_slice().into(),
            expires: millis(expires),
            links: [Links::NONE; 2],
            chain: NONE,
            pool: number,
        };
        let Some(at) = self.slab.insert(entry) else {
            return;
        };
        pool.count = pool.count.saturating_add(1);
        pool.bytes = pool.bytes.saturating_add(cost(&session.sealed.0));
        pool.order.push(at, &mut self.slab);
        self.table.insert(tag, at, &mut self.slab);
        self.wheel.insert(at, &mut self.slab);
    }

    pub(super) fn remove(&mut self, key: &StoreKey) {
        if let Some(at) = self.table.find(Tag::of(key), &self.slab) {
            self.remove_at(at);
        }
    }

    fn remove_at(&mut self, at: At) {
        let Some((tag, pool)) = self.slab.get(at).map(|entry| (entry.tag, entry.pool as usize)) else {
            return;
        };
        self.table.remove(tag, at, &mut self.slab);
        self.wheel.remove(at, &mut self.slab);
        if let Some(pool) = self.pools.get_mut(pool) {
            pool.order.remove(at, &mut self.slab);
            if let Some(entry) = self.slab.remove(at) {
                pool.count = pool.count.saturating_sub(1);
                pool.bytes = pool.bytes.saturating_sub(cost(&entry.sealed));
            }
        }
    }

    /// R28: stored sessions expire by time as well as by space.
    pub(super) fn remove_expired(&mut self, now: Duration) {
        while let Some(at) = self.wheel.expired(millis(now), &mut self.slab) {
            self.remove_at(at);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.table.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.pools.iter().map(|pool| pool.bytes).sum()
    }
}

impl Pool {
    fn is_too_full_for(&self, cost: usize) -> bool {
        self.count >= self.limits.count || self.bytes.saturating_add(cost) > self.limits.bytes
    }
}

fn cost(sealed: &[u8]) -> usize {
    sealed.len().saturating_add(ENTRY_OVERHEAD)
}

/// Whole milliseconds: an entry is never kept longer than it may be.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
