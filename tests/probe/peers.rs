//! Other programs, each set up in a way whose verdict is known.

use serde_json::Value;
use tls12::session::Resumption;

use super::{
    running::{Report, run},
    serving::{Ours, Serving, ring},
};
use crate::{
    common::certs::Key,
    nginx::Nginx,
    place::Place,
    ports::{free_port, until_listening},
    program::{Program, has_peers},
};

/// The report about a port, where `place` has the certificates.
fn report(place: &Place, port: u16) -> Report {
    let root = place.path("root.pem");
    let target = format!("a.example:{port}");
    let output = run(&[&target, "--address", "127.0.0.1", "--ca", &root, "--json"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    let mut json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    Report(json["reports"][0].take())
}

/// With a ticket key of which each byte is this one.
fn with_key(place: &Place, byte: u8) -> Nginx<'_> {
    Nginx::with_tls(place, &format!("ssl_session_ticket_key {};", place.write("ticket.key", &[byte; 80])))
}

#[test]
fn two_nginx_behind_a_round_robin_share_keys_or_do_not() {
    if !has_peers("two nginx behind a round robin") {
        return;
    }
    let places = [(); 3].map(|()| Place::new(Key::EcdsaP256));
    let (one, same, other) = (with_key(&places[0], 1), with_key(&places[1], 1), with_key(&places[2], 2));
    let sharing = Serving::round_robin(&[one.address(), same.address()]);
    let report_of = |serving: &Serving| report(&places[0], serving.address.port());
    let together = report_of(&sharing);
    assert_eq!((together.path("ticket"), together.at("/groups/key_sets")), ("works", &1.into()));
    assert_eq!(together.rule("R17", ""), ["kept"]);
    assert_eq!(together.rule("R18", ""), ["kept"; 4]);
    let apart = report_of(&Serving::round_robin(&[one.address(), other.address()]));
    assert_eq!((apart.path("ticket"), apart.at("/groups/key_sets")), ("works-on-some-nodes", &2.into()));
    assert_eq!(apart.at("/ticket/fixed/resumed"), 5);
    assert!(apart.findings().contains(&"some-nodes"));
    // OpenSSL refuses a hello that has not the suite of its session, where the node knows the session.
    let r6 = |report: &Report| {
        let rows = report.at("/rules").as_array().expect("rules").iter();
        rows.filter(|row| row["rule"] == "R6").map(|row| row["seen"].clone()).collect::<Vec<_>>()
    };
    let seen = r6(&apart);
    assert!(seen[0].as_str().expect("words").contains("the alert illegal_parameter"), "{seen:?}");
    assert_eq!((seen, apart.rule("R6", "")), (r6(&together), vec!["kept"]));
}

#[test]
fn nginx_resumes_by_its_shared_cache() {
    if !has_peers("probing the shared cache of nginx") {
        return;
    }
    let cache = "ssl_session_cache shared:sessions:1m;";
    let place = Place::new(Key::EcdsaP256);
    let report_with = |settings: &str| {
        let nginx = Nginx::with_tls(&place, settings);
        report(&place, nginx.port)
    };
    for (tickets, expected) in [("off", ("not-offered", "works")), ("on", ("works", "works"))] {
        let report = report_with(&format!("{cache} ssl_session_tickets {tickets};"));
        assert_eq!(report.paths(), expected, "{}", report.0);
    }
    let report = report_with("ssl_session_cache off; ssl_session_tickets off;");
    assert!(["not-offered", "does-not-work"].contains(&report.path("id")), "{}", report.0);
    assert!(report.findings().contains(&"no-resumption"));
}

#[test]
fn node_resumes_though_its_store_answers_late() {
    if !has_peers("probing a late store of Node") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/resumption/server.js");
    let (cert, key) = (place.path("server.pem"), place.path("server.key"));
    let options = format!(r#"{{"cert":"{cert}","key":"{key}","noTicket":true,"late":150}}"#);
    let node = Program::start_with("node", &[script, &options]);
    let text = node.text_with(".\n");
    let port =
        text.trim().trim_end_matches('.').strip_prefix("listening on ").and_then(|port| port.parse().ok());
    let report = report(&place, port.expect("a port"));
    assert_eq!(report.paths(), ("not-offered", "works"));
    // A timer of Node may be a millisecond early.
    let resumed = report.at("/times/resumed_ms").as_f64();
    assert!(resumed >= Some(148.0), "it asks its store first: {resumed:?}");
}

#[test]
fn s_server_resumes_with_and_without_tickets() {
    if !has_peers("probing openssl s_server") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    for (more, expected) in [("", ("works", "works")), ("-no_ticket", ("not-offered", "works"))] {
        let (port, cert, key) = (free_port(), place.path("server.pem"), place.path("server.key"));
        let arguments =
            format!("s_server -accept 127.0.0.1:{port} -cert {cert} -key {key} -tls1_2 -www {more}");
        let server = Program::start("openssl", &arguments);
        until_listening(port);
        let report = report(&place, port);
        assert_eq!(report.paths(), expected, "{more}: {}\n{}", report.0, server.text());
        assert_eq!(report.rule("R10", "dropped")[0], "kept");
        // OpenSSL 3 takes the end of the stream for an error, and drops what it stored; nobody can take back a ticket.
        let (reset, end) = (report.rule("R29", "after a reset"), report.rule("R29", "after an end"));
        assert_eq!((reset.last(), end.last()), (Some(&"kept"), Some(&"broken")), "{more}: {}", report.0);
        assert!(report.findings().contains(&"r29-session-lost"));
    }
}

#[test]
fn gnutls_resumes_by_ticket_and_by_its_database() {
    if !has_peers("probing gnutls-serv") {
        return;
    }
    const TLS_1_2: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.2";
    // Of an EC key it wants the public key beside the private one.
    let place = Place::new(Key::Rsa2048);
    for (more, expected) in [
        ("--nodb", ("works", "does-not-work")),
        ("--noticket", ("not-offered", "works")),
        ("", ("works", "works")),
    ] {
        let (port, cert, key) = (free_port(), place.path("server.pem"), place.path("server.key"));
        let arguments = format!(
            "--http --disable-client-cert --port {port} --x509certfile {cert} --x509keyfile {key} --priority {TLS_1_2} {more}"
        );
        let server = Program::start("gnutls-serv", &arguments);
        until_listening(port);
        let report = report(&place, port);
        assert_eq!(report.paths(), expected, "{more}: {}\n{}", report.0, server.text());
    }
}

#[test]
fn colours_and_a_line_of_progress_are_for_terminals() {
    if !has_peers("a probe on a terminal of script(1)") {
        return;
    }
    let server = Ours::new(Resumption::new(ring(1))).start();
    let probe =
        format!("{} probe {} --address 127.0.0.1 --count 2", env!("CARGO_BIN_EXE_tls12"), server.target());
    let shown = Program::start_with("script", &["-qec", &probe, "/dev/null"]).succeed();
    assert!(shown.contains("\x1b[1mSessions are resumed: tickets work; session IDs work.\x1b[0m"), "{shown}");
    assert!(shown.contains("\r2 connections of at most "), "{shown}");
}
