//! R34: a shared store costs a deadline at most, and nothing while it is dead.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tls12::{
    session::Lookup,
    store::{
        AsyncSessionStore, BreakerState, CacheSnapshot, CacheStats, DEFAULT_STORE_DEADLINE, Guarded,
        StoreError,
    },
};
use tokio::time::{Instant, advance, sleep, timeout};

use crate::fakes::{Fake, Mood, session};

const MS: Duration = Duration::from_millis(1);

struct Set {
    fake: Fake,
    store: Guarded<Fake>,
    stats: Arc<CacheStats>,
}

impl Set {
    fn new() -> Self {
        let (fake, stats) = (Fake::new(), Arc::new(CacheStats::new()));
        let store = Guarded::new(fake.clone()).with_stats(stats.clone());
        Self { fake, store, stats }
    }

    /// What a lookup gave, and how long it took.
    async fn get(&self, number: u8) -> (Lookup, Duration) {
        let begun = Instant::now();
        let found = self.store.get(&session(number).key).await;
        (found, begun.elapsed())
    }

    fn now(&self) -> CacheSnapshot {
        self.stats.snapshot()
    }

    /// Five failures.
    async fn open(&self, mood: Mood) {
        self.fake.set(mood);
        for _ in 0..5 {
            assert_eq!(self.get(1).await.0, Lookup::Unavailable);
        }
        assert_eq!(self.now().breaker, BreakerState::Open);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_well_is_asked_and_counted() {
    let set = Set::new();
    let one = session(1);
    set.store.put(&one).await;
    assert_eq!(set.get(1).await, (Lookup::Found(one.sealed.clone()), Duration::ZERO));
    set.store.remove(&one.key).await;
    assert_eq!(set.get(1).await.0, Lookup::Missing);
    let now = set.now();
    assert_eq!((now.get.found, now.get.missing, now.put.done, now.remove.done), (1, 1, 1, 1));
    assert_eq!((now.get.calls(), now.opened, now.breaker), (2, 0, BreakerState::Closed));
}

#[tokio::test(start_paused = true)]
async fn r34_a_silent_store_costs_its_deadline_and_after_five_calls_nothing() {
    let set = Set::new();
    set.fake.set(Mood::Silent);
    for _ in 0..5 {
        let (found, took) = set.get(1).await;
        assert_eq!(found, Lookup::Unavailable);
        assert!(took >= DEFAULT_STORE_DEADLINE && took < DEFAULT_STORE_DEADLINE + 5 * MS, "{took:?}");
    }
    for _ in 0..1000 {
        assert_eq!(set.get(1).await, (Lookup::Unavailable, Duration::ZERO));
        set.store.put(&session(1)).await;
        set.store.remove(&session(1).key).await;
    }
    assert_eq!(set.fake.calls(), 5);
    let now = set.now();
    assert_eq!(
        (now.get.timed_out, now.get.refused, now.put.refused, now.remove.refused),
        (5, 1000, 1000, 1000)
    );
    assert_eq!((now.opened, now.failed_by(StoreError::TimedOut)), (1, 5));
    assert!(now.get.micros >= 250_000);
}

#[tokio::test(start_paused = true)]
async fn while_it_is_open_a_call_allocates_nothing() {
    let set = Set::new();
    set.open(Mood::Silent).await;
    let one = session(1);
    let mut context = Context::from_waker(Waker::noop());
    let allocated = allocation_counter::measure(|| {
        for _ in 0..10 {
            assert_eq!(pin!(set.store.get(&one.key)).poll(&mut context), Poll::Ready(Lookup::Unavailable));
            assert_eq!(pin!(set.store.put(&one)).poll(&mut context), Poll::Ready(()));
            assert_eq!(pin!(set.store.remove(&one.key)).poll(&mut context), Poll::Ready(()));
        }
    });
    assert_eq!(allocated.count_total, 0);
}

#[tokio::test(start_paused = true)]
async fn one_call_tries_after_a_pause_and_a_store_that_came_back_is_asked_again() {
    let set = Set::new();
    set.open(Mood::Failing(StoreError::NotConnected)).await;
    advance(99 * MS).await;
    set.get(1).await;
    assert_eq!(set.fake.calls(), 5);
    // The attempt fails, and the next one is twice as far away.
    advance(MS).await;
    set.get(1).await;
    set.get(1).await;
    assert_eq!(set.fake.calls(), 6);
    advance(150 * MS).await;
    set.get(1).await;
    assert_eq!(set.fake.calls(), 6);
    advance(50 * MS).await;
    set.fake.set(Mood::Well);
    assert_eq!(set.get(1).await.0, Lookup::Missing);
    assert_eq!(set.get(1).await.0, Lookup::Missing);
    assert_eq!((set.fake.calls(), set.now().opened, set.now().breaker), (8, 1, BreakerState::Closed));
}

#[tokio::test(start_paused = true)]
async fn while_one_call_tries_no_other_waits_for_it() {
    let set = Set::new();
    set.open(Mood::Silent).await;
    advance(100 * MS).await;
    let begun = Instant::now();
    let others = async {
        sleep(MS).await;
        for _ in 0..100 {
            assert_eq!(set.get(1).await, (Lookup::Unavailable, Duration::ZERO));
        }
    };
    let (tried, ()) = tokio::join!(set.get(1), others);
    assert_eq!(tried.0, Lookup::Unavailable);
    assert!(begun.elapsed() < DEFAULT_STORE_DEADLINE + 5 * MS);
    assert_eq!(set.fake.calls(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_early_says_nothing_and_gives_its_turn_back() {
    let set = Set::new();
    set.fake.set(Mood::Silent);
    for _ in 0..100 {
        assert!(timeout(10 * MS, set.get(1)).await.is_err());
    }
    assert_eq!((set.now().get.abandoned, set.now().breaker), (100, BreakerState::Closed));
    set.open(Mood::Silent).await;
    advance(100 * MS).await;
    assert!(timeout(10 * MS, set.get(1)).await.is_err(), "it is the one that tries");
    set.fake.set(Mood::Well);
    assert_eq!(set.get(1).await.0, Lookup::Missing, "the next one tries at once");
    assert_eq!(set.now().breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_after_most_of_its_time_is_a_failure() {
    let set = Set::new();
    set.fake.set(Mood::Silent);
    for _ in 0..5 {
        assert!(timeout(40 * MS, set.get(1)).await.is_err());
    }
    assert_eq!((set.now().get.timed_out, set.now().breaker), (5, BreakerState::Open));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_full_is_alive() {
    let set = Set::new();
    set.store.put(&session(1)).await;
    set.fake.set(Mood::Failing(StoreError::Full));
    for _ in 0..100 {
        set.store.put(&session(2)).await;
    }
    set.fake.set(Mood::Well);
    assert!(matches!(set.get(1).await.0, Lookup::Found(_)));
    assert_eq!(
        (set.now().put.failed, set.now().failed_by(StoreError::Full), set.now().opened),
        (100, 100, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn slow_calls_among_quick_ones_open_it_when_they_are_half() {
    let set = Set::new();
    let mut asked = 0;
    while set.now().breaker == BreakerState::Closed {
        let mood = if asked % 2 == 0 { Mood::Slow(60 * MS) } else { Mood::Slow(MS) };
        set.fake.set(mood);
        set.get(1).await;
        asked += 1;
        assert!(asked < 100, "it never opens");
    }
    assert!(asked >= 31, "{asked}");
}

#[tokio::test(start_paused = true)]
async fn the_breaker_and_the_deadline_are_options() {
    let fake = Fake::new();
    let store =
        Guarded::new(fake.clone()).with_deadline(5 * MS).with_failures(1).with_pauses(10 * MS, 10 * MS);
    fake.set(Mood::Slow(6 * MS));
    let begun = Instant::now();
    assert_eq!(store.get(&session(1).key).await, Lookup::Unavailable);
    assert!(begun.elapsed() < 6 * MS + MS);
    store.clone().get(&session(1).key).await;
    assert_eq!(fake.calls(), 1, "clones share the breaker");
    advance(10 * MS).await;
    store.get(&session(1).key).await;
    assert_eq!(fake.calls(), 2);
}
