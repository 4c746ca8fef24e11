//! The states of a full handshake (RFC 5246, 7.3), up to the server's whole flight.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use pki_types::{CertificateDer, ServerName};

use super::{
    answer::AwaitRequestOrDone,
    config::ClientConfig,
    hello::{self, Answer},
    offer::{Given, Offer, Offered},
    resumed::{AwaitCertificateOrResumed, Proven, Resumed},
    states::{Ask, Awaiting, Client},
};
use crate::{
    crypto::{Label, Seed},
    error::{Error, Illegal, Refusal},
    handshake::{Agreed, Common, Next, PeerSignature, SignatureVerified},
    pki::{CertificateError, Leaf, PresentedPeer, VerifiedPeer},
    schedule::{Log, Premaster, Randoms, Transcript},
    session::{HandshakeKind, NotResumed, ResumedBy},
    wire::{
        Certificate, CertificateStatus, DecodeError, Encode, KnownExtensions, ServerHello, ServerKeyExchange,
    },
};

pub(super) type Then = Result<Next<Client>, Error>;

pub(super) fn wait(state: Awaiting) -> Then {
    Ok(Next::Await(state))
}

/// What a full handshake carries from the server's hello on.
#[derive(Debug)]
pub(crate) struct Full {
    pub(super) config: Arc<ClientConfig>,
    pub(super) agreed: Box<Agreed>,
    pub(super) ticket_promised: bool,
    pub(super) given: Given,
}

/// Our hello is on its way.
#[derive(Debug)]
pub(crate) struct AwaitServerHello {
    config: Arc<ClientConfig>,
    server: ServerName<'static>,
    offer: Offer,
    random: [u8; 32],
    /// Our hello, header included.
    hello: Vec<u8>,
    /// What is in it.
    extensions: KnownExtensions,
}

impl AwaitServerHello {
    pub(super) fn new(
        config: Arc<ClientConfig>,
        server: ServerName<'static>,
        offer: Offer,
        seed: &Seed,
    ) -> Self {
        let random = seed.draw_public(Label::ClientRandom);
        let (hello, extensions) = hello::client_hello(&config, &server, &offer, random);
        Self { config, server, offer, random, hello, extensions }
    }

    pub(super) fn hello(&self) -> &[u8] {
        &self.hello
    }

    pub(super) fn server_hello(self, message: ServerHello<'_>, raw: &[u8], cx: &mut Common) -> Then {
        let Self { config, server, offer, random, hello, extensions } = self;
        let Answer { suite, staple, mut info } = hello::check(&config, extensions, &message)?;
        let settings = &config.settings;
        cx.channel.negotiated(settings.max_certificate, settings.max_send);
        hello::limit_records(&config, &message, &mut cx.channel);
        // No session is resumed with a certificate, of which the messages would have to be kept.
        let log = match &offer {
            Offer::Session(offered) if offered.session_id == message.session_id => Log::Drop,
            Offer::Session(_) | Offer::Nothing(_) => Log::Keep,
        };
        info.server_name = Some(server.clone());
        let agreed = Box::new(Agreed {
            suite,
            randoms: Randoms { client: random, server: message.random },
            transcript: Transcript::begin(settings.provider, suite.hash, log, &[&hello, raw]),
            info,
            credential: None,
        });
        let ticket_promised = message.extensions.session_ticket;
        let given = Given { session_id: message.session_id, ticket: None };
        let full = Full { config, agreed, ticket_promised, given };
        AwaitCertificate { full, server, staple }.decide(offer, cx)
    }
}

/// The server's certificate is next.
#[derive(Debug)]
pub(crate) struct AwaitCertificate {
    full: Full,
    server: ServerName<'static>,
    staple: bool,
}

