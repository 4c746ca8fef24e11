//! The states of a full handshake (RFC 5246, 7.3).

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

use super::{
    config::{ClientAuth, ServerConfig},
    hello::{self, Choice, Lengths, asks_for_certificate},
    states::{Ask, Awaiting, Server},
};
use crate::{
    connection::ConnectionInfo,
    crypto::{Authentication, KeyExchange, Label, RecordSealKey, SignError, Signature, SignatureRequest},
    error::{Error, Illegal, Incompatible, Refusal},
    handshake::{Agreed, Aligned, Common, Complete, Keys, Next, PeerSignature, SignatureVerified},
    pki::{CertificateError, Leaf, PresentedPeer, VerifiedPeer},
    schedule::{Log, MasterSecret, Premaster, Randoms, Side, TranscriptBuffer},
    session::{HandshakeKind, NotResumed, TicketSent},
    wire::{
        Certificate, CertificateEntry, CertificateRequest, CertificateStatus, CertificateVerify,
        ClientCertificateType, ClientHello, ClientKeyExchange, CompressionMethod, Decode, DistinguishedName,
        EcPointFormat, EcdheParams, Encode, Finished, HANDSHAKE_HEADER_LEN, Handshake, List, ProtocolName,
        ProtocolVersion, ServerExtensions, ServerHello, ServerHelloDone, ServerKeyExchange, SessionId,
        encode_list,
    },
};

type Then = Result<Next<Server>, Error>;

fn ask(ask: Ask) -> Then {
    Ok(Next::Ask(ask))
}

fn wait(state: Awaiting) -> Then {
    Ok(Next::Await(state))
}

/// Nothing has come yet.
#[derive(Debug)]
pub(crate) struct AwaitClientHello;

impl AwaitClientHello {
    pub(super) fn client_hello(self, hello: ClientHello<'_>, raw: &[u8], cx: &mut Common) -> Then {
        hello::check(&hello)?;
        // Nothing of the client's can follow before our flight.
        cx.channel.aligned()?;
        ask(Ask::Config(Greeted { raw: raw.to_vec() }))
    }
}

/// A ClientHello came, and somebody chooses the configuration for it.
#[derive(Debug)]
pub(crate) struct Greeted {
    /// The message with its header.
    pub(super) raw: Vec<u8>,
}

impl Greeted {
    pub(super) fn config(self, config: Arc<ServerConfig>, cx: &mut Common) -> Then {
        let body = self.raw.get(HANDSHAKE_HEADER_LEN..).unwrap_or_default();
        let hello = ClientHello::decode(body).map_err(|why| Error::Decode { message: "ClientHello", why })?;
        let choice = hello::choose(&config, &hello)?;
        let settings = &config.settings;
        let group = settings.provider.group(choice.group).ok_or(Incompatible::Group)?;
        let exchange = group.start(&cx.seed.draw(Label::KeyExchange));
        cx.channel.negotiated(settings.max_certificate, settings.max_send);
        limit_records(choice.lengths, cx);

        let randoms =
            Randoms { client: hello.random, server: *cx.seed.draw::<32>(Label::ServerRandom).expose() };
        let mut flight = Vec::new();
        server_hello(&choice, &randoms).write_framed(&mut flight);
        certificate(&choice, &mut flight);
        let params = EcdheParams { group: choice.group, public: exchange.share() }.encode();
        let request = SignatureRequest {
            credential: choice.credential.name_arc().clone(),
            scheme: choice.scheme,
            // RFC 8422, 5.4: "SHA(ClientHello.random + ServerHello.random + ServerKeyExchange.params)"
            message: [&randoms.client[..], &randoms.server, &params].concat(),
        };
        let log = if asks_for_certificate(&config) { Log::Keep } else { Log::Drop };
        let mut transcript = TranscriptBuffer::default();
        transcript.add(&self.raw);
        let agreed = Agreed {
            suite: choice.suite,
            randoms,
            transcript: transcript.hashed(settings.provider, choice.suite.hash, log),
            info: info(&choice),
            credential: Some(choice.credential),
        };
        ask(Ask::Signature(Box::new(Signing { config, agreed, exchange, flight, request })))
    }
}

