//! What is checked at the end, and the table.

use std::{fmt::Write as _, time::Duration};

use crate::{
    Soak,
    attack::Kind,
    faults::Back,
    log::Logged,
    numbers::Numbers,
    round::Round,
    tally::{Phase, Times},
};

/// Why handshakes of honest peers may be full: they offered nothing, or Redis had died, did not answer or took nothing.
/// A session of a caller is never older than a moment, so that no key is too old.
const EXPECTED: [&str; 3] = ["NotOffered", "NotStored", "StoreUnavailable"];
/// How much more memory both servers may have together after the second round than after the first one: what was measured
/// when nothing leaked is from 0.2 MiB less to 4.3 MiB more, as the busiest moments of two rounds are not the same.
const MORE_MEMORY: u64 = 16 << 20;

#[derive(Default)]
pub(crate) struct Report {
    /// With nothing connected, before and after.
    pub(crate) descriptors: Vec<[usize; 2]>,
    /// With nothing connected, before, and after each round.
    pub(crate) memory: Vec<[u64; 2]>,
    pub(crate) rounds: Vec<Round>,
    /// How many connections honest peers had closed before SIGTERM.
    pub(crate) closed: u64,
    /// What the servers counted then.
    pub(crate) numbers: [Numbers; 2],
    /// How long the servers took to end.
    pub(crate) stopped: Duration,
    pub(crate) logged: Logged,
    /// How often a server took its next ticket key.
    pub(crate) rotations: usize,
}

