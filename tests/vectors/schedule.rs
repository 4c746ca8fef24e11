//! The PRF, and all that is derived with it.

use tls12::{
    crypto::{Digest, HashAlgorithm, NONCE_LEN, RUSTCRYPTO, SecretVec, Suite},
    schedule::{MasterSecret, Premaster, Prf, Randoms, SessionHash, Side, WriteKey},
    wire::CipherSuite,
};

use crate::format::{Block, blocks};

const PRF_PUBLISHED: &str = include_str!("../../vectors/prf/published.txt");
const PRF_COMPUTED: &str = include_str!("../../vectors/prf/computed.txt");
const SCHEDULE_PUBLISHED: &str = include_str!("../../vectors/schedule/published.txt");
const SCHEDULE_COMPUTED: &str = include_str!("../../vectors/schedule/computed.txt");

fn hash(block: &Block<'_>) -> HashAlgorithm {
    match block.text("hash") {
        "sha256" => HashAlgorithm::Sha256,
        "sha384" => HashAlgorithm::Sha384,
        other => panic!("no hash of the PRF: {other}"),
    }
}

fn premaster(block: &Block<'_>) -> Premaster {
    Premaster::new(SecretVec::new(block.bytes("premaster")))
}

fn randoms(block: &Block<'_>) -> Randoms {
    Randoms { client: block.array("client-random"), server: block.array("server-random") }
}

fn session_hash(block: &Block<'_>) -> SessionHash {
    SessionHash::of(Digest::new(&block.bytes("session-hash")))
}

/// Checks every vector of a file; the seed is cut in two at every third byte, for it is given in two parts.
fn check_prf(text: &str) -> usize {
    let blocks = blocks(text);
    for block in &blocks {
        let (label, seed) = (block.text("label").as_bytes(), block.bytes("seed"));
        let prf = Prf::new(&RUSTCRYPTO, hash(block), &block.bytes("secret"));
        let expected = block.bytes("output");
        for cut in (0..=seed.len()).step_by(3) {
            let (first, second) = seed.split_at(cut);
            let mut output = vec![0; expected.len()];
            prf.expand(label, [first, second], &mut output);
            assert_eq!(output, expected, "{block:?}");
        }
    }
    blocks.len()
}

#[test]
fn the_prf_gives_what_was_published() {
    assert_eq!(check_prf(PRF_PUBLISHED), 2);
}

#[test]
fn the_prf_gives_what_another_implementation_gives_for_any_length() {
    assert_eq!(check_prf(PRF_COMPUTED), 98);
}

#[test]
fn the_extended_master_secret_and_the_key_block_are_those_of_nist() {
    let blocks = blocks(SCHEDULE_PUBLISHED);
    assert_eq!(blocks.len(), 4);
    for block in &blocks {
        let master = MasterSecret::extended(&RUSTCRYPTO, hash(block), premaster(block), &session_hash(block));
        assert!(master.secret().same_as(&block.bytes("extended-master")));
        let Randoms { client, server } = randoms(block);
        let mut key_block = [0; 128];
        Prf::new(&RUSTCRYPTO, hash(block), master.secret().expose()).expand(
            b"key expansion",
            [&server, &client],
            &mut key_block,
        );
        assert_eq!(key_block[..], block.bytes("key-block"));
    }
}

/// A suite's vectors, and the two master secrets that follow from them.
struct Schedule<'t> {
    block: Block<'t>,
    suite: &'static Suite,
    randoms: Randoms,
    classic: MasterSecret,
    extended: MasterSecret,
}

fn schedules() -> Vec<Schedule<'static>> {
    let make = |block: Block<'static>| {
        let code = u16::from_str_radix(block.text("suite"), 16).expect("a code point");
        let suite = Suite::find(CipherSuite(code)).expect("a suite of this crate");
        let randoms = randoms(&block);
        let classic = MasterSecret::classic(&RUSTCRYPTO, suite.hash, premaster(&block), &randoms);
        let extended =
            MasterSecret::extended(&RUSTCRYPTO, suite.hash, premaster(&block), &session_hash(&block));
        Schedule { block, suite, randoms, classic, extended }
    };
    let schedules: Vec<_> = blocks(SCHEDULE_COMPUTED).into_iter().map(make).collect();
    assert_eq!(schedules.len(), 6, "one for each suite");
    schedules
}

