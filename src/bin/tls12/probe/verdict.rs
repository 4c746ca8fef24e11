//! The verdict in one sentence.

use super::{
    experiments::{By, cross::Shares, replay::Verdict, rules::Keeps},
    report::{Address, Path, Report, State},
    tally::Tally,
};

/// What there is to say about a target, in one sentence.
pub(crate) fn sentence(report: &Report) -> String {
    let examined: Vec<_> =
        report.addresses.iter().filter(|address| address.state == State::Examined).collect();
    if examined.is_empty() {
        return nothing(report);
    }
    let (ticket, id) = (overall(&examined, By::Ticket), overall(&examined, By::Id));
    let works = |verdict| matches!(verdict, Verdict::Works | Verdict::RenewedEachTime);
    let none = |verdict| matches!(verdict, Verdict::NotOffered | Verdict::DoesNotWork);
    let untold = |verdict| verdict == Verdict::CouldNotTell;
    let head = match (ticket, id) {
        (Some(ticket), Some(id)) if none(ticket) && none(id) => "Sessions are not resumed",
        (Some(ticket), Some(id))
            if (works(ticket) && (works(id) || none(id))) || (ticket == Verdict::NotOffered && works(id)) =>
        {
            "Sessions are resumed"
        }
        (Some(ticket), Some(id)) if (untold(ticket) || none(ticket)) && (untold(id) || none(id)) => {
            "Whether sessions are resumed cannot be told"
        }
        _ => "Sessions are resumed in part",
    };
    let mut parts = vec![
        format!("tickets {}", phrase(&examined, By::Ticket, ticket)),
        format!("session IDs {}", phrase(&examined, By::Id, id)),
    ];
    parts.extend(between(report));
    let broken = broken(&examined);
    if !broken.is_empty() {
        parts.push(format!("broken: {}", broken.join(", ")));
    }
    parts.extend(stopped(&examined));
    let missing = report.addresses.len() - examined.len();
    if missing > 0 {
        parts.push(format!("{missing} of {} addresses could not be examined", report.addresses.len()));
    }
    format!("{head}: {}.", parts.join("; "))
}

fn nothing(report: &Report) -> String {
    let all = |state| report.addresses.iter().all(|address| address.state == state);
    match () {
        () if report.addresses.is_empty() => format!("No address is found for {}.", report.target),
        () if all(State::OnlyTls13) => {
            "The server speaks TLS 1.3 only: there are no sessions of TLS 1.2 to resume.".into()
        }
        () if all(State::Unreachable) => "The server cannot be reached.".into(),
        () => "No handshake of TLS 1.2 succeeded.".into(),
    }
}

/// The verdict that all addresses share; `None` if they differ.
fn overall(examined: &[&Address], by: By) -> Option<Verdict> {
    let mut verdicts = examined.iter().filter_map(|address| path(address, by)).map(|path| path.verdict);
    let first = verdicts.next()?;
    // To be renewed is to work too.
    let alike = |verdict| match verdict {
        Verdict::RenewedEachTime => Verdict::Works,
        other => other,
    };
    let (mut same, mut equal) = (true, true);
    for verdict in verdicts {
        (same, equal) = (same && verdict == first, equal && alike(verdict) == alike(first));
    }
    match (same, equal) {
        (true, _) => Some(first),
        (false, true) => Some(alike(first)),
        (false, false) => None,
    }
}

fn path(address: &Address, by: By) -> Option<&Path> {
    address.paths().find(|(each, _)| *each == by).map(|(_, path)| path)
}

fn phrase(examined: &[&Address], by: By, verdict: Option<Verdict>) -> String {
    let Some(verdict) = verdict else { return "differ from address to address".into() };
    let fixed: Vec<_> =
        examined.iter().filter_map(|address| path(address, by)).map(|path| &path.fixed).collect();
    let resumed: u32 = fixed.iter().map(|tally| tally.resumed).sum();
    let completed: u32 = fixed.iter().map(|tally| tally.completed).sum();
    match (verdict, fixed[..].first()) {
        (Verdict::WorksOnSomeNodes, Some(tally)) if fixed.len() == 1 => {
            format!("on some nodes only ({resumed} of {completed}, which is {})", interval(tally))
        }
        (Verdict::WorksOnSomeNodes, _) => format!("on some nodes only ({resumed} of {completed})"),
        (Verdict::NowAndThen, _) if examined.len() == 1 => {
            let path = examined.first().and_then(|address| path(address, by));
            format!("now and then ({})", path.map(now_and_then).unwrap_or_default())
        }
        (verdict, _) => short(verdict).into(),
    }
}

/// A verdict in a few words, which follow "tickets".
pub(crate) fn short(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Works => "work",
        Verdict::RenewedEachTime => "work, renewed each time",
        Verdict::WorksOnSomeNodes => "on some nodes only",
        Verdict::WhileConnected => "work while their connection lasts",
        Verdict::NowAndThen => "work now and then",
        Verdict::SingleUse => "work once",
        Verdict::OnlyAsChain => "work only as a chain",
        Verdict::DoesNotWork => "do not work",
        Verdict::NotOffered => "not offered",
        Verdict::CouldNotTell => "cannot be judged",
    }
}

/// What became of a session that was offered again and again, and of those that were offered as soon as they were made.
pub(crate) fn now_and_then(path: &Path) -> String {
    let (fixed, chain) = (&path.fixed, &path.chain);
    format!("one never in {}, new ones in {} of {}", fixed.completed, chain.resumed, chain.completed)
}

/// Where the server served nobody any more.
fn stopped(examined: &[&Address]) -> Option<String> {
    let mut all = examined.iter().filter_map(|address| address.stopped_after);
    let first = all.next()?;
    Some(match (examined.len(), all.count() + 1) {
        (1, _) => format!("it served nobody any more after {first} connections"),
        (_, number) => format!("{number} of the addresses served nobody any more in the end"),
    })
}

/// The interval of a tally in per cent.
pub(crate) fn interval(tally: &Tally) -> String {
    format!("{:.0} to {:.0} %", tally.low * 100.0, tally.high * 100.0)
}

/// Whether the addresses share.
fn between(report: &Report) -> Option<String> {
    let known: Vec<_> = report.crossings().filter(|crossing| crossing.shares != Shares::Unknown).collect();
    if known.is_empty() {
        return None;
    }
    let apart = known.iter().filter(|crossing| crossing.shares != Shares::Yes).count();
    Some(match apart {
        0 => "the addresses resume each other's".into(),
        _ if apart == known.len() => "the addresses do not resume each other's".into(),
        _ => "the addresses resume each other's in part".into(),
    })
}

/// The rules that are broken somewhere, each once.
pub(crate) fn broken(examined: &[&Address]) -> Vec<&'static str> {
    let mut broken: Vec<_> = examined
        .iter()
        .flat_map(|address| &address.rules)
        .filter(|row| row.verdict == Keeps::Broken)
        .map(|row| row.rule)
        .collect();
    broken.sort_unstable();
    broken.dedup();
    broken
}
