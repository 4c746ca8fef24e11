//! Stores, secrets and numbers: R32 to R37.

use std::{collections::HashSet, sync::Arc};

use tls12::{
    crypto::RUSTCRYPTO,
    session::{HandshakeKind, NotResumed, Partition, ResumedBy, SealedSession, SeenBy, StoreKey, TicketSent},
    wire::SessionId,
};

use super::session_of;
use crate::common::{
    certs::{NOW, at},
    pair::World,
    raw::{Hello, Kept, Over, Raw},
    resuming::{BOTH, assert_declined, assert_resumed, policy, ring},
};

fn has(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

fn entry(world: &World) -> (StoreKey, SealedSession) {
    world.store.kept().iter().next().map(|(key, sealed)| (*key, sealed.clone())).expect("an entry")
}

#[test]
fn r32_what_a_store_sees_is_sealed_and_lies_under_a_hash() {
    let world = World::after_a_visit(ResumedBy::SessionId);
    let kept = Kept::of(&session_of(&world));
    let (place, sealed) = entry(&world);
    for secret in [&kept.master[..], &kept.session_id, b"a.example"] {
        assert!(!has(&sealed.0, secret) && !has(&place.hash, secret));
    }
    let id = SessionId::new(&kept.session_id).expect("an ID");
    assert_eq!(place, StoreKey::of(&Partition::default(), &id));
    let elsewhere = StoreKey::of(&Partition::named(b"b"), &id);
    assert_ne!(place, elsewhere);
    assert!(ring().open_stored(&RUSTCRYPTO, &place, &sealed, at(NOW)).is_ok());
    let moved = ring().open_stored(&RUSTCRYPTO, &elsewhere, &sealed, at(NOW));
    assert_eq!(moved.err(), Some(NotResumed::Forged));
    // Who reads the store has no ticket either.
    assert_eq!(ring().open_ticket(&RUSTCRYPTO, &sealed.0, at(NOW)).err(), Some(NotResumed::Forged));
}

#[test]
fn r33_a_new_id_is_32_random_bytes_and_never_the_clients() {
    let mut world = World::resuming();
    let mut seen = HashSet::new();
    for n in 0..20 {
        world.seeds.1 = [n; 32];
        let shared = Arc::new(world);
        let mut raw = Raw::client(&shared, Over::Memory);
        let offered = vec![0x77; 32];
        let id = raw.offer(&Hello { session_id: offered.clone(), ..Hello::new() }, None).kept.session_id;
        raw.close(b"");
        assert!(id.len() == 32 && id != offered);
        assert!(seen.insert(id));
        world = Arc::into_inner(shared).expect("nobody else has it");
    }
    // No byte is always the same.
    for at in 0..32 {
        assert!(seen.iter().map(|id| id[at]).collect::<HashSet<_>>().len() > 1, "byte {at}");
    }
}

#[test]
fn r34_a_store_that_loses_fails_or_answers_for_another_partition_is_a_miss_with_a_reason() {
    let back = |change: &dyn Fn(&mut World)| {
        let mut world = World::after_a_visit(ResumedBy::SessionId);
        change(&mut world);
        world.visit()
    };
    assert_declined(&back(&|world| world.store.kept().clear()), NotResumed::NotStored);
    assert_declined(&back(&|world| world.store.set_down(true)), NotResumed::StoreUnavailable);
    // It answers with what it has for another partition.
    let elsewhere = back(&|world| {
        let id = SessionId::new(&Kept::of(&session_of(world)).session_id).expect("an ID");
        let (_, sealed) = entry(world);
        world.store.kept().insert(StoreKey::of(&Partition::named(b"b"), &id), sealed);
        world.set_policy(policy().with_partition(Partition::named(b"b")));
    });
    assert_declined(&elsewhere, NotResumed::Forged);
}

#[test]
fn r35_secrets_are_never_printed() {
    for by in BOTH {
        let mut world = World::after_a_visit(by);
        let session = session_of(&world);
        let shaken = world.visit();
        let kept = Kept::of(&session);
        let opened = (by == ResumedBy::Ticket)
            .then(|| ring().open_ticket(&RUSTCRYPTO, &kept.ticket, at(NOW)).expect("a session"));
        let printed = format!(
            "{session:?} {session:#?} {opened:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            shaken.client,
            shaken.server,
            world.server,
            world.client,
            policy(),
            world.start_client()
        );
        let hex: String = kept.master.iter().map(|byte| format!("{byte:02x}")).collect();
        let list: Vec<_> = kept.master[..8].iter().map(ToString::to_string).collect();
        assert!(!printed.contains(&hex[..16]) && !printed.contains(&list.join(", ")), "{printed}");
    }
}

/// What a session says comes out of its seal; a store or a client that says something else is not asked.
#[test]
fn r36_a_session_holds_no_authority_that_its_seal_does_not_cover() {
    for by in BOTH {
        let mut world = World::resuming_by(by);
        world.application_data = b"user 17".to_vec();
        world.visit();
        world.application_data = b"administrator".to_vec();
        let back = world.visit();
        assert_resumed(&back, by, TicketSent::No);
        assert_eq!(back.server.session.expect("a session").application_data, b"user 17");
    }
    // Every bit of an entry is covered.
    let world = World::after_a_visit(ResumedBy::SessionId);
    let (place, sealed) = entry(&world);
    for bit in 0..sealed.0.len() * 8 {
        let mut other = sealed.clone();
        other.0[bit / 8] ^= 1 << (bit % 8);
        assert!(ring().open_stored(&RUSTCRYPTO, &place, &other, at(NOW)).is_err(), "bit {bit}");
    }
}

#[test]
fn r37_every_verdict_and_every_reason_has_a_number_of_its_own_that_stays() {
    // Written out: a change here is a change of what a number means.
    let reasons = [
        (NotResumed::NotOffered, 1),
        (NotResumed::Disabled, 2),
        (NotResumed::Declined, 3),
        (NotResumed::PolicyDeclined, 4),
        (NotResumed::NotStored, 10),
        (NotResumed::StoreUnavailable, 11),
        (NotResumed::UnknownTicketKey, 20),
        (NotResumed::ExpiredTicketKey, 21),
        (NotResumed::Forged, 22),
        (NotResumed::UnknownFormat, 23),
        (NotResumed::TooLong, 24),
        (NotResumed::Expired, 30),
        (NotResumed::AuthenticationTooOld, 31),
        (NotResumed::OtherContext, 40),
        (NotResumed::OtherServerName, 41),
        (NotResumed::OtherProtocol, 42),
        (NotResumed::OtherSuite, 43),
        (NotResumed::OtherMasterSecret, 44),
        (NotResumed::NoClientCertificate, 45),
        (NotResumed::ClientCertificateExpired, 46),
        (NotResumed::OtherPartition, 47),
    ];
    assert_eq!(NotResumed::ALL.len(), reasons.len());
    for (reason, code) in reasons {
        assert_eq!((reason.code(), NotResumed::from_code(code)), (code, Some(reason)));
    }
    let kinds = [
        HandshakeKind::Full(NotResumed::Forged),
        HandshakeKind::Resumed(ResumedBy::SessionId),
        HandshakeKind::Resumed(ResumedBy::Ticket),
    ];
    assert_eq!(kinds.map(HandshakeKind::code), [1, 2, 3]);
    let tickets = [TicketSent::No, TicketSent::Issued, TicketSent::Empty];
    assert_eq!(tickets.map(TicketSent::code), [0, 1, 2]);
    assert_eq!(NotResumed::Declined.seen_by(), SeenBy::Client);
}
