//! What is told of a server: the values behind the text, the page and the JSON. `docs/probe.md` describes them; what is
//! in there keeps its name.

use serde::Serialize;
use tls12::{crypto::Provider, pki::describe};

use super::{
    client::{Certificate, Given, Kind, Trouble, Trust},
    examine::Examined,
    experiments::{
        By,
        cross::{Crossing, Place},
        expire::Lifetime,
        fresh::{Fresh, Nothing},
        replay::{Replayed, Verdict},
        rules::Row,
    },
    facts::{Fastest, Group, key_name},
    findings::Finding,
    ladder::Ladder,
    tally::Tally,
};

/// The version of the format.
pub(crate) const FORMAT: u32 = 1;

/// All targets.
#[derive(Debug, Serialize)]
pub(crate) struct Reports {
    pub(crate) format: u32,
    pub(crate) reports: Vec<Report>,
}

/// One target with all its addresses.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) target: String,
    pub(crate) server_name: Option<String>,
    /// A sentence.
    pub(crate) verdict: String,
    pub(crate) connections: Connections,
    pub(crate) addresses: Vec<Address>,
    pub(crate) cross: Vec<Crossing>,
    /// The most important first.
    pub(crate) findings: Vec<Finding>,
}

/// How many were announced, and how many made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Connections {
    pub(crate) most: u32,
    pub(crate) made: u32,
}

/// What came of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Examined,
    /// It answers, and not with a handshake of TLS 1.2 that succeeds.
    Failed,
    OnlyTls13,
    Unreachable,
}

/// One address.
#[derive(Debug, Serialize)]
pub(crate) struct Address {
    pub(crate) address: String,
    pub(crate) state: State,
    /// Why it could not be examined.
    pub(crate) failure: Option<String>,
    /// The same, for what to do about it.
    #[serde(skip)]
    pub(crate) trouble: Option<Trouble>,
    pub(crate) connections: Connections,
    /// After how many connections it answered nobody any more.
    pub(crate) stopped_after: Option<u32>,
    pub(crate) full: Option<Full>,
    pub(crate) ticket: Option<Path>,
    pub(crate) id: Option<Path>,
    pub(crate) times: Times,
    pub(crate) groups: Groups,
    pub(crate) ladders: Vec<Ladder>,
    pub(crate) rules: Vec<Row>,
    pub(crate) lifetimes: Vec<Lifetime>,
}

/// A full handshake.
#[derive(Debug, Serialize)]
pub(crate) struct Full {
    pub(crate) suite: String,
    pub(crate) group: Option<String>,
    pub(crate) extended_master_secret: bool,
    pub(crate) alpn: Option<String>,
    pub(crate) asks_for_client_certificate: bool,
    pub(crate) certificate: Option<CertificateReport>,
    pub(crate) ticket: Option<TicketReport>,
    /// In bytes, where a ticket was asked for.
    pub(crate) session_id_beside_ticket: usize,
    /// In bytes, where none was; nothing if no such handshake succeeded.
    pub(crate) session_id: Option<usize>,
}

/// A certificate.
#[derive(Debug, Serialize)]
pub(crate) struct CertificateReport {
    /// SHA-256 of the certificate in hexadecimal.
    pub(crate) sha256: String,
    pub(crate) subject: Option<String>,
    pub(crate) names: Vec<String>,
    pub(crate) key: Option<String>,
    pub(crate) verified: bool,
    /// Why not.
    pub(crate) why_not: Option<String>,
}

/// A ticket.
#[derive(Debug, Serialize)]
pub(crate) struct TicketReport {
    pub(crate) length: usize,
    /// In seconds; 0 leaves it to the client (RFC 5077, 3.3).
    pub(crate) lifetime_hint: u32,
    /// Its first 16 bytes in hexadecimal, if it has a name.
    pub(crate) key_name: Option<String>,
}

/// How one way to resume works.
#[derive(Debug, Serialize)]
pub(crate) struct Path {
    pub(crate) verdict: Verdict,
    pub(crate) fixed: Tally,
    pub(crate) chain: Tally,
}

/// In milliseconds, and in round trips after that of TCP. The least of all that were measured.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Times {
    pub(crate) connect_ms: Option<f64>,
    pub(crate) full_ms: Option<f64>,
    pub(crate) full_round_trips: Option<u32>,
    pub(crate) resumed_ms: Option<f64>,
    pub(crate) resumed_round_trips: Option<u32>,
}

/// What is alike in full handshakes.
#[derive(Debug, Serialize)]
pub(crate) struct Groups {
    pub(crate) ticket_key_names: Vec<Group>,
    pub(crate) session_id_prefixes: Vec<Group>,
    pub(crate) certificates: Vec<Group>,
    pub(crate) server_hellos: Vec<Group>,
    /// How many servers there are at least.
    pub(crate) backends: usize,
    /// How many sets of ticket keys there are at least.
    pub(crate) key_sets: usize,
}

impl Report {
    /// What came of sessions at other addresses, of those that are resumed at their own: of others it says nothing.
    pub(crate) fn crossings(&self) -> impl Iterator<Item = &Crossing> {
        let resumes = |crossing: &Crossing| {
            let from = self.addresses.iter().find(|address| address.address == crossing.from);
            let paths = from.into_iter().flat_map(Address::paths);
            paths
                .filter(|(by, _)| by.name() == crossing.by)
                .any(|(_, path)| path.fixed.resumed + path.chain.resumed > 0)
        };
        self.cross.iter().filter(move |crossing| resumes(crossing))
    }
}

