//! Each type that holds a secret, alone.

use std::{hint::black_box, time::Duration};

use tls12::{
    RecvBuf, Seed,
    crypto::{AeadAlgorithm, RUSTCRYPTO, Secret, SecretVec, Suite},
    schedule::{MasterSecret, Premaster, Prf, Randoms, Side},
    session::{
        ClientSession, ClientSessionParts, ClientToken, KeyFileFormat, KeyMaterial, KeyRing, Lineage,
        Partition, Ratchet, Session, SessionContext, SessionParts, TicketKey,
    },
    wire::CipherSuite,
};
use zeroize::Zeroizing;

use super::{
    memory::{Needle, needle, passing},
    pattern::{Pattern, drawn, fill, filled, hmac, padded, pattern, states},
    scene::{Moments, Scene},
};
use crate::common::certs::{NOW, at};

pub(crate) const PERIOD: Duration = Duration::from_secs(3600);
const RANDOMS: Randoms = Randoms { client: [0xc1; 32], server: [0x5e; 32] };
const SUITES: [CipherSuite; 3] = [
    CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
    CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384,
    CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
];

pub(crate) const SCENES: &[Scene] = &[
    Scene { name: "Secret", play: secret, secrets: || vec![needle("48 bytes", pattern(1, 48))] },
    Scene { name: "SecretVec", play: secret_vec, secrets: || vec![needle("700 bytes", pattern(2, 700))] },
    Scene { name: "Seed", play: seed, secrets: seed_secrets },
    Scene { name: "TicketKey", play: ticket_key, secrets: ticket_key_secrets },
    Scene { name: "KeyRing", play: key_ring, secrets: key_ring_secrets },
    Scene { name: "KeyMaterial", play: key_material, secrets: key_material_secrets },
    Scene { name: "Ratchet", play: ratchet, secrets: ratchet_secrets },
    Scene { name: "schedule", play: schedule, secrets: schedule_secrets },
    Scene { name: "AEAD keys", play: aead_keys, secrets: aead_secrets },
    Scene { name: "encoded sessions", play: encoded_sessions, secrets: encoded_sessions_secrets },
    Scene { name: "RecvBuf", play: recv_buf, secrets: || vec![needle("what came", pattern(12, 1000))] },
];

fn secret(moments: &Moments) {
    let secret = Secret::<48>::fill(|bytes| fill(1, bytes));
    let moved = black_box(Box::new(secret.duplicate()));
    moments.alive();
    assert!(secret.same_as(moved.expose()));
    // Out of one place on the heap into another.
    let again = black_box(Box::new(*moved));
    drop((secret, again));
    moments.gone();
}

fn secret_vec(moments: &Moments) {
    let mut bytes = vec![0; 700];
    fill(2, &mut bytes);
    let secret = SecretVec::new(bytes);
    let copy = SecretVec::copy_of(secret.expose());
    drop(secret);
    moments.alive();
    drop(copy);
    moments.gone();
}

fn seed(moments: &Moments) {
    let seed = black_box(Box::new(Seed::from_rng(&mut Pattern(3))));
    moments.alive();
    drop(TicketKey::generate(*seed, at(NOW), PERIOD));
    moments.gone();
}

fn seed_secrets() -> Vec<Needle> {
    let seed = pattern(3, 32);
    let [inner, outer] = padded(&seed);
    let [inner_state, outer_state] = states(&seed);
    vec![
        passing("with ipad", inner),
        passing("with opad", outer),
        needle("its inner state", inner_state),
        needle("its outer state", outer_state),
        passing("what is drawn", drawn(&seed, b"ticket key")),
        passing("the seed", seed),
    ]
}

fn ticket_key(moments: &Moments) {
    let mut secret = Zeroizing::new([0; 32]);
    fill(4, &mut *secret);
    let given = TicketKey::from_parts([7; 16], *secret, at(NOW), PERIOD).expect("it looks random");
    drop(secret);
    let made = TicketKey::generate(Seed::from_rng(&mut Pattern(5)), at(NOW), PERIOD);
    moments.alive();
    let keys = black_box(Box::new((given.opening_only(at(NOW)), made)));
    let bytes = keys.1.to_bytes48();
    drop((bytes, keys));
    moments.gone();
}

fn ticket_key_secrets() -> Vec<Needle> {
    let drawn = drawn(&pattern(5, 32), b"ticket key");
    let [given_inner, given_outer] = states(&pattern(4, 32));
    let [made_inner, made_outer] = states(&drawn[16..48]);
    vec![
        needle("given", pattern(4, 32)),
        needle("given, inner state", given_inner),
        needle("given, outer state", given_outer),
        needle("made", &drawn[16..48]),
        needle("made, inner state", made_inner),
        needle("made, outer state", made_outer),
        passing("its seed", pattern(5, 32)),
    ]
}

