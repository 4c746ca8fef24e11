//! Servers that break a rule, each of which is found to break it and no other.

use super::{
    running::{Report, report},
    scripted::{Quirk, SPOKEN, Scripted},
};

fn of(quirk: Quirk) -> Report {
    report(&Scripted::new(quirk).start(), &[])
}

#[test]
fn a_server_made_by_hand_breaks_nothing_unless_it_is_told_to() {
    let report = of(Quirk::None);
    assert_eq!(report.paths(), ("works", "works"));
    assert_eq!(report.broken(), [""; 0], "{}", report.0);
    assert_eq!(report.rule("R10", "added"), ["kept", "kept"]);
    assert_eq!(report.findings(), ["id-beside-ticket"]);
}

#[test]
fn r2_a_session_that_goes_by_any_name_is_seen() {
    let report = of(Quirk::AnyName);
    assert_eq!(report.broken(), ["R2"]);
    assert_eq!(report.rule("R2", ""), ["broken"; 6]);
    assert!(report.verdict().ends_with("broken: R2."), "{}", report.verdict());
    assert!(report.findings().contains(&"r2-server-name"));
}

#[test]
fn r4_a_session_that_goes_where_a_client_certificate_is_asked_for_is_seen() {
    let report = of(Quirk::AsksHere);
    assert_eq!(report.at("/full/asks_for_client_certificate"), true);
    assert_eq!(report.rule("R4", "b.example"), ["broken"; 2]);
    assert_eq!(report.findings()[0], "r4-client-certificate");
}

/// The name that was asked for is not the one where a certificate is.
#[test]
fn r4_is_tried_from_the_other_side_too() {
    let report = of(Quirk::AsksThere);
    assert_eq!(report.at("/full/asks_for_client_certificate"), false);
    assert_eq!(report.rule("R4", "offered as b.example"), ["broken"; 2]);
    assert_eq!(report.findings()[0], "r4-client-certificate");
}

#[test]
fn r6_a_suite_that_was_not_offered_is_seen() {
    let report = of(Quirk::AnySuite);
    assert_eq!((report.broken(), report.rule("R6", "")), (vec!["R6"], vec!["broken"; 2]));
}

#[test]
fn r8_a_protocol_that_is_inherited_is_seen() {
    let report = of(Quirk::InheritsProtocol);
    assert_eq!((report.broken(), report.rule("R8", "")), (vec!["R8"], vec!["broken"; 2]));
}

#[test]
fn r10_sessions_with_and_without_the_extended_master_secret_that_are_mixed_are_seen() {
    let report = of(Quirk::AnyMasterSecret);
    assert_eq!((report.broken(), report.rule("R10", "")), (vec!["R10"], vec!["broken"; 4]));
}

/// A try that takes the session out of the server's cache does not make the next one look like a full handshake.
#[test]
fn r10_is_not_tried_with_a_session_that_a_refusal_took_away() {
    let report = of(Quirk::ForgetsWhatItRefuses);
    assert_eq!((report.rule("R6", ""), report.rule("R10", "")), (vec!["kept"; 2], vec!["broken"; 4]));
}

#[test]
fn r14_a_ticket_that_nobody_asked_for_is_seen() {
    assert_eq!(of(Quirk::UnaskedTicket).broken(), ["R14"]);
}

#[test]
fn r16_another_id_than_was_sent_is_seen() {
    let report = of(Quirk::OtherEcho);
    assert_eq!(report.rule("R16", "random ID"), ["broken"]);
    assert_eq!(report.rule("R16", "empty ID"), ["kept"]);
}

#[test]
fn r16_an_id_that_is_looked_up_beside_a_ticket_is_seen() {
    let report = of(Quirk::LooksUpBeside);
    assert_eq!(report.rule("R16", "damaged ticket"), ["broken"]);
    assert_eq!(report.rule("R16", "ticket beside the ID of another"), ["kept"]);
    assert_eq!(report.broken(), ["R16"]);
}

#[test]
fn r16_an_id_that_goes_before_the_ticket_is_seen() {
    let report = of(Quirk::IdFirst);
    assert_eq!(report.rule("R16", "ticket beside the ID of another"), ["broken"]);
    assert_eq!(report.rule("R16", "damaged ticket"), ["kept"]);
    assert_eq!(report.broken(), ["R16"]);
}

#[test]
fn r17_more_bytes_of_id_than_were_sent_are_seen() {
    let report = of(Quirk::LongEcho);
    assert_eq!(report.rule("R17", ""), ["broken"]);
    assert!(report.findings().contains(&"r17-session-id-length"), "{:?}", report.findings());
}

#[test]
fn r18_a_damaged_ticket_that_ends_the_handshake_is_seen() {
    let report = of(Quirk::AbortsOnBadTicket);
    assert_eq!(report.rule("R18", ""), ["broken"; 4]);
}

