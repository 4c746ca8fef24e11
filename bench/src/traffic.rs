//! `bulk` and `records`: what an established connection does with bytes.

use crate::{
    contestant::{Family, Setup},
    handshakes::{between, race_those_who_can, ratio},
    measure::{Plan, Spread, Times},
    racer::{Messages, Racer},
    table::{Table, figure},
};

/// What goes through, and how it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Records of 16 KiB, in MB/s.
    Bulk,
    /// Records of 100 bytes, in millions a second.
    Records,
}

impl Load {
    fn messages(self) -> Messages {
        match self {
            Self::Bulk => Messages { length: 16 * 1024, count: 16 },
            // What fits into the 18 KiB of a buffer, so that they lie one behind the other in it.
            Self::Records => Messages { length: 100, count: 140 },
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Bulk => "16 KiB records, MB/s",
            Self::Records => "100-byte records, M/s",
        }
    }

    /// Seconds for one round in the unit of the table.
    fn rate(self, seconds: f64) -> f64 {
        let Messages { length, count } = self.messages();
        match self {
            Self::Bulk => (length * count) as f64 / seconds / 1e6,
            Self::Records => count as f64 / seconds / 1e6,
        }
    }

    /// Both times as rates.
    pub fn rates(self, times: &Times) -> [Spread; 2] {
        times.map(|time| time.map(|seconds| self.rate(seconds)))
    }
}

/// The rates of one load, to seal and to open, in the order of the contestants.
pub type Rates = Vec<Option<[Spread; 2]>>;

/// Measures a load.
pub fn measure(racers: &[Box<dyn Racer>], setup: &Setup, load: Load, plan: Plan) -> Rates {
    let works = racers.iter().map(|racer| racer.traffic(setup, load.messages())).collect();
    let times = race_those_who_can(works, plan);
    times.iter().map(|times| times.as_ref().map(|times| load.rates(times))).collect()
}

/// The rates of the fastest rustls.
pub fn baseline(racers: &[Box<dyn Racer>], rates: &Rates) -> [f64; 2] {
    let rustls = || racers.iter().zip(rates).filter(|(racer, _)| racer.family() == Family::Rustls);
    [0, 1].map(|at| rustls().filter_map(|(_, rates)| Some(rates.as_ref()?[at].median)).fold(0.0, f64::max))
}

/// Measures a load and prints the table of it.
pub fn run(racers: &[Box<dyn Racer>], setup: &Setup, load: Load, plan: Plan) -> Rates {
    let rates = measure(racers, setup, load, plan);
    let baseline = baseline(racers, &rates);
    let mut table =
        Table::new([load.title(), "seal / open", "quartiles, seal; open", "of the fastest rustls"]);
    for (racer, rates) in racers.iter().zip(&rates) {
        match rates {
            Some([seal, open]) => table.row([
                racer.name(),
                both([*seal, *open]),
                format!("{}; {}", between(*seal), between(*open)),
                format!("{} / {}", ratio(seal.median, baseline[0]), ratio(open.median, baseline[1])),
            ]),
            None => table.row([racer.name(), "–".into()]),
        }
    }
    println!("{table}");
    rates
}

/// `seal / open`.
pub fn both([seal, open]: [Spread; 2]) -> String {
    format!("{} / {}", figure(seal.median), figure(open.median))
}
