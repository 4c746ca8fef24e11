//! An abbreviated handshake (RFC 5246, 7.3; RFC 5077, 3.1).

use std::sync::Arc;

use tls12::{
    schedule::{KeySchedule, Side},
    wire::{ContentType, Finished, Handshake},
};

use super::{
    handshake::{Answered, End, unexpected},
    link::{Came, Link},
    offer::Session,
    seen::{Kind, Seen, Times},
    trouble::{Stage, Trouble},
};

/// From what followed ServerHello to our Finished.
pub(super) async fn run(link: &mut Link, answered: Answered<'_>, came: Came) -> Result<Seen, Trouble> {
    let offer = answered.offer;
    if offer.sessions.is_empty() {
        return Err(unexpected("no certificate", "that of a full handshake"));
    }
    let suite = answered.suite()?;
    let schedule = |session: &Arc<Session>| {
        KeySchedule::resume(answered.caller.provider, suite.hash, &session.master, session.extended)
    };
    let schedules: Vec<_> = offer.sessions.iter().map(schedule).collect();
    let End { ticket, fits, keys } = answered.end(link, came, &schedules).await?;
    let (Some(session), Some(schedule)) = (offer.sessions.get(fits), schedules.get(fits)) else {
        return Err(Trouble::WrongKeys);
    };
    let verify_data = answered.verify_data(link, schedule, Side::Client)?;
    let mut out = link.records(ContentType::CHANGE_CIPHER_SPEC, &[1]);
    let mut finished = Vec::new();
    Finished { verify_data }.write_framed(&mut finished);
    (link.sealing, link.opening) = (Some(keys.sealing), Some(keys.opening));
    out.extend(link.messages(&finished));
    let round_trips = link.round_trips;
    link.send(&out).await?;
    link.stage = Stage::Finished;
    link.round_trips = round_trips;
    let session = match &ticket {
        Some((ticket, _)) if !ticket.is_empty() => Arc::new(session.renewed(ticket)),
        _ => session.clone(),
    };
    Ok(Seen {
        echoes: answered.given.session_id == offer.session_id,
        given: answered.given,
        kind: Kind::Resumed { session: fits },
        ticket,
        session,
        times: Times::default(),
        held: None,
    })
}
