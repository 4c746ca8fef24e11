//! The channel binding `tls-server-end-point`.

use std::sync::Arc;

use pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tls12::{
    ServerConfig,
    crypto::{LocalKey, RUSTCRYPTO},
    pki::{Credential, dangerous::DangerousAcceptAny},
};

use crate::{
    common::pair::World,
    format::{Block, blocks},
};

const END_POINTS: &str = include_str!("../../vectors/end_point/computed.txt");

/// A server with the certificate of a vector, and a client that believes it.
fn world(block: &Block<'_>) -> World {
    let certificate = CertificateDer::from(block.bytes("certificate"));
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(block.bytes("key")));
    let key = LocalKey::new(&RUSTCRYPTO, key).expect("a key that parses");
    let credential = Credential::new("server", vec![certificate]).expect("a certificate that parses");
    World {
        server: Arc::new(ServerConfig::new(&RUSTCRYPTO, credential)),
        keys: vec![("server".into(), key)],
        verifies_server: Arc::new(DangerousAcceptAny),
        ..World::new()
    }
}

#[test]
fn both_sides_hash_the_servers_certificate_as_its_signature_does() {
    let blocks = blocks(END_POINTS);
    assert_eq!(blocks.len(), 8);
    for block in &blocks {
        let expected = block.bytes("tls-server-end-point");
        let (client, server) = world(block).run(usize::MAX).established();
        let signature = block.text("signature");
        assert_eq!(client.tls.tls_server_end_point().as_deref(), Some(&expected[..]), "{signature}");
        assert_eq!(server.tls.tls_server_end_point().as_deref(), Some(&expected[..]), "{signature}");
    }
}
