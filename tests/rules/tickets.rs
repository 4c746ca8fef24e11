//! Tickets on the wire: R13 to R18, R24 to R26.

use std::sync::Arc;

use tls12::{
    RecordError,
    session::{
        ClientSession, ClientToken, HandshakeKind, MAX_SEALED, NotResumed, RenewWhen, ResumedBy, TicketSent,
        Tickets,
    },
    wire::{Alert, HandshakeType as H},
};

use super::{answer, session_of};
use crate::common::{
    certs::{NOW, at},
    pair::{Ended, World},
    raw::{Greeting, Hello, Kept, Over, Raw, SESSION_TICKET, new_session_ticket},
    recording::{Recording, server_hello},
    resuming::{BOTH, HOUR, assert_full, assert_not_offered, assert_resumed, names, policy, tampered},
    worlds::resumption_flows,
};

#[test]
fn r13_nobody_keeps_a_session_before_the_peers_finished_verified() {
    for by in BOTH {
        let hello = match by {
            ResumedBy::Ticket => Hello::new().with(SESSION_TICKET, &[]),
            ResumedBy::SessionId => Hello::new(),
        };
        let world = Arc::new(World::resuming());
        let mut raw = Raw::client(&world, Over::Memory);
        let mut finished = raw.up_to_finished(&hello);
        assert!(world.store.kept().is_empty());
        finished[15] ^= 1;
        raw.message(&finished);
        // The alert comes at once: no ticket before it.
        raw.refused_at_once(Alert::DECRYPT_ERROR);
        assert!(world.store.kept().is_empty());
    }
    let mut raw = Raw::server(&Arc::new(World::resuming()), Over::Memory);
    let mut answer = raw.answer();
    answer.hello = Greeting::new().with(SESSION_TICKET, &[]).message();
    raw.say(&answer);
    raw.read_answer();
    raw.message(&new_session_ticket(60, b"a ticket"));
    raw.change_cipher_spec();
    let mut finished = raw.finished(tls12::schedule::Side::Server);
    finished[15] ^= 1;
    raw.message(&finished);
    assert!(raw.refused_end(Alert::DECRYPT_ERROR).session.is_none());
}

#[test]
fn r14_a_ticket_comes_if_and_only_if_it_was_promised_before_the_keys_change_and_is_in_finished() {
    for (name, world) in resumption_flows() {
        let recording = Recording::of(&world);
        let promised = server_hello(&recording.server[0]).extensions.session_ticket;
        let tickets = recording.server.iter().filter(|message| message[0] == H::NEW_SESSION_TICKET.0).count();
        assert_eq!(tickets, usize::from(promised), "{name}");
        if promised {
            assert_eq!(recording.server.last().map(|message| message[0]), Some(4), "{name}");
        }
    }
    // One bit of it is changed on the way: Finished says so.
    let world = World::resuming();
    let mut down = world.run(usize::MAX).wires.down.log;
    let message = Recording::of(&world).find(H::NEW_SESSION_TICKET).expect("a ticket");
    let at = down.windows(message.len()).position(|window| window == message).expect("it is on the wire");
    down[at + 10] ^= 1;
    let mut raw = Raw::server(&Arc::new(world), Over::Memory);
    raw.send(&down);
    let end = raw.end_in_any_way();
    assert_eq!(end.error, Some(tls12::Error::BadFinished));
    assert!(end.session.is_none());
}

#[test]
fn r15_a_promise_without_a_key_is_kept_with_an_empty_ticket_and_nothing_fails() {
    let mut world = World::resuming();
    world.now = at(NOW + 40 * HOUR);
    let first = world.visit();
    assert_full(&first, NotResumed::NotOffered, NotResumed::NotOffered, TicketSent::Empty);
    // Nor does an ID without a key.
    let mut world = World::resuming_by(ResumedBy::SessionId);
    world.now = at(NOW + 40 * HOUR);
    world.visit();
    assert!(world.store.kept().is_empty());
}

#[test]
fn r16_with_a_ticket_the_id_is_not_looked_up_and_with_an_accepted_one_it_is_echoed() {
    let world = Arc::new(World::resuming());
    let connect = |hello: &Hello, kept: Option<&Kept>| {
        let mut raw = Raw::client(&world, Over::Memory);
        let finished = raw.offer(hello, kept);
        (finished, raw.close(b"").info.expect("a handshake").handshake)
    };
    let (by_id, _) = connect(&Hello::new(), None);
    let (by_ticket, _) = connect(&Hello::new().with(SESSION_TICKET, &[]), None);
    // A ticket that is none, with an ID that is one: only the ticket counts.
    let both = Hello { session_id: by_id.kept.session_id.clone(), ..Hello::new() };
    let (_, kind) = connect(&both.with(SESSION_TICKET, &[7; 100]), None);
    assert_eq!(kind, HandshakeKind::Full(NotResumed::UnknownTicketKey));
    // And a store that has failed is not even asked.
    world.store.set_down(true);
    for len in 0..=32 {
        let hello = Hello { session_id: vec![9; len], ..by_ticket.kept.hello() };
        let (made, kind) = connect(&hello, Some(&by_ticket.kept));
        assert_eq!((kind, made.kept.session_id), (HandshakeKind::Resumed(ResumedBy::Ticket), vec![9; len]));
    }
}

