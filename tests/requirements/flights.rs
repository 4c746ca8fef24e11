//! The order of what our own sides say, and what a client says to a server that asks for a certificate.

use tls12::{
    ClientAuth, ClientHandshake,
    wire::{ContentType, HandshakeType as H},
};

use crate::common::{
    certs::Key,
    forge::record,
    pair::World,
    raw::{certificate, framed},
    recording::Recording,
    resuming::names,
    worlds::worlds,
};

/// The types of these messages.
fn types(messages: &[Vec<u8>]) -> Vec<H> {
    messages.iter().map(|message| H(message[0])).collect()
}

#[test]
fn the_messages_of_both_sides_are_in_the_order_of_the_rfcs() {
    let certified = |world: World| world.with_client_certificate(ClientAuth::Require, Key::EcdsaP256);
    let anonymous = World::new().with_anonymous_client();
    let server = [H::SERVER_HELLO, H::CERTIFICATE, H::SERVER_KEY_EXCHANGE, H::SERVER_HELLO_DONE];
    let asking = [&server[..3], &[H::CERTIFICATE_REQUEST, H::SERVER_HELLO_DONE]].concat();
    let stapling = [&server[..2], &[H::CERTIFICATE_STATUS], &asking[2..]].concat();
    let client = [H::CLIENT_HELLO, H::CLIENT_KEY_EXCHANGE];
    let empty = [H::CLIENT_HELLO, H::CERTIFICATE, H::CLIENT_KEY_EXCHANGE];
    let proving = [&empty[..], &[H::CERTIFICATE_VERIFY]].concat();
    for (world, up, down) in [
        (World::new(), &client[..], &server[..]),
        (anonymous, &empty, &asking),
        (certified(World::new()), &proving, &asking),
        (certified(World::stapled()), &proving, &stapling),
    ] {
        let recording = Recording::of(&world);
        assert_eq!(types(&recording.client), up);
        assert_eq!(types(&recording.server), down);
    }
    let nothing = Recording::of(&World::new().with_anonymous_client());
    assert_eq!(nothing.client[1], certificate::<[u8; 0]>([]));
}

/// RFC 5246, 7.1: what follows ChangeCipherSpec is protected, and Finished follows.
#[test]
fn keys_change_once_right_before_finished() {
    for (name, world) in worlds() {
        let wires = world.run(usize::MAX).wires;
        for log in [&wires.up.log, &wires.down.log] {
            let said = names(log);
            assert_eq!(said[said.len() - 2..], ["ChangeCipherSpec", "[]"], "{name}");
            assert_eq!(said.iter().filter(|each| *each == "ChangeCipherSpec").count(), 1, "{name}");
        }
    }
}

/// A client with a P-256 certificate that was asked with this body of CertificateRequest: whether the server takes it.
fn takes(request: &[u8]) -> bool {
    let world = World::new().with_client_certificate(ClientAuth::Require, Key::EcdsaP256);
    let recording = Recording::of(&world);
    let said = [&recording.server[..3].concat()[..], &framed(13, request)].concat();
    let ClientHandshake::NeedsFlush(ask) = world.start_client() else { panic!("a hello is first") };
    let ClientHandshake::NeedsInput(mut ask) = ask.all_sent() else { panic!("an answer is next") };
    let record = record(ContentType::HANDSHAKE, &said);
    ask.spare()[..record.len()].copy_from_slice(&record);
    let mut step = ask.received(record.len(), world.now);
    while !matches!(step, ClientHandshake::NeedsCredential(_)) {
        assert!(matches!(step, ClientHandshake::NeedsVerdict(_)), "the request is next");
        step = world.answer_client(step);
    }
    let ClientHandshake::NeedsCredential(ask) = step else { return false };
    let (credential, _) = world.client_credential.as_ref().expect("a credential");
    ask.takes(credential)
}

/// RFC 5246, 7.4.4: the key is of one of the types, and signs under one of the schemes.
#[test]
fn a_client_knows_which_of_its_certificates_a_server_takes() {
    assert!(takes(&[1, 64, 0, 2, 4, 3, 0, 0]));
    assert!(takes(&[2, 1, 64, 0, 4, 8, 4, 5, 3, 0, 0]));
    // RSA alone by its type; RSA alone by its schemes.
    assert!(!takes(&[1, 1, 0, 2, 4, 3, 0, 0]));
    assert!(!takes(&[1, 64, 0, 4, 4, 1, 8, 4, 0, 0]));
}