fn limit_records(lengths: Lengths, cx: &mut Common) {
    match lengths {
        Lengths::Unlimited => {}
        Lengths::Fragment(_, bytes) => cx.channel.limit_fragments(bytes),
        Lengths::Record { ours, theirs } => cx.channel.limit_protected(ours.into(), theirs.into()),
    }
}

fn info(choice: &Choice) -> ConnectionInfo {
    ConnectionInfo {
        handshake: HandshakeKind::Full(NotResumed::Disabled),
        ticket: TicketSent::No,
        suite: choice.suite.id,
        group: Some(choice.group),
        peer_scheme: None,
        alpn: choice.alpn.clone(),
        server_name: choice.server_name.clone(),
        credential: Some(choice.credential.name_arc().clone()),
        peer: None,
        extended_master_secret: choice.extended_master_secret,
        secure_renegotiation: choice.secure_renegotiation,
    }
}

fn server_hello<'c>(choice: &'c Choice, randoms: &Randoms) -> ServerHello<'c> {
    const UNCOMPRESSED: [u8; 1] = [EcPointFormat::UNCOMPRESSED.0];
    let (max_fragment_length, record_size_limit) = match choice.lengths {
        Lengths::Unlimited => (None, None),
        Lengths::Fragment(code, _) => (Some(code), None),
        Lengths::Record { ours, .. } => (None, Some(ours)),
    };
    ServerHello {
        version: ProtocolVersion::TLS1_2,
        random: randoms.server,
        // RFC 5246, 7.4.1.3: "The server may return an empty session_id to indicate that the session will not
        // be cached".
        session_id: SessionId::EMPTY,
        cipher_suite: choice.suite.id,
        compression_method: CompressionMethod::NULL,
        extensions: ServerExtensions {
            // RFC 6066, 3: a server that used the name "SHALL include an extension of type "server_name"".
            server_name: choice.server_name.as_ref().is_some_and(|name| choice.credential.is_for_name(name)),
            max_fragment_length,
            status_request: choice.staple,
            ec_point_formats: choice.point_formats.then(|| List::from_encoded(&UNCOMPRESSED).ok()).flatten(),
            alpn: choice.alpn.as_deref().map(ProtocolName),
            extended_master_secret: choice.extended_master_secret,
            record_size_limit,
            renegotiation_info: choice.secure_renegotiation.then_some(&[]),
            ..ServerExtensions::default()
        },
    }
}

fn certificate(choice: &Choice, flight: &mut Vec<u8>) {
    let entries = encode_list(choice.credential.chain().iter().map(|entry| CertificateEntry(entry)));
    if let Ok(chain) = List::from_encoded(&entries) {
        Certificate { chain }.write_framed(flight);
    }
    if let (true, Some(response)) = (choice.staple, choice.credential.ocsp()) {
        CertificateStatus { response }.write_framed(flight);
    }
}

/// The key holder signs our share of the key exchange.
pub(crate) struct Signing {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    exchange: Box<dyn KeyExchange>,
    /// Our flight as far as it needs no signature.
    flight: Vec<u8>,
    pub(super) request: SignatureRequest,
}

impl Signing {
    pub(super) fn signature(
        self: Box<Self>,
        signature: Result<Signature, SignError>,
        cx: &mut Common,
    ) -> Then {
        let Signature(signature) = signature.map_err(|SignError| Error::Refused(Refusal::Signature))?;
        let Self { config, mut agreed, exchange, mut flight, request } = *self;
        check_rsa_signature(&config, &agreed, &request, &signature)?;
        let Some(group) = agreed.info.group else { return Err(Incompatible::Group.into()) };
        let params = EcdheParams { group, public: exchange.share() };
        ServerKeyExchange { params, scheme: request.scheme, signature: &signature }.write_framed(&mut flight);
        if asks_for_certificate(&config) {
            certificate_request(&config, &mut flight);
        }
        ServerHelloDone.write_framed(&mut flight);
        agreed.transcript.add(&flight);
        cx.channel.messages(&flight, &mut cx.out);
        wait(match asks_for_certificate(&config) {
            true => Awaiting::Certificate(Box::new(AwaitCertificate { config, agreed, exchange })),
            false => {
                Awaiting::KeyExchange(Box::new(AwaitKeyExchange { config, agreed, exchange, client: None }))
            }
        })
    }
}

