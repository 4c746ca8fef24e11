//! What needs no arithmetic on curves: comparisons, the schedule, AEADs, tickets.

use std::{hint::black_box, time::Duration};

use tls12::{
    Seed, UnixTime,
    crypto::{AeadAlgorithm, HashAlgorithm, RUSTCRYPTO, Secret, SecretVec, Suite},
    schedule::{MasterSecret, Premaster, Randoms, Side, VerifyData},
    session::{KeyRing, Lineage, Partition, Session, SessionContext, SessionParts, TicketKey},
};

use crate::{
    Claim, Expected,
    memcheck::{aside, hide, show},
};

pub const CLAIMS: &[Claim] = &[
    Claim { name: "Secret::same_as", expected: Expected::None, run: same_as },
    Claim {
        name: "the schedule, SHA-256",
        expected: Expected::None,
        run: || schedule(HashAlgorithm::Sha256),
    },
    Claim {
        name: "the schedule, SHA-384",
        expected: Expected::None,
        run: || schedule(HashAlgorithm::Sha384),
    },
    Claim { name: "Finished", expected: Expected::None, run: finished },
    Claim { name: "AES-128-GCM, sealing", expected: Expected::None, run: || seal(AeadAlgorithm::Aes128Gcm) },
    Claim { name: "AES-256-GCM, sealing", expected: Expected::None, run: || seal(AeadAlgorithm::Aes256Gcm) },
    Claim {
        name: "ChaCha20-Poly1305, sealing",
        expected: Expected::None,
        run: || seal(AeadAlgorithm::ChaCha20Poly1305),
    },
    Claim { name: "AES-128-GCM, opening", expected: OPENED, run: || open(AeadAlgorithm::Aes128Gcm) },
    Claim { name: "AES-256-GCM, opening", expected: OPENED, run: || open(AeadAlgorithm::Aes256Gcm) },
    Claim {
        name: "ChaCha20-Poly1305, opening",
        expected: OPENED,
        run: || open(AeadAlgorithm::ChaCha20Poly1305),
    },
    Claim {
        name: "a ticket, forged",
        expected: Expected::Verdicts(
            6,
            "of 3 tickets whether a key has the name, and whether it is authentic",
        ),
        run: forged_ticket,
    },
    Claim { name: "a ticket, sealed", expected: Expected::None, run: sealed_ticket },
    Claim {
        name: "names of ticket keys",
        expected: Expected::Verdicts(8, "of 2 names whether each of 4 keys has it"),
        run: key_names,
    },
];

const OPENED: Expected = Expected::Verdicts(4, "whether it is authentic, once each for 4 records");
const RANDOMS: Randoms = Randoms { client: [1; 32], server: [2; 32] };

/// `N` secret bytes.
pub fn secret<const N: usize>() -> Secret<N> {
    Secret::fill(|bytes| {
        bytes.iter_mut().zip(1..).for_each(|(to, i)| *to = i);
        hide(bytes);
    })
}

fn same_as() {
    let ours = secret::<48>();
    let mut theirs = [9; 48];
    show(ours.same_as(&theirs));
    theirs.copy_from_slice(ours.expose());
    show(ours.same_as(&theirs));
}

fn suite(hash: HashAlgorithm) -> &'static Suite {
    tls12::crypto::SUITES.iter().find(|suite| suite.hash == hash).expect("a suite with either hash")
}

fn master(hash: HashAlgorithm) -> MasterSecret {
    let premaster = Premaster::new(SecretVec::copy_of(secret::<48>().expose()));
    MasterSecret::classic(&RUSTCRYPTO, hash, premaster, &RANDOMS)
}

fn schedule(hash: HashAlgorithm) {
    let master = master(hash);
    let keys = master.schedule().traffic_keys(suite(hash), &RANDOMS);
    drop((keys.of(Side::Client).sealing(&RUSTCRYPTO), keys.of(Side::Server).opening(&RUSTCRYPTO)));
}

