//! Measuring: everybody in turn, again and again, so that what slows the machine down slows everybody down.

use std::time::{Duration, Instant};

use crate::racer::Work;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often everybody's turn comes.
    pub batches: usize,
    /// For how long, about: short, so that whatever else the machine does meets few of them.
    pub batch: Duration,
}

impl Plan {
    /// As long as it takes, or only as long as shows that everything works.
    pub fn new(quick: bool) -> Self {
        match quick {
            true => Self { batches: 21, batch: Duration::from_millis(2) },
            false => Self { batches: 401, batch: Duration::from_millis(2) },
        }
    }
}

/// A figure in many batches.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// Half of the batches were below.
    pub median: f64,
    /// A quarter of them.
    pub low: f64,
    /// Three quarters of them.
    pub high: f64,
}

impl Spread {
    /// The median and the quartiles of `figures`, of which there is at least one.
    pub fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
        Self { median: at(0.5), low: at(0.25), high: at(0.75) }
    }

    /// Other units, or the inverse.
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        let (one, other) = (change(self.low), change(self.high));
        Self { median: change(self.median), low: one.min(other), high: one.max(other) }
    }
}

/// The two times of one operation, in seconds.
pub type Times = [Spread; 2];

/// Lets everybody work in turn, in an order that rotates, and says how long one operation took each of them.
pub fn race(entrants: &mut [Work], plan: Plan) -> Vec<Times> {
    let counts: Vec<usize> = entrants.iter_mut().map(|work| operations_in(work, plan.batch)).collect();
    let mut figures: Vec<[Vec<f64>; 2]> = entrants.iter().map(|_| Default::default()).collect();
    for batch in 0..plan.batches {
        for turn in 0..entrants.len() {
            let at = (turn + batch) % entrants.len();
            let spent = batch_of(&mut entrants[at], counts[at]);
            for (figures, spent) in figures[at].iter_mut().zip(spent) {
                figures.push(spent.as_secs_f64() / counts[at] as f64);
            }
        }
    }
    figures.into_iter().map(|both| both.map(Spread::of)).collect()
}

fn batch_of(work: &mut Work, count: usize) -> [Duration; 2] {
    let mut spent = [Duration::ZERO; 2];
    for _ in 0..count {
        let [one, other] = work();
        spent[0] += one;
        spent[1] += other;
    }
    spent
}

/// How many operations fit into `time`, at least one; found by doing them, which also warms everything up.
fn operations_in(work: &mut Work, time: Duration) -> usize {
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed() < time {
        work();
        done += 1;
    }
    done.max(1)
}

/// What reading the clock twice costs, which every turn of a side contains.
pub fn clock() -> Duration {
    let mut readings: Vec<Duration> = (0..1001).map(|_| Instant::now().elapsed()).collect();
    readings.sort();
    readings[readings.len() / 2]
}