/// A key that is too old is erased, and nobody has its memory any more.
fn key_ring(moments: &Moments) {
    let key = |number, now| TicketKey::generate(Seed::from_rng(&mut Pattern(number)), at(now), PERIOD);
    let mut ring = KeyRing::new(key(6, NOW));
    moments.alive();
    ring = ring.rotate(key(16, NOW + 3600), at(NOW + 3600));
    moments.alive();
    ring = ring.rotate(key(17, NOW + 9000), at(NOW + 9000));
    moments.gone();
    assert_eq!(ring.keys(at(NOW)).count(), 2, "the others are still there");
}

fn key_ring_secrets() -> Vec<Needle> {
    vec![needle("the first key", &drawn(&pattern(6, 32), b"ticket key")[16..48])]
}

fn key_material(moments: &Moments) {
    let file = filled(7, 80);
    let keys = KeyMaterial::read(&file, KeyFileFormat::Nginx).expect("a key");
    drop(file);
    moments.alive();
    let text = keys[0].write(KeyFileFormat::Haproxy).expect("it has keys of this length");
    drop(keys);
    moments.alive();
    let ring = KeyRing::from_files([text.expose()], KeyFileFormat::Auto, at(NOW), PERIOD).expect("a key");
    drop(text);
    moments.alive();
    drop(ring.replaced_by(
        &KeyRing::new(TicketKey::generate(Seed::from_rng(&mut Pattern(18)), at(NOW), PERIOD)),
        at(NOW),
    ));
    drop(ring);
    moments.gone();
}

fn key_material_secrets() -> Vec<Needle> {
    let file = pattern(7, 80);
    // HAProxy has the halves the other way round.
    let line = [&file[..16], &file[48..], &file[16..48]].concat();
    let mut text = String::new();
    for group in line.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        let digit = |at: u32| {
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(bits >> at & 63) as usize]
        };
        text.extend([18, 12, 6, 0].into_iter().take(group.len() + 1).map(|at| char::from(digit(at))));
    }
    vec![needle("HMAC and AES key", &file[16..]), needle("in base64", &text.as_bytes()[22..])]
}

fn ratchet(moments: &Moments) {
    let seed = filled(8, 32);
    let ratchet = Ratchet::from_bytes(&seed, at(NOW), PERIOD).expect("a seed");
    drop(seed);
    moments.alive();
    let ring = ratchet.ring(at(NOW)).expect("now");
    moments.alive();
    drop(ring);
    let ratchet = ratchet.advance(at(NOW + 3 * 3600)).expect("three steps");
    let state = ratchet.to_bytes();
    moments.alive();
    drop((ratchet, state));
    moments.gone();
}

fn ratchet_secrets() -> Vec<Needle> {
    let next = |seed: &[u8]| hmac(seed, &[b"tls12 ratchet step"]);
    let first = pattern(8, 32);
    let (second, third) = (next(&first), next(&next(&first)));
    vec![
        needle("the key of step 0", hmac(&first, &[b"tls12 ratchet key"])),
        needle("the seed of step 0", first),
        passing("the seed of step 1", second),
        needle("the seed of step 2", third),
    ]
}

fn premaster() -> SecretVec {
    SecretVec::copy_of(&filled(9, 32))
}

fn schedule(moments: &Moments) {
    for suite in SUITES {
        let suite = Suite::find(suite).expect("one of ours");
        let premaster = Premaster::new(premaster());
        moments.alive();
        let master = MasterSecret::classic(&RUSTCRYPTO, suite.hash, premaster, &RANDOMS);
        let keys = black_box(Box::new(master.schedule().traffic_keys(suite, &RANDOMS)));
        moments.alive();
        let record = (keys.of(Side::Client).sealing(&RUSTCRYPTO), keys.of(Side::Server).opening(&RUSTCRYPTO));
        drop(keys);
        let finished = master
            .schedule()
            .verify_data(Side::Client, &RUSTCRYPTO.hash(suite.hash).hash(&[b"a transcript"]));
        moments.alive();
        drop((record, finished));
        drop(master);
        moments.gone();
    }
}

fn schedule_secrets() -> Vec<Needle> {
    let premaster = pattern(9, 32);
    let mut needles = Vec::new();
    for suite in SUITES {
        let suite = Suite::find(suite).expect("one of ours");
        let mut master = [0; 48];
        let prf = Prf::new(&RUSTCRYPTO, suite.hash, &premaster);
        prf.expand(b"master secret", [&RANDOMS.client, &RANDOMS.server], &mut master);
        needles.extend(of_master(&format!("{:?}", suite.id), suite, &master, &RANDOMS));
    }
    let [inner, outer] = padded(&premaster);
    needles.extend([passing("premaster, ipad", inner), passing("premaster, opad", outer)]);
    needles.push(needle("premaster", premaster));
    needles
}

