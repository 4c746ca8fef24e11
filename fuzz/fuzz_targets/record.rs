//! Records for an established connection, made by who has its keys, and by who has not: of every type and length,
//! edited, repeated, in the clear, and bytes that are no records at all. They arrive in pieces.
//!
//! Oracle: the data that comes out is what was sealed as data, in its order, up to the first record that was not
//! sealed for its place, which is an error; nothing longer than agreed comes out; where all records are data of
//! lawful lengths, all of it comes out; an error is told to the peer first, and comes again ever after.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tls12::{Error, RecordError, schedule::Side, wire::ContentType};
use tls12_fuzz::{
    common::forge::{Sealing, record},
    established::{End, Event, index, pair},
    input::Cuts,
    streams::assert_ends_with_alert,
};

#[derive(Arbitrary, Debug)]
struct Records {
    pair: u8,
    to_server: bool,
    split: bool,
    cuts: u8,
    frames: Vec<Frame>,
}

#[derive(Arbitrary, Debug)]
enum Frame {
    /// Data.
    Data(Vec<u8>),
    /// Data of this length.
    Long(u16),
    /// Anything else.
    Sealed { content_type: u8, body: Vec<u8> },
    /// Data with bits flipped.
    Flipped { body: Vec<u8>, at: u16, bits: u8 },
    /// The record before the last one again.
    Again,
    /// Data under the number of a record that is not its own.
    Number { body: Vec<u8>, sequence: u64 },
    /// A record in the clear.
    Clear { content_type: u8, body: Vec<u8> },
    /// Anything at all.
    Raw(Vec<u8>),
}

/// What was put on the wire, and what must come of it.
struct Plan {
    wire: Vec<u8>,
    data: Vec<u8>,
    /// Nothing was sealed for its place from here on.
    forged: bool,
    /// There is something but data of lawful lengths.
    other: bool,
    /// A record was too long.
    long: bool,
}

impl Plan {
    fn new(frames: &[Frame], sealing: &mut Sealing, most: usize) -> Self {
        let mut plan = Self { wire: Vec::new(), data: Vec::new(), forged: false, other: false, long: false };
        let mut last = Vec::new();
        for frame in frames.iter().take(64) {
            plan.add(frame, sealing, most, &mut last);
        }
        plan
    }

    fn add(&mut self, frame: &Frame, sealing: &mut Sealing, most: usize, last: &mut Vec<u8>) {
        let made = match frame {
            Frame::Data(body) => self.data(body, sealing, most),
            Frame::Long(len) => self.data(&vec![7; usize::from(*len).min(17_000)], sealing, most),
            Frame::Sealed { content_type, body }
                if ContentType(*content_type) == ContentType::APPLICATION_DATA =>
            {
                self.data(body, sealing, most)
            }
            Frame::Sealed { content_type, body } => {
                self.other = true;
                sealing.seal(ContentType(*content_type), &body[..body.len().min(17_000)])
            }
            Frame::Flipped { body, at, bits } => {
                self.forged |= *bits != 0;
                let mut made = self.data(&body[..body.len().min(most)], sealing, most);
                let at = usize::from(*at) % made.len();
                made[at] ^= bits;
                made
            }
            Frame::Again => {
                self.forged |= !last.is_empty();
                last.clone()
            }
            Frame::Number { body, sequence } => {
                let own = std::mem::replace(&mut sealing.sequence, *sequence >> 1);
                self.forged |= own != sealing.sequence;
                let made = self.data(body, sealing, most);
                sealing.sequence = own + 1;
                made
            }
            Frame::Clear { content_type, body } => {
                self.forged = true;
                record(ContentType(*content_type), &body[..body.len().min(17_000)])
            }
            Frame::Raw(bytes) => {
                self.forged |= !bytes.is_empty();
                bytes.clone()
            }
        };
        self.wire.extend_from_slice(&made);
        *last = made;
    }

    fn data(&mut self, body: &[u8], sealing: &mut Sealing, most: usize) -> Vec<u8> {
        let body = &body[..body.len().min(17_000)];
        self.long |= body.len() > most;
        // Too many empty records in a row are refused.
        self.other |= body.is_empty() || body.len() > most;
        if !self.forged && !self.long {
            self.data.extend_from_slice(body);
        }
        sealing.seal(ContentType::APPLICATION_DATA, body)
    }
}

/// What comes out of these bytes, and how it ends.
fn receive(end: &mut End, wire: &[u8], mut cuts: Cuts, most: usize) -> (Vec<u8>, Option<Result<(), Error>>) {
    let (mut rest, mut came, mut out) = (wire, Vec::new(), Vec::new());
    loop {
        match end.receive(0, &mut out) {
            Event::NeedsInput if rest.is_empty() => return (came, None),
            Event::NeedsInput => {
                let (next, _) = rest.split_at(cuts.next(rest.len().min(4096)));
                let n = end.take(next);
                assert!(n > 0, "whoever asks for input has room for it");
                rest = &rest[n..];
            }
            Event::Data(data) => {
                assert!(data.len() <= most, "a record longer than agreed");
                came.extend(data);
            }
            Event::Answered => assert!(!out.is_empty(), "something is owed, and nothing is sent"),
            Event::Closed => return (came, Some(Ok(()))),
            Event::Failed(error) => {
                if let Some(alert) = error.alert() {
                    assert_ends_with_alert(&out, alert);
                }
                let before = out.len();
                assert_eq!(end.receive(0, &mut out), Event::Failed(error.clone()), "an error is final");
                assert_eq!(out.len(), before, "it is told once");
                return (came, Some(Err(error)));
            }
        }
    }
}

fuzz_target!(|records: Records| {
    let reader = if records.to_server { Side::Server } else { Side::Client };
    let writer = if records.to_server { Side::Client } else { Side::Server };
    let mut pair = pair(records.pair);
    let mut sealing = pair.keys.sealing(writer);
    // Its first record was the Finished.
    sealing.sequence = 1;
    let most = pair.takes[index(reader)];
    let plan = Plan::new(&records.frames, &mut sealing, most);
    let end = &mut pair.ends[index(reader)];
    if records.split {
        end.split();
    }
    let (came, how) = receive(end, &plan.wire, Cuts::new(records.cuts), most);
    assert!(plan.data.starts_with(&came), "other data comes out than was sealed");
    match how {
        None if !plan.other && !plan.forged => assert!(came == plan.data, "not all data comes out"),
        Some(_) if !plan.other && !plan.forged => panic!("lawful data ends with {how:?}"),
        Some(Err(Error::Record(RecordError::BadMac))) => {
            assert!(plan.forged, "a sealed record does not open")
        }
        Some(Err(Error::Record(RecordError::Overflow))) => assert!(plan.long || plan.forged || plan.other),
        _ => {}
    }
});
