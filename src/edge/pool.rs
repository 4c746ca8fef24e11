//! Memory for buffers, shared by all connections of the process: who waits for its peer holds none.
//!
//! A connection takes a buffer when there is something to receive or to send, and gives it back when it is empty and
//! there is nothing to do. That is cheaper than allocating, which would have to clear the memory each time, and what a
//! busy process has is bounded by what it does at once, not by how many connections it has.

use std::{
    sync::{Mutex, TryLockError},
    vec::Vec,
};

use crate::record::RecvBuf;

/// The most buffers of each kind that are kept for later: for the connections that are busy at once, not for all.
const MOST_KEPT: usize = 64;
/// The largest that are kept, in bytes: with records as short as a peer may want them, 32 KiB of plaintext take less. One
/// byte to a record, which only the caller can want, they take thirty times as much.
const LARGEST_KEPT: usize = 64 * 1024;

struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Nobody waits for memory that can be allocated, or dropped.
    fn with<R>(&self, change: impl FnOnce(&mut Vec<Vec<u8>>) -> R) -> Option<R> {
        match self.0.try_lock() {
            Ok(mut kept) => Some(change(&mut kept)),
            Err(TryLockError::Poisoned(poisoned)) => Some(change(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn take(&self) -> Option<Vec<u8>> {
        self.with(Vec::pop).flatten()
    }

    fn give(&self, memory: Vec<u8>) {
        if memory.capacity() > LARGEST_KEPT {
            return;
        }
        // What does not fit is dropped when the lock is free again.
        let _rest = self.with(|kept| match kept.len() < MOST_KEPT {
            true => {
                kept.push(memory);
                None
            }
            false => Some(memory),
        });
    }
}

/// Each has room for one record of the largest size, and is wiped.
static RECEIVING: Pool = Pool::new();
/// What was in them was sent, encrypted.
static SENDING: Pool = Pool::new();

/// An empty buffer to receive to.
pub(crate) fn receiving() -> RecvBuf {
    RECEIVING.take().map_or_else(RecvBuf::new, RecvBuf::from_vec)
}

/// Gives the memory of one back, wiped.
pub(super) fn received(buf: RecvBuf) {
    RECEIVING.give(buf.into_vec());
}

/// An empty vector to encrypt to.
pub(super) fn sending() -> Vec<u8> {
    SENDING.take().unwrap_or_default()
}

/// Gives one back.
pub(super) fn sent(mut out: Vec<u8>) {
    if out.capacity() > 0 {
        out.clear();
        SENDING.give(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_taken_again_and_only_so_much_is_kept() {
        let pool = Pool::new();
        assert_eq!(pool.take(), None);
        (0..100).for_each(|n| pool.give(vec![n]));
        let taken: Vec<_> = std::iter::from_fn(|| pool.take()).collect();
        assert_eq!(taken.len(), MOST_KEPT);
        assert_eq!(taken.first(), Some(&vec![63]));
    }

    #[test]
    fn what_is_larger_than_usual_is_not_kept() {
        let pool = Pool::new();
        pool.give(Vec::with_capacity(LARGEST_KEPT + 1));
        assert_eq!(pool.take(), None);
        pool.give(vec![1; LARGEST_KEPT]);
        assert!(pool.take().is_some());
    }

    #[test]
    fn nobody_waits_for_it() {
        let pool = Pool::new();
        pool.give(vec![1]);
        let busy = pool.0.lock().expect("nobody else has it");
        assert_eq!(pool.take(), None);
        pool.give(vec![2]);
        drop(busy);
        assert_eq!((pool.take(), pool.take()), (Some(vec![1]), None));
    }
}
