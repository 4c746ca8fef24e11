//! What a stream of records says of a handshake.

use tls12::wire::{Alert, AlertLevel, ContentType};

use crate::common::forge::{record, take_messages, take_records};

/// One direction of a handshake, as far as its Finished.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The handshake messages in the clear, one behind the other, without HelloRequests, which count nowhere
    /// (RFC 5246, 7.4.1.1).
    pub messages: Vec<u8>,
    /// Of the ChangeCipherSpec; empty as long as there is none.
    pub change_cipher_spec: Vec<u8>,
    /// The protected record with the Finished; empty as long as there is none.
    pub finished: Vec<u8>,
}

impl Said {
    /// What this stream says. What is no whole record says nothing.
    pub fn of(stream: &[u8]) -> Self {
        let mut said = Self::default();
        let mut handshake = Vec::new();
        for (content_type, body) in take_records(&mut stream.to_vec()) {
            match content_type {
                ContentType::HANDSHAKE if said.change_cipher_spec.is_empty() => handshake.extend(body),
                ContentType::HANDSHAKE if said.finished.is_empty() => said.finished = body,
                ContentType::CHANGE_CIPHER_SPEC if said.finished.is_empty() => {
                    said.change_cipher_spec.extend(body)
                }
                _ => {}
            }
        }
        let messages = take_messages(&mut handshake);
        said.messages = messages.into_iter().filter(|message| message[0] != 0).flatten().collect();
        // What is left over is no whole message.
        said.messages.extend(handshake);
        said
    }

    /// Whether there is a Finished.
    pub fn is_finished(&self) -> bool {
        !self.finished.is_empty()
    }
}

/// The stream as records, each with one message in it as far as that can be seen: fragments are put together and
/// records taken apart, which changes nothing of what is said (RFC 5246, 6.2.1).
pub fn one_by_one(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut items, mut handshake, mut protected) = (Vec::new(), Vec::new(), false);
    for (content_type, body) in take_records(&mut stream.to_vec()) {
        protected |= content_type == ContentType::CHANGE_CIPHER_SPEC;
        if content_type != ContentType::HANDSHAKE || protected {
            items.push(record(content_type, &body));
            continue;
        }
        handshake.extend(body);
        items.extend(take_messages(&mut handshake).iter().flat_map(|message| records_of(message)));
    }
    if !handshake.is_empty() {
        items.extend(records_of(&handshake));
    }
    items
}

/// One record, if the message fits.
fn records_of(message: &[u8]) -> Vec<Vec<u8>> {
    let chunks = message.chunks(tls12::wire::MAX_PLAINTEXT);
    chunks.map(|chunk| record(ContentType::HANDSHAKE, chunk)).collect()
}

/// The alerts that TLS 1.2 has for an endpoint that does what this one does: RFC 5246, 7.2.2, without those that it
/// says must not be sent; RFC 6066, 9; RFC 7301, 3.2.
pub const LEGAL_ALERTS: [Alert; 22] = [
    Alert::UNEXPECTED_MESSAGE,
    Alert::BAD_RECORD_MAC,
    Alert::RECORD_OVERFLOW,
    Alert::HANDSHAKE_FAILURE,
    Alert::BAD_CERTIFICATE,
    Alert::UNSUPPORTED_CERTIFICATE,
    Alert::CERTIFICATE_REVOKED,
    Alert::CERTIFICATE_EXPIRED,
    Alert::CERTIFICATE_UNKNOWN,
    Alert::ILLEGAL_PARAMETER,
    Alert::UNKNOWN_CA,
    Alert::ACCESS_DENIED,
    Alert::DECODE_ERROR,
    Alert::DECRYPT_ERROR,
    Alert::PROTOCOL_VERSION,
    Alert::INTERNAL_ERROR,
    Alert::INAPPROPRIATE_FALLBACK,
    Alert::NO_RENEGOTIATION,
    Alert::UNSUPPORTED_EXTENSION,
    Alert::UNRECOGNIZED_NAME,
    Alert::BAD_CERTIFICATE_STATUS_RESPONSE,
    Alert::NO_APPLICATION_PROTOCOL,
];

/// Checks that the last record of `sent` is this fatal alert, in the clear or protected.
pub fn assert_ends_with_alert(sent: &[u8], alert: Alert) {
    assert!(LEGAL_ALERTS.contains(&alert), "{alert} is no alert for an endpoint of TLS 1.2");
    let mut rest = sent.to_vec();
    let records = take_records(&mut rest);
    assert!(rest.is_empty(), "an alert is cut");
    let (content_type, body) = records.last().expect("an alert is sent");
    assert_eq!(*content_type, ContentType::ALERT, "the alert {alert} is the last that is sent");
    match body.len() {
        2 => assert_eq!(body[..], [AlertLevel::FATAL.0, alert.0]),
        // Two bytes, the tag, and before them eight of the nonce, or none.
        protected => assert!(matches!(protected, 18 | 26), "a protected alert of {protected} bytes"),
    }
}
