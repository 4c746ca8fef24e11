//! Session IDs that name nothing, and stores that cannot be relied on: a full handshake with its reason, and never
//! an alert (R34); and nothing kept from a handshake that failed (R13).

use std::sync::Arc;

use tls12::{
    Error,
    session::{HandshakeKind, NotResumed, ResumedBy, SealedSession, StoreKey, TicketSent},
    wire::Alert,
};

use crate::common::{
    certs::{NOW, at},
    pair::{Ended, NAME, World},
    raw::{Hello, Kept, Over, Raw, SESSION_TICKET, server_name},
    resuming::{BOTH, HOUR, assert_declined, assert_resumed, tampered},
};

/// What a server of ours says to this ID; the handshake goes through all the same, and gives an ID of its own.
fn reason(world: &Arc<World>, session_id: &[u8]) -> NotResumed {
    let mut raw = Raw::client(world, Over::Memory);
    let made = raw.offer(&Hello { session_id: session_id.to_vec(), ..Hello::new() }, None);
    assert_eq!(made.kept.session_id.len(), 32);
    assert_ne!(made.kept.session_id, session_id, "R33: a client's ID never becomes one");
    raw.close(b"").info.expect("a handshake").handshake.reason().expect("a full handshake")
}

#[test]
fn ids_of_any_length_that_name_nothing_have_a_reason() {
    let world = Arc::new(World::resuming());
    assert_eq!(reason(&world, &[]), NotResumed::NotOffered);
    for len in 1..=32 {
        assert_eq!(reason(&world, &vec![7; len]), NotResumed::NotStored, "{len} bytes");
    }
}

/// RFC 5246, 7.4.1.2: "opaque SessionID<0..32>".
#[test]
fn an_id_of_more_than_32_bytes_is_no_id() {
    for len in [33, 64, 255] {
        let mut raw = Raw::client(&Arc::new(World::resuming()), Over::Memory);
        raw.message(&Hello { session_id: vec![7; len], ..Hello::new() }.message());
        raw.refused_with(Alert::DECODE_ERROR, "SessionID");
    }
}

#[test]
fn no_part_and_no_neighbour_of_an_id_is_that_id() {
    let world = Arc::new(World::resuming());
    let mut raw = Raw::client(&world, Over::Memory);
    let id = raw.offer(&Hello::new(), None).kept.session_id;
    raw.close(b"");
    for len in 1..32 {
        assert_eq!(reason(&world, &id[..len]), NotResumed::NotStored, "{len} bytes");
    }
    for at in 0..32 {
        let mut other = id.clone();
        other[at] ^= 1 << (at % 8);
        assert_eq!(reason(&world, &other), NotResumed::NotStored, "byte {at}");
    }
}

#[test]
fn an_entry_that_is_ours_and_has_expired_says_so_though_the_store_still_has_it() {
    let world = Arc::new(World::resuming());
    let mut raw = Raw::client(&world, Over::Memory);
    let kept = raw.offer(&Hello::new(), None).kept;
    raw.close(b"");
    let mut world = Arc::into_inner(world).expect("nobody else has it");
    world.now = at(NOW + 10 * HOUR);
    world.seeds = ([3; 32], [4; 32]);
    assert_eq!(reason(&Arc::new(world), &kept.session_id), NotResumed::Expired);
}

/// A store with somebody else's entry as well.
fn two_entries() -> (World, StoreKey, SealedSession) {
    let mut other = World::after_a_visit(ResumedBy::SessionId);
    other.seeds = ([8; 32], [9; 32]);
    other.session = None;
    other.store.kept().clear();
    other.visit();
    let (key, entry) = other.store.kept().drain().next().expect("an entry");
    (World::after_a_visit(ResumedBy::SessionId), key, entry)
}

#[test]
fn a_store_that_answers_garbage_is_a_store_that_does_not_have_it() {
    let (world, _, theirs) = two_entries();
    let ours = world.store.kept().values().next().expect("an entry").0.clone();
    let ticket = World::after_a_visit(ResumedBy::Ticket).session.map(|session| Kept::of(&session).ticket);
    let mut answers = vec![
        (vec![], NotResumed::UnknownFormat),
        (vec![0], NotResumed::UnknownFormat),
        (vec![7; 64], NotResumed::UnknownFormat),
        (vec![7; 65], NotResumed::UnknownTicketKey),
        (vec![7; 5000], NotResumed::UnknownTicketKey),
        (vec![7; 100_000], NotResumed::TooLong),
        (theirs.0, NotResumed::Forged),
        (ticket.expect("a ticket"), NotResumed::Forged),
        (ours[..ours.len() - 1].to_vec(), NotResumed::Forged),
        ([&ours[..], &[0]].concat(), NotResumed::Forged),
    ];
    for at in (0..ours.len()).step_by(5) {
        let mut flipped = ours.clone();
        flipped[at] ^= 1 << (at % 8);
        let reason = if at < 16 { NotResumed::UnknownTicketKey } else { NotResumed::Forged };
        answers.push((flipped, reason));
    }
    for (answer, reason) in answers {
        let (mut world, ..) = two_entries();
        world.store.kept().values_mut().for_each(|entry| entry.0.clone_from(&answer));
        assert_declined(&world.visit(), reason);
        assert_resumed(&world.visit(), ResumedBy::SessionId, TicketSent::No);
    }
}

