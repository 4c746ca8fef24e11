//! Programs that use the crate wrongly do not compile, and the compiler says why.

#[path = "common/say.rs"]
#[allow(unreachable_pub)]
mod say;

use std::process::Command;

/// The compiler whose words are in `tests/misuse/*.stderr`. Another one says the same in other words.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn what_must_not_be_done_does_not_compile() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("the compiler is there");
    match String::from_utf8_lossy(&version.stdout).starts_with(COMPILER) {
        true => trybuild::TestCases::new().compile_fail("tests/misuse/*.rs"),
        false => say::say(&format!("left out: the expected messages are those of {COMPILER}x")),
    }
}
