//! Both sides in lock step, on wires where somebody meddles with the records.

use std::collections::VecDeque;

use arbitrary::Arbitrary;
use tls12::{
    schedule::Side,
    wire::{ContentType, HEADER_LEN},
};

use crate::{
    common::{
        forge::record,
        pair::World,
        steps::{Need, Steps},
    },
    streams::one_by_one,
};

/// What happens to one record, which holds one message if it is in the clear.
#[derive(Arbitrary, Debug)]
pub enum Edit {
    /// It does not arrive.
    Drop,
    /// It arrives twice.
    Double,
    /// It arrives after the one behind it.
    Swap,
    /// Bits of one byte of its body are flipped.
    Flip { at: u16, bits: u8 },
    /// One byte of its header is another.
    Header { at: u8, to: u8 },
    /// Bytes of its body are these, and its length fits.
    Replace { at: u16, with: Vec<u8> },
    /// Its body is cut, and its length fits.
    Cut { len: u16 },
    /// It arrives in two records.
    Fragment { at: u16 },
    /// A record of this type comes before it.
    Insert { content_type: u8, body: Vec<u8> },
    /// One that was sent before in this direction comes before it.
    Replay(u8),
    /// One that was sent in the other direction comes before it.
    Reflect(u8),
    /// Everything from here on is lost.
    Sever,
}

/// One direction.
#[derive(Default)]
pub struct Line {
    queue: VecDeque<Vec<u8>>,
    /// What arrives after what follows it.
    held: Option<Vec<u8>>,
    severed: bool,
    items: Vec<Vec<u8>>,
    /// All that was sent.
    pub sent: Vec<u8>,
    /// All that was received.
    pub delivered: Vec<u8>,
}

impl Line {
    fn put(&mut self, item: Vec<u8>) {
        if !self.severed {
            self.queue.push_back(item);
            self.queue.extend(self.held.take());
        }
    }

    fn edited(&mut self, item: Vec<u8>, edit: &Edit, other: &[Vec<u8>]) {
        let (head, body) = item.split_at(HEADER_LEN);
        let content_type = ContentType(head[0]);
        let at = |at: &u16| usize::from(*at) % body.len().max(1);
        match edit {
            Edit::Drop => {}
            Edit::Double => {
                self.put(item.clone());
                self.put(item);
            }
            Edit::Swap if self.held.is_none() && !self.severed => self.held = Some(item),
            Edit::Swap => self.put(item),
            Edit::Flip { at: place, bits } => {
                let place = HEADER_LEN + at(place);
                let mut item = item;
                item.get_mut(place).into_iter().for_each(|byte| *byte ^= bits);
                self.put(item);
            }
            Edit::Header { at, to } => {
                let mut item = item;
                item[usize::from(*at) % HEADER_LEN] = *to;
                self.put(item);
            }
            Edit::Replace { at: place, with } => {
                let mut body = body.to_vec();
                let start = at(place).min(body.len());
                let end = body.len().min(start + with.len());
                body.splice(start..end, with.iter().copied());
                body.truncate(1 << 14);
                self.put(record(content_type, &body));
            }
            Edit::Cut { len } => self.put(record(content_type, &body[..at(len).min(body.len())])),
            Edit::Fragment { at: place } => {
                let (one, two) = body.split_at(at(place).min(body.len()));
                self.put(record(content_type, one));
                self.put(record(content_type, two));
            }
            Edit::Insert { content_type, body } => {
                self.put(record(ContentType(*content_type), &body[..body.len().min(1 << 14)]));
                self.put(item);
            }
            Edit::Replay(n) => {
                let before = pick(&self.items, *n);
                before.into_iter().for_each(|before| self.put(before));
                self.put(item);
            }
            Edit::Reflect(n) => {
                pick(other, *n).into_iter().for_each(|reflected| self.put(reflected));
                self.put(item);
            }
            Edit::Sever => self.severed = true,
        }
    }