#[test]
fn both_master_secrets_of_every_suite() {
    for Schedule { block, classic, extended, .. } in schedules() {
        assert!(classic.secret().same_as(&block.bytes("classic-master")));
        assert!(extended.secret().same_as(&block.bytes("extended-master")));
        assert!(!classic.schedule().is_extended() && extended.schedule().is_extended());
    }
}

#[test]
fn the_key_block_of_every_suite_is_cut_into_the_keys_of_both_sides() {
    for Schedule { block, suite, randoms, extended, .. } in schedules() {
        let keys = extended.schedule().traffic_keys(suite, &randoms);
        check_key(&block, "client", keys.of(Side::Client));
        check_key(&block, "server", keys.of(Side::Server));
    }
}

/// The key, seen by what it seals and opens, and the IV.
fn check_key(block: &Block<'_>, side: &str, key: WriteKey<'_>) {
    let (iv, probe) = (block.bytes(&format!("{side}-iv")), block.bytes(&format!("{side}-probe")));
    let mut nonce = [0; NONCE_LEN];
    nonce[..iv.len()].copy_from_slice(&iv);

    assert_eq!(key.iv, iv);
    let sealing = RUSTCRYPTO.aead(key.algorithm).seal_key(key.key).expect("a key of the right length");
    let mut sealed = vec![0; probe.len()];
    sealing.seal(&nonce, b"probe", b"", &mut sealed).expect("room for the tag");
    assert_eq!(sealed, probe);
    assert_eq!(key.sealing(&RUSTCRYPTO).map(|key| key.algorithm()), Some(key.algorithm));
    assert_eq!(key.opening(&RUSTCRYPTO).map(|key| key.algorithm()), Some(key.algorithm));
}

#[test]
fn both_finished_of_every_suite() {
    for Schedule { block, classic, extended, .. } in schedules() {
        let transcript = Digest::new(&block.bytes("transcript-hash"));
        let client = extended.schedule().verify_data(Side::Client, &transcript);
        assert!(client.same_as(&block.array("client-finished")));
        let server = extended.schedule().verify_data(Side::Server, &transcript);
        assert!(server.same_as(&block.array("server-finished")));
        let classic = classic.schedule().verify_data(Side::Client, &transcript);
        assert!(classic.same_as(&block.array("classic-client-finished")));
        assert!(!client.same_as(server.expose()));
    }
}

#[test]
fn exporters_tell_no_context_from_an_empty_one() {
    for Schedule { block, randoms, classic, extended, .. } in schedules() {
        let exporter = extended.schedule().exporter(&randoms).expect("the extended master secret has one");
        let context = block.bytes("export-context");
        for (name, context) in [
            ("export-without-context", None),
            ("export-with-empty-context", Some(&[][..])),
            ("export-with-context", Some(&context[..])),
        ] {
            let mut out = [0; 77];
            exporter.derive(block.text("export-label"), context, &mut out).expect("a short context");
            assert_eq!(out[..], block.bytes(name), "{name}");
        }
        assert!(exporter.derive("label", Some(&vec![0; 65_536]), &mut [0; 1]).is_err());
        // RFC 7627, 5.4: without the extension, exported values are not unique to a connection.
        assert!(classic.schedule().exporter(&randoms).is_none());
    }
}

#[test]
fn the_channel_binding_tls_exporter_has_an_empty_context() {
    for Schedule { block, randoms, extended, .. } in schedules() {
        let exporter = extended.schedule().exporter(&randoms).expect("the extended master secret has one");
        assert_eq!(exporter.channel_binding(), block.array("tls-exporter"));
    }
}
