//! When a store that fails is not asked any more, and when it is asked again.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst},
    time::Duration,
};

use super::BreakerState;

/// Of as many calls, half must fail.
const WINDOW: u32 = 32;

/// When it opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// So many failures in a row; 1 to 32.
    pub(super) failures: u32,
    /// For how long at first.
    pub(super) pause: Duration,
    /// For how long at most.
    pub(super) longest: Duration,
}

/// Closed, open until some time, or half open, with one call under way that tries.
///
/// Times are those of its owner's clock. Nothing here locks or allocates.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: Settings,
    /// In microseconds: [`CLOSED`], [`PROBING`], or until when it is open.
    until: AtomicU64,
    /// How often it opened. A call that began before that has no say in what came after.
    opened: AtomicU64,
    /// How often the attempt failed since it was closed.
    attempts: AtomicU32,
    /// How the last calls ended, the last one in the lowest bit: 1 is a failure.
    history: AtomicU64,
}

const CLOSED: u64 = 0;
const PROBING: u64 = u64::MAX;

/// A call that may be made. It must be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Pass {
    /// One of many. How often the breaker had opened before.
    Usual(u64),
    /// The one that tries.
    Probe,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The store answered.
    Answered,
    /// It did not.
    Outage,
    /// Nobody waited long enough to say.
    Abandoned,
}

impl Breaker {
    pub(super) const fn new(settings: Settings) -> Self {
        Self {
            settings,
            until: AtomicU64::new(CLOSED),
            opened: AtomicU64::new(0),
            attempts: AtomicU32::new(0),
            history: AtomicU64::new(0),
        }
    }

    pub(super) fn settings(&self) -> Settings {
        self.settings
    }

    /// Whether a call may be made.
    pub(super) fn enter(&self, now: Duration) -> Option<Pass> {
        // First, so that what is read later can only be newer.
        let opened = self.opened.load(SeqCst);
        match self.until.load(SeqCst) {
            CLOSED => Some(Pass::Usual(opened)),
            PROBING => None,
            until if micros(now) < until => None,
            until => self.until.compare_exchange(until, PROBING, SeqCst, SeqCst).ok().map(|_| Pass::Probe),
        }
    }

    /// Takes back what [`Self::enter`] gave. Returns the new state, if this changed it.
    pub(super) fn leave(&self, pass: Pass, ended: Ended, now: Duration) -> Option<BreakerState> {
        match (pass, ended) {
            (Pass::Usual(_), Ended::Abandoned) => None,
            (Pass::Usual(opened), _) if opened != self.opened.load(SeqCst) => None,
            (Pass::Usual(_), Ended::Answered) => {
                // Most often there is nothing to write.
                if self.history.load(SeqCst) != 0 {
                    self.remember(0);
                }
                None
            }
            (Pass::Usual(_), Ended::Outage) => {
                let is_enough = self.is_enough(self.remember(1));
                is_enough.then(|| self.open(now)).flatten()
            }
            (Pass::Probe, Ended::Answered) => {
                self.attempts.store(0, SeqCst);
                self.history.store(0, SeqCst);
                self.until.store(CLOSED, SeqCst);
                Some(BreakerState::Closed)
            }
            (Pass::Probe, Ended::Outage) => {
                let attempts = self.attempts.fetch_add(1, SeqCst).saturating_add(1);
                self.until.store(self.end(now, attempts), SeqCst);
                Some(BreakerState::Open)
            }
            // The next one tries instead.
            (Pass::Probe, Ended::Abandoned) => {
                self.until.store(micros(now).max(1), SeqCst);
                Some(BreakerState::Open)
            }
        }
    }

    fn open(&self, now: Duration) -> Option<BreakerState> {
        // Before it is open: who finds it open finds this done.
        self.opened.fetch_add(1, SeqCst);
        let until = self.end(now, 0);
        let result = self.until.compare_exchange(CLOSED, until, SeqCst, SeqCst);
        result.is_ok().then_some(BreakerState::Open)
    }

    /// Until when it is open after so many attempts that failed.
    fn end(&self, now: Duration, attempts: u32) -> u64 {
        let pause = self.settings.pause.saturating_mul(1 << attempts.min(16)).min(self.settings.longest);
        micros(now.saturating_add(pause)).clamp(1, PROBING - 1)
    }

    fn remember(&self, bit: u64) -> u64 {
        let next = |history: u64| history << 1 | bit;
        self.history.fetch_update(SeqCst, SeqCst, |history| Some(next(history))).map_or(0, next)
    }

