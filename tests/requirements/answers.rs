//! What a server of ours says in its hello, to clients of every kind.

use std::sync::Arc;

use tls12::{
    Error, Illegal, Incompatible, Refusal, ServerConfig,
    schedule::Side,
    session::ResumedBy,
    wire::{Alert, MaxFragmentLength, Message, ServerHello},
};

use crate::common::{
    ours::Ours,
    pair::{NAME, World},
    raw::{Greeting, Hello, Kept, Over, Raw, SESSION_TICKET, framed, server_name},
    recording::Recording,
    resuming::{BOTH, policy},
};

/// The types of the extensions in the server's answer.
fn answered(world: &Arc<World>, hello: &Hello) -> Vec<u16> {
    with_answer(world, hello, |hello| hello.extensions.types().map(|each| each.0).collect())
}

fn with_answer<T>(world: &Arc<World>, hello: &Hello, look: impl FnOnce(ServerHello<'_>) -> T) -> T {
    let mut raw = Raw::client(world, Over::Memory);
    raw.message(&hello.message());
    match Message::decode(&raw.next_message()) {
        Ok(Some(Message::ServerHello(hello))) => look(hello),
        other => panic!("ServerHello is first, not {other:?}"),
    }
}

/// A server that has an answer to everything.
fn capable() -> Arc<World> {
    let policy = policy().dangerous_without_extended_master_secret();
    let lenient = ServerConfig::dangerous_without_extended_master_secret;
    let world = World::new().with_policy(policy).with_server(lenient);
    Arc::new(world.with_server(|config| config.with_alpn([&b"h2"[..]])))
}

#[test]
fn a_server_answers_no_extension_that_was_not_sent_and_ignores_what_it_does_not_know() {
    let all = Hello::new()
        .with(0, &server_name(NAME))
        .with(1, &[2])
        .with(5, &[1, 0, 0, 0, 0])
        .with(11, &[1, 0])
        .with(16, b"\0\x03\x02h2")
        .with(SESSION_TICKET, &[])
        .with(0x1a1a, b"of nobody")
        .with(15, &[1]);
    let world = capable();
    let mut told = answered(&world, &all);
    told.sort_unstable();
    assert_eq!(told, [0, 1, 11, 16, 23, 35, 0xff01]);
    for (left_out, _) in all.extensions.clone() {
        // Without signature_algorithms there is no handshake.
        if left_out != 13 {
            let mut fewer = answered(&world, &all.clone().without(left_out));
            fewer.sort_unstable();
            let expected: Vec<_> = told.iter().copied().filter(|each| *each != left_out).collect();
            assert_eq!(fewer, expected, "without {left_out}");
        }
    }
}

#[test]
fn a_server_confirms_secure_renegotiation_to_who_signals_it_either_way_and_to_nobody_else() {
    let world = Arc::new(World::new());
    let info = |hello: &Hello| {
        with_answer(&world, hello, |hello| hello.extensions.renegotiation_info.map(<[u8]>::to_vec))
    };
    let neither = Hello::new().without(0xff01);
    let by_suite = Hello { suites: vec![0xc02b, 0x00ff], ..neither.clone() };
    let both = Hello { suites: vec![0x00ff, 0xc02b], ..Hello::new() };
    for hello in [Hello::new(), by_suite, both] {
        assert_eq!(info(&hello), Some(vec![]), "{hello:?}");
    }
    assert_eq!(info(&neither), None);
}

#[test]
fn a_client_talks_to_a_server_that_does_not_confirm_secure_renegotiation_and_says_so() {
    for confirmed in [true, false] {
        let mut raw = Raw::server(&Arc::new(World::new()), Over::Memory);
        let mut answer = raw.answer();
        let mut greeting = Greeting::new();
        greeting.extensions.retain(|(extension, _)| confirmed || *extension != 0xff01);
        answer.hello = greeting.message();
        raw.say(&answer);
        raw.read_answer();
        raw.change_cipher_spec();
        let finished = raw.finished(Side::Server);
        raw.message(&finished);
        assert_eq!(raw.close(b"").info.map(|info| info.secure_renegotiation), Some(confirmed));
    }
}

#[test]
fn a_server_answers_tls_1_2_to_whoever_offers_more() {
    let world = Arc::new(World::new());
    for version in [0x0303, 0x0304, 0x03ff, 0x0400, 0xffff] {
        let hello = Hello { version, ..Hello::new() };
        assert_eq!(with_answer(&world, &hello, |hello| hello.version.0), 0x0303, "{version:#x}");
    }
}

#[test]
fn a_server_says_that_it_used_the_name_and_never_when_it_resumes() {
    let world = Arc::new(World::new());
    let named = |name: &str| answered(&world, &Hello::new().with(0, &server_name(name))).contains(&0);
    assert!(named(NAME));
    assert!(!named("b.example"), "it had no certificate for this one");
    for by in BOTH {
        let world = World::after_a_visit(by);
        let kept = Kept::of(world.session.as_ref().expect("a session"));
        let hello = kept.hello().with(0, &server_name(NAME));
        let (types, id) = with_answer(&Arc::new(world), &hello, |hello| {
            let types: Vec<_> = hello.extensions.types().map(|each| each.0).collect();
            (types, hello.session_id.as_bytes().to_vec())
        });
        assert_eq!(id, hello.session_id, "{by}: it resumes");
        assert!(!types.contains(&0) && !types.contains(&5), "{by}: {types:?}");
    }
}

/// Where RFC 6066, 1.1 and 4 would have the length of the session, the hellos of now tell both sides.
#[test]
fn a_resumption_agrees_on_its_own_fragment_length() {
    for by in BOTH {
        let world = World::after_a_visit(by);
        let kept = Kept::of(world.session.as_ref().expect("a session"));
        let hello = kept.hello().with(0, &server_name(NAME)).with(1, &[2]);
        let told = with_answer(&Arc::new(world), &hello, |answer| {
            assert_eq!(answer.session_id.as_bytes(), hello.session_id, "{by}: it resumes");
            answer.extensions.max_fragment_length
        });
        assert_eq!(told, Some(MaxFragmentLength::MAX_1024));
    }
}

/// RFC 5077, 3.4: "it SHOULD include an empty Session ID".
#[test]
fn a_new_session_has_a_ticket_or_an_id_and_never_both() {
    for by in BOTH {
        let recording = Recording::of(&World::resuming_by(by));
        let Ok(Some(Message::ServerHello(hello))) = Message::decode(&recording.server[0]) else {
            panic!("ServerHello is first")
        };
        assert_eq!(hello.session_id.is_empty(), by == ResumedBy::Ticket, "{by}");
        assert_eq!(hello.extensions.session_ticket, by == ResumedBy::Ticket, "{by}");
    }
}

/// RFC 7301, 3.2: the server's preference counts, not the client's.
#[test]
fn a_server_takes_the_protocol_that_it_likes_best_and_that_is_the_connections() {
    let world = World::new()
        .with_server(|config| config.with_alpn([&b"h2"[..], b"http/1.1"]))
        .with_client(|config| config.with_alpn([&b"http/1.1"[..], b"h3", b"h2"]));
    let (client, server) = world.run(usize::MAX).established();
    for info in [client.tls.info(), server.tls.info()] {
        assert_eq!(info.alpn.as_deref(), Some(&b"h2"[..]));
    }
}

#[test]
fn a_server_chooses_no_suite_without_encryption_or_authentication() {
    // NULL_WITH_NULL_NULL, RSA with NULL, DH_anon, ECDH_anon and ECDHE with NULL.
    for suite in
        [0x0000, 0x0002, 0x003b, 0x0018, 0x001b, 0x0034, 0x006c, 0x00a6, 0xc015, 0xc018, 0xc006, 0xc010]
    {
        let mut raw = Raw::client(&Arc::new(World::new()), Over::Memory);
        raw.message(&Hello { suites: vec![suite], ..Hello::new() }.message());
        let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, "nothing else was offered");
        assert_eq!(error, Error::Incompatible(Incompatible::Suite), "{suite:#x}");
    }
}

