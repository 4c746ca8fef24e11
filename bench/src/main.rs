//! Measures tls12 beside rustls and OpenSSL: all in one process, in memory, in turn.

mod cert;
mod contestant;
mod handshakes;
mod libraries;
mod measure;
mod racer;
mod table;

use std::sync::Arc;

use clap::{Args, Parser, Subcommand};

use crate::{
    cert::Identity,
    contestant::{Setup, Way},
    measure::Plan,
    racer::Racer,
};

/// Measures tls12 beside rustls and OpenSSL: TLS 1.2, ECDHE_ECDSA_AES_128_GCM_SHA256, P-256.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: How,
}

#[derive(Args, Clone)]
struct How {
    /// Only as long as shows that everything works
    #[arg(long, global = true)]
    quick: bool,
    /// Only contestants whose name contains this; more than once for more of them
    #[arg(long, global = true)]
    only: Vec<String>,
}

#[derive(Subcommand)]
enum What {
    /// µs per handshake, full and abbreviated, for each side
    Handshakes,
}

fn main() {
    let Cli { what, how } = Cli::parse();
    let plan = Plan::new(how.quick);
    let wanted = |racer: &Box<dyn Racer>| {
        how.only.is_empty() || how.only.iter().any(|part| racer.name().contains(part.as_str()))
    };
    let racers: Vec<_> = libraries::all().into_iter().filter(wanted).collect();
    let setup = Setup { identity: Arc::new(Identity::new(1)), way: Way::FullX25519, lean: false };
    match what {
        What::Handshakes => {
            handshakes::run(&racers, &setup, plan);
        }
    }
}
