//! What is found where rules are broken.

use super::{Finding, Severity, advice};
use crate::probe::{
    experiments::rules::{Keeps, Row},
    report::Address,
};

/// One finding for each rule that is broken.
pub(super) fn of(address: &Address) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for row in address.rules.iter().filter(|row| row.verdict == Keeps::Broken) {
        let finding = broken(row);
        match found.iter_mut().find(|each| each.code == finding.code) {
            Some(same) => same.title = format!("{}; {}", same.title, how(row)),
            None => found.push(finding),
        }
    }
    found
}

fn how(row: &Row) -> String {
    format!("{} by {}: {}", row.tried, row.by, row.seen)
}

fn broken(row: &Row) -> Finding {
    let title = |words: &str| format!("{} is broken: {words} ({})", row.rule, how(row));
    match row.rule {
        "R2" => Finding::new(
            "r2-server-name",
            Severity::Low,
            title("a session is resumed under another server name"),
            "It must not be (RFC 6066, 3), and matters where virtual hosts differ in certificates or in what they ask of clients: \
             their policies can be mixed up.",
        )
        .change(advice::BIND_NAME),
        "R4" => Finding::new(
            "r4-client-certificate",
            Severity::High,
            title("who never showed a certificate gets in where one is asked for"),
            "A session from a virtual host without client certificates opens one with them.",
        )
        .change(advice::BIND_CLIENT),
        "R6" => Finding::new(
            "r6-suite",
            Severity::High,
            title("a session is resumed with a suite that was not offered"),
            "The client's choice of suites is overruled (RFC 5246, 7.4.1.2).",
        )
        .change(advice::UPDATE),
        "R8" => Finding::new(
            "r8-protocol",
            Severity::Medium,
            title("the application protocol is taken from the session"),
            "Client and server may take the same bytes for different protocols (RFC 7301, 3.1).",
        )
        .change(advice::UPDATE),
        "R10" => Finding::new(
            "r10-extended-master-secret",
            Severity::High,
            title("sessions with and without the extended master secret are mixed"),
            "The protection from the triple handshake is lost (RFC 7627, 5.3).",
        )
        .change(advice::UPDATE),
        "R14" => Finding::new(
            "r14-ticket-unasked",
            Severity::Low,
            title("a ticket comes to those who did not ask for one"),
            "Clients without tickets may end the handshake (RFC 5077, 3.3).",
        )
        .change(advice::UPDATE),
        "R17" => Finding::new(
            "r17-session-id-length",
            Severity::High,
            title("more bytes come back in the session ID than were sent"),
            "They come from the server's memory, as with Ticketbleed (CVE-2016-9244).",
        )
        .change(advice::UPDATE),
        "R18" => Finding::new(
            "r18-damaged-ticket",
            Severity::High,
            title("a ticket that does not open is no full handshake"),
            "After a change of keys, clients with old tickets cannot connect (RFC 5077, 3.3); and if it was resumed, tickets \
             can be forged.",
        )
        .change(advice::UPDATE),
        "R29" => Finding::new(
            "r29-session-lost",
            Severity::Low,
            title("a session is lost with its connection"),
            "A connection that ends without close_notify, as many do, leaves nothing to resume (RFC 5246, 7.2.1).",
        )
        .change(advice::KEEP),
        _ => Finding::new(
            "r16-session-id",
            Severity::Medium,
            title("a ticket and the session ID beside it are mixed up"),
            "Clients tell by the echoed ID whether their ticket was taken (RFC 5077, 3.4).",
        )
        .change(advice::UPDATE),
    }
}
