//! What of a handshake is in the clear.

use super::recording::Recording;
use crate::{
    crypto::Said,
    explain::{Explainer, Seen},
    wire::{ContentType, HEADER_LEN, HandshakeType, Message},
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
    let (mut at, mut messages) = (0, Messages::default());
    while let Some(record) = flight.get(at..).filter(|rest| rest.len() >= HEADER_LEN) {
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        let body = record.get(HEADER_LEN..HEADER_LEN + length).unwrap_or_default();
        match ContentType(record[0]) {
            ContentType::CHANGE_CIPHER_SPEC => return at,
            ContentType::HANDSHAKE => {
                if let Some(ticket) = messages.new_session_ticket(body) {
                    return at + HEADER_LEN + ticket;
                }
            }
            _ => {}
        }
        at += HEADER_LEN + length;
    }
    flight.len()
}

/// Finds messages in records, however they are cut.
#[derive(Default)]
struct Messages {
    header: Vec<u8>,
    /// How many bytes of the message are still to come.
    left: usize,
}

impl Messages {
    /// Where in the body of a record a NewSessionTicket begins, if one does.
    fn new_session_ticket(&mut self, body: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(byte) = body.get(at) {
            if self.left > 0 {
                let skipped = self.left.min(body.len() - at);
                (at, self.left) = (at + skipped, self.left - skipped);
                continue;
            }
            if self.header.is_empty() && HandshakeType(*byte) == HandshakeType::NEW_SESSION_TICKET {
                return Some(at);
            }
            self.header.push(*byte);
            at += 1;
            if let [_, high, middle, low] = self.header[..] {
                self.left = u32::from_be_bytes([0, high, middle, low]) as usize;
                self.header.clear();
            }
        }
        None
    }
}

/// Finds records in what comes, in any pieces.
#[derive(Debug, Default)]
pub(super) struct Records {
    header: Vec<u8>,
    /// How many bytes of the record are still to come.
    left: usize,
}

impl Records {
    /// Where in `bytes` a record of ChangeCipherSpec begins, if one does. What is before it, or all, is used up.
    pub(super) fn change_cipher_spec(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.left > 0 {
                self.left -= 1;
                continue;
            }
            if self.header.is_empty() && ContentType(*byte) == ContentType::CHANGE_CIPHER_SPEC {
                return Some(at);
            }
            self.header.push(*byte);
            if let [.., high, low] = self.header[..]
                && self.header.len() == HEADER_LEN
            {
                self.left = usize::from(u16::from_be_bytes([high, low]));
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
