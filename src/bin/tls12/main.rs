//! The command: serves and calls TLS 1.2, and shows how handshakes go.
#![forbid(unsafe_code)]

mod args;
mod call;
mod certs;
mod connect;
mod conversation;
mod daemon;
mod demo;
mod explain;
mod keylog;
mod ladder;
mod lines;
mod private_file;
mod probe;
mod recorded;
mod recordings;
mod replay;
mod resume_args;
mod roles;
mod say;
mod serve;
mod sessions;
mod ticket_keys;
mod words;
mod wrap;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use tokio::runtime::Builder;

use crate::args::{Arguments, Command};

/// Why the command ends without success, in a sentence.
pub(crate) enum Failure {
    /// It was not called as it should: exit code 2, as for what clap finds.
    Usage(String),
    /// What it was to do failed: exit code 1.
    Failed(String),
}

/// For how long the last words may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        // Threads of its own serve.
        Command::Serve(args) => on_runtime(Builder::new_current_thread(), serve::run(*args)),
        Command::Forward(args) => on_runtime(Builder::new_current_thread(), wrap::run(*args)),
        Command::Connect(args) => on_runtime(Builder::new_multi_thread(), connect::run(args)),
        Command::Probe(args) => on_runtime(Builder::new_multi_thread(), probe::run(*args)),
        Command::Demo(args) => demo::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::TicketKeys(args) => ticket_keys::run(&args),
    };
    let code = match result {
        Ok(()) => 0,
        Err(Failure::Failed(sentence)) => {
            say::say!("tls12: {sentence}");
            1
        }
        Err(Failure::Usage(sentence)) => {
            say::say!("tls12: {sentence}");
            2
        }
    };
    say::finish(LAST_WORDS);
    ExitCode::from(code)
}

fn on_runtime(mut builder: Builder, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("no threads can be started: {error}")))?;
    let result = runtime.block_on(work);
    // Standard input is read on a thread that may wait there for ever.
    runtime.shutdown_background();
    result
}
