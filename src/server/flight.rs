//! The messages of the server's flights, from what was chosen.

use alloc::vec::Vec;

use super::{
    config::ServerConfig,
    give::Gives,
    hello::{Fit, Lengths, Terms},
};
use crate::{
    connection::ConnectionInfo,
    handshake::Channel,
    pki::Credential,
    session::{HandshakeKind, TicketSent},
    wire::{
        Certificate, CertificateEntry, CertificateRequest, CertificateStatus, CipherSuite,
        ClientCertificateType, CompressionMethod, DistinguishedName, EcPointFormat, Handshake, List,
        ProtocolName, ProtocolVersion, ServerExtensions, ServerHello, SessionId, encode_list,
    },
};

/// What a ServerHello says beside the terms.
pub(super) struct Hello {
    pub(super) random: [u8; 32],
    pub(super) session_id: SessionId,
    pub(super) suite: CipherSuite,
    /// Whether a NewSessionTicket follows.
    pub(super) ticket: bool,
    /// Whether a CertificateStatus follows.
    pub(super) staple: bool,
    /// Whether the name was used to choose a certificate.
    pub(super) name_used: bool,
}

impl Hello {
    /// The message of a full handshake.
    pub(super) fn full(
        config: &ServerConfig,
        fit: &Fit,
        terms: &Terms,
        random: [u8; 32],
        gives: Gives,
    ) -> Self {
        Self {
            random,
            session_id: gives.session_id(),
            suite: fit.suite.id,
            ticket: gives == Gives::Ticket,
            staple: fit.staple,
            // RFC 6066, 3: a server that used the name "SHALL include an extension of type "server_name"".
            name_used: terms.server_name.is_some() && (config.chosen_by_name || fit.named),
        }
    }

    /// Appends the message.
    pub(super) fn write(&self, terms: &Terms, flight: &mut Vec<u8>) {
        const UNCOMPRESSED: [u8; 1] = [EcPointFormat::UNCOMPRESSED.0];
        let (max_fragment_length, record_size_limit) = match terms.lengths {
            Lengths::Unlimited => (None, None),
            Lengths::Fragment(code, _) => (Some(code), None),
            Lengths::Record { ours, .. } => (None, Some(ours)),
        };
        let extensions = ServerExtensions {
            server_name: self.name_used,
            max_fragment_length,
            status_request: self.staple,
            ec_point_formats: terms.point_formats.then(|| List::from_encoded(&UNCOMPRESSED).ok()).flatten(),
            alpn: terms.alpn.as_deref().map(ProtocolName),
            extended_master_secret: terms.extended_master_secret,
            record_size_limit,
            session_ticket: self.ticket,
            renegotiation_info: terms.secure_renegotiation.then_some(&[]),
            ..ServerExtensions::default()
        };
        ServerHello {
            version: ProtocolVersion::TLS1_2,
            random: self.random,
            session_id: self.session_id,
            cipher_suite: self.suite,
            compression_method: CompressionMethod::NULL,
            extensions,
        }
        .write_framed(flight);
    }
}

/// What the connection will tell, as far as the hellos fix it.
pub(super) fn info(terms: Terms, suite: CipherSuite, handshake: HandshakeKind) -> ConnectionInfo {
    ConnectionInfo {
        handshake,
        ticket: TicketSent::No,
        suite,
        group: None,
        session_group: None,
        session: None,
        peer_scheme: None,
        alpn: terms.alpn,
        server_name: terms.server_name,
        credential: None,
        peer: None,
        extended_master_secret: terms.extended_master_secret,
        secure_renegotiation: terms.secure_renegotiation,
    }
}

/// What both hellos say of the length of records.
pub(super) fn limit_records(lengths: Lengths, channel: &mut Channel) {
    match lengths {
        Lengths::Unlimited => {}
        Lengths::Fragment(_, bytes) => channel.limit_fragments(bytes),
        Lengths::Record { ours, theirs } => channel.limit_protected(ours.into(), theirs.into()),
    }
}

/// Appends Certificate and, if the client wants one and there is one, CertificateStatus.
pub(super) fn certificate(credential: &Credential, staple: bool, flight: &mut Vec<u8>) {
    let entries = encode_list(credential.chain().iter().map(|entry| CertificateEntry(entry)));
    if let Ok(chain) = List::from_encoded(&entries) {
        Certificate { chain }.write_framed(flight);
    }
    if let (true, Some(response)) = (staple, credential.ocsp()) {
        CertificateStatus { response }.write_framed(flight);
    }
}

/// Appends CertificateRequest.
pub(super) fn certificate_request(config: &ServerConfig, flight: &mut Vec<u8>) {
    const TYPES: [u8; 2] = [ClientCertificateType::ECDSA_SIGN.0, ClientCertificateType::RSA_SIGN.0];
    let authorities = encode_list(config.client_authorities.iter().map(|name| DistinguishedName(name)));
    if let (Ok(certificate_types), Ok(signature_algorithms), Ok(authorities)) = (
        List::from_encoded(&TYPES),
        List::from_encoded(&config.settings.encoded.schemes),
        List::from_encoded(&authorities),
    ) {
        CertificateRequest { certificate_types, signature_algorithms, authorities }.write_framed(flight);
    }
}
