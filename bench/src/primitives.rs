//! What the primitives of a handshake take by themselves: the least that a server of this crate could need.

use std::{hint::black_box, time::Instant};

use tls12::{
    Seed, UnixTime,
    crypto::{HashAlgorithm, LocalKey, Provider, Secret, SecretVec, Sign, SignatureRequest, Suite},
    schedule::{KeySchedule, MasterSecret, Premaster, Randoms, SessionHash, Side},
    session::{KeyRing, Lineage, Partition, Session, SessionContext, SessionParts},
    wire::{CipherSuite, NamedGroup, SignatureScheme},
};

use crate::{
    contestant::{Setup, Way},
    handshakes::{Measured, ratio},
    libraries::tls12::{new_key, providers},
    measure::{self, Plan},
    racer::{Racer, Work},
    table::{Table, figure},
};

const RANDOMS: Randoms = Randoms { client: [1; 32], server: [2; 32] };
/// About as many bytes as both flights of a full handshake, and of an abbreviated one, have.
const FULL: [u8; 1300] = [3; 1300];
const ABBREVIATED: [u8; 600] = [3; 600];

/// Prints a line for each of our providers, beside what was measured of whole handshakes.
pub fn run(racers: &[Box<dyn Racer>], setup: &Setup, measured: &[Measured], plan: Plan) {
    let ours = providers();
    let mut works: Vec<Work> = ours.iter().map(|provider| both(provider, setup)).collect();
    let alone = measure::race(&mut works, plan);
    let titles = ["server", "full, x25519: primitives", "handshake", "ratio"];
    let mut table = Table::new(titles.into_iter().chain(["by ticket: primitives", "handshake", "ratio"]));
    for (provider, alone) in ours.iter().zip(alone) {
        let name = format!("tls12 + {}", provider.name());
        let Some(at) = racers.iter().position(|racer| racer.name() == name) else { continue };
        let mut row = vec![name];
        for (way, alone) in [Way::FullX25519, Way::Ticket].into_iter().zip(alone) {
            let whole = measured.iter().find(|measured| measured.way == way);
            let whole = whole.and_then(|measured| measured.times[at]).map(|[_, server]| server.median);
            row.push(figure(alone.median * 1e6));
            row.push(whole.map_or("–".into(), |whole| figure(whole * 1e6)));
            row.push(whole.map_or("–".into(), |whole| ratio(whole, alone.median)));
        }
        table.row(row);
    }
    println!(
        "What the primitives take alone, µs: a server's key exchange, signature, hashes, HMACs, ticket and"
    );
    println!("records, and the randomness from the system.\n\n{table}");
}

/// Those of a full handshake, and those of one by ticket.
fn both(provider: &'static Provider, setup: &Setup) -> Work {
    let key = LocalKey::new(provider, setup.identity.key.clone_key()).expect("a key");
    let suite = Suite::find(CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256).expect("a suite of this crate");
    let group = provider.group(NamedGroup::X25519).expect("every provider has it");
    let peer = group.start(&Secret::new([5; 64])).share().to_vec();
    let (ring, now) = (KeyRing::new(new_key()), UnixTime::now());
    let ticket = ring.seal_ticket(provider, &session(now), &[6; 32], now).expect("a ticket");
    Box::new(move || {
        let start = Instant::now();
        black_box(Seed::from_os().expect("randomness"));
        let exchange = group.start(&Secret::new([4; 64]));
        let message = [&[0; 68][..], exchange.share()].concat();
        let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
        black_box(key.sign(&SignatureRequest { credential: "bench".into(), scheme, message }))
            .expect("a signature");
        let shared = exchange.complete(&peer).expect("a share");
        let hash = SessionHash::of(provider.hash(HashAlgorithm::Sha256).hash(&[&FULL]));
        let master = MasterSecret::extended(provider, suite.hash, Premaster::new(shared), &hash);
        finish(provider, suite, master.schedule(), &FULL[..100]);
        let between = Instant::now();
        black_box(Seed::from_os().expect("randomness"));
        let opened = ring.open_ticket(provider, &ticket, now).expect("our own");
        let secret = opened.session.master_secret();
        finish(provider, suite, &KeySchedule::resume(provider, suite.hash, secret, true), &ABBREVIATED);
        [between - start, between.elapsed()]
    })
}

/// Keys, both Finished, and a record with 16 bytes each way.
fn finish(provider: &'static Provider, suite: &'static Suite, schedule: &KeySchedule, messages: &[u8]) {
    let keys = schedule.traffic_keys(suite, &RANDOMS);
    let transcript = provider.hash(suite.hash).hash(&[messages]);
    black_box([Side::Server, Side::Client].map(|side| *schedule.verify_data(side, &transcript).expose()));
    let aead = provider.aead(suite.aead);
    let mut record = [0; 32];
    let sealer = aead.seal_key(keys.of(Side::Server).key).expect("16 bytes");
    sealer.seal(&[0; 12], &[0; 13], &[7; 16], &mut record).expect("the lengths fit");
    // What was sealed just now, as if the client had the same key.
    let opener = aead.open_key(keys.of(Side::Server).key).expect("16 bytes");
    black_box(opener.open(&[0; 12], &[0; 13], &mut record)).expect("our own");
}

fn session(now: UnixTime) -> Session {
    let parts = SessionParts {
        suite: CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
        master_secret: Secret::new([8; 48]),
        extended_master_secret: true,
        server_name: Some(b"a.example".to_vec()),
        alpn: None,
        context: SessionContext::derive([]),
        partition: Partition::default(),
        lineage: Lineage([9; 16]),
        authenticated_at: now.as_secs(),
        issued_at: now.as_secs(),
        lifetime: 3600,
        peer: None,
        peer_scheme: None,
        group: None,
        application_data: SecretVec::new(Vec::new()),
    };
    Session::new(parts).expect("nothing in it is long")
}
