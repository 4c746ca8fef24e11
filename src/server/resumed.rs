//! The abbreviated handshake (RFC 5246, 7.3; RFC 5077, 3.1): what was offered, the one gate, and the states after it.

use alloc::{boxed::Box, sync::Arc};

use pki_types::CertificateDer;

use super::{
    config::{ClientAuth, ServerConfig},
    flight::{self, Hello},
    full::{Then, ask, wait},
    give::{Gift, host, ticket},
    greeted::{Configured, Greeted},
    states::{Ask, Awaiting, Server},
};
use crate::{
    connection::SessionInfo,
    crypto::{Label, RecordOpenKey, SUITES, Suite},
    error::{Error, Illegal},
    handshake::{Agreed, Aligned, Common, Complete, Keys, Next},
    pki::{PresentedPeer, VerifiedPeer},
    schedule::{KeySchedule, Log, Randoms, Side, Transcript},
    session::{
        ClientAuthNeed, HandshakeKind, Judgement, Lookup, NotResumed, Offer, OpenedTicket, ResumedBy,
        Resumption, Session, SessionPeer, StoreKey, judge,
    },
    wire::{CipherSuite, Finished, SessionId},
};

/// Room for the whole flight of an abbreviated handshake with a usual ticket, in bytes.
const FLIGHT: usize = 512;

/// What the client offers to resume.
enum Offered<'a> {
    Nothing,
    /// R16: when a ticket is offered, the session ID is not used for a lookup.
    Ticket(&'a [u8]),
    Id(SessionId),
}

impl<'a> Offered<'a> {
    fn of(greeted: &'a Greeted) -> Self {
        let greeting = &greeted.greeting;
        match &greeting.ticket {
            Some(ticket) if !ticket.is_empty() => Self::Ticket(greeted.part(ticket)),
            _ if greeting.session_id.is_empty() => Self::Nothing,
            _ => Self::Id(greeting.session_id),
        }
    }
}

impl Configured {
    /// Resumes what is offered, asks for it, or says why there is a full handshake.
    pub(super) fn decide(self, cx: &mut Common) -> Then {
        let reason = match (Offered::of(&self.greeted), &self.config.resumption) {
            (Offered::Nothing, _) => NotResumed::NotOffered,
            (_, None) => NotResumed::Disabled,
            (Offered::Ticket(_), Some(resumption)) if !resumption.tickets().opens() => NotResumed::Disabled,
            (Offered::Ticket(ticket), Some(resumption)) => {
                let opened = resumption.keys().open_ticket(self.config.settings.provider, ticket, cx.now);
                return self.judged(opened, Found::Ticket, cx);
            }
            (Offered::Id(_), Some(resumption)) if !resumption.ids() => NotResumed::Disabled,
            (Offered::Id(id), Some(resumption)) => {
                let key = StoreKey::of(resumption.partition(), &id);
                return ask(Ask::Session(Box::new(Looking { configured: self, key })));
            }
        };
        self.full(reason, cx)
    }

    /// R1: one gate, for tickets and IDs alike.
    fn judged(self, opened: Result<OpenedTicket, NotResumed>, found: Found, cx: &mut Common) -> Then {
        let opened = match opened {
            Ok(opened) => opened,
            Err(reason) => return self.full(reason, cx),
        };
        let Some(resumption) = &self.config.resumption else { return self.full(NotResumed::Disabled, cx) };
        // At most as many as there are: a configuration that names one twice means it once.
        let mut suites = [CipherSuite(0); SUITES.len()];
        let offered = SUITES.iter().zip(self.greeted.greeting.suites).filter(|(_, is_offered)| *is_offered);
        let allowed = |suite: &&'static Suite| self.config.settings.suites.contains(suite);
        let common = offered.map(|(suite, _)| suite).filter(allowed);
        let count = suites.iter_mut().zip(common).map(|(place, suite)| *place = suite.id).count();
        let offer = Offer {
            by: found.by(),
            server_name: self
                .terms
                .server_name
                .as_ref()
                .and_then(host)
                .and_then(|name| core::str::from_utf8(name).ok()),
            suites: suites.get(..count).unwrap_or_default(),
            extended_master_secret: self.terms.extended_master_secret,
            alpn: self.terms.alpn.as_deref(),
            client_auth: need(self.config.client_auth),
            context: &self.config.session_context(),
            partition: resumption.partition(),
        };
        match judge(&opened.session, &offer, resumption, cx.now) {
            Judgement::Resume => self.resume(opened, found, cx),
            Judgement::Full(reason) => self.full(reason, cx),
            // R10. RFC 7627, 5.3: "the server MUST abort the abbreviated handshake".
            Judgement::Abort => Err(Illegal::ExtendedMasterSecretDropped.into()),
        }
    }

