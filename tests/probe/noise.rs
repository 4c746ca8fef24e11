//! Servers that break nothing, behind something that fails by itself.

use serde_json::Value;

use super::{
    running::{Report, report},
    scripted::{Quirk, Scripted},
    serving::Serving,
};

/// Nothing, and the end of the connection.
const END: &[u8] = b"";
/// The alert internal_error.
const ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 80];

/// One of four connections, as by chance, and the same ones every time.
fn one_in_four(number: u32, _: u32) -> bool {
    // The finalizer of SplitMix64: no two numbers have to do with each other.
    let mut bits = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)) >> 62 == 1
}

fn rows(report: &Report) -> Vec<Value> {
    report.at("/rules").as_array().expect("rules").clone()
}

/// What is judged is judged as without what fails.
fn is_judged_as_alone(report: &Report, alone: &Report, most_untold: usize) {
    let told: Vec<_> = rows(report).into_iter().filter(|row| row["verdict"] != "could-not-tell").collect();
    // One refusal is as good as another.
    let judged = |row: &Value| ["rule", "by", "tried", "verdict"].map(|name| row[name].clone());
    let all: Vec<_> = rows(alone).iter().map(judged).collect();
    for row in &told {
        assert!(all.contains(&judged(row)), "{row}");
    }
    assert!(rows(report).len() - told.len() <= most_untold, "{}", report.0);
}

#[test]
fn a_dead_node_is_no_answer() {
    let scripted = Scripted::new(Quirk::None);
    let server = scripted.start();
    let alone = report(&server, &[]);
    for words in [END, ALERT] {
        let report = report(&Serving::in_front_of(&server, words, one_in_four), &[]);
        assert_eq!(report.paths(), ("works", "works"), "{}", report.0);
        assert_eq!(report.broken(), [""; 0], "{}", report.0);
        is_judged_as_alone(&report, &alone, 8);
        assert_eq!(report.at("/stopped_after"), &Value::Null);
    }
}

#[test]
fn beside_a_dead_node_a_session_that_is_good_once_is_told_from_one_that_lasts_as_its_connection() {
    let server = Scripted::new(Quirk::Once).start();
    let once = report(&Serving::in_front_of(&server, END, one_in_four), &[]);
    assert_eq!(once.paths(), ("single-use", "single-use"), "{}", once.0);
    let server = Scripted::new(Quirk::LostWithItsConnection).start();
    let lost = report(&Serving::in_front_of(&server, END, one_in_four), &[]);
    assert_eq!(lost.paths(), ("while-connected", "while-connected"), "{}", lost.0);
}

#[test]
fn who_gets_an_alert_for_too_many_connections_is_told_that_nobody_is_served() {
    let server = Scripted::new(Quirk::None).start();
    let alone = report(&server, &[]);
    let limited = report(&Serving::in_front_of(&server, ALERT, |number, _| number > 40), &[]);
    assert_eq!(limited.at("/stopped_after"), 40);
    assert!(limited.findings().contains(&"stopped-answering"), "{}", limited.0["findings"]);
    is_judged_as_alone(&limited, &alone, usize::MAX);
}

#[test]
fn a_limit_that_is_forgotten_after_a_while_is_waited_for() {
    let server = Scripted::new(Quirk::None).start();
    let alone = report(&server, &[]);
    let limited = Serving::in_front_of(&server, END, |number, _| (41..=46).contains(&number));
    let limited = report(&limited, &[]);
    assert_eq!((limited.at("/stopped_after"), limited.broken()), (&Value::Null, vec![]));
    is_judged_as_alone(&limited, &alone, 0);
}

/// A connection that is held to see whether its session lives beside it is one too many.
#[test]
fn one_connection_at_a_time_is_enough() {
    let server = Scripted::new(Quirk::LostWithItsConnection).start();
    let limited = report(&Serving::in_front_of(&server, END, |_, beside| beside > 0), &[]);
    assert_eq!(limited.at("/stopped_after"), &Value::Null, "{}", limited.0);
    assert_eq!(limited.path("ticket"), "does-not-work");
}

#[test]
fn where_tickets_hang_ids_are_tried_all_the_same() {
    let server = Scripted::new(Quirk::HangsOnTickets).start();
    // More often than in a row to a server that is silent.
    let report = report(&server, &["--timeout", "300ms", "--count", "10"]);
    assert_eq!(report.at("/ticket/fixed/failed"), 8);
    assert_eq!(report.paths(), ("could-not-tell", "works"), "{}", report.0);
    assert_eq!(report.at("/stopped_after"), &Value::Null);
}
