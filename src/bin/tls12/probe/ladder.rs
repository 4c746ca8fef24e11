//! Who said what in a handshake, and when: what the page draws, and a part of the JSON.

use serde::{Serialize, Serializer};
use tls12::schedule::Side;

use super::client::Talk;
use crate::{
    conversation::{Conversation, Reading},
    ladder::{micros, name},
};

/// The most messages that are told of a handshake; how many there were more is told in their place.
const MOST_MESSAGES: usize = 32;

/// What came of a handshake. What says most is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Nothing was offered, and it was full.
    Full,
    /// What was offered was resumed.
    Resumed,
    /// A session was offered, and the handshake was full.
    Refused,
    Failed,
}

/// One handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Ladder {
    pub(crate) outcome: Outcome,
    /// By what a session was offered: `ticket` or `id`.
    pub(crate) by: Option<&'static str>,
    pub(crate) steps: Vec<Step>,
}

/// What was sent at once, or read at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    #[serde(serialize_with = "side")]
    pub(crate) from: Side,
    /// In brackets where they were encrypted.
    pub(crate) messages: Vec<String>,
    /// Headers of records included.
    pub(crate) bytes: usize,
    /// In microseconds since the connection stood.
    pub(crate) at_us: u64,
}

impl Ladder {
    /// Of what was said on a connection; `None` if nothing was.
    pub(crate) fn new(outcome: Outcome, by: Option<&'static str>, talk: &Talk) -> Option<Self> {
        let mut conversation = Conversation::new(&Reading::default());
        for said in talk.said() {
            conversation.sent(said.from, said.at, &said.bytes);
        }
        let mut steps: Vec<Step> = Vec::new();
        for step in &conversation.steps {
            let messages: Vec<_> = step.events.iter().filter_map(name).collect();
            let (bytes, at_us) = (step.bytes, micros(step.at));
            match steps.last_mut() {
                // Records with a part of a message belong to where it ends.
                Some(last) if last.messages.is_empty() && last.from == step.from => {
                    *last = Step { messages, bytes: last.bytes + bytes, at_us, ..*last };
                }
                _ => steps.push(Step { from: step.from, messages, bytes, at_us }),
            }
        }
        shorten(&mut steps);
        (!steps.is_empty()).then_some(Self { outcome, by, steps })
    }

    /// How often the server answered.
    pub(crate) fn round_trips(&self) -> usize {
        let pairs = self.steps.iter().zip(self.steps.iter().skip(1));
        pairs.filter(|(one, next)| (one.from, next.from) == (Side::Client, Side::Server)).count()
    }

    /// How many bytes this side sent.
    pub(crate) fn bytes(&self, from: Side) -> usize {
        self.steps.iter().filter(|step| step.from == from).map(|step| step.bytes).sum()
    }
}

/// Leaves out what is more than anybody reads.
fn shorten(steps: &mut Vec<Step>) {
    let (mut told, mut more) = (0, 0);
    for step in steps.iter_mut() {
        let room = MOST_MESSAGES.saturating_sub(told);
        more += step.messages.len().saturating_sub(room);
        step.messages.truncate(room);
        told += step.messages.len();
    }
    if more > 0 {
        steps.retain(|step| !step.messages.is_empty());
        if let Some(last) = steps.last_mut() {
            last.messages.push(format!("({more} more messages)"));
        }
    }
}

fn side<S: Serializer>(side: &Side, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(side.name())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ladder(said: &[(Side, u64, &[u8])]) -> Option<Ladder> {
        let mut talk = Talk::default();
        for (from, at, bytes) in said {
            talk.add(*from, Duration::from_micros(*at), bytes);
        }
        Ladder::new(Outcome::Full, None, &talk)
    }

    #[test]
    fn what_was_sent_at_once_is_one_step() {
        let hello = [22, 3, 3, 0, 4, 1, 0, 0, 0];
        let done = [22, 3, 3, 0, 4, 14, 0, 0, 0];
        let steps = [(Side::Client, 1, &hello[..]), (Side::Server, 7, &done), (Side::Server, 7, &done)];
        let ladder = ladder(&steps).unwrap();
        let told: Vec<_> = ladder.steps.iter().map(|step| (step.messages.join(" "), step.bytes)).collect();
        assert_eq!(told, [("ClientHello".into(), 9), ("ServerHelloDone ServerHelloDone".into(), 18)]);
        assert_eq!((ladder.round_trips(), ladder.bytes(Side::Server)), (1, 18));
    }

    #[test]
    fn a_message_in_two_records_is_told_where_it_ends() {
        let steps =
            [(Side::Server, 1, &[22, 3, 3, 0, 2, 14, 0][..]), (Side::Server, 2, &[22, 3, 3, 0, 2, 0, 0])];
        let ladder = ladder(&steps).unwrap();
        let step = Step { from: Side::Server, messages: vec!["ServerHelloDone".into()], bytes: 14, at_us: 2 };
        assert_eq!(ladder.steps, [step]);
    }

    #[test]
    fn messages_without_end_make_no_page_without_end() {
        let done = [22, 3, 3, 0, 4, 14, 0, 0, 0].repeat(1000);
        let ladder = ladder(&[(Side::Server, 1, &done), (Side::Server, 2, &done)]).unwrap();
        assert_eq!(ladder.steps.len(), 1);
        assert_eq!(ladder.steps[0].messages.len(), MOST_MESSAGES + 1);
        assert_eq!(ladder.steps[0].messages.last().unwrap(), "(1968 more messages)");
    }

    #[test]
    fn where_nothing_was_said_there_is_no_ladder() {
        assert_eq!(ladder(&[]), None);
    }
}
