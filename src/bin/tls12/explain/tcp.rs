//! The bytes of one direction of a TCP connection, put in order.

use std::collections::BTreeMap;

/// How many bytes may wait for others that come before them.
const MOST_WAITING: usize = 1 << 20;
/// What a part that waits costs beside its bytes, roughly: there may be many, of one byte each or of none.
const PART: usize = 100;
/// For how many more packets of its connection a gap stays open that the receiver has acknowledged. It was lost by whoever
/// captured, and not on its way; but packets may be captured in another order than they were sent.
const PATIENCE: u32 = 32;

/// What a direction gives next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Bytes(Vec<u8>),
    /// So many bytes are not in the capture.
    Missing(u64),
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Direction {
    /// The sequence number of the byte that comes next, once one is known.
    next: Option<u32>,
    /// How many bytes came before it: numbers that do not wrap around.
    delivered: u64,
    waiting: BTreeMap<u64, Part>,
    waiting_bytes: usize,
    /// Where its last byte ends, if its end was seen.
    length: u64,
    /// Up to where the other side said that it has everything.
    acknowledged: u64,
    /// For how many packets a gap below that has been open.
    open_for: u32,
}

/// Bytes that came before others that precede them, and how many behind them are cut off.
#[derive(Debug)]
struct Part {
    bytes: Vec<u8>,
    cut: usize,
}

impl Direction {
    /// Whether it is known where it begins.
    pub(super) fn is_begun(&self) -> bool {
        self.next.is_some()
    }

    /// The first byte has this sequence number.
    pub(super) fn begins(&mut self, sequence: u32) {
        self.next.get_or_insert(sequence);
    }

    /// A segment came, of which so many bytes at its end were not captured.
    pub(super) fn segment(&mut self, sequence: u32, bytes: &[u8], cut: usize) -> Vec<Piece> {
        // What says nothing may come behind bytes that are missing.
        if bytes.is_empty() && cut == 0 {
            return Vec::new();
        }
        self.begins(sequence);
        let Some(place) = self.place(sequence) else { return Vec::new() };
        self.insert(place, bytes, cut);
        let mut pieces = self.take();
        while self.waiting_bytes > MOST_WAITING {
            self.give_up_gap(&mut pieces);
        }
        pieces
    }

    /// The other side has everything before this sequence number.
    pub(super) fn acknowledged(&mut self, sequence: u32) {
        if let Some(place) = self.place(sequence) {
            self.acknowledged = self.acknowledged.max(place);
        }
    }

    /// It ends before this sequence number.
    pub(super) fn ends(&mut self, sequence: u32) {
        if let Some(place) = self.place(sequence) {
            self.length = self.length.max(place);
        }
    }

    /// Another packet of the connection came: a gap that the receiver has filled will not be filled here.
    pub(super) fn packet(&mut self) -> Vec<Piece> {
        let is_lost = self.waiting.first_key_value().is_some_and(|(place, _)| *place <= self.acknowledged);
        self.open_for = if is_lost { self.open_for + 1 } else { 0 };
        let mut pieces = Vec::new();
        if self.open_for > PATIENCE {
            self.open_for = 0;
            self.give_up_gap(&mut pieces);
        }
        pieces
    }

    /// How many bytes wait for others, with what that costs.
    pub(super) fn waiting(&self) -> usize {
        self.waiting_bytes
    }

    /// Nothing more comes, or nothing is waited for any more.
    pub(super) fn end(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while !self.waiting.is_empty() {
            self.give_up_gap(&mut pieces);
        }
        if let Some(missing @ 1..) = self.length.checked_sub(self.delivered) {
            pieces.push(Piece::Missing(missing));
            self.advance(usize::try_from(missing).unwrap_or(0));
        }
        pieces
    }

    /// Where a sequence number is, as near to what comes next as it can be; `None` before the beginning.
    fn place(&self, sequence: u32) -> Option<u64> {
        // RFC 9293, 3.4: sequence numbers are compared modulo 2^32.
        let ahead = sequence.wrapping_sub(self.next?).cast_signed();
        self.delivered.checked_add_signed(ahead.into())
    }

    fn insert(&mut self, place: u64, bytes: &[u8], cut: usize) {
        // What was delivered is not looked at again, whoever sends it.
        let known = usize::try_from(self.delivered.saturating_sub(place)).unwrap_or(usize::MAX);
        let (place, cut) = match bytes.len().checked_sub(known) {
            Some(_) => (place.max(self.delivered), cut),
            None => (self.delivered, (bytes.len() + cut).saturating_sub(known)),
        };
        let bytes = bytes.get(known..).unwrap_or_default();
        if bytes.is_empty() && cut == 0 {
            return;
        }
        let longer = self.waiting.get(&place).is_none_or(|part| part.bytes.len() < bytes.len());
        if longer {
            let before = self.waiting.insert(place, Part { bytes: bytes.to_vec(), cut });
            self.waiting_bytes += bytes.len() + PART;
            self.waiting_bytes -= before.map_or(0, |part| part.bytes.len() + PART);
        }
    }

