//! Servers of this crate under each policy.

use tls12::{
    ServerConfig,
    server::ClientAuth,
    session::{RenewWhen, Resumption, Tickets},
    store::NoStore,
};

use super::{
    running::report,
    serving::{Ours, ca, ring},
};
use crate::{
    common::certs::Spec,
    files::{Folder, write_pair},
};

#[test]
fn a_server_that_resumes_in_both_ways_keeps_every_rule() {
    let server = Ours::new(Resumption::new(ring(1))).start();
    let report = report(&server, &[]);
    assert_eq!(report.paths(), ("works", "works"));
    assert_eq!(report.verdict(), "Sessions are resumed: tickets work; session IDs work.");
    assert_eq!(report.broken(), [""; 0]);
    assert_eq!(report.findings(), [""; 0], "{}", report.0["findings"]);
    let kept = |rule: &str, tried: &str, times: usize| {
        assert_eq!(report.rule(rule, tried), vec!["kept"; times], "{rule} {tried}: {}", report.0);
    };
    kept("R2", "as b.example", 2);
    kept("R2", "as tls12-probe.invalid", 2);
    kept("R2", "without a server name", 2);
    kept("R6", "", 2);
    kept("R8", "", 2);
    kept("R10", "dropped", 2);
    assert_eq!(report.rule("R10", "added"), ["not-applicable"; 2]);
    kept("R14", "", 1);
    kept("R16", "", 4);
    kept("R17", "", 1);
    kept("R18", "", 4);
    kept("R29", "after a reset", 2);
    kept("R29", "after an end of the stream", 2);
    assert_eq!(report.at("/ticket/fixed/resumed"), 6);
    assert_eq!(report.at("/ticket/fixed/renewed"), 0);
    assert_eq!(report.at("/full/certificate/verified"), true);
    assert_eq!(report.at("/full/alpn"), "h2");
    assert_eq!(
        (report.at("/full/session_id"), report.at("/full/session_id_beside_ticket")),
        (&32.into(), &0.into())
    );
    assert_eq!(
        (report.at("/times/full_round_trips"), report.at("/times/resumed_round_trips")),
        (&2.into(), &1.into())
    );
    assert_eq!((report.at("/groups/backends"), report.at("/groups/key_sets")), (&1.into(), &1.into()));
    assert_eq!(report.at("/groups/ticket_key_names").as_array().expect("names").len(), 1);
}

#[test]
fn each_policy_has_its_verdict() {
    let policy = || Resumption::new(ring(1));
    let cases = [
        (policy().with_tickets(Tickets::Off), ("not-offered", "works")),
        (policy().with_tickets(Tickets::Issue), ("works", "works")),
        (policy().with_tickets(Tickets::Renew(RenewWhen::Always)), ("renewed-each-time", "works")),
        (policy().with_tickets(Tickets::IgnoreAndIssue), ("does-not-work", "works")),
        (policy().with_ids(false), ("works", "not-offered")),
        (policy().with_ids(false).with_tickets(Tickets::Off), ("not-offered", "not-offered")),
    ];
    for (policy, expected) in cases {
        let case = format!("{policy:?}");
        let server = Ours::new(policy).start();
        let report = report(&server, &[]);
        assert_eq!(report.paths(), expected, "{case}");
        assert_eq!(report.broken(), [""; 0], "{case}: {}", report.0);
    }
}

#[test]
fn a_server_that_resumes_nothing_is_told_how_to() {
    let policy = Resumption::new(ring(1)).with_ids(false).with_tickets(Tickets::Off);
    let report = report(&Ours::new(policy).start_with(NoStore), &[]);
    assert_eq!(report.verdict(), "Sessions are not resumed: tickets not offered; session IDs not offered.");
    assert_eq!(report.findings(), ["no-resumption"]);
    let how = report.0["findings"][0]["change"].to_string();
    for words in ["ssl_session_tickets on;", "SSLSessionTickets on", "tls12 serve --tickets on"] {
        assert!(how.contains(words), "{how}");
    }
}

#[test]
fn what_is_renewed_each_time_is_resumed_nevertheless() {
    let policy = Resumption::new(ring(1)).with_tickets(Tickets::Renew(RenewWhen::Always));
    let report = report(&Ours::new(policy).start(), &[]);
    assert_eq!(
        (report.at("/ticket/fixed/resumed"), report.at("/ticket/fixed/renewed")),
        (&6.into(), &6.into())
    );
    assert_eq!(report.at("/ticket/chain/resumed"), 6);
    assert_eq!(report.findings(), ["renewed-each-time"]);
}

fn asks(config: ServerConfig) -> ServerConfig {
    config.with_client_auth(ClientAuth::Require)
}

#[test]
fn a_server_that_demands_a_certificate_is_probed_with_one_and_told_of_without() {
    let server = Ours { change: asks, ..Ours::new(Resumption::new(ring(1))) }.start();
    let folder = Folder::new("probe-client");
    let (cert, key) = write_pair(&folder, "alice", &ca().issue(&Spec::client("alice")));
    let with = report(&server, &["--client-cert", &cert, "--client-key", &key]);
    assert_eq!(with.paths(), ("works", "works"));
    assert_eq!(with.broken(), [""; 0]);
    assert_eq!(with.at("/full/asks_for_client_certificate"), true);
    assert_eq!(with.rule("R4", ""), ["not-applicable"; 2]);

    let without = report(&server, &[]);
    assert_eq!(without.at("/state"), "failed");
    assert!(without.at("/failure").as_str().expect("words").contains("the alert"), "{}", without.0);
    assert_eq!(without.findings(), ["not-examined"]);
}