impl Address {
    /// What was found at a place.
    pub(crate) fn new(place: &Place, examined: Examined, most: u32) -> Self {
        let site = &place.site;
        let provider = site.caller.provider;
        let groups = groups(place, &examined);
        let (fresh, state, failure) = match &examined.fresh {
            Ok(fresh) => (Some(fresh), State::Examined, None),
            Err(nothing) => {
                let state = match nothing {
                    Nothing::OnlyTls13 => State::OnlyTls13,
                    Nothing::Failed(_) if nothing.is_unreachable() => State::Unreachable,
                    Nothing::Failed(_) => State::Failed,
                };
                (None, state, Some(nothing.sentence()))
            }
        };
        Self {
            address: site.address.to_string(),
            state,
            failure,
            trouble: examined.fresh.as_ref().err().and_then(Nothing::trouble),
            connections: Connections { most, made: site.made() },
            stopped_after: site.stopped_after,
            full: fresh.and_then(|fresh| full(fresh, &groups, provider)),
            times: times(&site.fastest),
            ticket: examined.ticket.map(path),
            id: examined.id.map(path),
            groups,
            ladders: examined.ladders,
            rules: examined.rows,
            lifetimes: examined.lifetimes,
        }
    }

    /// The two ways to resume, with their names.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (By, &Path)> {
        [(By::Ticket, &self.ticket), (By::Id, &self.id)]
            .into_iter()
            .filter_map(|(by, path)| Some((by, path.as_ref()?)))
    }
}

fn path(replayed: Replayed) -> Path {
    Path { verdict: replayed.verdict, fixed: replayed.fixed, chain: replayed.chain }
}

fn full(fresh: &Fresh, groups: &Groups, provider: &Provider) -> Option<Full> {
    let seen = fresh.with.first()?;
    let Given { suite, alpn, extended_master_secret, .. } = &seen.given;
    let (group, asks) = match &seen.kind {
        Kind::Full { group, asks, .. } => (Some(group.to_string()), *asks),
        Kind::Resumed { .. } => (None, false),
    };
    let named = !groups.ticket_key_names.is_empty();
    let ticket = fresh.given(By::Ticket).and_then(|seen| seen.ticket.as_ref());
    Some(Full {
        suite: suite.to_string(),
        group,
        extended_master_secret: *extended_master_secret,
        alpn: alpn.as_ref().map(|name| name.escape_debug().to_string()),
        asks_for_client_certificate: asks,
        certificate: seen.certificate().map(|certificate| described(certificate, provider)),
        ticket: ticket.map(|(ticket, hint)| TicketReport {
            length: ticket.len(),
            lifetime_hint: *hint,
            key_name: key_name(ticket).filter(|_| named),
        }),
        session_id_beside_ticket: seen.given.session_id.len(),
        session_id: fresh.without.first().map(|seen| seen.given.session_id.len()),
    })
}

fn described(certificate: &Certificate, provider: &Provider) -> CertificateReport {
    let description = certificate.chain.first().and_then(|leaf| describe(leaf).ok());
    let why_not = match &certificate.trust {
        Trust::Verified => None,
        Trust::NotTried => Some("there are no roots to verify it with (--ca)".into()),
        Trust::Refused(why) => Some(why.clone()),
    };
    CertificateReport {
        sha256: certificate.fingerprint(provider),
        subject: description.as_ref().map(|description| description.subject.clone()),
        names: description.as_ref().map(|description| description.names.clone()).unwrap_or_default(),
        key: description.map(|description| description.key),
        verified: why_not.is_none(),
        why_not,
    }
}

fn groups(place: &Place, examined: &Examined) -> Groups {
    let facts = &place.site.facts;
    let partly =
        |path: &Option<Replayed>| path.as_ref().is_some_and(|path| path.verdict == Verdict::WorksOnSomeNodes);
    let ticket_key_names = facts.key_names();
    let at_least = |partly: bool| if partly { 2 } else { 1 };
    Groups {
        key_sets: match &examined.ticket {
            Some(path) if path.verdict != Verdict::NotOffered => {
                ticket_key_names.len().max(at_least(partly(&examined.ticket)))
            }
            Some(_) | None => 0,
        },
        backends: facts.backends().max(at_least(partly(&examined.ticket) || partly(&examined.id))),
        ticket_key_names,
        session_id_prefixes: facts.id_prefixes(),
        certificates: facts.certificates(),
        server_hellos: facts.shapes(),
    }
}

fn times(fastest: &Fastest) -> Times {
    let (full, resumed) = (fastest.full, fastest.resumed);
    Times {
        connect_ms: fastest.connect.map(ms),
        full_ms: full.map(|times| ms(times.handshake)),
        full_round_trips: full.map(|times| times.round_trips),
        resumed_ms: resumed.map(|times| ms(times.handshake)),
        resumed_round_trips: resumed.map(|times| times.round_trips),
    }
}

/// To the microsecond.
fn ms(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