fn sum(of: &[u64; 2]) -> u64 {
    of.iter().sum()
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

impl Report {
    /// Finds what does not hold.
    pub(crate) fn check(&self, soak: &Soak) {
        self.check_peers(soak);
        self.check_servers(soak);
        self.check_leftovers(soak);
    }

    /// Whether all honest peers got what they came for, and servers and peers count the same.
    fn check_peers(&self, soak: &Soak) {
        let (findings, counts, logged) = (&soak.findings, soak.tally.counts(), &self.logged);
        for (why, count) in &counts.failures {
            findings.add(format!("{count} times an honest peer failed: {why}"));
        }
        if logged.others > 0 {
            let shown = logged.shown.join("\n  ");
            findings
                .add(format!("{} connections of honest peers were not served:\n  {shown}", logged.others));
        }
        let (closed, echoed) = (soak.tally.connections_closed(), soak.tally.bytes_echoed());
        if logged.lost > 0 {
            findings.add(format!("the logs have lost {} lines", logged.lost));
        } else if (logged.served, logged.came, logged.went) != (closed, echoed, echoed) {
            findings.add(format!(
                "honest peers closed {closed} connections after {echoed} bytes each way, and the servers say {}, {} and {}",
                logged.served, logged.came, logged.went
            ));
        }
        for (kind, count) in [("full", counts.full), ("by ID", counts.by_id), ("by ticket", counts.by_ticket)]
        {
            if count == 0 {
                findings.add(format!("no handshake was {kind}"));
            }
        }
        for (reason, count) in &logged.reasons {
            if !EXPECTED.contains(&reason.as_str()) {
                findings.add(format!("{count} handshakes of honest peers were full for the reason {reason}"));
            }
        }
    }

    /// Whether the limits kept attackers out, and nobody else.
    fn check_servers(&self, soak: &Soak) {
        let [one, other] = &self.numbers;
        let all = |name: &str, labels: &[&str]| one.sum(name, labels) + other.sum(name, labels);
        for limit in ["connections", "handshakes", "address-connections"] {
            let refused = all("tls12_connections_refused_total", &[&format!("limit=\"{limit}\"")]);
            if refused > 0 {
                soak.findings.add(format!("{refused} connections were over the limit {limit}"));
            }
        }
        if all("tls12_connections_refused_total", &["limit=\"address-share\""]) == 0 {
            soak.findings.add("the flood from one address was not over its share");
        }
        if all("tls12_accept_failures_total", &[]) > 0 {
            soak.findings.add("a server could not accept a connection");
        }
        for (number, numbers) in self.numbers.iter().enumerate() {
            let made = numbers.sum("tls12_handshakes_total", &[]);
            if made < soak.tally.counts().handshakes() / 10 {
                soak.findings.add(format!("server {number} had {made} handshakes only"));
            }
        }
        let theirs = self.logged.attackers.get("served").copied().unwrap_or_default();
        let served = all("tls12_connections_total", &["event=\"served\""]);
        if served != self.closed + theirs {
            let closed = self.closed;
            soak.findings.add(format!("{closed} connections were closed, and the servers counted {served}"));
        }
        if !self.logged.attackers.contains_key("handshake-timeout") {
            soak.findings.add("no handshake took too long, although attackers had all the time");
        }
        if self.rotations == 0 {
            soak.findings.add("no ticket key was changed");
        }
    }

    /// Whether all is given back.
    fn check_leftovers(&self, soak: &Soak) {
        if let [before, after] = self.descriptors[..]
            && before != after
        {
            soak.findings.add(format!("the servers had {before:?} file descriptors, and now have {after:?}"));
        }
        if let [_, first, second] = &self.memory[..]
            && sum(second) > sum(first) + MORE_MEMORY
        {
            let (first, second) = (mib(sum(first)), mib(sum(second)));
            soak.findings.add(format!("memory grew from {first:.1} to {second:.1} MiB in the second round"));
        }
    }

    /// In Markdown.
    pub(crate) fn table(&self, soak: &Soak) -> String {
        let mut table = String::from("| | |\n| --- | ---: |\n");
        let mut row = |name: &str, value: String| {
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {name} | {value} |");
        };
        self.rows_of_peers(soak, &mut row);
        self.rows_of_attack(soak, &mut row);
        self.rows_of_faults(&mut row);
        self.rows_of_leftovers(soak, &mut row);
        table
    }

    fn rows_of_peers(&self, soak: &Soak, row: &mut impl FnMut(&str, String)) {
        let counts = soak.tally.counts();
        row("connections held, in each of two rounds", soak.args.held.to_string());
        row(
            "handshakes",
            format!("{} full, {} by ticket, {} by ID", counts.full, counts.by_ticket, counts.by_id),
        );
        let load: f64 = self.rounds.iter().map(|round| round.load.as_secs_f64()).sum();
        let calls: u64 = self.rounds.iter().map(|round| round.handshakes).sum();
        row("of these a second, by the callers", format!("{:.0} for {load:.0} s", calls as f64 / load));
        row("echoed and compared", format!("{:.0} MiB", mib(soak.tally.bytes_echoed())));
        row("failures of honest peers", counts.failures.values().sum::<u64>().to_string());
        let reasons: Vec<_> = self.logged.reasons.iter().map(|(why, n)| format!("{n} {why}")).collect();
        row("full because of", reasons.join(", "));
    }

    fn rows_of_attack(&self, soak: &Soak, row: &mut impl FnMut(&str, String)) {
        let counts = soak.tally.counts();
        let (quiet, attack) = (counts.times(Phase::Quiet), counts.times(Phase::Attack));
        let seconds = |of: fn(&Round) -> Duration| self.rounds.iter().map(of).sum::<Duration>().as_secs_f64();
        let rates = [
            quiet.count as f64 / seconds(|round| round.quiet),
            attack.count as f64 / seconds(|round| round.attack),
        ];
        let line = |times: Times, rate: f64| {
            let ms = |us: u32| f64::from(us) / 1e3;
            format!("{rate:.0} a second, p50 {:.2} ms, p99 {:.2} ms", ms(times.p50), ms(times.p99))
        };
        row("handshakes of callers in quiet", line(quiet, rates[0]));
        row("the same under attack", line(attack, rates[1]));
        let ratio = |of: fn(Times) -> u32| f64::from(of(attack)) / f64::from(of(quiet).max(1));
        let (p50, p99) = (ratio(|times| times.p50), ratio(|times| times.p99));
        let rate = rates[1] / rates[0].max(1.0);
        row("the latter by the former", format!("rate {rate:.2}, p50 {p50:.2}, p99 {p99:.2}"));
        let attempts = Kind::ALL.map(|kind| {
            let count: u64 = self.rounds.iter().map(|round| round.attempts.of(kind)).sum();
            format!("{count} {}", kind.name())
        });
        row("connections of attackers", attempts.join(", "));
        let became: Vec<_> = self.logged.attackers.iter().map(|(event, n)| format!("{n} {event}")).collect();
        row("what became of them", became.join(", "));
    }

    fn rows_of_faults(&self, row: &mut impl FnMut(&str, String)) {
        let all = |of: fn(&Round) -> usize| self.rounds.iter().map(of).sum::<usize>();
        let (used, refused) = (all(|round| round.faults.reloads), all(|round| round.faults.refused));
        row("certificates replaced", format!("{used}, and {refused} broken ones refused"));
        row("ticket keys rotated", format!("{} times", self.rotations));
        let (died, stopped) = (all(|round| round.faults.deaths), all(|round| round.faults.stops));
        let full = all(|round| round.faults.full);
        row("Redis", format!("{died} times dead, {stopped} times silent, {full} times full"));
        let most = |of: fn(&Back) -> &Vec<Duration>| {
            let all = self.rounds.iter().flat_map(|round| of(&round.faults.back));
            all.map(Duration::as_millis).max().unwrap_or_default()
        };
        let (dead, silent, full) =
            (most(|back| &back.dead), most(|back| &back.silent), most(|back| &back.full));
        row(
            "until all resumes by ID again, at most",
            format!("{dead} ms after it was dead, {silent} ms silent, {full} ms full"),
        );
    }

    fn rows_of_leftovers(&self, soak: &Soak, row: &mut impl FnMut(&str, String)) {
        if let (Some(idle), Some(first)) = (self.memory.first(), self.rounds.first()) {
            let more = sum(&first.held[0]).saturating_sub(sum(idle));
            row("memory for each held connection", format!("{} bytes", more / soak.args.held.max(1) as u64));
        }
        let held: Vec<_> = self.rounds.iter().flat_map(|round| &round.held).map(|of| mib(sum(of))).collect();
        let held: Vec<_> = held.iter().map(|mib| format!("{mib:.1}")).collect();
        row(
            "memory with these alone, before and after the load of each round",
            format!("{} MiB", held.join(", ")),
        );
        let idle: Vec<_> = self.memory.iter().map(|of| format!("{:.1}", mib(sum(of)))).collect();
        row(
            "memory with nothing connected, before, and after each round",
            format!("{} MiB", idle.join(", ")),
        );
        let descriptors: Vec<_> = self.descriptors.iter().map(|[a, b]| format!("{a} and {b}")).collect();
        row("file descriptors before, after", descriptors.join("; "));
        row("SIGTERM to the end, with connections open", format!("{:.1} s", self.stopped.as_secs_f64()));
    }
}
