//! What a session takes that a server keeps.

use std::time::Duration;

use tls12::{
    session::{NewSession, Partition, SealedSession, StoreKey},
    store::{Limits, MemoryStore, SessionStore},
    wire::SessionId,
};

use super::heap::{HEAP, Heap};

/// What the store counts for each besides its bytes; a part of it is the allocator's own, and is not counted there.
const COUNTED: usize = 88;
/// What may be taken: a cell, a bucket, and what is not used yet.
const TAKEN: usize = 80;

fn put(store: &MemoryStore, n: u32, length: usize) {
    store.put(&NewSession {
        key: StoreKey::of(&Partition::default(), &SessionId::new(&n.to_be_bytes()).expect("short")),
        sealed: SealedSession(vec![7; length]),
        lifetime: Duration::from_secs(3600),
    });
}

#[test]
fn a_kept_session_takes_its_bytes_and_little_more() {
    let _heap = Heap::alone();
    for (count, most) in [(1000, TAKEN + 60), (100_000, TAKEN)] {
        for length in [0, 231] {
            let before = HEAP.current_usage();
            let store = MemoryStore::new(Limits::sessions(2 * count));
            (0..count).for_each(|n| put(&store, n as u32, length));
            let taken = HEAP.current_usage() - before;
            assert_eq!(store.len(), count);
            assert_eq!(store.bytes(), count * (length + COUNTED));
            println!("{} for each of {count} with {length}", taken / count);
            assert!(taken <= count * (length + most), "{} for each of {count}", taken / count);
        }
    }
}

#[test]
fn a_full_store_takes_no_more_however_much_goes_through_it() {
    let _heap = Heap::alone();
    let store = MemoryStore::new(Limits::sessions(10_000));
    (0..50_000).for_each(|n| put(&store, n, 200));
    let before = HEAP.current_usage();
    (50_000..150_000).for_each(|n| put(&store, n, 200));
    assert!(HEAP.current_usage() <= before + 16 * 1024, "{} and {before}", HEAP.current_usage());
}
