//! R4: a session that was made where no certificate is asked for, offered where one is.

use super::{
    Bench, MOST_TRIES,
    binding::another_name,
    repeated,
    rules::{Row, must_not_resume},
};
use crate::probe::{
    client::{Kind, Offer, Seen},
    site::Site,
};

/// The most connections for one way to offer a session: two names to make one under.
pub(crate) const MOST: u32 = 2 * (1 + MOST_TRIES);

/// Looks for a name under which the server asks for no certificate, and takes a session from there to here.
pub(crate) async fn run(site: &mut Site, bench: &Bench, first: &Seen) -> Row {
    let tried = "session made where no client certificate is asked for";
    let by = bench.by;
    if !asks(first) {
        return Row::not_applicable("R4", by, tried, "the server asks for no client certificate");
    }
    let leaf = first.certificate().and_then(|certificate| certificate.chain.first());
    let ours = site.caller.server_name();
    let other = leaf.and_then(|leaf| another_name(leaf, ours.as_deref()));
    let names = other.map(Some).into_iter().chain(ours.is_some().then_some(None));
    for server_name in names {
        let called = server_name.clone().unwrap_or_else(|| "no name".into());
        let offer = Offer { server_name, ..by.asks(site.plain()) };
        let Ok(seen) = site.call(&offer).await else { continue };
        if asks(&seen) || !by.is_given(&seen) {
            continue;
        }
        let outcome = match by.offers(site.plain(), &seen.session) {
            Ok(offer) => repeated(site, &offer, bench.reach()).await,
            Err(trouble) => Err(trouble),
        };
        return Row::new("R4", by, format!("{tried}: {called}"), must_not_resume(&outcome));
    }
    Row::not_applicable("R4", by, tried, "the server asks whatever it is called")
}

fn asks(seen: &Seen) -> bool {
    matches!(seen.kind, Kind::Full { asks: true, .. })
}
