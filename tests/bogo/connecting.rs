//! Who calls whom, how often, and how the bytes come.

use tls12::{
    ConnectionInfo, Error,
    session::HandshakeKind,
    wire::{Alert, NamedGroup},
};

use crate::{
    common::{
        pair::World,
        raw::{HANDSHAKE, Hello},
    },
    runner::{Shim, has_ipv6, holds},
    shim::FAILED,
};

fn resumed(kinds: &[ConnectionInfo]) -> Vec<bool> {
    kinds.iter().map(|info| matches!(info.handshake, HandshakeKind::Resumed(_))).collect()
}

#[test]
fn the_shim_is_a_client_and_with_server_a_server_and_sends_every_bit_turned_back() {
    Shim::client("").visits(World::new()).passed(1);
    Shim::server("").visits(World::new()).passed(1);
}

#[test]
fn the_runner_is_looked_for_on_the_loopback_address_of_ipv6_too() {
    // A machine without IPv6 has nothing to test here.
    if has_ipv6() {
        Shim::client("").over_ipv6().visits(World::new()).passed(1);
    }
}

#[test]
fn a_runner_that_is_not_there_is_a_failure_with_a_reason() {
    let mut stderr = Vec::new();
    let args = ["-port", "0", "-shim-id", "7"].map(|arg| arg.as_bytes().to_vec());
    assert_eq!(crate::shim::run(&args, &mut Vec::new(), &mut stderr), FAILED);
    assert!(String::from_utf8(stderr).expect("text").ends_with("\n--- DONE ---\n"));
}

#[test]
fn a_resume_count_is_the_number_of_further_connections_which_resume() {
    let infos = Shim::client("-resume-count 2").visits(World::resuming()).passed(3);
    assert_eq!(resumed(&infos), [false, true, true]);
    let infos = Shim::server("-resume-count 2").visits(World::resuming()).passed(3);
    assert_eq!(resumed(&infos), [false, true, true]);
}

#[test]
fn a_client_without_a_session_and_a_server_whose_client_has_none_are_not_content() {
    // Neither tickets nor IDs.
    let outcome = Shim::client("-resume-count 1").visits(World::new());
    assert_eq!((outcome.connections, outcome.stderr.contains("no session to offer")), (1, true));
    outcome.broken();
    let outcome = Shim::server("-resume-count 1").meets(|runner| {
        for _ in 0..2 {
            // Never a session.
            let _ = runner.call(&World::new()).visit();
        }
    });
    outcome.broken();
}

#[test]
fn a_flag_on_initial_or_on_resume_holds_there_and_not_elsewhere() {
    let world = || World::resuming();
    let shim = |flags| Shim::client("-resume-count 1").and(flags);
    shim("-on-initial-expect-session-miss -on-resume-expect-session-miss").visits(world()).broken();
    shim("-on-initial-expect-session-miss").visits(world()).passed(2);
    // With a value.
    let outcome = shim("-on-initial-expect-curve-id 23").visits(world());
    assert_eq!(outcome.connections, 1);
    outcome.broken();
    let outcome = shim("-on-resume-expect-curve-id 23").visits(world());
    assert_eq!(outcome.connections, 2);
    outcome.broken();
    shim("-on-resume-expect-curve-id 29 -on-initial-expect-curve-id 29").visits(world()).passed(2);
}

#[test]
fn bytes_come_one_by_one_or_in_small_reads_and_nothing_changes() {
    for flags in ["-async", "-read-size 512", "-read-size 1", "-async -implicit-handshake"] {
        Shim::client("-resume-count 1").and(flags).visits(World::resuming()).passed(2);
        Shim::server("-resume-count 1").and(flags).visits(World::resuming()).passed(2);
    }
}

#[test]
fn curves_are_the_groups_that_are_allowed_best_first() {
    let infos = Shim::client("-curves 24 -curves 23").visits(World::new()).passed(1);
    // The server chooses by its own order among these; its key is on P-256.
    assert_eq!(infos[0].group, Some(NamedGroup::SECP256R1));
    let infos = Shim::server("-curves 24").visits(World::new()).passed(1);
    assert_eq!(infos[0].group, Some(NamedGroup::SECP384R1));
    let infos = Shim::server("").visits(World::new()).passed(1);
    assert_eq!(infos[0].group, Some(NamedGroup::X25519));
    // The groups of the hello, as they were said.
    Shim::client("-curves 24 -curves 23 -curves 29").meets(|runner| {
        let mut raw = runner.raw_server();
        let hello = raw.next_message();
        let groups = [0, 10, 0, 8, 0, 6, 0, 24, 0, 23, 0, 29];
        assert!(hello.windows(groups.len()).any(|bytes| bytes == groups));
    });
}

