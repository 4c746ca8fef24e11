//! Layers 0 to 5 need no standard library, and nothing that they depend on does.

#![cfg(target_os = "linux")]

use std::{
    path::Path,
    process::{Command, Output},
};

const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/no_std");

/// Builds the program, with the network or without.
fn build(network: bool) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--locked", "--quiet", "--manifest-path"]);
    cargo.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/no_std/Cargo.toml"));
    cargo.args(["--target-dir", TARGET]);
    if !network {
        cargo.arg("--offline");
    }
    cargo.output().expect("cargo runs")
}

#[test]
fn a_program_without_the_standard_library_links_and_shakes_hands() {
    let mut built = build(false);
    if !built.status.success() {
        built = build(true);
    }
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let program = Path::new(TARGET).join("debug/tls12-no-std");
    let ran = Command::new(program).output().expect("the program runs");
    assert!(ran.status.success(), "{ran:?}");
}
