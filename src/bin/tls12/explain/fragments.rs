//! IP packets that came in fragments, put together (RFC 791, 3.2; RFC 8200, 4.5).

use std::{
    collections::{BTreeMap, HashMap, VecDeque, btree_map::Entry},
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    time::Duration,
};

/// How many packets wait for fragments, and how many bytes of them.
const MOST_PACKETS: usize = 1000;
const MOST_BYTES: usize = 16 << 20;
/// What an entry costs beside its bytes, roughly.
const ENTRY: usize = 100;
/// The longest packet that there can be.
const LONGEST: usize = 65_535;
/// How long a packet waits (RFC 8200, 4.5).
const PATIENCE: Duration = Duration::from_secs(60);

/// What all fragments of a packet have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) identification: u32,
}

/// A part of a packet.
pub(super) struct Fragment<'b> {
    pub(super) name: Name,
    /// Where in the packet it is.
    pub(super) offset: usize,
    pub(super) place: Place,
    pub(super) bytes: &'b [u8],
    /// How many bytes at its end were not captured.
    pub(super) cut: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Last,
    Before,
}

/// Packets that are not whole.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    open: HashMap<Name, Packet>,
    /// From the oldest on.
    order: VecDeque<(Name, Duration)>,
    bytes: usize,
    /// How many packets never became whole.
    pub(super) incomplete: u64,
    /// Of how many packets fragments overlap or contradict each other.
    pub(super) refused: u64,
}

#[derive(Debug, Default)]
struct Packet {
    begun: Duration,
    parts: BTreeMap<usize, Vec<u8>>,
    length: Option<usize>,
    cost: usize,
    state: State,
    /// Hashes of the parts of one that is whole: some captures have every packet twice.
    seen: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Waiting,
    Whole,
    /// Whatever else comes of it is left out.
    Refused,
}

impl Fragments {
    /// What is behind the header of the packet that this fragment completes.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>, time: Duration) -> Option<Vec<u8>> {
        self.forget_before(time);
        let new = || Packet { begun: time, cost: ENTRY, ..Packet::default() };
        let packet = self.open.entry(fragment.name).or_insert_with(|| {
            self.order.push_back((fragment.name, time));
            new()
        });
        match packet.state {
            State::Refused => return None,
            State::Whole if packet.seen.contains(&hash(fragment.offset, fragment.bytes)) => return None,
            // The next packet of this name.
            State::Whole => {
                self.order.push_back((fragment.name, time));
                *packet = new();
            }
            State::Waiting => {}
        }
        let before = packet.cost;
        if !packet.add(fragment) {
            self.refused += 1;
            *packet = Packet { begun: packet.begun, cost: ENTRY, state: State::Refused, ..Packet::default() };
        }
        let whole = packet.is_whole().then(|| packet.take());
        self.bytes = (self.bytes + packet.cost).saturating_sub(before);
        whole
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) {
        while self.forget_oldest() {}
    }

    fn forget_before(&mut self, time: Duration) {
        let is_late = |(_, begun): &(Name, Duration)| time.saturating_sub(*begun) > PATIENCE;
        while self.order.front().is_some_and(is_late)
            || self.order.len() > MOST_PACKETS
            || self.bytes > MOST_BYTES
        {
            if !self.forget_oldest() {
                return;
            }
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let Some((name, begun)) = self.order.pop_front() else { return false };
        // The same name may have been used again.
        if self.open.get(&name).is_some_and(|packet| packet.begun == begun)
            && let Some(packet) = self.open.remove(&name)
        {
            self.bytes = self.bytes.saturating_sub(packet.cost);
            self.incomplete += u64::from(packet.state == State::Waiting);
        }
        true
    }
}

impl Packet {
    /// Whether the fragment fits to the others.
    fn add(&mut self, fragment: &Fragment<'_>) -> bool {
        let (begins, ends) = (fragment.offset, fragment.offset + fragment.bytes.len());
        let is_regular = match fragment.place {
            Place::Last => self.length.is_none_or(|length| length == ends),
            Place::Before => fragment.bytes.len().is_multiple_of(8) && !fragment.bytes.is_empty(),
        };
        if !is_regular || fragment.cut > 0 || ends > LONGEST {
            return false;
        }
        if fragment.place == Place::Last {
            self.length = Some(ends);
        }
        let behind = self.parts.range(begins + 1..).next().is_some_and(|(begins, _)| *begins < ends);
        let in_front = self.parts.range(..begins).next_back();
        let in_front = in_front.is_some_and(|(at, bytes)| at + bytes.len() > begins);
        let too_long =
            self.length.is_some_and(|length| ends > length || self.end().is_some_and(|end| end > length));
        if behind || in_front || too_long {
            return false;
        }
        match self.parts.entry(begins) {
            // Some captures have every packet twice.
            Entry::Occupied(same) => same.get() == fragment.bytes,
            Entry::Vacant(place) => {
                place.insert(fragment.bytes.to_vec());
                self.cost += fragment.bytes.len() + ENTRY;
                true
            }
        }
    }

