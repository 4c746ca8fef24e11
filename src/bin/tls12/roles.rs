//! Which of two is the client: known from the beginning, or found out.

use std::time::Duration;

use tls12::{
    explain::{Event, Protection, Seen},
    schedule::Side,
};

use crate::conversation::Reading;

/// Who is who.
#[derive(Debug)]
pub(crate) enum Roles {
    /// As it was said, or nothing says otherwise.
    AsSaid,
    /// The other way round.
    Turned,
    /// As it was said, until a message says who sent it.
    Assumed(Box<Assumed>),
}

/// What was heard so far, to be explained anew if it was the other way round.
#[derive(Debug)]
pub(crate) struct Assumed {
    pub(crate) reading: Reading,
    pub(crate) heard: Vec<Heard>,
    bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) from: Side,
    pub(crate) at: Duration,
    pub(crate) part: Part,
}

#[derive(Debug)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
    Missing(Option<u64>),
}

/// How much is kept until a message says who sent it: more than what servers say before their key exchange.
const MOST_HEARD: usize = 16 << 10;
/// What a part costs beside its bytes, roughly.
const PART: usize = 100;

impl Roles {
    pub(crate) fn assumed(reading: &Reading) -> Self {
        Self::Assumed(Box::new(Assumed { reading: reading.clone(), heard: Vec::new(), bytes: 0 }))
    }

    /// Which side this one is.
    pub(crate) fn of(&self, side: Side) -> Side {
        match self {
            Self::Turned => side.peer(),
            Self::AsSaid | Self::Assumed(_) => side,
        }
    }

    /// Keeps what comes as long as it may have to be explained anew.
    pub(crate) fn hear(&mut self, from: Side, at: Duration, part: impl FnOnce() -> Part) {
        let Self::Assumed(assumed) = self else { return };
        let part = part();
        assumed.bytes += part.size();
        assumed.heard.push(Heard { from, at, part });
        if assumed.bytes > MOST_HEARD {
            *self = Self::AsSaid;
        }
    }

    /// Finds out who is who, if that can be told from these events. What was heard, if it was the other way round.
    pub(crate) fn settle(&mut self, events: &[Event]) -> Option<Assumed> {
        let Self::Assumed(_) = self else { return None };
        let is_right = events.iter().find_map(|event| match &event.seen {
            Seen::Message(message) if message.protection == Protection::Clear => {
                message.sender().map(|sender| sender == event.from)
            }
            _ => None,
        })?;
        let settled = if is_right { Self::AsSaid } else { Self::Turned };
        match (std::mem::replace(self, settled), is_right) {
            (Self::Assumed(assumed), false) => Some(*assumed),
            _ => None,
        }
    }

    pub(crate) fn settle_as_said(&mut self) {
        if let Self::Assumed(_) = self {
            *self = Self::AsSaid;
        }
    }

    /// How many bytes are kept, with what that costs.
    pub(crate) fn kept_bytes(&self) -> usize {
        match self {
            Self::Assumed(assumed) => assumed.bytes,
            Self::AsSaid | Self::Turned => 0,
        }
    }
}

impl Part {
    fn size(&self) -> usize {
        match self {
            Self::Bytes(bytes) => PART + bytes.len(),
            Self::Missing(_) => PART,
        }
    }
}
