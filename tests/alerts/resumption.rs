//! What is wrong with sessions that are resumed, or said to be: each with its alert, and nothing is kept.

use std::sync::Arc;

use tls12::{
    Error, Illegal, Incompatible,
    schedule::Side,
    session::{HandshakeKind, ResumedBy, TicketSent},
    wire::{Alert, CipherSuite, ExtensionType},
};

use crate::common::{
    pair::{NAME, World},
    raw::{
        ALERT, CHANGE_CIPHER_SPEC, EXTENDED_MASTER_SECRET, Greeting, HANDSHAKE, Hello, Kept, Over, Raw,
        SESSION_TICKET, new_session_ticket, server_name,
    },
    resuming::{BOTH, tampered},
};

/// A client that was here before and would take a ticket, and what its server kept.
fn back(by: ResumedBy) -> (Arc<World>, Kept) {
    let world = World::after_a_visit(by).with_client(|config| config.with_tickets(true));
    let kept = Kept::of(world.session.as_ref().expect("a session"));
    (Arc::new(world), kept)
}

/// A server that resumes what a client of ours offers, with a greeting changed by the test; its keys are known.
fn resuming(by: ResumedBy, change: impl FnOnce(Greeting) -> Greeting) -> Raw {
    let (world, kept) = back(by);
    let mut raw = Raw::server(&world, Over::Socket);
    let offers = raw.read_offer();
    let greeting = Greeting { session_id: offers.session_id.as_bytes().to_vec(), ..Greeting::new() };
    let greeting = change(greeting);
    raw.randoms.server = greeting.random;
    raw.message(&greeting.message());
    raw.adopt(&kept);
    raw
}

fn promising(greeting: Greeting) -> Greeting {
    greeting.with(SESSION_TICKET, &[])
}

/// The alert, and that the client keeps nothing and does not offer its session again.
#[track_caller]
fn client_keeps_nothing(raw: Raw, alert: Alert) -> Error {
    let end = raw.refused_end(alert);
    assert!(end.session.is_none() && end.info.is_none() && end.forget, "{end:?}");
    end.error.expect("an error")
}

#[test]
fn a_server_that_resumes_in_order_is_believed_with_and_without_a_ticket() {
    for by in BOTH {
        let mut raw = resuming(by, |greeting| greeting);
        raw.finish_resumed();
        let end = raw.close(b"");
        assert_eq!(
            end.info.map(|info| (info.handshake, info.ticket)),
            Some((HandshakeKind::Resumed(by), TicketSent::No))
        );
        let mut raw = resuming(by, promising);
        raw.message(&new_session_ticket(60, b"a new one"));
        raw.finish_resumed();
        let end = raw.close(b"");
        let session = end.session.expect("a session");
        assert_eq!(Kept::of(&session).ticket, b"a new one");
        assert_eq!(end.info.map(|info| info.ticket), Some(TicketSent::Issued));
    }
}

#[test]
fn an_id_that_was_not_offered_resumes_nothing() {
    for by in BOTH {
        for id in [vec![7; 32], vec![7; 1]] {
            let mut raw = resuming(by, |greeting| Greeting { session_id: id, ..greeting });
            raw.record(CHANGE_CIPHER_SPEC, &[1]);
            client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
        }
        // Part of it, or more than it, is not it either.
        let mut raw = resuming(by, |mut greeting| {
            greeting.session_id.pop();
            greeting
        });
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
    }
    // A client that offered nothing has nothing that could be resumed.
    for session_id in [vec![], vec![7; 32]] {
        let mut raw = Raw::server(&Arc::new(World::resuming()), Over::Socket);
        raw.read_offer();
        raw.message(&Greeting { session_id, ..Greeting::new() }.message());
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        let end = raw.refused_end(Alert::UNEXPECTED_MESSAGE);
        assert!(end.session.is_none() && !end.forget);
    }
}

#[test]
fn an_id_offered_by_id_and_not_echoed_means_a_full_handshake_and_an_echo_means_none() {
    let mut raw = resuming(ResumedBy::SessionId, |greeting| Greeting { session_id: vec![], ..greeting });
    raw.record(CHANGE_CIPHER_SPEC, &[1]);
    client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
    for by in BOTH {
        let mut raw = resuming(by, |greeting| greeting);
        raw.message(&crate::common::raw::certificate([[0x30, 0]]));
        client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
    }
}

#[test]
fn a_ticket_that_was_not_promised_is_an_unexpected_message() {
    for by in BOTH {
        let mut raw = resuming(by, |greeting| greeting);
        raw.message(&new_session_ticket(60, b"a new one"));
        client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
    }
    let mut raw = full(Greeting::new());
    raw.message(&new_session_ticket(60, b"a new one"));
    assert!(raw.refused_end(Alert::UNEXPECTED_MESSAGE).session.is_none());
}

#[test]
fn a_ticket_that_was_promised_and_does_not_come_is_an_unexpected_message() {
    for by in BOTH {
        let mut raw = resuming(by, promising);
        raw.record(CHANGE_CIPHER_SPEC, &[1]);
        client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
    }
    let mut raw = full(promising(Greeting::new()));
    raw.record(CHANGE_CIPHER_SPEC, &[1]);
    assert!(raw.refused_end(Alert::UNEXPECTED_MESSAGE).session.is_none());
}