    /// Our flight: ServerHello [NewSessionTicket] ChangeCipherSpec Finished.
    fn resume(self, opened: OpenedTicket, found: Found, cx: &mut Common) -> Then {
        let OpenedTicket { session, key_name, key_state } = opened;
        let by = found.by();
        let Some(suite) = Suite::find(session.suite()) else { return self.full(NotResumed::OtherSuite, cx) };
        let renewing = self.config.resumption.as_ref().filter(|policy| {
            self.greeted.greeting.ticket.is_some() && policy.renews(by, &session, key_state, cx.now)
        });
        let (gift, session) = match renewing {
            Some(policy) => renewed(&self.config, policy, session, cx),
            None => (Gift::Nothing, session),
        };
        // R29: a failure from here on removes the session.
        cx.forget = found.store_key();
        let Self { greeted, config, terms } = self;
        let hello = &greeted.greeting;
        let settings = &config.settings;
        let randoms = Randoms { client: hello.random, server: cx.seed.draw_public(Label::ServerRandom) };
        // R17: what is echoed is what was received. RFC 6066, 3: "the server MUST NOT include a server_name
        // extension in the server hello" of a resumption.
        let ours = Hello {
            random: randoms.server,
            session_id: hello.session_id,
            suite: suite.id,
            ticket: gift.is_message(),
            staple: false,
            name_used: false,
        };
        let mut transcript = Transcript::begin(settings.provider, suite.hash, Log::Drop, &[&greeted.raw]);
        cx.out.reserve(FLIGHT);
        cx.channel.write(&mut transcript, &mut cx.out, |out| {
            ours.write(&terms, out);
            out.extend_from_slice(gift.message());
        });
        let mut info = flight::info(terms, suite.id, HandshakeKind::Resumed(by));
        info.peer_scheme = session.peer_scheme();
        info.session_group = session.group();
        info.peer = session.peer().map(|peer| believed(peer, cx));
        info.session = Some(SessionInfo::of(&session, Some(key_name)));
        if let Gift::Ticket { sent, told, .. } = gift {
            info.ticket = sent;
            info.session = told.or(info.session);
        }
        let mut agreed = Box::new(Agreed { suite, randoms, transcript, info, credential: None });
        let secret = session.master_secret();
        agreed.log(settings, secret);
        let schedule =
            KeySchedule::resume(settings.provider, suite.hash, secret, session.extended_master_secret());
        let Keys { master: schedule, sealing, opening } = agreed.keys(settings, Side::Server, schedule)?;
        agreed.finish(Side::Server, &schedule, sealing, (&mut cx.channel, &mut cx.out));
        wait(Awaiting::ResumedCcs(ResumedAwaitCcs { config, agreed, schedule, opening }))
    }
}

/// Where a session came from.
#[derive(Debug, Clone, Copy)]
enum Found {
    Ticket,
    Stored(StoreKey),
}

impl Found {
    fn by(self) -> ResumedBy {
        match self {
            Self::Ticket => ResumedBy::Ticket,
            Self::Stored(_) => ResumedBy::SessionId,
        }
    }

