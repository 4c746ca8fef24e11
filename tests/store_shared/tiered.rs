//! Two levels: what the first one answers, and that what was removed is not resumed (R29).

use std::{sync::Arc, time::Duration};

use tls12::{
    session::{Lookup, NewSession},
    store::{
        AsyncSessionStore, CacheStats, Guarded, Limits, MemoryStore, NoStore, SessionStore, StoreError,
        TieredStore,
    },
};
use tokio::time::{Instant, advance, sleep};

use crate::fakes::{Fake, Mood, session};

const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

type Tiered = TieredStore<MemoryStore, Guarded<Fake>>;

/// By tokio's clock, which a test turns.
fn memory() -> MemoryStore {
    let begun = Instant::now();
    MemoryStore::new(Limits::sessions(100)).with_clock(move || begun.elapsed())
}

fn tiered(fake: &Fake) -> Tiered {
    TieredStore::new(memory(), Guarded::new(fake.clone())).with_removed(memory())
}

async fn get(store: &impl AsyncSessionStore, session: &NewSession) -> Lookup {
    store.get(&session.key).await
}

fn found(session: &NewSession) -> Lookup {
    Lookup::Found(session.sealed.clone())
}

#[tokio::test(start_paused = true)]
async fn what_this_process_stored_it_answers_alone_and_another_process_finds_it_too() {
    let (fake, stats) = (Fake::new(), Arc::new(CacheStats::new()));
    let (one, other) = (tiered(&fake).with_stats(stats.clone()), tiered(&fake));
    let session = session(1);
    one.put(&session).await;
    assert_eq!(fake.calls(), 1);
    assert_eq!(get(&one, &session).await, found(&session));
    assert_eq!(fake.calls(), 1);
    assert_eq!(get(&other, &session).await, found(&session));
    assert_eq!(get(&other, &session).await, found(&session));
    assert_eq!(fake.calls(), 2, "the second time it is local");
    assert_eq!((stats.snapshot().local_hits, stats.snapshot().local_misses), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_local_level_answers_for_its_timeout_or_for_the_session_s_life_if_that_is_shorter() {
    let fake = Fake::new();
    let store = tiered(&fake).with_local_timeout(2 * MINUTE);
    let (long, short) = (session(1), NewSession { lifetime: MINUTE, ..session(2) });
    store.put(&long).await;
    store.put(&short).await;
    advance(MINUTE).await;
    get(&store, &short).await;
    assert_eq!(fake.calls(), 3);
    get(&store, &long).await;
    assert_eq!(fake.calls(), 3);
    advance(MINUTE).await;
    get(&store, &long).await;
    assert_eq!(fake.calls(), 4);
    // And as long again from there.
    advance(2 * MINUTE - MS).await;
    get(&store, &long).await;
    assert_eq!(fake.calls(), 4);
    advance(MS).await;
    get(&store, &long).await;
    assert_eq!(fake.calls(), 5);
}

#[tokio::test(start_paused = true)]
async fn local_hits_go_on_while_the_shared_store_is_dead_and_what_is_not_here_has_its_reason() {
    let fake = Fake::new();
    let store = tiered(&fake);
    let (here, there) = (session(1), session(2));
    store.put(&here).await;
    fake.insert(&there);
    fake.set(Mood::Silent);
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(get(&store, &here).await, found(&here));
        assert_eq!(begun.elapsed(), Duration::ZERO);
        assert_eq!(get(&store, &there).await, Lookup::Unavailable);
    }
    assert_eq!(get(&store, &session(3)).await, Lookup::Unavailable);
    fake.set(Mood::Well);
    advance(3 * MINUTE).await;
    assert_eq!(get(&store, &there).await, found(&there));
    assert_eq!(get(&store, &session(3)).await, Lookup::Missing);
}

#[tokio::test(start_paused = true)]
async fn r29_what_was_removed_is_gone_on_both_levels() {
    let fake = Fake::new();
    let (one, other) = (tiered(&fake), TieredStore::new(NoStore, Guarded::new(fake.clone())));
    let session = session(1);
    one.put(&session).await;
    one.remove(&session.key).await;
    assert_eq!(get(&one, &session).await, Lookup::Missing);
    assert_eq!(get(&other, &session).await, Lookup::Missing);
    assert!(!fake.has(&session.key));
}

#[tokio::test(start_paused = true)]
async fn r29_what_was_removed_while_the_shared_store_was_down_is_not_resumed_here() {
    let (fake, stats) = (Fake::new(), Arc::new(CacheStats::new()));
    let store = tiered(&fake).with_stats(stats.clone());
    let session = session(1);
    store.put(&session).await;
    fake.set(Mood::Failing(StoreError::NotConnected));
    store.remove(&session.key).await;
    fake.set(Mood::Well);
    assert!(fake.has(&session.key));
    assert_eq!(get(&store, &session).await, Lookup::Missing);
    advance(24 * 60 * MINUTE).await;
    assert_eq!(get(&store, &session).await, Lookup::Missing);
    assert_eq!(stats.snapshot().local_removed, 2);
}

#[tokio::test(start_paused = true)]
async fn r29_a_lookup_under_way_does_not_bring_a_removed_session_back() {
    let fake = Fake::new();
    let store = tiered(&fake);
    let session = session(1);
    fake.insert(&session);
    fake.set(Mood::Slow(20 * MS));
    let removing = async {
        sleep(10 * MS).await;
        store.remove(&session.key).await;
    };
    let (looked, ()) = tokio::join!(get(&store, &session), removing);
    assert_eq!(looked, Lookup::Missing, "the shared store had answered before");
    assert_eq!(SessionStore::get(store.local(), &session.key), Lookup::Missing);
    fake.insert(&session);
    assert_eq!(get(&store, &session).await, Lookup::Missing);
}

#[tokio::test(start_paused = true)]
async fn r29_what_was_removed_is_not_stored_afterwards() {
    let fake = Fake::new();
    let store = tiered(&fake);
    let session = session(1);
    store.remove(&session.key).await;
    store.put(&session).await;
    assert!(!fake.has(&session.key));
    assert_eq!(get(&store, &session).await, Lookup::Missing);
    assert!(store.local().is_empty());
}

/// Many threads look a session up while one removes it: whoever asks after that finds nothing.
#[test]
fn r29_a_removal_wins_over_lookups_on_other_threads() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    for round in 0..40 {
        let fake = Fake::new();
        fake.set(Mood::Slow(MS));
        let store = TieredStore::new(MemoryStore::new(Limits::sessions(100)), Guarded::new(fake.clone()));
        let session = session(round as u8);
        fake.insert(&session);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| runtime().block_on(get(&store, &session)));
            }
            scope.spawn(|| {
                // Before, during and after the lookups.
                std::thread::sleep(MS * round / 10);
                runtime().block_on(store.remove(&session.key));
                // As if it had not heard of it.
                fake.insert(&session);
                assert_eq!(runtime().block_on(get(&store, &session)), Lookup::Missing);
            });
        });
        // A lookup that was under way may have had it here for a moment.
        assert!(store.local().is_empty());
    }
}
