//! OpenSSL's `s_server` and `s_client`: every key, suite and group, data, names and closing.

use std::sync::Arc;

use pki_types::ServerName;
use tls12::{
    Error,
    crypto::RUSTCRYPTO,
    pki::WebPki,
    wire::{Alert, CipherSuite, NamedGroup},
};

use crate::{
    common::certs::{Ca, Key},
    place::{KEYS, Place, cases, groups, megabyte, suites},
    ports::free_port,
    program::{Program, has_peers},
    socket::{Listener, connect},
};

/// What OpenSSL and Node call a suite.
pub(crate) fn suite_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256 => "ECDHE-ECDSA-AES128-GCM-SHA256",
        CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384 => "ECDHE-ECDSA-AES256-GCM-SHA384",
        CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 => "ECDHE-ECDSA-CHACHA20-POLY1305",
        CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256 => "ECDHE-RSA-AES128-GCM-SHA256",
        CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384 => "ECDHE-RSA-AES256-GCM-SHA384",
        CipherSuite::ECDHE_RSA_CHACHA20_POLY1305_SHA256 => "ECDHE-RSA-CHACHA20-POLY1305",
        other => panic!("none of our suites: {other:?}"),
    }
}

/// What OpenSSL and Node call a list of groups.
pub(crate) fn group_names(groups: &[NamedGroup]) -> String {
    let name = |group: &NamedGroup| match *group {
        NamedGroup::X25519 => "X25519",
        NamedGroup::SECP256R1 => "P-256",
        NamedGroup::SECP384R1 => "P-384",
        other => panic!("none of our groups: {other:?}"),
    };
    groups.iter().map(name).collect::<Vec<_>>().join(":")
}

/// A server of a place that speaks TLS 1.2 on a port, with more arguments.
pub(crate) fn s_server(place: &Place, more: &str) -> (Program, u16) {
    let (port, cert, key) = (free_port(), place.path("server.pem"), place.path("server.key"));
    let common = format!("s_server -accept 127.0.0.1:{port} -cert {cert} -key {key} -tls1_2");
    (Program::start("openssl", &format!("{common} {more}")), port)
}

/// A client that believes the root of a place and speaks TLS 1.2 to a port, with more arguments.
pub(crate) fn s_client(place: &Place, port: u16, more: &str) -> Program {
    let root = place.path("root.pem");
    let common = format!(
        "s_client -connect 127.0.0.1:{port} -CAfile {root} -verify_return_error -servername a.example \
         -verify_hostname a.example -tls1_2"
    );
    Program::start("openssl", &format!("{common} {more}"))
}

#[test]
fn our_client_speaks_every_suite_and_group_with_s_server() {
    if !has_peers("our client with openssl s_server") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let (server, port) = s_server(&place, "-rev");
        for (suite, group) in cases(key) {
            let mut tls = connect(&place.world_for(suite, group), port)
                .unwrap_or_else(|error| panic!("{key:?} {suite:?} {group:?}: {error}\n{}", server.text()));
            tls.write(b"forwards\n");
            assert_eq!(tls.read_exact(9), b"sdrawrof\n");
            let info = tls.tls.info();
            assert_eq!((info.suite, info.group), (suite, Some(group)), "{key:?}");
            assert!(info.extended_master_secret && info.secure_renegotiation);
            assert!(tls.close().is_empty());
        }
    }
}

#[test]
fn our_server_speaks_every_suite_and_group_with_s_client() {
    if !has_peers("our server with openssl s_client") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let listener = Listener::new();
        for (suite, group) in cases(key) {
            let (name, offered) = (suite_name(suite), group_names(&groups(key, group)));
            let more = format!("-quiet -cipher {name} -groups {offered}");
            let client = s_client(&place, listener.port(), &more);
            let mut tls = listener
                .accept(&place.world_for(suite, group))
                .unwrap_or_else(|error| panic!("{key:?} {suite:?} {group:?}: {error}\n{}", client.text()));
            client.input(b"to the server");
            assert_eq!(tls.read_exact(13), b"to the server");
            tls.write(b"to the client");
            assert_eq!(client.output(13), b"to the client");
            let info = tls.tls.info();
            assert_eq!((info.suite, info.group), (suite, Some(group)), "{key:?}");
            assert!(info.extended_master_secret && info.secure_renegotiation);
            tls.close();
            client.succeed();
        }
    }
}

