//! Waiting for sessions to expire.

use std::time::Duration;

use tls12::session::Resumption;

use super::{
    running::report,
    serving::{Ours, ring},
};

#[test]
fn the_lifetime_is_found_by_waiting() {
    let policy = Resumption::new(ring(1)).with_ids(false).with_lifetime(Duration::from_secs(3));
    let report = report(&Ours::new(policy).start(), &["--expire", "--expire-max", "8s"]);
    let lifetimes = report.at("/lifetimes").as_array().expect("lifetimes");
    assert_eq!(lifetimes.len(), 1);
    let number = |name: &str| lifetimes[0][name].as_f64().unwrap_or_else(|| panic!("{}", lifetimes[0]));
    // The server counts whole seconds.
    let (low, high) = (number("at_least"), number("at_most"));
    assert!((1.9..4.1).contains(&low) && (2.0..5.5).contains(&high) && low < high, "{low} {high}");
    assert_eq!(lifetimes[0]["key_names"].as_array().map(Vec::len), Some(1));
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
