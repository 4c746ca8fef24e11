//! Bytes as anything of the wire layer: the first byte says as what.
//!
//! Oracle: what decodes is encoded as the same bytes, and these decode to the same value; to print it never panics.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use tls12::wire::*;

fn same<'a, T: Decode<'a> + Encode + PartialEq + Debug>(bytes: &'a [u8]) {
    let Ok(value) = T::decode(bytes) else { return };
    assert_eq!(value.encode(), bytes, "{value:?} is written as other bytes than it was read from");
    assert_eq!(T::decode(bytes).as_ref(), Ok(&value));
}

/// A handshake message with its header, and its body alone.
fn message(bytes: &[u8]) {
    let Ok(Some(message)) = Message::decode(bytes) else { return };
    assert_eq!(message.encode(), bytes, "{message:?}");
    let body = &bytes[HANDSHAKE_HEADER_LEN..];
    assert_eq!(Message::decode_body(message.msg_type(), body), Ok(Some(message)));
}

const KINDS: &[for<'a> fn(&'a [u8])] = &[
    message,
    |bytes| same::<HelloRequest>(bytes),
    |bytes| same::<ClientHello<'_>>(bytes),
    |bytes| same::<ServerHello<'_>>(bytes),
    |bytes| same::<NewSessionTicket<'_>>(bytes),
    |bytes| same::<Certificate<'_>>(bytes),
    |bytes| same::<ServerKeyExchange<'_>>(bytes),
    |bytes| same::<CertificateRequest<'_>>(bytes),
    |bytes| same::<ServerHelloDone>(bytes),
    |bytes| same::<CertificateVerify<'_>>(bytes),
    |bytes| same::<ClientKeyExchange<'_>>(bytes),
    |bytes| same::<Finished>(bytes),
    |bytes| same::<CertificateStatus<'_>>(bytes),
    |bytes| same::<ClientExtensions<'_>>(bytes),
    |bytes| same::<ServerExtensions<'_>>(bytes),
    |bytes| same::<ServerNames<'_>>(bytes),
    |bytes| same::<StatusRequest<'_>>(bytes),
    |bytes| same::<EcdheParams<'_>>(bytes),
    |bytes| same::<Extension<'_>>(bytes),
    |bytes| same::<SessionId>(bytes),
    |bytes| same::<RecordHeader>(bytes),
    |bytes| same::<HandshakeHeader>(bytes),
    |bytes| same::<AlertMessage>(bytes),
    |bytes| same::<ChangeCipherSpec>(bytes),
];

fuzz_target!(|input: &[u8]| {
    if let Some((kind, bytes)) = input.split_first() {
        KINDS[usize::from(*kind) % KINDS.len()](bytes);
    }
});
