//! Client certificates with OpenSSL: required and optional, present, absent and refused.

use std::sync::Arc;

use tls12::{ClientAuth, Error, wire::Alert};

use crate::{
    common::{
        certs::{Ca, Spec},
        pair::World,
    },
    openssl::{s_client, s_server},
    place::{KEYS, Place},
    program::has_peers,
    socket::{Listener, connect},
};

/// A world whose server asks for certificates.
pub(crate) fn asking(place: &Place, auth: ClientAuth) -> World {
    let authorities = place.world().verifies_client.authorities();
    let config = place.server_config().with_client_auth(auth).with_client_authorities(authorities);
    World { server: Arc::new(config), ..place.world() }
}

/// A world whose client has a certificate.
pub(crate) fn presenting(place: &Place) -> World {
    let credential = place.client().credential("client");
    World { client_credential: Some((credential, place.client().local_key())), ..place.world() }
}

#[test]
fn our_server_verifies_the_certificate_of_s_client() {
    if !has_peers("client certificates of openssl s_client") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let listener = Listener::new();
        let files = format!("-quiet -cert {} -key {}", place.path("client.pem"), place.path("client.key"));
        for auth in [ClientAuth::Request, ClientAuth::Require] {
            let client = s_client(&place, listener.port(), &files);
            let mut tls = listener.accept(&asking(&place, auth)).expect("a handshake");
            let peer = tls.tls.info().peer.clone().expect("a client that proved who it is");
            assert_eq!(&peer.peer().chain[0], place.client().leaf());
            tls.write(b"hello alice");
            assert_eq!(client.output(11), b"hello alice");
            tls.close();
            client.succeed();
        }
    }
}

#[test]
fn s_server_verifies_our_clients_certificate() {
    if !has_peers("client certificates with openssl s_server") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let ask = format!("-rev -CAfile {} -verify_return_error -Verify 2", place.path("root.pem"));
        let (server, port) = s_server(&place, &ask);
        let mut tls = connect(&presenting(&place), port).expect("a handshake");
        assert_eq!(tls.tls.info().credential.as_deref(), Some("client"));
        tls.write(b"I am alice\n");
        assert_eq!(tls.read_exact(11), b"ecila ma I\n");
        tls.close();
        assert!(server.text_with("CN = alice").contains("verify return:1"));
    }
}

#[test]
fn a_missing_client_certificate_is_refused_only_where_it_is_required() {
    if !has_peers("missing client certificates with openssl s_client") {
        return;
    }
    let place = Place::new(KEYS[0]);
    let listener = Listener::new();
    let client = s_client(&place, listener.port(), "-quiet");
    let mut tls = listener.accept(&asking(&place, ClientAuth::Request)).expect("a handshake");
    assert!(tls.tls.info().peer.is_none());
    tls.write(b"stranger");
    assert_eq!(client.output(8), b"stranger");
    tls.close();
    client.succeed();

    let client = s_client(&place, listener.port(), "-quiet");
    assert!(listener.accept(&asking(&place, ClientAuth::Require)).is_err());
    let (status, text) = client.wait();
    assert!(!status.success() && text.contains("alert handshake failure"), "{text}");
}

#[test]
fn our_client_without_a_certificate_says_so() {
    if !has_peers("missing client certificates with openssl s_server") {
        return;
    }
    let place = Place::new(KEYS[0]);
    let (_server, port) = s_server(&place, "-rev -verify 1");
    let mut tls = connect(&place.world(), port).expect("it was only asked for");
    tls.write(b"nobody\n");
    assert_eq!(tls.read_exact(7), b"ydobon\n");
    tls.close();

    let (_server, port) = s_server(&place, "-rev -Verify 1");
    match connect(&place.world(), port) {
        Err(Error::Received(alert)) => assert_eq!(alert, Alert::HANDSHAKE_FAILURE),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("it was required"),
    }
}

#[test]
fn a_client_certificate_that_is_refused_is_told_why() {
    if !has_peers("refused client certificates of openssl s_client") {
        return;
    }
    let place = Place::new(KEYS[0]);
    let listener = Listener::new();
    let expired = place.ca().issue(&Spec { not_after: 1_600_000_000, ..Spec::client("late") });
    let stranger = Ca::new("another root").issue(&Spec::client("stranger"));
    let server = place.ca().issue(&Spec::server(&["b.example"]));
    for (name, issued, alert) in [
        ("late", expired, "alert certificate expired"),
        ("stranger", stranger, "alert unknown ca"),
        ("server2", server, "alert unsupported certificate"),
    ] {
        place.write_pair(name, &issued);
        let (cert, key) = (place.path(&format!("{name}.pem")), place.path(&format!("{name}.key")));
        let client = s_client(&place, listener.port(), &format!("-quiet -cert {cert} -key {key}"));
        assert!(listener.accept(&asking(&place, ClientAuth::Request)).is_err(), "{name}");
        let (status, text) = client.wait();
        assert!(!status.success() && text.contains(alert), "{name}: {text}");
    }
}
