//! What a session is bound to: the server's name, the suite, the extended master secret; and what it is not, the protocol.

use std::sync::Arc;

use tls12::{CertificateDer, pki::describe};

use super::{
    Bench, MOST_TRIES, Reach, repeated,
    rules::{Judged, Keeps, Outcome, Row, must_not_resume, words},
};
use crate::probe::{
    client::{MasterSecretOffer, Offer, Seen, Session, Trouble},
    site::Site,
};

/// The most connections for one way to offer a session: seven things to change, and for each a session of its own, one of
/// which a server may not want to make.
pub(crate) const MOST: u32 = 7 * (MOST_TRIES + 1) + MOST_TRIES;

/// A name that nobody has (RFC 6761, 6.4).
const NOBODY: &str = "tls12-probe.invalid";

/// Tries all of it with this session; `first` is the handshake that it was made in.
pub(crate) async fn run(site: &mut Site, bench: &Bench, first: &Seen) -> Vec<Row> {
    let mut rows = Vec::new();
    for (tried, name) in names(site, first) {
        let outcome = bench.ask(site, |offer, _| Ok(Offer { server_name: name.clone(), ..offer })).await;
        rows.push(Row::new("R2", bench.by, tried, must_not_resume(&outcome)));
    }
    let outcome = bench.ask(site, |offer, session| Ok(without_suite(offer, session))).await;
    rows.push(Row::new("R6", bench.by, "its suite not offered", suite(&outcome)));
    rows.push(protocol(site, bench, first).await);
    rows.push(dropped(site, bench, first).await);
    rows.push(added(site, bench).await);
    rows
}

/// Other names to call the server by: one of its certificate, one of nobody, and none.
fn names(site: &Site, first: &Seen) -> Vec<(String, Option<String>)> {
    let ours = site.caller.server_name();
    let mut names = Vec::new();
    let leaf = first.certificate().and_then(|certificate| certificate.chain.first());
    if let Some(other) = leaf.and_then(|leaf| other_names(leaf, ours.as_deref()).into_iter().next()) {
        names.push((format!("as {other}, which its certificate has too"), Some(other)));
    }
    names.push((format!("as {NOBODY}"), Some(NOBODY.into())));
    if ours.is_some() {
        names.push(("without a server name".into(), None));
    }
    names
}

/// The names in the certificate but this one.
pub(super) fn other_names(leaf: &CertificateDer<'_>, ours: Option<&str>) -> Vec<String> {
    let names = describe(leaf).map(|leaf| leaf.names).unwrap_or_default();
    let is_name = |name: &&String| name.parse::<std::net::IpAddr>().is_err();
    let plain = |name: &String| match name.strip_prefix("*.") {
        Some(rest) => format!("tls12-probe.{rest}"),
        None => name.clone(),
    };
    let is_other = |name: &String| {
        // It goes into a hello, and onto a terminal.
        let is_clean = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        is_clean && Some(name.as_str()) != ours
    };
    names.iter().filter(is_name).map(plain).filter(is_other).collect()
}

fn without_suite(offer: Offer, session: &Arc<Session>) -> Offer {
    let suites = offer.suites.iter().copied().filter(|suite| *suite != session.suite.id).collect();
    Offer { suites, ..offer }
}

fn suite(outcome: &Outcome) -> Judged {
    match outcome {
        Ok(seen) if seen.is_resumed() => (Keeps::Broken, format!("resumed with {}", seen.given.suite)),
        _ => must_not_resume(outcome),
    }
}

/// R8: what was agreed on before must not be taken for agreed on now.
async fn protocol(site: &mut Site, bench: &Bench, first: &Seen) -> Row {
    let tried = "another application protocol";
    let Some(before) = &first.given.alpn else {
        return Row::not_applicable("R8", bench.by, tried, "no application protocol was agreed on");
    };
    let mut alpn: Vec<_> = site.plain().alpn.into_iter().filter(|name| name != before).collect();
    alpn.push("tls12-probe".into());
    let outcome = bench.ask(site, |offer, _| Ok(Offer { alpn: alpn.clone(), ..offer })).await;
    Row::new("R8", bench.by, tried, inherited(&outcome, &alpn))
}

fn inherited(outcome: &Outcome, offered: &[String]) -> Judged {
    match outcome {
        Ok(seen) => match &seen.given.alpn {
            Some(name) if !offered.contains(name) => {
                (Keeps::Broken, format!("{} with {name}, which was not offered", words(outcome)))
            }
            Some(name) => (Keeps::Kept, format!("{} with {name}", words(outcome))),
            None => (Keeps::Kept, format!("{} without a protocol", words(outcome))),
        },
        Err(_) => must_not_resume(outcome),
    }
}

/// Where a server should abort.
const FULL_INSTEAD: &str =
    "a full handshake, so that the session is not used; by RFC 7627 (5.3) the server aborts here";

/// R10: a session with the extended master secret, and a hello without it.
async fn dropped(site: &mut Site, bench: &Bench, first: &Seen) -> Row {
    let tried = "extended master secret dropped";
    if !first.session.extended {
        return Row::not_applicable("R10", bench.by, tried, "the server does not know it");
    }
    let outcome = bench.ask(site, |offer, _| Ok(classic(offer))).await;
    let judged = match &outcome {
        // RFC 7627, 5.3: "the server MUST abort the abbreviated handshake". A full handshake is none, and does not use
        // the session, which is what the rule is for.
        Ok(seen) if !seen.is_resumed() => (Keeps::Kept, FULL_INSTEAD.into()),
        _ => must_not_resume(&outcome),
    };
    Row::new("R10", bench.by, tried, judged)
}

fn classic(offer: Offer) -> Offer {
    Offer { master_secret: MasterSecretOffer::Classic, ..offer }
}

/// R10: a session without the extended master secret, and a hello with it.
async fn added(site: &mut Site, bench: &Bench) -> Row {
    let tried = "extended master secret added";
    let by = bench.by;
    let asking = classic(by.asks(site.plain()));
    let without = match repeated(site, &asking, Reach::Every).await {
        Ok(seen) => seen,
        Err(trouble) if trouble.is_refusal() => {
            return Row::not_applicable("R10", by, tried, "the server makes no session without it");
        }
        Err(trouble) => return Row::new("R10", by, tried, (Keeps::CouldNotTell, trouble.to_string())),
    };
    if !by.is_given(&without) {
        return Row::not_applicable("R10", by, tried, "the server gives no session without it");
    }
    let outcome = offered(site, bench, &without.session).await;
    Row::new("R10", by, tried, must_not_resume(&outcome))
}

async fn offered(site: &mut Site, bench: &Bench, session: &Arc<Session>) -> Result<Seen, Trouble> {
    let offer = bench.by.offers(site.plain(), session)?;
    repeated(site, &offer, bench.reach()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs;
    use tls12::crypto::Provider;

    #[test]
    fn other_names_are_taken_from_the_certificate() {
        let identity = certs::for_localhost(Provider::best()).unwrap_or_else(|error| panic!("{error}"));
        let leaf = &identity.credential.chain()[0];
        assert_eq!(other_names(leaf, Some("a.example")), ["localhost"]);
        assert_eq!(other_names(leaf, Some("localhost")), [""; 0]);
    }
}
