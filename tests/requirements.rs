//! docs/requirements.toml is complete in itself: every entry says how it is met, and names tests that there are.
//! The modules have tests of what the other files do not show.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

#[path = "requirements/answers.rs"]
mod answers;
#[path = "requirements/chains.rs"]
mod chains;
#[path = "requirements/flights.rs"]
mod flights;
#[path = "requirements/offers.rs"]
mod offers;
#[path = "requirements/records.rs"]
mod records;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use toml::{Table, Value};

const REQUIREMENTS: &str = include_str!("../docs/requirements.toml");
const RFCS: [i64; 7] = [5246, 5077, 7627, 5746, 7301, 6066, 8422];
const LEVELS: [&str; 4] = ["MUST", "MUST NOT", "SHOULD", "SHOULD NOT"];
/// How a requirement is met, or why it is not.
const ENDS: [&str; 3] = ["tests", "not_applicable", "departs"];
const KEYS: [&str; 9] =
    ["id", "rfc", "section", "level", "says", "tests", "not_applicable", "departs", "note"];

/// The entries of a file, or why it is none.
fn entries(text: &str) -> Result<Vec<Table>, String> {
    let mut file: Table = text.parse().map_err(|error| format!("no TOML: {error}"))?;
    match (file.remove("requirement"), file.is_empty()) {
        (Some(Value::Array(list)), true) => list
            .into_iter()
            .map(|each| each.try_into::<Table>().map_err(|_| "an entry that is no table".into()))
            .collect(),
        _ => Err("a list of requirements and nothing else is expected".into()),
    }
}

/// The text under a key, which must have some words.
fn words<'e>(entry: &'e Table, key: &str, least: usize) -> Result<&'e str, String> {
    let text = entry.get(key).and_then(Value::as_str).ok_or_else(|| format!("no {key}"))?;
    match text.split_whitespace().count() >= least {
        true => Ok(text),
        false => Err(format!("{key} has less than {least} words")),
    }
}

/// The tests that an entry names.
fn tests_of(entry: &Table) -> Result<Vec<&str>, String> {
    let Some(value) = entry.get("tests") else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|list| !list.is_empty()).ok_or("no list of tests")?;
    list.iter().map(|name| name.as_str().ok_or_else(|| "a test that is no name".into())).collect()
}

/// What is wrong with an entry.
fn check(entry: &Table, known: &BTreeSet<String>) -> Result<(), String> {
    if let Some(key) = entry.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("an unknown key, {key}"));
    }
    let rfc =
        entry.get("rfc").and_then(Value::as_integer).filter(|rfc| RFCS.contains(rfc)).ok_or("no rfc")?;
    let section = words(entry, "section", 1)?;
    let numbered = words(entry, "id", 1)?.strip_prefix(&format!("{rfc}-{section}-"));
    if numbered.is_none_or(|number| number.parse::<u32>().is_err()) {
        return Err("an id that is not made of rfc, section and a number".into());
    }
    if !LEVELS.contains(&words(entry, "level", 1)?) {
        return Err("an unknown level".into());
    }
    words(entry, "says", 4)?;
    let [tests, not_applicable, departs] = ENDS.map(|end| entry.contains_key(end));
    // Tests may show in what the library departs.
    if not_applicable == (tests || departs) {
        return Err("either tests or a reason is expected".into());
    }
    for reason in ["not_applicable", "departs", "note"].into_iter().filter(|key| entry.contains_key(*key)) {
        words(entry, reason, 3)?;
    }
    match tests_of(entry)?.into_iter().find(|name| !known.contains(*name)) {
        Some(missing) => Err(format!("there is no test {missing}")),
        None => Ok(()),
    }
}

/// Every test of the crate: the path of its file without `tests/`, with `::` for `/`, and the name of its function.
fn known_tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut names) = (vec![root.join("tests"), root.join("src")], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let path = entry.expect("a file of the crate").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = path.strip_prefix(root).expect("a path in the crate").with_extension("");
                let parts: Vec<_> = file.iter().filter_map(|part| part.to_str()).collect();
                let parts = parts.strip_prefix(&["tests"]).unwrap_or(&parts).join("::");
                let text = fs::read_to_string(&path).expect("text");
                names.extend(functions(&text).map(|name| format!("{parts}::{name}")));
            }
        }
    }
    names
}

