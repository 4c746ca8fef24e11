//! Handshakes a second, and how long the slowest of them take, with one thread and with two.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use crate::{
    contestant::{Setup, Way},
    racer::{Racer, Work},
    table::{Table, figure, thousands},
};

/// Kinds of which servers see the most.
const WAYS: [Way; 3] = [Way::FullX25519, Way::SessionId, Way::Ticket];

/// Prints a table for each kind of handshake.
pub fn run(racers: &[Box<dyn Racer>], setup: &Setup, quick: bool) {
    println!(
        "The server's handshakes a second are those of the time in its calls, on all threads together; both"
    );
    println!("sides', those of the clock on the wall, with client and server in the same thread.\n");
    let time = Duration::from_millis(if quick { 200 } else { 3000 });
    for way in WAYS {
        let head =
            [way.title(), "threads", "server, a second", "both, a second", "server p50, µs", "p99, µs"];
        let mut table = Table::new(head);
        let setup = Setup { way, ..setup.clone() };
        for racer in racers {
            for threads in [1, 2] {
                let works = racer.handshakes(&setup, threads);
                table.row(row(racer.name(), &run_for(works, time)));
            }
        }
        println!("{table}");
    }
}

/// What one thread did.
struct Done {
    /// The time of the server in each handshake.
    server: Vec<Duration>,
    /// From the first to the last.
    wall: Duration,
}

/// Lets all threads start at once.
fn run_for(works: Vec<Work>, time: Duration) -> Vec<Done> {
    let barrier = Barrier::new(works.len());
    thread::scope(|scope| {
        let start = |work| scope.spawn(|| run_one(work, time, &barrier));
        let threads: Vec<_> = works.into_iter().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread ends")).collect()
    })
}

fn run_one(mut work: Work, time: Duration, barrier: &Barrier) -> Done {
    let mut server = Vec::new();
    barrier.wait();
    let start = Instant::now();
    while start.elapsed() < time {
        server.push(work()[1]);
    }
    Done { server, wall: start.elapsed() }
}

fn row(name: String, threads: &[Done]) -> Vec<String> {
    let per_second = |time: &dyn Fn(&Done) -> Duration| -> f64 {
        threads.iter().map(|done| done.server.len() as f64 / time(done).as_secs_f64()).sum()
    };
    let mut all: Vec<Duration> = threads.iter().flat_map(|done| done.server.iter().copied()).collect();
    all.sort();
    let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    vec![
        name,
        threads.len().to_string(),
        thousands(per_second(&|done| done.server.iter().sum()) as u64),
        thousands(per_second(&|done| done.wall) as u64),
        figure(at(0.5)),
        figure(at(0.99)),
    ]
}
