//! A handshake message, given to the decoder of this crate and to that of rustls. The first byte is the type.
//!
//! Oracle: both find it well formed, or neither does, or the difference is in the list of
//! `tls12_fuzz::differences`, with the reason why it is meant.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rustls::internal::msgs::{
    base::Payload,
    message::{Message as Theirs, PlainMessage},
};
use tls12::wire::{HandshakeType, Message, write_message};
use tls12_fuzz::differences::{Taker, explained};

fuzz_target!(|input: &[u8]| {
    let Some((msg_type, body)) = input.split_first() else { return };
    let msg_type = HandshakeType(*msg_type);
    // What is not known here is not looked at, and TLS 1.3 has types of its own.
    let Some(ours) = Message::decode_body(msg_type, body).transpose() else { return };
    let mut message = Vec::new();
    write_message(&mut message, msg_type, |writer| writer.bytes(body));
    let theirs = Theirs::try_from(PlainMessage {
        typ: rustls::ContentType::Handshake,
        version: rustls::ProtocolVersion::TLSv1_2,
        payload: Payload::new(message),
    });
    let taker = match (&ours, &theirs) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => return,
        (Ok(_), Err(_)) => Taker::Ours,
        (Err(_), Ok(_)) => Taker::Theirs,
    };
    assert!(
        explained(msg_type, taker, body).is_some(),
        "{msg_type}: here {:?}, there {:?}",
        ours.map(|_| ()),
        theirs.map(|_| ())
    );
});
