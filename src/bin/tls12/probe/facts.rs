//! What tells backends and key sets apart.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use tls12::crypto::Provider;

use super::client::{Kind, Seen, Times};
use crate::words::hex;

/// How many bytes of a ticket name its key (RFC 5077, 4: `opaque key_name[16]`).
const KEY_NAME: usize = 16;
/// How many bytes of a session ID are compared: by chance, no two begin alike.
const ID_PREFIX: usize = 4;

/// How often what was seen, over all full handshakes of one address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    key_names: BTreeMap<String, u32>,
    id_prefixes: BTreeMap<String, u32>,
    certificates: BTreeMap<String, u32>,
    shapes: BTreeMap<String, u32>,
}

/// The least times of all handshakes at one address.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fastest {
    pub(crate) connect: Option<Duration>,
    pub(crate) full: Option<Times>,
    pub(crate) resumed: Option<Times>,
}

impl Fastest {
    /// Compares a handshake with the others of its kind.
    pub(crate) fn add(&mut self, kind: &Kind, times: Times) {
        self.connect = Some(self.connect.map_or(times.connect, |least| least.min(times.connect)));
        let of_kind = match kind {
            Kind::Full { .. } => &mut self.full,
            Kind::Resumed { .. } => &mut self.resumed,
        };
        *of_kind = Some(of_kind.map_or(times, |least| least.least(times)));
    }
}

/// What is alike, and how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) seen: u32,
}

impl Facts {
    /// Counts what a handshake showed.
    pub(crate) fn add(&mut self, seen: &Seen, provider: &Provider) {
        if let Some(name) = seen.ticket.as_ref().and_then(|(ticket, _)| key_name(ticket)) {
            *self.key_names.entry(name).or_default() += 1;
        }
        let Some(certificate) = seen.certificate() else { return };
        *self.certificates.entry(certificate.fingerprint(provider)).or_default() += 1;
        if let Some(prefix) = seen.given.session_id.get(..ID_PREFIX) {
            *self.id_prefixes.entry(hex(prefix)).or_default() += 1;
        }
    }

    /// Counts what a ServerHello looked like.
    pub(crate) fn add_shape(&mut self, seen: &Seen) {
        *self.shapes.entry(seen.given.shape()).or_default() += 1;
    }

    /// The names of keys, unless every ticket begins unlike any other: then it does not begin with a name.
    pub(crate) fn key_names(&self) -> Vec<Group> {
        told(&self.key_names)
    }

    /// How IDs begin, unless they begin by chance.
    pub(crate) fn id_prefixes(&self) -> Vec<Group> {
        told(&self.id_prefixes)
    }

    pub(crate) fn certificates(&self) -> Vec<Group> {
        groups(&self.certificates)
    }

    pub(crate) fn shapes(&self) -> Vec<Group> {
        groups(&self.shapes)
    }

    /// How many servers there are at least, as far as these tell.
    pub(crate) fn backends(&self) -> usize {
        let counts = [self.key_names(), self.id_prefixes(), self.certificates(), self.shapes()];
        counts.iter().map(Vec::len).max().unwrap_or(0).max(1)
    }
}

/// The name of the key of a ticket, if it is long enough to have one.
pub(crate) fn key_name(ticket: &[u8]) -> Option<String> {
    match ticket.len() {
        // RFC 5077, 4: behind the name stand an IV, the length of what is encrypted, and a MAC.
        0..32 => None,
        _ => ticket.get(..KEY_NAME).map(hex),
    }
}

fn groups(counts: &BTreeMap<String, u32>) -> Vec<Group> {
    let mut groups: Vec<_> =
        counts.iter().map(|(name, seen)| Group { name: name.clone(), seen: *seen }).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.seen));
    groups
}

/// The same, if something was seen twice; a single one tells nothing either way.
fn told(counts: &BTreeMap<String, u32>) -> Vec<Group> {
    match counts.values().any(|seen| *seen > 1) {
        // What was seen once beside what was seen often is chance, where most were seen once.
        true if counts.values().filter(|seen| **seen == 1).count() * 2 <= counts.len() + 1 => groups(counts),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, u32)]) -> BTreeMap<String, u32> {
        of.iter().map(|(name, seen)| ((*name).to_owned(), *seen)).collect()
    }

    #[test]
    fn the_least_times_are_those_of_all_handshakes_of_a_kind() {
        let mut fastest = Fastest::default();
        let resumed = Kind::Resumed { session: 0 };
        for (connect, handshake, round_trips) in [(3, 90, 2), (2, 40, 1), (4, 50, 1)] {
            let (connect, handshake) = (Duration::from_millis(connect), Duration::from_millis(handshake));
            fastest.add(&resumed, Times { connect, handshake, round_trips });
        }
        let least = fastest.resumed.expect("three");
        assert_eq!((least.handshake, least.round_trips), (Duration::from_millis(40), 1));
        assert_eq!(fastest.connect, Some(Duration::from_millis(2)));
        assert!(fastest.full.is_none());
    }

    #[test]
    fn what_is_never_seen_twice_names_nothing() {
        assert!(told(&counts(&[("a", 1), ("b", 1), ("c", 1)])).is_empty());
        assert!(told(&counts(&[])).is_empty());
        let names: Vec<_> =
            told(&counts(&[("a", 3), ("b", 7)])).into_iter().map(|group| group.name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn a_ticket_that_is_too_short_has_no_name() {
        assert_eq!(key_name(&[1; 20]), None);
        assert_eq!(key_name(&[0xab; 40]), Some("ab".repeat(16)));
    }
}
