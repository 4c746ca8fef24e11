//! Waiting for sessions to expire.

use std::time::Duration;

use tls12::{
    Seed, UnixTime,
    session::{KeyRing, KeyTimes, Resumption, TicketKey},
};

use super::{
    running::{report, run},
    scripted::{Quirk, Scripted},
    serving::{Ours, ring},
};

#[test]
fn the_lifetime_is_found_by_waiting() {
    let policy = Resumption::new(ring(1)).with_ids(false).with_lifetime(Duration::from_secs(3));
    let report = report(&Ours::new(policy).start(), &["--expire", "--expire-max", "8s"]);
    let lifetimes = report.at("/lifetimes").as_array().expect("lifetimes");
    assert_eq!(lifetimes.len(), 1);
    let number = |name: &str| lifetimes[0][name].as_f64().unwrap_or_else(|| panic!("{}", lifetimes[0]));
    // The server counts whole seconds, and begins before the session is made.
    let (low, high) = (number("at_least"), number("at_most"));
    assert!((1.0..4.1).contains(&low) && (2.0..5.5).contains(&high) && low < high, "{low} {high}");
    assert_eq!(lifetimes[0]["key_names"].as_array().map(Vec::len), Some(1));
    // What whole seconds make of it is nobody's fault.
    assert_eq!(report.findings(), [""; 0]);
}

/// Sessions that are made while the lifetime is narrowed down come under the next key.
#[test]
fn a_key_that_changes_meanwhile_is_seen_by_its_name() {
    let now = UnixTime::now().as_secs();
    // Each seals for two seconds, so that sessions which are made three seconds apart have different ones.
    let key = |number: u8| {
        let sealing_from = now + 2 * u64::from(number);
        let times = KeyTimes { sealing_from, sealing_until: sealing_from + 2, opening_until: now + 3600 };
        TicketKey::generate(Seed::for_replay([number; 32]), UnixTime::now(), Duration::from_secs(3600))
            .with_times(times)
    };
    let ring = (1..100).map(key).fold(KeyRing::new(key(0)), |ring, key| ring.with_key(key));
    let policy = Resumption::new(ring).with_ids(false).with_lifetime(Duration::from_secs(3));
    let report = report(&Ours::new(policy).start(), &["--expire", "--expire-max", "8s"]);
    let names = report.at("/lifetimes")[0]["key_names"].as_array().expect("names").clone();
    assert!(names.len() >= 2 && names[0] != names[1], "{names:?}");
}

#[test]
fn tickets_that_die_long_before_their_hint_says_are_found() {
    let server = Scripted::new(Quirk::DiesEarly).start();
    let report = report(&server, &["--expire", "--expire-max", "5s"]);
    assert!(report.findings().contains(&"lifetime-shorter-than-hint"), "{}", report.0["findings"]);
}

#[test]
fn a_lifetime_that_is_longer_than_anybody_waits_is_at_least_that() {
    let policy = Resumption::new(ring(1)).with_ids(false);
    let report = report(&Ours::new(policy).start(), &["--expire", "--expire-max", "1500ms"]);
    let lifetime = &report.at("/lifetimes")[0];
    assert!(lifetime["at_least"].as_f64() >= Some(1.5), "{lifetime}");
    assert_eq!(
        (&lifetime["at_most"], &lifetime["failure"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
}

#[test]
fn whoever_waits_is_told_how_long_and_how_far_it_is() {
    let policy = Resumption::new(ring(1)).with_ids(false).with_lifetime(Duration::from_secs(1));
    let server = Ours::new(policy).start();
    let arguments = ["--address", "127.0.0.1", "--count", "2", "--expire", "--expire-max", "3s"];
    let output = run(&[&[&server.target()[..]], &arguments[..]].concat());
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("\n  ticket lives  "), "{text}");
    for words in
        ["waiting for tickets to expire, for at most twice 3 s\n", "tickets are offered after 1.0 s next\n"]
    {
        assert!(errors.contains(words), "{errors}");
    }
}