/// A faulty RSA signature gives the key away to whoever sees it, so none leaves unchecked. Checking an ECDSA
/// signature costs more than making it, and a fault there gives nothing away that a nonce of RFC 6979 would not keep.
fn check_rsa_signature(
    config: &ServerConfig,
    agreed: &Agreed,
    request: &SignatureRequest,
    signature: &[u8],
) -> Result<(), Error> {
    match &agreed.credential {
        Some(credential) if credential.authentication() == Authentication::Rsa => credential
            .leaf()
            .verify(config.settings.provider, request.scheme, &request.message, signature)
            .map_err(|_| Error::Refused(Refusal::WrongSignature)),
        _ => Ok(()),
    }
}

fn certificate_request(config: &ServerConfig, flight: &mut Vec<u8>) {
    const TYPES: [u8; 2] = [ClientCertificateType::ECDSA_SIGN.0, ClientCertificateType::RSA_SIGN.0];
    let schemes = encode_list(config.settings.schemes.iter().copied());
    let authorities = encode_list(config.client_authorities.iter().map(|name| DistinguishedName(name)));
    if let (Ok(certificate_types), Ok(signature_algorithms), Ok(authorities)) =
        (List::from_encoded(&TYPES), List::from_encoded(&schemes), List::from_encoded(&authorities))
    {
        CertificateRequest { certificate_types, signature_algorithms, authorities }.write_framed(flight);
    }
}

/// The client was asked for a certificate.
pub(crate) struct AwaitCertificate {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    exchange: Box<dyn KeyExchange>,
}

impl AwaitCertificate {
    pub(super) fn certificate(
        mut self: Box<Self>,
        message: Certificate<'_>,
        raw: &[u8],
        cx: &Common,
    ) -> Then {
        self.agreed.transcript.add(raw);
        let chain: Arc<[_]> =
            message.chain.iter().map(|entry| pki_types::CertificateDer::from(entry.0).into_owned()).collect();
        let Self { config, mut agreed, exchange } = *self;
        let Some(leaf) = chain.first() else {
            // RFC 5246, 7.4.6: "If no suitable certificate is available, the client MUST send a certificate
            // message containing no certificates."
            if config.client_auth == ClientAuth::Require {
                return Err(CertificateError::Missing.into());
            }
            agreed.transcript.drop_log();
            let client = None;
            return wait(Awaiting::KeyExchange(Box::new(AwaitKeyExchange {
                config,
                agreed,
                exchange,
                client,
            })));
        };
        let leaf = Leaf::parse(leaf)?;
        if leaf.authentication().is_none() {
            return Err(CertificateError::UnsupportedKey.into());
        }
        // RFC 5246, 7.4.6, and RFC 5280, 4.2.1.3: a key that signs has digitalSignature, if it has a key usage.
        if !leaf.may_sign() {
            return Err(CertificateError::WrongPurpose.into());
        }
        let presented = PresentedPeer { chain, expected: None, ocsp: None, now: cx.now };
        ask(Ask::Verdict(Box::new(Judging { config, agreed, exchange, leaf, presented })))
    }
}

/// Somebody verifies the client's certificate.
pub(crate) struct Judging {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    exchange: Box<dyn KeyExchange>,
    leaf: Leaf,
    pub(super) presented: PresentedPeer,
}

impl Judging {
    pub(super) fn verdict(self: Box<Self>, verdict: Result<VerifiedPeer, CertificateError>) -> Then {
        let verified = verdict?;
        let Self { config, agreed, exchange, leaf, presented } = *self;
        if !verified.is_about(&presented) {
            return Err(Error::Refused(Refusal::OtherPeer));
        }
        let client = Some(Client { leaf, verified });
        wait(Awaiting::KeyExchange(Box::new(AwaitKeyExchange { config, agreed, exchange, client })))
    }
}

