//! Handshakes between the providers: what one side computes, the other understands.
#![cfg(feature = "graviola")]

mod common;

use std::sync::Arc;

use common::{
    certs::{Ca, Key, Spec},
    pair::{NAME, World},
};
use tls12::{
    ClientConfig, ServerConfig,
    crypto::{Authentication, LocalKey, Provider, RUSTCRYPTO, SUITES},
    pki::WebPki,
    wire::NamedGroup,
};

/// A client and a server on providers of their own, with a certificate of this kind of key.
fn world(client: &'static Provider, server: &'static Provider, key: Key) -> World {
    let ca = Ca::new("test root");
    let issued = ca.issue(&Spec { key, ..Spec::server(&[NAME]) });
    let local = LocalKey::new(server, issued.key_der()).expect("a key that parses");
    World {
        server: Arc::new(ServerConfig::new(server, issued.credential("server"))),
        client: Arc::new(ClientConfig::new(client)),
        keys: vec![("server".into(), local)],
        verifies_server: Arc::new(WebPki::new(client, [ca.root()]).expect("a root")),
        ..World::new()
    }
}

/// The portable provider and graviola, in both orders.
fn pairs() -> Vec<(&'static Provider, &'static Provider)> {
    match Provider::graviola() {
        Some(graviola) => vec![(&RUSTCRYPTO, graviola), (graviola, &RUSTCRYPTO), (graviola, graviola)],
        None => {
            eprintln!("left out: this processor cannot run graviola");
            Vec::new()
        }
    }
}

#[test]
fn handshakes_between_providers_end_in_connections_that_agree() {
    for (client, server) in pairs() {
        for key in [Key::EcdsaP256, Key::EcdsaP384, Key::Ed25519, Key::Rsa2048] {
            let kind = if key == Key::Rsa2048 { Authentication::Rsa } else { Authentication::Ecdsa };
            for suite in SUITES.iter().filter(|suite| suite.authentication == kind) {
                for group in [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1] {
                    // RFC 8422, 4: the client's groups also say on which curves it takes the keys of certificates, so
                    // the server's choose.
                    let world = world(client, server, key)
                        .with_client(|config| config.with_suites(&[suite.id]).expect("a suite"))
                        .with_server(|config| config.with_groups(&[group]).expect("a group"));
                    let (client, server) = world.run(usize::MAX).established();
                    assert_eq!((client.tls.info().suite, client.tls.info().group), (suite.id, Some(group)));
                    assert_eq!((server.tls.info().suite, server.tls.info().group), (suite.id, Some(group)));
                }
            }
        }
    }
}