pub fn verify_data() -> VerifyData {
    let transcript = RUSTCRYPTO.hash(HashAlgorithm::Sha256).hash(&[b"messages"]);
    master(HashAlgorithm::Sha256).schedule().verify_data(Side::Client, &transcript)
}

fn finished() {
    let ours = verify_data();
    show(ours.same_as(black_box(&[0; 12])));
    show(ours.same_as(verify_data().expose()));
}

fn key(algorithm: AeadAlgorithm) -> Vec<u8> {
    let mut key = vec![5; algorithm.key_len()];
    hide(&mut key[..]);
    key
}

fn seal(algorithm: AeadAlgorithm) {
    let sealing = RUSTCRYPTO.aead(algorithm).seal_key(&key(algorithm)).expect("its length");
    let mut plaintext = [6; 1000];
    hide(&mut plaintext);
    for len in [0, 1, 15, 16, 17, 300, 1000] {
        let mut out = vec![0; len + 16];
        sealing.seal(&[7; 12], b"header", &plaintext[..len], &mut out).expect("the lengths fit");
    }
}

/// A record that is authentic, and three that are not: at the front, at the end, and all of the tag.
fn open(algorithm: AeadAlgorithm) {
    let provider = RUSTCRYPTO.aead(algorithm);
    let mut sealed = [0; 200 + 16];
    let sealing = provider.seal_key(&vec![5; algorithm.key_len()]).expect("its length");
    sealing.seal(&[7; 12], b"header", &[6; 200], &mut sealed).expect("the lengths fit");
    let opening = provider.open_key(&key(algorithm)).expect("its length");
    for (flip, is_authentic) in [(0..0, true), (0..1, false), (215..216, false), (200..216, false)] {
        let mut record = sealed;
        record[flip].iter_mut().for_each(|byte| *byte ^= 1);
        assert_eq!(opening.open(&[7; 12], b"header", &mut record).is_ok(), is_authentic);
    }
}

fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000))
}

fn ticket_key(number: u8) -> TicketKey {
    let mut seed = [number; 32];
    hide(&mut seed);
    TicketKey::generate(Seed::for_replay(seed), now(), Duration::from_secs(3600))
}

/// Tickets that bear the name of a key, and are wrong in other places: in the salt, in the ciphertext, in the tag.
fn forged_ticket() {
    let key = ticket_key(1);
    let name = show(key.name().0);
    let ring = KeyRing::new(key);
    for byte in [16, 60, 199] {
        let mut ticket = vec![8; 200];
        ticket[..16].copy_from_slice(&name);
        ticket[byte] ^= 1;
        assert!(ring.open_ticket(&RUSTCRYPTO, &ticket, now()).is_err());
    }
}

/// A session with a secret master secret, under a secret key.
fn sealed_ticket() {
    let parts = SessionParts {
        suite: suite(HashAlgorithm::Sha256).id,
        master_secret: secret(),
        extended_master_secret: true,
        server_name: None,
        alpn: None,
        context: SessionContext::derive([&b"context"[..]]),
        partition: Partition::default(),
        lineage: Lineage([9; 16]),
        authenticated_at: 1_800_000_000,
        issued_at: 1_800_000_000,
        lifetime: 3600,
        peer: None,
        peer_scheme: None,
        group: None,
        application_data: SecretVec::copy_of(secret::<32>().expose()),
    };
    let session = Session::new(parts).expect("nothing in it is long");
    let sealed = KeyRing::new(ticket_key(1)).seal_ticket(&RUSTCRYPTO, &session, &[3; 32], now());
    assert!(sealed.is_some());
}

/// Names that no key has: one that differs in its first byte from one of them, and one that differs in its last.
fn key_names() {
    let ring = aside(|| {
        let first = KeyRing::new(ticket_key(1));
        (2..=4).fold(first, |ring, number| ring.with_key(ticket_key(number)))
    });
    let name = show(ticket_key(2).name().0);
    for byte in [0, 15] {
        let mut other = name;
        other[byte] ^= 1;
        assert!(ring.find(&other, now()).is_err());
    }
}