#[test]
fn a_store_that_fails_is_a_miss_with_its_own_reason_and_what_it_does_not_take_is_not_resumed() {
    let mut world = World::after_a_visit(ResumedBy::SessionId);
    world.store.set_down(true);
    assert_declined(&world.visit(), NotResumed::StoreUnavailable);
    // The session of that handshake was not stored; the client has its ID all the same.
    world.store.set_down(false);
    assert_declined(&world.visit(), NotResumed::NotStored);
    assert_resumed(&world.visit(), ResumedBy::SessionId, TicketSent::No);
}

/// A client of a full handshake up to its ChangeCipherSpec.
fn before_finished(world: &Arc<World>, by: ResumedBy) -> (Raw, Vec<u8>) {
    let mut raw = Raw::client(world, Over::Memory);
    let hello = match by {
        ResumedBy::Ticket => Hello::new().with(SESSION_TICKET, &[]),
        ResumedBy::SessionId => Hello::new(),
    };
    let finished = raw.up_to_finished(&hello);
    (raw, finished)
}

#[test]
fn a_server_keeps_and_gives_nothing_before_the_clients_finished_verified() {
    for by in BOTH {
        let world = Arc::new(World::resuming());
        let (mut raw, mut finished) = before_finished(&world, by);
        finished[10] ^= 1;
        raw.message(&finished);
        // No ticket comes before the alert: the alert is the next record.
        let end = raw.refused_at_once(Alert::DECRYPT_ERROR);
        assert_eq!(end.error, Some(Error::BadFinished));
        assert!(world.store.kept().is_empty(), "{by}");

        let (mut raw, _) = before_finished(&world, by);
        raw.cut();
        assert_eq!(raw.ends_without_a_word(), Error::Truncated);
        assert!(world.store.kept().is_empty(), "{by}");
    }
}

#[test]
fn a_client_keeps_nothing_of_a_handshake_that_failed() {
    // The wire changes one bit in the last record of the server, its Finished.
    for by in BOTH {
        let world = World::resuming_by(by);
        let Ended { wires, .. } = world.run(usize::MAX);
        let mut down = wires.down.log;
        *down.last_mut().expect("a record") ^= 1;
        let shared = Arc::new(World { seeds: world.seeds, ..World::resuming_by(by) });
        let mut raw = Raw::server(&shared, Over::Memory);
        raw.send(&down);
        let end = raw.end_in_any_way();
        assert!(end.session.is_none() && end.info.is_none(), "{by}: {end:?}");
        assert!(!end.forget, "nothing was offered");
    }
}

/// R29. The client lost the secret: its Finished does not open.
#[test]
fn a_resumption_that_fails_removes_the_session_and_one_that_is_lost_does_not() {
    for by in BOTH {
        let mut world = World::after_a_visit(by);
        let key = world.store.kept().keys().next().copied();
        assert_eq!(key.is_some(), by == ResumedBy::SessionId);
        let good = world.session.take().expect("a session");
        world.session = Some(tampered(&good, |bytes| bytes[6] ^= 1));
        let ended = world.run(usize::MAX);
        assert!(ended.client.is_err() && ended.server.is_err());
        assert_eq!(ended.forgotten, (true, key), "{by}");

        let world = Arc::new(world);
        let kept = Kept::of(&good);
        for warning in [true, false] {
            let mut raw = Raw::client(&world, Over::Memory);
            raw.message(&kept.hello().with(0, &server_name(NAME)).message());
            match warning {
                true => raw.record(21, &[1, 0]),
                false => raw.cut(),
            }
            let end = raw.end_in_any_way();
            assert_eq!(end.remove, None, "{by}: {:?}", end.error);
        }
        let mut raw = Raw::client(&world, Over::Memory);
        raw.message(&kept.hello().with(0, &server_name(NAME)).message());
        raw.record(21, &[2, Alert::INTERNAL_ERROR.0]);
        let end = raw.end_in_any_way();
        assert_eq!(end.remove, key, "{by}: {:?}", end.error);
    }
}

#[test]
fn what_is_resumed_is_told_as_such_and_stays_where_it_was() {
    let mut world = World::after_a_visit(ResumedBy::SessionId);
    let before = world.store.kept().clone();
    let back = world.visit();
    assert_eq!(back.server.handshake, HandshakeKind::Resumed(ResumedBy::SessionId));
    assert_eq!(*world.store.kept(), before);
}
