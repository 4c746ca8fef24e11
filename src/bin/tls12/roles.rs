//! Which of two is the client: known from the beginning, or found out.

use std::time::Duration;

use tls12::{
    explain::{Event, Protection, Seen, SeenMessage},
    schedule::Side,
    wire::HandshakeType,
};

use crate::conversation::Reading;

/// Who is who.
#[derive(Debug)]
pub(crate) enum Roles {
    /// For sure, or nothing more will say it.
    Settled(Turn),
    /// Until a hello says who sent it.
    Assumed(Box<Assumed>),
}

/// Whether they are who they were said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    AsSaid,
    /// The other way round.
    Turned,
}

/// What was heard so far, to be explained anew if it was the other way round.
#[derive(Debug)]
pub(crate) struct Assumed {
    pub(crate) reading: Reading,
    turn: Turn,
    /// Whether a message said so already that is no hello.
    is_guessed: bool,
    /// What all parts have, one after the other: many have one byte.
    content: Vec<u8>,
    heard: Vec<Heard>,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    from: Side,
    at: Duration,
    part: Length,
}

/// How many of the bytes are of a part.
#[derive(Debug, Clone, Copy)]
enum Length {
    Bytes(usize),
    Missing(Option<u64>),
}

/// What was sent at once.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'b> {
    Bytes(&'b [u8]),
    Missing(Option<u64>),
}

/// What a message says of who is who.
pub(crate) enum Says {
    Nothing,
    /// It is the other way round, for all that is known.
    Guessed(Box<Assumed>),
    /// It is the other way round, for sure.
    Settled(Box<Assumed>),
}

/// How much is kept until a hello says who sent it: more than what servers say before their key exchange, and than hellos
/// with a long ticket. A part without bytes counts for one.
const MOST_HEARD: usize = 64 << 10;
/// What a part costs beside its bytes: `Heard`, with room for others.
const PART: usize = 2 * size_of::<Heard>();

impl Turn {
    fn of(self, side: Side) -> Side {
        match self {
            Self::AsSaid => side,
            Self::Turned => side.peer(),
        }
    }

    fn other(self) -> Self {
        match self {
            Self::AsSaid => Self::Turned,
            Self::Turned => Self::AsSaid,
        }
    }
}

impl Roles {
    pub(crate) fn assumed(reading: &Reading) -> Self {
        Self::Assumed(Box::new(Assumed {
            reading: reading.clone(),
            turn: Turn::AsSaid,
            is_guessed: false,
            content: Vec::new(),
            heard: Vec::new(),
        }))
    }

    pub(crate) fn turn(&self) -> Turn {
        match self {
            Self::Settled(turn) => *turn,
            Self::Assumed(assumed) => assumed.turn,
        }
    }

    /// Which side this one is.
    pub(crate) fn of(&self, side: Side) -> Side {
        self.turn().of(side)
    }

    /// Keeps what comes as long as it may have to be explained anew.
    pub(crate) fn hear(&mut self, from: Side, at: Duration, part: Part<'_>) {
        let Self::Assumed(assumed) = self else { return };
        let part = match part {
            Part::Bytes(bytes) => {
                assumed.content.extend(bytes);
                Length::Bytes(bytes.len())
            }
            Part::Missing(count) => Length::Missing(count),
        };
        assumed.heard.push(Heard { from, at, part });
        if assumed.content.len().max(assumed.heard.len()) > MOST_HEARD {
            self.settle_as_it_is();
        }
    }

    /// Finds out who is who, if that can be told from these events. A hello settles it; any other message that only one
    /// side may send is believed until there is one.
    pub(crate) fn settle(&mut self, events: &[Event]) -> Says {
        let Self::Assumed(assumed) = self else { return Says::Nothing };
        let hello = are_right(events, is_hello);
        let is_settled = hello.is_some();
        let is_right = match assumed.is_guessed {
            true => hello,
            false => hello.or_else(|| are_right(events, |_| true)),
        };
        match is_right {
            None => return Says::Nothing,
            Some(true) => {
                assumed.is_guessed = true;
                if is_settled {
                    self.settle_as_it_is();
                }
                return Says::Nothing;
            }
            Some(false) => {}
        }
        let turn = assumed.turn.other();
        match std::mem::replace(self, Self::Settled(turn)) {
            Self::Assumed(assumed) if is_settled => Says::Settled(assumed),
            Self::Assumed(assumed) => Says::Guessed(Box::new(Assumed { turn, is_guessed: true, ..*assumed })),
            Self::Settled(_) => Says::Nothing,
        }
    }

    pub(crate) fn settle_as_it_is(&mut self) {
        *self = Self::Settled(self.turn());
    }

    /// How many bytes are kept, with what that costs.
    pub(crate) fn kept_bytes(&self) -> usize {
        match self {
            Self::Assumed(assumed) => assumed.content.capacity() + PART * assumed.heard.len(),
            Self::Settled(_) => 0,
        }
    }
}

/// Whether the first of these messages is of who may send it; `None` if none says so.
fn are_right(events: &[Event], those: fn(&SeenMessage) -> bool) -> Option<bool> {
    events.iter().find_map(|event| match &event.seen {
        Seen::Message(message) if message.protection == Protection::Clear && those(message) => {
            message.sender().map(|sender| sender == event.from)
        }
        _ => None,
    })
}

fn is_hello(message: &SeenMessage) -> bool {
    matches!(message.msg_type, HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO)
}

impl Assumed {
    /// All that was heard, in order.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (Side, Duration, Part<'_>)> {
        let mut rest = &self.content[..];
        self.heard.iter().map(move |Heard { from, at, part }| {
            let part = match *part {
                Length::Bytes(length) => {
                    let (bytes, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                    rest = behind;
                    Part::Bytes(bytes)
                }
                Length::Missing(count) => Part::Missing(count),
            };
            (*from, *at, part)
        })
    }
}
