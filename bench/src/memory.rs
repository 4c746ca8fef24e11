//! `memory`: what an idle connection takes.

use std::{any::Any, fs, process::Command};

use crate::{
    contestant::Setup,
    racer::{End, Racer},
    table::{Table, thousands},
};

/// Bytes for each connection.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// The value that the application holds, and the heap behind it, counted at the allocator of Rust.
    pub counted: u64,
    /// The value alone.
    pub value: u64,
    /// By how much the process grew: what C allocates is here and only here, with what the allocator adds.
    pub resident: u64,
}

/// What an idle connection takes, in the order of the contestants.
pub struct Memory {
    /// Client and server, as the library has them.
    pub usual: Vec<[Option<Taken>; 2]>,
    /// The same where the library was asked to give up what it can.
    pub lean: Vec<[Option<Taken>; 2]>,
}

/// Measures everybody and prints a table.
pub fn run(racers: &[Box<dyn Racer>], quick: bool) -> Memory {
    let count = if quick { 1000 } else { 10_000 };
    println!("## Memory\n");
    println!(
        "Bytes for each of {} idle connections: the value and the heap behind it, counted at the",
        thousands(count)
    );
    println!(
        "allocator; and by how much the process grew, where C allocates. Each in a process of its own.\n"
    );
    let of = |lean: bool| -> Vec<_> {
        let ends =
            |racer: &dyn Racer| [End::Client, End::Server].map(|end| in_a_child(racer, end, lean, count));
        racers.iter().map(|racer| ends(&**racer)).collect()
    };
    let memory = Memory { usual: of(false), lean: of(true) };
    print(racers, &memory);
    memory
}

fn print(racers: &[Box<dyn Racer>], memory: &Memory) {
    let head = [
        "client / server",
        "counted",
        "of that the value",
        "grown by",
        "lean or parked: counted",
        "grown by",
    ];
    let mut table = Table::new(head);
    for ((racer, usual), lean) in racers.iter().zip(&memory.usual).zip(&memory.lean) {
        let column = |taken: &[Option<Taken>; 2], get: fn(&Taken) -> u64| {
            taken.map(|taken| taken.as_ref().map_or("–".into(), |taken| thousands(get(taken)))).join(" / ")
        };
        table.row([
            racer.name(),
            column(usual, |taken| taken.counted),
            column(usual, |taken| taken.value),
            column(usual, |taken| taken.resident),
            column(lean, |taken| taken.counted),
            column(lean, |taken| taken.resident),
        ]);
    }
    println!("{table}");
}

/// Measures in a process that has done nothing else: what was freed before would be used again, and not be seen.
fn in_a_child(racer: &dyn Racer, end: End, lean: bool, count: u64) -> Option<Taken> {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    let end = format!("{end:?}").to_lowercase();
    command.args(["idle", &racer.name(), &end, &lean.to_string(), &count.to_string()]);
    let output = command.output().expect("this program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("numbers");
    let mut numbers = text.split_whitespace().map(|number| number.parse().expect("a number"));
    Some(Taken { counted: numbers.next()?, value: numbers.next()?, resident: numbers.next()? })
}

/// What the child does: prints the three numbers, or nothing if there is no such connection.
pub fn idle(racer: &dyn Racer, setup: &Setup, end: End, count: usize) {
    let Some(mut connect) = racer.idle(setup, end) else { return };
    // What all connections share is there now.
    let mut value = 0;
    for _ in 0..10 {
        value = size_of_val(&*connect());
    }
    let mut connections: Vec<Box<dyn Any>> = Vec::with_capacity(count);
    let before = resident();
    let info = allocation_counter::measure(|| {
        for _ in 0..count {
            connections.push(connect());
        }
    });
    let grown = resident().saturating_sub(before);
    println!("{} {value} {}", info.bytes_current / count as i64, grown / count as u64);
}

/// The memory of this process in bytes, as Linux counts it.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap_or_default();
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0);
    kilobytes * 1024
}