/// The server's side of a full handshake, up to where its ticket or ChangeCipherSpec comes.
fn full(greeting: Greeting) -> Raw {
    let mut raw = Raw::server(&Arc::new(World::resuming()), Over::Socket);
    let mut answer = raw.answer();
    answer.hello = greeting.message();
    raw.say(&answer);
    raw.read_answer();
    raw
}

#[test]
fn a_ticket_twice_or_behind_change_cipher_spec_or_behind_finished_is_an_unexpected_message() {
    let ticket = new_session_ticket(60, b"a new one");
    for by in BOTH {
        let mut raw = resuming(by, promising);
        raw.message(&ticket.repeat(2));
        client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
        for greeting in [promising as fn(Greeting) -> Greeting, |greeting| greeting] {
            let mut raw = resuming(by, greeting);
            if raw_promises(greeting) {
                raw.message(&ticket);
            }
            raw.change_cipher_spec();
            raw.message(&ticket);
            client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
        }
        let mut raw = resuming(by, |greeting| greeting);
        raw.finish_resumed();
        raw.message(&ticket);
        assert_eq!(raw.refused().0, Alert::UNEXPECTED_MESSAGE);
    }
    for twice in [true, false] {
        let mut raw = full(promising(Greeting::new()));
        raw.message(&ticket);
        if !twice {
            raw.change_cipher_spec();
        }
        raw.message(&ticket);
        assert!(raw.refused_end(Alert::UNEXPECTED_MESSAGE).session.is_none());
    }
}

fn raw_promises(change: fn(Greeting) -> Greeting) -> bool {
    change(Greeting::new()).extensions.iter().any(|(extension, _)| *extension == SESSION_TICKET)
}

#[test]
fn a_ticket_promised_to_a_client_that_wants_none_is_an_unsupported_extension() {
    let world = Arc::new(World::after_a_visit(ResumedBy::SessionId));
    let mut raw = Raw::server(&world, Over::Socket);
    raw.read_offer();
    raw.message(&promising(Greeting::new()).message());
    let error = client_keeps_nothing(raw, Alert::UNSUPPORTED_EXTENSION);
    assert_eq!(error, Error::Illegal(Illegal::ExtensionNotOffered(ExtensionType::SESSION_TICKET)));
}

#[test]
fn a_ticket_message_that_is_malformed_is_a_decode_error() {
    let good = new_session_ticket(60, b"a new one");
    let body = &good[4..];
    for body in [&body[..body.len() - 1], &[body, &[0]].concat(), &body[..5], &[]] {
        for by in BOTH {
            let mut raw = resuming(by, promising);
            raw.message(&crate::common::raw::framed(4, body));
            client_keeps_nothing(raw, Alert::DECODE_ERROR);
        }
    }
}

#[test]
fn a_session_resumed_with_another_suite_or_version_is_refused() {
    for by in BOTH {
        // The session is of another suite than this server knows, and the client offers both.
        let mut world = World::after_a_visit(by);
        let other = CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384;
        world.session = world
            .session
            .map(|session| tampered(&session, |bytes| bytes[3..5].copy_from_slice(&other.0.to_be_bytes())));
        let mut raw = Raw::server(&Arc::new(world), Over::Socket);
        let offers = raw.read_offer();
        let session_id = offers.session_id.as_bytes().to_vec();
        raw.message(&Greeting { session_id, ..Greeting::new() }.message());
        let error = client_keeps_nothing(raw, Alert::ILLEGAL_PARAMETER);
        assert_eq!(error, Error::Illegal(Illegal::ResumedWithOtherSuite));

        let raw = resuming(by, |greeting| Greeting { version: 0x0302, ..greeting });
        let error = client_keeps_nothing(raw, Alert::PROTOCOL_VERSION);
        assert_eq!(error, Error::Incompatible(Incompatible::Version));
        let raw = resuming(by, |greeting| Greeting { suite: 0x1301, ..greeting });
        client_keeps_nothing(raw, Alert::ILLEGAL_PARAMETER);
    }
}

/// wolfSSL resumes by ticket with an empty ID: what follows its hello tells.
fn empty(greeting: Greeting) -> Greeting {
    Greeting { session_id: vec![], ..greeting }
}

#[test]
fn a_ticket_may_be_resumed_with_an_empty_id_and_is_judged_as_with_an_echoed_one() {
    let by = ResumedBy::Ticket;
    let mut raw = resuming(by, empty);
    raw.finish_resumed();
    assert_eq!(raw.close(b"").info.map(|info| info.handshake), Some(HandshakeKind::Resumed(by)));
    let mut raw = resuming(by, |greeting| promising(empty(greeting)));
    raw.message(&new_session_ticket(60, b"a new one"));
    raw.finish_resumed();
    let session = raw.close(b"").session.expect("a session");
    assert_eq!(Kept::of(&session).ticket, b"a new one");

    // Promised and not there, or there and not promised.
    let mut raw = resuming(by, |greeting| promising(empty(greeting)));
    raw.record(CHANGE_CIPHER_SPEC, &[1]);
    client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
    let mut raw = resuming(by, empty);
    raw.message(&new_session_ticket(60, b"a new one"));
    client_keeps_nothing(raw, Alert::UNEXPECTED_MESSAGE);
}

