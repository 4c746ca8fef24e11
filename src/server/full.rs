//! The states of a full handshake (RFC 5246, 7.3).

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::fmt;

use super::{
    config::{ClientAuth, ServerConfig},
    flight,
    hello::asks_for_certificate,
    states::{Ask, Awaiting, Server},
};
use crate::{
    crypto::{Authentication, KeyExchange, RecordSealKey, SignError, Signature, SignatureRequest},
    error::{Error, Illegal, Incompatible, Refusal},
    handshake::{Agreed, Aligned, Common, Complete, Keys, Next, PeerSignature, SignatureVerified},
    pki::{CertificateError, Leaf, PresentedPeer, VerifiedPeer},
    schedule::{MasterSecret, Premaster, Side},
    wire::{
        Certificate, CertificateVerify, ClientKeyExchange, EcdheParams, Finished, Handshake, ServerHelloDone,
        ServerKeyExchange,
    },
};

pub(super) type Then = Result<Next<Server>, Error>;

pub(super) fn ask(ask: Ask) -> Then {
    Ok(Next::Ask(ask))
}

pub(super) fn wait(state: Awaiting) -> Then {
    Ok(Next::Await(state))
}

/// The key holder signs our share of the key exchange.
pub(crate) struct Signing {
    pub(super) config: Arc<ServerConfig>,
    pub(super) agreed: Agreed,
    pub(super) exchange: Box<dyn KeyExchange>,
    /// Our flight as far as it needs no signature.
    pub(super) flight: Vec<u8>,
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
            flight::certificate_request(&config, &mut flight);
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