    fn store_key(self) -> Option<StoreKey> {
        match self {
            Self::Ticket => None,
            Self::Stored(key) => Some(key),
        }
    }
}

fn need(client_auth: ClientAuth) -> ClientAuthNeed {
    match client_auth {
        ClientAuth::Off => ClientAuthNeed::Off,
        ClientAuth::Request => ClientAuthNeed::Request,
        ClientAuth::Require => ClientAuthNeed::Require,
    }
}

/// Who was verified in the full handshake, whose security domain is ours, and whose certificate is still valid (R4).
fn believed(peer: &SessionPeer, cx: &Common) -> VerifiedPeer {
    let chain: Arc<[CertificateDer<'static>]> = peer.chain.clone();
    VerifiedPeer::assertion(&PresentedPeer { chain, expected: None, ocsp: None, now: cx.now })
}

/// Flow 2 of RFC 5077 with a renewed ticket: the same session, sealed anew under the newest key (R27).
fn renewed(config: &ServerConfig, resumption: &Resumption, session: Session, cx: &Common) -> (Gift, Session) {
    let lifetime = resumption.lifetime_of(session.authenticated_at(), cx.now);
    let session = session.renewed(cx.now, lifetime);
    (ticket(config, resumption, (lifetime > 0).then_some(&session), cx), session)
}

/// Somebody looks for the session that the client named.
#[derive(Debug)]
pub(crate) struct Looking {
    configured: Configured,
    pub(super) key: StoreKey,
}

impl Looking {
    pub(super) fn found(self, lookup: Lookup, cx: &mut Common) -> Then {
        let Self { configured, key } = self;
        let sealed = match lookup {
            Lookup::Found(sealed) => sealed,
            Lookup::Missing => return configured.full(NotResumed::NotStored, cx),
            // R34: a miss with its own reason.
            Lookup::Unavailable => return configured.full(NotResumed::StoreUnavailable, cx),
        };
        let opened = match &configured.config.resumption {
            Some(resumption) => {
                resumption.keys().open_stored(configured.config.settings.provider, &key, &sealed, cx.now)
            }
            None => Err(NotResumed::Disabled),
        };
        configured.judged(opened, Found::Stored(key), cx)
    }
}

/// The client's keys change next.
#[derive(Debug)]
pub(crate) struct ResumedAwaitCcs {
    config: Arc<ServerConfig>,
    agreed: Box<Agreed>,
    schedule: KeySchedule,
    opening: RecordOpenKey,
}

impl ResumedAwaitCcs {
    pub(super) fn change_cipher_spec(self, aligned: Aligned, cx: &mut Common) -> Next<Server> {
        let Self { config, agreed, schedule, opening } = self;
        cx.channel.protect_reading(opening, aligned);
        Next::Await(Awaiting::ResumedFinished(ResumedAwaitFinished { config, agreed, schedule }))
    }
}

/// The client's Finished is next, under its new keys.
#[derive(Debug)]
pub(crate) struct ResumedAwaitFinished {
    config: Arc<ServerConfig>,
    agreed: Box<Agreed>,
    schedule: KeySchedule,
}

impl ResumedAwaitFinished {
    pub(super) fn finished(
        self,
        message: Finished,
        raw: &[u8],
        cx: &mut Common,
    ) -> Result<Next<Server>, Error> {
        let Self { config, mut agreed, schedule } = self;
        let finished = agreed.check_finished(Side::Client, &schedule, (&message, raw))?;
        let aligned = cx.channel.aligned()?;
        let settings = &config.settings;
        let mut facts = agreed.facts(settings, Side::Server, schedule);
        facts.store_key = cx.forget.take();
        let facts = Box::new(facts);
        let renegotiation = settings.renegotiation;
        Ok(Next::Done(Complete { facts, renegotiation, proofs: (finished, aligned), session: None }))
    }
}
