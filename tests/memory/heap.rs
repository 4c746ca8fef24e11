//! Counting what is allocated.

use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
pub(crate) static HEAP: PeakAlloc = PeakAlloc;
/// Everything in the process is counted, so one test runs at a time.
static TURN: Mutex<()> = Mutex::new(());

/// What something took from the heap, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// At most, at any time.
    peak: usize,
    /// At its end, with what it returned.
    held: usize,
    /// When that is dropped too.
    left: isize,
}

/// The heap, while no other test runs.
pub(crate) struct Heap(#[expect(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

impl Heap {
    pub(crate) fn alone() -> Self {
        Self(TURN.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs it six times, the first not counted: then what is made once in a process is there. The threads of the
    /// test harness allocate a little too, now and then, so the least of five counts; what leaks does so each time.
    pub(crate) fn taken<T>(&self, run: impl Fn() -> T) -> Taken {
        drop(run());
        let counted = [(); 5].map(|()| {
            let before = HEAP.current_usage();
            HEAP.reset_peak_usage();
            let end = run();
            let peak = HEAP.peak_usage().saturating_sub(before);
            let held = HEAP.current_usage().saturating_sub(before);
            drop(end);
            Taken { peak, held, left: HEAP.current_usage().cast_signed() - before.cast_signed() }
        });
        Taken {
            peak: counted.iter().map(|each| each.peak).min().expect("five"),
            held: counted.iter().map(|each| each.held).min().expect("five"),
            left: counted.iter().map(|each| each.left).min_by_key(|left| left.abs()).expect("five"),
        }
    }
}

impl Taken {
    /// Peak and end are within these bounds, and all is given back.
    #[track_caller]
    pub(crate) fn within(self, peak: usize, held: usize) {
        println!("{self:?}, bounds {peak} and {held}");
        assert!(self.peak <= peak, "{self:?}: more than {peak} bytes at its peak");
        assert!(self.held <= held, "{self:?}: more than {held} bytes at its end");
        assert_eq!(self.left, 0, "{self:?}: not all is given back");
    }
}
