//! `tls12 probe`: whether a server resumes, how often, where, and what to change.

pub(crate) mod args;
mod client;
mod examine;
mod experiments;
mod facts;
mod findings;
mod html;
mod ladder;
mod noise;
mod page;
mod report;
mod site;
mod tally;
mod text;
mod verdict;

use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    sync::Arc,
};

use tls12::{ServerName, crypto::Provider, pki::VerifyPeer};
use tokio::task::JoinSet;

use self::{
    args::Probe,
    client::{Caller, Preamble},
    examine::{Examined, Extent},
    experiments::cross::{self, Place},
    page::Page,
    report::{Address, Connections, FORMAT, Report, Reports, State},
    site::{Gate, Site},
    text::Colours,
};
use crate::{Failure, args::HostPort, certs};

/// Probes every target, one after the other.
pub(crate) async fn run(args: Probe) -> Result<(), Failure> {
    let callers: Vec<_> = args
        .targets
        .iter()
        .map(|target| caller(&args, target).map(Arc::new))
        .collect::<Result<_, _>>()
        .map_err(Failure::Usage)?;
    // Whoever waits for a report is told at once that there will be none.
    let page = args.html.as_deref().map(Page::open).transpose().map_err(Failure::Usage)?;
    let mut reports = Vec::new();
    for (target, caller) in args.targets.iter().zip(&callers) {
        if !args.json && !reports.is_empty() {
            print("\n")?;
        }
        let report = probe(&args, target, caller).await;
        if !args.json {
            print(&text::write(&report, colours()))?;
        }
        reports.push(report);
    }
    let reports = Reports { format: FORMAT, reports };
    if let Some(page) = page {
        page.write(&html::page(&reports))?;
    }
    if args.json {
        let json = serde_json::to_string_pretty(&reports);
        print(&(json.map_err(|error| Failure::Failed(error.to_string()))? + "\n"))?;
    }
    let states: Vec<_> =
        reports.reports.iter().flat_map(|report| &report.addresses).map(|each| each.state).collect();
    match () {
        () if states.iter().any(|state| matches!(state, State::Examined | State::OnlyTls13)) => Ok(()),
        () if states.contains(&State::Failed) => Err(Failure::Failed("nothing could be judged".into())),
        () => Err(Failure::Failed("nothing could be reached".into())),
    }
}

/// Writes to standard output; that nobody reads on is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Failed(format!("the report cannot be written: {error}"))),
    }
}

fn colours() -> Colours {
    match io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => Colours::On,
        false => Colours::Off,
    }
}

/// How a target is called. Fails with a sentence.
fn caller(args: &Probe, target: &HostPort) -> Result<Caller, String> {
    let provider = Provider::best();
    let name = args.name.as_ref().unwrap_or(&target.host);
    let expected = ServerName::try_from(name.clone())
        .map_err(|_| format!("\"{name}\" is no host name that a certificate could have"))?;
    let verifier: Option<Box<dyn VerifyPeer>> = match &args.ca {
        Some(path) => Some(Box::new(certs::roots(provider, path)?)),
        None => certs::system_roots(provider).ok().map(|roots| Box::new(roots) as Box<dyn VerifyPeer>),
    };
    let (cert, key) = (args.client_cert.as_slice(), args.client_key.as_slice());
    let identity = certs::identities(provider, cert, key)?.into_iter().next();
    if let Some(warning) = identity.as_ref().and_then(|identity| identity.warning.as_ref()) {
        crate::say::say!("warning: {warning}");
    }
    Ok(Caller {
        provider,
        preamble: args.preamble,
        patience: args.timeout,
        identity,
        verifier,
        expected: Some(expected),
    })
}

/// All of one target.
async fn probe(args: &Probe, target: &HostPort, caller: &Arc<Caller>) -> Report {
    let addresses = addresses(args, target).await;
    let expire = args.expire.then_some(args.expire_max);
    let extent = Extent { count: args.count, expire };
    let number = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let allowed = extent.allowed(number);
    let each = allowed.most;
    let all = each.saturating_mul(number);
    let name = caller.server_name();
    if number > 0 {
        announce(args, target, name.as_deref(), (each, number));
    }
    let gate = Arc::new(Gate::new(args.concurrency.into(), all));
    let alpn = protocols(args);
    let sites = addresses.iter().map(|address| Site::new(*address, caller, &gate, &alpn, allowed));
    let (mut places, mut examined) = examine_all(sites.collect(), extent).await;
    let cross = cross::run(&mut places).await;
    if let Some(longest) = expire {
        (places, examined) = wait_all(places, examined, longest).await;
    }
    gate.clear();
    let addresses: Vec<_> =
        places.iter().zip(examined).map(|(place, examined)| Address::new(place, examined, each)).collect();
    let made = addresses.iter().map(|address| address.connections.made).sum();
    let mut report = Report {
        target: target.to_string(),
        server_name: name,
        verdict: String::new(),
        connections: Connections { most: all, made },
        addresses,
        cross,
        findings: Vec::new(),
    };
    report.verdict = verdict::sentence(&report);
    report.findings = findings::of(&report);
    report
}

/// The first line: how much there will be. It does not get in the way of JSON.
fn announce(args: &Probe, target: &HostPort, name: Option<&str>, (each, number): (u32, u32)) {
    let called = name.unwrap_or("without a server name");
    let addresses = if number == 1 { "1 address".into() } else { format!("each of {number} addresses") };
    let line = format!(
        "tls12 probe {target} ({called}): at most {each} connections to {addresses}, {} at a time",
        args.concurrency
    );
    match args.json {
        true => crate::say::say!("{line}"),
        false => drop(print(&(line + "\n"))),
    }
}

/// The protocols that are offered.
fn protocols(args: &Probe) -> Vec<String> {
    match (&args.alpn, args.preamble) {
        (Some(alpn), _) => alpn.0.clone(),
        (None, Preamble::None) => vec!["h2".into(), "http/1.1".into()],
        (None, _) => Vec::new(),
    }
}

/// The addresses of a target, each once. None if the name has none.
async fn addresses(args: &Probe, target: &HostPort) -> Vec<SocketAddr> {
    if !args.address.is_empty() {
        let addresses: BTreeSet<_> = args.address.iter().copied().collect();
        return addresses.into_iter().map(|ip| SocketAddr::new(ip, target.port)).collect();
    }
    let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
    let addresses: BTreeSet<_> = found.into_iter().flatten().collect();
    addresses.into_iter().collect()
}

/// Examines every address, as many at a time as the gate lets through.
async fn examine_all(sites: Vec<Site>, extent: Extent) -> (Vec<Place>, Vec<Examined>) {
    let mut tasks = JoinSet::new();
    for (number, site) in sites.into_iter().enumerate() {
        tasks.spawn(async move { (number, examine::run(site, extent).await) });
    }
    in_order(tasks.join_all().await)
}

/// Waits at every address at the same time.
async fn wait_all(
    places: Vec<Place>,
    examined: Vec<Examined>,
    longest: std::time::Duration,
) -> (Vec<Place>, Vec<Examined>) {
    let mut tasks = JoinSet::new();
    for (number, (mut place, mut examined)) in places.into_iter().zip(examined).enumerate() {
        tasks.spawn(async move {
            examine::wait(&mut place, &mut examined, longest).await;
            (number, (place, examined))
        });
    }
    in_order(tasks.join_all().await)
}

fn in_order(mut results: Vec<(usize, (Place, Examined))>) -> (Vec<Place>, Vec<Examined>) {
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).unzip()
}
