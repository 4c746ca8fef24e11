//! Whether a connection that was cut off takes its session with it.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    Bench, By, MOST_TRIES, repeated,
    rules::{Keeps, Row, words},
};
use crate::probe::{
    client::{Ending, Offer},
    site::Site,
};

/// How often it is tried: a node that does not know the session is no answer.
const ROUNDS: u32 = 2;
/// How a connection ends.
const ENDINGS: [(Ending, &str); 2] = [
    (Ending::Reset, "after a reset without close_notify"),
    (Ending::Cut, "after an end of the stream without close_notify"),
];
/// The most connections for one way to offer a session.
pub(crate) const MOST: u32 = 2 * ROUNDS * (1 + MOST_TRIES);

/// For how long a server has time to notice the end: the next connection must not overtake it.
const SETTLED: Duration = Duration::from_millis(250);

/// Tries both ways to end a connection that are no close_notify.
pub(crate) async fn run(site: &mut Site, bench: &Bench) -> Vec<Row> {
    let mut rows = Vec::new();
    for (ending, tried) in ENDINGS {
        rows.push(row(site, bench, ending, tried).await);
    }
    rows
}

/// Makes a session, ends the connection, and offers the session.
async fn row(site: &mut Site, bench: &Bench, ending: Ending, tried: &str) -> Row {
    let by: By = bench.by;
    let mut last = (Keeps::CouldNotTell, String::new());
    for _ in 0..ROUNDS {
        let offer = Offer { ending, ..by.asks(site.plain()) };
        let session = match site.call(&offer).await {
            Ok(seen) if by.is_given(&seen) => seen.session,
            Ok(_) => return Row::not_applicable("R29", by, tried, "no session was given"),
            Err(trouble) => {
                last = (Keeps::CouldNotTell, trouble.to_string());
                continue;
            }
        };
        sleep(SETTLED).await;
        let outcome = match by.offers(site.plain(), &session) {
            Ok(offer) => repeated(site, &offer, bench.reach()).await,
            Err(trouble) => Err(trouble),
        };
        let verdict = match &outcome {
            Ok(seen) if seen.is_resumed() => Keeps::Kept,
            Ok(_) => Keeps::Broken,
            Err(_) => Keeps::CouldNotTell,
        };
        last = (verdict, words(&outcome));
        if verdict == Keeps::Kept {
            break;
        }
    }
    Row::new("R29", by, tried, last)
}
