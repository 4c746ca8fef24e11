//! The states of a full handshake (RFC 5246, 7.3).

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use pki_types::CertificateDer;

use super::{
    config::{ClientAuth, ServerConfig},
    finish::FullAwaitCcs,
    flight,
    give::Gives,
    hello::asks_for_certificate,
    states::{Ask, Awaiting, Server},
};
use crate::{
    crypto::{Authentication, KeyExchange, SignError, Signature, SignatureRequest},
    error::{Error, Illegal, Incompatible, Refusal},
    handshake::{Agreed, Common, Keys, Next, PeerSignature, SignatureVerified, opaque_debug},
    pki::{CertificateError, Leaf, PresentedPeer, VerifiedPeer},
    schedule::{MasterSecret, Premaster, Side},
    wire::{
        Certificate, CertificateVerify, ClientKeyExchange, EcdheParams, Handshake, ServerHelloDone,
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

/// What a full handshake carries from our hello on.
#[derive(Debug)]
pub(crate) struct Full {
    pub(super) config: Arc<ServerConfig>,
    pub(super) agreed: Box<Agreed>,
    /// What our hello promised the client.
    pub(super) gives: Gives,
}

/// The key holder signs our share of the key exchange.
pub(crate) struct Signing {
    pub(super) full: Full,
    pub(super) exchange: Box<dyn KeyExchange>,
    /// Our flight as far as it needs no signature.
    pub(super) flight: Vec<u8>,
    pub(super) request: SignatureRequest,
}

impl Signing {
    pub(super) fn signature(self, signature: Result<Signature, SignError>, cx: &mut Common) -> Then {
        let Signature(signature) = signature.map_err(|SignError| Error::Refused(Refusal::Signature))?;
        let Self { mut full, exchange, mut flight, request } = self;
        check_rsa_signature(&full, &request, &signature)?;
        let Some(group) = full.agreed.info.group else { return Err(Incompatible::Group.into()) };
        let params = EcdheParams { group, public: exchange.share() };
        ServerKeyExchange { params, scheme: request.scheme, signature: &signature }.write_framed(&mut flight);
        let asks = asks_for_certificate(&full.config);
        if asks {
            flight::certificate_request(&full.config, &mut flight);
        }
        ServerHelloDone.write_framed(&mut flight);
        full.agreed.transcript.add(&flight);
        cx.channel.messages(&flight, &mut cx.out);
        wait(match asks {
            true => Awaiting::Certificate(Box::new(AwaitCertificate { full, exchange })),
            false => Awaiting::KeyExchange(Box::new(AwaitKeyExchange { full, exchange, client: None })),
        })
    }
}

/// A faulty RSA signature gives the key away to whoever sees it, so none leaves unchecked. Checking an ECDSA
/// signature costs more than making it, and a fault there gives nothing away that a nonce of RFC 6979 would not keep.
fn check_rsa_signature(full: &Full, request: &SignatureRequest, signature: &[u8]) -> Result<(), Error> {
    match &full.agreed.credential {
        Some(credential) if credential.authentication() == Authentication::Rsa => credential
            .leaf()
            .verify(full.config.settings.provider, request.scheme, &request.message, signature)
            .map_err(|_| Error::Refused(Refusal::WrongSignature)),
        _ => Ok(()),
    }
}

/// The client was asked for a certificate.
pub(crate) struct AwaitCertificate {
    full: Full,
    exchange: Box<dyn KeyExchange>,
}

impl AwaitCertificate {
    pub(super) fn certificate(self, message: Certificate<'_>, raw: &[u8], cx: &Common) -> Then {
        let Self { mut full, exchange } = self;
        full.agreed.transcript.add(raw);
        let chain: Arc<[_]> =
            message.chain.iter().map(|entry| CertificateDer::from(entry.0).into_owned()).collect();
        let Some(leaf) = chain.first() else {
            // RFC 5246, 7.4.6: "If no suitable certificate is available, the client MUST send a certificate
            // message containing no certificates."
            if full.config.client_auth == ClientAuth::Require {
                return Err(CertificateError::Missing.into());
            }
            full.agreed.transcript.drop_log();
            return wait(Awaiting::KeyExchange(Box::new(AwaitKeyExchange { full, exchange, client: None })));
        };
        let leaf = Leaf::parse(leaf)?;
        if leaf.authentication().is_none() {
            return Err(CertificateError::UnsupportedKey.into());
        }
        // RFC 5246, 7.4.6, and RFC 5280, 4.2.1.3: a key that signs has digitalSignature, if it has a key usage.
        if !full.config.settings.key_usage.lets_sign(&leaf) {
            return Err(CertificateError::WrongPurpose.into());
        }
        let presented = PresentedPeer { chain, expected: None, ocsp: None, now: cx.now };
        ask(Ask::Verdict(Box::new(Judging { full, exchange, leaf, presented })))
    }
}

/// Somebody verifies the client's certificate.
pub(crate) struct Judging {
    full: Full,
    exchange: Box<dyn KeyExchange>,
    leaf: Leaf,
    pub(super) presented: PresentedPeer,
}

impl Judging {
    pub(super) fn verdict(self: Box<Self>, verdict: Result<VerifiedPeer, CertificateError>) -> Then {
        let verified = verdict?;
        let Self { full, exchange, leaf, presented } = *self;
        if !verified.is_about(&presented) {
            return Err(Error::Refused(Refusal::OtherPeer));
        }
        let client = Some(Client { leaf, verified });
        wait(Awaiting::KeyExchange(Box::new(AwaitKeyExchange { full, exchange, client })))
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
    full: Full,
    exchange: Box<dyn KeyExchange>,
    client: Option<Client>,
}

impl AwaitKeyExchange {
    pub(super) fn client_key_exchange(self, message: ClientKeyExchange<'_>, raw: &[u8]) -> Then {
        let Self { mut full, exchange, client } = self;
        let shared = exchange.complete(message.public).map_err(|_| Illegal::KeyShare)?;
        full.agreed.transcript.add(raw);
        let settings = &full.config.settings;
        let master = full.agreed.master(settings, Premaster::new(shared));
        full.agreed.log(settings, master.secret());
        let keys = full.agreed.keys(settings, Side::Server, master)?;
        wait(match client {
            None => Awaiting::FullCcs(Box::new(FullAwaitCcs { full, keys })),
            Some(client) => {
                Awaiting::CertificateVerify(Box::new(AwaitCertificateVerify { full, keys, client }))
            }
        })
    }
}

/// The client sent a certificate, and must show that it holds the key.
#[derive(Debug)]
pub(crate) struct AwaitCertificateVerify {
    full: Full,
    keys: Keys<MasterSecret>,
    client: Client,
}

impl AwaitCertificateVerify {
    pub(super) fn certificate_verify(self, message: CertificateVerify<'_>, raw: &[u8]) -> Then {
        let Self { mut full, keys, client } = self;
        let agreed = &mut full.agreed;
        // RFC 5246, 7.4.8: "all handshake messages sent or received, starting at client hello and up to, but not
        // including, this message".
        let log = agreed.transcript.take_log().unwrap_or_default();
        let sent = PeerSignature { scheme: message.scheme, signature: message.signature };
        let settings = &full.config.settings;
        let proof = SignatureVerified::check(settings.provider, &settings.schemes, &client.leaf, &log, sent)?;
        agreed.transcript.add(raw);
        agreed.info.peer_scheme = Some(message.scheme);
        agreed.info.peer = Some(proven(client, proof));
        wait(Awaiting::FullCcs(Box::new(FullAwaitCcs { full, keys })))
    }
}

/// A client is who its certificate says only if it also signed.
fn proven(client: Client, _: SignatureVerified) -> VerifiedPeer {
    client.verified
}

opaque_debug!(Signing, AwaitCertificate, Judging, AwaitKeyExchange);
