//! The cross product as squares: a row for where a session was made, a column for where it was offered.

use std::fmt::Write;

use super::escaped;
use crate::probe::{
    experiments::cross::{Crossing, Shares},
    report::Report,
    text::shares,
};

/// The size of a square, and how far squares are apart.
const SIDE: usize = 44;
const GAP: usize = 4;
/// Where the middle of a square is, for text.
const MIDDLE: usize = (SIDE - GAP) / 2 + 5;
/// How much room the numbers of columns have.
const TOP: usize = 24;
/// How wide a letter is at most.
const LETTER: usize = 8;

/// A picture for tickets and one for IDs, where something was offered elsewhere.
pub(super) fn pictures(out: &mut String, report: &Report) {
    if report.cross.is_empty() {
        return;
    }
    out.push_str(
        "<h2>Sessions of one address at another</h2><p class=\"faint\">A row for where a session was made, a column for \
         where it was offered, and how often it was resumed.</p>\n<div class=\"row\">\n",
    );
    for (by, title) in [("ticket", "Tickets"), ("id", "Session IDs")] {
        let of: Vec<_> = report.cross.iter().filter(|crossing| crossing.by == by).collect();
        if !of.is_empty() {
            picture(out, report, &of, title);
        }
    }
    out.push_str("</div>\n");
}

fn picture(out: &mut String, report: &Report, crossings: &[&Crossing], title: &str) {
    let addresses: Vec<&str> = report.addresses.iter().map(|address| address.address.as_str()).collect();
    let longest = addresses.iter().map(|address| address.chars().count()).max().unwrap_or_default();
    // Before each address stands its number.
    let margin = (longest + 4) * LETTER;
    let (width, height) = (margin + SIDE * addresses.len(), TOP + SIDE * addresses.len());
    let _ = writeln!(
        out,
        "<figure><figcaption><h3>{title}</h3></figcaption><svg width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{title}\">"
    );
    for (row, from) in addresses.iter().enumerate() {
        let (y, x) = (TOP + SIDE * row, margin + SIDE * row);
        let (middle, centre, number) = (y + MIDDLE, x + (SIDE - GAP) / 2, row + 1);
        let _ = writeln!(
            out,
            "<text x=\"0\" y=\"{middle}\">{number}. {}</text><text x=\"{centre}\" y=\"16\" \
             text-anchor=\"middle\">{number}.</text>",
            escaped(from)
        );
        for (column, to) in addresses.iter().enumerate() {
            let crossing = crossings.iter().find(|each| each.from == **from && each.to == **to);
            square(out, (margin + SIDE * column, y), crossing.copied());
        }
    }
    out.push_str("</svg></figure>\n");
}

/// One address and another, or itself, or nothing to offer.
fn square(out: &mut String, (x, y): (usize, usize), crossing: Option<&Crossing>) {
    let side = SIDE - GAP;
    let at = format!("x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" rx=\"6\"");
    let Some(crossing) = crossing else {
        let _ = writeln!(out, "<rect class=\"itself\" {at}/>");
        return;
    };
    let class = match crossing.shares {
        Shares::Yes => "yes",
        Shares::Partly => "partly",
        Shares::No => "no",
        Shares::Unknown => "unknown",
    };
    let (resumed, completed) = (crossing.tally.resumed, crossing.tally.completed);
    let words = format!(
        "{} to {}: {}, {resumed} of {completed}",
        crossing.from,
        crossing.to,
        shares(crossing.shares)
    );
    // Where nothing was completed, there is nothing to count.
    let count = if completed == 0 { "?".into() } else { format!("{resumed}/{completed}") };
    let (centre, middle) = (x + side / 2, y + MIDDLE);
    let _ = writeln!(
        out,
        "<g><title>{}</title><rect class=\"{class}\" {at}/><text class=\"count\" x=\"{centre}\" \
         y=\"{middle}\">{count}</text></g>",
        escaped(&words)
    );
}
