//! The hellos.

use core::fmt;

use super::{
    CipherSuite, ClientExtensions, CompressionMethod, Decode, DecodeError, Encode, List, ProtocolVersion,
    Reader, ServerExtensions, Writer,
};

/// Asks the client to begin again (RFC 5246, 7.4.1.1). No bytes.
///
/// ```text
/// struct { } HelloRequest;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HelloRequest;

impl<'a> Decode<'a> for HelloRequest {
    fn read(_: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

impl Encode for HelloRequest {
    fn write(&self, _: &mut Writer<'_>) {}
}

/// The name of a session, 0 to 32 bytes (RFC 5246, 7.4.1.2).
///
/// ```text
/// opaque SessionID<0..32>;
/// ```
///
/// More bytes on the wire are [`DecodeError::TooLong`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SessionId {
    /// All zero behind the first `len`, so that equal names are equal values.
    bytes: [u8; 32],
    len: u8,
}

impl SessionId {
    /// The name that is none.
    pub const EMPTY: Self = Self { bytes: [0; 32], len: 0 };

    /// The name that `bytes` are, unless they are more than 32.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut id = Self { bytes: [0; 32], len: u8::try_from(bytes.len()).ok()? };
        id.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(id)
    }

    /// The bytes of the name.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or(&self.bytes)
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl From<[u8; 32]> for SessionId {
    fn from(bytes: [u8; 32]) -> Self {
        Self { bytes, len: 32 }
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl<'a> Decode<'a> for SessionId {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Self::new(reader.u8_prefixed()?).ok_or(DecodeError::TooLong)
    }
}

impl Encode for SessionId {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8_prefixed(|w| w.bytes(self.as_bytes()));
    }
}

/// What the client can do (RFC 5246, 7.4.1.2).
///
/// ```text
/// struct {
///     ProtocolVersion client_version;
///     Random random;
///     SessionID session_id;
///     CipherSuite cipher_suites<2..2^16-2>;
///     CompressionMethod compression_methods<1..2^8-1>;
///     select (extensions_present) {
///         case false: struct {};
///         case true: Extension extensions<0..2^16-1>;
///     };
/// } ClientHello;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The highest version that the client offers in this way.
    pub version: ProtocolVersion,
    /// The client's contribution to the keys.
    pub random: [u8; 32],
    /// The session to resume, or empty, or something made up beside a ticket.
    pub session_id: SessionId,
    /// What the client offers, the preferred one first; not empty.
    pub cipher_suites: List<'a, CipherSuite>,
    /// What the client offers; not empty.
    pub compression_methods: List<'a, CompressionMethod>,
    /// The extensions, or that there are none.
    pub extensions: ClientExtensions<'a>,
}

impl ClientHello<'_> {
    /// The most bytes that the format allows, without the handshake header.
    pub const MAX_LEN: usize = 2 + 32 + (1 + 32) + (2 + 65_534) + (1 + 255) + (2 + 65_535);
}

impl<'a> Decode<'a> for ClientHello<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: ProtocolVersion::read(reader)?,
            random: reader.array()?,
            session_id: SessionId::read(reader)?,
            cipher_suites: List::non_empty(reader.u16_prefixed()?)?,
            compression_methods: List::non_empty(reader.u8_prefixed()?)?,
            extensions: ClientExtensions::read(reader)?,
        })
    }
}

impl Encode for ClientHello<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        self.version.write(writer);
        writer.bytes(&self.random);
        self.session_id.write(writer);
        writer.u16_prefixed(|w| self.cipher_suites.write(w));
        writer.u8_prefixed(|w| self.compression_methods.write(w));
        self.extensions.write(writer);
    }
}

/// What the server chose (RFC 5246, 7.4.1.3).
///
/// ```text
/// struct {
///     ProtocolVersion server_version;
///     Random random;
///     SessionID session_id;
///     CipherSuite cipher_suite;
///     CompressionMethod compression_method;
///     select (extensions_present) {
///         case false: struct {};
///         case true: Extension extensions<0..2^16-1>;
///     };
/// } ServerHello;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// The version of the connection.
    pub version: ProtocolVersion,
    /// The server's contribution to the keys.
    pub random: [u8; 32],
    /// The name of this session; the client's where it is resumed, empty where it will not be.
    pub session_id: SessionId,
    /// What the server chose.
    pub cipher_suite: CipherSuite,
    /// What the server chose.
    pub compression_method: CompressionMethod,
    /// The extensions, or that there are none.
    pub extensions: ServerExtensions<'a>,
}

impl<'a> Decode<'a> for ServerHello<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: ProtocolVersion::read(reader)?,
            random: reader.array()?,
            session_id: SessionId::read(reader)?,
            cipher_suite: CipherSuite::read(reader)?,
            compression_method: CompressionMethod::read(reader)?,
            extensions: ServerExtensions::read(reader)?,
        })
    }
}

impl Encode for ServerHello<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        self.version.write(writer);
        writer.bytes(&self.random);
        self.session_id.write(writer);
        self.cipher_suite.write(writer);
        self.compression_method.write(writer);
        self.extensions.write(writer);
    }
}