#[test]
fn a_curve_is_as_expected_or_not_in_both_roles_and_when_resumed() {
    for by in [Shim::client, Shim::server] {
        holds(by, World::new, "-expect-curve-id 29", "-expect-curve-id 23");
    }
    // A client that resumes still knows the group.
    let shim = |flag| Shim::client("-resume-count 1").and(flag).visits(World::resuming());
    shim("-expect-curve-id 29").passed(2);
    shim("-on-resume-expect-curve-id 24").broken();
}

#[test]
fn a_range_of_versions_with_tls_1_2_in_it_is_tls_1_2() {
    let ranges = ["-min-version 771", "-max-version 771", "-max-version 772", "-min-version 769"];
    for flags in ranges.into_iter().chain(["-no-tls1 -no-tls11 -no-tls13"]) {
        Shim::client(flags).visits(World::new()).passed(1);
        Shim::server(flags).visits(World::new()).passed(1);
    }
    for flags in ["-min-version 772", "-max-version 770", "-no-tls12"] {
        Shim::server(flags).visits(World::new()).not_implemented();
    }
}

#[test]
fn a_client_of_another_version_is_told_so() {
    let outcome = Shim::server("-min-version 771").meets(|runner| {
        let mut raw = runner.raw_client();
        raw.message(&Hello { version: 0x0302, ..Hello::new() }.message());
        assert_eq!(raw.alert().description, Alert::PROTOCOL_VERSION);
    });
    outcome.failed(":UNSUPPORTED_PROTOCOL:");
}

#[test]
fn flags_that_ask_for_what_is_so_anyway_change_nothing() {
    let agreed = |infos: Vec<ConnectionInfo>| {
        let each = infos.into_iter().map(|info| (info.handshake, info.suite, info.ticket, info.alpn));
        each.collect::<Vec<_>>()
    };
    for shim in [Shim::client, Shim::server] {
        let visited = |flags| agreed(shim(flags).and("-resume-count 1").visits(World::resuming()).passed(2));
        let without = visited("");
        for flags in [
            "-trust-cert nowhere.pem",
            "-implicit-handshake",
            "-use-old-client-cert-callback",
            "-use-early-callback",
            "-expect-no-hrr",
            "-no-op-extra-handshake",
            "-advertise-npn npn",
            "-use-ticket-callback",
            "-use-ticket-aead-callback",
        ] {
            assert_eq!(visited(flags), without, "{flags}");
        }
    }
}

#[test]
fn cipher_and_a_trace_of_messages_are_not_implemented_and_nobody_is_called() {
    Shim::server("-cipher DEFAULT").meets(|_| {}).not_implemented();
    Shim::client("-expect-msg-callback").and("write").meets(|_| {}).not_implemented();
    Shim::client("-dtls").meets(|_| {}).not_implemented();
}

#[test]
fn the_alert_of_a_failure_arrives_though_bytes_of_the_runner_are_unread() {
    let outcome = Shim::server("").meets(|runner| {
        let mut raw = runner.raw_client();
        raw.record(HANDSHAKE, &[99, 0, 0, 0]);
        for _ in 0..50 {
            raw.record(HANDSHAKE, &[0; 1000]);
        }
        assert_eq!(raw.alert().description, Alert::UNEXPECTED_MESSAGE);
        assert_eq!(raw.next_record(), None);
    });
    outcome.failed(":UNEXPECTED_MESSAGE:");
}

#[test]
fn what_the_peer_tells_is_seen_by_the_runner_as_an_alert() {
    let shim = Shim::client("-curves 24");
    // The server's key is on a curve that this client does not list.
    let outcome = shim.visits(World::new());
    assert!(matches!(outcome.visits[..], [Err(Error::Incompatible(_))]), "{:?}", outcome.visits);
    outcome.failed(":HANDSHAKE_FAILURE_ON_CLIENT_HELLO:");
}
