//! `handshakes`: what a handshake costs each side.

use crate::{
    contestant::{Family, Setup, Way},
    measure::{self, Plan, Spread, Times},
    racer::{Racer, Work},
    table::{Table, figure},
};

/// What somebody needed for one kind of handshake, in seconds; nothing if they cannot do it.
pub struct Measured {
    /// The kind.
    pub way: Way,
    /// In the order of the contestants.
    pub times: Vec<Option<Times>>,
    /// How often both sides together ask the allocator of Rust for memory.
    pub allocations: Vec<Option<u64>>,
}

/// Measures one kind.
pub fn measure(racers: &[Box<dyn Racer>], setup: &Setup, plan: Plan) -> Measured {
    let mut works: Vec<Option<Work>> = racers.iter().map(|racer| racer.handshakes(setup, 1).pop()).collect();
    let allocations = works.iter_mut().map(|work| work.as_mut().map(allocations)).collect();
    Measured { way: setup.way, times: race_those_who_can(works, plan), allocations }
}

/// Of one handshake, when all that is made once was made.
fn allocations(work: &mut Work) -> u64 {
    work();
    allocation_counter::measure(|| {
        work();
    })
    .count_total
}

/// Measures those that can do it.
pub fn race_those_who_can(works: Vec<Option<Work>>, plan: Plan) -> Vec<Option<Times>> {
    let can: Vec<bool> = works.iter().map(Option::is_some).collect();
    let mut runs = measure::race(&mut works.into_iter().flatten().collect::<Vec<_>>(), plan).into_iter();
    can.into_iter().map(|can| if can { runs.next() } else { None }).collect()
}

impl Measured {
    /// What the others are measured against: rustls with aws-lc where the handshake is full, and otherwise the fastest
    /// rustls on each side.
    pub fn baseline(&self, racers: &[Box<dyn Racer>]) -> [f64; 2] {
        let rustls = || racers.iter().zip(&self.times).filter(|(racer, _)| racer.family() == Family::Rustls);
        let counts = |name: &str| !self.way.is_full() || name.ends_with("aws-lc");
        [0, 1].map(|side| {
            let times = rustls().filter(|(racer, _)| counts(&racer.name()));
            times.filter_map(|(_, times)| Some(times.as_ref()?[side].median)).fold(f64::INFINITY, f64::min)
        })
    }

    /// What the baseline is called.
    pub fn baseline_name(&self) -> &'static str {
        if self.way.is_full() { "rustls + aws-lc" } else { "the fastest rustls" }
    }
}

/// Measures these kinds and prints a table of each.
pub fn run(racers: &[Box<dyn Racer>], setup: &Setup, ways: &[Way], plan: Plan) -> Vec<Measured> {
    println!("## Handshakes\n");
    println!("µs in the calls of each side, the connection made and dropped within; the clock itself takes");
    println!("{} ns of each turn (two or three a side).\n", measure::clock().as_nanos());
    let measure_and_print = |&way: &Way| {
        let measured = measure(racers, &Setup { way, ..setup.clone() }, plan);
        print(&measured, racers);
        measured
    };
    ways.iter().map(measure_and_print).collect()
}

fn print(measured: &Measured, racers: &[Box<dyn Racer>]) {
    let baseline = measured.baseline(racers);
    let against = format!("of {}", measured.baseline_name());
    let title = measured.way.title();
    let mut table = Table::new([
        title,
        "client / server, µs",
        "quartiles, client; server",
        &against,
        "allocations",
        "note",
    ]);
    for (at, racer) in racers.iter().enumerate() {
        let note = racer.note(measured.way).unwrap_or_default().to_owned();
        let allocations = measured.allocations[at].map_or("–".into(), |count| count.to_string());
        match &measured.times[at] {
            Some(times) => {
                let (times, spread, ratios) = (micros(times), quartiles(times), ratios(times, baseline));
                table.row([racer.name(), times, spread, ratios, allocations, note]);
            }
            None => {
                table.row([racer.name(), "–".into(), "–".into(), "–".into(), "–".into(), "cannot".into()])
            }
        }
    }
    println!("{table}");
}

/// `client / server`.
pub fn micros(times: &Times) -> String {
    let [client, server] = times.map(|time| figure(time.median * 1e6));
    format!("{client} / {server}")
}

fn quartiles(times: &Times) -> String {
    let [client, server] = times.map(|time| between(time.map(|seconds| seconds * 1e6)));
    format!("{client}; {server}")
}

/// `low..high`.
pub fn between(spread: Spread) -> String {
    format!("{}..{}", figure(spread.low), figure(spread.high))
}

fn ratios(times: &Times, baseline: [f64; 2]) -> String {
    let [client, server] = [0, 1].map(|side| ratio(times[side].median, baseline[side]));
    format!("{client} / {server}")
}

/// `value` of `baseline`, if somebody made one.
pub fn ratio(value: f64, baseline: f64) -> String {
    let made = baseline.is_finite() && baseline > 0.0;
    if made { format!("{:.2}", value / baseline) } else { "–".into() }
}
