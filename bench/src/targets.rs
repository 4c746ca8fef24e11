//! What is to be reached, and whether it is.

use crate::{
    all::Figures,
    contestant::{Family, Way},
    handshakes::ratio,
    measure::Spread,
    table::{Table, figure},
    traffic,
};

/// What a figure has to be.
#[derive(Clone, Copy)]
enum Bound {
    /// At most this share of the baseline.
    ShareOf(f64),
    /// At least this share of the baseline.
    AtLeastShareOf(f64),
    /// At most this.
    AtMost(f64),
}

impl Bound {
    fn is_met(self, value: f64, baseline: f64) -> bool {
        match self {
            Self::ShareOf(share) => value <= share * baseline,
            Self::AtLeastShareOf(share) => value >= share * baseline,
            Self::AtMost(most) => value <= most,
        }
    }

    fn text(self) -> String {
        match self {
            Self::ShareOf(share) => format!("≤ {share:.2}"),
            Self::AtLeastShareOf(share) => format!("≥ {share:.2}"),
            Self::AtMost(most) => format!("≤ {}", figure(most)),
        }
    }
}

/// A full handshake with x25519, of rustls with aws-lc.
const X25519: [Bound; 2] = [Bound::ShareOf(0.95); 2];
/// With P-256: 215 to 197 µs for the client, 96 to 86 for the server.
const P256: [Bound; 2] = [Bound::ShareOf(1.09), Bound::ShareOf(1.12)];
/// By session ID and by ticket, of the fastest rustls.
const RESUMED: [Bound; 2] = [Bound::ShareOf(0.5); 2];
/// µs that a renewed ticket adds for each side.
const RENEWAL: Bound = Bound::AtMost(0.5);
/// Bytes of an idle connection, and of a parked one.
const IDLE: [Bound; 2] = [Bound::AtMost(1900.0), Bound::AtMost(300.0)];
/// 16 KiB records, of the fastest rustls, to seal and to open: 11 000 to 10 031 and to 7 104 MB/s.
const BULK: [Bound; 2] = [Bound::AtLeastShareOf(1.10), Bound::AtLeastShareOf(1.55)];
/// Small records, likewise: 8 to 5.0 and to 4.8 millions a second.
const RECORDS: [Bound; 2] = [Bound::AtLeastShareOf(1.60), Bound::AtLeastShareOf(1.67)];

/// One line for each target of each of our contestants.
pub fn table(figures: &Figures<'_>) -> Table {
    let mut table = Table::new(["", "target", "measured", "baseline", "ratio", "is to be", "met"]);
    for at in 0..figures.racers.len() {
        if figures.racers[at].family() == Family::Tls12 {
            handshakes(figures, at, &mut table);
            renewal(figures, at, &mut table);
            rates(figures, at, &mut table);
            idle(figures, at, &mut table);
        }
    }
    table
}

/// What was measured of one thing.
struct Line<'l> {
    name: String,
    what: String,
    value: f64,
    baseline: Option<f64>,
    bound: &'l Bound,
}

impl Line<'_> {
    fn add_to(self, table: &mut Table) {
        let Self { name, what, value, baseline, bound } = self;
        let met = bound.is_met(value, baseline.unwrap_or(f64::NAN));
        let ratio = baseline.map_or("–".into(), |baseline| ratio(value, baseline));
        let baseline = baseline.map_or("–".into(), figure);
        let met = if met { "yes" } else { "no" };
        table.row([name, what, figure(value), baseline, ratio, bound.text(), met.into()]);
    }
}

const SIDES: [&str; 2] = ["client", "server"];

fn handshakes(figures: &Figures<'_>, at: usize, table: &mut Table) {
    let bounds =
        [(Way::FullX25519, X25519), (Way::FullP256, P256), (Way::SessionId, RESUMED), (Way::Ticket, RESUMED)];
    for (way, bounds) in bounds {
        let measured = figures.handshakes.iter().find(|measured| measured.way == way);
        let Some((measured, times)) = measured.and_then(|one| Some((one, one.times[at].as_ref()?))) else {
            continue;
        };
        let baseline = measured.baseline(figures.racers);
        for side in [0, 1] {
            let what = format!("{}, {}, µs", way.title(), SIDES[side]);
            let (name, value) = (figures.racers[at].name(), times[side].median * 1e6);
            Line { name, what, value, baseline: Some(baseline[side] * 1e6), bound: &bounds[side] }
                .add_to(table);
        }
    }
}

fn renewal(figures: &Figures<'_>, at: usize, table: &mut Table) {
    let times = |way| figures.handshakes.iter().find(|one| one.way == way)?.times[at].as_ref();
    if let (Some(once), Some(renewed)) = (times(Way::Ticket), times(Way::TicketRenewed)) {
        for side in [0, 1] {
            let what = format!("a ticket renewed, {}, µs more", SIDES[side]);
            let value = (renewed[side].median - once[side].median) * 1e6;
            Line { name: figures.racers[at].name(), what, value, baseline: None, bound: &RENEWAL }
                .add_to(table);
        }
    }
}

fn rates(figures: &Figures<'_>, at: usize, table: &mut Table) {
    let loads = [
        ("16 KiB records", "MB/s", &figures.bulk, BULK),
        ("100-byte records", "M/s", &figures.records, RECORDS),
    ];
    for (title, unit, rates, bounds) in loads {
        let baseline = traffic::baseline(figures.racers, rates);
        let Some(ours) = rates[at] else { continue };
        for (side, verb) in ["sealed", "opened"].into_iter().enumerate() {
            let Spread { median: value, .. } = ours[side];
            let (name, what) = (figures.racers[at].name(), format!("{title} {verb}, {unit}"));
            Line { name, what, value, baseline: Some(baseline[side]), bound: &bounds[side] }.add_to(table);
        }
    }
}

fn idle(figures: &Figures<'_>, at: usize, table: &mut Table) {
    let states = [("idle", &figures.memory.usual[at]), ("parked", &figures.memory.lean[at])];
    for ((state, ends), bound) in states.into_iter().zip(&IDLE) {
        for (taken, side) in ends.iter().zip(SIDES) {
            let Some(taken) = taken else { continue };
            let (name, what) = (figures.racers[at].name(), format!("{state} connection, {side}, bytes"));
            Line { name, what, value: taken.counted as f64, baseline: None, bound }.add_to(table);
        }
    }
}
