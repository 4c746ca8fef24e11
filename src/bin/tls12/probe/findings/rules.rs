//! What is found where rules are broken.

use super::{
    Finding, Severity,
    advice::{self, Change},
};
use crate::probe::{
    experiments::rules::{Keeps, Row},
    report::Address,
};

/// What it means that a rule is broken.
struct Known {
    rule: &'static str,
    code: &'static str,
    severity: Severity,
    title: &'static str,
    meaning: &'static str,
    change: &'static [Change],
}

const KNOWN: &[Known] = &[
    Known {
        rule: "R2",
        code: "r2-server-name",
        severity: Severity::Low,
        title: "a session is resumed under another server name",
        meaning: "It must not be (RFC 6066, 3), and matters where virtual hosts differ in certificates or in what they ask of \
                  clients: their policies can be mixed up.",
        change: advice::BIND_NAME,
    },
    Known {
        rule: "R4",
        code: "r4-client-certificate",
        severity: Severity::High,
        title: "a session of those who showed no certificate is resumed where one is asked for",
        meaning: "The handshake lets clients in that showed none. Whether what is behind it does was not tried: some servers \
                  answer requests over such a connection with an error.",
        change: advice::BIND_CLIENT,
    },
    Known {
        rule: "R6",
        code: "r6-suite",
        severity: Severity::High,
        title: "a session is resumed with a suite that was not offered",
        meaning: "The client's choice of suites is overruled (RFC 5246, 7.4.1.2).",
        change: advice::UPDATE,
    },
    Known {
        rule: "R8",
        code: "r8-protocol",
        severity: Severity::Medium,
        title: "the application protocol is taken from the session",
        meaning: "Client and server may take the same bytes for different protocols (RFC 7301, 3.1).",
        change: advice::UPDATE,
    },
    Known {
        rule: "R10",
        code: "r10-extended-master-secret",
        severity: Severity::High,
        title: "sessions with and without the extended master secret are mixed",
        meaning: "The protection from the triple handshake is lost (RFC 7627, 5.3).",
        change: advice::UPDATE,
    },
    Known {
        rule: "R14",
        code: "r14-ticket-unasked",
        severity: Severity::Low,
        title: "a ticket comes to those who did not ask for one",
        meaning: "Clients without tickets may end the handshake (RFC 5077, 3.3).",
        change: advice::UPDATE,
    },
    Known {
        rule: "R16",
        code: "r16-session-id",
        severity: Severity::Medium,
        title: "a ticket and the session ID beside it are mixed up",
        meaning: "Clients tell by the echoed ID whether their ticket was taken (RFC 5077, 3.4).",
        change: advice::UPDATE,
    },
    Known {
        rule: "R17",
        code: "r17-session-id-length",
        severity: Severity::High,
        title: "more bytes come back in the session ID than were sent",
        meaning: "They come from the server's memory, as with Ticketbleed (CVE-2016-9244).",
        change: advice::UPDATE,
    },
    Known {
        rule: "R18",
        code: "r18-damaged-ticket",
        severity: Severity::High,
        title: "a ticket that does not open is no full handshake",
        meaning: "After a change of keys, clients with old tickets cannot connect (RFC 5077, 3.3); and if it was resumed, \
                  tickets can be forged.",
        change: advice::UPDATE,
    },
    Known {
        rule: "R29",
        code: "r29-session-lost",
        severity: Severity::Low,
        title: "a session is lost with its connection",
        meaning: "A connection that ends without close_notify, as many do, leaves nothing to resume (RFC 5246, 7.2.1).",
        change: advice::KEEP,
    },
];

/// One finding for each rule that is broken.
pub(super) fn of(address: &Address) -> Vec<Finding> {
    KNOWN.iter().filter_map(|known| one(known, address)).collect()
}

fn one(known: &Known, address: &Address) -> Option<Finding> {
    let rows = address.rules.iter().filter(|row| row.rule == known.rule && row.verdict == Keeps::Broken);
    let ways: Vec<_> = rows.map(how).collect();
    let title = format!("{} is broken: {} ({})", known.rule, known.title, ways.join("; "));
    let finding = Finding::new(known.code, known.severity, title, known.meaning).change(known.change);
    (!ways.is_empty()).then_some(finding)
}

fn how(row: &Row) -> String {
    format!("{} by {}: {}", row.tried, row.by, row.seen)
}
