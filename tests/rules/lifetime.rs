//! Lifetime: R27 to R31.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tls12::{
    Error,
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer},
    session::{
        ClientSession, DEFAULT_AUTHENTICATION_LIFETIME, Lookup, MAX_LIFETIME, NewSession, Partition,
        RenewWhen, ResumedBy, SealedSession, StoreKey, TicketSent, Tickets,
    },
    store::{ClientSessions, Limits, MemoryStore, Reuse, SessionStore},
    wire::{Alert, SessionId},
};

use super::session_of;
use crate::common::{
    certs::{NOW, at},
    pair::{Ended, NAME, World},
    raw::{Kept, Over, Raw, server_name},
    resuming::{BOTH, HOUR, assert_resumed, key, policy, ring, tampered},
};

#[test]
fn r27_renewal_does_not_extend_the_authentication_and_there_are_a_default_and_a_maximum() {
    let day = Duration::from_secs(24 * HOUR);
    assert_eq!((DEFAULT_AUTHENTICATION_LIFETIME, MAX_LIFETIME), (day, 7 * day));
    let endless = policy().with_lifetime(Duration::MAX).with_authentication_lifetime(Duration::MAX);
    assert_eq!(u64::from(endless.lifetime()), 7 * 24 * HOUR);
    assert_eq!(u64::from(endless.authentication_lifetime()), 7 * 24 * HOUR);

    let keys = ring().with_key(key(8, at(NOW + 12 * HOUR))).with_key(key(9, at(NOW + 24 * HOUR)));
    let renewing = policy().with_keys(keys).with_tickets(Tickets::Renew(RenewWhen::Always));
    let mut world = World::new().with_policy(renewing).visited();
    for hours in [8, 16, 20] {
        world.now = at(NOW + hours * HOUR);
        let back = world.visit();
        assert_resumed(&back, ResumedBy::Ticket, TicketSent::Issued);
        assert_eq!(back.server.session.expect("a session").authenticated_at, NOW);
    }
    // What is left of a day, and not 10 hours.
    assert_eq!(u64::from(Kept::of(&session_of(&world)).hint), 4 * HOUR);
    world.now = at(NOW + 24 * HOUR);
    assert!(world.visit().server.handshake.reason().is_some());
}

fn stored(number: u8, lifetime: u64) -> NewSession {
    NewSession {
        key: StoreKey::of(&Partition::default(), &SessionId::from([number; 32])),
        sealed: SealedSession(vec![number; 100]),
        lifetime: Duration::from_secs(lifetime),
    }
}

#[test]
fn r28_stored_sessions_expire_by_time_as_well_as_by_space() {
    let clock = Arc::new(AtomicU64::new(0));
    let reading = clock.clone();
    let store =
        MemoryStore::new(Limits::sessions(2)).with_clock(move || Duration::from_secs(reading.load(Relaxed)));
    store.put(&stored(1, 100));
    assert!(matches!(store.get(&stored(1, 0).key), Lookup::Found(_)));
    clock.store(100, Relaxed);
    assert_eq!(store.get(&stored(1, 0).key), Lookup::Missing);
    (2..5).for_each(|number| store.put(&stored(number, 100)));
    assert_eq!(store.len(), 2);
    assert_eq!(store.get(&stored(2, 0).key), Lookup::Missing);
}

#[test]
fn r29_a_failure_removes_the_session_on_both_sides_and_a_close_or_a_loss_does_not() {
    for by in BOTH {
        let mut world = World::after_a_visit(by);
        let stored = world.store.kept().keys().next().copied();
        let good = session_of(&world);
        world.session = Some(tampered(&good, |bytes| bytes[6] ^= 1));
        let Ended { forgotten, .. } = world.run(usize::MAX);
        assert_eq!(forgotten, (true, stored));
        // Lost in the middle of the handshake, closed in order, closed after it, lost after it.
        let world = Arc::new(world);
        let kept = Kept::of(&good);
        for case in 0..4 {
            let mut raw = Raw::client(&world, Over::Memory);
            let hello = kept.hello().with(0, &server_name(NAME));
            if case < 2 {
                raw.message(&hello.message());
            } else {
                assert!(raw.offer(&hello, Some(&kept)).resumed);
            }
            if case % 2 == 0 {
                raw.cut();
            } else {
                raw.record(21, &[1, Alert::CLOSE_NOTIFY.0]);
            }
            assert_eq!(raw.end_in_any_way().remove, None, "{by}, case {case}");
        }
        let mut raw = Raw::client(&world, Over::Memory);
        assert!(raw.offer(&kept.hello().with(0, &server_name(NAME)), Some(&kept)).resumed);
    }
}

/// Verifies nobody.
struct Nobody;

impl VerifyPeer for Nobody {
    fn verify(&self, _: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        Err(CertificateError::BadOcsp)
    }
}

#[test]
fn r30_a_session_whose_verification_failed_is_kept_on_neither_side() {
    for by in BOTH {
        let mut world = World::resuming_by(by);
        world.verifies_server = Arc::new(Nobody);
        let ended = world.run(usize::MAX);
        assert_eq!(ended.client.err(), Some(Error::Certificate(CertificateError::BadOcsp)));
        assert!(ended.server.is_err());
        assert!(world.store.kept().is_empty());

        let auth = tls12::ClientAuth::Require;
        let mut world =
            World::resuming_by(by).with_client_certificate(auth, crate::common::certs::Key::EcdsaP256);
        world.verifies_client = Arc::new(Nobody);
        let ended = world.run(usize::MAX);
        assert!(ended.client.is_err() && ended.server.is_err());
        assert!(world.store.kept().is_empty());
    }
}

#[test]
fn r31_a_session_for_single_use_is_handed_out_once() {
    let world = World::after_a_visit(ResumedBy::Ticket);
    let get = |sessions: &ClientSessions| sessions.get(NAME, session_of(&world).trust(), at(NOW));
    let once = ClientSessions::new(10, Reuse::Once);
    once.insert(session_of(&world));
    let first = get(&once);
    assert!(first.is_some_and(|session: ClientSession| session.server() == NAME));
    assert!(get(&once).is_none() && once.is_empty());
    let many = ClientSessions::new(10, Reuse::Many);
    many.insert(session_of(&world));
    assert!(get(&many).is_some() && get(&many).is_some());
}
