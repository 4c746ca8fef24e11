//! What was found, what it means, and what to change.

pub(crate) mod advice;
mod between;
mod failed;
mod paths;
mod rules;

use serde::Serialize;

use self::advice::Change;
use super::report::{Address, Full, Report, State};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// Sessions get where they do not belong, or nothing is resumed.
    High,
    /// Much of it is lost.
    Medium,
    /// A part of it is lost, or will be.
    Low,
    /// Good to know.
    Note,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// A name that stays the same.
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    /// What was found, in a sentence.
    pub(crate) title: String,
    pub(crate) meaning: &'static str,
    pub(crate) change: &'static [Change],
    /// Where, if not everywhere.
    pub(crate) addresses: Vec<String>,
}

impl Finding {
    fn new(code: &'static str, severity: Severity, title: impl Into<String>, meaning: &'static str) -> Self {
        Self { code, severity, title: title.into(), meaning, change: &[], addresses: Vec::new() }
    }

    fn change(self, change: &'static [Change]) -> Self {
        Self { change, ..self }
    }
}

/// All findings, the most important first.
pub(crate) fn of(report: &Report) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for address in &report.addresses {
        let mut found = of_address(address);
        found.extend(rules::of(address));
        for mut finding in found {
            let same = all.iter_mut().find(|each| (each.code, &each.title) == (finding.code, &finding.title));
            match same {
                Some(same) => same.addresses.push(address.address.clone()),
                None => {
                    finding.addresses.push(address.address.clone());
                    all.push(finding);
                }
            }
        }
    }
    // What is so everywhere needs no list.
    for finding in &mut all {
        if finding.addresses.len() == report.addresses.len() {
            finding.addresses.clear();
        }
    }
    all.extend(between::of(report));
    all.sort_by_key(|finding| finding.severity);
    all
}

fn of_address(address: &Address) -> Vec<Finding> {
    let mut found = Vec::new();
    match address.state {
        State::Examined => {}
        State::OnlyTls13 => found.push(
            Finding::new(
                "only-tls13",
                Severity::Note,
                "The server speaks TLS 1.3 only",
                "Clients of TLS 1.2 cannot connect. Resumption in TLS 1.3 is another protocol, which this does not examine.",
            )
            .change(advice::SPEAK),
        ),
        State::Failed | State::Unreachable => found.push(failed::of(address)),
    }
    found.extend(paths::of(address));
    if let Some(full) = &address.full {
        found.extend(of_full(full, address));
    }
    found.extend(dies_early(address));
    if let Some(names) = changed_keys(address) {
        found.push(Finding::new(
            "keys-rotate",
            Severity::Note,
            format!("{names} ticket keys were used while the probe waited"),
            "The server rotates its ticket keys, as it should.",
        ));
    }
    found
}

fn of_full(full: &Full, address: &Address) -> Vec<Finding> {
    let mut found = Vec::new();
    if !full.extended_master_secret {
        found.push(
            Finding::new(
                "no-extended-master-secret",
                Severity::Medium,
                "The server does not know the extended master secret",
                "Two connections can be made to share a master secret (RFC 7627, 1), so that clients that are strict resume \
                 nothing here.",
            )
            .change(advice::UPDATE),
        );
    }
    if full.session_id_beside_ticket > 0 && full.ticket.is_some() {
        found.push(Finding::new(
            "id-beside-ticket",
            Severity::Note,
            "A session ID is issued beside the ticket",
            "RFC 5077 (3.4) would leave it empty. It does no harm but for the memory, if the session is stored too.",
        ));
    }
    found.extend(full.ticket.as_ref().and_then(|ticket| of_hint(ticket.lifetime_hint)));
    if address.groups.certificates.len() > 1 {
        found.push(
            Finding::new(
                "certificates-differ",
                Severity::Low,
                format!("{} certificates for the same hello", address.groups.certificates.len()),
                "Servers behind this address are not set up alike; sessions that are bound to a certificate do not move between them.",
            )
            .change(advice::ONE_CERTIFICATE),
        );
    }
    found
}

fn of_hint(hint: u32) -> Option<Finding> {
    let finding = match hint {
        0 => Finding::new(
            "hint-unspecified",
            Severity::Low,
            "The lifetime hint of tickets is 0, which is \"unspecified\"",
            "Each client guesses for how long a ticket is good: some offer it for too long, some drop it at once.",
        ),
        1..=604_800 => return None,
        _ => Finding::new(
            "hint-too-long",
            Severity::Medium,
            format!("Tickets are announced to live for {} days", hint / 86_400),
            "Whoever gets at a ticket key reads every connection that used it: a week is the most that is done, a day is \
             better (RFC 9325, 3.4).",
        ),
    };
    Some(finding.change(advice::LIFETIME))
}

/// Servers count whole seconds, when they make a ticket and when they are offered it: each may cost one.
const ROUNDING: f64 = 2.0;

/// Tickets that do not live for as long as their hint says.
fn dies_early(address: &Address) -> Option<Finding> {
    let hint = address.full.as_ref()?.ticket.as_ref()?.lifetime_hint;
    let lifetime = address.lifetimes.iter().find(|lifetime| lifetime.by == "ticket")?;
    let most = lifetime.at_most.filter(|most| most + ROUNDING < f64::from(hint))?;
    let finding = Finding::new(
        "lifetime-shorter-than-hint",
        Severity::Low,
        format!("Tickets are announced to live for {hint} s, and are not resumed after {most:.1} s"),
        "Clients keep and offer what is of no use any more. Keys of tickets may be dropped before the last ticket is, or a \
         restart may have come in between.",
    );
    Some(finding.change(advice::LIFETIME))
}

fn changed_keys(address: &Address) -> Option<usize> {
    address.lifetimes.iter().map(|lifetime| lifetime.key_names.len()).find(|names| *names > 1)
}
