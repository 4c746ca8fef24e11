//! A store against the simplest thing that does the same, over operations that chance chose.

use std::time::Duration;

use tls12::{
    session::{Lookup, NewSession, Partition, SealedSession, StoreKey},
    store::{Eviction, Limits, MemoryStore, SessionStore},
};

use crate::{Clock, id};

/// What each session is counted with, besides its bytes.
const OVERHEAD: usize = 88;

struct Kept {
    session: NewSession,
    expires: u64,
}

/// Sessions in the order in which they go out.
struct Model {
    kept: Vec<Kept>,
    eviction: Eviction,
    /// The room of each partition; the last one is everybody's.
    rooms: Vec<(Partition, Limits)>,
}

impl Model {
    fn room(&self, key: &StoreKey) -> usize {
        self.rooms.iter().position(|(known, _)| known.tag() == key.partition).unwrap_or(self.rooms.len() - 1)
    }

    fn get(&mut self, key: &StoreKey, now: u64) -> Lookup {
        let Some(at) = self.kept.iter().position(|kept| kept.session.key == *key) else {
            return Lookup::Missing;
        };
        let kept = self.kept.remove(at);
        if kept.expires <= now {
            return Lookup::Missing;
        }
        let found = Lookup::Found(kept.session.sealed.clone());
        let to = if self.eviction == Eviction::OldestFirst { at } else { self.kept.len() };
        self.kept.insert(to, kept);
        found
    }

    fn put(&mut self, session: NewSession, now: u64) {
        self.remove(&session.key);
        self.remove_expired(now);
        let room = self.room(&session.key);
        let (limits, cost) = (self.rooms[room].1, session.sealed.0.len() + OVERHEAD);
        if session.lifetime.is_zero() || limits.count == 0 || cost > limits.bytes {
            return;
        }
        loop {
            let of_room: Vec<_> =
                (0..self.kept.len()).filter(|at| self.room(&self.kept[*at].session.key) == room).collect();
            let bytes: usize =
                of_room.iter().map(|at| self.kept[*at].session.sealed.0.len() + OVERHEAD).sum();
            if of_room.len() < limits.count && bytes + cost <= limits.bytes {
                break;
            }
            self.kept.remove(of_room[0]);
        }
        let expires = now + session.lifetime.as_secs();
        self.kept.push(Kept { session, expires });
    }

    fn remove(&mut self, key: &StoreKey) {
        self.kept.retain(|kept| kept.session.key != *key);
    }

    fn remove_expired(&mut self, now: u64) {
        self.kept.retain(|kept| kept.expires > now);
    }

    fn bytes(&self) -> usize {
        self.kept.iter().map(|kept| kept.session.sealed.0.len() + OVERHEAD).sum()
    }
}

/// Marsaglia's xorshift.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// A time of any order of magnitude, up to three weeks.
    fn time(&mut self) -> u64 {
        let magnitude = self.below(22);
        self.below(1 << magnitude)
    }
}

fn compare(seed: u64, eviction: Eviction) {
    let mut chance = Chance(seed);
    let partitions = [Partition::named(b"a"), Partition::named(b"b"), Partition::default()];
    // Below what is worth being divided, for each part has an order of its own.
    let rooms = [(partitions[0], 17), (partitions[1], 1), (partitions[2], 60)]
        .map(|(partition, count)| (partition, Limits { count, bytes: count * 150 }));
    let clock = Clock::default();
    let store = MemoryStore::new(rooms[2].1)
        .with_quota(rooms[0].0, rooms[0].1)
        .with_quota(rooms[1].0, rooms[1].1)
        .with_eviction(eviction)
        .with_clock(clock.read());
    let mut model = Model { kept: Vec::new(), eviction, rooms: rooms.to_vec() };
    let mut now = chance.time();
    clock.set(now);
    for step in 0..20_000 {
        let partition = partitions[chance.below(3) as usize];
        let key = StoreKey::of(&partition, &id(chance.below(150) as u16));
        match chance.below(40) {
            0 => {
                now += chance.time() >> 4;
                clock.set(now);
            }
            1..=2 => {
                store.remove(&key);
                model.remove(&key);
            }
            3 => {
                store.remove_expired();
                model.remove_expired(now);
            }
            4..=20 => {
                assert_eq!(store.get(&key), model.get(&key, now), "seed {seed}, step {step}");
            }
            _ => {
                let sealed = SealedSession(vec![step as u8; chance.below(130) as usize]);
                let lifetime = Duration::from_secs(chance.time());
                let session = NewSession { key, sealed, lifetime };
                store.put(&session);
                model.put(session, now);
            }
        }
        let kept = (store.len(), store.bytes());
        assert_eq!(kept, (model.kept.len(), model.bytes()), "seed {seed}, step {step}");
    }
}

#[test]
fn a_store_does_what_the_simplest_one_does_whatever_happens() {
    for seed in 1..=4 {
        compare(seed, Eviction::LeastRecentlyUsed);
        compare(seed, Eviction::OldestFirst);
    }
}
