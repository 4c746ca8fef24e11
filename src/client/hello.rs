//! Our ClientHello, and the server's answer to it.

use alloc::{borrow::Cow, vec::Vec};

use pki_types::ServerName;

use super::{config::ClientConfig, offer::Offer};
use crate::{
    connection::ConnectionInfo,
    crypto::Suite,
    error::{Error, Illegal, Incompatible},
    handshake::{Channel, ExtendedMasterSecret},
    session::{HandshakeKind, NotResumed, TicketSent},
    wire::{
        CipherSuite, ClientExtensions, ClientHello, CompressionMethod, EcPointFormat, Handshake,
        KnownExtensions, List, MAX_PLAINTEXT, ProtocolName, ProtocolVersion, ServerHello, ServerNames,
        StatusRequest,
    },
};

/// Room for a hello with the default lists and a usual name, without its ticket, in bytes.
const USUAL: usize = 256;

/// The ClientHello, header included, and which extensions are in it.
pub(super) fn client_hello(
    config: &ClientConfig,
    server: &ServerName<'_>,
    offer: &Offer,
    random: [u8; 32],
) -> (Vec<u8>, KnownExtensions) {
    const NULL: [u8; 1] = [CompressionMethod::NULL.0];
    const UNCOMPRESSED: [u8; 1] = [EcPointFormat::UNCOMPRESSED.0];
    let settings = &config.settings;
    let encoded = &settings.encoded;
    let mut suites = Cow::Borrowed(&encoded.suites);
    if config.fallback {
        suites.to_mut().extend_from_slice(&CipherSuite::FALLBACK_SCSV.0.to_be_bytes());
    }
    let extensions = ClientExtensions {
        server_name: host(server).map(|name| ServerNames::host(name.as_bytes())),
        max_fragment_length: config.max_fragment_length,
        status_request: config.status_request.then(StatusRequest::ocsp),
        supported_groups: List::from_encoded(&encoded.groups).ok(),
        ec_point_formats: List::from_encoded(&UNCOMPRESSED).ok(),
        signature_algorithms: List::from_encoded(&encoded.schemes).ok(),
        alpn: List::non_empty(&encoded.alpn).ok(),
        // R9: in every ClientHello (RFC 7627, 5.3).
        extended_master_secret: true,
        record_size_limit: settings.record_size_limit,
        session_ticket: offer.ticket(config),
        // RFC 5746, 3.4: "The client MUST include either an empty "renegotiation_info" extension, or the
        // TLS_EMPTY_RENEGOTIATION_INFO_SCSV".
        renegotiation_info: Some(&[]),
        ..ClientExtensions::default()
    };
    let offered = extensions.known();
    let mut message = Vec::with_capacity(USUAL.saturating_add(offer.ticket(config).map_or(0, <[u8]>::len)));
    if let (Ok(cipher_suites), Ok(compression_methods)) =
        (List::from_encoded(&suites), List::from_encoded(&NULL))
    {
        let version = ProtocolVersion::TLS1_2;
        let session_id = offer.session_id();
        ClientHello { version, random, session_id, cipher_suites, compression_methods, extensions }
            .write_framed(&mut message);
    }
    (message, offered)
}

/// RFC 6066, 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
fn host<'n>(server: &'n ServerName<'_>) -> Option<&'n str> {
    match server {
        ServerName::DnsName(name) => Some(name.as_ref()),
        _ => None,
    }
}

/// What the server's hello fixed.
pub(super) struct Answer {
    pub(super) suite: &'static Suite,
    pub(super) staple: bool,
    pub(super) info: ConnectionInfo,
}

