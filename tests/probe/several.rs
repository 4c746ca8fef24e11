//! More than one server: behind one address, and at several.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tls12::{
    session::Resumption,
    store::{Limits, MemoryStore, NoStore},
};

use super::{
    running::{report, report_of},
    scripted::{Quirk, Scripted},
    serving::{NAME, Ours, Serving, ring},
};
use crate::ports::free_port;

fn by_ticket(number: u8) -> Resumption {
    Resumption::new(ring(number)).with_ids(false)
}

#[test]
fn two_servers_that_share_keys_behind_a_round_robin_are_as_one() {
    let servers = [Ours::new(by_ticket(1)).start_with(NoStore), Ours::new(by_ticket(1)).start_with(NoStore)];
    let both = Serving::round_robin(&servers.each_ref().map(|server| server.address));
    let report = report(&both, &[]);
    assert_eq!(report.paths(), ("works", "not-offered"));
    assert_eq!((report.at("/groups/backends"), report.at("/groups/key_sets")), (&1.into(), &1.into()));
    assert_eq!(report.broken(), [""; 0]);
}

#[test]
fn two_servers_with_keys_of_their_own_behind_a_round_robin_are_told_apart() {
    let servers = [Ours::new(by_ticket(1)).start_with(NoStore), Ours::new(by_ticket(2)).start_with(NoStore)];
    let both = Serving::round_robin(&servers.each_ref().map(|server| server.address));
    let report = report(&both, &[]);
    assert_eq!(report.paths(), ("works-on-some-nodes", "not-offered"));
    assert_eq!(
        (report.at("/ticket/fixed/resumed"), report.at("/ticket/fixed/completed")),
        (&3.into(), &6.into())
    );
    assert_eq!(report.at("/ticket/chain/resumed"), 0, "what one gave, the other never takes");
    assert_eq!((report.at("/groups/backends"), report.at("/groups/key_sets")), (&2.into(), &2.into()));
    assert_eq!(report.findings()[0], "some-nodes");
    // Rules are judged where the session is known.
    assert_eq!(report.rule("R17", ""), ["kept"]);
    assert_eq!(report.rule("R10", "dropped"), ["kept"]);
    assert_eq!(report.broken(), [""; 0], "{}", report.0);
    assert!(
        report
            .verdict()
            .starts_with("Sessions are resumed in part: tickets on some nodes only (3 of 6, which is ")
    );
}

#[test]
fn caches_that_are_not_shared_are_seen_behind_one_address() {
    let policy = || Resumption::new(ring(1)).with_tickets(tls12::session::Tickets::Off);
    let servers = [Ours::new(policy()).start(), Ours::new(policy()).start()];
    let both = Serving::round_robin(&servers.each_ref().map(|server| server.address));
    let report = report(&both, &[]);
    assert_eq!(report.paths(), ("not-offered", "works-on-some-nodes"));
    assert_eq!(report.at("/groups/backends"), 2);
}

#[test]
fn a_refusal_by_the_node_that_knows_the_session_is_the_answer_and_not_a_full_handshake_by_another() {
    // Without its suite the first one refuses, and the second one, which does not know the session, takes another suite.
    let servers = [Scripted::new(Quirk::None).start(), Ours::new(by_ticket(2)).start_with(NoStore)];
    let both = Serving::round_robin(&servers.each_ref().map(|server| server.address));
    let report = report(&both, &[]);
    assert_eq!(report.path("ticket"), "works-on-some-nodes");
    assert_eq!(report.rule("R6", ""), ["kept"; 2]);
    for row in report.at("/rules").as_array().expect("rules").iter().filter(|row| row["rule"] == "R6") {
        assert!(row["seen"].as_str().expect("words").contains("the alert handshake_failure"), "{row}");
    }
}

#[test]
fn a_rule_is_not_judged_by_nodes_that_may_not_know_the_session() {
    let four = |policy: fn(u8) -> Resumption| {
        let servers = [1, 2, 3, 4].map(|number| Ours::new(policy(number)).start());
        let all = Serving::round_robin(&servers.each_ref().map(|server| server.address));
        report(&all, &[])
    };
    // An ID does not tell which node answered.
    let ids = four(|_| Resumption::new(ring(1)).with_tickets(tls12::session::Tickets::Off));
    assert_eq!(ids.paths(), ("not-offered", "works-on-some-nodes"));
    assert_eq!(ids.rule("R2", ""), ["could-not-tell"; 3], "{}", ids.0);
    // All of them refuse whoever has no extended master secret, so that a refusal tells nothing either.
    assert_eq!(ids.rule("R10", "dropped"), ["could-not-tell"]);
    // A new ticket has the name of the key that the node has.
    let tickets = four(by_ticket);
    assert_eq!(tickets.path("ticket"), "works-on-some-nodes");
    assert_eq!(tickets.rule("R2", ""), ["kept"; 3], "{}", tickets.0);
    assert_eq!(tickets.rule("R18", ""), ["kept"; 4], "{}", tickets.0);
}

