//! The report for a person, from top to bottom.

use std::fmt::Write;

use super::{
    experiments::{
        cross::{Crossing, Shares},
        expire::Lifetime,
        rules::{Keeps, Row},
    },
    findings::{Finding, Severity},
    report::{Address, CertificateReport, Full, Path, Report, State, TicketReport},
    verdict::{interval, short},
};

/// How long lines of text are.
const WIDTH: usize = 110;

/// Whether words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Colours {
    On,
    Off,
}

impl Colours {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Off => text.to_owned(),
        }
    }

    fn of_rule(self, keeps: Keeps) -> String {
        let (code, word) = match keeps {
            Keeps::Kept => ("32", "kept"),
            Keeps::Broken => ("31;1", "broken"),
            Keeps::NotApplicable => ("2", "-"),
            Keeps::CouldNotTell => ("33", "?"),
        };
        self.paint(code, &format!("{word:<6}"))
    }
}

/// The whole report, but for its first line, which was said before it began.
pub(crate) fn write(report: &Report, colours: Colours) -> String {
    let verdict = colours.paint("1", &report.verdict);
    // Nothing was announced, and there is nothing to tell.
    if report.addresses.is_empty() {
        return verdict + "\n";
    }
    let mut out = format!("\n{verdict}\n");
    table(&mut out, report);
    findings(&mut out, &report.findings, colours);
    for address in &report.addresses {
        details(&mut out, address);
    }
    cross(&mut out, &report.cross);
    rules(&mut out, &report.addresses, colours);
    let made = report.connections;
    let _ = writeln!(out, "\n{} connections were tried, of {} announced.", made.made, made.most);
    out
}

