//! The end of the server's flight, and our answer to it: [Certificate] ClientKeyExchange [CertificateVerify].

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::{
    finish::finish,
    full::{Full, Then},
    states::{Ask, Awaiting, Client},
};
use crate::{
    crypto::{Authentication, SignError, Signature, SignatureRequest},
    error::{Error, Incompatible, Refusal},
    handshake::{Common, Keys, Next},
    pki::Credential,
    schedule::{MasterSecret, Premaster, Side},
    wire::{
        Certificate, CertificateEntry, CertificateRequest, CertificateVerify, ClientCertificateType,
        ClientKeyExchange, Handshake, List, SignatureScheme, encode_list,
    },
};

/// The server may ask for a certificate, or end its flight.
#[derive(Debug)]
pub(crate) struct AwaitRequestOrDone {
    pub(super) full: Full,
    pub(super) premaster: Premaster,
    pub(super) share: Vec<u8>,
}

impl AwaitRequestOrDone {
    pub(super) fn certificate_request(mut self, message: CertificateRequest<'_>, raw: &[u8]) -> Next<Client> {
        self.full.agreed.transcript.add(raw);
        let wanted = Wanted {
            certificate_types: message.certificate_types.iter().collect(),
            schemes: message.signature_algorithms.iter().collect(),
            authorities: message.authorities.iter().map(|name| name.0.to_vec()).collect(),
        };
        Next::Ask(Ask::Credential(Box::new(Choosing { state: self, wanted })))
    }

    pub(super) fn server_hello_done(mut self, raw: &[u8], cx: &mut Common) -> Then {
        self.full.agreed.transcript.add(raw);
        self.full.agreed.transcript.drop_log();
        cx.channel.aligned()?;
        let mut flight = Vec::new();
        let (full, keys) = self.key_exchange(&mut flight)?;
        cx.channel.messages(&flight, &mut cx.out);
        finish(full, keys, cx)
    }

    /// Appends ClientKeyExchange to a flight, and makes the keys that follow from it.
    fn key_exchange(self, flight: &mut Vec<u8>) -> Result<(Full, Keys<MasterSecret>), Error> {
        let Self { mut full, premaster, share } = self;
        ClientKeyExchange { public: &share }.write_framed(flight);
        full.agreed.transcript.add(flight);
        let settings = &full.config.settings;
        let master = full.agreed.master(settings, premaster);
        full.agreed.log(settings, master.secret());
        let keys = full.agreed.keys(settings, Side::Client, master)?;
        Ok((full, keys))
    }
}

/// What a CertificateRequest says (RFC 5246, 7.4.4).
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) certificate_types: Vec<ClientCertificateType>,
    pub(super) schemes: Vec<SignatureScheme>,
    /// DER.
    pub(super) authorities: Vec<Vec<u8>>,
}

/// Somebody chooses our credential.
#[derive(Debug)]
pub(crate) struct Choosing {
    state: AwaitRequestOrDone,
    pub(super) wanted: Wanted,
}

impl Choosing {
    pub(super) fn credential(self: Box<Self>, credential: Option<Credential>) -> Then {
        let Self { state, wanted } = *self;
        let chosen = match credential {
            None => None,
            Some(credential) => {
                let scheme = scheme(&credential, &wanted)?;
                Some(Chosen { credential, scheme })
            }
        };
        Ok(Next::Await(Awaiting::HelloDone(Box::new(AwaitHelloDone { state, chosen }))))
    }
}

/// What the credential signs with, if the server takes such a certificate.
pub(super) fn scheme(credential: &Credential, wanted: &Wanted) -> Result<SignatureScheme, Incompatible> {
    let certificate_type = match credential.authentication() {
        // RFC 8422, 5.5, and 5.10: also Ed25519.
        Authentication::Ecdsa => ClientCertificateType::ECDSA_SIGN,
        Authentication::Rsa => ClientCertificateType::RSA_SIGN,
    };
    if !wanted.certificate_types.contains(&certificate_type) {
        return Err(Incompatible::CertificateType);
    }
    let mut ours = credential.schemes().iter().copied();
    ours.find(|scheme| wanted.schemes.contains(scheme)).ok_or(Incompatible::Scheme)
}

/// A credential, and how it signs.
#[derive(Debug)]
struct Chosen {
    credential: Credential,
    scheme: SignatureScheme,
}

/// The server asked for a certificate; its flight ends next.
#[derive(Debug)]
pub(crate) struct AwaitHelloDone {
    state: AwaitRequestOrDone,
    chosen: Option<Chosen>,
}

impl AwaitHelloDone {
    pub(super) fn server_hello_done(self, raw: &[u8], cx: &mut Common) -> Then {
        let Self { mut state, chosen } = self;
        state.full.agreed.transcript.add(raw);
        cx.channel.aligned()?;
        let mut flight = Vec::new();
        // RFC 5246, 7.4.6: without a certificate, "the client MUST send a certificate message containing no
        // certificates".
        let chain = chosen.as_ref().map_or(&[][..], |chosen| chosen.credential.chain());
        let entries = encode_list(chain.iter().map(|entry| CertificateEntry(entry)));
        if let Ok(chain) = List::from_encoded(&entries) {
            Certificate { chain }.write_framed(&mut flight);
        }
        let (mut full, keys) = state.key_exchange(&mut flight)?;
        let Some(Chosen { credential, scheme }) = chosen else {
            full.agreed.transcript.drop_log();
            cx.channel.messages(&flight, &mut cx.out);
            return finish(full, keys, cx);
        };
        // RFC 5246, 7.4.8: "all handshake messages sent or received, starting at client hello and up to, but not
        // including, this message".
        let message = full.agreed.transcript.take_log().unwrap_or_default();
        let request = SignatureRequest { credential: credential.name_arc().clone(), scheme, message };
        full.agreed.info.credential = Some(credential.name_arc().clone());
        full.agreed.credential = Some(credential);
        Ok(Next::Ask(Ask::Signature(Box::new(Signing { full, keys, flight, request }))))
    }
}

/// The key holder signs the handshake.
pub(crate) struct Signing {
    full: Full,
    keys: Keys<MasterSecret>,
    /// Our flight up to ClientKeyExchange.
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
        let Self { mut full, keys, mut flight, request } = *self;
        let mut verify = Vec::new();
        CertificateVerify { scheme: request.scheme, signature: &signature }.write_framed(&mut verify);
        full.agreed.transcript.add(&verify);
        flight.extend_from_slice(&verify);
        cx.channel.messages(&flight, &mut cx.out);
        finish(full, keys, cx)
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signing")
    }
}
