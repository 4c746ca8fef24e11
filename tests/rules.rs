//! The rules of resumption, R1 to R37, each by a test that is named after it, and the vulnerabilities that became
//! public as breaches of them. Other files show more of most rules.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

#[path = "rules/binding.rs"]
mod binding;
#[path = "rules/cves.rs"]
mod cves;
#[path = "rules/cves_long_ago.rs"]
mod cves_long_ago;
#[path = "rules/extended.rs"]
mod extended;
#[path = "rules/keys.rs"]
mod keys;
#[path = "rules/lifetime.rs"]
mod lifetime;
#[path = "rules/stores.rs"]
mod stores;
#[path = "rules/tickets.rs"]
mod tickets;

use std::{fs, path::Path};

use common::{pair::World, raw::Raw};
use tls12::session::{ClientSession, NotResumed};

/// Every Rust file in a folder of the crate, by its path in the crate, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut found) = (vec![root.join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let path = entry.expect("a file of the crate").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("text");
                let relative = path.strip_prefix(root).expect("a path in the crate");
                found.push((relative.display().to_string(), text));
            }
        }
    }
    found
}

/// What stands behind `fn ` and this prefix, up to the underscore.
fn tests_named(prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (_, text) in sources("tests/rules") {
        let mut lines = text.lines().map(str::trim).peekable();
        while let Some(line) = lines.next() {
            let next = lines.peek().and_then(|next| next.strip_prefix("fn "));
            let name = next.filter(|_| line == "#[test]").and_then(|name| name.strip_prefix(prefix));
            names.extend(name.map(String::from));
        }
    }
    names
}

#[test]
fn every_rule_has_a_test() {
    let names = tests_named("r");
    for rule in 1..=37 {
        let is_of = |name: &&String| name.split('_').next() == Some(rule.to_string().as_str());
        assert!(names.iter().any(|name| is_of(&name)), "no test of R{rule}");
    }
}

/// Those that became public as breaches of a rule.
const CVES: [(u16, u32); 17] = [
    (2026, 11703),
    (2025, 68121),
    (2025, 23419),
    (2025, 23048),
    (2024, 853),
    (2022, 21654),
    (2022, 38153),
    (2022, 39173),
    (2020, 13777),
    (2020, 8172),
    (2016, 5419),
    (2016, 9244),
    (2014, 7189),
    (2014, 1295),
    (2015, 1791),
    (2014, 3567),
    (2010, 4180),
];

#[test]
fn every_vulnerability_has_a_test() {
    let mut names = tests_named("cve_");
    for (year, number) in CVES {
        let name = format!("{year}_{number:04}_");
        let at = names.iter().position(|test| test.starts_with(&name));
        names.remove(at.unwrap_or_else(|| panic!("no test of CVE-{year}-{number:04}")));
    }
    assert!(names.is_empty(), "tests of what is not on the list: {names:?}");
}

/// A copy of the client's session.
fn session_of(world: &World) -> ClientSession {
    world.session.as_ref().map(ClientSession::duplicate).expect("a session")
}

/// What a server of ours says first to this message.
fn answer(raw: &mut Raw, message: &[u8]) -> Vec<u8> {
    raw.message(message);
    raw.next_message()
}

/// R37: who runs a server reads what to do about a reason, and reads no library for it.
#[test]
fn the_table_of_reasons_in_the_documentation_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reasons.md");
    let text = fs::read_to_string(path).expect("a document");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect())
        .collect();
    // Behind the head and what is under it.
    assert_eq!(rows.len(), NotResumed::ALL.len() + 2);
    for (row, reason) in rows[2..].iter().zip(NotResumed::ALL) {
        let [number, name, who, meaning, advice] = row[..] else { panic!("{row:?}") };
        assert_eq!((number, name), (&*reason.code().to_string(), &*format!("`{}`", reason.name())));
        assert_eq!(who, format!("{:?}", reason.seen_by()).to_lowercase());
        assert!(!meaning.is_empty());
        assert_eq!(advice, reason.advice());
    }
}
