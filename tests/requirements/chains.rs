//! Which certificates are presented, and how they are signed.

use std::sync::Arc;

use tls12::{
    ServerConfig,
    crypto::RUSTCRYPTO,
    wire::{Message, SignatureScheme as S},
};

use crate::common::{
    certs::{Ca, Issued, Key, Spec},
    pair::{NAME, World},
    raw::{Hello, Over, Raw, certificate},
};

/// A server with these credentials, in this order.
fn serving(all: &[&Issued]) -> Arc<World> {
    let mut world = World::new();
    let named = |number: usize| format!("number {number}");
    let mut config = ServerConfig::new(&RUSTCRYPTO, all[0].credential(&named(0)));
    for (number, issued) in all.iter().enumerate().skip(1) {
        config = config.with_credential(issued.credential(&named(number)));
    }
    world.server = Arc::new(config);
    world.keys = all.iter().enumerate().map(|(number, each)| (named(number), each.local_key())).collect();
    Arc::new(world)
}

/// The suite and the Certificate message that the server answers with.
fn answer(world: &Arc<World>, hello: &Hello) -> (u16, Vec<u8>) {
    let mut raw = Raw::client(world, Over::Memory);
    let mut messages = raw.greet(hello).messages;
    let Ok(Some(Message::ServerHello(hello))) = Message::decode(&messages[0]) else { panic!("ServerHello") };
    (hello.cipher_suite.0, messages.swap_remove(1))
}

/// Takes ECDSA before RSA, with these signature schemes.
fn hello(schemes: &[u8]) -> Hello {
    let list = [&(schemes.len() as u16).to_be_bytes()[..], schemes].concat();
    Hello { suites: vec![0xc02b, 0xc02f], ..Hello::new().with(13, &list) }
}

#[test]
fn a_chain_is_sent_whole_in_its_order_and_leaf_first() {
    let issued = Ca::new("test root").intermediate("one").intermediate("two").issue(&Spec::server(&[NAME]));
    assert_eq!(issued.chain.len(), 3);
    let (_, sent) = answer(&serving(&[&issued]), &Hello::new());
    assert_eq!(sent, certificate(&issued.chain));
}

/// RFC 5246, 7.4.3: "the server MUST check any candidate cipher suites against the "signature_algorithms" extension".
#[test]
fn a_server_chooses_a_suite_whose_signature_the_client_can_verify() {
    let ca = Ca::new("test root");
    let ecdsa = ca.issue(&Spec::server(&[NAME]));
    let rsa = ca.issue(&Spec { key: Key::Rsa2048, ..Spec::server(&[NAME]) });
    let world = serving(&[&ecdsa, &rsa]);
    assert_eq!(answer(&world, &hello(&[4, 3, 4, 1])), (0xc02b, certificate(&ecdsa.chain)));
    assert_eq!(answer(&world, &hello(&[4, 1])), (0xc02f, certificate(&rsa.chain)));
    assert_eq!(answer(&world, &hello(&[8, 4])), (0xc02f, certificate(&rsa.chain)));
}

/// RFC 5246, 7.4.2: all certificates are signed by a pair of the client's, if there is a chain of which that is true.
#[test]
fn a_server_presents_a_chain_that_is_signed_as_the_client_says_if_it_has_one() {
    let by_p384 = Ca::with_key("another root", Key::EcdsaP384).issue(&Spec::server(&[NAME]));
    let by_p256 = Ca::new("test root").issue(&Spec::server(&[NAME]));
    let both = serving(&[&by_p384, &by_p256]);
    assert_eq!(answer(&both, &hello(&[4, 3, 5, 3])).1, certificate(&by_p384.chain));
    assert_eq!(answer(&both, &hello(&[4, 3])).1, certificate(&by_p256.chain));
    // Who has no other shows what there is.
    assert_eq!(answer(&serving(&[&by_p384]), &hello(&[4, 3])).1, certificate(&by_p384.chain));
}

#[test]
fn a_credential_tells_what_its_whole_chain_is_signed_under() {
    let root = Ca::with_key("another root", Key::EcdsaP384);
    let credential = root.intermediate("one").issue(&Spec::server(&[NAME])).credential("web");
    let [leaf, above] = [S::ECDSA_SECP256R1_SHA256, S::ECDSA_SECP384R1_SHA384];
    assert!(credential.chain_is_signed_under(&[S::ED25519, above, leaf]));
    assert!(!credential.chain_is_signed_under(&[leaf]));
    assert!(!credential.chain_is_signed_under(&[above]));
    for (key, scheme) in [(Key::Ed25519, S::ED25519), (Key::Rsa2048, S::RSA_PKCS1_SHA256)] {
        let credential = Ca::with_key("a third", key).issue(&Spec::server(&[NAME])).credential("web");
        assert!(credential.chain_is_signed_under(&[scheme]));
        assert!(!credential.chain_is_signed_under(&[leaf, above, S::RSA_PSS_RSAE_SHA256]));
    }
}
