//! What the parts cost that handshakes and records are made of; by the public interface only.
#![allow(missing_docs, reason = "the macros of criterion write functions without")]

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/session_values/mod.rs"]
mod session_values;

use std::{hint::black_box, time::Duration};

use common::pair::{Ended, World};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use session_values::{HOUR, NOW, at, context, key, secret, session};
use tls12::{
    Received,
    crypto::{HashAlgorithm, Provider},
    schedule::Prf,
    session::{
        ClientAuthNeed, KeyRing, NewSession, Offer, Partition, ResumedBy, Resumption, SealedSession,
        StoreKey, judge,
    },
    store::{Limits, MemoryStore, SessionStore},
    wire::{CipherSuite, ClientHello, Decode, SessionId},
};

const SALT: [u8; 32] = [3; 32];

fn decode(criterion: &mut Criterion) {
    let ended = World::new().run(usize::MAX);
    // A record's header, 5 bytes, and the message's, 4, with its length in the last three of them.
    let flight = &ended.wires.up.log;
    let length = usize::from(u16::from_be_bytes([flight[7], flight[8]]));
    let body = &flight[9..9 + length];
    ClientHello::decode(body).expect("a ClientHello");
    criterion.bench_function("decode ClientHello", |bench| {
        bench.iter(|| ClientHello::decode(black_box(body)).is_ok());
    });
}

fn prf(criterion: &mut Criterion) {
    let new = || Prf::new(Provider::best(), HashAlgorithm::Sha256, &[7; 48]);
    criterion.bench_function("PRF, from a master secret", |bench| bench.iter(new));
    let (prf, seed) = (new(), [9; 32]);
    criterion.bench_function("PRF, 12 bytes", |bench| {
        bench.iter(|| expanded::<12>(&prf, &seed));
    });
    criterion.bench_function("PRF, 104 bytes", |bench| {
        bench.iter(|| expanded::<104>(&prf, &seed));
    });
}

fn expanded<const N: usize>(prf: &Prf, seed: &[u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    prf.expand(b"key expansion", [black_box(seed), seed], &mut out);
    out
}

fn gate(criterion: &mut Criterion) {
    let (session, context, partition) = (session(), context(), Partition::default());
    let policy = Resumption::new(ring());
    let offer = Offer {
        by: ResumedBy::Ticket,
        server_name: Some("a.example"),
        suites: &[CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384, CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256],
        extended_master_secret: true,
        alpn: Some(b"h2"),
        client_auth: ClientAuthNeed::Off,
        context: &context,
        partition: &partition,
    };
    criterion.bench_function("gate", |bench| {
        bench.iter(|| judge(black_box(&session), &offer, &policy, at(NOW + 60)));
    });
}

fn records(criterion: &mut Criterion) {
    for (title, length) in [("100 bytes", 100), ("16 KiB", 16 * 1024)] {
        let Ended { client, server, .. } = World::new().run(usize::MAX);
        let (mut client, mut server) = (client.expect("it ends").connection, server.expect("it ends"));
        let plaintext = vec![0x5a; length];
        let mut out = Vec::with_capacity(length + 64);
        let mut group = criterion.benchmark_group(format!("record of {title}"));
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function("seal and open", |bench| {
            bench.iter(|| {
                out.clear();
                client.send(&plaintext, &mut out).expect("a record");
                server.buf.spare()[..out.len()].copy_from_slice(&out);
                server.buf.received(out.len()).expect("a record");
                matches!(server.connection.receive(&mut server.buf, &mut Vec::new()), Ok(Received::Data(_)))
            });
        });
        group.bench_function("seal", |bench| {
            bench.iter(|| {
                out.clear();
                client.send(&plaintext, &mut out).expect("a record");
            });
        });
        group.finish();
    }
}

fn ring() -> KeyRing {
    KeyRing::new(key(1, NOW, 12 * HOUR))
}

fn tickets(criterion: &mut Criterion) {
    let (ring, session, provider) = (ring(), session(), Provider::best());
    let seal = || ring.seal_ticket(provider, black_box(&session), &SALT, at(NOW)).expect("a ticket");
    let ticket = seal();
    criterion.bench_function("ticket seal", |bench| bench.iter(seal));
    criterion.bench_function("ticket open", |bench| {
        bench.iter(|| ring.open_ticket(provider, black_box(&ticket), at(NOW)).is_ok());
    });
    let store_key = StoreKey::of(&Partition::default(), &SessionId::from([7; 32]));
    let stored = ring.seal_stored(provider, &store_key, &session, &SALT, at(NOW)).expect("a session");
    criterion.bench_function("stored session open", |bench| {
        bench.iter(|| ring.open_stored(provider, &store_key, black_box(&stored), at(NOW)).is_ok());
    });
}

fn store(criterion: &mut Criterion) {
    let new = |n: u32| NewSession {
        key: StoreKey::of(&Partition::default(), &SessionId::from(numbered(n))),
        sealed: SealedSession(vec![0; 270]),
        lifetime: Duration::from_secs(10 * HOUR),
    };
    const SESSIONS: u32 = 10_000;
    let store = MemoryStore::new(Limits::sessions(SESSIONS as usize));
    let sessions: Vec<_> = (0..SESSIONS).map(new).collect();
    sessions.iter().for_each(|session| store.put(session));
    let mut turn = sessions.iter().cycle();
    criterion.bench_function("store get", |bench| {
        bench.iter(|| store.get(&turn.next().expect("there are some").key));
    });
    let mut next = SESSIONS;
    criterion.bench_function("store put, full", |bench| {
        let fresh = || {
            next += 1;
            new(next)
        };
        bench.iter_batched(fresh, |session| store.put(&session), BatchSize::SmallInput);
    });
}

fn numbered(n: u32) -> [u8; 32] {
    let mut id = secret(1);
    id[..4].copy_from_slice(&n.to_be_bytes());
    id
}

criterion_group! {
    name = parts;
    config = Criterion::default().warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(800)).sample_size(50);
    targets = decode, prf, gate, records, tickets, store
}
criterion_main!(parts);