/// A master secret, and the keys of a connection under it.
pub(crate) fn of_master(who: &str, suite: &Suite, master: &[u8], randoms: &Randoms) -> Vec<Needle> {
    let len = suite.aead.key_len();
    let mut keys = vec![0; 2 * len];
    let prf = Prf::new(&RUSTCRYPTO, suite.hash, master);
    prf.expand(b"key expansion", [&randoms.server, &randoms.client], &mut keys);
    let [inner, outer] = padded(master);
    vec![
        needle(format!("{who}: master secret"), master),
        passing(format!("{who}: master secret, ipad"), inner),
        passing(format!("{who}: master secret, opad"), outer),
        needle(format!("{who}: the client's key"), &keys[..len]),
        needle(format!("{who}: the server's key"), &keys[len..]),
    ]
}

fn aead_keys(moments: &Moments) {
    for (algorithm, len) in AEADS {
        let key = filled(10, len);
        let sealing = RUSTCRYPTO.aead(algorithm).seal_key(&key).expect("its length");
        let opening = RUSTCRYPTO.aead(algorithm).open_key(&key).expect("its length");
        drop(key);
        let mut sealed = [0; 100 + 16];
        sealing.seal(&[1; 12], b"", &[2; 100], &mut sealed).expect("the lengths fit");
        opening.open(&[1; 12], b"", &mut sealed).expect("authentic");
        moments.alive();
        drop((sealing, opening));
        moments.gone();
    }
}

const AEADS: [(AeadAlgorithm, usize); 3] =
    [(AeadAlgorithm::Aes128Gcm, 16), (AeadAlgorithm::Aes256Gcm, 32), (AeadAlgorithm::ChaCha20Poly1305, 32)];

/// AES without hardware keeps its keys in another order of bits, which this search does not see.
fn aead_secrets() -> Vec<Needle> {
    vec![needle("the key", pattern(10, 32))]
}

fn session() -> Session {
    Session::new(SessionParts {
        suite: SUITES[0],
        master_secret: Secret::fill(|bytes| fill(19, bytes)),
        extended_master_secret: true,
        server_name: Some(b"a.example".to_vec()),
        alpn: None,
        context: SessionContext::derive([&b"a server"[..]]),
        partition: Partition::default(),
        lineage: Lineage([9; 16]),
        authenticated_at: NOW,
        issued_at: NOW,
        lifetime: 3600,
        peer: None,
        peer_scheme: None,
        group: None,
        application_data: SecretVec::copy_of(&filled(20, 3000)),
    })
    .expect("the lengths fit")
}

fn client_session() -> ClientSession {
    ClientSession::new(ClientSessionParts {
        server: "a.example".into(),
        trust: SessionContext::derive([&b"a client"[..]]),
        token: ClientToken::Ticket { ticket: vec![7; 3000], lifetime_hint: 7200 },
        suite: SUITES[0],
        master_secret: Secret::fill(|bytes| fill(21, bytes)),
        extended_master_secret: true,
        received_at: NOW,
        authenticated_at: NOW,
        lineage: Lineage([9; 16]),
        alpn: None,
        peer: None,
        peer_scheme: None,
        group: None,
        ocsp: None,
    })
    .expect("the lengths fit")
}

/// Leaves a gap of each small size, with something in use behind it, so that a vector that outgrows its memory moves.
fn gaps() -> Vec<Vec<u8>> {
    let (gaps, between): (Vec<_>, Vec<_>) =
        (1..64).map(|n| (black_box(vec![1; 16 * n]), black_box(vec![1; 24]))).unzip();
    drop(gaps);
    between
}

/// An encoding that outgrew its memory would leave behind what it had so far.
fn encoded_sessions(moments: &Moments) {
    let (session, between) = (session(), gaps());
    let encoded = session.encode();
    drop(session);
    moments.alive();
    drop(encoded);
    moments.gone();
    drop(between);

    let (session, between) = (client_session(), gaps());
    let encoded = session.to_bytes();
    drop(session);
    moments.alive();
    drop(ClientSession::from_bytes(encoded.expose()).expect("it was just written"));
    drop(encoded);
    moments.gone();
    drop(between);
}

fn encoded_sessions_secrets() -> Vec<Needle> {
    vec![
        needle("the server's master secret", pattern(19, 48)),
        needle("application data", pattern(20, 3000)),
        needle("the client's master secret", pattern(21, 48)),
    ]
}

fn recv_buf(moments: &Moments) {
    let mut buf = RecvBuf::new();
    fill(12, &mut buf.spare()[..1000]);
    buf.received(1000).expect("something");
    moments.alive();
    drop(buf);
    moments.gone();
}
