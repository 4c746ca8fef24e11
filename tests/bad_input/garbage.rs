//! Random bytes of many kinds, and transports that end anywhere.

use std::sync::Arc;

use tls12::Error;

use super::{Bystanders, World};
use crate::common::{ours::Ours, raw::Hello};

/// xorshift64*: the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// What peers say that mean well, each from its first byte to its last.
struct Talk {
    world: Arc<World>,
    /// To our server.
    up: Vec<u8>,
    /// To our client.
    down: Vec<u8>,
}

impl Talk {
    fn new() -> Self {
        let world = World::new();
        let wires = world.run(usize::MAX).wires;
        Self { world: Arc::new(world), up: wires.up.log, down: wires.down.log }
    }

    fn both(&self) -> [(Ours, &[u8]); 2] {
        [(Ours::server(&self.world), &self.up), (Ours::client(&self.world), &self.down)]
    }
}

/// Our side reads all of it and then the end of the transport, and ends with an error. The alert is the last thing
/// that it says.
fn ends(mut ours: Ours, bytes: &[u8], random: &mut Random) -> Error {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(rest.len().min(1 + random.below(3000)));
        ours.input(piece);
        rest = more;
    }
    ours.input_ends();
    assert!(ours.has_ended());
    let out = ours.take_output();
    ours.into_end(&out)
}

fn rubbish_record(random: &mut Random) -> Vec<u8> {
    let len = random.below(200);
    let header = [random.pick(&[20, 21, 22, 23]), 3, random.pick(&[1, 3]), 0, len as u8];
    [&header[..], &random.bytes(len)].concat()
}

/// One of many kinds of rubbish; `good` is what would be in order.
fn rubbish(kind: usize, good: &[u8], random: &mut Random) -> Vec<u8> {
    let len = random.below(600);
    match kind {
        0 => random.bytes(len),
        // Records with headers in order, of any type.
        1 => (0..1 + random.below(5)).flat_map(|_| rubbish_record(random)).collect(),
        // A handshake message with a header in order, of a known type.
        2 => {
            let len = random.below(250);
            let msg_type = random.pick(&[0, 1, 2, 4, 11, 12, 13, 14, 15, 16, 20, 22]);
            let mut bytes = vec![22, 3, 3, 0, 4 + len as u8, msg_type, 0, 0, len as u8];
            bytes.extend(random.bytes(len));
            bytes
        }
        // What is in order, with some bytes replaced.
        3 => {
            let mut bytes = good.to_vec();
            for _ in 0..1 + random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] = random.next() as u8;
            }
            bytes
        }
        // The same with a piece taken out, or one put in.
        4 => {
            let (at, len) = (random.below(good.len()), random.below(40));
            let end = (at + len).min(good.len());
            [&good[..at], &good[end..]].concat()
        }
        5 => {
            let at = random.below(good.len());
            [&good[..at], &random.bytes(len), &good[at..]].concat()
        }
        // Up to somewhere in order, then anything.
        _ => [&good[..random.below(good.len())], &random.bytes(len)].concat(),
    }
}

#[test]
fn rubbish_of_any_kind_panics_nowhere_and_always_ends() {
    let talk = Talk::new();
    let others = Bystanders::of(&talk.world);
    let mut random = Random(0x7151_2718_2818_2845);
    for round in 0..120 {
        for kind in 0..7 {
            for (ours, good) in talk.both() {
                let bytes = rubbish(kind, good, &mut random);
                let error = ends(ours, &bytes, &mut random);
                assert!(!error.to_string().is_empty(), "round {round}");
            }
        }
    }
    others.are_well();
}

#[test]
fn rubbish_to_a_connection_is_refused() {
    let world = Arc::new(World::new());
    let mut random = Random(0x3141_5926_5358_9793);
    for round in 0..60 {
        use crate::common::raw::{Over, Raw};
        let mut raw = Raw::client(&world, Over::Memory);
        raw.connect(&Hello::new());
        let len = random.below(200);
        let body = random.bytes(len);
        match round % 3 {
            // Sealed well, by a peer who says what it likes.
            0 => raw.record(random.pick(&[20, 21, 22, 24]), &body),
            1 => raw.send(&body),
            _ => raw.send(&[&[23, 3, 3, 0, len as u8][..], &body].concat()),
        }
        raw.cut();
        while raw.next_record().is_some() {}
        assert!(raw.end().error.is_some(), "round {round}");
    }
}

#[test]
fn a_transport_that_ends_at_any_byte_is_truncated() {
    let talk = Talk::new();
    let mut longest = 0;
    for len in 0..=talk.up.len().max(talk.down.len()) {
        for (mut ours, good) in talk.both() {
            let Some(part) = good.get(..len) else { continue };
            ours.input(part);
            assert!(!ours.has_ended(), "{len} bytes");
            ours.take_output();
            ours.input_ends();
            // Not a word more, for nobody reads it.
            let out = ours.take_output();
            assert!(out.is_empty(), "{len} bytes: {out:?}");
            assert_eq!(ours.into_end(&[]), Error::Truncated, "{len} bytes");
            longest = longest.max(len);
        }
    }
    assert!(longest > 500);
}
