//! Whether the time of what handles secrets depends on them: valgrind's memcheck follows secrets, which are marked as
//! undefined, and reports every condition and every address that depends on one.
//!
//! ```text
//! cargo build --release && valgrind --error-limit=no target/release/constant_time
//! ```
//!
//! A comparison ends with a verdict that everybody may know, and acting upon it is a report too. So a claim says how many
//! verdicts there are; it holds if there are exactly as many reports, whatever the secret is. Programs that
//! leak on purpose show that a leak is reported.

mod claims;
mod curves;
mod leaks;
mod memcheck;

use std::process::ExitCode;

/// What is checked.
#[derive(Clone, Copy)]
pub struct Claim {
    pub name: &'static str,
    /// How many reports there are to be, and what they are about.
    pub expected: Expected,
    pub run: fn(),
}

/// How many reports are right.
#[derive(Clone, Copy)]
pub enum Expected {
    /// None at all.
    None,
    /// So many verdicts, and this is what they say.
    Verdicts(usize, &'static str),
    /// At least one: this leaks on purpose.
    Leak,
}

impl Claim {
    /// Runs it and prints a line; whether it holds.
    fn holds(&self) -> bool {
        let before = memcheck::reports();
        (self.run)();
        let reports = memcheck::reports() - before;
        let (holds, words) = match self.expected {
            Expected::None => (reports == 0, "expected none".to_owned()),
            Expected::Verdicts(count, what) => (reports == count, format!("expected {count}: {what}")),
            Expected::Leak => (reports > 0, "leaks on purpose, expected at least one".to_owned()),
        };
        println!("{} {:<44} {reports} reports, {words}", if holds { "ok  " } else { "FAIL" }, self.name);
        holds
    }
}

fn main() -> ExitCode {
    if !memcheck::is_running() {
        eprintln!("start this under valgrind, on x86-64");
        return ExitCode::from(2);
    }
    let claims = [leaks::CLAIMS, claims::CLAIMS, curves::CLAIMS].concat();
    let failed = claims.iter().filter(|claim| !claim.holds()).count();
    println!("{} claims, {failed} failed", claims.len());
    ExitCode::from(u8::from(failed > 0))
}