impl AwaitCertificate {
    /// Whether the server resumes: the echoed ID tells, and where there is none, what comes next.
    fn decide(mut self, offer: Offer, cx: &Common) -> Then {
        let info = &mut self.full.agreed.info;
        let offered = match offer {
            Offer::Nothing(reason) => {
                info.handshake = HandshakeKind::Full(reason);
                return wait(Awaiting::Certificate(Box::new(self)));
            }
            Offer::Session(offered) => offered,
        };
        info.handshake = HandshakeKind::Full(NotResumed::Declined);
        let echoed = self.full.given.session_id;
        if echoed == offered.session_id {
            let (resumed, promised) = self.into_resumed(offered);
            return wait(resumed.begin(promised, cx)?);
        }
        // wolfSSL resumes by ticket with an empty ID.
        wait(match offered.by() {
            ResumedBy::Ticket if echoed.is_empty() => {
                let state = AwaitCertificateOrResumed { full: self, offered };
                Awaiting::CertificateOrResumed(Box::new(state))
            }
            ResumedBy::Ticket | ResumedBy::SessionId => Awaiting::Certificate(Box::new(self)),
        })
    }

    /// The same hellos, seen as those of an abbreviated handshake, and whether a ticket was promised.
    pub(super) fn into_resumed(self, offered: Offered) -> (Resumed, bool) {
        let Self { full: Full { config, agreed, ticket_promised, given: _ }, server, staple: _ } = self;
        (Resumed { config, agreed, offered, server }, ticket_promised)
    }
}

impl AwaitCertificate {
    pub(super) fn certificate(self, message: Certificate<'_>, raw: &[u8], cx: &Common) -> Then {
        let Self { mut full, server, staple } = self;
        full.agreed.transcript.add(raw);
        let chain: Arc<[_]> =
            message.chain.iter().map(|entry| CertificateDer::from(entry.0).into_owned()).collect();
        // RFC 5246, 7.4.2: a server's chain has at least the server's certificate.
        let leaf = chain.first().ok_or(Error::Decode { message: "Certificate", why: DecodeError::Empty })?;
        let leaf = Leaf::parse(leaf)?;
        check_leaf(&full, &leaf)?;
        let presented = PresentedPeer { chain, expected: Some(server), ocsp: None, now: cx.now };
        match staple {
            true => {
                let state = AwaitStatusOrKeyExchange { full, leaf, presented };
                wait(Awaiting::StatusOrKeyExchange(Box::new(state)))
            }
            false => Ok(judge(presented, Judged::Early { full, leaf })),
        }
    }
}

/// RFC 5246, 7.4.2: the certificate's key fits the suite, and may sign.
fn check_leaf(full: &Full, leaf: &Leaf) -> Result<(), Error> {
    match leaf.authentication() {
        None => return Err(CertificateError::UnsupportedKey.into()),
        Some(authentication) if authentication != full.agreed.suite.authentication => {
            return Err(Illegal::CertificateForOtherSuite.into());
        }
        Some(_) => {}
    }
    // RFC 8422, 5.3: the key is on one of the curves that the client offered.
    if leaf.group().is_some_and(|curve| !full.config.settings.groups.contains(&curve)) {
        return Err(Illegal::CertificateCurve.into());
    }
    // RFC 8422, 5.3: the key usage "MUST" have digitalSignature, if there is one.
    match full.config.settings.key_usage.lets_sign(leaf) {
        true => Ok(()),
        false => Err(CertificateError::WrongPurpose.into()),
    }
}

pub(super) fn judge(presented: PresentedPeer, then: Judged) -> Next<Client> {
    Next::Ask(Ask::Verdict(Box::new(Judging { presented, then })))
}

/// A staple was promised. RFC 6066, 8: the server "MAY choose not to send a "CertificateStatus" message".
#[derive(Debug)]
pub(crate) struct AwaitStatusOrKeyExchange {
    full: Full,
    leaf: Leaf,
    presented: PresentedPeer,
}

impl AwaitStatusOrKeyExchange {
    pub(super) fn certificate_status(self, message: CertificateStatus<'_>, raw: &[u8]) -> Next<Client> {
        let Self { mut full, leaf, mut presented } = self;
        full.agreed.transcript.add(raw);
        presented.ocsp = Some(message.response.into());
        judge(presented, Judged::Early { full, leaf })
    }

