//! The store of a server: its time and its bytes against the number of sessions in it.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use tls12::{
    session::{Lookup, NewSession, Partition, SealedSession, StoreKey},
    store::{Limits, MemoryStore, SessionStore},
};

use crate::{
    growth::growth,
    table::{Table, figure, thousands},
};

/// Bytes in the session of a server without client certificates, sealed.
const SEALED: usize = 270;
/// How many are asked for, and stored, to learn how long one takes.
const PROBES: u64 = 50_000;

/// What one size of the store showed.
struct Row {
    sessions: u64,
    get: f64,
    miss: f64,
    put: f64,
    bytes: f64,
}

/// Prints a table from a thousand sessions to ten to the power of `most`.
pub fn run(most: u32) {
    let rows: Vec<Row> = (3..=most).map(|power| measure(10_u64.pow(power))).collect();
    let mut table =
        Table::new(["MemoryStore, sessions", "get, ns", "miss, ns", "put, ns", "bytes a session"]);
    for row in &rows {
        let figures = [row.get, row.miss, row.put, row.bytes].map(figure);
        table.row([thousands(row.sessions)].into_iter().chain(figures));
    }
    let law = |get: fn(&Row) -> f64, unit| {
        growth(&rows.iter().map(|row| (row.sessions as f64, get(row))).collect::<Vec<_>>(), unit)
    };
    table.row([
        "growth".to_owned(),
        law(|row| row.get, "ns"),
        law(|row| row.miss, "ns"),
        law(|row| row.put, "ns"),
        law(|row| row.bytes, "bytes"),
    ]);
    println!(
        "Each session has {SEALED} bytes; bytes a session are what the allocator gave for it. The store is full,"
    );
    println!("so that a session that is put pushes another one out.\n");
    println!("{table}");
}

fn measure(sessions: u64) -> Row {
    let count = sessions as usize;
    let mut store = None;
    let info = allocation_counter::measure(|| {
        let filled = MemoryStore::new(Limits::sessions(count));
        (0..sessions).for_each(|at| filled.put(&session(at)));
        store = Some(filled);
    });
    let store = store.expect("it was filled");
    // Shards do not fill alike, so a few are pushed out before the last one came.
    let kept = store.len() as f64;
    let asked = probes(sessions, 0).into_iter().map(|session| session.key).collect::<Vec<_>>();
    let unknown = probes(sessions, 2 * sessions).into_iter().map(|session| session.key).collect::<Vec<_>>();
    let found = |key: &StoreKey| matches!(store.get(key), Lookup::Found(_));
    let kept_of_asked = asked.iter().filter(|key| found(key)).count();
    assert!(kept_of_asked as u64 > PROBES * 4 / 5, "most of what is asked for is there");
    let get = each(&asked, |key| drop(black_box(store.get(key))));
    let miss = each(&unknown, |key| drop(black_box(store.get(key))));
    let put = each(&probes(sessions, 4 * sessions), |session| store.put(session));
    Row { sessions, get, miss, put, bytes: info.bytes_current as f64 / kept }
}

/// Sessions from all over a range that begins with `first`.
fn probes(sessions: u64, first: u64) -> Vec<NewSession> {
    // An odd stride reaches all of them before it comes back to one.
    (0..PROBES).map(|at| session(first + at.wrapping_mul(7919) % sessions)).collect()
}

/// Nanoseconds for each.
fn each<T>(items: &[T], work: impl Fn(&T)) -> f64 {
    let start = Instant::now();
    items.iter().for_each(work);
    start.elapsed().as_nanos() as f64 / items.len() as f64
}

/// The session of this number. Keys of sessions are hashes, so these look like some.
pub fn session(number: u64) -> NewSession {
    let mut state = number;
    let mut key = [0; 32];
    for chunk in key.chunks_mut(8) {
        chunk.copy_from_slice(&scrambled(&mut state).to_be_bytes());
    }
    NewSession {
        key: StoreKey { hash: key, partition: Partition::default().tag() },
        sealed: SealedSession(vec![number as u8; SEALED]),
        lifetime: Duration::from_secs(36_000),
    }
}

/// SplitMix64: every number leads to another one.
fn scrambled(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
