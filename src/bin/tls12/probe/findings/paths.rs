//! What the replays showed.

use super::{
    Finding, Severity,
    advice::{self, Change},
};
use crate::probe::{
    experiments::{By, replay::Verdict},
    report::{Address, Path},
    tally::Tally,
    verdict::{interval, now_and_then},
};

/// What a verdict means.
struct Known {
    verdict: Verdict,
    code: &'static str,
    severity: Severity,
    /// What follows "Tickets" or "Session IDs".
    title: &'static str,
    meaning: &'static str,
    /// By ticket, and by ID.
    change: [&'static [Change]; 2],
}

const KNOWN: &[Known] = &[
    Known {
        verdict: Verdict::WorksOnSomeNodes,
        code: "some-nodes",
        severity: Severity::High,
        title: "are resumed on some nodes only",
        meaning: "There is more than one server or process behind this address, and they do not share what sessions need.",
        change: [advice::SHARE_KEYS, advice::SHARE_CACHE],
    },
    Known {
        verdict: Verdict::WhileConnected,
        code: "while-connected",
        severity: Severity::Medium,
        title: "are resumed only while the connection that made them lasts",
        meaning: "That is enough for the data connections of FTP. Whoever comes back later makes a full handshake.",
        change: [advice::KEEP, advice::KEEP],
    },
    Known {
        verdict: Verdict::NowAndThen,
        code: "now-and-then",
        severity: Severity::High,
        title: "are resumed now and then",
        meaning: "They are lost soon after they are made, in a cache that is too small or drops them with their connection; or \
                  there are many servers or processes behind this address, which do not share what sessions need.",
        change: [advice::SHARE_KEYS, advice::SHARE_CACHE],
    },
    Known {
        verdict: Verdict::SingleUse,
        code: "single-use",
        severity: Severity::Medium,
        title: "are good for one use",
        meaning: "Clients that open several connections at a time, as browsers do, resume one of them.",
        change: [advice::ONCE, advice::ONCE],
    },
    Known {
        verdict: Verdict::OnlyAsChain,
        code: "only-as-chain",
        severity: Severity::Medium,
        title: "are good for one use, and each use gives a new one",
        meaning: "Clients that take what is new resume again and again; those that open several connections at a time \
                  resume one.",
        change: [advice::ONCE, advice::ONCE],
    },
    Known {
        verdict: Verdict::RenewedEachTime,
        code: "renewed-each-time",
        severity: Severity::Low,
        title: "are renewed each time they are used",
        meaning: "Sessions are resumed. Every handshake carries a ticket more than it needs, and tools that compare tickets \
                  take it for no resumption.",
        change: [advice::RENEW_LESS, &[]],
    },
    Known {
        verdict: Verdict::DoesNotWork,
        code: "does-not-work",
        severity: Severity::High,
        title: "are given and never resumed",
        meaning: "Clients keep and offer what is of no use.",
        change: [advice::SHARE_KEYS, advice::SHARE_CACHE],
    },
    Known {
        verdict: Verdict::CouldNotTell,
        code: "could-not-tell",
        severity: Severity::Medium,
        title: "cannot be judged",
        meaning: "Connections failed when they offered a session, and did not without one.",
        change: [&[], &[]],
    },
];

/// Findings of both ways to resume.
pub(super) fn of(address: &Address) -> Vec<Finding> {
    let is_judged = |path: &Path| address.stopped_after.is_none() || path.verdict != Verdict::CouldNotTell;
    let paths = || address.paths().filter(|(_, path)| is_judged(path));
    let mut found: Vec<_> = paths().filter_map(|(by, path)| one(by, path)).collect();
    let by_ticket = address.ticket.as_ref().is_some_and(|path| path.fixed.resumed > 0);
    // Who has a ticket does not need the ID.
    let spared = found.iter_mut().filter(|finding| LOST.contains(&finding.code) && by_ticket);
    spared.for_each(|finding| finding.severity = Severity::Low);
    let none = |verdict| matches!(verdict, Verdict::NotOffered | Verdict::DoesNotWork);
    if address.paths().count() == 2 && address.paths().all(|(_, path)| none(path.verdict)) {
        // What follows says more about it.
        found.insert(
            0,
            Finding::new(
                "no-resumption",
                Severity::High,
                "Nothing is resumed",
                "Every connection costs a signature of the server and a round trip more.",
            )
            .change(advice::TURN_ON),
        );
    }
    if let Some(connections) = address.stopped_after {
        found.push(stopped(connections));
    } else {
        found.extend(paths().filter(|(_, path)| path.fixed.failed > 0).map(|(by, path)| failures(by, path)));
    }
    found
}

fn one(by: By, path: &Path) -> Option<Finding> {
    let known = KNOWN.iter().find(|known| known.verdict == path.verdict)?;
    let ([change, _], name) = match by {
        By::Ticket => (known.change, "Tickets"),
        By::Id => ([known.change[1], known.change[0]], "Session IDs"),
    };
    let fixed = &path.fixed;
    let more = match path.verdict {
        Verdict::WorksOnSomeNodes => {
            format!(": {} of {}, which is {}", fixed.resumed, fixed.completed, interval(fixed))
        }
        Verdict::NowAndThen => format!(": {}", now_and_then(path)),
        Verdict::CouldNotTell => format!(": {}", why(fixed)),
        _ => String::new(),
    };
    let title = format!("{name} {}{more}", known.title);
    Some(Finding::new(known.code, known.severity, title, known.meaning).change(change))
}

/// The verdicts that cost nothing where tickets work.
const LOST: [&str; 3] = ["does-not-work", "while-connected", "now-and-then"];

fn stopped(connections: u32) -> Finding {
    Finding::new(
        "stopped-answering",
        Severity::Medium,
        format!("After {connections} connections it served nobody any more"),
        "It, or something in front of it, may limit how many connections come from one address, or it stopped. What was not \
         tried before that is not judged.",
    )
    .change(advice::LET_IN)
}

fn failures(by: By, path: &Path) -> Finding {
    Finding::new(
        "tries-failed",
        Severity::Low,
        format!("{} of the offers by {} failed: {}", path.fixed.failed, by.name(), why(&path.fixed)),
        "What failed is left out of the shares above. A server that fails where it could do a full handshake costs its \
         clients a connection.",
    )
}

fn why(tally: &Tally) -> &str {
    tally.failure.as_deref().unwrap_or("no reason was given")
}
