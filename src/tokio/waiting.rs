//! Who waits until the transport takes more bytes.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

/// A half of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// It reads, and is the one who sends alerts.
    Reading,
    /// It writes.
    Writing,
}

/// The tasks that wait for the transport to take more. Both halves may, on tasks of their own, but a transport
/// remembers one waker: it is given one that wakes both.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    reading: Option<Waker>,
    writing: Option<Waker>,
}

impl Waiting {
    /// What the transport should remember for a half that polls it with `own`; `None` if that is `own` itself.
    pub(super) fn combined(&self, half: Half, own: &Waker) -> Option<Waker> {
        let other = match half {
            Half::Reading => &self.writing,
            Half::Writing => &self.reading,
        };
        let other = other.as_ref().filter(|other| !other.will_wake(own))?;
        Some(Waker::from(Arc::new(Both(own.clone(), other.clone()))))
    }

    /// A half waits now.
    pub(super) fn wait(&mut self, half: Half, own: &Waker) {
        let slot = match half {
            Half::Reading => &mut self.reading,
            Half::Writing => &mut self.writing,
        };
        match slot {
            Some(known) => known.clone_from(own),
            None => *slot = Some(own.clone()),
        }
    }

    /// Nobody needs to wait any more; wakes who did, except for the one who found out.
    pub(super) fn release(&mut self, own: &Waker) {
        for waiting in [self.reading.take(), self.writing.take()].into_iter().flatten() {
            if !waiting.will_wake(own) {
                waiting.wake();
            }
        }
    }
}

struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn waker() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (count.clone(), Waker::from(count))
    }

    #[test]
    fn a_transport_that_remembers_one_waker_wakes_both_halves() {
        let ((reads, reader), (writes, writer)) = (waker(), waker());
        let mut waiting = Waiting::default();
        assert!(waiting.combined(Half::Writing, &writer).is_none());
        waiting.wait(Half::Writing, &writer);
        assert!(waiting.combined(Half::Writing, &writer).is_none());
        waiting.combined(Half::Reading, &reader).expect("one for both").wake();
        assert_eq!((reads.0.load(Ordering::Relaxed), writes.0.load(Ordering::Relaxed)), (1, 1));
    }

    #[test]
    fn one_task_that_does_both_is_not_woken_for_itself() {
        let (count, waker) = waker();
        let mut waiting = Waiting::default();
        waiting.wait(Half::Writing, &waker);
        assert!(waiting.combined(Half::Reading, &waker).is_none());
        waiting.wait(Half::Reading, &waker);
        waiting.release(&waker);
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }
}