    fn discard(&mut self) {
        self.queue.clear();
        self.held = None;
    }

    /// Whether something comes if nothing more is sent.
    fn release(&mut self) -> bool {
        self.queue.extend(self.held.take());
        !self.queue.is_empty()
    }
}

fn pick(items: &[Vec<u8>], n: u8) -> Option<Vec<u8>> {
    items.get(usize::from(n).checked_rem(items.len())?).cloned()
}

/// Both directions, and who meddles with them.
pub struct Wires<'e> {
    edits: &'e [(u8, Edit)],
    /// To the server, and to the client.
    pub lines: [Line; 2],
    records: usize,
    /// Whether what was received is, record for record, what was sent.
    pub untouched: bool,
}

/// About how many records there are in a handshake, each with one message: edits fall on one of these.
const MOST_RECORDS: usize = 16;
/// The most turns of a handshake in which something moves: a few for each record and ask.
const MOST_TURNS: usize = 400;

impl<'e> Wires<'e> {
    /// Wires on which these edits happen.
    pub fn new(edits: &'e [(u8, Edit)]) -> Self {
        Self { edits, lines: Default::default(), records: 0, untouched: true }
    }

    /// Runs both sides to their ends: the client, and the server.
    pub fn run(&mut self, world: &World) -> [Steps; 2] {
        let mut sides = [Side::Client, Side::Server].map(|side| Some(Steps::start(side, world)));
        for _ in 0..MOST_TURNS {
            let mut moved = false;
            for (n, place) in sides.iter_mut().enumerate() {
                let Some(step) = place.take() else { continue };
                let (step, did) = self.turn(n, step, world);
                moved |= did;
                *place = Some(step);
            }
            if !moved && !self.lines.iter_mut().fold(false, |any, line| line.release() | any) {
                sides = sides.map(|side| side.map(|step| gone(step, world)));
            }
            let ended = |side: &Option<Steps>| {
                matches!(side.as_ref().map(Steps::need), Some(Need::Done | Need::Failed(_)))
            };
            if sides.iter().all(ended) {
                return sides.map(|side| side.expect("it was put back"));
            }
        }
        panic!("a handshake that does not come to an end");
    }

    fn turn(&mut self, n: usize, step: Steps, world: &World) -> (Steps, bool) {
        match step.need() {
            Need::Flush { bytes, .. } => {
                self.send(n, &bytes);
                (step.all_sent(), true)
            }
            Need::Input => match self.lines[1 - n].queue.pop_front() {
                Some(item) => {
                    self.lines[1 - n].delivered.extend_from_slice(&item);
                    (receive(step, &item, world), true)
                }
                None => (step, false),
            },
            Need::Answer => (step.answered(world), true),
            Need::Done | Need::Failed(_) => {
                // Nobody reads what still comes.
                self.lines[1 - n].discard();
                (step, false)
            }
        }
    }

    fn send(&mut self, n: usize, bytes: &[u8]) {
        let [up, down] = &mut self.lines;
        let (line, other) = if n == 0 { (up, down) } else { (down, up) };
        line.sent.extend_from_slice(bytes);
        for item in one_by_one(bytes) {
            let number = self.records;
            self.records += 1;
            match self.edits.iter().find(|(at, _)| usize::from(*at) % MOST_RECORDS == number) {
                Some((_, edit)) => {
                    self.untouched = false;
                    line.edited(item.clone(), edit, &other.items);
                }
                None => line.put(item.clone()),
            }
            line.items.push(item);
        }
    }
}

/// Receives an item; what comes after an end is not looked at.
fn receive(step: Steps, item: &[u8], world: &World) -> Steps {
    let mut step = step;
    for chunk in item.chunks(4096) {
        if step.need() == Need::Input {
            step = step.received(chunk, world.now);
        }
    }
    step
}

fn gone(step: Steps, world: &World) -> Steps {
    match step.need() {
        Need::Input => step.received(&[], world.now),
        _ => step,
    }
}