/// A client whose certificate was believed, and who has still to show that it holds the key.
#[derive(Debug)]
pub(crate) struct Client {
    leaf: Leaf,
    verified: VerifiedPeer,
}

/// The client's share is next.
pub(crate) struct AwaitKeyExchange {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    exchange: Box<dyn KeyExchange>,
    client: Option<Client>,
}

impl AwaitKeyExchange {
    pub(super) fn client_key_exchange(self: Box<Self>, message: ClientKeyExchange<'_>, raw: &[u8]) -> Then {
        let Self { config, mut agreed, exchange, client } = *self;
        let shared = exchange.complete(message.public).map_err(|_| Illegal::KeyShare)?;
        agreed.transcript.add(raw);
        let master = agreed.master(&config.settings, Premaster::new(shared));
        let keys = agreed.keys(&config.settings, Side::Server, master)?;
        wait(match client {
            None => Awaiting::FullCcs(Box::new(FullAwaitCcs { config, agreed, keys })),
            Some(client) => {
                let state = AwaitCertificateVerify { config, agreed, keys, client };
                Awaiting::CertificateVerify(Box::new(state))
            }
        })
    }
}

/// The client sent a certificate, and must show that it holds the key.
#[derive(Debug)]
pub(crate) struct AwaitCertificateVerify {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    keys: Keys,
    client: Client,
}

impl AwaitCertificateVerify {
    pub(super) fn certificate_verify(self: Box<Self>, message: CertificateVerify<'_>, raw: &[u8]) -> Then {
        let Self { config, mut agreed, keys, client } = *self;
        // RFC 5246, 7.4.8: "all handshake messages sent or received, starting at client hello and up to, but not
        // including, this message".
        let log = agreed.transcript.take_log().unwrap_or_default();
        let sent = PeerSignature { scheme: message.scheme, signature: message.signature };
        let settings = &config.settings;
        let proof = SignatureVerified::check(settings.provider, &settings.schemes, &client.leaf, &log, sent)?;
        agreed.transcript.add(raw);
        agreed.info.peer_scheme = Some(message.scheme);
        agreed.info.peer = Some(proven(client, proof));
        wait(Awaiting::FullCcs(Box::new(FullAwaitCcs { config, agreed, keys })))
    }
}

/// A client is who its certificate says only if it also signed.
fn proven(client: Client, _: SignatureVerified) -> VerifiedPeer {
    client.verified
}

/// The client's keys change next.
#[derive(Debug)]
pub(crate) struct FullAwaitCcs {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    keys: Keys,
}

impl FullAwaitCcs {
    pub(super) fn change_cipher_spec(self: Box<Self>, aligned: Aligned, cx: &mut Common) -> Next<Server> {
        let Self { config, agreed, keys: Keys { master, sealing, opening } } = *self;
        cx.channel.protect_reading(opening, aligned);
        Next::Await(Awaiting::FullFinished(Box::new(FullAwaitFinished { config, agreed, master, sealing })))
    }
}

/// The client's Finished is next, under its new keys.
#[derive(Debug)]
pub(crate) struct FullAwaitFinished {
    config: Arc<ServerConfig>,
    agreed: Agreed,
    master: MasterSecret,
    sealing: RecordSealKey,
}

impl FullAwaitFinished {
    pub(super) fn finished(self: Box<Self>, message: Finished, raw: &[u8], cx: &mut Common) -> Then {
        let Self { config, mut agreed, master, sealing } = *self;
        let finished = agreed.check_finished(Side::Client, &master, (&message, raw))?;
        let aligned = cx.channel.aligned()?;
        agreed.finish(Side::Server, &master, sealing, (&mut cx.channel, &mut cx.out));
        let settings = &config.settings;
        let renegotiation = settings.renegotiation;
        let facts = agreed.facts(settings, Side::Server, master);
        Ok(Next::Done(Box::new(Complete { facts, renegotiation, finished, aligned })))
    }
}

macro_rules! opaque_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}
opaque_debug!(Signing, AwaitCertificate, Judging, AwaitKeyExchange);
