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
