//! The abbreviated handshake (RFC 5246, 7.3; RFC 5077, 3.1).

use alloc::{boxed::Box, sync::Arc};

use pki_types::ServerName;

use super::{
    config::ClientConfig,
    finish::received_ticket,
    full::{AwaitCertificate, Judged, Then, judge, wait},
    offer::{Given, Offered},
    states::{Awaiting, Client},
};
use crate::{
    connection::{ConnectionInfo, SessionInfo},
    crypto::{RecordOpenKey, RecordSealKey},
    error::{Error, Illegal},
    handshake::{Agreed, Aligned, Common, Complete, FinishedVerified, Keys, Next},
    pki::{PresentedPeer, VerifiedPeer},
    schedule::{KeySchedule, Side},
    session::HandshakeKind,
    wire::{Certificate, Finished, NewSessionTicket},
};

/// What an abbreviated handshake carries from the server's hello on.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(super) config: Arc<ClientConfig>,
    pub(super) agreed: Box<Agreed>,
    pub(super) offered: Offered,
    pub(super) server: ServerName<'static>,
}

impl Resumed {
    /// The server resumes: what it chose must be the session's.
    pub(super) fn begin(self, promised: bool, cx: &Common) -> Result<Awaiting, Error> {
        let Self { config, mut agreed, offered, server } = self;
        let session = &offered.session;
        // R6. RFC 5246, 7.4.1.3: "For resumed sessions, this field is the value from the state of the session being
        // resumed."
        if agreed.suite.id != session.suite() {
            return Err(Illegal::ResumedWithOtherSuite.into());
        }
        // R12
        match (session.extended_master_secret(), agreed.info.extended_master_secret) {
            (true, false) => return Err(Illegal::ExtendedMasterSecretDropped.into()),
            (false, true) => return Err(Illegal::ExtendedMasterSecretAdded.into()),
            (true, true) | (false, false) => {}
        }
        agreed.transcript.drop_log();
        agreed.info.handshake = HandshakeKind::Resumed(offered.by());
        tell(&mut agreed.info, &offered, &server, cx);
        let settings = &config.settings;
        let (secret, extended) = (session.master_secret(), session.extended_master_secret());
        agreed.log(settings, secret);
        let schedule = KeySchedule::resume(settings.provider, agreed.suite.hash, secret, extended);
        let Keys { master: schedule, sealing, opening } = agreed.keys(settings, Side::Client, schedule)?;
        let resumed = Self { config, agreed, offered, server };
        let then = Box::new(ResumedAwaitFinished { resumed, schedule, sealing, given: Given::default() });
        let state = ResumedAwaitCcs { opening, then };
        Ok(match promised {
            true => Awaiting::ResumedTicket(ResumedAwaitTicket(state)),
            false => Awaiting::ResumedCcs(state),
        })
    }
}

/// What the connection tells of the session.
fn tell(info: &mut ConnectionInfo, offered: &Offered, server: &ServerName<'static>, cx: &Common) {
    let session = &offered.session;
    info.peer_scheme = session.peer_scheme();
    info.session_group = session.group();
    info.session = Some(SessionInfo {
        lineage: session.lineage(),
        authenticated_at: session.authenticated_at(),
        key_name: None,
        application_data: alloc::vec::Vec::new(),
    });
    // R30: only what was verified became a session.
    info.peer = session.peer().map(|peer| {
        let expected = Some(server.clone());
        VerifiedPeer::assertion(&PresentedPeer {
            chain: peer.chain.clone(),
            expected,
            ocsp: session.ocsp().cloned(),
            now: cx.now,
        })
    });
}

/// A ticket was offered, and the server echoes no ID: what follows its hello tells whether it resumes.
#[derive(Debug)]
pub(crate) struct AwaitCertificateOrResumed {
    pub(super) full: AwaitCertificate,
    pub(super) offered: Offered,
}

impl AwaitCertificateOrResumed {
    pub(super) fn certificate(self, message: Certificate<'_>, raw: &[u8], cx: &Common) -> Then {
        Box::new(self.full).certificate(message, raw, cx)
    }

