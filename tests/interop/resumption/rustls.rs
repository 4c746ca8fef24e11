//! rustls, as client and as server.

use std::sync::Arc;

use rustls::{
    HandshakeKind as Kind,
    client::{Resumption as TheirResumption, Tls12Resumption},
    server::NoServerSessionStorage,
};

use super::{
    BY_ID, BY_TICKET, Caller, NEW_ID, NEW_TICKET, Ours, Plan, refusing, renewing, resuming, reused, verdict,
    without_ticket_after_all,
};
use crate::{
    common::certs::Key,
    place::Place,
    rustls_peer::{call_by, client_config, every, runs_here, serve_by, server_config},
};

fn kind(is_reused: bool) -> Option<Kind> {
    Some(if is_reused { Kind::Resumed } else { Kind::Full })
}

/// A rustls client connects six times.
fn serves(place: &Place, by: Tls12Resumption, plan: &Plan) {
    let ours = Ours::new(place);
    let mut config = client_config(place, every(), false);
    config.resumption = TheirResumption::in_memory_sessions(8).tls12_resumption(by);
    for ((policy, expected), is_reused) in plan.iter().zip(reused(plan)) {
        let (server, (client, result)) =
            serve_by(|| ours.accept(policy.clone()), ours.port(), config.clone(), b"data");
        assert_eq!(result, Ok(()));
        let info = server.expect("a handshake").info().clone();
        assert_eq!((info.handshake, info.ticket), *expected);
        assert_eq!(client.handshake_kind(), kind(is_reused), "{expected:?}");
    }
}

#[test]
fn rustls_resumes_by_ticket_and_by_id() {
    if !runs_here() {
        return;
    }
    for key in [Key::EcdsaP256, Key::Rsa2048] {
        let place = Place::new(key);
        serves(&place, Tls12Resumption::SessionIdOrTickets, &resuming(NEW_TICKET, BY_TICKET));
        serves(&place, Tls12Resumption::SessionIdOnly, &resuming(NEW_ID, BY_ID));
    }
    let place = Place::new(Key::EcdsaP256);
    for plan in [renewing(), refusing(), without_ticket_after_all()] {
        serves(&place, Tls12Resumption::SessionIdOrTickets, &plan);
    }
}

#[test]
fn our_client_resumes_with_rustls_by_ticket_and_by_id() {
    if !runs_here() {
        return;
    }
    for key in [Key::EcdsaP256, Key::Rsa2048] {
        let place = Place::new(key);
        let by_id = server_config(&place, every(), false);
        let mut by_ticket = by_id.clone();
        by_ticket.ticketer = rustls_graviola::Ticketer::new().expect("a ticketer");
        by_ticket.session_storage = Arc::new(NoServerSessionStorage {});
        // A server of rustls that has tickets renews each that it takes.
        let cases = [
            (by_ticket, Caller::new(&place), [NEW_TICKET, super::RENEWED]),
            (by_id.clone(), Caller::new(&place), [NEW_ID, BY_ID]),
            (by_id, Caller::without_tickets(&place), [NEW_ID, BY_ID]),
        ];
        for (config, mut caller, [first, others]) in cases {
            for number in 0..4 {
                let (said, (server, result)) = call_by(config.clone(), |port| {
                    let mut tls = caller.call(port);
                    tls.write(b"echo");
                    assert_eq!(tls.read_exact(4), b"echo");
                    let said = verdict(&tls);
                    tls.close();
                    said
                });
                assert_eq!(result, Ok(()));
                assert_eq!(said, if number == 0 { first } else { others });
                assert_eq!(server.handshake_kind(), kind(number > 0));
            }
        }
    }
}
