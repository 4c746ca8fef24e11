//! Full handshakes, as a client makes them that was never here.

use super::By;
use crate::probe::{
    client::{Seen, Trouble, random},
    ladder::{Ladder, Outcome},
    site::Site,
};

/// How many handshakes ask for a ticket, and how many do not.
const WITH: u32 = 4;
const WITHOUT: u32 = 3;

/// How often the first one is tried again.
const AGAIN: u32 = 3;

/// The most connections: each kind, some more if the first fails, and one with TLS 1.3.
pub(crate) const MOST: u32 = WITH + WITHOUT + AGAIN + 1;

/// What came of them.
pub(crate) struct Fresh {
    /// Those that asked for a ticket; not empty.
    pub(crate) with: Vec<Seen>,
    /// Those that did not.
    pub(crate) without: Vec<Seen>,
    /// Why some failed.
    pub(crate) failures: Vec<Trouble>,
    /// The first one of `with`, drawn.
    pub(crate) ladder: Option<Ladder>,
}

/// Why there is nothing to examine.
#[derive(Debug)]
pub(crate) enum Nothing {
    /// No handshake succeeded.
    Failed(Trouble),
    /// The server speaks TLS 1.3 and not TLS 1.2.
    OnlyTls13,
}

impl Fresh {
    /// Why no handshake succeeded that asks for this, if none did.
    pub(crate) fn failure(&self, by: By) -> Option<&Trouble> {
        let seen = match by {
            By::Ticket => &self.with,
            By::Id => &self.without,
        };
        self.failures.first().filter(|_| seen.is_empty())
    }

    /// A handshake that left something to offer.
    pub(crate) fn given(&self, by: By) -> Option<&Seen> {
        let seen = match by {
            By::Ticket => &self.with,
            By::Id => &self.without,
        };
        seen.iter().find(|seen| by.is_given(seen))
    }
}

/// Makes them.
pub(crate) async fn run(site: &mut Site) -> Result<Fresh, Nothing> {
    let plain = site.plain();
    let first = match site.call(&plain).await {
        Ok(seen) => seen,
        Err(trouble) if trouble.is_about_version() => return Err(newer(site, trouble).await),
        Err(trouble) => again(site, trouble).await.map_err(Nothing::Failed)?,
    };
    let ladder = site.ladder(Outcome::Full, None);
    let mut fresh = Fresh { with: vec![first], without: Vec::new(), failures: Vec::new(), ladder };
    for number in 1..WITH + WITHOUT {
        let by = if number < WITH { By::Ticket } else { By::Id };
        match (site.call(&by.asks(plain.clone())).await, by) {
            (Ok(seen), By::Ticket) => fresh.with.push(seen),
            (Ok(seen), By::Id) => fresh.without.push(seen),
            (Err(trouble), _) => fresh.failures.push(trouble),
        }
    }
    Ok(fresh)
}

/// The first handshake, tried again: more than once where somebody answers, for it may be a node that is dead.
async fn again(site: &mut Site, first: Trouble) -> Result<Seen, Trouble> {
    let tries = if first.is_silence() { 1 } else { AGAIN };
    let mut last = first;
    for _ in 0..tries {
        match site.call(&site.plain()).await {
            Ok(seen) => return Ok(seen),
            Err(trouble) => last = trouble,
        }
    }
    Err(last)
}

/// Whether it is TLS 1.3 that the server speaks instead.
async fn newer(site: &mut Site, trouble: Trouble) -> Nothing {
    let Ok(share) = random::<32>() else { return Nothing::Failed(trouble) };
    match site.call(&site.plain().for_tls13(&share)).await {
        Err(Trouble::Version(tls12::wire::ProtocolVersion::TLS1_3)) => Nothing::OnlyTls13,
        Ok(_) | Err(_) => Nothing::Failed(trouble),
    }
}
