//! Traffic both ways over an established connection: data sent in two ways, received in pieces and put back, closes
//! and aborts, halves that go apart, and somebody who flips bits, cuts, and puts bytes in between.
//!
//! Oracle: what comes out is a prefix of what went in, and all of it where nobody meddled and nobody aborted; an end is
//! reported only where the peer said so and everything came before it; an error is final, and its alert is sent first.
#![no_main]

use std::collections::VecDeque;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tls12::{Error, wire::Alert};
use tls12_fuzz::{
    established::{End, Event, pair},
    streams::LEGAL_ALERTS,
};

#[derive(Arbitrary, Debug)]
struct Traffic {
    pair: u8,
    acts: Vec<(bool, Act)>,
}

/// What one end does, or somebody on its wire to the other one.
#[derive(Arbitrary, Debug)]
enum Act {
    Send { len: u16 },
    SendInto { len: u16, room: u16 },
    Receive { len: u16, back: u8 },
    Close,
    Abort { alert: u8 },
    Split,
    Flip { at: u16, bits: u8 },
    Cut { at: u16 },
    Insert { at: u16, bytes: Vec<u8> },
    Exchange { at: u16, len: u8 },
}

/// One direction.
#[derive(Default)]
struct Way {
    wire: VecDeque<u8>,
    went_in: Vec<u8>,
    came_out: Vec<u8>,
    meddled: bool,
    closed: bool,
    aborted: bool,
    end: Option<Result<(), Error>>,
}

struct Line {
    ends: [End; 2],
    /// From the end of the same number.
    ways: [Way; 2],
}

impl Line {
    fn act(&mut self, n: usize, act: &Act) {
        let (end, way) = (&mut self.ends[n], &mut self.ways[n]);
        let mut out = Vec::new();
        match act {
            Act::Send { len } => {
                let data = data(way.went_in.len(), usize::from(*len));
                if end.send(&data, &mut out) {
                    way.went_in.extend(data);
                }
            }
            Act::SendInto { len, room } => {
                let data = data(way.went_in.len(), usize::from(*len));
                let read = end.send_into(&data, usize::from(*room), &mut out);
                way.went_in.extend(&data[..read]);
            }
            Act::Close => way.closed |= end.close(&mut out),
            Act::Abort { alert } => {
                way.aborted = true;
                end.abort(LEGAL_ALERTS[usize::from(*alert) % LEGAL_ALERTS.len()], &mut out);
            }
            Act::Split => end.split(),
            Act::Receive { len, back } => self.receive(n, usize::from(*len), usize::from(*back)),
            meddling => way.meddle(meddling),
        }
        self.ways[n].wire.extend(out);
    }

    /// This end receives so many bytes, and uses up what they are.
    fn receive(&mut self, n: usize, len: usize, back: usize) {
        let mut rest: Vec<u8> = {
            let wire = &mut self.ways[1 - n].wire;
            let len = len.min(wire.len());
            wire.drain(..len).collect()
        };
        loop {
            let taken = self.ends[n].take(&rest);
            rest.drain(..taken);
            self.use_up(n, back);
            if rest.is_empty() || self.ends[n].is_gone() || self.ways[1 - n].end.is_some() {
                return;
            }
        }
    }

    fn use_up(&mut self, n: usize, back: usize) {
        if self.ends[n].is_gone() {
            return;
        }
        let [one, other] = &mut self.ways;
        let (from, to) = if n == 0 { (other, one) } else { (one, other) };
        loop {
            let mut out = Vec::new();
            let event = self.ends[n].receive(back, &mut out);
            to.wire.extend(&out);
            if let Some(end) = &from.end {
                // It stays as it ended.
                match end {
                    Ok(()) => assert_eq!(event, Event::Closed),
                    Err(error) => assert_eq!(event, Event::Failed(error.clone())),
                }
                return;
            }
            match event {
                Event::NeedsInput => return,
                Event::Data(data) => from.came_out.extend(data),
                Event::Answered => {}
                Event::Closed => {
                    assert!(from.closed, "an end that nobody announced");
                    assert!(from.came_out == from.went_in, "an end before the data");
                    from.end = Some(Ok(()));
                }
                Event::Failed(error) => {
                    // Whoever is told of an error did not send it: this end told its peer before.
                    let told = error.alert().is_none_or(|alert| LEGAL_ALERTS.contains(&alert));
                    assert!(told, "{error}");
                    from.end = Some(Err(error));
                }
            }
            assert!(from.went_in.starts_with(&from.came_out), "other data comes out than went in");
        }
    }

    /// Everything that is on its way arrives.
    fn settle(&mut self) {
        while self.ways.iter().any(|way| !way.wire.is_empty()) {
            self.receive(0, usize::MAX, 0);
            self.receive(1, usize::MAX, 0);
        }
    }

    fn check(&self) {
        let meddled = self.ways.iter().any(|way| way.meddled);
        let aborted = self.ways.iter().any(|way| way.aborted);
        for (n, way) in self.ways.iter().enumerate() {
            assert!(way.went_in.starts_with(&way.came_out), "other data comes out than went in");
            if meddled || (aborted && self.ends[1 - n].is_gone()) {
                continue;
            }
            assert!(way.came_out == way.went_in, "not all that went in comes out");
            match &way.end {
                Some(Err(Error::Received(alert))) => assert!(way.aborted && *alert != Alert::CLOSE_NOTIFY),
                Some(Err(error)) => panic!("nobody meddled: {error}"),
                Some(Ok(())) => assert!(way.closed),
                None => assert!(!way.closed, "the peer closed, and nobody says so"),
            }
        }
    }
}

impl Way {
    fn meddle(&mut self, act: &Act) {
        let len = self.wire.len();
        let place = |at: &u16| usize::from(*at) % len.max(1);
        let before = self.wire.clone();
        match act {
            Act::Flip { at, bits } => self.wire.get_mut(place(at)).into_iter().for_each(|byte| *byte ^= bits),
            Act::Cut { at } => self.wire.truncate(place(at)),
            Act::Insert { at, bytes } => {
                let behind = self.wire.split_off(place(at));
                self.wire.extend(bytes);
                self.wire.extend(behind);
            }
            Act::Exchange { at, len } => {
                let from = place(at);
                let to = self.wire.len().min(from + usize::from(*len));
                self.wire.make_contiguous()[from..to].reverse();
            }
            _ => {}
        }
        self.meddled |= self.wire != before;
    }
}

/// Bytes that say where in the stream they are.
fn data(from: usize, len: usize) -> Vec<u8> {
    (from..from + len).map(|at| (at ^ at >> 8) as u8).collect()
}

fuzz_target!(|traffic: Traffic| {
    let mut line = Line { ends: pair(traffic.pair).ends, ways: Default::default() };
    traffic.acts.iter().take(64).for_each(|(side, act)| line.act(usize::from(*side), act));
    line.settle();
    line.check();
});