/// The functions of a file that are tests.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().map(str::trim).filter_map(move |line| {
        let function = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
        if line == "#[test]" || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if !line.starts_with('#') && !line.starts_with("//") {
            let was_test = std::mem::take(&mut is_test);
            return function.filter(|_| was_test).and_then(|rest| rest.split(['(', '<']).next());
        }
        None
    })
}

#[test]
fn every_requirement_is_met_by_tests_that_there_are_or_says_why_not() {
    let (known, mut wrong, mut ids) = (known_tests(), Vec::new(), BTreeSet::new());
    let entries = entries(REQUIREMENTS).expect("the file can be read");
    for entry in &entries {
        let id = entry.get("id").and_then(Value::as_str).unwrap_or("an entry without id");
        wrong.extend(check(entry, &known).err().map(|why| format!("{id}: {why}")));
        if !ids.insert(id) {
            wrong.push(format!("{id}: there are two of it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    let mut used = BTreeSet::new();
    for entry in &entries {
        *levels.entry(words(entry, "level", 1).expect("it was checked")).or_default() += 1;
        used.extend(tests_of(entry).expect("they were checked"));
    }
    let levels: Vec<String> = levels.into_iter().map(|(level, count)| format!("{level} {count}")).collect();
    let [with_tests, not_applicable, departs] =
        ENDS.map(|end| entries.iter().filter(|entry| entry.contains_key(end)).count());
    let covered =
        with_tests - entries.iter().filter(|e| e.contains_key("tests") && e.contains_key("departs")).count();
    common::say::say(&format!(
        "requirements: {} ({}), {covered} covered by {} tests, {not_applicable} not applicable, {departs} departed from",
        entries.len(),
        levels.join(", "),
        used.len(),
    ));
    assert!(covered > 150, "a file that was cut");
    for rfc in RFCS {
        assert!(
            entries.iter().any(|entry| entry.get("rfc").and_then(Value::as_integer) == Some(rfc)),
            "{rfc}"
        );
    }
}

/// The check itself sees what it is there to see.
#[test]
fn an_entry_that_lacks_something_is_refused() {
    let known = BTreeSet::from(["order::table::a_test".to_string()]);
    let good = "id = '5246-7.4-1'\nrfc = 5246\nsection = '7.4'\nlevel = 'MUST'\nsays = 'a b c d'\n";
    let entry = |text: &str| text.parse::<Table>().expect("TOML");
    let refused = |text: String| check(&entry(&text), &known).expect_err("it lacks something");
    let named = "tests = ['order::table::a_test']";
    assert_eq!(check(&entry(&format!("{good}{named}")), &known), Ok(()));
    assert_eq!(check(&entry(&format!("{good}not_applicable = 'no such key'")), &known), Ok(()));
    for (end, why) in [
        ("tests = ['order::table::another']", "there is no test"),
        ("tests = []", "no list"),
        ("tests = [1]", "no name"),
        ("", "either tests"),
        ("not_applicable = ''", "words"),
        ("departs = 'no'", "words"),
        ("tests = ['order::table::a_test']\nnot_applicable = 'it has one'", "either tests"),
        ("departs = 'it does otherwise'\nnot_applicable = 'no such key'", "either tests"),
        ("tests = ['order::table::a_test']\nsecret = 1", "unknown key"),
    ] {
        let told = refused(format!("{good}{end}"));
        assert!(told.contains(why), "{told}");
    }
    for (from, to) in [
        ("section = '7.4'\n", ""),
        ("level = 'MUST'", "level = 'MIGHT'"),
        ("rfc = 5246", "rfc = 5247"),
        ("id = '5246-7.4-1'", "id = '5246-7.3-1'"),
        ("says = 'a b c d'", "says = ''"),
    ] {
        refused(format!("{}{named}", good.replace(from, to)));
    }
    let tests: Vec<_> = functions("fn no() {}\n#[test]\n#[cfg(unix)]\nfn yes() {\n  fn nor() {}").collect();
    assert_eq!(tests, ["yes"]);
}
