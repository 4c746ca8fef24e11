//! Ticket keys: R19 to R23.

use std::time::Duration;

use tls12::{
    crypto::RUSTCRYPTO,
    session::{
        DEFAULT_PERIOD, KeyRing, KeyState, NotResumed, Partition, Ratchet, SealedSession, StoreKey,
        TicketKey, WeakKey,
    },
    wire::SessionId,
};

use super::{session_of, sources};
use crate::common::{
    certs::{NOW, at},
    pair::World,
    raw::Kept,
    resuming::{HOUR, HOURS_12, key, policy, ring},
};

fn tickets_of_two_handshakes() -> [Vec<u8>; 2] {
    let mut world = World::resuming();
    [(); 2].map(|()| {
        world.session = None;
        world.visit();
        Kept::of(&session_of(&world)).ticket
    })
}

#[test]
fn r19_each_ticket_is_sealed_under_a_key_of_its_own() {
    let [one, two] = tickets_of_two_handshakes();
    assert_eq!(one[..16], two[..16], "under one key of the ring");
    assert_ne!(one[16..48], two[16..48], "the salts are 32 random bytes");
    // What both have in plain text would show as equal bytes under one keystream.
    let same = one[48..].iter().zip(&two[48..]).filter(|(a, b)| a == b).count();
    assert!(same < 16, "{same} equal bytes");
    // And the salt is part of what is sealed.
    let swapped = [&one[..16], &two[16..48], &one[48..]].concat();
    assert_eq!(ring().open_ticket(&RUSTCRYPTO, &swapped, at(NOW)).err(), Some(NotResumed::Forged));
    assert!(ring().open_ticket(&RUSTCRYPTO, &one, at(NOW)).is_ok());
}

#[test]
fn r20_keys_that_nobody_drew_are_refused() {
    let load = |secret| TicketKey::from_parts([1; 16], secret, at(NOW), HOURS_12).err();
    assert_eq!(load([0; 32]), Some(WeakKey::AllZero));
    assert_eq!(load([0x41; 32]), Some(WeakKey::RepeatedByte));
    assert_eq!(load(*b"drawn from a generator, let's say"[..32].first_chunk().expect("32")), None);
    assert!(Ratchet::new([0; 32], at(NOW), HOURS_12).is_err());
}

/// The secret of a key is read where sessions are sealed and opened, and where keys are compared and loaded; and written
/// down where somebody asked for recordings with secrets.
#[test]
fn r21_a_ticket_key_is_used_for_nothing_else() {
    let users: Vec<_> = sources("src")
        .into_iter()
        .filter(|(_, text)| text.contains("key.secret()") || text.contains(".sealing_secret("))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(users, ["src/replay/resumption.rs", "src/session/seal.rs"]);
    // Not even the two kinds of seals share a key: a ticket is no entry of a store, nor the other way round.
    let [ticket, _] = tickets_of_two_handshakes();
    let place = StoreKey::of(&Partition::default(), &SessionId::from([1; 32]));
    let opened = ring().open_stored(&RUSTCRYPTO, &place, &SealedSession(ticket), at(NOW));
    assert_eq!(opened.err(), Some(NotResumed::Forged));
}

#[test]
fn r22_keys_rotate_within_a_day_and_are_erased_once_nothing_of_theirs_is_accepted() {
    assert!(DEFAULT_PERIOD <= Duration::from_secs(24 * HOUR));
    let mut ring = ring();
    let first = ring.sealing_key(at(NOW)).expect("a key").name();
    let state = |ring: &KeyRing, hours| {
        let now = at(NOW + hours * HOUR);
        ring.keys(now).find(|(key, _)| key.name() == first).map(|(_, state)| state)
    };
    assert_eq!(state(&ring, 0), Some(KeyState::Sealing));
    ring = ring.rotate(key(8, at(NOW + 12 * HOUR)), at(NOW + 12 * HOUR));
    assert_eq!(state(&ring, 12), Some(KeyState::Opening));
    ring = ring.rotate(key(9, at(NOW + 24 * HOUR)), at(NOW + 24 * HOUR));
    assert_eq!(state(&ring, 24), None, "it is gone");
}

#[test]
fn r23_a_hint_never_promises_more_than_the_ring_can_keep() {
    for hours in [0, 1, 6, 11] {
        for lifetime in [HOUR, 10 * HOUR, 7 * 24 * HOUR] {
            let long = policy()
                .with_lifetime(Duration::from_secs(lifetime))
                .with_authentication_lifetime(Duration::from_secs(7 * 24 * HOUR));
            let mut world = World::new().with_policy(long);
            world.now = at(NOW + hours * HOUR);
            world.visit();
            let hint = u64::from(Kept::of(&session_of(&world)).hint);
            // The key of NOW opens for 24 hours.
            assert_eq!(hint, lifetime.min((24 - hours) * HOUR), "{hours} hours, {lifetime} seconds");
            let ticket = Kept::of(&session_of(&world)).ticket;
            assert!(ring().open_ticket(&RUSTCRYPTO, &ticket, at(NOW + hours * HOUR + hint - 1)).is_ok());
        }
    }
}
