//! From a ClientHello to what both sides do: checks first, then choices.

use alloc::vec::Vec;

use pki_types::ServerName;

use super::config::{ClientAuth, ServerConfig};
use crate::{
    crypto::Suite,
    error::{Error, Illegal, Incompatible},
    handshake::{ExtendedMasterSecret, Settings, choose_group, choose_protocol, choose_scheme},
    pki::{Credential, host_name},
    wire::{
        CipherSuite, ClientHello, CompressionMethod, EcPointFormat, ExtensionType, List, MAX_PLAINTEXT,
        MaxFragmentLength, NamedGroup, ProtocolVersion, Reader, SignatureScheme, StatusRequest,
    },
};

/// What both sides do whether a session is resumed or not.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) alpn: Option<Vec<u8>>,
    pub(super) server_name: Option<ServerName<'static>>,
    pub(super) extended_master_secret: bool,
    pub(super) secure_renegotiation: bool,
    pub(super) point_formats: bool,
    pub(super) lengths: Lengths,
}

/// What a full handshake does.
pub(super) struct Fit {
    pub(super) credential: Credential,
    pub(super) suite: &'static Suite,
    pub(super) scheme: SignatureScheme,
    pub(super) group: NamedGroup,
    /// Whether a CertificateStatus goes with the certificate.
    pub(super) staple: bool,
}

/// What the hellos say about the length of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lengths {
    Unlimited,
    /// RFC 6066, 4.
    Fragment(MaxFragmentLength, usize),
    /// RFC 8449: ours, which the client keeps to, and the client's.
    Record {
        ours: u16,
        theirs: u16,
    },
}

/// What can be wrong with a hello whatever the configuration says.
pub(super) fn check(hello: &ClientHello<'_>) -> Result<(), Error> {
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
    match extensions.server_name.and_then(|names| names.host_name()) {
        Some(name) if host_name(name).is_none() && !is_ip_address(name) => Err(Illegal::ServerName.into()),
        _ => Ok(()),
    }
}

/// RFC 6066, 3 forbids addresses in server_name; clients send them all the same, and mean nothing by it.
fn is_ip_address(name: &[u8]) -> bool {
    core::str::from_utf8(name).is_ok_and(|name| name.parse::<core::net::IpAddr>().is_ok())
}

