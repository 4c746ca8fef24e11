//! OpenSSL's `s_client` and `s_server`.

use super::{
    BY_ID, BY_TICKET, Caller, DECLINED, NEW_ID, NEW_TICKET, Ours, Plan, refusing, renewing, resuming, reused,
    verdict, without_ticket_after_all,
};
use crate::{
    common::certs::Key,
    openssl::{s_client, s_server},
    place::{KEYS, Place},
    program::has_peers,
};

/// What `s_client` or `s_server` says of its handshakes: whether each was a resumed one.
fn said(text: &str) -> Vec<bool> {
    let word = |line: &str| match line.split_once(", TLSv1.2, Cipher is") {
        Some(("Reused", _)) => Some(true),
        Some(("New", _)) => Some(false),
        _ => None,
    };
    text.lines().filter_map(word).collect()
}

/// `s_client -reconnect` connects six times.
fn reconnects(place: &Place, more: &str, plan: &Plan) {
    let ours = Ours::new(place);
    let mut client = s_client(place, ours.port(), &format!("-reconnect -nocommands {more}"));
    ours.serve(&plan[..5]);
    let (policy, expected) = &plan[5];
    let tls = ours.accept(policy.clone()).expect("a handshake");
    assert_eq!(verdict(&tls), *expected);
    let text = client.text_until(|text| said(text).len() == 6);
    assert_eq!(said(&text), reused(plan), "{text}");
    client.end_input();
    tls.wait_for_close();
    client.succeed();
}

#[test]
fn s_client_reuses_a_session_five_times_by_ticket_and_by_id() {
    if !has_peers("resumption with openssl s_client") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        reconnects(&place, "", &resuming(NEW_TICKET, BY_TICKET));
        reconnects(&place, "-no_ticket", &resuming(NEW_ID, BY_ID));
    }
}

#[test]
fn s_client_takes_renewed_new_and_empty_tickets() {
    if !has_peers("renewed, new and empty tickets with openssl s_client") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    for plan in [renewing(), refusing(), without_ticket_after_all()] {
        reconnects(&place, "", &plan);
    }
}

#[test]
fn a_session_of_one_s_client_serves_another() {
    if !has_peers("sessions in files with openssl s_client") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let file = place.path("session.pem");
    for (more, plan) in [("", resuming(NEW_TICKET, BY_TICKET)), ("-no_ticket", resuming(NEW_ID, BY_ID))] {
        let ours = Ours::new(&place);
        for (step, option) in plan.iter().zip(["-sess_out", "-sess_in"]) {
            let mut client = s_client(&place, ours.port(), &format!("-nocommands {more} {option} {file}"));
            client.end_input();
            ours.serve(std::slice::from_ref(step));
            assert_eq!(said(&client.succeed()), reused(std::slice::from_ref(step)));
        }
    }
}

#[test]
fn our_client_resumes_with_s_server_by_ticket_and_by_id() {
    if !has_peers("resuming with openssl s_server") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let cases = [
            ("", Caller::new(&place), [NEW_TICKET, BY_TICKET]),
            ("-no_ticket", Caller::new(&place), [NEW_ID, BY_ID]),
            ("", Caller::without_tickets(&place), [NEW_ID, BY_ID]),
        ];
        for (more, mut caller, [first, others]) in cases {
            let (server, port) = s_server(&place, more);
            for number in 0..4 {
                let tls = caller.call(port);
                assert_eq!(verdict(&tls), if number == 0 { first } else { others }, "{key:?} {more}");
                assert!(tls.close().is_empty());
            }
            server.text_until(|text| text.matches("Reused session-id").count() == 3);
        }
    }
}

#[test]
fn another_s_server_does_not_know_the_ticket_and_gives_its_own() {
    if !has_peers("two openssl s_server") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    for (more, [first, again]) in [("", [NEW_TICKET, BY_TICKET]), ("-no_ticket", [NEW_ID, BY_ID])] {
        let mut caller = Caller::new(&place);
        let (one, port) = s_server(&place, more);
        assert_eq!(verdict(&caller.call(port)), first);
        drop(one);
        let (two, port) = s_server(&place, more);
        for expected in [(DECLINED, first.1), again] {
            let tls = caller.call(port);
            assert_eq!(verdict(&tls), expected);
            tls.close();
        }
        two.text_until(|text| text.matches("Reused session-id").count() == 1);
    }
}
