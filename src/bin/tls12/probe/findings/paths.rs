//! What the replays showed.

use super::{Finding, Severity, advice};
use crate::probe::{
    experiments::{By, replay::Verdict},
    report::{Address, Path},
    tally::Tally,
    verdict::interval,
};

/// Findings of both ways to resume.
pub(super) fn of(address: &Address) -> Vec<Finding> {
    let mut found: Vec<_> = address.paths().filter_map(|(by, path)| one(by, path)).collect();
    let by_ticket = address.ticket.as_ref().map(|path| path.verdict);
    for finding in &mut found {
        // Who has a ticket does not need the ID.
        if finding.code == "does-not-work"
            && matches!(by_ticket, Some(Verdict::Works | Verdict::RenewedEachTime))
        {
            finding.severity = Severity::Low;
        }
    }
    let none = |verdict| matches!(verdict, Verdict::NotOffered | Verdict::DoesNotWork);
    if address.paths().count() == 2 && address.paths().all(|(_, path)| none(path.verdict)) {
        found.push(
            Finding::new(
                "no-resumption",
                Severity::High,
                "Nothing is resumed",
                "Every connection costs a signature of the server and a round trip more.",
            )
            .change(advice::TURN_ON),
        );
    }
    for (by, path) in address.paths() {
        if path.fixed.failed > 0 {
            found.push(Finding::new(
                "tries-failed",
                Severity::Low,
                format!("{} of the offers by {} failed: {}", path.fixed.failed, by.name(), why(&path.fixed)),
                "What failed is left out of the shares above. A server that fails where it could do a full handshake costs \
                 its clients a connection.",
            ));
        }
    }
    found
}

fn why(tally: &Tally) -> &str {
    tally.failure.as_deref().unwrap_or("no reason was given")
}

fn one(by: By, path: &Path) -> Option<Finding> {
    let name = match by {
        By::Ticket => "Tickets",
        By::Id => "Session IDs",
    };
    let share = match by {
        By::Ticket => advice::SHARE_KEYS,
        By::Id => advice::SHARE_CACHE,
    };
    match path.verdict {
        Verdict::WorksOnSomeNodes => Some(
            Finding::new(
                "some-nodes",
                Severity::High,
                format!(
                    "{name} are resumed on some nodes only: {} of {}, which is {}",
                    path.fixed.resumed,
                    path.fixed.completed,
                    interval(&path.fixed)
                ),
                "There is more than one server or process behind this address, and they do not share what sessions need.",
            )
            .change(share),
        ),
        Verdict::SingleUse => Some(
            Finding::new(
                "single-use",
                Severity::Medium,
                format!("{name} are good for one use"),
                "Clients that open several connections at a time, as browsers do, resume one of them.",
            )
            .change(advice::ONCE),
        ),
        Verdict::OnlyAsChain => Some(
            Finding::new(
                "only-as-chain",
                Severity::Medium,
                format!("{name} are good for one use, and each use gives a new one"),
                "Clients that take what is new resume again and again; those that open several connections at a time resume one.",
            )
            .change(advice::ONCE),
        ),
        Verdict::RenewedEachTime => Some(
            Finding::new(
                "renewed-each-time",
                Severity::Low,
                format!("{name} are renewed each time they are used"),
                "Sessions are resumed. Every handshake carries a ticket more than it needs, and tools that compare tickets \
                 take it for no resumption.",
            )
            .change(advice::RENEW_LESS),
        ),
        Verdict::DoesNotWork => Some(
            Finding::new(
                "does-not-work",
                Severity::High,
                format!("{name} are given and never resumed"),
                "Clients keep and offer what is of no use.",
            )
            .change(share),
        ),
        Verdict::CouldNotTell => Some(Finding::new(
            "could-not-tell",
            Severity::Medium,
            format!("{name} cannot be judged: {}", why(&path.fixed)),
            "Too many connections failed when they offered a session and did not without one.",
        )),
        Verdict::Works | Verdict::NotOffered => None,
    }
}
