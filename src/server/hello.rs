//! From a ClientHello to what both sides do: checks first, then choices.

use alloc::vec::Vec;

use pki_types::ServerName;

use super::{
    config::{ClientAuth, ServerConfig},
    greeted::Greeted,
    greeting::Greeting,
};
use crate::{
    crypto::Suite,
    error::{Error, Illegal, Incompatible},
    handshake::{ExtendedMasterSecret, Settings, choose_group, choose_protocol, choose_scheme},
    pki::Credential,
    wire::{ClientHello, List, MAX_PLAINTEXT, MaxFragmentLength, NamedGroup, SignatureScheme, StatusRequest},
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
    /// Whether the certificate is for the name that the client asks for.
    pub(super) named: bool,
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

/// What both sides do, by our configuration and the client's offer.
pub(super) fn terms(config: &ServerConfig, greeted: &mut Greeted) -> Result<Terms, Error> {
    let settings = &config.settings;
    if !greeted.greeting.extended_master_secret
        && settings.extended_master_secret == ExtendedMasterSecret::Required
    {
        return Err(Incompatible::ExtendedMasterSecret.into());
    }
    let (alpn, lengths) = (protocol(settings, greeted)?, lengths(settings, &greeted.greeting)?);
    let greeting = &mut greeted.greeting;
    Ok(Terms {
        alpn,
        server_name: greeting.server_name.take(),
        extended_master_secret: greeting.extended_master_secret,
        secure_renegotiation: greeting.secure_renegotiation,
        point_formats: greeting.point_formats,
        lengths,
    })
}

fn protocol(settings: &Settings, greeted: &Greeted) -> Result<Option<Vec<u8>>, Error> {
    let Some(theirs) = greeted.greeting.alpn.as_ref().filter(|_| !settings.alpn.is_empty()) else {
        return Ok(None);
    };
    let theirs = List::from_encoded(greeted.part(theirs));
    let theirs = theirs.map_err(|why| Error::Decode { message: "ClientHello", why })?;
    match choose_protocol(&settings.alpn, &theirs) {
        Some(protocol) => Ok(Some(protocol.to_vec())),
        None => Err(Incompatible::Protocol.into()),
    }
}

fn lengths(settings: &Settings, greeting: &Greeting) -> Result<Lengths, Error> {
    // RFC 8449, 5: "A server that supports the "record_size_limit" extension MUST ignore a
    // "max_fragment_length" that appears in a ClientHello if both extensions appear."
    if let Some(theirs) = greeting.record_size_limit {
        let ours = settings.record_size_limit.or(u16::try_from(MAX_PLAINTEXT).ok()).unwrap_or(u16::MAX);
        return Ok(Lengths::Record { ours, theirs });
    }
    match greeting.max_fragment_length {
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
    let named = wanted.first(&named).map(|fit| Fit { named: true, ..fit });
    named.or_else(|nearest| wanted.first(&others).map_err(|other| nearest_of(nearest, other)))
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
        Ok(Fit { credential: credential.clone(), suite, scheme, group: self.group, staple, named: false })
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
