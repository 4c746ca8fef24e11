//! What is tried at one address, one file for each kind.

pub(crate) mod binding;
pub(crate) mod client_auth;
pub(crate) mod closing;
pub(crate) mod cross;
pub(crate) mod expire;
pub(crate) mod fresh;
pub(crate) mod replay;
pub(crate) mod rules;
pub(crate) mod tickets;

use std::sync::Arc;

use super::{
    client::{Offer, Seen, Session, Trouble, random},
    site::Site,
    tally::Tally,
};

/// By what a session is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Ticket,
    Id,
}

/// The most tries where a session is resumed on some nodes only.
const NODE_TRIES: u32 = 4;
/// The most connections of [`repeated`].
pub(crate) const MOST_TRIES: u32 = NODE_TRIES + 1;

/// A session that is resumed at this address, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    pub(crate) by: By,
    pub(crate) session: Arc<Session>,
    rate: Rate,
}

/// How often a session is resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rate {
    /// Always, or so rarely not that this many tries will do.
    Often { tries: u32 },
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
            (false, _) => Rate::Often { tries: tries(fixed) },
        };
        Some(Self { by, session, rate })
    }

    /// The session, or another one like it where each is good for one try.
    pub(crate) async fn session(&self, site: &mut Site) -> Result<Arc<Session>, Trouble> {
        match self.rate {
            Rate::Often { .. } => Ok(self.session.clone()),
            Rate::Once => site.call(&self.by.asks(site.plain())).await.map(|seen| seen.session),
        }
    }

    /// Offers the session with something changed, as often as it takes to meet a node that knows it. The last result is
    /// the one that says something.
    pub(crate) async fn ask(
        &self,
        site: &mut Site,
        change: impl Fn(Offer, &Arc<Session>) -> Result<Offer, Trouble>,
    ) -> Result<Seen, Trouble> {
        let session = self.session(site).await?;
        let offer = change(self.by.offers(site.plain(), &session)?, &session)?;
        repeated(site, &offer, self.tries()).await
    }

    pub(crate) fn tries(&self) -> u32 {
        match self.rate {
            Rate::Often { tries } => tries,
            Rate::Once => 1,
        }
    }
}

/// Says the same up to so many times: until the server resumes, or refuses. What only failed is tried again too, and a
/// connection that is lost without a word is no answer before it is lost twice.
pub(crate) async fn repeated(site: &mut Site, offer: &Offer, tries: u32) -> Result<Seen, Trouble> {
    let mut result = site.call(offer).await;
    if matches!(result, Err(Trouble::Gone(_))) {
        result = site.call(offer).await;
    }
    for _ in 1..tries {
        match &result {
            Ok(seen) if seen.is_resumed() => break,
            Err(trouble) if trouble.is_refusal() => break,
            Ok(_) | Err(_) => {}
        }
        let next = site.call(offer).await;
        // A full handshake says more than a failure.
        if next.is_ok() || result.is_err() {
            result = next;
        }
    }
    result
}

/// How many tries miss every node that resumes with a chance of 5 % at most, as far as [`NODE_TRIES`] go.
fn tries(fixed: &Tally) -> u32 {
    if fixed.is_all() {
        return 1;
    }
    let miss = 1.0 - f64::from(fixed.resumed) / f64::from(fixed.completed.max(1));
    (1..NODE_TRIES).find(|tries| miss.powi(i32::try_from(*tries).unwrap_or(1)) <= 0.05).unwrap_or(NODE_TRIES)
}