/// Checks the server's hello against ours.
pub(super) fn check(
    config: &ClientConfig,
    offered: KnownExtensions,
    hello: &ServerHello<'_>,
) -> Result<Answer, Error> {
    if hello.version != ProtocolVersion::TLS1_2 {
        return Err(Incompatible::Version.into());
    }
    check_extensions(config, offered, hello)?;
    let settings = &config.settings;
    let suite = settings.suites.iter().copied().find(|suite| suite.id == hello.cipher_suite);
    let suite = suite.ok_or(Illegal::SuiteNotOffered)?;
    if hello.compression_method != CompressionMethod::NULL {
        return Err(Illegal::Compression.into());
    }
    let extensions = &hello.extensions;
    if !extensions.extended_master_secret && settings.extended_master_secret == ExtendedMasterSecret::Required
    {
        return Err(Incompatible::ExtendedMasterSecret.into());
    }
    let alpn = extensions.alpn.map(|ProtocolName(name)| name.to_vec());
    let fits = |chosen: &Vec<u8>| config.takes_any_protocol || settings.alpn.contains(chosen);
    if alpn.as_ref().is_some_and(|chosen| !fits(chosen)) {
        return Err(Illegal::ProtocolNotOffered.into());
    }
    let info = ConnectionInfo {
        handshake: HandshakeKind::Full(NotResumed::NotOffered),
        ticket: TicketSent::No,
        suite: suite.id,
        group: None,
        session_group: None,
        session: None,
        peer_scheme: None,
        alpn,
        server_name: None,
        credential: None,
        peer: None,
        extended_master_secret: extensions.extended_master_secret,
        secure_renegotiation: extensions.renegotiation_info.is_some(),
    };
    Ok(Answer { suite, staple: extensions.status_request, info })
}

/// What the extensions may say, one by one.
fn check_extensions(
    config: &ClientConfig,
    offered: KnownExtensions,
    hello: &ServerHello<'_>,
) -> Result<(), Error> {
    // RFC 5246, 7.4.1.4: "If a client receives an extension type in ServerHello that it did not request in the
    // associated ClientHello, it MUST abort the handshake with an unsupported_extension fatal alert."
    let mut not_offered = hello.extensions.types().filter(|theirs| !offered.contains(*theirs));
    if let Some(extension) = not_offered.next() {
        return Err(Illegal::ExtensionNotOffered(extension).into());
    }
    let extensions = &hello.extensions;
    // RFC 5746, 3.4: "The client MUST then verify that the length of the "renegotiated_connection" field is zero".
    if extensions.renegotiation_info.is_some_and(|info| !info.is_empty()) {
        return Err(Illegal::RenegotiationInfo.into());
    }
    if extensions.ec_point_formats.is_some_and(|formats| !formats.contains(&EcPointFormat::UNCOMPRESSED)) {
        return Err(Illegal::PointFormats.into());
    }
    // RFC 6066, 4: "If a client receives a maximum fragment length negotiation response that differs from the
    // length it requested, it MUST also abort".
    if extensions.max_fragment_length.is_some_and(|theirs| config.max_fragment_length != Some(theirs)) {
        return Err(Illegal::MaxFragmentLength.into());
    }
    match extensions.record_size_limit {
        Some(limit) if limit < 64 => Err(Illegal::RecordSizeLimit.into()),
        // RFC 8449, 5: "A client MUST treat receipt of both … as a fatal error, and it SHOULD generate an
        // "illegal_parameter" alert."
        Some(_) if extensions.max_fragment_length.is_some() => Err(Illegal::RecordSizeLimit.into()),
        _ => Ok(()),
    }
}

/// What both hellos say of the length of records.
pub(super) fn limit_records(config: &ClientConfig, hello: &ServerHello<'_>, channel: &mut Channel) {
    let extensions = &hello.extensions;
    if let Some(bytes) = extensions.max_fragment_length.and_then(|code| code.bytes()) {
        channel.limit_fragments(bytes);
    }
    if let Some(theirs) = extensions.record_size_limit {
        let ours = config.settings.record_size_limit.map_or(MAX_PLAINTEXT, usize::from);
        channel.limit_protected(ours, theirs.into());
    }
}