/// Two addresses with one port.
fn at_two(first: Ours, second: Ours) -> (Serving, Serving) {
    let store = || MemoryStore::new(Limits::sessions(1000));
    let (port, at) = (free_port(), |last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)));
    let here = Serving::at(SocketAddr::new(at(1), port), first.serves(store()));
    let there = Serving::at(SocketAddr::new(at(2), port), second.serves(store()));
    (here, there)
}

fn crossings(report: &super::running::Report, by: &str) -> Vec<String> {
    let all = report.0["cross"].as_array().expect("a cross product");
    let of = all.iter().filter(|crossing| crossing["by"] == by);
    of.map(|crossing| crossing["shares"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn addresses_that_share_keys_and_no_cache_are_seen_as_such() {
    let one = || Ours::new(Resumption::new(ring(1)));
    let (here, there) = at_two(one(), one());
    let target = format!("{NAME}:{}", here.address.port());
    let report = report_of(&target, &["--address", "127.0.0.1", "127.0.0.2"]);
    assert_eq!(crossings(&report, "ticket"), ["yes", "yes"]);
    assert_eq!(crossings(&report, "id"), ["no", "no"]);
    assert_eq!(report.findings(), ["cache-not-shared"]);
    assert!(report.verdict().ends_with("the addresses resume each other's in part."), "{}", report.verdict());
    drop(there);
}

#[test]
fn what_works_at_no_address_is_not_said_not_to_be_shared() {
    let one = || Ours::new(Resumption::new(ring(1)).with_tickets(tls12::session::Tickets::IgnoreAndIssue));
    let (here, there) = at_two(one(), one());
    let target = format!("{NAME}:{}", here.address.port());
    let report = report_of(&target, &["--address", "127.0.0.1", "127.0.0.2"]);
    assert_eq!(
        (report.path("ticket"), crossings(&report, "ticket")),
        ("does-not-work", vec!["no".into(); 2])
    );
    assert_eq!(report.findings(), ["does-not-work", "cache-not-shared"]);
    assert!(report.verdict().ends_with("the addresses do not resume each other's."), "{}", report.verdict());
    drop(there);
}

#[test]
fn addresses_with_different_certificates_are_found() {
    let one = || Ours::new(Resumption::new(ring(1)));
    let (here, there) = at_two(one(), Ours { names: [NAME, "c.example"], ..one() });
    let target = format!("{NAME}:{}", here.address.port());
    let report = report_of(&target, &["--address", "127.0.0.1", "127.0.0.2"]);
    let findings = report.0["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["code"] == "addresses-differ-in-certificate");
    let found = found.unwrap_or_else(|| panic!("not in {findings:?}"));
    let expected: Vec<_> = report.0["addresses"]
        .as_array()
        .expect("addresses")
        .iter()
        .map(|address| {
            let digest = address["full"]["certificate"]["sha256"].as_str().expect("a digest");
            format!("{} with {}", address["address"].as_str().expect("an address"), &digest[..8])
        })
        .collect();
    assert_eq!(found["addresses"], serde_json::json!(expected));
    assert!(found["change"].to_string().contains("ssl_certificate site.pem"), "{found}");
    // Ours binds sessions to the certificate.
    assert_eq!(crossings(&report, "ticket"), ["no", "no"]);
    drop(there);
}

#[test]
fn an_address_that_is_not_there_does_not_spoil_the_others() {
    let server = Ours::new(Resumption::new(ring(1))).start();
    let report = report_of(&server.target(), &["--address", "127.0.0.1", "127.0.0.3"]);
    assert_eq!(report.paths(), ("works", "works"));
    assert_eq!(report.0["addresses"][1]["state"], "unreachable");
    assert!(report.verdict().ends_with("1 of 2 addresses could not be examined."), "{}", report.verdict());
}