    /// Where the last part ends.
    fn end(&self) -> Option<usize> {
        self.parts.last_key_value().map(|(begins, bytes)| begins + bytes.len())
    }

    /// Its bytes, of which only hashes are kept.
    fn take(&mut self) -> Vec<u8> {
        let parts = std::mem::take(&mut self.parts);
        let seen: Vec<_> = parts.iter().map(|(begins, bytes)| hash(*begins, bytes)).collect();
        let cost = ENTRY + size_of_val(seen.as_slice());
        *self = Self { begun: self.begun, cost, state: State::Whole, seen, ..Self::default() };
        parts.into_values().flatten().collect()
    }

    /// Parts do not overlap: if there are as many bytes as there should be, there are all.
    fn is_whole(&self) -> bool {
        self.length.is_some_and(|length| self.parts.values().map(Vec::len).sum::<usize>() == length)
    }
}

fn hash(offset: usize, bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (offset, bytes).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(identification: u32, offset: usize, place: Place, bytes: &[u8]) -> Fragment<'_> {
        let address = IpAddr::from([192, 0, 2, 1]);
        Fragment { name: Name { from: address, to: address, identification }, offset, place, bytes, cut: 0 }
    }

    #[test]
    fn fragments_in_any_order_make_a_packet_once() {
        let all = [
            part(1, 0, Place::Before, b"01234567"),
            part(1, 8, Place::Before, b"89abcdef"),
            part(1, 16, Place::Last, b"ghi"),
        ];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut fragments = Fragments::default();
            let mut add = |n: usize| fragments.add(&all[n], Duration::ZERO);
            // Each of them twice.
            assert_eq!(order[..2].iter().find_map(|n| add(*n).or_else(|| add(*n))), None);
            assert_eq!(add(order[2]).as_deref(), Some(&b"0123456789abcdefghi"[..]));
            assert_eq!(add(order[2]), None);
            fragments.end();
            assert_eq!((fragments.incomplete, fragments.refused), (0, 0));
        }
    }

    #[test]
    fn what_overlaps_or_contradicts_is_refused_as_a_whole() {
        let first = || part(1, 0, Place::Before, b"01234567");
        let contradictions = [
            [part(1, 8, Place::Last, b"89"), part(1, 8, Place::Last, b"8x")],
            [part(1, 8, Place::Last, b"89"), part(1, 8, Place::Last, b"89a")],
            [part(1, 16, Place::Last, b"89"), part(1, 8, Place::Before, b"0123456789abcdef")],
            [part(1, 8, Place::Before, b"01234567"), part(1, 8, Place::Last, b"89")],
            [part(1, 24, Place::Before, b"01234567"), part(1, 16, Place::Last, b"x")],
            [part(1, 16, Place::Before, b"0123"), part(1, 8, Place::Last, b"x")],
            [part(1, 65_528, Place::Last, b"01234567"), part(1, 8, Place::Last, b"x")],
        ];
        for (n, [second, third]) in contradictions.into_iter().enumerate() {
            let mut fragments = Fragments::default();
            let (last, time) = (part(1, 8, Place::Last, b"89"), Duration::ZERO);
            let made: Vec<_> =
                [second, third, first(), last].iter().filter_map(|part| fragments.add(part, time)).collect();
            assert_eq!((made, fragments.refused), (vec![], 1), "{n}");
            fragments.end();
            assert_eq!((fragments.incomplete, fragments.bytes), (0, 0), "{n}");
        }
    }

    #[test]
    fn a_name_may_be_used_again() {
        let mut fragments = Fragments::default();
        for last in [b"89", b"ab"] {
            fragments.add(&part(1, 8, Place::Last, last), Duration::ZERO);
            let whole = fragments.add(&part(1, 0, Place::Before, &[last[0]; 8]), Duration::ZERO);
            assert_eq!(whole.map(|whole| whole[7..].to_vec()), Some([&last[..1], last].concat()));
        }
        fragments.end();
        assert_eq!((fragments.incomplete, fragments.bytes), (0, 0));
    }

    #[test]
    fn the_oldest_are_forgotten_by_time_and_by_number() {
        let mut fragments = Fragments::default();
        let last = part(1, 8, Place::Last, b"89");
        fragments.add(&part(1, 0, Place::Before, b"01234567"), Duration::ZERO);
        assert_eq!(fragments.add(&last, Duration::from_secs(61)), None);
        assert_eq!(fragments.incomplete, 1);
        for n in 10..1010 + 10_000 {
            fragments.add(&part(n, 8, Place::Before, &[7; 65_000]), Duration::from_secs(61));
            assert!(
                fragments.open.len() <= MOST_PACKETS + 1 && fragments.bytes <= MOST_BYTES + LONGEST + 200
            );
        }
        fragments.end();
        assert_eq!((fragments.bytes, fragments.open.len()), (0, 0));
        assert_eq!(fragments.incomplete, 1 + 1 + 11_000);
    }
}