    /// So many in a row, or half of the last ones: under load, calls that succeed come between those that fail.
    fn is_enough(&self, history: u64) -> bool {
        let in_a_row = history.trailing_ones() >= self.settings.failures;
        let recent = history & ((1 << WINDOW) - 1);
        in_a_row || recent.count_ones() >= WINDOW / 2
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn breaker() -> Breaker {
        Breaker::new(Settings { failures: 3, pause: 100 * MS, longest: 300 * MS })
    }

    fn fail(breaker: &Breaker, now: Duration) -> Option<BreakerState> {
        let pass = breaker.enter(now).expect("it lets calls through");
        breaker.leave(pass, Ended::Outage, now)
    }

    fn opened(now: Duration) -> Breaker {
        let breaker = breaker();
        assert_eq!([(); 3].map(|()| fail(&breaker, now)), [None, None, Some(BreakerState::Open)]);
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row() {
        let breaker = breaker();
        for ended in [Ended::Outage, Ended::Outage, Ended::Answered, Ended::Outage, Ended::Outage] {
            let pass = breaker.enter(MS).expect("closed");
            assert_eq!(breaker.leave(pass, ended, MS), None);
        }
        assert_eq!(fail(&breaker, MS), Some(BreakerState::Open));
        assert_eq!(breaker.enter(MS), None);
    }

    #[test]
    fn it_opens_when_half_of_the_calls_fail_however_they_are_mixed() {
        let breaker = Breaker::new(Settings { failures: 32, ..breaker().settings });
        let mut changes = 0;
        for _ in 0..16 {
            changes += usize::from(fail(&breaker, MS).is_some());
            if let Some(pass) = breaker.enter(MS) {
                assert_eq!(breaker.leave(pass, Ended::Answered, MS), None);
            }
        }
        assert_eq!((changes, breaker.enter(MS)), (1, None));
    }

    #[test]
    fn a_few_failures_among_many_answers_do_not_open_it() {
        let breaker = breaker();
        for round in 0..1000 {
            let ended = if round % 3 == 0 { Ended::Outage } else { Ended::Answered };
            let pass = breaker.enter(MS).expect("closed");
            assert_eq!(breaker.leave(pass, ended, MS), None);
        }
    }

    #[test]
    fn one_call_tries_after_a_pause_that_doubles_up_to_the_longest() {
        let breaker = opened(MS);
        let mut now = MS;
        for pause in [100, 200, 300, 300] {
            now += (pause - 1) * MS;
            assert_eq!(breaker.enter(now), None);
            now += MS;
            assert_eq!(breaker.enter(now), Some(Pass::Probe));
            assert_eq!(breaker.enter(now), None, "one only");
            assert_eq!(breaker.leave(Pass::Probe, Ended::Outage, now), Some(BreakerState::Open));
        }
        now += 300 * MS;
        assert_eq!(breaker.enter(now), Some(Pass::Probe));
        assert_eq!(breaker.leave(Pass::Probe, Ended::Answered, now), Some(BreakerState::Closed));
        assert_eq!([(); 3].map(|()| fail(&breaker, now)), [None, None, Some(BreakerState::Open)]);
        assert_eq!(breaker.enter(now + 100 * MS), Some(Pass::Probe), "the pause is short again");
    }

    #[test]
    fn an_attempt_that_nobody_waited_for_lets_the_next_one_try() {
        let breaker = opened(MS);
        assert_eq!(breaker.enter(101 * MS), Some(Pass::Probe));
        breaker.leave(Pass::Probe, Ended::Abandoned, 102 * MS);
        assert_eq!(breaker.enter(102 * MS), Some(Pass::Probe));
    }

    #[test]
    fn what_began_before_it_opened_has_no_say_after_it_closed() {
        let breaker = breaker();
        let early = [(); 6].map(|()| breaker.enter(MS).expect("closed"));
        for pass in &early[..3] {
            breaker.leave(*pass, Ended::Outage, MS);
        }
        assert_eq!(breaker.enter(101 * MS), Some(Pass::Probe));
        breaker.leave(Pass::Probe, Ended::Answered, 101 * MS);
        for pass in &early[3..] {
            assert_eq!(breaker.leave(*pass, Ended::Outage, 101 * MS), None);
        }
        assert!(matches!(breaker.enter(101 * MS), Some(Pass::Usual(_))));
    }
}
