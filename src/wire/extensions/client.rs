//! The extensions of a ClientHello.

use super::{Block, Others, ServerNames, StatusRequest, in_order, is_present, read_block, write_block};
use crate::wire::{
    Decode, DecodeError, EcPointFormat, Encode, ExtensionType, List, MaxFragmentLength, NamedGroup,
    ProtocolName, Reader, SignatureScheme, Writer,
};

/// The extensions of a ClientHello, or that there are none.
///
/// By default all are absent. Decoding refuses an extension that comes twice
/// ([`DecodeError::Duplicate`]) or has bytes left over ([`DecodeError::Trailing`]). What was
/// decoded is written in the order in which it came, with what was added since in front; a value
/// made by hand is written in the order of [`ClientExtensions::types`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientExtensions<'a> {
    /// Whether there is a block even if no extension is in it; without effect if one is.
    pub present: bool,
    /// The name of the server (RFC 6066, 3).
    pub server_name: Option<ServerNames<'a>>,
    /// The longest plaintext of a record in both directions (RFC 6066, 4).
    pub max_fragment_length: Option<MaxFragmentLength>,
    /// The wish for a stapled OCSP response (RFC 6066, 8).
    pub status_request: Option<StatusRequest<'a>>,
    /// The groups for the key exchange, the preferred one first; not empty (RFC 8422, 5.1.1).
    pub supported_groups: Option<List<'a, NamedGroup>>,
    /// The point formats; not empty (RFC 8422, 5.1.2).
    pub ec_point_formats: Option<List<'a, EcPointFormat>>,
    /// What signatures the client verifies; not empty (RFC 5246, 7.4.1.4.1).
    pub signature_algorithms: Option<List<'a, SignatureScheme>>,
    /// The application protocols, the preferred one first; not empty (RFC 7301, 3.1).
    pub alpn: Option<List<'a, ProtocolName<'a>>>,
    /// Whether the client knows the extended master secret (RFC 7627, 5.1).
    pub extended_master_secret: bool,
    /// The longest plaintext of a record that the client reads, as it came (RFC 8449, 4).
    pub record_size_limit: Option<u16>,
    /// A ticket, or empty to ask for one (RFC 5077, 3.2).
    pub session_ticket: Option<&'a [u8]>,
    /// The client's last verify_data, or empty (RFC 5746, 3.2). At most 255 bytes.
    pub renegotiation_info: Option<&'a [u8]>,
    /// The extensions that are not above.
    pub others: Others<'a>,
}

impl ClientExtensions<'_> {
    /// The types of all extensions, in the order in which they are written.
    pub fn types(&self) -> impl Iterator<Item = ExtensionType> {
        in_order(self).map(|(extension_type, _)| extension_type)
    }

    /// Which of those with a field are there.
    pub(crate) fn known(&self) -> KnownExtensions {
        let bits = Self::KNOWN.iter().zip(0_u32..).filter(|(each, _)| self.has(**each));
        KnownExtensions(bits.fold(0, |known, (_, bit)| known | 1 << bit))
    }
}

/// A set of extensions of a ClientHello that have a field: one bit for each, the lowest for the first of `KNOWN`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownExtensions(u32);

impl KnownExtensions {
    /// Whether this one is among them.
    pub(crate) fn contains(self, extension_type: ExtensionType) -> bool {
        let mut bits = ClientExtensions::KNOWN.iter().zip(0_u32..);
        bits.any(|(each, bit)| *each == extension_type && self.0 & (1 << bit) != 0)
    }
}

impl PartialEq for ClientExtensions<'_> {
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that no field is forgotten.
        let Self {
            present: _,
            server_name,
            max_fragment_length,
            status_request,
            supported_groups,
            ec_point_formats,
            signature_algorithms,
            alpn,
            extended_master_secret,
            record_size_limit,
            session_ticket,
            renegotiation_info,
            others,
        } = self;
        is_present(self) == is_present(other)
            && *server_name == other.server_name
            && *max_fragment_length == other.max_fragment_length
            && *status_request == other.status_request
            && *supported_groups == other.supported_groups
            && *ec_point_formats == other.ec_point_formats
            && *signature_algorithms == other.signature_algorithms
            && *alpn == other.alpn
            && *extended_master_secret == other.extended_master_secret
            && *record_size_limit == other.record_size_limit
            && *session_ticket == other.session_ticket
            && *renegotiation_info == other.renegotiation_info
            && *others == other.others
    }
}

