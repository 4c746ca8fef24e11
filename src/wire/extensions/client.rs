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
    const KNOWN: &'static [ExtensionType] = &[
        ExtensionType::RENEGOTIATION_INFO,
        ExtensionType::SERVER_NAME,
        ExtensionType::MAX_FRAGMENT_LENGTH,
        ExtensionType::RECORD_SIZE_LIMIT,
        ExtensionType::STATUS_REQUEST,
        ExtensionType::SUPPORTED_GROUPS,
        ExtensionType::EC_POINT_FORMATS,
        ExtensionType::SIGNATURE_ALGORITHMS,
        ExtensionType::ALPN,
        ExtensionType::EXTENDED_MASTER_SECRET,
        ExtensionType::SESSION_TICKET,
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
