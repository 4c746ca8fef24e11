//! What of a handshake is in the clear.

use super::recording::Recording;
use crate::{
    crypto::Said,
    explain::{Explainer, Seen},
    wire::{
        ContentType, Decode, HANDSHAKE_HEADER_LEN, HEADER_LEN, HandshakeHeader, HandshakeType, Message,
        Reader, RecordHeader,
    },
};

/// What our side drew and said in the clear.
pub(super) fn said(recording: &Recording) -> Said {
    let (ours, mut said, mut explainer) = (recording.side(), Said::default(), Explainer::new());
    for (from, bytes) in recording.bytes() {
        for event in explainer.bytes(from, bytes) {
            let Seen::Message(message) = event.seen else { continue };
            let Ok(message) = message.decode() else { continue };
            match message {
                _ if from != ours => {}
                Message::ClientHello(hello) => {
                    said.random = hello.random;
                    said.session_id = hello.session_id.as_bytes().to_vec();
                }
                Message::ServerHello(hello) => {
                    said.random = hello.random;
                    said.session_id = hello.session_id.as_bytes().to_vec();
                }
                Message::ServerKeyExchange(exchange) => said.share = exchange.params.public.to_vec(),
                Message::ClientKeyExchange(exchange) => said.share = exchange.public.to_vec(),
                _ => {}
            }
        }
    }
    said
}

/// How many bytes of what we send do not depend on keys: what is before a NewSessionTicket, and before
/// ChangeCipherSpec.
pub(super) fn without_keys(flight: &[u8]) -> usize {
    let (mut reader, mut messages) = (Reader::new(flight), Units::messages());
    loop {
        let at = flight.len() - reader.len();
        let Ok(header) = RecordHeader::read(&mut reader) else { return flight.len() };
        let Ok(body) = reader.take(header.length.into()) else { return flight.len() };
        match header.content_type {
            ContentType::CHANGE_CIPHER_SPEC => return at,
            ContentType::HANDSHAKE => {
                if let Some(ticket) = messages.find(HandshakeType::NEW_SESSION_TICKET.0, body) {
                    return at + HEADER_LEN + ticket;
                }
            }
            _ => {}
        }
    }
}

/// Finds records in what comes, or messages in records, in any pieces.
#[derive(Debug)]
pub(super) struct Units {
    /// How long a header is, and what it says of what follows it.
    header_len: usize,
    length: fn(&[u8]) -> Option<usize>,
    header: Vec<u8>,
    /// How many bytes of this one are still to come.
    left: usize,
}

impl Units {
    pub(super) fn records() -> Self {
        let length = |header: &[u8]| Some(RecordHeader::decode(header).ok()?.length.into());
        Self { header_len: HEADER_LEN, length, header: Vec::new(), left: 0 }
    }

    fn messages() -> Self {
        let length = |header: &[u8]| HandshakeHeader::decode(header).ok()?.length.try_into().ok();
        Self { header_len: HANDSHAKE_HEADER_LEN, length, header: Vec::new(), left: 0 }
    }

    /// Where in `bytes` one whose header has this first byte begins, if one does. What is before it, or all, is used up.
    pub(super) fn find(&mut self, first: u8, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.left > 0 {
                let skipped = self.left.min(bytes.len() - at);
                (at, self.left) = (at + skipped, self.left - skipped);
                continue;
            }
            if self.header.is_empty() && *byte == first {
                return Some(at);
            }
            self.header.push(*byte);
            at += 1;
            if self.header.len() == self.header_len {
                self.left = (self.length)(&self.header).unwrap_or(0);
                self.header.clear();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages in records of so many bytes.
    fn records(messages: &[u8], size: usize) -> Vec<u8> {
        let record = |body: &[u8]| [&[22, 3, 3, 0, body.len() as u8][..], body].concat();
        messages.chunks(size).flat_map(record).collect()
    }

    #[test]
    fn a_ticket_is_found_however_the_messages_before_it_are_cut() {
        // Two messages whose bodies look like the beginning of a ticket, and a ticket.
        let messages = [&[2, 0, 0, 9][..], &[4; 9], &[11, 0, 0, 3], &[4; 3], &[4, 0, 0, 2], &[7; 2]].concat();
        for size in 1..=messages.len() {
            let flight = records(&messages, size);
            let before = 20;
            assert_eq!(without_keys(&flight), before + 5 * (before / size + 1), "records of {size}");
        }
    }
}
