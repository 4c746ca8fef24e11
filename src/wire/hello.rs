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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::check::{assert_same, hex};
    use crate::wire::{
        Extension, ExtensionType, HANDSHAKE_HEADER_LEN, NamedGroup, Others, ProtocolName, SignatureScheme,
        StatusRequest, encode_list,
    };

    /// Made by OpenSSL 3.0.19, `openssl s_client -tls1_2 -connect 127.0.0.1:.. -servername example.com
    /// -alpn h2,http/1.1 -status`, and taken from the socket without the header of the record.
    const OF_OPENSSL: &str = "
        010000e20303e1d677ba6a6cf085e94e074ac149d1ec768f4e660047bf8d2bf23e4576f0d8c4000038c02c
        c030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d003c
        0035002f00ff0100008100000010000e00000b6578616d706c652e636f6d000b000403000102000a000c000a001d0017
        001e00190018002300000005000501000000000010000e000c02683208687474702f312e310016000000170000000d00
        2a0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602";

    /// A hello of nothing but what has to be there.
    fn smallest() -> ClientHello<'static> {
        ClientHello {
            version: ProtocolVersion::TLS1_2,
            random: [7; 32],
            session_id: SessionId::EMPTY,
            cipher_suites: List::from_encoded(&[0xc0, 0x2f]).unwrap(),
            compression_methods: List::from_encoded(&[0]).unwrap(),
            extensions: ClientExtensions::default(),
        }
    }

    /// The bytes of [`smallest`] up to its session ID, and then `rest`.
    fn with_rest(rest: &[u8]) -> Vec<u8> {
        [&[3, 3], &[7; 32][..], rest].concat()
    }

    #[test]
    fn a_hello_of_openssl_says_what_its_command_line_says() {
        let bytes = &hex(OF_OPENSSL)[HANDSHAKE_HEADER_LEN..];
        let hello = ClientHello::decode(bytes).unwrap();
        assert_eq!(hello.encode(), bytes);
        assert_eq!(hello.version, ProtocolVersion::TLS1_2);
        assert_eq!(hello.random[..4], [0xe1, 0xd6, 0x77, 0xba]);
        assert!(hello.session_id.is_empty());
        assert_eq!(hello.cipher_suites.iter().count(), 28);
        assert_eq!(hello.cipher_suites.iter().last(), Some(CipherSuite::EMPTY_RENEGOTIATION_INFO_SCSV));
        assert!(hello.compression_methods.iter().eq([CompressionMethod::NULL]));
        let extensions = hello.extensions;
        assert!(extensions.types().map(|each| each.0).eq([0, 11, 10, 35, 5, 16, 22, 23, 13]));
        assert_eq!(extensions.server_name.unwrap().host_name(), Some(&b"example.com"[..]));
        assert!(extensions.ec_point_formats.unwrap().iter().map(|each| each.0).eq([0, 1, 2]));
        assert_eq!(extensions.supported_groups.unwrap().iter().next(), Some(NamedGroup::X25519));
        assert_eq!(extensions.session_ticket, Some(&[][..]));
        assert_eq!(extensions.status_request, Some(StatusRequest::ocsp()));
        assert!(extensions.alpn.unwrap().iter().eq([ProtocolName(b"h2"), ProtocolName(b"http/1.1")]));
        assert!(extensions.extended_master_secret);
        assert_eq!(extensions.signature_algorithms.unwrap().iter().count(), 20);
        assert!(extensions.signature_algorithms.unwrap().contains(&SignatureScheme::RSA_PSS_RSAE_SHA384));
        // encrypt_then_mac has no field here.
        assert!(extensions.others.iter().eq([(ExtensionType(22), &[][..])]));
        assert_eq!((extensions.record_size_limit, extensions.renegotiation_info), (None, None));
    }

    #[test]
    fn a_hello_without_extensions_ends_after_its_compression_methods() {
        let bytes = with_rest(&[0, 0, 2, 0xc0, 0x2f, 1, 0]);
        assert_same(&smallest(), bytes.clone().leak());
        let empty_block = [&bytes[..], &[0, 0]].concat();
        let hello = ClientHello::decode(&empty_block).unwrap();
        assert_ne!(hello, smallest());
        assert_eq!(hello.encode(), empty_block);
    }

    #[test]
    fn suites_and_compression_methods_may_not_be_missing_or_halved() {
        let decoded = |rest: &[u8]| ClientHello::decode(&with_rest(rest)).map(|_| ()).unwrap_err();
        assert_eq!(decoded(&[0, 0, 0, 1, 0]), DecodeError::Empty);
        assert_eq!(decoded(&[0, 0, 3, 0xc0, 0x2f, 0, 1, 0]), DecodeError::Ragged);
        assert_eq!(decoded(&[0, 0, 2, 0xc0, 0x2f, 0]), DecodeError::Empty);
        assert_eq!(decoded(&[0, 0, 2, 0xc0, 0x2f, 1, 0, 0]), DecodeError::Truncated);
        assert_eq!(decoded(&[0, 0, 2, 0xc0, 0x2f, 1, 0, 0, 0, 0]), DecodeError::Trailing);
    }

    #[test]
    fn the_longest_hello_is_read_and_written() {
        let suites = encode_list((0..32_767).map(CipherSuite));
        let schemes = encode_list((0..32_760).map(SignatureScheme));
        let more = encode_list([Extension { extension_type: ExtensionType(0x4a4a), body: &[0; 5] }]);
        let hello = ClientHello {
            session_id: SessionId::from([9; 32]),
            cipher_suites: List::from_encoded(&suites).unwrap(),
            compression_methods: List::from_encoded(&[0; 255]).unwrap(),
            extensions: ClientExtensions {
                signature_algorithms: Some(List::from_encoded(&schemes).unwrap()),
                others: Others::from_encoded(&more).unwrap(),
                ..Default::default()
            },
            ..smallest()
        };
        let bytes = hello.encode();
        assert_eq!((bytes.len(), ClientHello::MAX_LEN), (131_396, 131_396));
        assert_eq!(ClientHello::decode(&bytes), Ok(hello));
    }

    #[test]
    fn a_server_hello_has_one_suite_and_one_compression_method() {
        let hello = ServerHello {
            version: ProtocolVersion(0x0305),
            random: [8; 32],
            session_id: SessionId::new(&[1, 2]).unwrap(),
            cipher_suite: CipherSuite(0x2a2a),
            compression_method: CompressionMethod::DEFLATE,
            extensions: ServerExtensions::default(),
        };
        let bytes = [&[3, 5], &[8; 32][..], &[2, 1, 2, 0x2a, 0x2a, 1]].concat();
        assert_same(&hello, bytes.clone().leak());
        let with_block = [&bytes[..], &[0, 4, 0, 35, 0, 0]].concat();
        let extensions = ServerExtensions { session_ticket: true, ..Default::default() };
        assert_eq!(ServerHello::decode(&with_block), Ok(ServerHello { extensions, ..hello }));
        assert_eq!(ServerHello { extensions, ..hello }.encode(), with_block);
    }

    #[test]
    fn a_session_id_is_of_32_bytes_at_most() {
        assert_same(&SessionId::EMPTY, &[0]);
        assert_same(&SessionId::new(&[0xab, 0]).unwrap(), &[2, 0xab, 0]);
        let longest = [&[32][..], &[5; 32]].concat();
        assert_same(&SessionId::from([5; 32]), longest.leak());
        assert_eq!(SessionId::new(&[5; 33]), None);
        assert_eq!(SessionId::new(&[5; 288]), None);
        assert_eq!(SessionId::decode(&[&[33][..], &[5; 33]].concat()), Err(DecodeError::TooLong));
        assert_ne!(SessionId::new(&[0]), Some(SessionId::EMPTY));
        assert_eq!(alloc::format!("{:?}", SessionId::new(&[0xab, 1]).unwrap()), "ab01");
    }

    #[test]
    fn hello_request_has_no_bytes() {
        assert_same(&HelloRequest, &[]);
    }
}
