//! The same session again and again, and a chain that takes what is new.

use std::sync::Arc;

use serde::Serialize;

use super::{Bench, By};
use crate::probe::{
    client::{Ending, Offer, Seen, Session, Trouble},
    ladder::{Ladder, Outcome},
    site::Site,
    tally::{Tally, Try},
};

/// How often a session is made and used twice, to be sure: one that seems to be good for one use, or one that seems to
/// be lost with its connection.
const ROUNDS: u32 = 3;

/// How often one of these is tried if it fails.
const TRIES: u32 = 3;

/// The most connections with this count: a fixed session, a chain that begins with a handshake, the rounds.
pub(crate) const fn most(count: u32) -> u32 {
    2 * count + TRIES + 2 * ROUNDS * (2 * TRIES + 1)
}

/// Whether resumption works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// A session is resumed as often as it is offered.
    Works,
    /// The same, and every time a new ticket comes.
    RenewedEachTime,
    /// Some nodes or processes resume it, others do not.
    WorksOnSomeNodes,
    /// It is resumed while the connection that made it lasts.
    WhileConnected,
    /// One session never is, others are now and then: soon after they were made, or where the right node is met.
    NowAndThen,
    /// It is resumed once.
    SingleUse,
    /// It is resumed once, and what comes then is resumed once, and so on.
    OnlyAsChain,
    /// The server gives sessions and resumes none.
    DoesNotWork,
    /// The server gives nothing that could be offered.
    NotOffered,
    /// Too many tries failed.
    CouldNotTell,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) verdict: Verdict,
    /// One session, the same every time.
    pub(crate) fixed: Tally,
    /// Each time the newest session: the first one, or what the server gave when that was offered.
    pub(crate) chain: Tally,
    /// The first handshake that was resumed, drawn; or what came where none was.
    pub(crate) ladder: Option<Ladder>,
    /// To go on with.
    pub(crate) bench: Option<Bench>,
}

impl Replayed {
    /// The server gave nothing.
    pub(crate) fn not_offered() -> Self {
        Self::without(Verdict::NotOffered, &[])
    }

    /// No handshake succeeded that asked for something.
    pub(crate) fn could_not_tell(why: &Trouble) -> Self {
        Self::without(Verdict::CouldNotTell, &[Try::Failed(why.to_string())])
    }

    fn without(verdict: Verdict, tries: &[Try]) -> Self {
        let (fixed, chain) = (Tally::of(tries), Tally::of(&[]));
        Self { verdict, fixed, chain, ladder: None, bench: None }
    }
}

/// Offers a session that a full handshake left.
pub(crate) async fn run(site: &mut Site, by: By, given: &Seen, count: u32) -> Replayed {
    let session = given.session.clone();
    let (mut ladder, mut tries) = (None, Vec::new());
    for _ in 0..count {
        let result = offer(site, by, &session).await;
        tries.push(Try::of(&result));
        ladder = telling(ladder, site, by, &result);
        if matches!(result, Err(Trouble::Silence)) {
            break;
        }
    }
    let fixed = Tally::of(&tries);
    if fixed.resumed > 0 {
        site.noise.add(fixed.completed + fixed.failed, fixed.failed);
    }
    let chain = if fixed.completed > 0 { chain(site, by, count).await } else { Tally::of(&[]) };
    let verdict = match judge(&fixed, &chain) {
        Verdict::SingleUse if !is_single_use(site, by).await => Verdict::WorksOnSomeNodes,
        Verdict::NowAndThen | Verdict::DoesNotWork => lasting(site, by, chain.resumed).await,
        verdict => verdict,
    };
    let is_single_use = matches!(verdict, Verdict::SingleUse | Verdict::OnlyAsChain);
    let bench = Bench::new(by, session, &fixed, is_single_use);
    Replayed { verdict, fixed, chain, ladder, bench }
}

/// The ladder that says more: the one so far, or that of the last try.
fn telling(so_far: Option<Ladder>, site: &Site, by: By, result: &Result<Seen, Trouble>) -> Option<Ladder> {
    let outcome = match result {
        Ok(seen) if seen.is_resumed() => Outcome::Resumed,
        Ok(_) => Outcome::Refused,
        Err(_) => Outcome::Failed,
    };
    match so_far {
        Some(ladder) if ladder.outcome <= outcome => Some(ladder),
        so_far => site.ladder(outcome, Some(by)).or(so_far),
    }
}

async fn offer(site: &mut Site, by: By, session: &Arc<Session>) -> Result<Seen, Trouble> {
    let offer = by.offers(site.plain(), session)?;
    site.call(&offer).await
}

/// Offers the newest session each time, whether it came in a full handshake or as a renewal.
async fn chain(site: &mut Site, by: By, count: u32) -> Tally {
    let mut tries = Vec::new();
    let mut last = made(site, &by.asks(site.plain())).await.map(|seen| seen.session);
    for _ in 0..count {
        let Some(session) = &last else { break };
        let result = offer(site, by, session).await;
        tries.push(Try::of(&result));
        if let Ok(seen) = result
            && by.is_given(&seen)
        {
            last = Some(seen.session);
        }
    }
    Tally::of(&tries)
}

