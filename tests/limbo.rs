//! Path validation over the cases of x509-limbo, which are not part of this crate.
//!
//! They are looked for where the environment variable `TLS12_LIMBO` says (the folder with `limbo.json`), and else in
//! `../shared/vectors/limbo` beside the crate. Where they are not, the test says so and passes.
#![cfg(all(feature = "rustcrypto", feature = "webpki", feature = "std"))]

#[path = "common/say.rs"]
#[allow(unreachable_pub)]
mod say;
use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc, time::Duration};

use pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use serde_json::Value;
use tls12::{
    crypto::RUSTCRYPTO,
    pki::{CertificateError, PresentedPeer, VerifyPeer, WebPki},
};

/// When a case without a time of its own is judged: 2026-07-01 00:00:00 UTC, when the cases were made.
const NOW: &str = "2026-07-01T00:00:00+00:00";
/// What this crate does otherwise than a case expects, and why.
const DIFFERENCES: &str = include_str!("limbo/differences.txt");
/// The cases that ask for what this crate does not have, and what that is.
const LEFT_OUT: &str = include_str!("limbo/left_out.txt");

/// What our verifier says.
type Verdict = Result<(), CertificateError>;

#[test]
fn every_case_of_limbo_is_as_expected_or_listed_with_its_reason() {
    let Some(cases) = cases() else {
        say::say("limbo: left out, for there is no limbo.json (set TLS12_LIMBO to its folder)");
        return;
    };
    let (differences, left_out) = (list(DIFFERENCES), list(LEFT_OUT));
    let (mut expected, mut wrong, mut unknown) = (0, Vec::new(), differences.clone());
    unknown.extend(left_out.clone());
    for case in &cases {
        let id = text(case, "id");
        unknown.remove(id);
        if left_out.contains_key(id) {
            continue;
        }
        let verdict = judge(case);
        let as_expected = verdict.is_ok() == (text(case, "expected_result") == "SUCCESS");
        let listed = differences.get(id).map(|(what, _)| what.as_str());
        match (as_expected, listed, &verdict) {
            (true, None, _) => expected += 1,
            (false, Some("accepted"), Ok(())) | (false, Some("refused"), Err(_)) => {}
            _ => {
                wrong.push(format!("{id}: {verdict:?}, listed as {listed:?}: {}", text(case, "description")))
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases are not as listed:\n{}", wrong.len(), wrong.join("\n"));
    assert!(unknown.is_empty(), "these are listed, and no case has their name: {:?}", unknown.keys());
    say::say(&format!(
        "limbo: {} cases, {expected} as expected, {} differences listed, {} left out",
        cases.len(),
        differences.len(),
        left_out.len()
    ));
}

/// A list says of each case what is done with it, and why; no case is in both, or twice.
#[test]
fn every_line_of_the_lists_has_a_verdict_and_a_reason() {
    let (differences, left_out) = (list(DIFFERENCES), list(LEFT_OUT));
    assert!(differences.values().all(|(what, _)| what == "accepted" || what == "refused"));
    assert!(left_out.values().all(|(what, _)| what == "left out"));
    assert!(differences.keys().all(|id| !left_out.contains_key(id)));
}

/// The cases, if they are there.
fn cases() -> Option<Vec<Value>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors/limbo");
    let named = std::env::var_os("TLS12_LIMBO").map(PathBuf::from);
    let file = named.clone().unwrap_or_else(beside).join("limbo.json");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => {
            assert!(named.is_none(), "TLS12_LIMBO: {}: {error}", file.display());
            return None;
        }
    };
    let mut all: Value = serde_json::from_str(&text).expect("JSON");
    match all["testcases"].take() {
        Value::Array(cases) => Some(cases),
        other => panic!("testcases are a list, and not {other}"),
    }
}

/// The lines `id | what | reason` of a list, by their ids.
fn list(text: &str) -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [id, what, reason] = parts[..] else { panic!("not `id | what | reason`: {line}") };
        assert!(reason.len() > 20, "a reason has words: {line}");
        let before = all.insert(id.to_owned(), (what.to_owned(), reason.to_owned()));
        assert!(before.is_none(), "twice in a list: {id}");
    }
    all
}

/// What our verifier says to a case. A server is verified for the name that is expected of it, a client for none.
fn judge(case: &Value) -> Verdict {
    let verifier = WebPki::new(&RUSTCRYPTO, certificates(&case["trusted_certs"]))?;
    let chain =
        [&certificates(&case["peer_certificate"])[..], &certificates(&case["untrusted_intermediates"])];
    let expected = match text(case, "validation_kind") {
        "SERVER" => Some(ServerName::try_from(text(&case["expected_peer_name"], "value").to_owned())),
        "CLIENT" => None,
        other => panic!("a kind of peer that is not known: {other}"),
    };
    // A name that is no host name is none that a client could mean.
    let expected = expected.transpose().map_err(|_| CertificateError::BadEncoding)?;
    let now = time(case["validation_time"].as_str().unwrap_or(NOW));
    let peer = PresentedPeer { chain: Arc::from(chain.concat()), expected, ocsp: None, now };
    verifier.verify(&peer).map(|_| ())
}

/// One certificate in PEM, or a list of them.
fn certificates(value: &Value) -> Vec<CertificateDer<'static>> {
    let one = |pem: &Value| {
        let pem = pem.as_str().expect("a certificate");
        CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")
    };
    value.as_array().map_or_else(|| vec![one(value)], |list| list.iter().map(one).collect())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {}", value["id"]))
}

/// `YYYY-MM-DDThh:mm:ss` and what is below a second, in UTC.
fn time(text: &str) -> UnixTime {
    assert!(text.ends_with("+00:00"), "not in UTC: {text}");
    let number = |from: usize, to: usize| text[from..to].parse::<u64>().expect("a number");
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    // Years begin in March, so that the leap day comes last.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19);
    UnixTime::since_unix_epoch(Duration::from_secs(days * 86_400 + seconds))
}