#[test]
fn r29_a_session_that_is_lost_with_its_connection_is_seen() {
    let report = of(Quirk::ForgetsAfterReset);
    assert_eq!((report.broken(), report.rule("R29", "")), (vec!["R29"], vec!["broken"; 4]));
}

#[test]
fn a_session_that_is_good_once_is_told_from_one_that_some_nodes_know() {
    let report = of(Quirk::Once);
    assert_eq!(report.paths(), ("single-use", "single-use"));
    assert_eq!(report.at("/ticket/fixed/resumed"), 1);
    // Rules are tried with a session of their own each.
    assert_eq!(report.rule("R17", ""), ["kept"]);
    assert_eq!(report.rule("R10", "dropped"), ["kept", "kept"]);
    assert_eq!(report.broken(), [""; 0]);
}

#[test]
fn a_session_that_is_good_once_and_renewed_works_as_a_chain() {
    let report = of(Quirk::OnceRenewed);
    assert_eq!(report.paths(), ("only-as-chain", "single-use"));
    assert_eq!(
        (report.at("/ticket/fixed/resumed"), report.at("/ticket/chain/resumed")),
        (&1.into(), &6.into())
    );
}

#[test]
fn a_hint_of_zero_is_said_to_be_unspecified() {
    let report = of(Quirk::NoHint);
    assert_eq!(report.at("/full/ticket/lifetime_hint"), 0);
    assert_eq!(report.findings()[0], "hint-unspecified");
}

#[test]
fn a_server_that_resumes_with_other_keys_has_not_resumed() {
    for quirk in [Quirk::WrongKeys, Quirk::WrongFinished] {
        let report = of(quirk);
        assert_eq!(report.paths(), ("could-not-tell", "could-not-tell"), "{quirk:?}");
        assert_eq!(report.at("/ticket/fixed/failed"), 6);
        assert_eq!(report.at("/ticket/fixed/failure"), "the server's Finished does not fit the keys");
    }
}

#[test]
fn a_server_that_falls_silent_is_not_waited_for_again_and_again() {
    let report = report(&Scripted::new(Quirk::FallsSilent).start(), &["--timeout", "300ms"]);
    assert_eq!(report.path("ticket"), "could-not-tell");
    // Eight in a row, and one to see whether others are served.
    assert_eq!(report.at("/connections/made"), SPOKEN + 9);
    assert_eq!(report.at("/stopped_after"), SPOKEN);
}

#[test]
fn a_server_that_dies_in_the_middle_of_everything_is_judged_by_what_it_completes() {
    let report = of(Quirk::Dies);
    assert_eq!(report.paths(), ("works", "works"), "{}", report.0);
    let (completed, failed) = (report.at("/ticket/fixed/completed"), report.at("/ticket/fixed/failed"));
    assert_eq!(
        completed.as_u64().zip(failed.as_u64()).map(|(all, lost)| (all + lost, lost > 0)),
        Some((6, true))
    );
    assert_eq!(report.at("/stopped_after"), &serde_json::Value::Null);
    assert!(report.findings().contains(&"tries-failed"));
    assert_eq!(report.broken(), [""; 0], "a connection that is lost breaks no rule: {}", report.0);
}

#[test]
fn a_session_that_lives_as_long_as_its_connection_is_no_sign_of_several_servers() {
    let report = of(Quirk::LostWithItsConnection);
    assert_eq!(report.paths(), ("while-connected", "while-connected"), "{}", report.0);
    assert_eq!(report.findings()[0], "while-connected");
    assert_eq!(report.at("/groups/backends"), 1);
    assert!(report.verdict().contains("tickets work while their connection lasts"), "{}", report.verdict());
}

/// What limits connections closes those that are too many, and says nothing about what they offered.
#[test]
fn a_server_that_closes_what_is_too_much_breaks_and_keeps_nothing() {
    for (most, paths) in [
        (1, ("could-not-tell", "could-not-tell")),
        (4, ("could-not-tell", "could-not-tell")),
        (10, ("works", "could-not-tell")),
        (36, ("works", "works")),
        (45, ("works", "works")),
        (60, ("works", "works")),
    ] {
        let report = of(Quirk::ClosesAfter(most));
        assert_eq!(report.paths(), paths, "{most}: {}", report.0);
        assert_eq!(report.at("/stopped_after"), most);
        assert!(report.findings().contains(&"stopped-answering"), "{most}: {}", report.0["findings"]);
        assert_eq!(report.broken(), [""; 0], "{most}: {}", report.0);
        let sure = of(Quirk::None);
        let rows = |report: &Report| report.at("/rules").as_array().expect("rules").clone();
        for row in rows(&report).iter().filter(|row| row["verdict"] != "could-not-tell") {
            assert!(rows(&sure).contains(row), "{most}: {row}");
        }
        let verdict = format!("it served nobody any more after {most} connections");
        assert!(report.verdict().contains(&verdict), "{}", report.verdict());
    }
}