/// Columns as wide as they need to be. The last cell of a row that is shorter than the first one spans the rest.
fn columns(out: &mut String, rows: &[Vec<String>]) {
    let all = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let of = rows.iter().filter(|row| column + 1 < row.len() || row.len() == all);
        of.filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..all).map(width).collect();
    for row in rows {
        let mut line = String::from(" ");
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, " {cell:<width$} ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn table(out: &mut String, report: &Report) {
    let head = ["address", "by ticket", "by ID", "full", "resumed", "certificate"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(report.addresses.iter().map(row));
    out.push('\n');
    columns(out, &rows);
}

fn row(address: &Address) -> Vec<String> {
    if address.state != State::Examined {
        return vec![address.address.clone(), address.failure.clone().unwrap_or_default()];
    }
    let path = |path: &Option<Path>| path.as_ref().map(cell).unwrap_or_default();
    let times = &address.times;
    let certificate = address.full.as_ref().and_then(|full| full.certificate.as_ref());
    vec![
        address.address.clone(),
        path(&address.ticket),
        path(&address.id),
        time(times.full_ms, times.full_round_trips),
        time(times.resumed_ms, times.resumed_round_trips),
        certificate.map_or("-".into(), |certificate| {
            let verified = if certificate.verified { "verified" } else { "not verified" };
            format!("{}, {verified}", certificate.sha256.get(..8).unwrap_or_default())
        }),
    ]
}

/// How long a handshake took.
pub(crate) fn time(ms: Option<f64>, round_trips: Option<u32>) -> String {
    match (ms, round_trips) {
        (Some(ms), Some(trips)) if ms < 1.0 => format!("{ms:.2} ms, {trips} RTT"),
        (Some(ms), Some(trips)) => format!("{ms:.1} ms, {trips} RTT"),
        _ => "-".into(),
    }
}

/// A way to resume in a cell of the table.
pub(crate) fn cell(path: &Path) -> String {
    match path.fixed.completed + path.fixed.failed {
        0 => short(path.verdict).into(),
        _ => format!("{}: {} of {}", short(path.verdict), path.fixed.resumed, path.fixed.completed),
    }
}

fn details(out: &mut String, address: &Address) {
    let Some(full) = &address.full else { return };
    let _ = writeln!(out, "\n{}", address.address);
    for line in detail_lines(address, full) {
        let _ = writeln!(out, "  {line}");
    }
}

/// What else there is to say about an address, a line each.
pub(crate) fn detail_lines(address: &Address, full: &Full) -> Vec<String> {
    let yes = |is: bool| if is { "yes" } else { "no" };
    let mut lines = vec![format!(
        "agreed on     {}, {}, extended master secret {}, protocol {}",
        full.suite,
        full.group.as_deref().unwrap_or("no group"),
        yes(full.extended_master_secret),
        full.alpn.as_deref().unwrap_or("none")
    )];
    lines.extend(full.certificate.as_ref().map(certificate_line));
    lines.push(full.ticket.as_ref().map_or("ticket        none".into(), ticket_line));
    lines.push(session_id_line(full));
    for (by, path) in address.paths().filter(|(_, path)| path.fixed.completed > 0) {
        let (fixed, chain) = (&path.fixed, &path.chain);
        lines.push(format!(
            "by {:<11}same session {} of {} ({}), renewed in {}; chain {} of {}",
            by.name(),
            fixed.resumed,
            fixed.completed,
            interval(fixed),
            fixed.renewed,
            chain.resumed,
            chain.completed
        ));
    }
    lines.push(behind_line(address));
    lines.extend(address.lifetimes.iter().map(lifetime_line));
    lines
}

fn certificate_line(certificate: &CertificateReport) -> String {
    let verified = match &certificate.why_not {
        None => "verified".to_owned(),
        Some(why) => format!("not verified: {why}"),
    };
    format!("certificate   {}, {verified}", certificate.subject.as_deref().unwrap_or("unreadable"))
}

fn ticket_line(ticket: &TicketReport) -> String {
    let hint = match ticket.lifetime_hint {
        0 => "0 (unspecified)".into(),
        hint => format!("{hint} s"),
    };
    let name = ticket.key_name.as_deref().unwrap_or("not told");
    format!("ticket        {} bytes, lifetime hint {hint}, key name {name}", ticket.length)
}

fn lifetime_line(lifetime: &Lifetime) -> String {
    let end = match (&lifetime.failure, lifetime.at_most) {
        (Some(why), _) => format!("could not be told: {why}"),
        (None, Some(most)) => format!("{:.1} to {most:.1} s", lifetime.at_least),
        (None, None) => format!("{:.1} s or more", lifetime.at_least),
    };
    let whose = if lifetime.by == "id" { "ID lives" } else { "ticket lives" };
    format!("{whose:<14}{end}")
}

fn session_id_line(full: &Full) -> String {
    let bytes = |length: usize| if length == 0 { "none".into() } else { format!("{length} bytes") };
    let alone = full.session_id.map_or("not told".into(), bytes);
    let beside = bytes(full.session_id_beside_ticket);
    format!("session ID    {alone} where no ticket is asked for, {beside} where one is")
}

fn behind_line(address: &Address) -> String {
    let servers = match address.groups.backends {
        1 => "1 server or more".into(),
        number => format!("{number} servers or more"),
    };
    match address.groups.key_sets {
        0 => format!("behind it     {servers}"),
        1 => format!("behind it     {servers}, with 1 set of ticket keys or more"),
        sets => format!("behind it     {servers}, with {sets} sets of ticket keys or more"),
    }
}

fn cross(out: &mut String, crossings: &[Crossing]) {
    for (by, title) in [("ticket", "Tickets"), ("id", "Session IDs")] {
        let of: Vec<_> = crossings.iter().filter(|crossing| crossing.by == by).collect();
        if of.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title} of one address at another");
        let rows: Vec<Vec<String>> = of
            .iter()
            .map(|crossing| {
                let tally = &crossing.tally;
                vec![
                    crossing.from.clone(),
                    "to".into(),
                    crossing.to.clone(),
                    format!("{}: {} of {}", shares(crossing.shares), tally.resumed, tally.completed),
                ]
            })
            .collect();
        columns(out, &rows);
    }
}

