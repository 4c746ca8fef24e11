//! `scale`: what the crate beside this one costs when there is more of something.

mod counts;
mod store;
mod threads;

use ::tls12::crypto::Provider;

use crate::{contestant::Setup, libraries::tls12::Tls12, measure::Plan, racer::Racer};

/// Measures and prints all of it.
pub fn run(racers: &[Box<dyn Racer>], setup: &Setup, plan: Plan, quick: bool) {
    println!("## Scale\n");
    threads::run(racers, setup, quick);
    store::run(if quick { 5 } else { 7 });
    counts::run(&Tls12::new(Provider::best()), setup, plan);
}