impl Eq for ClientExtensions<'_> {}

impl<'a> Decode<'a> for ClientExtensions<'a> {
    /// Reads the block at the end of a hello; nothing left to read means that there is none.
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        read_block(reader)
    }
}

impl Encode for ClientExtensions<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        write_block(self, writer);
    }
}

impl<'a> Block<'a> for ClientExtensions<'a> {
    // What may be empty is not at the end, where some old servers cannot read it.
    const KNOWN: &'static [ExtensionType] = &[
        ExtensionType::RENEGOTIATION_INFO,
        ExtensionType::SERVER_NAME,
        ExtensionType::EXTENDED_MASTER_SECRET,
        ExtensionType::SESSION_TICKET,
        ExtensionType::STATUS_REQUEST,
        ExtensionType::MAX_FRAGMENT_LENGTH,
        ExtensionType::RECORD_SIZE_LIMIT,
        ExtensionType::ALPN,
        ExtensionType::EC_POINT_FORMATS,
        ExtensionType::SUPPORTED_GROUPS,
        ExtensionType::SIGNATURE_ALGORITHMS,
    ];

    fn set(&mut self, extension_type: ExtensionType, body: &mut Reader<'a>) -> Result<(), DecodeError> {
        match extension_type {
            ExtensionType::RENEGOTIATION_INFO => self.renegotiation_info = Some(body.u8_prefixed()?),
            ExtensionType::SERVER_NAME => self.server_name = Some(ServerNames::read(body)?),
            ExtensionType::MAX_FRAGMENT_LENGTH => {
                self.max_fragment_length = Some(MaxFragmentLength::read(body)?)
            }
            ExtensionType::RECORD_SIZE_LIMIT => self.record_size_limit = Some(body.u16()?),
            ExtensionType::STATUS_REQUEST => self.status_request = Some(StatusRequest::read(body)?),
            ExtensionType::SUPPORTED_GROUPS => {
                self.supported_groups = Some(List::non_empty(body.u16_prefixed()?)?);
            }
            ExtensionType::EC_POINT_FORMATS => {
                self.ec_point_formats = Some(List::non_empty(body.u8_prefixed()?)?);
            }
            ExtensionType::SIGNATURE_ALGORITHMS => {
                self.signature_algorithms = Some(List::non_empty(body.u16_prefixed()?)?);
            }
            ExtensionType::ALPN => self.alpn = Some(List::non_empty(body.u16_prefixed()?)?),
            ExtensionType::EXTENDED_MASTER_SECRET => self.extended_master_secret = true,
            ExtensionType::SESSION_TICKET => self.session_ticket = Some(body.rest()),
            _ => {}
        }
        Ok(())
    }

    fn has(&self, extension_type: ExtensionType) -> bool {
        match extension_type {
            ExtensionType::RENEGOTIATION_INFO => self.renegotiation_info.is_some(),
            ExtensionType::SERVER_NAME => self.server_name.is_some(),
            ExtensionType::MAX_FRAGMENT_LENGTH => self.max_fragment_length.is_some(),
            ExtensionType::RECORD_SIZE_LIMIT => self.record_size_limit.is_some(),
            ExtensionType::STATUS_REQUEST => self.status_request.is_some(),
            ExtensionType::SUPPORTED_GROUPS => self.supported_groups.is_some(),
            ExtensionType::EC_POINT_FORMATS => self.ec_point_formats.is_some(),
            ExtensionType::SIGNATURE_ALGORITHMS => self.signature_algorithms.is_some(),
            ExtensionType::ALPN => self.alpn.is_some(),
            ExtensionType::EXTENDED_MASTER_SECRET => self.extended_master_secret,
            ExtensionType::SESSION_TICKET => self.session_ticket.is_some(),
            _ => false,
        }
    }

    fn write_body(&self, extension_type: ExtensionType, writer: &mut Writer<'_>) {
        match extension_type {
            ExtensionType::RENEGOTIATION_INFO => {
                writer.u8_prefixed(|w| w.bytes(self.renegotiation_info.unwrap_or_default()));
            }
            ExtensionType::SERVER_NAME => self.server_name.write(writer),
            ExtensionType::MAX_FRAGMENT_LENGTH => self.max_fragment_length.write(writer),
            ExtensionType::RECORD_SIZE_LIMIT => writer.u16(self.record_size_limit.unwrap_or_default()),
            ExtensionType::STATUS_REQUEST => self.status_request.write(writer),
            ExtensionType::SUPPORTED_GROUPS => writer.u16_prefixed(|w| self.supported_groups.write(w)),
            ExtensionType::EC_POINT_FORMATS => writer.u8_prefixed(|w| self.ec_point_formats.write(w)),
            ExtensionType::SIGNATURE_ALGORITHMS => {
                writer.u16_prefixed(|w| self.signature_algorithms.write(w))
            }
            ExtensionType::ALPN => writer.u16_prefixed(|w| self.alpn.write(w)),
            ExtensionType::SESSION_TICKET => writer.bytes(self.session_ticket.unwrap_or_default()),
            // extended_master_secret is empty.
            _ => {}
        }
    }

    fn received(&mut self, others: Others<'a>) {
        self.present = true;
        self.others = others;
    }

    fn frame(&self) -> (bool, Others<'a>) {
        (self.present, self.others)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::{Extension, encode_list};

    /// A block with this one extension.
    fn block(extension_type: ExtensionType, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Writer::new(&mut out).u16_prefixed(|w| Extension { extension_type, body }.write(w));
        out
    }

    /// Why a block with this one extension is refused.
    fn refused(extension_type: ExtensionType, body: &[u8]) -> DecodeError {
        ClientExtensions::decode(&block(extension_type, body)).unwrap_err()
    }

    #[test]
    fn every_extension_has_the_bytes_of_its_rfc() {
        let made = ClientExtensions {
            server_name: Some(ServerNames::host(b"a.de")),
            max_fragment_length: Some(MaxFragmentLength::MAX_1024),
            status_request: Some(StatusRequest::ocsp()),
            supported_groups: Some(List::from_encoded(&[0, 29, 0x1a, 0x1a]).unwrap()),
            ec_point_formats: Some(List::from_encoded(&[0]).unwrap()),
            signature_algorithms: Some(List::from_encoded(&[4, 3]).unwrap()),
            alpn: Some(List::from_encoded(b"\x02h2\x01x").unwrap()),
            extended_master_secret: true,
            record_size_limit: Some(0x4001),
            session_ticket: Some(&[8, 8]),
            renegotiation_info: Some(&[6]),
            others: Others::from_encoded(&[0x2a, 0x2a, 0, 1, 0]).unwrap(),
            ..Default::default()
        };
        let bodies: [&[u8]; 12] = [
            &[0xff, 0x01, 0, 2, 1, 6],
            &[0, 0, 0, 9, 0, 7, 0, 0, 4, b'a', b'.', b'd', b'e'],
            &[0, 23, 0, 0],
            &[0, 35, 0, 2, 8, 8],
            &[0, 5, 0, 5, 1, 0, 0, 0, 0],
            &[0, 1, 0, 1, 2],
            &[0, 28, 0, 2, 0x40, 1],
            &[0, 16, 0, 7, 0, 5, 2, b'h', b'2', 1, b'x'],
            &[0, 11, 0, 2, 1, 0],
            &[0, 10, 0, 6, 0, 4, 0, 29, 0x1a, 0x1a],
            &[0, 13, 0, 4, 0, 2, 4, 3],
            &[0x2a, 0x2a, 0, 1, 0],
        ];
        let bytes = made.encode();
        assert_eq!(bytes[2..], bodies.concat());
        assert_eq!(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), bodies.concat().len());
        let decoded = ClientExtensions::decode(&bytes).unwrap();
        assert_eq!(decoded, made);
        assert_eq!(decoded.encode(), bytes);
        assert!(decoded.types().eq(made.types()) && made.types().count() == 12);
        for body in bodies {
            let alone = [&[0, u8::try_from(body.len()).unwrap()], body].concat();
            assert_eq!(ClientExtensions::decode(&alone).unwrap().encode(), alone);
            assert_ne!(ClientExtensions::decode(&alone).unwrap(), made);
            // A shorter extension whose length is right, so that only its own lengths can tell.
            for len in 4..body.len() {
                let kind = ExtensionType(u16::from_be_bytes([body[0], body[1]]));
                let cut = ClientExtensions::decode(&block(kind, &body[4..len])).is_err();
                // Of a ticket or of an unknown extension, any number of bytes is a whole one.
                assert_eq!(cut, kind != ExtensionType::SESSION_TICKET && kind.0 != 0x2a2a, "{kind}");
            }
        }
    }

    #[test]
    fn an_empty_block_is_not_the_same_as_none() {
        let (none, empty) = (ClientExtensions::default(), ClientExtensions::decode(&[0, 0]).unwrap());
        assert_eq!(ClientExtensions::decode(&[]), Ok(none));
        assert!(none.encode().is_empty());
        assert_eq!(empty.encode(), [0, 0]);
        assert_ne!(none, empty);
        assert!(empty.present && empty.types().next().is_none());
    }

    #[test]
    fn lists_and_names_may_not_be_empty() {
        assert_eq!(refused(ExtensionType::SUPPORTED_GROUPS, &[0, 0]), DecodeError::Empty);
        assert_eq!(refused(ExtensionType::SIGNATURE_ALGORITHMS, &[0, 0]), DecodeError::Empty);
        assert_eq!(refused(ExtensionType::EC_POINT_FORMATS, &[0]), DecodeError::Empty);
        assert_eq!(refused(ExtensionType::ALPN, &[0, 0]), DecodeError::Empty);
        assert_eq!(refused(ExtensionType::ALPN, &[0, 1, 0]), DecodeError::Empty);
        assert_eq!(refused(ExtensionType::SERVER_NAME, &[0, 0]), DecodeError::Empty);
    }

    #[test]
    fn pairs_do_not_come_in_odd_lengths() {
        assert_eq!(refused(ExtensionType::SUPPORTED_GROUPS, &[0, 3, 0, 29, 0]), DecodeError::Ragged);
        assert_eq!(refused(ExtensionType::SIGNATURE_ALGORITHMS, &[0, 1, 4]), DecodeError::Ragged);
    }

    #[test]
    fn bytes_left_over_in_an_extension_are_refused() {
        for (extension_type, body) in [
            (ExtensionType::EXTENDED_MASTER_SECRET, &[0][..]),
            (ExtensionType::RECORD_SIZE_LIMIT, &[2, 0, 0]),
            (ExtensionType::MAX_FRAGMENT_LENGTH, &[1, 1]),
            (ExtensionType::RENEGOTIATION_INFO, &[0, 0]),
            (ExtensionType::SUPPORTED_GROUPS, &[0, 2, 0, 29, 0]),
            (ExtensionType::EC_POINT_FORMATS, &[1, 0, 0]),
            (ExtensionType::SIGNATURE_ALGORITHMS, &[0, 2, 4, 3, 4, 3]),
            (ExtensionType::ALPN, &[0, 2, 1, b'x', 0]),
            (ExtensionType::SERVER_NAME, &[0, 4, 0, 0, 1, b'x', 0]),
            (ExtensionType::STATUS_REQUEST, &[1, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(refused(extension_type, body), DecodeError::Trailing, "{extension_type}");
        }
    }

    #[test]
    fn an_extension_that_comes_twice_is_refused_known_or_not() {
        for kind in
            [ExtensionType::EXTENDED_MASTER_SECRET, ExtensionType::SESSION_TICKET, ExtensionType(0x5a5a)]
        {
            let twice = [kind, ExtensionType(0x1234), kind];
            let items = encode_list(twice.map(|extension_type| Extension { extension_type, body: &[] }));
            let mut bytes = Vec::new();
            Writer::new(&mut bytes).u16_prefixed(|w| w.bytes(&items));
            assert_eq!(ClientExtensions::decode(&bytes), Err(DecodeError::Duplicate));
        }
    }

    #[test]
    fn the_order_survives_and_so_does_what_was_changed_since() {
        let bytes = [0, 23, 0x0a, 0x0a, 0, 1, 7, 0, 23, 0, 0, 0, 28, 0, 2, 0x40, 0, 0, 43, 0, 0, 0, 35, 0, 0];
        let mut hello = ClientExtensions::decode(&bytes).unwrap();
        assert_eq!(hello.encode(), bytes);
        hello.extended_master_secret = false;
        hello.record_size_limit = Some(64);
        hello.alpn = Some(List::from_encoded(b"\x01x").unwrap());
        let types: Vec<_> = hello.types().map(|each| each.0).collect();
        assert_eq!(types, [16, 0x0a0a, 28, 43, 35]);
        let written = hello.encode();
        let added = [0, 27, 0, 16, 0, 4, 0, 2, 1, b'x'];
        let came = [0x0a, 0x0a, 0, 1, 7, 0, 28, 0, 2, 0, 64, 0, 43, 0, 0, 0, 35, 0, 0];
        assert_eq!(written, [&added[..], &came].concat());
        assert_eq!(ClientExtensions::decode(&written), Ok(hello));
    }
}