    pub(super) fn server_key_exchange(self, message: ServerKeyExchange<'_>, raw: &[u8], cx: &Common) -> Then {
        let Self { full, leaf, presented } = self;
        let exchanged = exchange(full, &leaf, message, raw, cx)?;
        Ok(judge(presented, Judged::Late(exchanged)))
    }
}

/// Somebody verifies the server's certificate.
#[derive(Debug)]
pub(crate) struct Judging {
    pub(super) presented: PresentedPeer,
    then: Judged,
}

/// When the verdict is asked for.
#[derive(Debug)]
pub(super) enum Judged {
    /// Before the server's share came.
    Early { full: Full, leaf: Leaf },
    /// After it, for a promised staple did not come.
    Late(Exchanged),
    /// In an abbreviated handshake, once the server's Finished verified.
    Resumed(Box<Proven>),
}

impl Judging {
    pub(super) fn verdict(
        self: Box<Self>,
        verdict: Result<VerifiedPeer, CertificateError>,
        cx: &mut Common,
    ) -> Then {
        let verified = verdict?;
        if !verified.is_about(&self.presented) {
            return Err(Error::Refused(Refusal::OtherPeer));
        }
        wait(match self.then {
            Judged::Early { full, leaf } => {
                Awaiting::KeyExchange(Box::new(AwaitKeyExchange { full, leaf, verified }))
            }
            Judged::Late(exchanged) => exchanged.proven(verified),
            Judged::Resumed(proven) => return Ok(proven.reverified(verified, cx)),
        })
    }
}

/// The server's share is next.
#[derive(Debug)]
pub(crate) struct AwaitKeyExchange {
    full: Full,
    leaf: Leaf,
    verified: VerifiedPeer,
}

impl AwaitKeyExchange {
    pub(super) fn server_key_exchange(self, message: ServerKeyExchange<'_>, raw: &[u8], cx: &Common) -> Then {
        let Self { full, leaf, verified } = self;
        wait(exchange(full, &leaf, message, raw, cx)?.proven(verified))
    }
}

/// The server signed its share, and we have ours.
#[derive(Debug)]
pub(super) struct Exchanged {
    full: Full,
    premaster: Premaster,
    share: Vec<u8>,
    proof: SignatureVerified,
}

impl Exchanged {
    /// The server is who its certificate says only if it also signed.
    fn proven(self, verified: VerifiedPeer) -> Awaiting {
        let Self { mut full, premaster, share, proof: SignatureVerified { .. } } = self;
        full.agreed.info.peer = Some(verified);
        Awaiting::RequestOrDone(Box::new(AwaitRequestOrDone { full, premaster, share }))
    }
}

fn exchange(
    mut full: Full,
    leaf: &Leaf,
    message: ServerKeyExchange<'_>,
    raw: &[u8],
    cx: &Common,
) -> Result<Exchanged, Error> {
    let settings = &full.config.settings;
    let ServerKeyExchange { params, scheme, signature } = message;
    // RFC 8422, 5.4: the curve is one of those that the client offered.
    let offered = settings.groups.contains(&params.group);
    let group = settings.provider.group(params.group).filter(|_| offered).ok_or(Illegal::GroupNotOffered)?;
    let randoms = &full.agreed.randoms;
    let signed = [&randoms.client[..], &randoms.server, &params.encode()].concat();
    let sent = PeerSignature { scheme, signature };
    let proof = SignatureVerified::check(settings.provider, &settings.schemes, leaf, &signed, sent)?;
    let ours = cx.seed.exchange(group);
    let share = ours.share().to_vec();
    let premaster = Premaster::new(ours.complete(params.public).map_err(|_| Illegal::KeyShare)?);
    full.agreed.transcript.add(raw);
    full.agreed.info.group = Some(params.group);
    full.agreed.info.peer_scheme = Some(scheme);
    Ok(Exchanged { full, premaster, share, proof })
}
