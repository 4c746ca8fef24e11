//! A file of ticket keys, in each format, and a ratchet's seed.
//!
//! Oracle: a key that was read is written in every format that has such keys and read again as the same key, which
//! opens what the first one sealed; the key that seals is the one that the format says; no key that is obviously not
//! random is taken; a ratchet that was read is written as the bytes that it was read from.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tls12::{
    crypto::RUSTCRYPTO,
    session::{KeyFileFormat, KeyMaterial, KeyRing, KeyTimes, Ratchet, TicketKey},
};
use tls12_fuzz::{
    common::certs::{NOW, at},
    seals,
};

const FORMATS: [KeyFileFormat; 6] = [
    KeyFileFormat::Auto,
    KeyFileFormat::Nginx,
    KeyFileFormat::Apache,
    KeyFileFormat::Haproxy,
    KeyFileFormat::Node,
    KeyFileFormat::OpenSsl,
];
const HOUR: Duration = Duration::from_secs(3600);

/// Whether what one key seals opens under the other.
fn opens(one: &KeyMaterial, other: &KeyMaterial) -> bool {
    let ring = |key: &KeyMaterial| KeyRing::new(key.ticket_key(KeyTimes::starting(at(NOW), HOUR)));
    let session = seals::session(b"");
    let ticket = ring(one).seal_ticket(&RUSTCRYPTO, &session, &[7; 32], at(NOW)).expect("its key seals");
    ring(other).open_ticket(&RUSTCRYPTO, &ticket, at(NOW)).is_ok()
}

fn written_and_read_again(key: &KeyMaterial) {
    for format in FORMATS {
        let Some(bytes) = key.write(format) else { continue };
        let again = KeyMaterial::read(bytes.expose(), format).expect("what was written is read");
        assert_eq!(again.len(), 1, "one key was written");
        assert_eq!((again[0].name(), again[0].len()), (key.name(), key.len()));
        assert!(opens(key, &again[0]), "{format:?}: another key came back");
    }
}

fn file(bytes: &[u8], format: KeyFileFormat) {
    let keys = KeyMaterial::read(bytes, format);
    let ring = KeyRing::from_files([bytes], format, at(NOW), HOUR);
    let Ok(keys) = keys else {
        assert!(ring.is_err(), "a file is refused, and its ring is not");
        return;
    };
    let ring = ring.expect("the keys of a file make a ring");
    // HAProxy: "the last but one"; every other file has one key.
    let first = &keys[keys.len().saturating_sub(2)];
    assert_eq!(ring.sealing_key(at(NOW)).map(TicketKey::name), Some(first.name()));
    for key in keys.iter().take(3) {
        assert!(matches!(key.len(), 48 | 80));
        let bytes = key.write(KeyFileFormat::OpenSsl).expect("both lengths are OpenSSL's");
        for half in bytes.expose()[16..].chunks((key.len() - 16) / 2) {
            assert!(half.iter().any(|byte| *byte != half[0]), "a key of one byte, repeated");
        }
        written_and_read_again(key);
    }
}

fn ratchet(bytes: &[u8]) {
    let Ok(ratchet) = Ratchet::from_bytes(bytes, at(NOW), HOUR) else { return };
    let written = ratchet.to_bytes();
    assert!(written.expose().ends_with(bytes), "the seed is another, or its step");
    if let Ok(ring) = ratchet.ring(at(NOW)) {
        assert!(ring.keys(at(NOW)).count() > 0);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((format, bytes)) = input.split_first() else { return };
    match FORMATS.get(usize::from(*format) % (FORMATS.len() + 1)) {
        Some(format) => file(bytes, *format),
        None => ratchet(bytes),
    }
});