#[test]
fn a_ticket_resumed_with_an_empty_id_and_another_suite_is_refused_when_it_shows() {
    let mut world = World::after_a_visit(ResumedBy::Ticket);
    let other = CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384;
    world.session = world
        .session
        .map(|session| tampered(&session, |bytes| bytes[3..5].copy_from_slice(&other.0.to_be_bytes())));
    let mut raw = Raw::server(&Arc::new(world), Over::Socket);
    raw.read_offer();
    raw.message(&Greeting::new().message());
    raw.record(CHANGE_CIPHER_SPEC, &[1]);
    let error = client_keeps_nothing(raw, Alert::ILLEGAL_PARAMETER);
    assert_eq!(error, Error::Illegal(Illegal::ResumedWithOtherSuite));
}

#[test]
fn a_servers_finished_that_is_wrong_ends_a_resumption_and_its_new_ticket_is_not_kept() {
    for by in BOTH {
        let mut raw = resuming(by, promising);
        raw.message(&new_session_ticket(60, b"a new one"));
        raw.change_cipher_spec();
        let mut finished = raw.finished(Side::Server);
        finished[4] ^= 1;
        raw.message(&finished);
        assert_eq!(client_keeps_nothing(raw, Alert::DECRYPT_ERROR), Error::BadFinished);
    }
}

/// A client of a server of ours that has resumed what the client offers; the client's part is next.
fn resumed(by: ResumedBy) -> (Raw, Arc<World>) {
    let (world, kept) = back(by);
    let mut raw = Raw::client(&world, Over::Socket);
    let hello = kept.hello().with(0, &server_name(NAME));
    raw.randoms.client = hello.random;
    raw.message(&hello.message());
    raw.read_resumed(&kept);
    (raw, world)
}

#[test]
fn a_clients_finished_that_is_wrong_ends_a_resumption_and_the_stored_session() {
    for by in BOTH {
        let (mut raw, world) = resumed(by);
        raw.change_cipher_spec();
        let mut finished = raw.finished(Side::Client);
        finished[15] ^= 0x80;
        raw.message(&finished);
        let end = raw.refused_end(Alert::DECRYPT_ERROR);
        assert_eq!(end.error, Some(Error::BadFinished));
        assert_eq!(end.remove, world.store.kept().keys().next().copied());
        assert_eq!(end.remove.is_some(), by == ResumedBy::SessionId);
    }
}

#[test]
fn a_client_that_goes_on_as_in_a_full_handshake_is_told_unexpected_message() {
    for by in BOTH {
        for message in [
            crate::common::raw::framed(16, &[1, 4]),
            crate::common::raw::certificate::<[u8; 0]>([]),
            new_session_ticket(60, b"no server"),
            Hello::new().message(),
        ] {
            let (mut raw, _) = resumed(by);
            raw.record(HANDSHAKE, &message);
            assert_eq!(raw.refused().0, Alert::UNEXPECTED_MESSAGE);
        }
        let (mut raw, _) = resumed(by);
        raw.record(CHANGE_CIPHER_SPEC, &[1, 1]);
        assert_eq!(raw.refused().0, Alert::UNEXPECTED_MESSAGE);
    }
}

#[test]
fn resuming_a_session_with_the_extended_master_secret_without_it_is_a_handshake_failure() {
    for by in BOTH {
        let (world, kept) = back(by);
        let lenient = tls12::ServerConfig::dangerous_without_extended_master_secret;
        let world = Arc::new(Arc::into_inner(world).expect("nobody else has it").with_server(lenient));
        let mut raw = Raw::client(&world, Over::Socket);
        raw.message(&kept.hello().with(0, &server_name(NAME)).without(EXTENDED_MASTER_SECRET).message());
        let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, "with, then without");
        assert_eq!(error, Error::Illegal(Illegal::ExtendedMasterSecretDropped));
    }
}

#[test]
fn resuming_with_the_sessions_suite_not_offered_is_a_full_handshake_and_no_alert() {
    for by in BOTH {
        let mut world = World::resuming_by(by);
        let other = [CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384];
        world.change_client(|config| config.with_suites(&other).expect("a suite"));
        let world = world.visited();
        let kept = Kept::of(world.session.as_ref().expect("a session"));
        let mut raw = Raw::client(&Arc::new(world), Over::Socket);
        let hello = kept.hello().with(0, &server_name(NAME));
        assert!(!raw.offer(&hello, None).resumed);
        raw.record(ALERT, &[1, 0]);
        let info = raw.end_in_any_way().info.expect("a handshake");
        assert_eq!(info.handshake.reason().map(|reason| reason.code()), Some(43));
    }
}
