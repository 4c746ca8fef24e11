//! For how long a session lives, by waiting.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::By;
use crate::probe::{
    client::{Session, Trouble},
    facts::key_name,
    site::Site,
};

/// How many steps the first round takes at most: each waits for twice as long as the one before.
const DOUBLINGS: u32 = 20;
/// Into how many parts the second round divides what the first one left open.
const PARTS: u32 = 8;
/// The first wait.
const FIRST: Duration = Duration::from_secs(1);

/// The most connections for one way to offer a session: to make the sessions of both rounds, to offer them, and to see
/// under which key tickets are made meanwhile.
pub(crate) const MOST: u32 = 3 * (DOUBLINGS + PARTS);

/// For how long sessions are resumed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Lifetime {
    /// `ticket` or `id`.
    pub(crate) by: &'static str,
    /// The longest time after which a session was still resumed, in seconds.
    pub(crate) at_least: f64,
    /// The shortest after which one was not; nothing if all that were waited for were resumed.
    pub(crate) at_most: Option<f64>,
    /// The names of ticket keys that were seen in this time, in their order; nothing for IDs.
    pub(crate) key_names: Vec<String>,
    /// Why it could not be told, if it could not.
    pub(crate) failure: Option<String>,
}

/// Waits for up to `longest`, at most twice.
pub(crate) async fn run(site: &mut Site, by: By, longest: Duration) -> Lifetime {
    let named = !site.facts.key_names().is_empty();
    let (what, seconds) = (by.plural(), longest.as_secs_f64());
    site.say(&format!("waiting for {what} to expire, for at most twice {seconds} s"));
    let mut waiting = Waiting { by, named, key_names: Vec::new() };
    let result = waiting.bisect(site, longest).await;
    let (bounds, failure) = match result {
        Ok(bounds) => (bounds, None),
        Err(trouble) => ((Duration::ZERO, None), Some(trouble.to_string())),
    };
    Lifetime {
        by: by.name(),
        at_least: bounds.0.as_secs_f64(),
        at_most: bounds.1.map(|time| time.as_secs_f64()),
        // Names that never come twice are no names.
        key_names: if waiting.named { waiting.key_names } else { Vec::new() },
        failure,
    }
}

/// What is known: resumed after so long, and not after so long.
type Bounds = (Duration, Option<Duration>);

struct Waiting {
    by: By,
    /// Whether tickets begin with the name of their key.
    named: bool,
    key_names: Vec<String>,
}

impl Waiting {
    async fn bisect(&mut self, site: &mut Site, longest: Duration) -> Result<Bounds, Trouble> {
        let doubling = (0..DOUBLINGS).map(|step| FIRST * 2_u32.pow(step)).take_while(|time| *time < longest);
        let times: Vec<_> = doubling.chain([longest]).collect();
        let (low, high) = self.round(site, &times).await?;
        let Some(high) = high else { return Ok((low, None)) };
        // What is left is divided by sessions of the same age, so that it takes no longer than the first failure did.
        let part = high.saturating_sub(low) / PARTS;
        if part < FIRST / 4 {
            return Ok((low, Some(high)));
        }
        let times: Vec<_> = (1..PARTS).map(|n| low + part * n).collect();
        let (better_low, better_high) = self.round(site, &times).await?;
        Ok((low.max(better_low), Some(better_high.unwrap_or(high))))
    }

    /// Makes a session for each of these times, and offers each when its time has come, up to the first that is not
    /// resumed: an offer may prolong the life of the session that it offers.
    async fn round(&mut self, site: &mut Site, times: &[Duration]) -> Result<Bounds, Trouble> {
        let mut sessions = Vec::new();
        for time in times {
            let begun = Instant::now();
            sessions.push((*time, begun, self.make(site).await?, Instant::now()));
        }
        let mut low = Duration::ZERO;
        for (time, begun, session, made) in sessions {
            let age = time.as_secs_f64();
            site.say(&format!("{} are offered after {age:.1} s next", self.by.plural()));
            sleep_until(made + time).await;
            // Another one shows the key of this time.
            self.make(site).await?;
            let offer = self.by.offers(site.plain(), &session)?;
            // When exactly the server made it, and looks at it, is not known.
            let at_least = made.elapsed();
            match site.call(&offer).await?.is_resumed() {
                true => low = at_least,
                false => return Ok((low, Some(begun.elapsed()))),
            }
        }
        Ok((low, None))
    }

    async fn make(&mut self, site: &mut Site) -> Result<Arc<Session>, Trouble> {
        let seen = site.call(&self.by.asks(site.plain())).await?;
        if !self.by.is_given(&seen) {
            return Err(Trouble::Unexpected("the server gave no session any more".into()));
        }
        if let Some(name) = seen.ticket.as_ref().and_then(|(ticket, _)| key_name(ticket))
            && self.key_names.last() != Some(&name)
        {
            self.key_names.push(name);
        }
        Ok(seen.session)
    }
}
