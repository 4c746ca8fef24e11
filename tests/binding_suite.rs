//! The suite of resumption binding, vectors/binding, run against this crate: every case by ticket and by session ID,
//! each with two whole handshakes through the public API.
#![cfg(all(feature = "rustcrypto", feature = "webpki", feature = "std"))]

#[path = "binding_suite/case.rs"]
mod case;
mod common;
#[path = "binding_suite/server.rs"]
mod server;

use std::{collections::BTreeMap, sync::Arc};

use case::{Case, Path, cases};
use common::{
    pair::Store,
    raw::{Over, Raw},
};
use serde_json::Value;
use server::{Fixture, Visit};
use tls12::{
    Error, Illegal,
    session::{HandshakeKind, NotResumed, ResumedBy},
    wire::Alert,
};

const SINGLE: &str = include_str!("../vectors/binding/single.json");
const PAIRS: &str = include_str!("../vectors/binding/pairs.json");

/// How the second handshake went, as the suite says it: the verdict, and the reason if the session was not resumed.
type Told = (&'static str, Option<&'static str>);

#[test]
fn every_single_change_has_its_verdict_and_its_reason() {
    let told = run(SINGLE);
    say("vectors/binding/single.json", &told);
    let whys = ["never-extended-master-secret", "store-down", "not-stored", "other-partition", "forged"];
    assert!(whys.iter().all(|why| told.keys().any(|(_, reason)| *reason == Some(*why))), "{told:?}");
}

#[test]
fn every_pair_of_changes_has_its_verdict_and_one_of_its_reasons() {
    let told = run(PAIRS);
    say("vectors/binding/pairs.json", &told);
    let of = |verdict| {
        told.iter().filter(|((each, _), _)| *each == verdict).map(|(_, count)| count).sum::<usize>()
    };
    assert!(of("resumed") > 100 && of("full") > 100 && of("abort") > 20, "{told:?}");
}

/// How many handshakes went how.
fn say(file: &str, told: &BTreeMap<Told, usize>) {
    let of = |verdict| {
        told.iter().filter(|((each, _), _)| *each == verdict).map(|(_, count)| count).sum::<usize>()
    };
    let [resumed, full, abort] = ["resumed", "full", "abort"].map(of);
    let cases = cases(if file.contains("single") { SINGLE } else { PAIRS }).len();
    let told = format!("by ticket and by ID {resumed} resumed, {full} full, {abort} aborted");
    common::say::say(&format!("{file}: {cases} cases, {told}"));
}

/// Every case of a file; how often what was told.
fn run(text: &str) -> BTreeMap<Told, usize> {
    let fixture = Fixture::new();
    let (mut wrong, mut all) = (Vec::new(), BTreeMap::new());
    for case in cases(text) {
        let mut by_path = Vec::new();
        for path in [Path::Ticket, Path::SessionId] {
            let Some(expected) = case.expected(path) else { continue };
            let told = visit_twice(&fixture, &case, path);
            if !agrees(told, expected) {
                wrong.push(format!("{}, by {path:?}: {told:?}, and not {expected}", case.name()));
            }
            by_path.push((told, expected));
            *all.entry(told).or_default() += 1;
        }
        // R1: where the suite makes no difference between the paths, there is none.
        if let [(one, expected), (other, the_same)] = by_path[..]
            && expected == the_same
            && one != other
        {
            wrong.push(format!("{}: {one:?} by ticket and {other:?} by ID", case.name()));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    all
}

fn agrees((verdict, reason): Told, expected: &Value) -> bool {
    let has = |list: &str, what: &dyn Fn(&Value) -> bool| {
        expected[list].as_array().expect("a list").iter().any(what)
    };
    has("verdicts", &|each| each == verdict)
        && reason.is_none_or(|reason| has("reasons", &|each| each["reason"] == reason))
}

fn visit_twice(fixture: &Fixture, case: &Case, path: Path) -> Told {
    let (first, second) = (Visit::first(fixture, case), Visit::second(fixture, case));
    let (mut kept, mut store) = first.make_session(path, Store::default());
    if case.names_another() {
        let another;
        (another, store) = first.make_session(Path::SessionId, store);
        kept.session_id = another.session_id;
    }
    let nothing = kept.ticket.is_empty() && kept.session_id.is_empty();
    let mut raw = Raw::client(&Arc::new(second.world(store)), Over::Memory);
    let hello = second.hello(case.present(path, kept.clone()));
    if case.expected(path).is_some_and(|expected| expected["verdicts"][0] == "abort") {
        raw.message(&hello.message());
        let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, case.name());
        assert_eq!(error, Error::Illegal(Illegal::ExtendedMasterSecretDropped), "{}", case.name());
        return ("abort", Some("extended-master-secret-gone"));
    }
    let resumed = raw.offer_as(&hello, Some(&kept), second.identity().as_ref()).resumed;
    let info = raw.close(b"").info.expect("a handshake");
    assert_eq!(resumed, info.handshake.reason().is_none(), "{}", case.name());
    let by = if path == Path::Ticket { ResumedBy::Ticket } else { ResumedBy::SessionId };
    match info.handshake {
        HandshakeKind::Resumed(other) => {
            assert_eq!(by, other, "{}", case.name());
            ("resumed", None)
        }
        HandshakeKind::Full(NotResumed::NotOffered) if nothing && case.may_make_no_session() => {
            ("full", None)
        }
        HandshakeKind::Full(reason) => ("full", Some(word(reason, case))),
    }
}

/// A reason in the words of the suite.
fn word(reason: NotResumed, case: &Case) -> &'static str {
    match reason {
        NotResumed::OtherServerName => "other-server-name",
        NotResumed::OtherContext => "other-domain",
        NotResumed::OtherPartition => "other-partition",
        NotResumed::OtherSuite => "other-suite",
        NotResumed::OtherProtocol => "other-protocol",
        NotResumed::NoClientCertificate => "no-client-certificate",
        NotResumed::ClientCertificateExpired => "client-certificate-expired",
        NotResumed::Expired => "expired",
        NotResumed::AuthenticationTooOld => "authentication-too-long-ago",
        NotResumed::UnknownTicketKey => "unknown-key",
        NotResumed::ExpiredTicketKey => "retired-key",
        NotResumed::Forged => "forged",
        NotResumed::NotStored => "not-stored",
        NotResumed::StoreUnavailable => "store-down",
        // This crate has one reason where the suite has two.
        NotResumed::OtherMasterSecret => case.without_extended().expect("a session without it"),
        other => panic!("{}: no reason of the suite: {other}", case.name()),
    }
}
