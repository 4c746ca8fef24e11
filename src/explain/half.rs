//! One side of a connection: what it sent and in which state that left it.

use alloc::vec::Vec;

use super::{keys::Opener, stream::Stream};
use crate::{
    handshake::longest,
    wire::{Decode, HANDSHAKE_HEADER_LEN, HandshakeHeader, HandshakeType, Reader},
};

/// What one side sent.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) stream: Stream,
    pub(super) writes: Writes,
    /// Whether it sent its Finished.
    pub(super) has_finished: bool,
    inbox: Vec<u8>,
    following: Following,
}

/// How it writes.
#[derive(Debug)]
pub(super) enum Writes {
    /// For everybody.
    Clear,
    /// Encrypted, to be opened if there is a key.
    Protected(Option<Opener>, Awaits),
    /// In some other version: only the records can be told.
    Unknown,
}

/// What comes next under new keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaits {
    Finished,
    Anything,
}

/// Whether the borders of messages are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Following {
    /// They are.
    Messages,
    /// Not since bytes went missing.
    Lost,
    /// A message was too long.
    GivenUp,
}

/// What was found among the bytes of the handshake.
pub(super) enum Found {
    Message(HandshakeType, Vec<u8>),
    Lost,
}

impl Half {
    pub(super) fn new() -> Self {
        Self {
            stream: Stream::new(),
            writes: Writes::Clear,
            has_finished: false,
            inbox: Vec::new(),
            following: Following::Messages,
        }
    }

    /// Its keys change. What is left of the bytes of the handshake is lost.
    pub(super) fn changes(&mut self, opener: Option<Opener>) -> Option<Found> {
        self.writes = Writes::Protected(opener, Awaits::Finished);
        self.following = Following::Messages;
        let left = core::mem::take(&mut self.inbox);
        (!left.is_empty()).then_some(Found::Lost)
    }

    /// It must have changed its keys, in a place that is missing.
    pub(super) fn has_changed(&mut self) {
        self.writes = Writes::Protected(None, Awaits::Anything);
    }

    /// Bytes are missing of one record, or of no one knows how many.
    pub(super) fn lost(&mut self, what: Loss) {
        self.inbox.clear();
        if let Following::Messages = self.following {
            self.following = Following::Lost;
        }
        if let Writes::Protected(opener, awaits) = &mut self.writes {
            *awaits = Awaits::Anything;
            match what {
                Loss::OneRecord => opener.iter_mut().for_each(Opener::skip),
                Loss::Unknown => *opener = None,
            }
        }
    }

    /// The messages that are complete with these bytes.
    pub(super) fn handshake(&mut self, bytes: &[u8]) -> Vec<Found> {
        match self.following {
            Following::GivenUp => Vec::new(),
            Following::Lost if !are_whole_messages(bytes) => Vec::from([Found::Lost]),
            Following::Lost | Following::Messages => {
                self.following = Following::Messages;
                self.inbox.extend_from_slice(bytes);
                self.take_messages()
            }
        }
    }

    fn take_messages(&mut self) -> Vec<Found> {
        let all = core::mem::take(&mut self.inbox);
        let (mut reader, mut found) = (Reader::new(&all), Vec::new());
        loop {
            let mut ahead = reader.clone();
            let Ok(header) = HandshakeHeader::read(&mut ahead) else { break };
            let length = usize::try_from(header.length).unwrap_or(usize::MAX);
            if length > longest(header.msg_type) {
                self.following = Following::GivenUp;
                found.push(Found::Lost);
                return found;
            }
            let Ok(raw) = reader.clone().take(length.saturating_add(HANDSHAKE_HEADER_LEN)) else { break };
            let _ = reader.take(raw.len());
            found.push(Found::Message(header.msg_type, raw.to_vec()));
        }
        self.inbox = match reader.len() == all.len() {
            true => all,
            false => reader.rest().to_vec(),
        };
        found
    }
}

/// How much is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    OneRecord,
    Unknown,
}

/// Whether messages of known types begin and end with these bytes, which is no accident.
fn are_whole_messages(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let Ok(header) = HandshakeHeader::read(&mut reader) else { return false };
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        if header.msg_type.name().is_none() || reader.take(length).is_err() {
            return false;
        }
    }
    !bytes.is_empty()
}
