//! What one decoder takes and the other does not, and why. Whatever is not in here is a finding.

use tls12::wire::{
    Decode, EcdheParams, Encode, Extension, ExtensionType, HandshakeType as H, Reader, Writer,
};

/// Who takes the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    /// This crate alone.
    Ours,
    /// The other decoder alone.
    Theirs,
}

/// A difference that is meant.
pub struct Difference {
    /// Of this message.
    pub msg_type: H,
    /// Taken by one of the two.
    pub taker: Taker,
    /// If its body is like this.
    pub holds: fn(&[u8]) -> bool,
    /// Why that is right, or does not matter.
    pub reason: &'static str,
}

/// The difference that explains this, if one does.
pub fn explained(msg_type: H, taker: Taker, body: &[u8]) -> Option<&'static Difference> {
    let fits = |each: &&Difference| (each.msg_type, each.taker) == (msg_type, taker) && (each.holds)(body);
    DIFFERENCES.iter().find(fits)
}

/// All of them, but for [`READ_BY_ONE`].
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        msg_type: H::HELLO_REQUEST,
        taker: Taker::Theirs,
        holds: |body| !body.is_empty(),
        reason: "RFC 5246, 7.4.1.1, has no bytes in it; rustls keeps it as a message of an unknown type and refuses that later",
    },
    Difference {
        msg_type: H::FINISHED,
        taker: Taker::Theirs,
        holds: |body| body.len() != 12,
        reason: "RFC 5246, 7.4.9: 12 bytes; rustls keeps any number and compares later",
    },
    Difference {
        msg_type: H::CLIENT_KEY_EXCHANGE,
        taker: Taker::Theirs,
        holds: |body| body.len() < 2 || usize::from(body[0]) != body.len() - 1,
        reason: "RFC 8422, 5.7: a point of 1 to 255 bytes; rustls decodes it when the key exchange is known",
    },
    Difference {
        msg_type: H::SERVER_KEY_EXCHANGE,
        taker: Taker::Theirs,
        holds: |body| !is_signed_ecdhe(body),
        reason: "RFC 8422, 5.4: a named curve and a signature; rustls decodes it when the key exchange is known",
    },
    Difference {
        msg_type: H::CLIENT_HELLO,
        taker: Taker::Theirs,
        holds: has_unknown_name_type,
        reason: "RFC 6066, 3: every type of name begins with its length, so it is read here; rustls stops looking there",
    },
    Difference {
        msg_type: H::CLIENT_HELLO,
        taker: Taker::Theirs,
        holds: has_empty_responder,
        reason: "RFC 6066, 8: a ResponderID has 1 to 65535 bytes; rustls takes none, and looks into none",
    },
    Difference {
        msg_type: H::SERVER_HELLO,
        taker: Taker::Ours,
        holds: is_retry,
        reason: "RFC 8446, 4.1.3: this random makes it a HelloRetryRequest, with rules of its own, in TLS 1.3 alone",
    },
    Difference {
        msg_type: H::SERVER_HELLO,
        taker: Taker::Theirs,
        holds: is_retry,
        reason: "the same the other way round: rustls does not read the extensions of TLS 1.2 in a HelloRetryRequest",
    },
    Difference {
        msg_type: H::CERTIFICATE,
        taker: Taker::Theirs,
        holds: |body| Reader::new(body).u24_prefixed().is_ok_and(has_empty::<3>),
        reason: "RFC 5246, 7.4.2: an ASN.1Cert has 1 to 2^24-1 bytes; rustls finds out when it parses the certificate",
    },
    Difference {
        msg_type: H::CERTIFICATE_STATUS,
        taker: Taker::Theirs,
        holds: |body| body == [1, 0, 0, 0],
        reason: "RFC 6066, 8: an OCSPResponse has 1 to 2^24-1 bytes; rustls leaves that to whoever reads it",
    },
];

