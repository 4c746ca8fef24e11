//! `all`: everything, and at the end one table of it and what of the targets is met.

use crate::{
    contestant::{Family, Setup, Way},
    handshakes::{self, Measured, micros},
    machine,
    measure::Plan,
    memory::{self, Memory},
    primitives,
    racer::Racer,
    scale,
    table::{Table, thousands},
    targets,
    traffic::{self, Load, Rates},
};

/// What was measured, in the order of the contestants.
pub struct Figures<'r> {
    /// The contestants.
    pub racers: &'r [Box<dyn Racer>],
    /// One for each [`Way`], in its order.
    pub handshakes: Vec<Measured>,
    /// [`Load::Bulk`].
    pub bulk: Rates,
    /// [`Load::Records`].
    pub records: Rates,
    /// Idle connections.
    pub memory: Memory,
}

/// Measures and prints everything.
pub fn run(racers: &[Box<dyn Racer>], setup: &Setup, plan: Plan, quick: bool) {
    println!("{}\n", machine::describe());
    let handshakes = handshakes::run(racers, setup, &Way::ALL, plan);
    primitives::run(racers, setup, &handshakes, plan);
    println!("## Records\n");
    let bulk = traffic::run(racers, setup, Load::Bulk, plan);
    let records = traffic::run(racers, setup, Load::Records, plan);
    let memory = memory::run(racers, quick);
    scale::run(racers, setup, plan, quick);
    let figures = Figures { racers, handshakes, bulk, records, memory };
    println!("## All\n\n{}\n\n{}", machine::describe(), table(&figures));
    println!(
        "µs per handshake, client side / server side; a star: the ticket is renewed each time. Bytes of an idle"
    );
    println!(
        "connection of a server: counted where all is Rust, and otherwise by how much the process grew.\n"
    );
    println!("## Ratios and targets\n\n{}", targets::table(&figures));
}

fn table(figures: &Figures<'_>) -> Table {
    let ways = Way::ALL.map(Way::title);
    let others = ["idle connection, bytes", "16 KiB seal / open, MB/s", "100-byte records, M/s"];
    let mut table = Table::new([""].into_iter().chain(ways).chain(others));
    for (at, racer) in figures.racers.iter().enumerate() {
        let mut row = vec![racer.name()];
        row.extend(figures.handshakes.iter().map(|measured| cell(measured, at, &**racer)));
        row.push(idle(figures, at));
        row.extend(
            [&figures.bulk, &figures.records].map(|rates| rates[at].map_or("–".into(), traffic::both)),
        );
        table.row(row);
    }
    table
}

fn cell(measured: &Measured, at: usize, racer: &dyn Racer) -> String {
    let star = if racer.note(measured.way).is_some() { " *" } else { "" };
    measured.times[at].as_ref().map_or("–".into(), |times| format!("{}{star}", micros(times)))
}

/// The server's end.
fn idle(figures: &Figures<'_>, at: usize) -> String {
    let counts = |taken: &memory::Taken| match figures.racers[at].family() {
        Family::OpenSsl => taken.resident,
        Family::Tls12 | Family::Rustls => taken.counted,
    };
    let [_, usual] = &figures.memory.usual[at];
    let [_, lean] = &figures.memory.lean[at];
    let lean = lean
        .as_ref()
        .map_or(String::new(), |taken| format!(" (lean or parked {})", thousands(counts(taken))));
    usual.as_ref().map_or("–".into(), |taken| format!("{}{lean}", thousands(counts(taken))))
}
