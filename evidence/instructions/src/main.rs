//! One thing at a time, again and again, in functions of their own whose instructions callgrind counts.
//!
//! ```text
//! instructions NAME ROUNDS     does one of the things so many times
//! instructions --names         says which there are, each after the function around it and a tab
//! instructions --processor     says what the code chosen at run time is chosen by
//! ```

#[path = "../../../tests/common/certs.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod certs;
mod pair;
mod records;

use std::process::ExitCode;

use pair::Resumes;

/// What is counted, and the function around it.
const NAMES: [(&str, &str); 8] = [
    ("client, by session ID", "measured_client"),
    ("server, by session ID", "measured_server"),
    ("client, by ticket", "measured_client"),
    ("server, by ticket", "measured_server"),
    ("client, by ticket, renewed", "measured_client"),
    ("server, by ticket, renewed", "measured_server"),
    ("a record of 100 bytes, sealed", "measured_seal"),
    ("a record of 100 bytes, opened", "measured_open"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--names"] => {
            NAMES.iter().for_each(|(name, function)| println!("{function}\t{name}"));
            ExitCode::SUCCESS
        }
        ["--processor"] => {
            println!("{}", processor());
            ExitCode::SUCCESS
        }
        [name, rounds] => match (run(name), rounds.parse()) {
            (Some(run), Ok(rounds)) => {
                run(rounds);
                ExitCode::SUCCESS
            }
            _ => usage(),
        },
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("instructions NAME ROUNDS, --names or --processor");
    ExitCode::FAILURE
}

fn run(name: &str) -> Option<fn(usize)> {
    Some(match name.split_once(", ")? {
        (_, "by session ID") => |rounds| pair::run(Resumes::Id, rounds),
        (_, "by ticket") => |rounds| pair::run(Resumes::Ticket, rounds),
        (_, "by ticket, renewed") => |rounds| pair::run(Resumes::Renewed, rounds),
        ("a record of 100 bytes", _) => records::run,
        _ => return None,
    })
}

/// The extensions of the instruction set that the primitives and the C library look for.
#[cfg(target_arch = "x86_64")]
fn processor() -> String {
    macro_rules! found {
        ($($name:tt)*) => {
            [$(($name, is_x86_feature_detected!($name))),*]
        };
    }
    let all = found!("aes" "pclmulqdq" "avx2" "bmi2" "adx" "ermsb" "sha" "vaes" "avx512f" "avx512ifma");
    let found: Vec<_> = all.into_iter().filter_map(|(name, found)| found.then_some(name)).collect();
    found.join(" ")
}

#[cfg(not(target_arch = "x86_64"))]
fn processor() -> String {
    std::env::consts::ARCH.into()
}
