//! The part of the command line that is about running for long: limits, log, numbers.

use std::time::Duration;

use clap::{Args, ValueEnum, value_parser};

use crate::args::duration;

/// What clients may use up. What is over a limit is closed, counted and logged.
#[derive(Debug, Clone, Args)]
pub(crate) struct Limits {
    /// For how long a handshake may go on
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) handshake_timeout: Duration,
    /// For how long nothing may come and go
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) idle_timeout: Duration,
    /// How many connections there may be at once
    #[arg(long, value_name = "N", default_value = "1024", value_parser = value_parser!(u32).range(1..))]
    pub(crate) max_connections: u32,
    /// How many of them may be in the middle of their handshakes, or have said nothing yet
    #[arg(long, value_name = "N", default_value = "512", value_parser = value_parser!(u32).range(1..))]
    pub(crate) max_handshakes: u32,
    /// What share of these may come from one address (IPv6: from one network of 64 bits), in percent
    #[arg(long, value_name = "PERCENT", default_value = "50", value_parser = value_parser!(u32).range(1..=100))]
    pub(crate) address_share: u32,
    /// How many connections one address (IPv6: one network of 64 bits) may have at once; without it, all of them
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) max_connections_per_address: Option<u32>,
    /// For how long open connections may go on after SIGTERM or SIGINT
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) drain: Duration,
}

#[cfg(test)]
impl Default for Limits {
    fn default() -> Self {
        #[derive(clap::Parser)]
        struct Alone {
            #[command(flatten)]
            limits: Limits,
        }
        let alone: Alone = clap::Parser::parse_from(["alone"]);
        alone.limits
    }
}

/// What is told of it all.
#[derive(Debug, Clone, Args)]
pub(crate) struct Telling {
    /// How a connection is logged on standard output, one line each
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log: LogFormat,
    /// Where to serve numbers over HTTP: text at /, Prometheus lines at /metrics. Whoever can reach the address can read
    /// them
    #[arg(long, alias = "stats", value_name = "ADDRESS:PORT")]
    pub(crate) metrics: Option<String>,
    /// What to trace on standard error: off, error, warn, info, debug, trace, or such words for parts, as in
    /// warn,tls12::store=debug,tls12::handshake=debug,tls12::daemon=debug
    #[arg(long, value_name = "LEVEL", default_value = "warn", value_parser = trace)]
    pub(crate) trace: tracing_subscriber::filter::Targets,
    /// How many threads serve; as many as there are processors unless told otherwise
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
}

/// How a connection is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Words `key=value`
    Text,
    /// A JSON object
    Json,
}

fn trace(text: &str) -> Result<tracing_subscriber::filter::Targets, String> {
    // A word alone is a level; what is none would be taken for a part.
    let is_whole =
        |part: &str| part.contains('=') || part.parse::<tracing::level_filters::LevelFilter>().is_ok();
    match text.parse() {
        Ok(targets) if text.split(',').all(is_whole) => Ok(targets),
        Ok(_) | Err(_) => {
            Err("off, error, warn, info, debug or trace, or such a word behind a part and =".into())
        }
    }
}

/// Reads a number of threads.
fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1024) => Ok(number),
        _ => Err("a number of threads is from 1 to 1024".into()),
    }
}
