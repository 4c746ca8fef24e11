//! A handshake against the number of things that a server may have many of.

use std::sync::Arc;

use tls12::{
    UnixTime,
    session::Partition,
    store::{Limits, MemoryStore},
};

use crate::{
    cert::Identity,
    contestant::{Setup, Way},
    growth::growth,
    libraries::tls12::{Parts, Tls12, new_key},
    measure::{self, Plan},
    racer::handshakes,
    table::{Table, figure},
};

/// Prints a table for each kind of thing.
pub fn run(tls12: &Tls12, setup: &Setup, plan: Plan) {
    let chain = [1, 2, 3, 4, 5].map(|length| {
        let identity = Arc::new(Identity::new(length));
        (length, tls12.parts(&Setup { identity, way: Way::FullX25519, ..setup.clone() }))
    });
    print("certificates in the chain; full, x25519", chain.into(), plan);
    let of = |way| tls12.parts(&Setup { way, ..setup.clone() });
    let keys = [1, 10, 100].map(|count| (count, with_keys(of(Way::Ticket), count)));
    print("ticket keys; by ticket", keys.into(), plan);
    let quotas = [1, 10, 1000].map(|count| (count, with_quotas(of(Way::SessionId), count)));
    print("partitions with a quota; by session ID", quotas.into(), plan);
    let hosts = [1, 100, 10_000].map(|count| (count, with_hosts(of(Way::Ticket), count)));
    print("virtual hosts; by ticket", hosts.into(), plan);
}

/// The ticket is sealed by the key that is compared last.
fn with_keys(mut parts: Parts, count: usize) -> Parts {
    let more = || new_key().opening_only(UnixTime::now());
    parts.ring = (1..count).fold(parts.ring, |ring, _| ring.with_key(more()));
    parts
}

fn with_quotas(mut parts: Parts, count: usize) -> Parts {
    let partition = |at: usize| Partition::named(format!("{at}.example").as_bytes());
    let store = MemoryStore::new(Limits::sessions(1000));
    parts.store = (0..count).fold(store, |store, at| store.with_quota(partition(at), Limits::sessions(1000)));
    parts.partition = Some(partition(count - 1));
    parts
}

fn with_hosts(mut parts: Parts, count: usize) -> Parts {
    parts.hosts = Some(count);
    parts
}

/// Measures all of them in turn.
fn print(title: &str, worlds: Vec<(usize, Parts)>, plan: Plan) {
    let (counts, parts): (Vec<usize>, Vec<Parts>) = worlds.into_iter().unzip();
    let work = |parts: Parts| {
        let way = parts.way;
        handshakes(&parts.build(), way, 1).remove(0)
    };
    let times = measure::race(&mut parts.into_iter().map(work).collect::<Vec<_>>(), plan);
    let mut table = Table::new([title, "client, µs", "server, µs"]);
    for (count, times) in counts.iter().zip(&times) {
        table.row([count.to_string()].into_iter().chain(times.map(|time| figure(time.median * 1e6))));
    }
    let law = |side: usize| {
        let points =
            counts.iter().zip(&times).map(|(count, times)| (*count as f64, times[side].median * 1e6));
        growth(&points.collect::<Vec<_>>(), "µs")
    };
    table.row(["growth".to_owned(), law(0), law(1)]);
    println!("{table}");
}
