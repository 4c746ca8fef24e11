//! The shim as the runner starts it.

mod shim;

use std::{env, io, os::unix::ffi::OsStringExt, panic, process::ExitCode};

fn main() -> ExitCode {
    let args: Vec<Vec<u8>> = env::args_os().skip(1).map(OsStringExt::into_vec).collect();
    let status = panic::catch_unwind(|| shim::run(&args, &mut io::stdout(), &mut io::stderr()));
    ExitCode::from(status.unwrap_or(shim::BROKEN))
}
