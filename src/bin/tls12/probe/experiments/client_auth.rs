//! R4: a session that was made where no certificate is asked for, offered where one is.

use super::{
    Bench, MOST_TRIES, Reach,
    binding::other_names,
    repeated,
    rules::{Keeps, Row, must_not_resume},
};
use crate::probe::{
    client::{Kind, Offer, Seen, Stage, Trouble},
    site::Site,
};

/// Under how many names of the certificate it is looked for.
const NAMES: usize = 3;
/// The most connections for one way to offer a session: a handshake for each of these names and for none; one more under
/// the name where a certificate is asked for, and what is offered there.
pub(crate) const MOST: u32 = (2 + NAMES as u32) * MOST_TRIES + 1;

const TRIED: &str = "session made where no client certificate is asked for";

/// Looks for a name under which the server asks for no certificate, and one under which it does, of which one is ours,
/// and takes a session from there to here, or from here to there.
pub(crate) async fn run(site: &mut Site, bench: &Bench, first: &Seen) -> Row {
    let by = bench.by;
    let ours = site.caller.server_name();
    let leaf = first.certificate().and_then(|certificate| certificate.chain.first());
    let others = leaf.map(|leaf| other_names(leaf, ours.as_deref())).unwrap_or_default();
    let names = others.into_iter().take(NAMES).map(Some).chain(ours.is_some().then_some(None));
    let mut failure = None;
    for name in names {
        let called = name.clone().unwrap_or_else(|| "no name".into());
        let elsewhere = Offer { server_name: name, ..by.asks(site.plain()) };
        let answer = repeated(site, &elsewhere, Reach::Every).await;
        let (session, there, from) = match &answer {
            Ok(seen) if asks(first) && !asks(seen) && by.is_given(seen) => {
                (Ok(seen.session.clone()), site.plain(), called)
            }
            _ if !asks(first) && wants(&answer) => {
                let there = Offer { server_name: elsewhere.server_name, ..site.plain() };
                (bench.session(site).await, there, format!("here, offered as {called}"))
            }
            // Names that it does not serve are refused.
            Ok(_) | Err(Trouble::Alert(..)) => continue,
            Err(trouble) => {
                failure = Some(trouble.to_string());
                continue;
            }
        };
        let outcome = match session.and_then(|session| by.offers(there, &session)) {
            Ok(offer) => repeated(site, &offer, bench.reach()).await,
            Err(trouble) => Err(trouble),
        };
        return Row::new("R4", by, format!("{TRIED}: {from}"), must_not_resume(&outcome));
    }
    if let Some(why) = failure {
        return Row::new("R4", by, TRIED, (Keeps::CouldNotTell, why));
    }
    let why = match asks(first) {
        true => "the server asks whatever it is called",
        false => "the server asks for no client certificate under any name that was found",
    };
    Row::not_applicable("R4", by, TRIED, why)
}

/// Whether a certificate is asked for: by the server's word, or by what it says to us who may have none.
fn wants(answer: &Result<Seen, Trouble>) -> bool {
    match answer {
        Ok(seen) => asks(seen),
        Err(trouble) => matches!(trouble, Trouble::Alert(_, Stage::Finished)),
    }
}

fn asks(seen: &Seen) -> bool {
    matches!(seen.kind, Kind::Full { asks: true, .. })
}
