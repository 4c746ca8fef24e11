//! The session_ticket extension: absent, beside session IDs of every kind, damaged.

use std::sync::Arc;

use super::{
    Bench, By, MOST_TRIES,
    fresh::Fresh,
    repeated,
    replay::{Replayed, Verdict},
    rules::{Judged, Keeps, Outcome, Row, must_be_full},
};
use crate::probe::{
    client::{Kind, Offer, Session, Trouble, random},
    site::Site,
};

/// The most connections: three IDs, two with a stored session, four damages; and the stored session.
pub(crate) const MOST: u32 = 5 * (MOST_TRIES + 1) + 4 * MOST_TRIES + 1;

/// Tries all of it. `by_id` says whether the server keeps sessions under IDs.
pub(crate) async fn run(site: &mut Site, bench: &Bench, by_id: &Replayed, fresh: &Fresh) -> Vec<Row> {
    let mut rows = vec![absent(fresh)];
    for (rule, tried, length) in [
        ("R16", "ticket beside an empty ID", 0),
        ("R16", "ticket beside a random ID of 32 bytes", 32),
        ("R17", "ticket beside an ID of 1 byte", 1),
    ] {
        let outcome = bench.ask(site, |offer, _| Ok(Offer { session_id: id(length)?, ..offer })).await;
        rows.push(Row::new(rule, By::Ticket, tried, echo(&outcome, length, rule)));
    }
    let tried = "ticket beside the ID of another session";
    match (&by_id.bench, by_id.verdict) {
        (Some(stored), _) => rows.extend(beside(site, bench, stored).await),
        (None, Verdict::CouldNotTell) => {
            let why = "whether the server keeps sessions under IDs is not known".into();
            rows.push(Row::new("R16", By::Ticket, tried, (Keeps::CouldNotTell, why)));
        }
        (None, _) => {
            let why = "the server keeps no sessions under IDs";
            rows.push(Row::not_applicable("R16", By::Ticket, tried, why));
        }
    }
    rows.extend(damaged(site, bench).await);
    rows
}

fn id(length: usize) -> Result<Vec<u8>, Trouble> {
    Ok(random::<32>()?.into_iter().take(length).collect())
}

/// R14: no ticket for those who do not ask for one.
fn absent(fresh: &Fresh) -> Row {
    let came = fresh.without.iter().any(|seen| seen.ticket.is_some() || seen.given.ticket);
    let judged = match (fresh.without.is_empty(), came) {
        (true, _) => (Keeps::CouldNotTell, "no handshake without the extension succeeded".into()),
        (_, true) => (Keeps::Broken, "a ticket came".into()),
        (_, false) => (Keeps::Kept, "no ticket came".into()),
    };
    Row::new("R14", By::Ticket, "extension absent", judged)
}

/// RFC 5077, 3.4: "If the server accepts the ticket and the Session ID is not empty, then it MUST respond with the same
/// Session ID present in the ClientHello."
fn echo(outcome: &Outcome, length: usize, rule: &str) -> Judged {
    match outcome {
        Ok(seen) if seen.is_resumed() => {
            let echoed = seen.given.session_id.len();
            match (seen.echoes, echoed > length) {
                (true, _) if length == 0 => (Keeps::Kept, "resumed, and no ID came".into()),
                (true, _) => (Keeps::Kept, "resumed, and the ID echoed".into()),
                // More than was received can only be what is beside it in memory (CVE-2016-9244).
                (false, true) => (Keeps::Broken, format!("resumed with {echoed} bytes of ID for {length}")),
                (false, false) => (Keeps::Broken, format!("resumed with another ID, of {echoed} bytes")),
            }
        }
        Ok(_) => (Keeps::NotApplicable, format!("a full handshake: {rule} is about a ticket that is taken")),
        Err(trouble) => (Keeps::CouldNotTell, trouble.to_string()),
    }
}

/// R16: with a ticket, the ID is no name of a session.
async fn beside(site: &mut Site, bench: &Bench, stored: &Bench) -> [Row; 2] {
    let tried = ["ticket beside the ID of another session", "damaged ticket beside the ID of a session"];
    let other = match stored.session(site).await {
        Ok(session) => session,
        Err(trouble) => {
            let judged = || (Keeps::CouldNotTell, trouble.to_string());
            return tried.map(|tried| Row::new("R16", By::Ticket, tried, judged()));
        }
    };
    let outcome = bench.ask(site, |offer, _| Ok(with_id_of(offer, &other))).await;
    let by_ticket = match &outcome {
        Ok(seen) => match seen.kind {
            Kind::Resumed { session: 0 } => echo(&outcome, other.session_id.len(), "R16"),
            Kind::Resumed { .. } => (Keeps::Broken, "the session of the ID was resumed".into()),
            Kind::Full { .. } => echo(&outcome, 0, "R16"),
        },
        Err(_) => echo(&outcome, 0, "R16"),
    };
    let outcome = bench
        .ask(site, |offer, session| {
            Ok(with_id_of(Offer { ticket: Some(flipped(&session.ticket)), ..offer }, &other))
        })
        .await;
    [
        Row::new("R16", By::Ticket, tried[0], by_ticket),
        Row::new("R16", By::Ticket, tried[1], must_be_full(&outcome)),
    ]
}

fn with_id_of(mut offer: Offer, other: &Arc<Session>) -> Offer {
    offer.session_id = other.session_id.clone();
    offer.sessions.push(other.clone());
    offer
}

/// The ticket with one bit changed, in the middle of what is sealed.
fn flipped(ticket: &[u8]) -> Vec<u8> {
    let mut ticket = ticket.to_vec();
    let middle = ticket.len() / 2;
    if let Some(byte) = ticket.get_mut(middle) {
        *byte ^= 1;
    }
    ticket
}

/// R18: whatever does not open is no session, and no reason to refuse.
async fn damaged(site: &mut Site, bench: &Bench) -> Vec<Row> {
    let ticket = &bench.session.ticket;
    let cut = ticket.get(..ticket.len() / 2).unwrap_or_default().to_vec();
    // As long as the ticket, and like none.
    let Ok(noise) = random::<256>() else { return Vec::new() };
    let noise = noise.into_iter().cycle().take(ticket.len()).collect();
    let mut rows = Vec::new();
    for (tried, damaged) in [
        ("ticket with one bit changed", flipped(ticket)),
        ("half a ticket", cut),
        ("ticket of 1 byte", vec![0]),
        ("ticket of random bytes", noise),
    ] {
        let offer = By::Ticket.offers(site.plain(), &bench.session);
        let outcome = match offer {
            Ok(offer) => repeated(site, &Offer { ticket: Some(damaged), ..offer }, bench.reach()).await,
            Err(trouble) => Err(trouble),
        };
        let (verdict, seen) = must_be_full(&outcome);
        rows.push(Row::new("R18", By::Ticket, tried, (verdict, seen)));
    }
    rows
}
