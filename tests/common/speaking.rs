//! A handshake of both sides, what each says in the order in which it is said.

use std::collections::VecDeque;

use tls12::{ConnectionInfo, schedule::Side};

use super::{
    pair::World,
    steps::{Need, Steps},
};

/// One side, what is on its way to it, and what became of it.
struct Speaker {
    side: Side,
    steps: Option<Steps>,
    arriving: VecDeque<u8>,
    end: Option<ConnectionInfo>,
}

impl Speaker {
    fn new(side: Side, world: &World) -> Self {
        Self { side, steps: Some(Steps::start(side, world)), arriving: VecDeque::new(), end: None }
    }

    /// Goes on as far as it can; what it says, flush by flush.
    fn speak(&mut self, world: &World) -> Vec<Vec<u8>> {
        let mut said = Vec::new();
        while let Some(steps) = self.steps.take() {
            self.steps = Some(match steps.need() {
                Need::Flush { bytes, .. } => {
                    said.push(bytes);
                    steps.all_sent()
                }
                Need::Input if self.arriving.is_empty() => {
                    self.steps = Some(steps);
                    break;
                }
                Need::Input => {
                    let bytes: Vec<u8> = self.arriving.drain(..).collect();
                    steps.received(&bytes, world.now)
                }
                Need::Answer => steps.answered(world),
                Need::Done => {
                    self.end = Some(steps.connection().tls.info().clone());
                    break;
                }
                Need::Failed(error) => panic!("{error}"),
            });
        }
        said
    }
}

/// All that is said, in its order, and how each side ended.
pub fn speak(world: &World) -> (Vec<(Side, Vec<u8>)>, [ConnectionInfo; 2]) {
    let mut said = Vec::new();
    let mut sides = [Side::Client, Side::Server].map(|side| Speaker::new(side, world));
    for turn in 0.. {
        assert!(turn < 20, "both wait");
        if sides.iter().all(|side| side.end.is_some()) {
            break;
        }
        let [speaker, listener] = match turn % 2 {
            0 => sides.each_mut(),
            _ => {
                let [client, server] = sides.each_mut();
                [server, client]
            }
        };
        for bytes in speaker.speak(world) {
            listener.arriving.extend(&bytes);
            said.push((speaker.side, bytes));
        }
    }
    (said, sides.map(|side| side.end.expect("an end")))
}
