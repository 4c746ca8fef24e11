//! The extensions of a ServerHello.

use super::{Block, Others, in_order, is_present, read_block, write_block};
use crate::wire::{
    Decode, DecodeError, EcPointFormat, Encode, ExtensionType, List, MaxFragmentLength, ProtocolName, Reader,
    Writer,
};

/// The extensions of a ServerHello, or that there are none.
///
/// By default all are absent. Decoding refuses an extension that comes twice
/// ([`DecodeError::Duplicate`]) or has bytes left over ([`DecodeError::Trailing`]). What was
/// decoded is written in the order in which it came, with what was added since in front; a value
/// made by hand is written in the order of [`ServerExtensions::types`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ServerExtensions<'a> {
    /// Whether there is a block even if no extension is in it; without effect if one is.
    pub present: bool,
    /// Whether the server used the name it was given (RFC 6066, 3).
    pub server_name: bool,
    /// The longest plaintext of a record in both directions, as the client asked (RFC 6066, 4).
    pub max_fragment_length: Option<MaxFragmentLength>,
    /// Whether a CertificateStatus may follow (RFC 6066, 8).
    pub status_request: bool,
    /// The point formats; not empty (RFC 8422, 5.2).
    pub ec_point_formats: Option<List<'a, EcPointFormat>>,
    /// The application protocol that the server chose (RFC 7301, 3.1).
    pub alpn: Option<ProtocolName<'a>>,
    /// Whether the extended master secret is used (RFC 7627, 5.1).
    pub extended_master_secret: bool,
    /// The longest plaintext of a record that the server reads, as it came (RFC 8449, 4).
    pub record_size_limit: Option<u16>,
    /// Whether a NewSessionTicket follows (RFC 5077, 3.2).
    pub session_ticket: bool,
    /// Both last verify_data, the client's first, or empty (RFC 5746, 3.2). At most 255 bytes.
    pub renegotiation_info: Option<&'a [u8]>,
    /// The extensions that are not above.
    pub others: Others<'a>,
}

impl ServerExtensions<'_> {
    /// The types of all extensions, in the order in which they are written.
    pub fn types(&self) -> impl Iterator<Item = ExtensionType> {
        in_order(self).map(|(extension_type, _)| extension_type)
    }
}

impl PartialEq for ServerExtensions<'_> {
    fn eq(&self, other: &Self) -> bool {
        // Taken apart, so that no field is forgotten.
        let Self {
            present: _,
            server_name,
            max_fragment_length,
            status_request,
            ec_point_formats,
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
            && *ec_point_formats == other.ec_point_formats
            && *alpn == other.alpn
            && *extended_master_secret == other.extended_master_secret
            && *record_size_limit == other.record_size_limit
            && *session_ticket == other.session_ticket
            && *renegotiation_info == other.renegotiation_info
            && *others == other.others
    }
}

impl Eq for ServerExtensions<'_> {}

impl<'a> Decode<'a> for ServerExtensions<'a> {
    /// Reads the block at the end of a hello; nothing left to read means that there is none.
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        read_block(reader)
    }
}

impl Encode for ServerExtensions<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        write_block(self, writer);
    }
}