/// A handshake that makes a session, tried again if it fails.
async fn made(site: &mut Site, asking: &Offer) -> Option<Seen> {
    for _ in 0..TRIES {
        if let Ok(seen) = site.call(asking).await {
            return Some(seen);
        }
    }
    None
}

/// Whether a session is resumed, tried again if that fails; `None` if it fails every time.
async fn is_resumed(site: &mut Site, by: By, session: &Arc<Session>) -> Option<bool> {
    for _ in 0..TRIES {
        if let Ok(seen) = offer(site, by, session).await {
            return Some(seen.is_resumed());
        }
    }
    None
}

/// Whether a new session is resumed at once and then not again, as far as that is answered.
async fn is_single_use(site: &mut Site, by: By) -> bool {
    for _ in 0..ROUNDS {
        let asking = by.asks(site.plain());
        let Some(seen) = made(site, &asking).await else { continue };
        let first = is_resumed(site, by, &seen.session).await;
        let second = is_resumed(site, by, &seen.session).await;
        if first == Some(false) || second == Some(true) {
            return false;
        }
    }
    true
}

/// Of sessions that are not resumed again: whether they are before the connection that made them ends, and never after.
/// Where no session was resumed at once either, one round is enough.
async fn lasting(site: &mut Site, by: By, at_once: u32) -> Verdict {
    let (mut lost, mut kept) = (0, 0);
    // Some of them may not come about.
    for _ in 0..2 * ROUNDS {
        let asking = Offer { ending: Ending::Held, ..by.asks(site.plain()) };
        let Some(Seen { session, held: Some(held), .. }) = made(site, &asking).await else { break };
        let beside = match by.offers(site.plain(), &session) {
            Ok(offer) => site.call_beside(&offer).await,
            Err(trouble) => Err(trouble),
        };
        held.close().await;
        match beside {
            // Two connections at a time may be one too many.
            Err(_) => continue,
            Ok(seen) if !seen.is_resumed() => break,
            Ok(_) => {}
        }
        match is_resumed(site, by, &session).await {
            Some(true) => kept += 1,
            Some(false) => lost += 1,
            None => {}
        }
        if lost + kept == ROUNDS {
            break;
        }
    }
    match (lost, kept) {
        (ROUNDS, 0) => Verdict::WhileConnected,
        (0, 0) if at_once == 0 => Verdict::DoesNotWork,
        _ => Verdict::NowAndThen,
    }
}

fn judge(fixed: &Tally, chain: &Tally) -> Verdict {
    match () {
        () if fixed.completed == 0 => Verdict::CouldNotTell,
        () if fixed.is_all() && fixed.renewed == fixed.resumed => Verdict::RenewedEachTime,
        () if fixed.is_all() => Verdict::Works,
        () if (fixed.only_first || fixed.resumed == 0) && chain.is_all() && chain.renewed > 0 => {
            Verdict::OnlyAsChain
        }
        () if fixed.only_first && fixed.completed > 2 => Verdict::SingleUse,
        () if fixed.resumed == 0 && chain.resumed == 0 => Verdict::DoesNotWork,
        () if fixed.resumed == 0 => Verdict::NowAndThen,
        () => Verdict::WorksOnSomeNodes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Try = Try::Resumed { renewed: false };
    const NEW: Try = Try::Resumed { renewed: true };
    const NO: Try = Try::Full;

    fn judged(fixed: &[Try], chain: &[Try]) -> Verdict {
        judge(&Tally::of(fixed), &Tally::of(chain))
    }

    #[test]
    fn each_pattern_has_its_verdict() {
        let failed = || Try::Failed("it is gone".into());
        assert_eq!(judged(&[YES, YES, YES], &[YES, YES, YES]), Verdict::Works);
        assert_eq!(judged(&[YES, failed(), YES], &[YES, YES, YES]), Verdict::Works);
        assert_eq!(judged(&[YES, NEW, YES], &[YES, YES, NEW]), Verdict::Works);
        assert_eq!(judged(&[NEW, NEW, NEW], &[NEW, NEW, NEW]), Verdict::RenewedEachTime);
        assert_eq!(judged(&[NO, YES, NO, YES], &[NO, NO, NO, NO]), Verdict::WorksOnSomeNodes);
        assert_eq!(judged(&[YES, NO, NO], &[YES, NO, YES]), Verdict::SingleUse);
        assert_eq!(judged(&[NEW, NO, NO], &[NEW, NEW, NEW]), Verdict::OnlyAsChain);
        assert_eq!(judged(&[NO, NO, NO], &[NO, NO, NO]), Verdict::DoesNotWork);
        assert_eq!(judged(&[NO, NO, NO], &[NO, YES, NO]), Verdict::NowAndThen);
        // What came first was good for long, and nothing new came.
        assert_eq!(judged(&[NO, NO, NO], &[YES, YES, YES]), Verdict::NowAndThen);
        assert_eq!(judged(&[failed()], &[]), Verdict::CouldNotTell);
    }
}
