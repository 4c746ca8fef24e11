//! One side of a handshake against bytes.

use tls12::{Error, schedule::Side};

use crate::{
    answers::Answers,
    common::steps::{Need, Steps},
    input::{Choices, Cuts},
    stage::{Stage, stages},
    streams::{Said, assert_ends_with_alert},
};

/// The most that one side says in a handshake, whatever it is told: two flights, of which the longest has a chain
/// of certificates of the worlds here, and a ticket.
const MOST_SENT: usize = 64 * 1024;
/// The most steps that no received bytes are needed for: asks and flushes of one flight.
const MOST_STEPS: usize = 24;

/// How one side ended.
pub struct Ended {
    /// Complete, or why not.
    pub outcome: Result<(), Error>,
    /// All that it sent.
    pub sent: Vec<u8>,
    /// How many bytes of the stream it received.
    pub received: usize,
}

/// Runs one side in this world, and tells it that the peer is gone when the stream is at its end.
pub fn run(side: Side, stage: &Stage, answers: &mut Answers, mut cuts: Cuts, stream: &[u8]) -> Ended {
    let world = stage.world();
    let mut steps = Steps::start(side, &world);
    let (mut sent, mut received, mut idle) = (Vec::new(), 0, 0);
    let mut told = None;
    loop {
        assert!(idle < MOST_STEPS, "{side:?} goes on and on without input");
        assert!(sent.len() <= MOST_SENT, "{side:?} says more than there is to say");
        idle += 1;
        steps = match steps.need() {
            Need::Flush { bytes, failure } => {
                assert!(!bytes.is_empty(), "nobody asks to send nothing");
                assert!(told.is_none(), "{side:?} goes on after its last words");
                sent.extend(bytes);
                told = failure;
                steps.all_sent()
            }
            Need::Input => {
                idle = 0;
                let rest = &stream[received..];
                let n = if rest.is_empty() { 0 } else { cuts.next(rest.len().min(4096)) };
                received += n;
                steps.received(&rest[..n], world.now)
            }
            Need::Answer => answers.answer(steps, &world),
            Need::Done => return Ended { outcome: Ok(()), sent, received },
            Need::Failed(error) => {
                assert_told(&error, told.as_ref(), &sent);
                return Ended { outcome: Err(error), sent, received };
            }
        };
    }
}

/// Told first, then reported: the alert of the error is the last thing that was sent, if it has one.
fn assert_told(error: &Error, told: Option<&Error>, sent: &[u8]) {
    match error.alert() {
        Some(alert) => {
            assert_eq!(told, Some(error), "the peer is told of the error that is reported");
            assert_ends_with_alert(sent, alert);
        }
        None => assert!(told.is_none_or(|told| told == error), "another error is reported than was told"),
    }
}

/// What `client` and `server` do with an input: the stage, the answers, the cuts, then the stream.
pub fn against_bytes(side: Side, input: &[u8]) {
    let mut choices = Choices(input);
    let stages = stages();
    let stage = &stages[choices.one_of(stages.len())];
    let mut answers = Answers::choose(&mut choices);
    let cuts = Cuts::new(choices.byte());
    let stream = choices.0;
    let ended = run(side, stage, &mut answers, cuts, stream);
    if ended.outcome.is_ok() {
        assert!(!answers.dishonest, "{}: {side:?} is done in spite of the answers", stage.name);
        // Worlds share their seeds, so what an honest peer says in another one may be as genuine in this one.
        let said = Said::of(&stream[..ended.received]);
        let mut honest = stages.iter().map(|stage| Said::of(stage.stream_to(side)));
        assert!(
            honest.any(|honest| honest == said),
            "{}: {side:?} is done without a genuine Finished: {said:?}",
            stage.name
        );
    }
}
