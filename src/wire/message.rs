//! Handshake messages with the header in front of them.

use alloc::vec::Vec;

use super::{
    Certificate, CertificateRequest, CertificateStatus, CertificateVerify, ClientHello, ClientKeyExchange,
    Decode, DecodeError, Encode, Finished, HandshakeType, HelloRequest, NewSessionTicket, Reader,
    ServerHello, ServerHelloDone, ServerKeyExchange, Writer,
};

/// The length of a handshake message's header in bytes.
pub const HANDSHAKE_HEADER_LEN: usize = 4;

/// What stands in front of every handshake message (RFC 5246, 7.4). Four bytes.
///
/// ```text
/// struct {
///     HandshakeType msg_type;
///     uint24 length;
///     select (HandshakeType) { .. } body;
/// } Handshake;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakeHeader {
    /// Which message follows.
    pub msg_type: HandshakeType,
    /// How many bytes follow, at most 2^24 - 1.
    pub length: u32,
}

impl<'a> Decode<'a> for HandshakeHeader {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { msg_type: HandshakeType::read(reader)?, length: reader.u24()? })
    }
}

impl Encode for HandshakeHeader {
    fn write(&self, writer: &mut Writer<'_>) {
        self.msg_type.write(writer);
        writer.u24(self.length);
    }
}

/// The body of a handshake message, which knows its type.
pub trait Handshake: Encode {
    /// What the header says in front of this body.
    const TYPE: HandshakeType;

    /// Appends the message with its header.
    fn write_framed(&self, out: &mut Vec<u8>) {
        write_message(out, Self::TYPE, |w| self.write(w));
    }
}

/// Appends a handshake message: its header, and what `body` writes.
pub fn write_message(out: &mut Vec<u8>, msg_type: HandshakeType, body: impl FnOnce(&mut Writer<'_>)) {
    let mut writer = Writer::new(out);
    msg_type.write(&mut writer);
    writer.u24_prefixed(body);
}

/// Makes the enum of all messages, with one line for each.
macro_rules! messages {
    ($($constant:ident => $name:ident($body:ty);)*) => {
        /// Any handshake message of TLS 1.2 (RFC 5246, 7.4; RFC 5077, 3.3; RFC 6066, 8).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Message<'a> {
            $(#[doc = concat!("A [`", stringify!($name), "`].")] $name($body),)*
        }

        impl<'a> Message<'a> {
            /// Decodes the body of a message of the given type. `None` stands for an unknown type,
            /// whose body is not looked at.
            pub fn decode_body(msg_type: HandshakeType, body: &'a [u8]) -> Result<Option<Self>, DecodeError> {
                match msg_type {
                    $(HandshakeType::$constant => <$body>::decode(body).map(Self::$name).map(Some),)*
                    _ => Ok(None),
                }
            }

            /// The type that the header says.
            pub fn msg_type(&self) -> HandshakeType {
                match self {
                    $(Self::$name(_) => HandshakeType::$constant,)*
                }
            }

            /// The name of the message in the registry.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            fn write_body(&self, writer: &mut Writer<'_>) {
                match self {
                    $(Self::$name(body) => body.write(writer),)*
                }
            }
        }

        $(impl<'a> Handshake for $body {
            const TYPE: HandshakeType = HandshakeType::$constant;
        })*
    };
}