#[test]
fn a_megabyte_each_way_with_s_server_is_intact() {
    if !has_peers("a megabyte with openssl s_server") {
        return;
    }
    let (place, data) = (Place::new(Key::EcdsaP256), megabyte());
    let back: Vec<u8> = data.iter().rev().copied().collect();
    for suite in suites(Key::EcdsaP256) {
        let (server, port) = s_server(&place, "-quiet");
        let mut tls = connect(&place.world_for(suite, NamedGroup::X25519), port).expect("a handshake");
        tls.write(&data);
        assert!(server.output(data.len()) == data, "what we sent came altered");
        server.input(&back);
        assert!(tls.read_exact(back.len()) == back, "what we were sent came altered");
        tls.close();
    }
}

#[test]
fn a_megabyte_each_way_with_s_client_is_intact() {
    if !has_peers("a megabyte with openssl s_client") {
        return;
    }
    let (place, data) = (Place::new(Key::Rsa2048), megabyte());
    let back: Vec<u8> = data.iter().rev().copied().collect();
    for suite in suites(Key::Rsa2048) {
        let listener = Listener::new();
        let client = s_client(&place, listener.port(), "-quiet");
        let mut tls = listener.accept(&place.world_for(suite, NamedGroup::X25519)).expect("a handshake");
        client.input(&data);
        assert!(tls.read_exact(data.len()) == data, "what we were sent came altered");
        tls.write(&back);
        assert!(client.output(back.len()) == back, "what we sent came altered");
        tls.close();
        client.succeed();
    }
}

#[test]
fn either_side_may_close_first() {
    if !has_peers("closing with openssl") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let listener = Listener::new();
    // At the end of its input s_client sends close_notify.
    let mut client = s_client(&place, listener.port(), "-nocommands");
    let tls = listener.accept(&place.world()).expect("a handshake");
    client.text_with("Verify return code");
    client.end_input();
    tls.wait_for_close();
    client.succeed();

    // When told to, s_server closes with close_notify.
    let (server, port) = s_server(&place, "-rev -naccept 1");
    let mut tls = connect(&place.world(), port).expect("a handshake");
    tls.write(b"CLOSE\n");
    tls.wait_for_close();
    server.succeed();
}

#[test]
fn a_client_that_offers_tls_1_3_first_is_served_tls_1_2() {
    if !has_peers("hellos of TLS 1.3 with openssl s_client") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let (listener, root) = (Listener::new(), place.path("root.pem"));
    let arguments = format!("s_client -connect 127.0.0.1:{} -CAfile {root} -quiet", listener.port());
    let client = Program::start("openssl", &arguments);
    let mut tls = listener.accept(&place.world()).expect("a handshake");
    tls.write(b"in 1.2");
    assert_eq!(client.output(6), b"in 1.2");
    tls.close();
    client.succeed();
}

#[test]
fn a_server_for_another_name_or_of_another_root_is_refused() {
    if !has_peers("refusing openssl s_server") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let (server, port) = s_server(&place, "-rev");
    let mut world = place.world();
    world.name = ServerName::try_from("b.example").expect("a name");
    assert!(connect(&world, port).is_err(), "the certificate is for another name");
    server.text_with("alert bad certificate");
    let mut world = place.world();
    let stranger = Ca::new("another root").root();
    world.verifies_server = Arc::new(WebPki::new(&RUSTCRYPTO, [stranger]).expect("a root"));
    assert!(connect(&world, port).is_err(), "the root is another");
    server.text_with("alert unknown ca");

    // The same seen from our server: what s_client trusts is no issuer.
    let (listener, trusted) = (Listener::new(), place.path("client.pem"));
    let arguments = format!("-CAfile {trusted} -quiet");
    let client = s_client(&place, listener.port(), &arguments);
    match listener.accept(&place.world()) {
        Err(Error::Received(alert)) => assert_eq!(alert, Alert::UNKNOWN_CA),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("its root is another"),
    }
    assert!(!client.wait().0.success());
}
