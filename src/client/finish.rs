//! The end of a full handshake: both sides change their keys and prove that they saw the same messages.

use alloc::boxed::Box;

use super::{
    config::ClientConfig,
    full::{Full, Then, wait},
    offer::{Given, identity},
    states::{Awaiting, Client},
};
use crate::{
    connection::SessionInfo,
    crypto::{Label, RecordOpenKey},
    handshake::{Agreed, Aligned, Common, Complete, Keys, Next},
    pki::Leaf,
    schedule::{MasterSecret, Side},
    session::{ClientSession, ClientSessionParts, ClientToken, Lineage, SessionPeer, TicketSent},
    wire::{Finished, NewSessionTicket},
};

/// Appends our ChangeCipherSpec and Finished, and waits for the server's [NewSessionTicket,] ChangeCipherSpec and
/// Finished.
pub(super) fn finish(mut full: Full, keys: Keys<MasterSecret>, cx: &mut Common) -> Then {
    let Keys { master, sealing, opening } = keys;
    full.agreed.finish(Side::Client, master.schedule(), sealing, (&mut cx.channel, &mut cx.out));
    let promised = full.ticket_promised;
    let state = FullAwaitCcs { full, master, opening };
    wait(match promised {
        true => Awaiting::FullTicket(Box::new(FullAwaitTicket(state))),
        false => Awaiting::FullCcs(Box::new(state)),
    })
}

/// A ticket came: it is in the Finished hash (R14), and kept for later.
pub(super) fn received_ticket(
    agreed: &mut Agreed,
    given: &mut Given,
    message: NewSessionTicket<'_>,
    raw: &[u8],
) {
    agreed.transcript.add(raw);
    match message.ticket {
        [] => agreed.info.ticket = TicketSent::Empty,
        ticket => {
            agreed.info.ticket = TicketSent::Issued;
            given.ticket = Some((ticket.to_vec(), message.lifetime_hint));
        }
    }
}

/// A ticket was promised (R14).
#[derive(Debug)]
pub(crate) struct FullAwaitTicket(FullAwaitCcs);

impl FullAwaitTicket {
    pub(super) fn new_session_ticket(self, message: NewSessionTicket<'_>, raw: &[u8]) -> Next<Client> {
        let Self(mut state) = self;
        received_ticket(&mut state.full.agreed, &mut state.full.given, message, raw);
        Next::Await(Awaiting::FullCcs(Box::new(state)))
    }
}

/// The server's keys change next.
#[derive(Debug)]
pub(crate) struct FullAwaitCcs {
    full: Full,
    master: MasterSecret,
    opening: RecordOpenKey,
}

impl FullAwaitCcs {
    pub(super) fn change_cipher_spec(self, aligned: Aligned, cx: &mut Common) -> Next<Client> {
        let Self { full, master, opening } = self;
        cx.channel.protect_reading(opening, aligned);
        Next::Await(Awaiting::FullFinished(Box::new(FullAwaitFinished { full, master })))
    }
}

/// The server's Finished is next, under its new keys.
#[derive(Debug)]
pub(crate) struct FullAwaitFinished {
    full: Full,
    master: MasterSecret,
}

impl FullAwaitFinished {
    pub(super) fn finished(self, message: Finished, raw: &[u8], cx: &mut Common) -> Then {
        let Self { full: Full { config, mut agreed, given, .. }, master } = self;
        let finished = agreed.check_finished(Side::Server, master.schedule(), (&message, raw))?;
        let aligned = cx.channel.aligned()?;
        // R13: only now is there a session to keep.
        let session = session(&config, &agreed, given, &master, cx);
        agreed.info.session = session.as_ref().map(|session| SessionInfo {
            lineage: session.lineage(),
            authenticated_at: session.authenticated_at(),
            key_name: None,
            application_data: alloc::vec::Vec::new(),
        });
        let settings = &config.settings;
        let renegotiation = settings.renegotiation;
        let facts = Box::new(agreed.facts(settings, Side::Client, master.into_schedule()));
        Ok(Next::Done(Complete { facts, renegotiation, proofs: (finished, aligned), session }))
    }
}

/// The session of this handshake, if the server gave something to resume it with. A session without the extended
/// master secret is not resumed, so it is not kept either, unless the configuration says so by name (R11).
fn session(
    config: &ClientConfig,
    agreed: &Agreed,
    given: Given,
    master: &MasterSecret,
    cx: &Common,
) -> Option<ClientSession> {
    let info = &agreed.info;
    let token = match given {
        // R25: a client that got a ticket discards the session ID.
        Given { ticket: Some((ticket, lifetime_hint)), .. } => ClientToken::Ticket { ticket, lifetime_hint },
        Given { session_id, .. } if !session_id.is_empty() => ClientToken::SessionId(session_id),
        Given { .. } => return None,
    };
    let presented = info.peer.as_ref()?.peer();
    let chain = presented.chain.clone();
    let not_after = Leaf::parse(chain.first()?).ok()?.not_after();
    let now = cx.now.as_secs();
    let parts = ClientSessionParts {
        server: identity(info.server_name.as_ref()?).into_owned(),
        trust: config.bound_to,
        token,
        suite: agreed.suite.id,
        master_secret: master.secret().duplicate(),
        extended_master_secret: info.extended_master_secret,
        received_at: now,
        authenticated_at: now,
        lineage: Lineage(cx.seed.draw_public(Label::Lineage)),
        alpn: info.alpn.clone(),
        peer: Some(SessionPeer { chain, not_after }),
        peer_scheme: info.peer_scheme,
        group: info.group,
        ocsp: presented.ocsp.clone().filter(|ocsp| ocsp.len() <= usize::from(u16::MAX)),
    };
    let keeps = info.extended_master_secret || config.keeps_without_extended_master_secret;
    keeps.then(|| ClientSession::new(parts).ok()).flatten()
}