/// Extensions of which one decoder reads the body and the other does not look at it. Hellos are compared without them.
pub const READ_BY_ONE: &[(u16, &str)] = &[
    (1, "max_fragment_length: rustls has no such thing"),
    (28, "record_size_limit: rustls has no such thing"),
    (19, "client_certificate_type (RFC 7250): not in this crate"),
    (20, "server_certificate_type (RFC 7250): not in this crate"),
    (27, "compress_certificate (RFC 8879): TLS 1.3"),
    (41, "pre_shared_key: TLS 1.3"),
    (42, "early_data: TLS 1.3"),
    (43, "supported_versions: TLS 1.3"),
    (44, "cookie: TLS 1.3"),
    (45, "psk_key_exchange_modes: TLS 1.3"),
    (47, "certificate_authorities: TLS 1.3"),
    (51, "key_share: TLS 1.3"),
    (58, "ticket_request (RFC 9149): TLS 1.3"),
    (0xfd00, "ech_outer_extensions: TLS 1.3"),
    (0xfe0d, "encrypted_client_hello: TLS 1.3"),
];

/// The body of a hello without the extensions that only one of the two reads; `None` if it has none of them.
pub fn in_common(msg_type: H, body: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Reader::new(body);
    skip_to_extensions(msg_type, &mut reader)?;
    let start = body.len() - reader.len();
    let mut block = Reader::new(reader.u16_prefixed().ok()?);
    let (mut kept, mut removed) = (Vec::new(), false);
    while !block.is_empty() {
        let extension = Extension::read(&mut block).ok()?;
        let ExtensionType(number) = extension.extension_type;
        match READ_BY_ONE.iter().any(|(one, _)| *one == number) {
            true => removed = true,
            false => kept.extend(extension.encode()),
        }
    }
    let mut out = body[..start].to_vec();
    Writer::new(&mut out).u16_prefixed(|writer| writer.bytes(&kept));
    out.extend(reader.rest());
    removed.then_some(out)
}

fn skip_to_extensions(msg_type: H, reader: &mut Reader<'_>) -> Option<()> {
    reader.take(2 + 32).ok()?;
    reader.u8_prefixed().ok()?;
    match msg_type {
        H::CLIENT_HELLO => {
            reader.u16_prefixed().ok()?;
            reader.u8_prefixed().ok()?;
        }
        H::SERVER_HELLO => drop(reader.take(2 + 1).ok()?),
        _ => return None,
    }
    Some(())
}

/// The body of an extension of a ClientHello.
fn extension(body: &[u8], number: u16) -> Option<&[u8]> {
    let mut reader = Reader::new(body);
    skip_to_extensions(H::CLIENT_HELLO, &mut reader)?;
    let mut block = Reader::new(reader.u16_prefixed().ok()?);
    while !block.is_empty() {
        let extension = Extension::read(&mut block).ok()?;
        if extension.extension_type == ExtensionType(number) {
            return Some(extension.body);
        }
    }
    None
}

fn has_unknown_name_type(body: &[u8]) -> bool {
    let Some(names) = extension(body, 0) else { return false };
    let Ok(names) = Reader::new(names).u16_prefixed() else { return false };
    let mut names = Reader::new(names);
    while let Ok(name_type) = names.u8() {
        if name_type != 0 {
            return true;
        }
        if names.u16_prefixed().is_err() {
            return false;
        }
    }
    false
}

/// Whether a list of vectors with lengths of so many bytes has an empty one.
fn has_empty<const N: usize>(list: &[u8]) -> bool {
    let mut list = Reader::new(list);
    while let Ok(element) = if N == 2 { list.u16_prefixed() } else { list.u24_prefixed() } {
        if element.is_empty() {
            return true;
        }
    }
    false
}

fn has_empty_responder(body: &[u8]) -> bool {
    let Some((1, request)) =
        extension(body, 5).and_then(|request| request.split_first()).map(|(t, r)| (*t, r))
    else {
        return false;
    };
    Reader::new(request).u16_prefixed().is_ok_and(has_empty::<2>)
}

/// The random of RFC 8446, 4.1.3: SHA-256 of "HelloRetryRequest".
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

fn is_retry(body: &[u8]) -> bool {
    body.get(2..34).is_some_and(|random| random == RETRY)
}

fn is_signed_ecdhe(body: &[u8]) -> bool {
    let mut reader = Reader::new(body);
    let params = EcdheParams::read(&mut reader).is_ok();
    params && reader.take(2).is_ok() && reader.u16_prefixed().is_ok() && reader.is_empty()
}
