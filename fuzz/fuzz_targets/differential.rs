//! A handshake message, given to the decoder of this crate and to that of rustls. The first byte is the type.
//!
//! Oracle: both find it well formed, or neither does; or they agree once the extensions are gone that only one of them
//! reads; or the difference is in the list of `tls12_fuzz::differences`, with the reason why it is meant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rustls::internal::msgs::{
    base::Payload,
    message::{Message as Theirs, PlainMessage},
};
use tls12::wire::{HandshakeType, Message, write_message};
use tls12_fuzz::differences::{Taker, explained, in_common};

/// Who alone takes it, if one does.
fn taken_by_one(msg_type: HandshakeType, body: &[u8]) -> Option<Taker> {
    // What is not known here is not looked at, and TLS 1.3 has types of its own.
    let ours = Message::decode_body(msg_type, body).transpose()?.is_ok();
    let mut message = Vec::new();
    write_message(&mut message, msg_type, |writer| writer.bytes(body));
    let theirs = Theirs::try_from(PlainMessage {
        typ: rustls::ContentType::Handshake,
        version: rustls::ProtocolVersion::TLSv1_2,
        payload: Payload::new(message),
    });
    match (ours, theirs.is_ok()) {
        (true, true) | (false, false) => None,
        (true, false) => Some(Taker::Ours),
        (false, true) => Some(Taker::Theirs),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((msg_type, body)) = input.split_first() else { return };
    let msg_type = HandshakeType(*msg_type);
    let Some(taker) = taken_by_one(msg_type, body) else { return };
    let rest = in_common(msg_type, body);
    let (taker, body) = match &rest {
        None => (taker, body),
        Some(rest) => match taken_by_one(msg_type, rest) {
            None => return,
            Some(taker) => (taker, &rest[..]),
        },
    };
    assert!(explained(msg_type, taker, body).is_some(), "{taker:?} takes this {msg_type} alone: {body:02x?}");
});
