//! Handshakes as a picture: the client on the left, the server on the right, one arrow for what was sent at once.

use std::fmt::Write;

use tls12::schedule::Side;

use super::escaped;
use crate::{
    ladder::grouped,
    probe::ladder::{Ladder, Outcome, Step},
};

/// The size of a picture, and where the lines of client and server are. Times are on the left of both, lengths on the right.
const WIDTH: usize = 350;
const CLIENT: usize = 50;
const SERVER: usize = 290;
/// How much room a message, an arrow below messages, and the head have.
const LINE: usize = 17;
const ARROW: usize = 24;
const HEAD: usize = 40;
/// The most letters of a message that have room.
const LETTERS: usize = 34;

/// All ladders of one address, side by side.
pub(super) fn ladders(out: &mut String, ladders: &[Ladder]) {
    if ladders.is_empty() {
        return;
    }
    out.push_str("<div class=\"row\">\n");
    for ladder in ladders {
        figure(out, ladder);
    }
    out.push_str("</div>\n");
}

/// What a ladder shows, in a few words.
fn title(ladder: &Ladder) -> String {
    let offered = if ladder.by == Some("id") { "session ID" } else { "ticket" };
    match (ladder.outcome, ladder.by) {
        (Outcome::Full, _) => "Full handshake".into(),
        (Outcome::Resumed, _) => format!("Resumed by {offered}"),
        (Outcome::Refused, _) => format!("A {offered} that is not resumed"),
        (Outcome::Failed, Some(_)) => format!("A {offered}, and the handshake fails"),
        (Outcome::Failed, None) => "The handshake fails".into(),
    }
}

fn figure(out: &mut String, ladder: &Ladder) {
    let (trips, title) = (ladder.round_trips(), title(ladder));
    let s = if trips == 1 { "" } else { "s" };
    let (sent, received) = (count(ladder.bytes(Side::Client)), count(ladder.bytes(Side::Server)));
    let _ = writeln!(
        out,
        "<figure class=\"ladder\"><figcaption><h3>{title}</h3><span class=\"faint\">{trips} round trip{s}, {sent} bytes \
         sent, {received} received</span></figcaption>"
    );
    let height = HEAD + ladder.steps.iter().map(room).sum::<usize>();
    let _ = writeln!(
        out,
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\"><text class=\"faint\" x=\"0\" \
         y=\"14\">ms</text><text class=\"end\" x=\"{CLIENT}\" y=\"14\" text-anchor=\"middle\">Client</text><text class=\"end\" \
         x=\"{SERVER}\" y=\"14\" text-anchor=\"middle\">Server</text><text class=\"faint\" x=\"{WIDTH}\" y=\"14\" \
         text-anchor=\"end\">bytes</text>"
    );
    for x in [CLIENT, SERVER] {
        let _ = writeln!(out, "<line class=\"life\" x1=\"{x}\" y1=\"22\" x2=\"{x}\" y2=\"{height}\"/>");
    }
    let mut y = HEAD;
    for each in &ladder.steps {
        step(out, each, y);
        y += room(each);
    }
    out.push_str("</svg></figure>\n");
}

/// How much room a step has.
fn room(step: &Step) -> usize {
    step.messages.len() * LINE + ARROW
}

fn step(out: &mut String, step: &Step, top: usize) {
    let (x, anchor) = match step.from {
        Side::Client => (CLIENT + 12, "start"),
        Side::Server => (SERVER - 12, "end"),
    };
    for (number, message) in step.messages.iter().enumerate() {
        let y = top + number * LINE;
        let class = if message.starts_with('[') { " class=\"sealed\"" } else { "" };
        let _ = writeln!(
            out,
            "<text{class} x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(&short(message))
        );
    }
    let y = top + step.messages.len() * LINE - LINE / 2;
    arrow(out, step.from, y);
    // In milliseconds, to a hundredth.
    let (whole, part) = (step.at_us / 1000, step.at_us % 1000 / 10);
    let below = y + 4;
    let _ = writeln!(
        out,
        "<text class=\"faint\" x=\"0\" y=\"{below}\">{whole}.{part:02}</text><text class=\"faint\" x=\"{WIDTH}\" \
         y=\"{below}\" text-anchor=\"end\">{}</text>",
        count(step.bytes)
    );
}

fn arrow(out: &mut String, from: Side, y: usize) {
    let (class, start, end, back) = match from {
        Side::Client => ("client", CLIENT, SERVER, SERVER - 9),
        Side::Server => ("server", SERVER, CLIENT, CLIENT + 9),
    };
    let (above, below) = (y.saturating_sub(4), y + 4);
    let _ = writeln!(
        out,
        "<g class=\"arrow {class}\"><line x1=\"{start}\" y1=\"{y}\" x2=\"{back}\" y2=\"{y}\"/><polygon points=\"{end},{y} \
         {back},{above} {back},{below}\"/></g>"
    );
}

/// As much of a message as has room.
fn short(message: &str) -> String {
    match message.chars().count() {
        0..=LETTERS => message.into(),
        _ => message.chars().take(LETTERS - 1).chain(['…']).collect(),
    }
}

fn count(bytes: usize) -> String {
    grouped(u64::try_from(bytes).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(message: &str) -> String {
        let step = Step { from: Side::Server, messages: vec![message.into()], bytes: 1234, at_us: 56_789 };
        let mut out = String::new();
        ladders(&mut out, &[Ladder { outcome: Outcome::Refused, by: Some("id"), steps: vec![step] }]);
        out
    }

    #[test]
    fn a_ladder_has_names_lengths_and_times() {
        let page = drawn("ServerHello");
        for expected in [">A session ID that is not resumed<", ">ServerHello<", ">1 234<", ">56.78<"] {
            assert!(page.contains(expected), "no {expected} in {page}");
        }
    }

    #[test]
    fn what_a_message_is_called_becomes_no_markup_and_stays_in_the_picture() {
        let page = drawn("<b>&\"");
        assert!(page.contains(">&lt;b&gt;&amp;&quot;<"), "{page}");
        assert!(drawn(&"x".repeat(100)).contains(&format!(">{}…<", "x".repeat(LETTERS - 1))));
    }
}