    /// What is in order now.
    fn take(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|first| *first.key() <= self.delivered) {
            let (place, part) = first.remove_entry();
            self.waiting_bytes -= part.bytes.len() + PART;
            let known = usize::try_from(self.delivered - place).unwrap_or(usize::MAX);
            let new = part.bytes.get(known..).unwrap_or_default();
            self.advance(new.len());
            if !new.is_empty() {
                pieces.push(Piece::Bytes(new.to_vec()));
            }
            // They may come again, whole.
            let is_repeated =
                self.waiting.first_key_value().is_some_and(|(place, _)| *place <= self.delivered);
            let end = place + u64::try_from(part.bytes.len() + part.cut).unwrap_or(0);
            match end.checked_sub(self.delivered) {
                Some(cut @ 1..) if !is_repeated => {
                    pieces.push(Piece::Missing(cut));
                    self.advance(usize::try_from(cut).unwrap_or(0));
                }
                _ => {}
            }
        }
        pieces
    }

    /// What is missing before the next bytes that are there does not come any more.
    fn give_up_gap(&mut self, pieces: &mut Vec<Piece>) {
        let Some((place, _)) = self.waiting.first_key_value() else { return };
        let missing = place.saturating_sub(self.delivered);
        if missing > 0 {
            pieces.push(Piece::Missing(missing));
            self.advance(usize::try_from(missing).unwrap_or(0));
        }
        pieces.extend(self.take());
    }

    fn advance(&mut self, count: usize) {
        self.delivered += u64::try_from(count).unwrap_or(0);
        // Sequence numbers wrap around, so the lowest bits are all there is of it.
        let low = count.to_le_bytes();
        let low = u32::from_le_bytes([low[0], low[1], low[2], low[3]]);
        self.next = self.next.map(|next| next.wrapping_add(low));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Piece {
        Piece::Bytes(text.as_bytes().to_vec())
    }

    fn begun(sequence: u32) -> Direction {
        let mut direction = Direction::default();
        direction.begins(sequence);
        direction
    }

    #[test]
    fn segments_in_order_and_repeated_ones() {
        let mut direction = begun(100);
        assert_eq!(direction.segment(100, b"abc", 0), [bytes("abc")]);
        assert_eq!(direction.segment(100, b"abc", 0), []);
        assert_eq!(direction.segment(101, b"bcde", 0), [bytes("de")]);
        assert_eq!(direction.segment(105, b"", 0), []);
        assert_eq!(direction.end(), []);
    }

    #[test]
    fn segments_out_of_order_and_overlapping() {
        let mut direction = begun(100);
        assert_eq!(direction.segment(106, b"ghi", 0), []);
        assert_eq!(direction.segment(103, b"defgh", 0), []);
        assert_eq!(direction.segment(100, b"abc", 0), [bytes("abc"), bytes("defgh"), bytes("i")]);
    }

    #[test]
    fn sequence_numbers_wrap_around() {
        let mut direction = begun(u32::MAX - 1);
        assert_eq!(direction.segment(1, b"de", 0), []);
        assert_eq!(direction.segment(u32::MAX - 1, b"abc", 0), [bytes("abc"), bytes("de")]);
        assert_eq!(direction.segment(3, b"f", 0), [bytes("f")]);
    }

    #[test]
    fn what_is_missing_is_said_at_the_end() {
        let mut direction = begun(0);
        assert_eq!(direction.segment(0, b"a", 0), [bytes("a")]);
        assert_eq!(direction.segment(11, b"z", 0), []);
        assert_eq!(direction.end(), [Piece::Missing(10), bytes("z")]);
    }

    #[test]
    fn what_is_missing_and_was_received_is_given_up_after_a_while() {
        let mut direction = begun(0);
        assert_eq!(direction.segment(10, b"z", 0), []);
        assert!((0..100).all(|_| direction.packet().is_empty()), "it may come yet");
        direction.acknowledged(11);
        let given_up: Vec<_> = (0..40).flat_map(|_| direction.packet()).collect();
        assert_eq!(given_up, [Piece::Missing(10), bytes("z")]);
        assert_eq!(direction.segment(0, b"too late", 0), []);
    }

    #[test]
    fn too_much_that_waits_is_no_longer_waited_for() {
        let mut direction = begun(0);
        let mut pieces = Vec::new();
        for n in 0..2000_u32 {
            pieces.extend(direction.segment(10 + n * 1000, &[7; 1000], 0));
        }
        assert_eq!(pieces[0], Piece::Missing(10));
        assert!(direction.waiting_bytes <= MOST_WAITING);
    }

    #[test]
    fn what_is_missing_before_the_end_is_said_once() {
        let mut direction = begun(u32::MAX);
        assert_eq!(direction.segment(u32::MAX, b"a", 0), [bytes("a")]);
        direction.ends(7);
        direction.ends(6);
        assert_eq!(direction.end(), [Piece::Missing(7)]);
        assert_eq!(direction.end(), []);
    }

    #[test]
    fn parts_without_bytes_do_not_wait_without_end_either() {
        let mut direction = begun(0);
        for n in 0..100_000_u32 {
            direction.segment(10 + n * 10, &[], 5);
        }
        assert!(direction.waiting.len() <= MOST_WAITING / PART);
    }

    #[test]
    fn what_was_cut_off_is_missing_unless_it_comes_again() {
        let mut direction = begun(0);
        assert_eq!(direction.segment(0, b"abc", 5), [bytes("abc"), Piece::Missing(5)]);
        assert_eq!(direction.segment(8, b"i", 0), [bytes("i")]);
        let mut direction = begun(0);
        assert_eq!(direction.segment(2, b"cdefg", 0), []);
        assert_eq!(direction.segment(0, b"a", 4), [bytes("a"), Piece::Missing(4), bytes("fg")]);
    }
}
