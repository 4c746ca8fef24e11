//! The command, and what it reports.

use std::process::{Command, Output};

use serde_json::Value;

use super::serving::{Serving, ca};
use crate::files::Folder;

/// Runs `tls12 probe` to its end.
pub(super) fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tls12")).arg("probe").args(args).output().expect("the command")
}

/// The report about this server at 127.0.0.1.
pub(super) fn report(serving: &Serving, more: &[&str]) -> Report {
    report_of(&serving.target(), &[&["--address", "127.0.0.1"], more].concat())
}

/// The report about a target.
pub(super) fn report_of(target: &str, more: &[&str]) -> Report {
    let folder = Folder::new(&format!("probe-{}", target.replace(':', "-")));
    let root = folder.write("root.pem", "CERTIFICATE", &[&ca().root()]);
    let count: &[&str] = if more.contains(&"--count") { &[] } else { &["--count", "6"] };
    let output = run(&[&[target, "--ca", &root, "--json"], count, more].concat());
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(json["format"], 1);
    let addresses = json["reports"][0]["addresses"].as_array().expect("addresses");
    let is_judged =
        addresses.iter().any(|address| address["state"] == "examined" || address["state"] == "only-tls13");
    assert_eq!(output.status.code(), Some(if is_judged { 0 } else { 1 }), "{errors}");
    let report = json["reports"][0].take();
    let (most, made) = (&report["connections"]["most"], &report["connections"]["made"]);
    assert!(made.as_u64() <= most.as_u64(), "{made} of {most}");
    let text = report.to_string();
    assert!(!text.contains("are used up"), "more was to be tried than was announced: {text}");
    Report(report)
}

/// What a report says.
pub(super) struct Report(pub(super) Value);

impl Report {
    /// The verdict on one way to resume at the first address.
    pub(super) fn path(&self, by: &str) -> &str {
        self.0["addresses"][0][by]["verdict"].as_str().unwrap_or_else(|| panic!("no {by} in {}", self.0))
    }

    /// Both verdicts.
    pub(super) fn paths(&self) -> (&str, &str) {
        (self.path("ticket"), self.path("id"))
    }

    /// The sentence.
    pub(super) fn verdict(&self) -> &str {
        self.0["verdict"].as_str().expect("a sentence")
    }

    /// The codes of all findings.
    pub(super) fn findings(&self) -> Vec<&str> {
        let findings = self.0["findings"].as_array().expect("findings");
        findings.iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
    }

    /// What is said of a rule, of all ways in which it was tried: the verdict on each.
    pub(super) fn rule(&self, rule: &str, tried: &str) -> Vec<&str> {
        let rows = self.0["addresses"][0]["rules"].as_array().expect("rules");
        let of = rows.iter().filter(|row| row["rule"] == rule);
        let of = of.filter(|row| row["tried"].as_str().expect("words").contains(tried));
        of.map(|row| row["verdict"].as_str().expect("a verdict")).collect()
    }

    /// The rules that are broken, each once.
    pub(super) fn broken(&self) -> Vec<&str> {
        let rows = self.0["addresses"][0]["rules"].as_array().expect("rules");
        let broken = rows.iter().filter(|row| row["verdict"] == "broken");
        let mut broken: Vec<_> = broken.map(|row| row["rule"].as_str().expect("a number")).collect();
        broken.sort_unstable();
        broken.dedup();
        broken
    }

    /// A value of the first address.
    #[track_caller]
    pub(super) fn at(&self, pointer: &str) -> &Value {
        let value = self.0["addresses"][0].pointer(pointer);
        value.unwrap_or_else(|| panic!("no {pointer} in {}", self.0["addresses"][0]))
    }
}
