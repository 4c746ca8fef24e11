//! What a ClientHello says, read once.

use core::ops::Range;

use pki_types::ServerName;

use crate::{
    crypto::SUITES,
    error::{Error, Illegal, Incompatible},
    pki::host_name,
    wire::{
        CipherSuite, ClientHello, CompressionMethod, EcPointFormat, ExtensionType, List, MaxFragmentLength,
        ProtocolVersion, Reader, SessionId,
    },
};

/// All that an abbreviated handshake needs of a hello. Ranges are of the message with its header.
#[derive(Debug)]
pub(super) struct Greeting {
    pub(super) random: [u8; 32],
    pub(super) session_id: SessionId,
    /// Which of [`SUITES`] are offered.
    pub(super) suites: [bool; SUITES.len()],
    /// The host name, if there is one.
    pub(super) server_name: Option<ServerName<'static>>,
    /// The protocols, as they are in the list.
    pub(super) alpn: Option<Range<usize>>,
    /// Empty where one is asked for.
    pub(super) ticket: Option<Range<usize>>,
    pub(super) extended_master_secret: bool,
    pub(super) secure_renegotiation: bool,
    pub(super) point_formats: bool,
    pub(super) max_fragment_length: Option<MaxFragmentLength>,
    pub(super) record_size_limit: Option<u16>,
    /// Whether there is a block of extensions, be it empty.
    pub(super) has_extensions: bool,
}

impl Greeting {
    fn of(hello: &ClientHello<'_>, server_name: Option<ServerName<'static>>, raw: &[u8]) -> Self {
        let mut suites = [false; SUITES.len()];
        let mut signalled = false;
        for offered in hello.cipher_suites.iter() {
            signalled |= offered == CipherSuite::EMPTY_RENEGOTIATION_INFO_SCSV;
            let mut ours = suites.iter_mut().zip(&SUITES);
            if let Some((is_offered, _)) = ours.find(|(_, suite)| suite.id == offered) {
                *is_offered = true;
            }
        }
        let extensions = &hello.extensions;
        Self {
            random: hello.random,
            session_id: hello.session_id,
            suites,
            server_name,
            alpn: extensions.alpn.map(|protocols| place(protocols.as_bytes(), raw)),
            ticket: extensions.session_ticket.map(|ticket| place(ticket, raw)),
            extended_master_secret: extensions.extended_master_secret,
            secure_renegotiation: signalled || extensions.renegotiation_info.is_some(),
            point_formats: extensions.ec_point_formats.is_some(),
            max_fragment_length: extensions.max_fragment_length,
            record_size_limit: extensions.record_size_limit,
            has_extensions: extensions.present || extensions.types().next().is_some(),
        }
    }
}

/// Where a part of a message is in it.
fn place(part: &[u8], message: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(message.as_ptr().addr());
    start..start.saturating_add(part.len())
}

/// What can be wrong with a hello whatever the configuration says.
pub(super) fn check(hello: &ClientHello<'_>, raw: &[u8]) -> Result<Greeting, Error> {
    if !offers_tls12(hello)? {
        return Err(Incompatible::Version.into());
    }
    // RFC 5246, 7.4.1.2: "This vector MUST contain, and all implementations MUST support,
    // CompressionMethod.null."
    if !hello.compression_methods.contains(&CompressionMethod::NULL) {
        return Err(Illegal::Compression.into());
    }
    let extensions = &hello.extensions;
    // RFC 8422, 5.1.2: "If the client sends the extension and it does not contain the uncompressed point format …
    // the server MUST abort the handshake and return an illegal_parameter alert."
    if extensions.ec_point_formats.is_some_and(|formats| !formats.contains(&EcPointFormat::UNCOMPRESSED)) {
        return Err(Illegal::PointFormats.into());
    }
    // RFC 5746, 3.6: "verify that the length of the "renegotiated_connection" field is zero".
    if extensions.renegotiation_info.is_some_and(|info| !info.is_empty()) {
        return Err(Illegal::RenegotiationInfo.into());
    }
    // RFC 8449, 4: "an endpoint MUST treat receipt of a smaller value as a fatal error".
    if extensions.record_size_limit.is_some_and(|limit| limit < 64) {
        return Err(Illegal::RecordSizeLimit.into());
    }
    let server_name = match extensions.server_name.and_then(|names| names.host_name()) {
        None => None,
        Some(name) => match host_name(name) {
            None if !is_ip_address(name) => return Err(Illegal::ServerName.into()),
            name => name.map(ServerName::DnsName),
        },
    };
    Ok(Greeting::of(hello, server_name, raw))
}

/// RFC 6066, 3 forbids addresses in server_name; clients send them all the same, and mean nothing by it.
fn is_ip_address(name: &[u8]) -> bool {
    core::str::from_utf8(name).is_ok_and(|name| name.parse::<core::net::IpAddr>().is_ok())
}

/// RFC 8446, 4.2.1: with supported_versions "servers MUST NOT use the ClientHello.legacy_version value for version
/// negotiation"; without it, the version is the highest that the client speaks (RFC 5246, 7.4.1.2).
fn offers_tls12(hello: &ClientHello<'_>) -> Result<bool, Error> {
    let Some(versions) = hello.extensions.others.find(ExtensionType::SUPPORTED_VERSIONS) else {
        return Ok(hello.version >= ProtocolVersion::TLS1_2);
    };
    let mut reader = Reader::new(versions);
    let list = reader.u8_prefixed().and_then(List::<ProtocolVersion>::non_empty);
    match (list, reader.end()) {
        (Ok(list), Ok(())) => Ok(list.contains(&ProtocolVersion::TLS1_2)),
        (Err(why), _) | (_, Err(why)) => Err(Error::Decode { message: "supported_versions", why }),
    }
}
