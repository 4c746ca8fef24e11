//! Where the entries of a shard lie: in cells of one size that are named by their number, so that lists run through
//! them without memory of their own.

use std::{boxed::Box, vec::Vec};

use crate::session::StoreKey;

/// The number of a cell.
pub(super) type At = u32;

/// No cell.
pub(super) const NONE: At = At::MAX;

/// How many cells are allocated at once. Cells never move, so growing costs no more with ten million entries than with
/// ten.
const CHUNK: usize = 256;

/// What is kept of a key: half of its length, for it is a hash (SHA-256).
///
/// Who would ask for one key and find the session of another had found 128 bits of that hash again; and as sessions
/// are sealed to their whole key (R32), it would not open, which is a miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(u128);

impl Tag {
    pub(super) fn of(key: &StoreKey) -> Self {
        let [low, high] = [key.hash.first_chunk(), key.hash.last_chunk()]
            .map(|half| u128::from_be_bytes(half.copied().unwrap_or_default()));
        Self(low ^ high)
    }

    /// Bits that say where it is looked for.
    #[expect(clippy::cast_possible_truncation, reason = "any 32 of the bits will do")]
    pub(super) fn bits(self) -> u32 {
        self.0 as u32
    }
}

/// The neighbours in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Links {
    pub(super) before: At,
    pub(super) after: At,
}

impl Links {
    pub(super) const NONE: Self = Self { before: NONE, after: NONE };
}

/// The lists that an entry is in, by their place in [`Entry::links`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// What goes out first when room is needed.
    Order,
    /// What expires at about the same time.
    Expiry,
}

/// A session that is kept. It fills a line of the cache, and most lookups read one entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) tag: Tag,
    pub(super) sealed: Box<[u8]>,
    /// In milliseconds of the clock of the store.
    pub(super) expires: u64,
    pub(super) links: [Links; 2],
    /// The next entry of the same bucket, or the next free cell.
    pub(super) chain: At,
    /// Which pool it counts against.
    pub(super) pool: u32,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Entry>() == 64, "docs and limits count with 64 bytes");

impl Entry {
    fn free(next: At) -> Self {
        let (tag, links) = (Tag(0), [Links::NONE; 2]);
        Self { tag, sealed: Box::default(), expires: 0, links, chain: next, pool: 0 }
    }
}

/// Cells, used and free.
#[derive(Debug)]
pub(super) struct Slab {
    /// All but the last are full.
    chunks: Vec<Vec<Entry>>,
    /// The first of the cells that were used and are free again.
    free: At,
}

impl Slab {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new(), free: NONE }
    }

    pub(super) fn get(&self, at: At) -> Option<&Entry> {
        let at = at as usize;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub(super) fn get_mut(&mut self, at: At) -> Option<&mut Entry> {
        let at = at as usize;
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    /// Puts an entry into a cell; `None` if there is no number left.
    pub(super) fn insert(&mut self, entry: Entry) -> Option<At> {
        let reused = self.free;
        if let Some(cell) = self.get_mut(reused) {
            let next = cell.chain;
            *cell = entry;
            self.free = next;
            return Some(reused);
        }
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            // The first one grows as it is needed: most shards of a small store never fill it.
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(room));
        }
        let full = self.chunks.len().checked_sub(1)?.checked_mul(CHUNK)?;
        let last = self.chunks.last_mut()?;
        let at = At::try_from(full.checked_add(last.len())?).ok().filter(|at| *at != NONE)?;
        last.push(entry);
        Some(at)
    }

    /// Frees a cell that is in no list any more.
    pub(super) fn remove(&mut self, at: At) -> Option<Entry> {
        let free = Entry::free(self.free);
        let entry = core::mem::replace(self.get_mut(at)?, free);
        self.free = at;
        Some(entry)
    }

    pub(super) fn links(&self, list: List, at: At) -> Links {
        self.get(at).and_then(|entry| entry.links.get(list as usize)).copied().unwrap_or(Links::NONE)
    }

    fn links_mut(&mut self, list: List, at: At) -> Option<&mut Links> {
        self.get_mut(at)?.links.get_mut(list as usize)
    }

    /// Puts an entry between two neighbours, either of which may be none.
    pub(super) fn link(&mut self, list: List, at: At, links: Links) {
        self.between(list, links, [at, at]);
        if let Some(own) = self.links_mut(list, at) {
            *own = links;
        }
    }

    /// Takes an entry out from between its neighbours, and says which those were: who has lost its first or last one
    /// must know.
    pub(super) fn unlink(&mut self, list: List, at: At) -> Links {
        let links = self.links(list, at);
        self.between(list, links, [links.after, links.before]);
        links
    }

    /// What follows one neighbour, and what precedes the other.
    fn between(&mut self, list: List, links: Links, [first, last]: [At; 2]) {
        if let Some(before) = self.links_mut(list, links.before) {
            before.after = first;
        }
        if let Some(after) = self.links_mut(list, links.after) {
            after.before = last;
        }
    }
}

/// A list of entries, first to last.
#[derive(Debug)]
pub(super) struct Order {
    first: At,
    last: At,
}

impl Order {
    pub(super) const fn new() -> Self {
        Self { first: NONE, last: NONE }
    }

    pub(super) fn first(&self) -> Option<At> {
        (self.first != NONE).then_some(self.first)
    }

    pub(super) fn push(&mut self, at: At, slab: &mut Slab) {
        slab.link(List::Order, at, Links { before: self.last, after: NONE });
        self.last = at;
        if self.first == NONE {
            self.first = at;
        }
    }

    pub(super) fn remove(&mut self, at: At, slab: &mut Slab) {
        let links = slab.unlink(List::Order, at);
        if links.before == NONE {
            self.first = links.after;
        }
        if links.after == NONE {
            self.last = links.before;
        }
    }

    /// Makes it the last one.
    pub(super) fn renew(&mut self, at: At, slab: &mut Slab) {
        if self.last != at {
            self.remove(at, slab);
            self.push(at, slab);
        }
    }
}