/// The host name that the client asks for.
pub(super) fn server_name(hello: &ClientHello<'_>) -> Option<ServerName<'static>> {
    let name = hello.extensions.server_name?.host_name()?;
    host_name(name).map(ServerName::DnsName)
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

/// What both sides do, by our configuration and the client's offer.
pub(super) fn terms(config: &ServerConfig, hello: &ClientHello<'_>) -> Result<Terms, Error> {
    let settings = &config.settings;
    let extensions = &hello.extensions;
    if !extensions.extended_master_secret && settings.extended_master_secret == ExtendedMasterSecret::Required
    {
        return Err(Incompatible::ExtendedMasterSecret.into());
    }
    Ok(Terms {
        alpn: protocol(settings, hello)?,
        server_name: server_name(hello),
        extended_master_secret: extensions.extended_master_secret,
        secure_renegotiation: extensions.renegotiation_info.is_some()
            || hello.cipher_suites.contains(&CipherSuite::EMPTY_RENEGOTIATION_INFO_SCSV),
        point_formats: extensions.ec_point_formats.is_some(),
        lengths: lengths(settings, hello)?,
    })
}

fn protocol(settings: &Settings, hello: &ClientHello<'_>) -> Result<Option<Vec<u8>>, Error> {
    match hello.extensions.alpn {
        Some(theirs) if !settings.alpn.is_empty() => match choose_protocol(&settings.alpn, &theirs) {
            Some(protocol) => Ok(Some(protocol.to_vec())),
            None => Err(Incompatible::Protocol.into()),
        },
        _ => Ok(None),
    }
}

fn lengths(settings: &Settings, hello: &ClientHello<'_>) -> Result<Lengths, Error> {
    // RFC 8449, 5: "A server that supports the "record_size_limit" extension MUST ignore a
    // "max_fragment_length" that appears in a ClientHello if both extensions appear."
    if let Some(theirs) = hello.extensions.record_size_limit {
        let ours = settings.record_size_limit.or(u16::try_from(MAX_PLAINTEXT).ok()).unwrap_or(u16::MAX);
        return Ok(Lengths::Record { ours, theirs });
    }
    match hello.extensions.max_fragment_length {
        None => Ok(Lengths::Unlimited),
        Some(code) => match code.bytes() {
            Some(bytes) => Ok(Lengths::Fragment(code, bytes)),
            None => Err(Illegal::MaxFragmentLength.into()),
        },
    }
}

/// The first credential that the client can use; what was nearest, if there is none.
///
/// Those for the name that the client asks for come first: if none of them can be used, a certificate for another name
/// at least tells the client what is wrong.
pub(super) fn fit(
    config: &ServerConfig,
    hello: &ClientHello<'_>,
    name: Option<&ServerName<'_>>,
) -> Result<Fit, Incompatible> {
    let wanted = Wanted::of(&config.settings, hello)?;
    let is_named = |credential: &&Credential| name.is_some_and(|name| credential.is_for_name(name));
    let (named, others): (Vec<_>, Vec<_>) = config.credentials.iter().partition(is_named);
    wanted.first(&named).or_else(|nearest| wanted.first(&others).map_err(|other| nearest_of(nearest, other)))
}

/// What a client can read, and what we may choose of it.
struct Wanted<'h> {
    suites: Vec<&'static Suite>,
    group: NamedGroup,
    groups: Option<List<'h, NamedGroup>>,
    schemes: List<'h, SignatureScheme>,
    listed: Vec<SignatureScheme>,
    staple: bool,
}

impl<'h> Wanted<'h> {
    fn of(settings: &Settings, hello: &ClientHello<'h>) -> Result<Self, Incompatible> {
        let suites = settings.suites.iter().copied().filter(|suite| hello.cipher_suites.contains(&suite.id));
        let suites: Vec<_> = suites.collect();
        if suites.is_empty() {
            return Err(Incompatible::Suite);
        }
        let groups = hello.extensions.supported_groups;
        let group = choose_group(&settings.groups, groups.as_ref()).ok_or(Incompatible::Group)?;
        // RFC 5246, 7.4.1.4.1: without the extension, SHA-1 would have to do.
        let schemes = hello.extensions.signature_algorithms.ok_or(Incompatible::Scheme)?;
        let listed = schemes.iter().collect();
        let asked = hello.extensions.status_request;
        let staple = asked.is_some_and(|request| request.status_type == StatusRequest::OCSP);
        Ok(Self { suites, group, groups, schemes, listed, staple })
    }

    /// RFC 5246, 7.4.2: "all certificates provided by the server MUST be signed by a hash/signature algorithm pair that
    /// appears in that extension". If that is true of none, the first that fits counts all the same: whoever trusts a
    /// certificate by itself does not verify who signed it, and RFC 8446, 4.4.2.2 lets a server go on with "a
    /// certificate chain of its choice".
    fn first(&self, credentials: &[&Credential]) -> Result<Fit, Incompatible> {
        let mut nearest = Incompatible::Suite;
        let mut with_other_chain = None;
        for credential in credentials {
            match self.check(credential) {
                Ok(fit) if credential.chain_is_signed_under(&self.listed) => return Ok(fit),
                Ok(fit) => {
                    with_other_chain.get_or_insert(fit);
                }
                Err(why) => nearest = nearest_of(nearest, why),
            }
        }
        with_other_chain.ok_or(nearest)
    }

    fn check(&self, credential: &Credential) -> Result<Fit, Incompatible> {
        let mut suites = self.suites.iter().copied();
        let suite = suites.find(|suite| suite.authentication == credential.authentication());
        let suite = suite.ok_or(Incompatible::Suite)?;
        // RFC 8422, 5.1: the list of groups also says which curves may be in certificates.
        let reads = |curve: NamedGroup| self.groups.is_none_or(|groups| groups.contains(&curve));
        if !credential.group().is_none_or(reads) {
            return Err(Incompatible::Curve);
        }
        let scheme = choose_scheme(credential, &self.schemes).ok_or(Incompatible::Scheme)?;
        let staple = self.staple && credential.ocsp().is_some();
        Ok(Fit { credential: credential.clone(), suite, scheme, group: self.group, staple })
    }
}

/// What came nearer to a fit: the right kind of key, then its curve, then a scheme.
fn nearest_of(one: Incompatible, other: Incompatible) -> Incompatible {
    match (one, other) {
        (Incompatible::Scheme, _) | (Incompatible::Curve, Incompatible::Suite) => one,
        _ => other,
    }
}

/// Whether clients are asked for a certificate.
pub(super) fn asks_for_certificate(config: &ServerConfig) -> bool {
    match config.client_auth {
        ClientAuth::Off => false,
        ClientAuth::Request | ClientAuth::Require => true,
    }
}