messages! {
    HELLO_REQUEST => HelloRequest(HelloRequest);
    CLIENT_HELLO => ClientHello(ClientHello<'a>);
    SERVER_HELLO => ServerHello(ServerHello<'a>);
    NEW_SESSION_TICKET => NewSessionTicket(NewSessionTicket<'a>);
    CERTIFICATE => Certificate(Certificate<'a>);
    SERVER_KEY_EXCHANGE => ServerKeyExchange(ServerKeyExchange<'a>);
    CERTIFICATE_REQUEST => CertificateRequest(CertificateRequest<'a>);
    SERVER_HELLO_DONE => ServerHelloDone(ServerHelloDone);
    CERTIFICATE_VERIFY => CertificateVerify(CertificateVerify<'a>);
    CLIENT_KEY_EXCHANGE => ClientKeyExchange(ClientKeyExchange<'a>);
    FINISHED => Finished(Finished);
    CERTIFICATE_STATUS => CertificateStatus(CertificateStatus<'a>);
}

impl<'a> Message<'a> {
    /// Decodes one whole message that takes up all of `bytes`, header included. `None` stands for
    /// an unknown type, as in [`Message::decode_body`].
    pub fn decode(bytes: &'a [u8]) -> Result<Option<Self>, DecodeError> {
        let mut reader = Reader::new(bytes);
        let msg_type = HandshakeType::read(&mut reader)?;
        let body = reader.u24_prefixed()?;
        reader.end()?;
        Self::decode_body(msg_type, body)
    }
}

impl Encode for Message<'_> {
    /// Appends the message with its header.
    fn write(&self, writer: &mut Writer<'_>) {
        self.msg_type().write(writer);
        writer.u24_prefixed(|w| self.write_body(w));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::{assert_same, hex};

    /// One message of each type, written by hand from the formats of the RFCs.
    const SAMPLES: [&str; 12] = [
        "00 000000",
        "01 000039 0303 101112131415161718191a1b1c1d1e1f 202122232425262728292a2b2c2d2e2f
            02aabb 0004c02f0a0a 0100 000a 0a0a000101 ff01000100",
        "02 000034 0303 303132333435363738393a3b3c3d3e3f 404142434445464748494a4b4c4d4e4f
            03aabbcc c02f 00 0009 ff01000100 00230000",
        "04 000009 00000e10 0003010203",
        "0b 000008 000005 0000023000",
        "0c 00000b 03 001d 020707 0403 000130",
        "0d 00000f 020140 000404030804 0004 00023000",
        "0e 000000",
        "0f 000006 0804 00025555",
        "10 000003 020909",
        "14 00000c 000102030405060708090a0b",
        "16 000006 01 0000023000",
    ];

    #[test]
    fn every_message_is_written_as_it_was_read() {
        let mut types = Vec::new();
        for bytes in SAMPLES.map(hex) {
            let message = Message::decode(bytes).unwrap().unwrap();
            assert_eq!(message.encode(), bytes, "{message:?}");
            assert_eq!(Some(message.name()), message.msg_type().name());
            assert_eq!(message.msg_type(), HandshakeType(bytes[0]));
            types.push(message.msg_type());
        }
        assert_eq!(types, HandshakeType::NAMED);
    }

    #[test]
    fn no_part_of_a_body_is_a_whole_one() {
        // A hello may end where its extensions would begin (RFC 5246, 7.4.1.2 and 7.4.1.3).
        let whole = |bytes: &[u8], len| matches!((bytes[0], len), (1, 45) | (2, 41));
        for bytes in SAMPLES.map(hex) {
            let (header, body) = bytes.split_at(HANDSHAKE_HEADER_LEN);
            for len in 0..body.len() {
                let part = Message::decode_body(HandshakeType(header[0]), &body[..len]);
                assert_eq!(part.is_ok(), whole(bytes, len), "{len} bytes: {part:?}");
            }
            for len in 0..bytes.len() {
                assert_eq!(Message::decode(&bytes[..len]), Err(DecodeError::Truncated));
            }
        }
    }

    #[test]
    fn whatever_is_read_is_written_as_the_same_bytes() {
        for bytes in SAMPLES.map(hex) {
            for at in 0..bytes.len() {
                let mut changed = bytes.to_vec();
                for value in 0..=255 {
                    changed[at] = value;
                    if let Ok(Some(message)) = Message::decode(&changed) {
                        assert_eq!(message.encode(), changed, "{message:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_byte_left_over_is_refused_in_the_body_and_behind_it() {
        for bytes in SAMPLES.map(hex) {
            let longer = [bytes, &[0]].concat();
            let body = &longer[HANDSHAKE_HEADER_LEN..];
            assert_eq!(Message::decode_body(HandshakeType(bytes[0]), body), Err(DecodeError::Trailing));
            assert_eq!(Message::decode(&longer), Err(DecodeError::Trailing));
        }
    }

    #[test]
    fn the_body_of_an_unknown_type_is_not_looked_at() {
        for msg_type in [3, 5, 6, 8, 21, 23, 24, 67, 254, 255] {
            assert_eq!(Message::decode_body(HandshakeType(msg_type), &[1, 2, 3]), Ok(None));
            assert_eq!(Message::decode(&[msg_type, 0, 0, 1, 9]), Ok(None));
        }
    }

    #[test]
    fn a_message_is_framed_the_same_way_from_its_type_its_body_and_its_trait() {
        let body = ClientKeyExchange { public: &[9, 9] };
        let mut out = Vec::from([0xee]);
        body.write_framed(&mut out);
        Message::ClientKeyExchange(body).write(&mut Writer::new(&mut out));
        write_message(&mut out, ClientKeyExchange::TYPE, |w| body.write(w));
        assert_eq!(out, [&[0xee][..], &[16, 0, 0, 3, 2, 9, 9].repeat(3)].concat());
    }

    #[test]
    fn a_header_is_type_and_length() {
        let header = HandshakeHeader { msg_type: HandshakeType(99), length: 0x00ab_cdef };
        assert_same(&header, &[99, 0xab, 0xcd, 0xef]);
        assert_eq!(header.encode().len(), HANDSHAKE_HEADER_LEN);
    }
}