    pub(super) fn new_session_ticket(self, message: NewSessionTicket<'_>, raw: &[u8], cx: &Common) -> Then {
        // R14
        let expected = &["Certificate", "ChangeCipherSpec"];
        match self.resume(cx)? {
            Awaiting::ResumedTicket(state) => wait(state.new_session_ticket(message, raw)),
            _ => Err(Error::Unexpected { expected, got: "NewSessionTicket" }),
        }
    }

    pub(super) fn change_cipher_spec(self, aligned: Aligned, cx: &mut Common) -> Then {
        let expected = &["Certificate", "NewSessionTicket"];
        match self.resume(cx)? {
            Awaiting::ResumedCcs(state) => Ok(state.change_cipher_spec(aligned, cx)),
            _ => Err(Error::Unexpected { expected, got: "ChangeCipherSpec" }),
        }
    }

    fn resume(self, cx: &Common) -> Result<Awaiting, Error> {
        let (resumed, promised) = self.full.into_resumed(self.offered);
        resumed.begin(promised, cx)
    }
}

/// A ticket was promised (R14).
#[derive(Debug)]
pub(crate) struct ResumedAwaitTicket(ResumedAwaitCcs);

impl ResumedAwaitTicket {
    pub(super) fn new_session_ticket(self, message: NewSessionTicket<'_>, raw: &[u8]) -> Awaiting {
        let Self(mut state) = self;
        received_ticket(&mut state.then.resumed.agreed, &mut state.then.given, message, raw);
        Awaiting::ResumedCcs(state)
    }
}

/// The server's keys change next.
#[derive(Debug)]
pub(crate) struct ResumedAwaitCcs {
    opening: RecordOpenKey,
    then: Box<ResumedAwaitFinished>,
}

impl ResumedAwaitCcs {
    pub(super) fn change_cipher_spec(self, aligned: Aligned, cx: &mut Common) -> Next<Client> {
        let Self { opening, then } = self;
        cx.channel.protect_reading(opening, aligned);
        Next::Await(Awaiting::ResumedFinished(then))
    }
}

/// The server's Finished is next, under its new keys; ours follows.
#[derive(Debug)]
pub(crate) struct ResumedAwaitFinished {
    resumed: Resumed,
    schedule: KeySchedule,
    sealing: RecordSealKey,
    given: Given,
}

impl ResumedAwaitFinished {
    pub(super) fn finished(self: Box<Self>, message: Finished, raw: &[u8], cx: &mut Common) -> Then {
        let Self { mut resumed, schedule, sealing, given } = *self;
        let finished = resumed.agreed.check_finished(Side::Server, &schedule, (&message, raw))?;
        let aligned = cx.channel.aligned()?;
        let again = resumed.agreed.info.peer.as_ref().filter(|_| resumed.config.reverifies);
        let again = again.map(|verified| verified.peer().clone());
        let proven = Proven { resumed, schedule, sealing, given, proofs: (finished, aligned) };
        match again {
            Some(presented) => Ok(judge(presented, Judged::Resumed(Box::new(proven)))),
            None => Ok(proven.finish(cx)),
        }
    }
}

/// The server proved that it holds the session; only our Finished is missing.
#[derive(Debug)]
pub(super) struct Proven {
    resumed: Resumed,
    schedule: KeySchedule,
    sealing: RecordSealKey,
    given: Given,
    proofs: (FinishedVerified, Aligned),
}

impl Proven {
    /// The server was verified once more, at the time of now.
    pub(super) fn reverified(mut self, verified: VerifiedPeer, cx: &mut Common) -> Next<Client> {
        self.resumed.agreed.info.peer = Some(verified);
        self.finish(cx)
    }

    fn finish(self, cx: &mut Common) -> Next<Client> {
        let Self { resumed: Resumed { config, mut agreed, offered, .. }, schedule, sealing, given, proofs } =
            self;
        agreed.finish(Side::Client, &schedule, sealing, (&mut cx.channel, &mut cx.out));
        // R26: only now does a renewed ticket count.
        let session = match given.ticket {
            Some((ticket, hint)) => offered.session.renewed(ticket, hint, cx.now).ok(),
            None => Some(offered.session),
        };
        let settings = &config.settings;
        let renegotiation = settings.renegotiation;
        let facts = Box::new(agreed.facts(settings, Side::Client, schedule));
        Next::Done(Complete { facts, renegotiation, proofs, session })
    }
}
