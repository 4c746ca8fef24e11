//! Walking through the model: from every place, every symbol.

use std::{
    ops::AddAssign,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tls12::schedule::Side;

use super::{
    alphabet::{ALPHABET, Kind, Symbol},
    model::{At, Due, State, Then},
    stage::Stage,
    stages::MakeStage,
};

/// How many sequences there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Those that complete a handshake with their last symbol.
    pub(crate) complete: u64,
}

impl Counts {
    pub(crate) fn sequences(&self) -> u64 {
        self.accepted + self.refused
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.complete += other.complete;
    }
}

/// One hello of a stage: from the others nothing can be told before it.
pub(crate) struct Walk<'v, V: FnMut(&[Symbol], Symbol, &Due)> {
    pub(crate) side: Side,
    pub(crate) hello: Symbol,
    /// Whether what comes in the place of the hello is tried here, and not with another hello.
    pub(crate) first: bool,
    pub(crate) visit: &'v mut V,
    pub(crate) counts: Counts,
}

impl<V: FnMut(&[Symbol], Symbol, &Due)> Walk<'_, V> {
    /// Goes on from where `prefix` led, with at most `detours` symbols more that change nothing.
    pub(crate) fn go(&mut self, prefix: &mut Vec<Symbol>, state: State, detours: usize) {
        let greets = matches!(state.at, At::ClientHello | At::ServerHello);
        for kind in ALPHABET {
            let symbol = if kind == self.hello.kind { self.hello } else { kind.into() };
            let due = state.on(self.side, symbol);
            if !greets || self.first || symbol == self.hello {
                self.count(state, &due);
                (self.visit)(prefix, symbol, &due);
            }
            // After close_notify nothing is read, so there is nothing to be learnt from more of it.
            let left = match due.then {
                Then::Goes(_) => detours,
                Then::Stays if state.at == At::Closed => continue,
                Then::Stays if detours > 0 => detours - 1,
                Then::Stays | Then::Refused(_) | Then::Ends => continue,
            };
            prefix.push(symbol);
            self.go(prefix, due.next, left);
            prefix.pop();
        }
    }

    fn count(&mut self, state: State, due: &Due) {
        match due.then {
            Then::Goes(_) | Then::Stays => self.counts.accepted += 1,
            Then::Refused(_) | Then::Ends => self.counts.refused += 1,
        }
        self.counts.complete += u64::from(state.at != At::Traffic && due.next.at == At::Traffic);
    }
}

/// Every sequence for one hello of a stage.
pub(crate) fn walk(
    stage: &Stage,
    hello: usize,
    detours: usize,
    visit: &mut impl FnMut(&[Symbol], Symbol, &Due),
) -> Counts {
    let symbol = stage.hellos()[hello];
    let mut walk =
        Walk { side: stage.side, hello: symbol, first: hello == 0, visit, counts: Counts::default() };
    walk.go(&mut Vec::new(), State::start(stage.side, stage.facts), detours);
    walk.counts
}

/// How many sequences there are by the model.
pub(crate) fn count(stages: &[MakeStage], detours: usize) -> Counts {
    let mut total = Counts::default();
    for stage in stages.iter().map(|make| make()) {
        for hello in 0..stage.hellos.len() {
            total += walk(&stage, hello, detours, &mut |_, _, _| ());
        }
    }
    total
}

/// Tries every sequence for every hello of these stages on the real side; what that did, counted.
pub(crate) fn explore(stages: &[MakeStage], detours: usize) -> Counts {
    let jobs: Vec<_> =
        stages.iter().flat_map(|make| (0..make().hellos.len()).map(move |hello| (*make, hello))).collect();
    let (next, total) = (AtomicUsize::new(0), Mutex::new(Counts::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(jobs.len());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((make, hello)) = jobs.get(next.fetch_add(1, Relaxed)) {
                    let stage = make();
                    let mut counts = Counts::default();
                    walk(&stage, *hello, detours, &mut |prefix, symbol, due| {
                        counts += stage.check(prefix, symbol, due);
                    });
                    *total.lock().expect("nobody panics with it") += counts;
                }
            });
        }
    });
    total.into_inner().expect("all threads ended well")
}

/// The legal flows of these stages without detours, each once, as what the real side hears.
pub(crate) fn flows(stages: &[MakeStage]) -> Vec<Vec<Kind>> {
    let mut flows = Vec::new();
    for stage in stages.iter().map(|make| make()) {
        for hello in 0..stage.hellos.len() {
            walk(&stage, hello, 0, &mut |prefix, symbol, due| {
                if due.then == Then::Goes(At::Traffic) {
                    flows.push(prefix.iter().map(|said| said.kind).chain([symbol.kind]).collect());
                }
            });
        }
    }
    flows.sort_by_key(|flow: &Vec<Kind>| format!("{flow:?}"));
    flows.dedup();
    flows
}
