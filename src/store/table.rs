//! Where the entry of a key is: buckets that grow one by one.
//!
//! Keys are hashes of what the server drew at random (RFC 5246, 7.4.1.3; R33), so their own bits choose the bucket,
//! and no hash is computed. A client may compute keys too, for it knows its sessions' IDs and may name others. But what
//! it names is only looked up: it walks one bucket, whose length depends on what is stored, and what is stored lies
//! under IDs that the server drew. To lengthen a bucket, a client would have to have sessions made, keep those fresh
//! that chance put there, and let all others go: for each of them as many full handshakes as there are buckets, and
//! there are as many buckets as sessions. What it won with each is one more entry to walk by, some nanoseconds.
//!
//! With linear hashing (Litwin, 1980) every new entry splits one bucket, so that none is put off until the table is
//! full, and nobody waits while all of it moves.

use std::vec::Vec;

use super::slab::{At, NONE, Slab, Tag};

/// Buckets, each with the first entry of its chain; as many as there have been entries at most.
#[derive(Debug)]
pub(super) struct Table {
    buckets: Vec<At>,
    entries: usize,
}

impl Table {
    pub(super) const fn new() -> Self {
        Self { buckets: Vec::new(), entries: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.entries
    }

    /// The bits of a tag up to the number of buckets; one bit less where there is no such bucket yet.
    fn bucket(&self, tag: Tag) -> usize {
        let (buckets, bits) = (self.buckets.len(), tag.bits() as usize);
        let mask = buckets.checked_next_power_of_two().unwrap_or(0).wrapping_sub(1);
        let at = bits & mask;
        if at < buckets { at } else { at & (mask >> 1) }
    }

    pub(super) fn find(&self, tag: Tag, slab: &Slab) -> Option<At> {
        let mut at = *self.buckets.get(self.bucket(tag))?;
        loop {
            let entry = slab.get(at)?;
            if entry.tag == tag {
                return Some(at);
            }
            at = entry.chain;
        }
    }

    /// Adds an entry whose tag no other has.
    pub(super) fn insert(&mut self, tag: Tag, at: At, slab: &mut Slab) {
        self.entries = self.entries.saturating_add(1);
        if self.entries > self.buckets.len() {
            self.split(slab);
        }
        self.push(tag, at, slab);
    }

    fn push(&mut self, tag: Tag, at: At, slab: &mut Slab) {
        let bucket = self.bucket(tag);
        if let (Some(first), Some(entry)) = (self.buckets.get_mut(bucket), slab.get_mut(at)) {
            entry.chain = *first;
            *first = at;
        }
    }

    /// Adds a bucket, and shares among it and the one that it is split from what that one has.
    fn split(&mut self, slab: &mut Slab) {
        let new = self.buckets.len();
        if new == self.buckets.capacity() {
            // An eighth more, not twice as much: it is moved more often, but is small.
            self.buckets.reserve_exact((new / 8).saturating_add(8));
        }
        self.buckets.push(NONE);
        let highest = new.checked_ilog2().map_or(0, |bit| 1 << bit);
        let mut at = match self.buckets.get_mut(new & !highest) {
            Some(old) => core::mem::replace(old, NONE),
            None => NONE,
        };
        while let Some(entry) = slab.get(at) {
            let (tag, next) = (entry.tag, entry.chain);
            self.push(tag, at, slab);
            at = next;
        }
    }

    /// Takes out an entry of this tag, which is at `at`.
    pub(super) fn remove(&mut self, tag: Tag, at: At, slab: &mut Slab) {
        let next = slab.get(at).map_or(NONE, |entry| entry.chain);
        let bucket = self.bucket(tag);
        let Some(first) = self.buckets.get_mut(bucket) else {
            return;
        };
        if *first == at {
            *first = next;
        } else {
            let mut before = *first;
            while slab.get(before).is_some_and(|entry| entry.chain != at) {
                before = slab.get(before).map_or(NONE, |entry| entry.chain);
            }
            let Some(entry) = slab.get_mut(before) else {
                return;
            };
            entry.chain = next;
        }
        self.entries = self.entries.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::{Partition, StoreKey},
        store::slab::{Entry, Links},
    };

    /// Not a hash of anything, but spread like one.
    fn tag(n: u64) -> Tag {
        let mut key = [0; 32];
        key[8..16].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32).to_be_bytes());
        Tag::of(&StoreKey { hash: key, partition: Partition::default().tag() })
    }

    fn add(n: u64, table: &mut Table, slab: &mut Slab) {
        let entry = Entry {
            tag: tag(n),
            sealed: Box::default(),
            expires: 0,
            links: [Links::NONE; 2],
            chain: NONE,
            pool: 0,
        };
        let at = slab.insert(entry).expect("room");
        table.insert(tag(n), at, slab);
    }

    fn longest(table: &Table, slab: &Slab) -> usize {
        let chain = |first: &At| {
            std::iter::successors(Some(*first), |at| slab.get(*at).map(|entry| entry.chain)).count() - 1
        };
        table.buckets.iter().map(chain).max().unwrap_or(0)
    }

    #[test]
    fn every_entry_is_found_after_every_split_and_no_chain_is_long() {
        let (mut table, mut slab) = (Table::new(), Slab::new());
        assert_eq!(table.find(tag(0), &slab), None);
        for n in 0..1000 {
            add(n, &mut table, &mut slab);
            assert_eq!(table.buckets.len(), table.len());
            assert!((0..=n).all(|n| table.find(tag(n), &slab).is_some()), "{n}");
            assert_eq!(table.find(tag(n + 1), &slab), None);
        }
        assert!(longest(&table, &slab) <= 8, "{}", longest(&table, &slab));
    }

    #[test]
    fn what_is_taken_out_is_not_found_and_its_cell_is_used_again() {
        let (mut table, mut slab) = (Table::new(), Slab::new());
        (0..1000).for_each(|n| add(n, &mut table, &mut slab));
        for n in (0..1000).step_by(3) {
            let at = table.find(tag(n), &slab).expect("it is there");
            table.remove(tag(n), at, &mut slab);
            slab.remove(at);
        }
        assert_eq!(table.len(), 666);
        assert!((0..1000).all(|n| table.find(tag(n), &slab).is_some() == (n % 3 != 0)));
        (1000..1334).for_each(|n| add(n, &mut table, &mut slab));
        assert!((1000..1334).all(|n| table.find(tag(n), &slab).is_some_and(|at| at < 1000)));
        assert_eq!(table.buckets.len(), 1000);
    }
}
