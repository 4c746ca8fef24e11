//! How often what happened.

use core::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{HandshakeKind, NotResumed, ResumedBy, TicketSent};

const REASONS: usize = NotResumed::ALL.len();

/// Counters of handshakes by outcome and by reason. Lock-free; share it behind an `Arc` or a `static`.
#[derive(Debug, Default)]
pub struct ResumptionStats {
    /// In the order of [`NotResumed::ALL`].
    full: [AtomicUsize; REASONS],
    by_id: AtomicUsize,
    by_ticket: AtomicUsize,
    issued: AtomicUsize,
    empty: AtomicUsize,
}

impl ResumptionStats {
    /// All zero.
    pub const fn new() -> Self {
        Self {
            full: [const { AtomicUsize::new(0) }; REASONS],
            by_id: AtomicUsize::new(0),
            by_ticket: AtomicUsize::new(0),
            issued: AtomicUsize::new(0),
            empty: AtomicUsize::new(0),
        }
    }

    /// Counts a handshake that is complete.
    pub fn record(&self, kind: &HandshakeKind, ticket: TicketSent) {
        let counter = match kind {
            HandshakeKind::Resumed(ResumedBy::SessionId) => Some(&self.by_id),
            HandshakeKind::Resumed(ResumedBy::Ticket) => Some(&self.by_ticket),
            HandshakeKind::Full(reason) => {
                NotResumed::ALL.iter().position(|known| known == reason).and_then(|at| self.full.get(at))
            }
        };
        let ticket = match ticket {
            TicketSent::No => None,
            TicketSent::Issued => Some(&self.issued),
            TicketSent::Empty => Some(&self.empty),
        };
        for counter in counter.into_iter().chain(ticket) {
            counter.fetch_add(1, Relaxed);
        }
    }

    /// What was counted so far. Handshakes that end meanwhile may be in some of the numbers and not in others.
    pub fn snapshot(&self) -> Snapshot {
        let read = |counter: &AtomicUsize| counter.load(Relaxed) as u64;
        let mut full = [0; REASONS];
        full.iter_mut().zip(&self.full).for_each(|(to, from)| *to = read(from));
        Snapshot {
            full,
            by_id: read(&self.by_id),
            by_ticket: read(&self.by_ticket),
            issued: read(&self.issued),
            empty: read(&self.empty),
        }
    }
}

/// The numbers of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    full: [u64; REASONS],
    /// Handshakes that resumed by ID.
    pub by_id: u64,
    /// Handshakes that resumed by ticket.
    pub by_ticket: u64,
    /// Tickets that were issued, in full handshakes or renewed.
    pub issued: u64,
    /// Empty tickets that were sent.
    pub empty: u64,
}

impl Snapshot {
    /// Full handshakes for one reason.
    pub fn full_for(&self, reason: NotResumed) -> u64 {
        self.reasons().find_map(|(known, count)| (known == reason).then_some(count)).unwrap_or(0)
    }

    /// Every reason and how many full handshakes it had, by rising number.
    pub fn reasons(&self) -> impl Iterator<Item = (NotResumed, u64)> {
        NotResumed::ALL.iter().copied().zip(self.full)
    }

    /// All full handshakes.
    pub fn full(&self) -> u64 {
        self.full.iter().sum()
    }

    /// All handshakes.
    pub fn handshakes(&self) -> u64 {
        self.full().saturating_add(self.by_id).saturating_add(self.by_ticket)
    }

    /// The same in the text format of Prometheus.
    pub fn prometheus(&self) -> impl fmt::Display {
        Prometheus(*self)
    }
}

/// Lines for a person: what never happened is left out.
impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [handshakes, full] = [self.handshakes(), self.full()];
        writeln!(f, "handshakes: {handshakes}")?;
        writeln!(f, "resumed by id: {}, by ticket: {}", self.by_id, self.by_ticket)?;
        writeln!(f, "tickets issued: {}, empty: {}", self.issued, self.empty)?;
        writeln!(f, "full: {full}")?;
        for (reason, count) in self.reasons().filter(|(_, count)| *count > 0) {
            writeln!(f, "  {:>2} {reason}: {count}", reason.code())?;
        }
        Ok(())
    }
}

struct Prometheus(Snapshot);

impl fmt::Display for Prometheus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("# HELP tls12_handshakes_total Complete handshakes by outcome and by why no session was resumed.\n")?;
        f.write_str("# TYPE tls12_handshakes_total counter\n")?;
        for (by, count) in [(ResumedBy::SessionId, self.0.by_id), (ResumedBy::Ticket, self.0.by_ticket)] {
            writeln!(f, "tls12_handshakes_total{{outcome=\"resumed\",by=\"{by}\"}} {count}")?;
        }
        for (reason, count) in self.0.reasons() {
            let code = reason.code();
            writeln!(
                f,
                "tls12_handshakes_total{{outcome=\"full\",code=\"{code}\",reason=\"{reason}\"}} {count}"
            )?;
        }
        f.write_str("# HELP tls12_tickets_total Tickets sent by what was in them.\n")?;
        f.write_str("# TYPE tls12_tickets_total counter\n")?;
        writeln!(f, "tls12_tickets_total{{ticket=\"issued\"}} {}", self.0.issued)?;
        writeln!(f, "tls12_tickets_total{{ticket=\"empty\"}} {}", self.0.empty)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn every_outcome_is_counted_once_under_its_own_name() {
        let stats = ResumptionStats::new();
        for reason in NotResumed::ALL {
            stats.record(&HandshakeKind::Full(*reason), TicketSent::No);
        }
        stats.record(&HandshakeKind::Full(NotResumed::Forged), TicketSent::Issued);
        stats.record(&HandshakeKind::Resumed(ResumedBy::SessionId), TicketSent::No);
        stats.record(&HandshakeKind::Resumed(ResumedBy::Ticket), TicketSent::Empty);
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.full_for(NotResumed::Forged), 2);
        assert_eq!(snapshot.full_for(NotResumed::Expired), 1);
        assert_eq!(snapshot.handshakes(), NotResumed::ALL.len() as u64 + 3);
        let numbers = [snapshot.by_id, snapshot.by_ticket, snapshot.issued, snapshot.empty];
        assert_eq!(numbers, [1, 1, 1, 1]);
    }

    #[test]
    fn numbers_are_text_and_prometheus_lines() {
        let stats = ResumptionStats::new();
        stats.record(&HandshakeKind::Full(NotResumed::Expired), TicketSent::Issued);
        stats.record(&HandshakeKind::Resumed(ResumedBy::Ticket), TicketSent::No);
        let snapshot = stats.snapshot();
        let text = snapshot.to_string();
        assert!(text.contains("resumed by id: 0, by ticket: 1\n"), "{text}");
        assert!(text.contains("  30 Expired: 1\n"), "{text}");
        assert!(!text.contains("Forged"), "{text}");
        let lines = snapshot.prometheus().to_string();
        let line = "tls12_handshakes_total{outcome=\"full\",code=\"30\",reason=\"Expired\"} 1\n";
        assert!(lines.contains(line), "{lines}");
        assert!(lines.contains("tls12_handshakes_total{outcome=\"resumed\",by=\"ticket\"} 1\n"), "{lines}");
        assert!(lines.contains("tls12_tickets_total{ticket=\"issued\"} 1\n"), "{lines}");
        assert!(lines.lines().all(|line| line.starts_with('#') || line.split_whitespace().count() == 2));
    }
}