impl<'a> Block<'a> for ServerExtensions<'a> {
    const KNOWN: &'static [ExtensionType] = &[
        ExtensionType::RENEGOTIATION_INFO,
        ExtensionType::SERVER_NAME,
        ExtensionType::MAX_FRAGMENT_LENGTH,
        ExtensionType::RECORD_SIZE_LIMIT,
        ExtensionType::STATUS_REQUEST,
        ExtensionType::EC_POINT_FORMATS,
        ExtensionType::ALPN,
        ExtensionType::EXTENDED_MASTER_SECRET,
        ExtensionType::SESSION_TICKET,
    ];

    fn set(&mut self, extension_type: ExtensionType, body: &mut Reader<'a>) -> Result<(), DecodeError> {
        match extension_type {
            ExtensionType::RENEGOTIATION_INFO => self.renegotiation_info = Some(body.u8_prefixed()?),
            ExtensionType::SERVER_NAME => self.server_name = true,
            ExtensionType::MAX_FRAGMENT_LENGTH => {
                self.max_fragment_length = Some(MaxFragmentLength::read(body)?)
            }
            ExtensionType::RECORD_SIZE_LIMIT => self.record_size_limit = Some(body.u16()?),
            ExtensionType::STATUS_REQUEST => self.status_request = true,
            ExtensionType::EC_POINT_FORMATS => {
                self.ec_point_formats = Some(List::non_empty(body.u8_prefixed()?)?);
            }
            ExtensionType::ALPN => self.alpn = Some(read_chosen(body.u16_prefixed()?)?),
            ExtensionType::EXTENDED_MASTER_SECRET => self.extended_master_secret = true,
            ExtensionType::SESSION_TICKET => self.session_ticket = true,
            _ => {}
        }
        Ok(())
    }

    fn has(&self, extension_type: ExtensionType) -> bool {
        match extension_type {
            ExtensionType::RENEGOTIATION_INFO => self.renegotiation_info.is_some(),
            ExtensionType::SERVER_NAME => self.server_name,
            ExtensionType::MAX_FRAGMENT_LENGTH => self.max_fragment_length.is_some(),
            ExtensionType::RECORD_SIZE_LIMIT => self.record_size_limit.is_some(),
            ExtensionType::STATUS_REQUEST => self.status_request,
            ExtensionType::EC_POINT_FORMATS => self.ec_point_formats.is_some(),
            ExtensionType::ALPN => self.alpn.is_some(),
            ExtensionType::EXTENDED_MASTER_SECRET => self.extended_master_secret,
            ExtensionType::SESSION_TICKET => self.session_ticket,
            _ => false,
        }
    }

    fn write_body(&self, extension_type: ExtensionType, writer: &mut Writer<'_>) {
        match extension_type {
            ExtensionType::RENEGOTIATION_INFO => {
                writer.u8_prefixed(|w| w.bytes(self.renegotiation_info.unwrap_or_default()));
            }
            ExtensionType::MAX_FRAGMENT_LENGTH => self.max_fragment_length.write(writer),
            ExtensionType::RECORD_SIZE_LIMIT => writer.u16(self.record_size_limit.unwrap_or_default()),
            ExtensionType::EC_POINT_FORMATS => writer.u8_prefixed(|w| self.ec_point_formats.write(w)),
            ExtensionType::ALPN => writer.u16_prefixed(|w| self.alpn.write(w)),
            // The others are empty: that they are there says it all.
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

/// RFC 7301, 3.1: the list of a server "MUST contain exactly one `ProtocolName`".
fn read_chosen(list: &[u8]) -> Result<ProtocolName<'_>, DecodeError> {
    match list {
        [] => Err(DecodeError::Empty),
        name => ProtocolName::decode(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_has_the_bytes_of_its_rfc() {
        let made = ServerExtensions {
            server_name: true,
            max_fragment_length: Some(MaxFragmentLength(9)),
            status_request: true,
            ec_point_formats: Some(List::from_encoded(&[0, 1]).unwrap()),
            alpn: Some(ProtocolName(b"h2")),
            extended_master_secret: true,
            record_size_limit: Some(64),
            session_ticket: true,
            renegotiation_info: Some(&[]),
            others: Others::from_encoded(&[0, 10, 0, 4, 0, 2, 0, 23]).unwrap(),
            ..Default::default()
        };
        let bodies: [&[u8]; 10] = [
            &[0xff, 0x01, 0, 1, 0],
            &[0, 0, 0, 0],
            &[0, 1, 0, 1, 9],
            &[0, 28, 0, 2, 0, 64],
            &[0, 5, 0, 0],
            &[0, 11, 0, 3, 2, 0, 1],
            &[0, 16, 0, 5, 0, 3, 2, b'h', b'2'],
            &[0, 23, 0, 0],
            &[0, 35, 0, 0],
            // A server does not send its groups, but some do: it is told as one of the others.
            &[0, 10, 0, 4, 0, 2, 0, 23],
        ];
        let bytes = made.encode();
        assert_eq!(bytes[2..], bodies.concat());
        let decoded = ServerExtensions::decode(&bytes).unwrap();
        assert_eq!(decoded, made);
        assert_eq!(decoded.others.find(ExtensionType::SUPPORTED_GROUPS), Some(&[0, 2, 0, 23][..]));
        assert_eq!(decoded.types().last(), Some(ExtensionType::SUPPORTED_GROUPS));
        for body in bodies {
            let alone = [&[0, u8::try_from(body.len()).unwrap()], body].concat();
            let decoded = ServerExtensions::decode(&alone).unwrap();
            assert_eq!(decoded.encode(), alone);
            assert_eq!(decoded.types().count(), 1);
            assert_ne!(decoded, made);
        }
        let reversed: alloc::vec::Vec<_> = bodies.into_iter().rev().flatten().copied().collect();
        let reversed = [&bytes[..2], &reversed].concat();
        assert_eq!(ServerExtensions::decode(&reversed), Ok(made));
        assert_eq!(ServerExtensions::decode(&reversed).unwrap().encode(), reversed);
    }

    #[test]
    fn what_only_says_yes_is_empty() {
        for extension_type in [0, 5, 23, 35] {
            let bytes = [0, 5, 0, extension_type, 0, 1, 0];
            assert_eq!(ServerExtensions::decode(&bytes), Err(DecodeError::Trailing));
            assert!(ServerExtensions::decode(&[0, 4, 0, extension_type, 0, 0]).is_ok());
        }
    }

    #[test]
    fn a_server_chooses_exactly_one_protocol() {
        assert_eq!(ServerExtensions::decode(b"\0\x06\0\x10\0\x02\0\0"), Err(DecodeError::Empty));
        assert_eq!(ServerExtensions::decode(b"\0\x07\0\x10\0\x03\0\x01\0"), Err(DecodeError::Empty));
        assert_eq!(
            ServerExtensions::decode(b"\0\x0a\0\x10\0\x06\0\x04\x01x\x01y"),
            Err(DecodeError::Trailing)
        );
        assert_eq!(ServerExtensions::decode(b"\0\x07\0\x10\0\x03\0\x01\x05"), Err(DecodeError::Truncated));
    }

    #[test]
    fn an_extension_that_comes_twice_is_refused() {
        let bytes = [0, 8, 0, 23, 0, 0, 0, 23, 0, 0];
        assert_eq!(ServerExtensions::decode(&bytes), Err(DecodeError::Duplicate));
    }

    #[test]
    fn an_empty_block_is_not_the_same_as_none() {
        let none = ServerExtensions::decode(&[]).unwrap();
        let empty = ServerExtensions::decode(&[0, 0]).unwrap();
        assert_eq!((none.encode().len(), empty.encode().len()), (0, 2));
        assert_ne!(none, empty);
        assert_eq!(none, ServerExtensions::default());
    }
}
