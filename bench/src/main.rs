//! Measures tls12 beside rustls and OpenSSL: all in one process, in memory, in turn.

mod all;
mod cert;
mod contestant;
mod growth;
mod handshakes;
mod libraries;
mod machine;
mod measure;
mod memory;
mod primitives;
mod racer;
mod scale;
mod table;
mod targets;
mod traffic;

use std::sync::Arc;

use clap::{Args, Parser, Subcommand};

use crate::{
    cert::Identity,
    contestant::{Setup, Way},
    measure::Plan,
    racer::{End, Racer},
    traffic::Load,
};

/// Measures tls12 beside rustls and OpenSSL: TLS 1.2, ECDHE_ECDSA_AES_128_GCM_SHA256, P-256.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    how: How,
}

#[derive(Args)]
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
    Handshakes {
        /// Only this kind; more than once for more of them
        #[arg(long)]
        way: Vec<Way>,
    },
    /// 16 KiB records, sealed and opened, in MB/s
    Bulk,
    /// 100-byte records, sealed and opened, in millions a second
    Records,
    /// Bytes of an idle connection
    Memory,
    /// Threads, and what there may be many of: sessions, certificates, keys, partitions, hosts
    Scale,
    /// All of these, one table of them, and what of the targets is met
    All,
    /// What `memory` starts for each figure: prints the bytes of idle connections
    #[command(hide = true)]
    Idle {
        name: String,
        end: End,
        #[arg(action = clap::ArgAction::Set)]
        lean: bool,
        count: usize,
    },
}

fn main() {
    let Cli { what, how } = Cli::parse();
    let plan = Plan::new(how.quick);
    let wanted = |racer: &dyn Racer| {
        how.only.is_empty() || how.only.iter().any(|part| racer.name().contains(part.as_str()))
    };
    let racers: Vec<_> = libraries::all().into_iter().filter(|racer| wanted(&**racer)).collect();
    let setup = Setup { identity: Arc::new(Identity::new(1)), way: Way::FullX25519, lean: false };
    match what {
        What::Handshakes { way } => {
            let ways = if way.is_empty() { &Way::ALL[..] } else { &way };
            let measured = handshakes::run(&racers, &setup, ways, plan);
            primitives::run(&racers, &setup, &measured, plan);
        }
        What::Bulk => drop(traffic::run(&racers, &setup, Load::Bulk, plan)),
        What::Records => drop(traffic::run(&racers, &setup, Load::Records, plan)),
        What::Memory => drop(memory::run(&racers, how.quick)),
        What::Scale => scale::run(&racers, &setup, plan, how.quick),
        What::All => all::run(&racers, &setup, plan, how.quick),
        What::Idle { name, end, lean, count } => {
            let racer = racers.iter().find(|racer| racer.name() == name).expect("a contestant");
            memory::idle(&**racer, &Setup { lean, ..setup }, end, count);
        }
    }
}
