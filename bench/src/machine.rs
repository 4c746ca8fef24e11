//! Where figures come from: the machine, and what was built.

use std::fs;

/// What is built here, with the versions that `Cargo.lock` has.
const LOCK: &str = include_str!("../Cargo.lock");
/// Whose versions matter.
const CRATES: [&str; 7] =
    ["tls12", "rustls", "aws-lc-rs", "ring", "graviola", "rustls-graviola", "rustls-rustcrypto"];

/// One line about the machine, and one about the libraries.
pub fn describe() -> String {
    let versions: Vec<String> = CRATES.iter().filter_map(|name| locked(name)).collect();
    format!(
        "{} ({} threads), Linux {}\n\n{}, {}",
        processor(),
        std::thread::available_parallelism().map_or(0, usize::from),
        read("/proc/sys/kernel/osrelease"),
        versions.join(", "),
        openssl::version::version(),
    )
}

fn read(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "unknown".into(), |text| text.trim().to_owned())
}

fn processor() -> String {
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    model.map_or_else(|| "unknown".into(), |model| model.trim_start_matches(['\t', ' ', ':']).to_owned())
}

/// `name version`, all versions of it where there are several.
fn locked(name: &str) -> Option<String> {
    let line = format!("name = \"{name}\"");
    let after = |lines: &[&str]| lines[1].trim_start_matches("version = ").trim_matches('"').to_owned();
    let lines: Vec<&str> = LOCK.lines().collect();
    let versions: Vec<String> = lines.windows(2).filter(|pair| pair[0] == line).map(after).collect();
    (!versions.is_empty()).then(|| format!("{name} {}", versions.join(" and ")))
}