/// In a word.
pub(crate) fn shares(shares: Shares) -> &'static str {
    match shares {
        Shares::Yes => "shared",
        Shares::Partly => "shared in part",
        Shares::No => "not shared",
        Shares::Unknown => "unknown",
    }
}

fn rules(out: &mut String, addresses: &[Address], colours: Colours) {
    let mut told: Option<&[Row]> = None;
    for address in addresses.iter().filter(|address| !address.rules.is_empty()) {
        let _ = writeln!(out, "\nRules at {}", address.address);
        if told == Some(&address.rules) {
            let _ = writeln!(out, "  the same");
            continue;
        }
        told = Some(&address.rules);
        for row in &address.rules {
            let keeps = colours.of_rule(row.verdict);
            let _ = writeln!(out, "  {keeps} {:<4}{:<7} {}: {}", row.rule, row.by, row.tried, row.seen);
        }
    }
}

/// Text in lines of at most [`WIDTH`] letters where it has spaces to break it, with `indent` before all but the first.
fn wrapped(text: &str, indent: &str) -> String {
    let (mut out, mut width) = (String::new(), indent.len());
    for word in text.split(' ') {
        let letters = word.chars().count();
        if width + 1 + letters > WIDTH && width > indent.len() {
            let _ = write!(out, "\n{indent}{word}");
            width = indent.len() + letters;
        } else {
            out.push_str(if width > indent.len() { " " } else { "" });
            out.push_str(word);
            width += 1 + letters;
        }
    }
    out
}

fn findings(out: &mut String, findings: &[Finding], colours: Colours) {
    let _ = writeln!(out, "\nFindings");
    if findings.is_empty() {
        let _ = writeln!(out, "  none");
    }
    for (number, finding) in findings.iter().enumerate() {
        let (code, word) = match finding.severity {
            Severity::High => ("31;1", "high"),
            Severity::Medium => ("33", "medium"),
            Severity::Low => ("36", "low"),
            Severity::Note => ("2", "note"),
        };
        let head = format!("[{}] {}", colours.paint(code, word), finding.title);
        let _ = writeln!(out, "{:>3}. {}", number + 1, wrapped(&head, "     "));
        let _ = writeln!(out, "     {}", wrapped(finding.meaning, "     "));
        if !finding.addresses.is_empty() {
            let _ = writeln!(out, "     at {}", wrapped(&finding.addresses.join(", "), "     "));
        }
        for change in finding.change {
            let _ = writeln!(out, "       {:<8}{}", change.program, change.how);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_broken_at_its_spaces() {
        let text = "a word and another ".repeat(12);
        let wrapped = wrapped(text.trim(), "    ");
        assert!(wrapped.lines().count() > 1 && wrapped.lines().all(|line| line.len() <= WIDTH), "{wrapped}");
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("    ")));
        assert_eq!(wrapped.split_whitespace().count(), 48);
    }

    #[test]
    fn no_handshake_takes_no_time() {
        assert_eq!(time(Some(0.041), Some(1)), "0.04 ms, 1 RTT");
        assert_eq!(time(Some(12.34), Some(2)), "12.3 ms, 2 RTT");
        assert_eq!(time(None, None), "-");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut out = String::new();
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        columns(&mut out, &[row(["a", "b"]), row(["long", "c"])]);
        assert_eq!(out, "  a     b\n  long  c\n");
    }

    #[test]
    fn a_cell_that_spans_the_rest_makes_no_column_wider() {
        let mut out = String::new();
        let row = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect();
        columns(&mut out, &[row(&["a", "b", "c"]), row(&["d", "this is long"]), row(&["e", "f", "g"])]);
        assert_eq!(out, "  a  b  c\n  d  this is long\n  e  f  g\n");
    }
}