#[test]
fn r17_what_is_echoed_of_an_id_is_what_came_and_no_byte_more() {
    let world = Arc::new(World::resuming());
    let mut raw = Raw::client(&world, Over::Memory);
    let kept = raw.offer(&Hello::new().with(SESSION_TICKET, &[]), None).kept;
    raw.close(b"");
    for len in [0, 1, 16, 31, 32] {
        let hello = Hello { session_id: (1..=len).collect(), ..kept.hello() };
        let mut raw = Raw::client(&world, Over::Memory);
        let echoed = answer(&mut raw, &hello.message());
        assert_eq!(server_hello(&echoed).session_id.as_bytes(), hello.session_id);
        // Version, random, ID, suite, compression, and the extensions, which are those of the greeting for no ID.
        let expected = 4 + 2 + 32 + 1 + usize::from(len) + 2 + 1 + 2 + 4 + 5;
        assert_eq!(echoed.len(), expected, "{len} bytes");
    }
}

#[test]
fn r18_what_does_not_open_is_no_session_and_never_an_alert() {
    let world = Arc::new(World::resuming());
    let mut raw = Raw::client(&world, Over::Memory);
    let ticket = raw.offer(&Hello::new().with(SESSION_TICKET, &[]), None).kept.ticket;
    raw.close(b"");
    let flipped = |at: usize| {
        let mut ticket = ticket.clone();
        ticket[at] ^= 1;
        ticket
    };
    // Key name, salt, ciphertext, tag; cut; too long.
    let table = [
        (flipped(0), NotResumed::UnknownTicketKey),
        (flipped(20), NotResumed::Forged),
        (flipped(60), NotResumed::Forged),
        (flipped(ticket.len() - 1), NotResumed::Forged),
        (ticket[..64].to_vec(), NotResumed::UnknownFormat),
        (vec![7; MAX_SEALED + 1], NotResumed::TooLong),
    ];
    for (ticket, reason) in table {
        let mut raw = Raw::client(&world, Over::Memory);
        raw.offer(&Hello::new().with(SESSION_TICKET, &ticket), None);
        let info = raw.close(b"").info.expect("a handshake");
        assert_eq!(info.handshake, HandshakeKind::Full(reason));
    }
}

/// The full handshake of a server that gives this ticket, and what a client of ours keeps of it.
fn given(hint: u32, ticket: &[u8], session_id: Vec<u8>) -> ClientSession {
    let mut raw = Raw::server(&Arc::new(World::resuming()), Over::Memory);
    let mut answer = raw.answer();
    answer.hello = Greeting { session_id, ..Greeting::new() }.with(SESSION_TICKET, &[]).message();
    raw.say(&answer);
    raw.read_answer();
    raw.message(&new_session_ticket(hint, ticket));
    raw.change_cipher_spec();
    let finished = raw.finished(tls12::schedule::Side::Server);
    raw.message(&finished);
    raw.close(b"").session.expect("a session")
}

#[test]
fn r24_a_client_keeps_any_ticket_as_long_as_the_hint_says_or_by_its_own_policy_and_drops_a_failed_one() {
    for (hint, lifetime) in [(0, 10 * HOUR), (60, 60), (3600, HOUR)] {
        // It does not look inside: any bytes will do.
        for ticket in [&[0][..], b"\x30\x82 not a ticket", &[0xff; 1000]] {
            let mut world = World::resuming();
            let session = given(hint, ticket, vec![]);
            assert_eq!(Kept::of(&session).ticket, ticket);
            world.session = Some(session.duplicate());
            world.now = at(NOW + lifetime - 1);
            assert_ne!(world.visit().server.handshake.reason(), Some(NotResumed::NotOffered));
            world.session = Some(session);
            world.now = at(NOW + lifetime);
            assert_not_offered(&world.visit(), NotResumed::Expired);
        }
    }
    let mut world = World::after_a_visit(ResumedBy::Ticket);
    world.session = world.session.map(|session| tampered(&session, |bytes| bytes[6] ^= 1));
    let Ended { client, forgotten, .. } = world.run(usize::MAX);
    assert_eq!(client.err(), Some(tls12::Error::Record(RecordError::BadMac)));
    assert!(forgotten.0);
}

#[test]
fn r25_a_client_that_got_a_ticket_keeps_no_id() {
    let session = given(60, b"a ticket", vec![7; 32]);
    assert!(matches!(session.token(), ClientToken::Ticket { .. }));
    let by_ticket = World::after_a_visit(ResumedBy::Ticket);
    assert!(matches!(session_of(&by_ticket).token(), ClientToken::Ticket { .. }));
    assert!(by_ticket.store.kept().is_empty(), "nor does a server store what it gave a ticket for");
}

#[test]
fn r26_a_renewed_ticket_counts_once_finished_verified_and_the_one_before_stays_good() {
    let always = policy().with_tickets(Tickets::Renew(RenewWhen::Always));
    let mut world = World::resuming().with_policy(always).visited();
    let old = session_of(&world);
    let second = world.visit();
    assert_resumed(&second, ResumedBy::Ticket, TicketSent::Issued);
    assert_ne!(session_of(&world).token(), old.token());
    // The new one got lost on the way, for all that the server knows.
    world.session = Some(old.duplicate());
    assert_resumed(&world.visit(), ResumedBy::Ticket, TicketSent::Issued);
    // It is in the wire and Finished is not right: the client has nothing new.
    world.session = Some(old);
    let down = world.run(usize::MAX).wires.down.log;
    assert_eq!(names(&down)[1], "NewSessionTicket");
    let mut down = down;
    *down.last_mut().expect("a record") ^= 1;
    let mut raw = Raw::server(&Arc::new(world), Over::Memory);
    raw.send(&down);
    let end = raw.end_in_any_way();
    assert!(end.session.is_none() && end.info.is_none() && end.forget);
}
