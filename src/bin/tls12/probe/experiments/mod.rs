//! What is tried at one address, one file for each kind.

pub(crate) mod binding;
pub(crate) mod client_auth;
pub(crate) mod closing;
pub(crate) mod cross;
pub(crate) mod expire;
pub(crate) mod fresh;
mod reach;
pub(crate) mod replay;
pub(crate) mod rules;
pub(crate) mod tickets;

use std::sync::Arc;

use self::reach::Answers;
pub(crate) use self::reach::Reach;
use super::{
    client::{Offer, Seen, Session, Trouble, random},
    facts::key_name,
    site::Site,
    tally::Tally,
};

/// By what a session is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Ticket,
    Id,
}

/// The most connections of [`repeated`].
pub(crate) const MOST_TRIES: u32 = reach::MOST;

/// A session that is resumed at this address, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    pub(crate) by: By,
    pub(crate) session: Arc<Session>,
    rate: Rate,
}

/// How often a session is resumed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rate {
    /// As often as it is offered, where it meets a node that knows it.
    Again(Reach),
    /// Once: every try needs a session of its own.
    Once,
}

impl By {
    /// A hello without a session, which asks for one of this kind.
    pub(crate) fn asks(self, plain: Offer) -> Offer {
        match self {
            Self::Ticket => plain,
            Self::Id => plain.without_ticket(),
        }
    }

    /// A hello with this session.
    pub(crate) fn offers(self, plain: Offer, session: &Arc<Session>) -> Result<Offer, Trouble> {
        Ok(match self {
            Self::Ticket => plain.with_ticket(session, random::<32>()?.to_vec()),
            Self::Id => plain.with_id(session),
        })
    }

    /// Whether a handshake left something that can be offered.
    pub(crate) fn is_given(self, seen: &Seen) -> bool {
        match self {
            Self::Ticket => !seen.session.ticket.is_empty(),
            Self::Id => !seen.session.session_id.is_empty(),
        }
    }

    /// Several of them, for a person.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Ticket => "tickets",
            Self::Id => "session IDs",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::Id => "id",
        }
    }
}

impl Bench {
    /// A session that was replayed with this result; `None` if it is not resumed often enough to try anything with it.
    pub(crate) fn new(by: By, session: Arc<Session>, fixed: &Tally, is_single_use: bool) -> Option<Self> {
        let rate = match (is_single_use, fixed.resumed) {
            (true, _) => Rate::Once,
            (false, 0) => return None,
            (false, _) => Rate::Again(Reach::of(fixed)),
        };
        Some(Self { by, session, rate })
    }

    /// The session, or another one like it where a try may use it up: each is good for one, or a fatal alert takes it out
    /// of the server's cache (RFC 5246, 7.2.2), as it takes back no ticket.
    pub(crate) async fn session(&self, site: &mut Site) -> Result<Arc<Session>, Trouble> {
        match (self.rate, self.by) {
            (Rate::Again(_), By::Ticket) => Ok(self.session.clone()),
            (Rate::Once, _) | (_, By::Id) => {
                site.call(&self.by.asks(site.plain())).await.map(|seen| seen.session)
            }
        }
    }

    /// Offers the session with something changed, as often as it takes to meet a node that knows it.
    pub(crate) async fn ask(
        &self,
        site: &mut Site,
        change: impl Fn(Offer, &Arc<Session>) -> Result<Offer, Trouble>,
    ) -> Result<Seen, Trouble> {
        let session = self.session(site).await?;
        let offer = change(self.by.offers(site.plain(), &session)?, &session)?;
        repeated(site, &offer, self.reach()).await
    }

    /// Which nodes know such a session.
    pub(crate) fn reach(&self) -> Reach {
        match self.rate {
            Rate::Again(reach) => reach,
            Rate::Once => Reach::Every,
        }
    }
}

/// Says the same until it is sure what the answer is, and a node answered that knows the session.
pub(crate) async fn repeated(site: &mut Site, offer: &Offer, reach: Reach) -> Result<Seen, Trouble> {
    if reach == Reach::Every {
        return sure(site, offer).await;
    }
    let mut answers = Answers::new(reach);
    loop {
        let result = match site.call(offer).await {
            // A refusal by one of many nodes cannot be told from one that is no answer.
            Err(trouble) if trouble.is_refusal() && site.noise.is_heard() => Err(Trouble::Noise),
            result => result,
        };
        if let Some(told) = answers.add(result, knows(site, offer)) {
            return told;
        }
    }
}

/// The answer to this: refused is what is refused more often than others fail here.
async fn sure(site: &mut Site, offer: &Offer) -> Result<Seen, Trouble> {
    let mut refusals = 0;
    loop {
        let result = site.call(offer).await;
        match &result {
            Err(trouble) if trouble.is_refusal() => refusals += 1,
            Ok(_) | Err(_) => return result,
        }
        match site.noise.refusals() {
            Some(needed) if refusals < needed => {}
            Some(_) => return result,
            None => return Err(Trouble::Noise),
        }
    }
}

/// Tells of a full handshake whether the node has the key of the ticket that was offered: its own has the same name.
fn knows(site: &Site, offer: &Offer) -> impl Fn(&Seen) -> bool + use<> {
    let named = !site.facts.key_names().is_empty();
    let ours = offer.sessions.first().and_then(|session| key_name(&session.ticket)).filter(|_| named);
    move |seen| {
        let theirs = seen.ticket.as_ref().and_then(|(ticket, _)| key_name(ticket));
        ours.is_some() && ours == theirs
    }
}
