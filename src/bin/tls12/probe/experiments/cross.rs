//! Whether an address resumes what another one made.

use std::sync::Arc;

use serde::Serialize;

use super::{Bench, By};
use crate::probe::{
    client::Session,
    site::Site,
    tally::{Tally, Try},
};

/// How often a session is offered at another address.
const TRIES: u32 = 3;

/// The most connections to one of so many addresses: a session of each other one, of both kinds; and as many to make
/// sessions where each is good for one use.
pub(crate) const fn most(addresses: u32) -> u32 {
    2 * 2 * TRIES * addresses.saturating_sub(1)
}

/// Whether two addresses resume each other's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shares {
    /// Every offer was resumed.
    Yes,
    /// Some were.
    Partly,
    /// None was.
    No,
    /// There was nothing to offer, or every try failed.
    Unknown,
}

/// What happened to sessions of one address at another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Crossing {
    pub(crate) from: String,
    pub(crate) to: String,
    /// `ticket` or `id`.
    pub(crate) by: &'static str,
    pub(crate) shares: Shares,
    pub(crate) tally: Tally,
}

/// One of the addresses with what was found there.
pub(crate) struct Place {
    pub(crate) site: Site,
    /// A session of each kind that is resumed there.
    pub(crate) benches: Vec<Bench>,
    /// A session of each kind that was given there, resumed or not.
    pub(crate) given: Vec<(By, Arc<Session>)>,
}

/// Offers a session of every address at every other one.
pub(crate) async fn run(places: &mut [Place]) -> Vec<Crossing> {
    let mut crossings = Vec::new();
    for by in [By::Ticket, By::Id] {
        for from in 0..places.len() {
            for to in (0..places.len()).filter(|to| *to != from) {
                crossings.extend(crossing(places, (from, to), by).await);
            }
        }
    }
    crossings
}

async fn crossing(places: &mut [Place], (from, to): (usize, usize), by: By) -> Option<Crossing> {
    let mut tries = Vec::new();
    for _ in 0..TRIES {
        let session = session(places.get_mut(from)?, by).await?;
        let site = &mut places.get_mut(to)?.site;
        let outcome = match by.offers(site.plain(), &session) {
            Ok(offer) => site.call(&offer).await,
            Err(trouble) => Err(trouble),
        };
        tries.push(Try::of(&outcome));
    }
    let tally = Tally::of(&tries);
    let shares = match () {
        () if tally.completed == 0 => Shares::Unknown,
        () if tally.is_all() => Shares::Yes,
        () if tally.resumed > 0 => Shares::Partly,
        () => Shares::No,
    };
    let name = |place: usize| places.get(place).map(|place| place.site.address.to_string());
    Some(Crossing { from: name(from)?, to: name(to)?, by: by.name(), shares, tally })
}

/// A session to offer elsewhere, or none if the address gives none.
async fn session(place: &mut Place, by: By) -> Option<Arc<Session>> {
    match place.benches.iter().find(|bench| bench.by == by).cloned() {
        Some(bench) => bench.session(&mut place.site).await.ok(),
        // What is not resumed where it was made may be resumed elsewhere.
        None => place.given.iter().find(|(each, _)| *each == by).map(|(_, session)| session.clone()),
    }
}
