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
    let (mut at, mut message) = (0, 0);
    while let Some(record) = flight.get(at..).filter(|rest| rest.len() >= HEADER_LEN) {
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        let body = record.get(HEADER_LEN..HEADER_LEN + length).unwrap_or_default();
        match ContentType(record[0]) {
            ContentType::CHANGE_CIPHER_SPEC => return at,
            ContentType::HANDSHAKE => {
                // Where the next message begins in this record.
                while let Some([msg_type, length @ ..]) = body.get(message..message + 4) {
                    if HandshakeType(*msg_type) == HandshakeType::NEW_SESSION_TICKET {
                        return at + HEADER_LEN + message;
                    }
                    message += 4 + length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                }
                message = message.saturating_sub(body.len());
            }
            _ => {}
        }
        at += HEADER_LEN + length;
    }
    flight.len()
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
