//! The records of one direction, also where bytes of it are missing.

use alloc::vec::Vec;

use super::{
    event::NotTls12,
    preamble::{self, Begins, Looking},
};
use crate::wire::{ContentType, Decode, HEADER_LEN, MAX_CIPHERTEXT, Reader, RecordHeader};

/// What the bytes of one direction are made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Record(RecordHeader, Vec<u8>),
    /// A record of which bytes are missing, and those of its body before them.
    Damaged(RecordHeader, Vec<u8>),
    /// So many bytes among which no record was found.
    Skipped(u64),
    /// It does not begin with TLS.
    Foreign(NotTls12),
    /// After so many bytes of something else TLS begins.
    Preamble(u64, Begins),
}

/// Where bytes of something else are missing, among which TLS may have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    begins: u64,
    ends: u64,
}

/// How the next bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// They are the first ones of all.
    First,
    /// A record begins with them.
    Records,
    /// They belong to a record of which others are missing: so many of them.
    Rest(usize),
    /// Somewhere among them a record begins. So many were looked at.
    Searching(u64),
    /// They are no TLS, and TLS may begin among them, or in what was missing last.
    Foreign(Option<Gap>),
}

/// One direction. It keeps the bytes of one record at most.
#[derive(Debug)]
pub(super) struct Stream {
    rest: Vec<u8>,
    /// Where the first byte of `rest` is.
    offset: u64,
    reading: Reading,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self { rest: Vec::new(), offset: 0, reading: Reading::First }
    }

    /// How many bytes there were, those that are missing counted.
    pub(super) fn offset(&self) -> u64 {
        self.offset.saturating_add(length(&self.rest))
    }

    /// A record of which only the beginning is there: its header, and how many bytes behind it.
    pub(super) fn unfinished(&self) -> Option<(RecordHeader, usize)> {
        let mut reader = Reader::new(&self.rest);
        match self.reading {
            Reading::First | Reading::Records => {
                let header = RecordHeader::read(&mut reader).ok()?;
                let is_tls = (20..=24).contains(&header.content_type.0) && header.version.0 >> 8 == 3;
                is_tls.then_some((header, reader.len()))
            }
            Reading::Rest(_) | Reading::Searching(_) | Reading::Foreign(_) => None,
        }
    }

    /// Whether nobody knows where the next record begins.
    pub(super) fn is_searching(&self) -> bool {
        matches!(self.reading, Reading::Searching(_))
    }

    /// Whether TLS has not begun, and something else has.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(self.reading, Reading::Foreign(_))
    }

    /// Whether there are records of TLS.
    pub(super) fn has_records(&self) -> bool {
        matches!(self.reading, Reading::Records | Reading::Rest(_))
    }

    /// TLS must have begun, in a place that is missing.
    pub(super) fn has_begun(&mut self) {
        self.reading = Reading::Searching(0);
    }

    /// What is complete with these bytes, each with where it begins.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Vec<(u64, Piece)> {
        let mut all = core::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        let (mut found, mut reader) = (Vec::new(), Reader::new(&all));
        loop {
            let (before, reading) = (reader.len(), self.reading);
            let piece = self.next(&mut reader);
            let used = before.saturating_sub(reader.len());
            let begins = self.offset;
            self.offset = begins.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
            match piece {
                Some(Piece::Skipped(count)) => {
                    found.push((self.offset.saturating_sub(count), Piece::Skipped(count)));
                }
                Some(Piece::Preamble(_, begins)) => self.begun(reading, begins, &mut found),
                Some(piece) => found.push((begins, piece)),
                None if self.reading == reading => break,
                None => {}
            }
        }
        match reader.len() == all.len() {
            true => self.rest = all,
            false => self.rest = reader.rest().to_vec(),
        }
        found
    }

    /// TLS begins here, or began in what was missing.
    fn begun(&self, reading: Reading, begins: Begins, found: &mut Vec<(u64, Piece)>) {
        match (begins, reading) {
            (Begins::Records, Reading::Foreign(Some(gap))) => {
                found.push((0, Piece::Preamble(gap.begins, begins)));
                if let Some(skipped @ 1..) = self.offset.checked_sub(gap.ends) {
                    found.push((gap.ends, Piece::Skipped(skipped)));
                }
            }
            (Begins::Hello | Begins::Records, _) => found.push((0, Piece::Preamble(self.offset, begins))),
        }
    }

    /// So many bytes are not there; `None` if nobody knows how many.
    pub(super) fn missing(&mut self, count: Option<u64>) -> Option<(u64, Piece)> {
        let had = core::mem::take(&mut self.rest);
        let begins = self.offset;
        let (known, lost) = (length(&had), count.unwrap_or(0));
        self.offset = begins.saturating_add(known).saturating_add(lost);
        let count = count.and_then(|count| usize::try_from(count).ok());
        let mut reader = Reader::new(&had);
        let header = RecordHeader::read(&mut reader).ok();
        let (reading, piece) = match (self.reading, header, count) {
            (Reading::Foreign(_), ..) => {
                let gap = Gap { begins: begins.saturating_add(known), ends: self.offset };
                (Reading::Foreign(Some(gap)), None)
            }
            (Reading::Rest(left), _, Some(count)) => (rest_or_search(left, count), None),
            (Reading::Records, Some(header), Some(count)) => {
                let whole = HEADER_LEN.saturating_add(header.length.into());
                let left = whole.saturating_sub(had.len());
                (rest_or_search(left, count), Some((begins, Piece::Damaged(header, reader.rest().to_vec()))))
            }
            (Reading::Searching(looked), ..) => (Reading::Searching(looked.saturating_add(known)), None),
            _ => (Reading::Searching(known), None),
        };
        self.reading = reading;
        piece
    }

    /// The next piece; `None` with another way of reading if there may be more, and with the same if there is not.
    fn next(&mut self, reader: &mut Reader<'_>) -> Option<Piece> {
        match self.reading {
            Reading::Foreign(gap) => {
                let looking = gap.map_or(Looking::ForHello, |_| Looking::ForRecords);
                let begins = preamble::skip(reader, looking)?;
                self.reading = Reading::Records;
                Some(Piece::Preamble(0, begins))
            }
            Reading::First => {
                let first: [u8; HEADER_LEN] = reader.clone().array().ok()?;
                self.reading = Reading::Records;
                let foreign = foreign(&first)?;
                self.reading = Reading::Foreign(None);
                Some(Piece::Foreign(foreign))
            }
            Reading::Rest(left) => {
                let taken = left.min(reader.len());
                let _ = reader.take(taken);
                self.reading = match left.saturating_sub(taken) {
                    0 => Reading::Records,
                    left => Reading::Rest(left),
                };
                None
            }
            Reading::Searching(looked) => self.search(looked, reader),
            Reading::Records => self.record(reader),
        }
    }

    fn record(&mut self, reader: &mut Reader<'_>) -> Option<Piece> {
        let mut ahead = reader.clone();
        let header = RecordHeader::read(&mut ahead).ok()?;
        if header.version.0.to_be_bytes()[0] != 3 || usize::from(header.length) > MAX_CIPHERTEXT {
            self.reading = Reading::Searching(0);
            return None;
        }
        let body = ahead.take(header.length.into()).ok()?.to_vec();
        *reader = ahead;
        Some(Piece::Record(header, body))
    }

    /// Goes on to where a record may begin.
    fn search(&mut self, looked: u64, reader: &mut Reader<'_>) -> Option<Piece> {
        let mut looked = looked;
        while let Ok(header) = RecordHeader::read(&mut reader.clone()) {
            if may_begin(header) {
                self.reading = Reading::Records;
                return (looked > 0).then_some(Piece::Skipped(looked));
            }
            let _ = reader.u8();
            looked = looked.saturating_add(1);
        }
        self.reading = Reading::Searching(looked);
        None
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Of a record `left` bytes are to come, of which `missing` do not.
fn rest_or_search(left: usize, missing: usize) -> Reading {
    match left.checked_sub(missing) {
        None => Reading::Searching(0),
        Some(0) => Reading::Records,
        Some(left) => Reading::Rest(left),
    }
}

/// Whether bytes that nobody knows anything about look like the header of a record.
fn may_begin(header: RecordHeader) -> bool {
    let length = usize::from(header.length);
    let fits = match header.content_type {
        ContentType::CHANGE_CIPHER_SPEC => length == 1,
        ContentType::ALERT => (2..64).contains(&length),
        ContentType::HANDSHAKE | ContentType::APPLICATION_DATA => (1..=MAX_CIPHERTEXT).contains(&length),
        _ => false,
    };
    fits && (0x0301..=0x0303).contains(&header.version.0)
}

/// What it is that begins like this, if it is no TLS.
fn foreign(first: &[u8; HEADER_LEN]) -> Option<NotTls12> {
    const HTTP: [&[u8]; 8] = [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"CONNE", b"DELET", b"OPTIO", b"HTTP/"];
    if HTTP.iter().any(|method| first.starts_with(method)) {
        return Some(NotTls12::PlainHttp);
    }
    match first {
        [20..=24, 3, 0..=4, ..] => None,
        // RFC 5246, E.2: a length of two bytes whose highest bit is set, then msg_type 1.
        [length, _, 1, ..] if *length >= 0x80 => Some(NotTls12::Sslv2Hello),
        _ => Some(NotTls12::NotTls),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn record(content_type: u8, body: &[u8]) -> Vec<u8> {
        [&[content_type, 3, 3, 0, u8::try_from(body.len()).expect("short")], body].concat()
    }

    fn lengths(pieces: &[(u64, Piece)]) -> Vec<(u64, usize)> {
        let length = |piece: &Piece| match piece {
            Piece::Record(_, body) => body.len(),
            other => panic!("{other:?}"),
        };
        pieces.iter().map(|(at, piece)| (*at, length(piece))).collect()
    }

    #[test]
    fn records_are_found_where_they_are_in_any_pieces() {
        let all = [record(22, &[7; 3]), record(22, &[]), record(23, &[8; 40])].concat();
        let mut stream = Stream::new();
        assert_eq!(lengths(&stream.bytes(&all)), [(0, 3), (8, 0), (13, 40)]);
        let mut stream = Stream::new();
        let found: Vec<_> = all.iter().flat_map(|byte| stream.bytes(&[*byte])).collect();
        assert_eq!(lengths(&found), [(0, 3), (8, 0), (13, 40)]);
    }

    #[test]
    fn what_is_missing_within_a_record_costs_that_record() {
        let mut stream = Stream::new();
        let all = [record(22, &[7; 30]), record(22, &[8; 2])].concat();
        assert_eq!(stream.bytes(&all[..10]), []);
        let Some((0, Piece::Damaged(header, body))) = stream.missing(Some(10)) else {
            panic!("a damaged record")
        };
        assert_eq!((header.length, body.as_slice()), (30, &[7; 5][..]));
        assert_eq!(lengths(&stream.bytes(&all[20..])), [(35, 2)]);
    }

    #[test]
    fn behind_what_is_missing_the_next_header_is_looked_for() {
        let mut stream = Stream::new();
        let all = [record(22, &[7; 30]), record(22, &[8; 60]), record(23, &[9; 2])].concat();
        assert_eq!(lengths(&stream.bytes(&all[..35])), [(0, 30)]);
        assert_eq!(stream.missing(Some(50)), None);
        let found = stream.bytes(&all[85..]);
        assert_eq!(found[0], (85, Piece::Skipped(15)));
        assert_eq!(lengths(&found[1..]), [(100, 2)]);
    }

    #[test]
    fn a_stream_may_begin_in_the_middle() {
        let mut stream = Stream::new();
        assert_eq!(stream.missing(None), None);
        let found = stream.bytes(&[&[1, 2, 3], &record(23, &[9; 4])[..]].concat());
        assert_eq!(found[0], (0, Piece::Skipped(3)));
        assert_eq!(lengths(&found[1..]), [(3, 4)]);
    }

    #[test]
    fn records_behind_what_is_missing_of_something_else_are_found() {
        let mut stream = Stream::new();
        assert_eq!(stream.bytes(b"AUTH TLS\r\n"), [(0, Piece::Foreign(NotTls12::NotTls))]);
        assert_eq!(stream.missing(Some(100)), None);
        let found = stream.bytes(&[b"of a hello", &record(22, &[16, 0, 0, 2, 1, 7])[..]].concat());
        assert_eq!(found[0], (0, Piece::Preamble(10, Begins::Records)));
        assert_eq!(found[1], (110, Piece::Skipped(10)));
        assert_eq!(lengths(&found[2..]), [(120, 6)]);
    }

    #[test]
    fn what_is_no_tls_is_said_once() {
        let of = |bytes: &[u8]| Stream::new().bytes(bytes);
        assert_eq!(of(b"GET / HTTP/1.0"), [(0, Piece::Foreign(NotTls12::PlainHttp))]);
        assert_eq!(of(b"HTTP/1.1 400"), [(0, Piece::Foreign(NotTls12::PlainHttp))]);
        assert_eq!(of(&[0x80, 46, 1, 3, 3, 0]), [(0, Piece::Foreign(NotTls12::Sslv2Hello))]);
        assert_eq!(of(b"220 mail"), [(0, Piece::Foreign(NotTls12::NotTls))]);
        assert_eq!(of(b"GET "), []);
        let mut stream = Stream::new();
        assert_eq!(stream.bytes(b"SSH-2.0-x").len(), 1);
        assert_eq!(stream.bytes(&vec![0; 100_000]), []);
        assert!(stream.rest.is_empty());
    }
}
