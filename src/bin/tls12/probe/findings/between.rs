//! What is not the same at all addresses of a name.

use std::collections::BTreeSet;

use super::{Finding, Severity, advice};
use crate::probe::{
    experiments::cross::Shares,
    report::{Address, Report},
};

/// Findings about addresses beside each other.
pub(super) fn of(report: &Report) -> Vec<Finding> {
    let mut found = sessions(report);
    found.extend(certificates(report));
    found
}

/// The certificates that were seen at an address, by their digests.
fn seen(address: &Address) -> BTreeSet<&str> {
    address.groups.certificates.iter().map(|group| group.name.as_str()).collect()
}

/// Whether the addresses have different certificates.
fn certificates(report: &Report) -> Option<Finding> {
    let examined: Vec<_> = report.addresses.iter().filter(|address| !seen(address).is_empty()).collect();
    let kinds: BTreeSet<_> = examined.iter().map(|address| seen(address)).collect();
    if kinds.len() < 2 {
        return None;
    }
    let mut finding = Finding::new(
        "addresses-differ-in-certificate",
        Severity::Low,
        "The addresses have different certificates",
        "One of them may be outdated, and will expire unnoticed. Sessions that are bound to a certificate do not move \
         between these addresses, whatever keys and caches they share.",
    )
    .change(advice::ONE_CERTIFICATE);
    finding.addresses = examined
        .iter()
        .map(|address| {
            let short = seen(address).into_iter().map(|digest| digest.get(..8).unwrap_or(digest));
            format!("{} with {}", address.address, short.collect::<Vec<_>>().join(" and "))
        })
        .collect();
    Some(finding)
}

/// What addresses do with each other's sessions.
fn sessions(report: &Report) -> Vec<Finding> {
    let mut found = Vec::new();
    for (by, code, title, change) in [
        ("ticket", "keys-not-shared", "The addresses do not take each other's tickets", advice::SHARE_KEYS),
        ("id", "cache-not-shared", "The addresses do not know each other's session IDs", advice::SHARE_CACHE),
    ] {
        let known = report.crossings().filter(|crossing| crossing.by == by);
        let apart: Vec<_> =
            known.filter(|crossing| matches!(crossing.shares, Shares::No | Shares::Partly)).collect();
        if apart.is_empty() {
            continue;
        }
        let mut finding = Finding::new(
            code,
            Severity::Medium,
            title,
            "A client that comes back to another address makes a full handshake.",
        )
        .change(change);
        finding.addresses =
            apart.iter().map(|crossing| format!("{} to {}", crossing.from, crossing.to)).collect();
        found.push(finding);
    }
    found
}
