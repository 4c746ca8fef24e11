//! Everything that is tried at one address, in its order.

use std::time::Duration;

use super::{
    client::Trouble,
    experiments::{
        By, binding, client_auth, closing,
        cross::Place,
        expire::{self, Lifetime},
        fresh::{self, Fresh, Nothing},
        replay::{self, Replayed, Verdict},
        rules::Row,
        tickets,
    },
    ladder::{Ladder, Outcome},
    site::{Allowed, Site},
};

/// What was found at one address.
pub(crate) struct Examined {
    pub(crate) fresh: Result<Fresh, Nothing>,
    /// Of a full handshake, and of one with a session by each way.
    pub(crate) ladders: Vec<Ladder>,
    pub(crate) ticket: Option<Replayed>,
    pub(crate) id: Option<Replayed>,
    pub(crate) rows: Vec<Row>,
    pub(crate) lifetimes: Vec<Lifetime>,
}

/// How many tries may be closed without a word by a server that serves others, beside as many as a session is offered.
const CONTROLS: u32 = 64;

/// How much is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// How often a session is offered.
    pub(crate) count: u32,
    /// How long to wait for sessions to expire, if at all.
    pub(crate) expire: Option<Duration>,
}

impl Extent {
    /// How many connections there may be to one of so many addresses.
    pub(crate) fn allowed(self, addresses: u32) -> Allowed {
        let by = replay::most(self.count) + closing::MOST + binding::MOST + client_auth::MOST;
        let expire = if self.expire.is_some() { 2 * expire::MOST } else { 0 };
        // Of the pairs in the cross product, one end is this address; sessions of one use are made at the other.
        let cross = super::experiments::cross::most(addresses);
        let controls = CONTROLS + self.count;
        Allowed { most: fresh::MOST + 2 * by + tickets::MOST + cross + expire + controls, controls }
    }
}

/// Tries all of it. What was found goes with the address, for what is tried between addresses.
pub(crate) async fn run(mut site: Site, extent: Extent) -> (Place, Examined) {
    let fresh = match fresh::run(&mut site).await {
        Ok(fresh) => fresh,
        Err(nothing) => {
            let place = Place { site, benches: Vec::new(), given: Vec::new() };
            let ladders = place.site.ladder(Outcome::Failed, None).into_iter().collect();
            let (rows, lifetimes) = (Vec::new(), Vec::new());
            return (
                place,
                Examined { fresh: Err(nothing), ladders, ticket: None, id: None, rows, lifetimes },
            );
        }
    };
    let ticket = replayed(&mut site, By::Ticket, &fresh, extent.count).await;
    let id = replayed(&mut site, By::Id, &fresh, extent.count).await;
    let mut rows = Vec::new();
    if let Some(bench) = &ticket.bench {
        rows.extend(tickets::run(&mut site, bench, &id, &fresh).await);
    }
    let benches: Vec<_> = [&ticket, &id].iter().filter_map(|path| path.bench.clone()).collect();
    for bench in &benches {
        if let Some(first) = fresh.given(bench.by) {
            rows.extend(binding::run(&mut site, bench, first).await);
            rows.push(client_auth::run(&mut site, bench, first).await);
            rows.extend(closing::run(&mut site, bench).await);
        }
    }
    let given = [By::Ticket, By::Id].into_iter();
    let given = given.filter_map(|by| Some((by, fresh.given(by)?.session.clone()))).collect();
    let place = Place { site, benches, given };
    let ladders = [&fresh.ladder, &ticket.ladder, &id.ladder].into_iter().flatten().cloned().collect();
    let (ticket, id, lifetimes) = (Some(ticket), Some(id), Vec::new());
    (place, Examined { fresh: Ok(fresh), ladders, ticket, id, rows, lifetimes })
}

async fn replayed(site: &mut Site, by: By, fresh: &Fresh, count: u32) -> Replayed {
    match (fresh.given(by), fresh.failure(by)) {
        (Some(given), _) => replay::run(site, by, given, count).await,
        (None, None) => Replayed::not_offered(),
        (None, Some(why)) => Replayed::could_not_tell(why),
    }
}

/// Waits for what is resumed every time to be resumed no more.
pub(crate) async fn wait(place: &mut Place, examined: &mut Examined, longest: Duration) {
    for (by, path) in [(By::Ticket, &examined.ticket), (By::Id, &examined.id)] {
        let is_sure = path
            .as_ref()
            .is_some_and(|path| matches!(path.verdict, Verdict::Works | Verdict::RenewedEachTime));
        if is_sure {
            let longest = longest.min(hint(examined, by).unwrap_or(longest));
            examined.lifetimes.push(expire::run(&mut place.site, by, longest).await);
        }
    }
}

/// For how long the server says that its tickets live, with a little more to see them end.
fn hint(examined: &Examined, by: By) -> Option<Duration> {
    let fresh = examined.fresh.as_ref().ok()?;
    match (by, fresh.given(by)?.ticket.as_ref()) {
        (By::Ticket, Some((_, hint @ 1..))) => Some(Duration::from_secs(u64::from(*hint) + 2)),
        _ => None,
    }
}

impl Nothing {
    /// Whether no connection came about.
    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self, Self::Failed(trouble) if trouble.is_about_connecting())
    }

    /// Why no handshake succeeded.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::OnlyTls13 => None,
            Self::Failed(trouble) => Some(trouble.clone()),
        }
    }

    /// In a sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::OnlyTls13 => {
                "it speaks TLS 1.3 and not TLS 1.2, so that there is nothing to examine here".into()
            }
            Self::Failed(trouble) if trouble.is_about_version() => {
                format!("it does not speak TLS 1.2: {trouble}")
            }
            Self::Failed(trouble) => trouble.to_string(),
        }
    }
}