#[test]
fn a_fragment_length_is_answered_with_the_same_one_and_any_other_is_refused_by_both_sides() {
    let world = Arc::new(World::new());
    for code in 1..=4 {
        let told = with_answer(&world, &Hello::new().with(1, &[code]), |hello| {
            hello.extensions.max_fragment_length.map(|length| length.0)
        });
        assert_eq!(told, Some(code));
    }
    for code in [0, 5, 255] {
        let mut raw = Raw::client(&world, Over::Memory);
        raw.message(&Hello::new().with(1, &[code]).message());
        let error = raw.refused_with(Alert::ILLEGAL_PARAMETER, "a length that there is not");
        assert_eq!(error, Error::Illegal(Illegal::MaxFragmentLength));
    }
    for code in [0, 1, 3, 5] {
        let asking =
            World::new().with_client(|config| config.with_max_fragment_length(MaxFragmentLength::MAX_1024));
        let mut raw = Raw::server(&Arc::new(asking), Over::Memory);
        let mut answer = raw.answer();
        answer.hello = Greeting::new().with(1, &[code]).message();
        raw.say(&answer);
        let error = raw.refused_with(Alert::ILLEGAL_PARAMETER, "another length than was asked for");
        assert_eq!(error, Error::Illegal(Illegal::MaxFragmentLength));
    }
}

/// RFC 6066, 9: its alerts "MUST NOT be sent unless the sending party has received an extended hello message".
#[test]
fn a_name_that_is_not_served_is_refused_without_its_own_alert_where_the_hello_has_no_extensions() {
    let refused = |body: &[u8]| {
        let lenient = World::new().with_server(ServerConfig::dangerous_without_extended_master_secret);
        let mut ours = Ours::server(&Arc::new(lenient));
        ours.strict = true;
        let mut raw = Raw::new(Side::Client, ours, Over::Memory);
        raw.message(&framed(1, body));
        raw.refused()
    };
    let body = Hello::new().body();
    assert_eq!(refused(&body), (Alert::UNRECOGNIZED_NAME, Error::Refused(Refusal::ServerName)));
    // Up to the compression methods, and with a block of extensions that is empty.
    assert_eq!(refused(&body[..41]), (Alert::HANDSHAKE_FAILURE, Error::Refused(Refusal::Config)));
    let empty = [&body[..41], &[0, 0]].concat();
    assert_eq!(refused(&empty), (Alert::UNRECOGNIZED_NAME, Error::Refused(Refusal::ServerName)));
}
