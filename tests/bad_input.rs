//! Bad input of every kind, to both sides: each has its alert, and nothing but that connection is lost.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

#[path = "bad_input/certificates.rs"]
mod certificates;
#[path = "bad_input/choices.rs"]
mod choices;
#[path = "bad_input/garbage.rs"]
mod garbage;
#[path = "bad_input/lengths.rs"]
mod lengths;
#[path = "bad_input/middle.rs"]
mod middle;
#[path = "bad_input/proofs.rs"]
mod proofs;

use std::sync::Arc;

use common::{
    certs::{Ca, Issued, Spec},
    pair::World,
    raw::{HANDSHAKE, Hello, Over, Raw, certificate, framed, prefixed},
};
use tls12::{
    ClientAuth, ClientConfig, ServerConfig,
    crypto::{RUSTCRYPTO, Sign, SignatureRequest},
    pki::WebPki,
    schedule::Side,
    wire::SignatureScheme,
};

fn serving(change: impl FnOnce(ServerConfig) -> ServerConfig) -> Arc<World> {
    let mut world = World::new();
    world.server = Arc::new(change(ServerConfig::clone(&world.server)));
    Arc::new(world)
}

fn calling(change: impl FnOnce(ClientConfig) -> ClientConfig) -> Arc<World> {
    let mut world = World::new();
    world.client = Arc::new(change(ClientConfig::clone(&world.client)));
    Arc::new(world)
}

/// A server that requires certificates of clients, and alice, who has one.
fn requiring() -> (Arc<World>, Issued) {
    let ca = Ca::new("clients");
    let mut world = World::new();
    world.server = Arc::new(ServerConfig::clone(&world.server).with_client_auth(ClientAuth::Require));
    world.verifies_client = Arc::new(WebPki::new(&RUSTCRYPTO, [ca.root()]).expect("a root"));
    (Arc::new(world), ca.issue(&Spec::client("alice")))
}

/// Sends a message in as few records as may be.
fn send_long(raw: &mut Raw, message: &[u8]) {
    raw.transcript.extend_from_slice(message);
    for piece in message.chunks(16_384) {
        raw.record(HANDSHAKE, piece);
    }
}

/// Other connections with the same configuration, during and after what happens to a bad one.
struct Bystanders {
    world: Arc<World>,
    during: [Raw; 2],
}

impl Bystanders {
    fn of(world: &Arc<World>) -> Self {
        let mut client = Raw::client(world, Over::Memory);
        client.connect(&Hello::new());
        let mut server = Raw::server(world, Over::Memory);
        server.accept();
        Self { world: world.clone(), during: [client, server] }
    }

    #[track_caller]
    fn are_well(self) {
        let after = Self::of(&self.world);
        for mut raw in self.during.into_iter().chain(after.during) {
            raw.echo(b"all is well");
            raw.close(b"all is well");
        }
    }
}

/// Messages of alice to a server that requires her certificate, by the name of the one that is next.
fn alice_before(next: &str) -> (Raw, Vec<u8>) {
    let (world, alice) = requiring();
    let mut raw = Raw::client(&world, Over::Memory);
    let hello = Hello::new();
    if next == "ClientHello" {
        return (raw, hello.message());
    }
    let flight = raw.greet(&hello);
    let chain = certificate(&alice.chain);
    if next == "Certificate" {
        return (raw, chain);
    }
    raw.message(&chain);
    if next == "ClientKeyExchange" {
        let message = raw.client_key_exchange(&flight);
        return (raw, message);
    }
    raw.exchange(&flight);
    let message = raw.transcript.clone();
    let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
    let request = SignatureRequest { credential: "raw".into(), scheme, message };
    let signature = alice.local_key().sign(&request).expect("a signature").0;
    let verify = framed(15, &[&[4, 3], &prefixed::<2>(&signature)[..]].concat());
    if next == "CertificateVerify" {
        return (raw, verify);
    }
    raw.message(&verify);
    raw.change_cipher_spec();
    let finished = raw.finished(Side::Client);
    (raw, finished)
}

/// Messages of a server that asks for a certificate to a client of ours, by the name of the one that is next.
fn server_before(next: &str) -> (Raw, Vec<u8>) {
    let world = calling(ClientConfig::with_status_request);
    let mut raw = Raw::server(&world, Over::Memory);
    let mut answer = raw.answer();
    answer.hello = common::raw::Greeting::new().with(5, &[]).message();
    let staple = framed(22, &[&[1], &prefixed::<3>(b"a response")[..]].concat());
    let request = framed(13, &[2, 64, 1, 0, 2, 4, 3, 0, 7, 0, 5, b'0', 3, 2, 1, 5]);
    for (name, message) in [
        ("ServerHello", answer.hello),
        ("Certificate", answer.certificate),
        ("CertificateStatus", staple),
        ("ServerKeyExchange", answer.key_exchange),
        ("CertificateRequest", request),
        ("ServerHelloDone", answer.done),
    ] {
        if name == next {
            return (raw, message);
        }
        raw.message(&message);
    }
    let nothing = certificate::<[u8; 0]>([]);
    assert_eq!(raw.next_message(), nothing);
    raw.read_answer();
    raw.change_cipher_spec();
    let finished = raw.finished(Side::Server);
    (raw, finished)
}
