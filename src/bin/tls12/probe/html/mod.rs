//! The report as a page: one file, no scripts, nothing to load.

mod cross;
mod ladder;

use std::fmt::Write;

use super::{
    experiments::{
        replay::Verdict,
        rules::{Keeps, Row},
    },
    findings::{Finding, Severity},
    report::{Address, Path, Report, Reports, State},
    text::{cell, detail_lines, time},
};

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(crate) fn page(reports: &Reports) -> String {
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>tls12 probe</title><style>\n{STYLE}</style></head><body>\n"
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
    if report.addresses.is_empty() {
        return;
    }
    table(out, &report.addresses);
    cross::pictures(out, report);
    findings(out, &report.findings);
    for address in &report.addresses {
        details(out, address);
    }
    let made = report.connections;
    let _ =
        writeln!(out, "<footer>{} connections were tried, of {} announced.</footer>", made.made, made.most);
}

fn table(out: &mut String, addresses: &[Address]) {
    out.push_str(
        "<div class=\"wide\"><table class=\"summary\"><tr><th>Address<th>By ticket<th>By ID<th>Full<th>Resumed<th>Ticket<th>Certificate</tr>\n",
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
    out.push_str("</table></div>\n");
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
        format!("<code>{}</code>, {verified}", certificate.sha256.get(..8).unwrap_or_default())
    });
    let _ = write!(out, "<td>{ticket}<td>{certificate}");
}

fn class(path: &Path) -> &'static str {
    match path.verdict {
        Verdict::Works | Verdict::RenewedEachTime => "good",
        Verdict::WorksOnSomeNodes
        | Verdict::WhileConnected
        | Verdict::NowAndThen
        | Verdict::SingleUse
        | Verdict::OnlyAsChain
        | Verdict::CouldNotTell => "some",
        Verdict::DoesNotWork => "bad",
        Verdict::NotOffered => "none",
    }
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
    if address.ladders.is_empty() {
        return;
    }
    let _ = writeln!(out, "<h2>{}</h2>", escaped(&address.address));
    ladder::ladders(out, &address.ladders);
    let Some(full) = &address.full else { return };
    out.push_str("<pre>");
    for line in detail_lines(address, full) {
        let _ = writeln!(out, "{}", escaped(&line));
    }
    out.push_str("</pre>\n");
    if !address.rules.is_empty() {
        out.push_str("<div class=\"wide\"><table><tr><th>Rule<th>By<th>What was tried<th>Verdict<th>What was seen</tr>\n");
        address.rules.iter().for_each(|row| rule(out, row));
        out.push_str("</table></div>\n");
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
