//! What honest peers did.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tls12::session::{HandshakeKind, ResumedBy};

use crate::random::Bytes;

/// What is done to the servers meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing is measured.
    Between,
    /// Certificates, keys, Redis.
    Faults,
    /// Nothing.
    Quiet,
    /// Attackers.
    Attack,
}

/// How a handshake went, and the certificate that came with it.
pub(crate) struct Made {
    pub(crate) kind: HandshakeKind,
    pub(crate) leaf: Option<Vec<u8>>,
}

pub(crate) struct Tally {
    /// What is sent is cut from these.
    pub(crate) bytes: Bytes,
    phase: AtomicU8,
    counts: Mutex<Counts>,
    echoed: AtomicU64,
    closed: AtomicU64,
}

/// The counts of a moment.
#[derive(Clone, Default)]
pub(crate) struct Counts {
    pub(crate) full: u64,
    pub(crate) by_id: u64,
    pub(crate) by_ticket: u64,
    /// Microseconds that handshakes took, by phase.
    times: [Vec<u32>; 4],
    /// What failed, and how often.
    pub(crate) failures: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Bytes::new(),
            phase: AtomicU8::new(Phase::Between as u8),
            counts: Mutex::default(),
            echoed: AtomicU64::new(0),
            closed: AtomicU64::new(0),
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    pub(crate) fn phase(&self) -> Phase {
        let phases = [Phase::Between, Phase::Faults, Phase::Quiet, Phase::Attack];
        phases[usize::from(self.phase.load(Relaxed))]
    }

    /// A handshake that began in this phase. Its time counts if it ended in the same one.
    pub(crate) fn made(&self, kind: HandshakeKind, took: Duration, begun: Phase) {
        let mut counts = self.lock();
        match kind {
            HandshakeKind::Full(_) => counts.full += 1,
            HandshakeKind::Resumed(ResumedBy::SessionId) => counts.by_id += 1,
            HandshakeKind::Resumed(ResumedBy::Ticket) => counts.by_ticket += 1,
        }
        if begun == self.phase() {
            counts.times[begun as usize].push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        }
    }

    pub(crate) fn echoed(&self, len: usize) {
        self.echoed.fetch_add(len as u64, Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.closed.fetch_add(1, Relaxed);
    }

    pub(crate) fn failed(&self, why: String) {
        *self.lock().failures.entry(why).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// Bytes that came back as they were sent.
    pub(crate) fn bytes_echoed(&self) -> u64 {
        self.echoed.load(Relaxed)
    }

    /// Connections that ended as both sides should end them.
    pub(crate) fn connections_closed(&self) -> u64 {
        self.closed.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    pub(crate) fn handshakes(&self) -> u64 {
        self.full + self.by_id + self.by_ticket
    }

    /// How many handshakes were made in a phase, and the microseconds that half of them, and 99 of 100, did not exceed.
    pub(crate) fn times(&self, phase: Phase) -> Times {
        let mut times = self.times[phase as usize].clone();
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        Times { count: times.len(), p50: at(50), p99: at(99) }
    }
}

/// How long handshakes took, in microseconds.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) count: usize,
    pub(crate) p50: u32,
    pub(crate) p99: u32,
}
