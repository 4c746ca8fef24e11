//! The report as a page: one file, no scripts, nothing to load.

use std::fmt::Write;

use super::{
    experiments::{
        cross::{Crossing, Shares},
        replay::Verdict,
        rules::{Keeps, Row},
    },
    findings::{Finding, Severity},
    report::{Address, Path, Report, Reports, State},
    text::{cell, detail_lines, shares, time},
};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c2530}\
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.verdict{font-size:1.15rem;font-weight:600;border-left:5px solid #4472aa;\
padding:.5rem 1rem;background:#f2f6fb}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid #dde4ec;vertical-align:top}th{font-weight:600;color:#51606f}code,pre{font:13px/1.45 ui-monospace,monospace}\
pre{background:#f6f8fa;padding:.6rem .8rem;overflow-x:auto;white-space:pre-wrap}.good{color:#1a7a3c}.bad{color:#b3261e}\
.some{color:#9a6700}.none{color:#7a8794}.tag{display:inline-block;min-width:4rem;font-weight:600}li{margin-bottom:1rem}\
svg text{font:12px system-ui,sans-serif;fill:#1c2530}footer{margin-top:2rem;color:#7a8794}\
@media(prefers-color-scheme:dark){body{background:#141a20;color:#dfe6ee}.verdict{background:#1d2732}pre{background:#1b222a}\
th,td{border-color:#2c3742}svg text{fill:#dfe6ee}.good{color:#5cc583}.bad{color:#ff8a80}.some{color:#e2b04a}}";

/// The whole page.
pub(crate) fn page(reports: &Reports) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>tls12 probe</title><style>{STYLE}</style></head><body>\n"
    );
    for report in &reports.reports {
        target(&mut out, report);
    }
    out.push_str("</body></html>\n");
    out
}

/// Text as HTML: what servers say must not become markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn target(out: &mut String, report: &Report) {
    let _ = writeln!(out, "<h1>tls12 probe {}</h1>", escaped(&report.target));
    let _ = writeln!(out, "<p class=\"verdict\">{}</p>", escaped(&report.verdict));
    table(out, &report.addresses);
    for (by, title) in [("ticket", "Tickets"), ("id", "Session IDs")] {
        picture(out, report, by, title);
    }
    findings(out, &report.findings);
    for address in &report.addresses {
        details(out, address);
    }
    let made = report.connections;
    let _ =
        writeln!(out, "<footer>{} connections were made, of {} announced.</footer>", made.made, made.most);
}

fn table(out: &mut String, addresses: &[Address]) {
    out.push_str(
        "<table><tr><th>Address<th>By ticket<th>By ID<th>Full<th>Resumed<th>Ticket<th>Certificate</tr>\n",
    );
    for address in addresses {
        let _ = write!(out, "<tr><td><code>{}</code>", escaped(&address.address));
        match address.state {
            State::Examined => cells(out, address),
            State::Failed | State::OnlyTls13 | State::Unreachable => {
                let why = escaped(address.failure.as_deref().unwrap_or_default());
                let _ = write!(out, "<td colspan=\"6\" class=\"bad\">{why}");
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn cells(out: &mut String, address: &Address) {
    for path in [&address.ticket, &address.id] {
        let (class, text) = path.as_ref().map_or(("none", String::new()), |path| (class(path), cell(path)));
        let _ = write!(out, "<td class=\"{class}\">{}", escaped(&text));
    }
    let times = &address.times;
    for (ms, trips) in
        [(times.full_ms, times.full_round_trips), (times.resumed_ms, times.resumed_round_trips)]
    {
        let _ = write!(out, "<td>{}", time(ms, trips));
    }
    let full = address.full.as_ref();
    let ticket = full.and_then(|full| full.ticket.as_ref());
    let ticket = ticket
        .map_or("none".into(), |ticket| format!("{} bytes, hint {} s", ticket.length, ticket.lifetime_hint));
    let certificate = full.and_then(|full| full.certificate.as_ref());
    let certificate = certificate.map_or("-".into(), |certificate| {
        let verified = if certificate.verified { "verified" } else { "not verified" };
        format!("<code>{}</code>, {verified}", certificate.sha256.get(..16).unwrap_or_default())
    });
    let _ = write!(out, "<td>{ticket}<td>{certificate}");
}

fn class(path: &Path) -> &'static str {
    match path.verdict {
        Verdict::Works | Verdict::RenewedEachTime => "good",
        Verdict::WorksOnSomeNodes | Verdict::SingleUse | Verdict::OnlyAsChain | Verdict::CouldNotTell => {
            "some"
        }
        Verdict::DoesNotWork => "bad",
        Verdict::NotOffered => "none",
    }
}

/// The size of a square of the picture.
const SIDE: usize = 34;
/// How much room the names of addresses have.
const MARGIN: usize = 230;

/// The cross product as squares: a row for where a session was made, a column for where it was offered.
fn picture(out: &mut String, report: &Report, by: &str, title: &str) {
    let of: Vec<_> = report.cross.iter().filter(|crossing| crossing.by == by).collect();
    if of.is_empty() {
        return;
    }
    let addresses: Vec<&str> = report.addresses.iter().map(|address| address.address.as_str()).collect();
    let (width, height) = (MARGIN + SIDE * addresses.len() + 40, 40 + SIDE * addresses.len());
    let _ = writeln!(
        out,
        "<h2>{title} of one address at another</h2><p>A row for where a session was made, a column for where it was \
         offered.</p>\n<svg width=\"{width}\" height=\"{height}\" role=\"img\">"
    );
    for (number, address) in addresses.iter().enumerate() {
        let middle = 40 + SIDE * number + SIDE / 2 + 4;
        let column = MARGIN + SIDE * number + SIDE / 2 - 4;
        let _ = writeln!(out, "<text x=\"0\" y=\"{middle}\">{}. {}</text>", number + 1, escaped(address));
        let _ = writeln!(out, "<text x=\"{column}\" y=\"30\">{}.</text>", number + 1);
        for (to, other) in addresses.iter().enumerate() {
            let crossing = of.iter().find(|each| each.from == **address && each.to == **other);
            square(out, (number, to), crossing.copied(), report);
        }
    }
    out.push_str("</svg>\n");
}

fn square(out: &mut String, (row, column): (usize, usize), crossing: Option<&Crossing>, report: &Report) {
    let (colour, words) = match crossing {
        Some(crossing) => {
            let tally = &crossing.tally;
            let words = format!(
                "{} to {}: {}, {} of {}",
                crossing.from,
                crossing.to,
                shares(crossing.shares),
                tally.resumed,
                tally.completed
            );
            let colour = match crossing.shares {
                Shares::Yes => "#2e9e5b",
                Shares::Partly => "#e2b04a",
                Shares::No => "#d0453b",
                Shares::Unknown => "#b8c2cc",
            };
            (colour, words)
        }
        None => ("#4472aa", report.addresses.get(row).map(|own| own.address.clone()).unwrap_or_default()),
    };
    let (x, y) = (MARGIN + SIDE * column, 40 + SIDE * row);
    let side = SIDE - 3;
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" rx=\"4\" fill=\"{colour}\"><title>{}</title></rect>",
        escaped(&words)
    );
}

fn findings(out: &mut String, findings: &[Finding]) {
    out.push_str("<h2>Findings</h2>\n");
    if findings.is_empty() {
        out.push_str("<p>None.</p>\n");
        return;
    }
    out.push_str("<ol>\n");
    for finding in findings {
        let (class, word) = match finding.severity {
            Severity::High => ("bad", "high"),
            Severity::Medium => ("some", "medium"),
            Severity::Low => ("some", "low"),
            Severity::Note => ("none", "note"),
        };
        let _ = write!(
            out,
            "<li><span class=\"tag {class}\">{word}</span> <strong>{}</strong><br>{}",
            escaped(&finding.title),
            escaped(finding.meaning)
        );
        if !finding.addresses.is_empty() {
            let _ = write!(out, "<br>At <code>{}</code>", escaped(&finding.addresses.join(", ")));
        }
        if !finding.change.is_empty() {
            out.push_str("<pre>");
            for change in finding.change {
                let _ = writeln!(out, "{:<8} {}", change.program, escaped(change.how));
            }
            out.push_str("</pre>");
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n");
}

fn details(out: &mut String, address: &Address) {
    let Some(full) = &address.full else { return };
    let _ = writeln!(out, "<h2>{}</h2>\n<pre>", escaped(&address.address));
    for line in detail_lines(address, full) {
        let _ = writeln!(out, "{}", escaped(&line));
    }
    out.push_str("</pre>\n");
    if !address.rules.is_empty() {
        out.push_str("<table><tr><th>Rule<th>By<th>What was tried<th>Verdict<th>What was seen</tr>\n");
        address.rules.iter().for_each(|row| rule(out, row));
        out.push_str("</table>\n");
    }
}

fn rule(out: &mut String, row: &Row) {
    let (class, word) = match row.verdict {
        Keeps::Kept => ("good", "kept"),
        Keeps::Broken => ("bad", "broken"),
        Keeps::NotApplicable => ("none", "not applicable"),
        Keeps::CouldNotTell => ("some", "could not tell"),
    };
    let _ = writeln!(
        out,
        "<tr><td>{}<td>{}<td>{}<td class=\"{class}\">{word}<td>{}</tr>",
        row.rule,
        row.by,
        escaped(&row.tried),
        escaped(&row.seen)
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_becomes_no_markup() {
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
