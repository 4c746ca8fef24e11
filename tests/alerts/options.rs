//! What a configuration puts up with by name, and what it does not put up with.

use std::sync::Arc;

use rcgen::KeyUsagePurpose;
use tls12::{
    ClientAuth, ClientConfig, Error, Illegal, Incompatible, ServerConfig,
    crypto::{RUSTCRYPTO, Sign, SignatureRequest},
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer},
    schedule::Side,
    wire::{Alert, Message, NamedGroup, SignatureScheme},
};

use super::{calling, client_of, server_of, serving};
use crate::common::{
    certs::{Ca, Issued, Key, Spec},
    forge::{take_messages, take_records},
    pair::{NAME, World},
    raw::{
        EXTENDED_MASTER_SECRET, Greeting, HANDSHAKE, Hello, Raw, certificate, framed, prefixed, server_name,
    },
    resuming::BOTH,
};

const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// As a server: goes on to the end of the handshake, and closes; what our client agreed on.
#[track_caller]
fn goes_on(mut raw: Raw) -> tls12::ConnectionInfo {
    raw.read_answer();
    raw.change_cipher_spec();
    let finished = raw.finished(Side::Server);
    raw.message(&finished);
    raw.close(b"").info.expect("a connection")
}

#[test]
fn a_protocol_that_was_not_offered_is_taken_only_where_any_is() {
    let offering = |config: ClientConfig| config.with_alpn([&b"foo"[..]]);
    let chosen = || Greeting::new().with(ALPN, b"\x00\x04\x03baz").message();
    let answered = |world: &Arc<World>| {
        let mut raw = server_of(world);
        let mut answer = raw.answer();
        answer.hello = chosen();
        raw.say(&answer);
        raw
    };
    let error = answered(&calling(offering)).refused_with(Alert::ILLEGAL_PARAMETER, "another protocol");
    assert_eq!(error, Error::Illegal(Illegal::ProtocolNotOffered));
    let info = goes_on(answered(&calling(|config| offering(config).dangerous_any_alpn())));
    assert_eq!(info.alpn.as_deref(), Some(&b"baz"[..]));
    // RFC 5246, 7.4.1.4: an extension that was not asked for is another matter.
    let raw = answered(&calling(ClientConfig::dangerous_any_alpn));
    raw.refused_with(Alert::UNSUPPORTED_EXTENSION, "no protocol was offered");
}

/// Somebody whose key agrees on keys and does not sign (RFC 5280, 4.2.1.3).
fn not_for_signing(spec: Spec<'_>, root: &str) -> Issued {
    Ca::new(root).issue(&Spec { key_usage: &[KeyUsagePurpose::KeyAgreement], ..spec })
}

/// Has nothing against anybody.
struct Kind;

impl VerifyPeer for Kind {
    fn verify(&self, presented: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        Ok(VerifiedPeer::dangerous_unverified(presented))
    }
}

#[test]
fn a_server_whose_key_usage_forbids_signing_is_believed_only_where_any_is() {
    let answered = |world: &Arc<World>| {
        let mut raw = server_of(world);
        let answer = raw.answer_as(&not_for_signing(Spec::server(&[NAME]), "test root"), NamedGroup::X25519);
        raw.say(&answer);
        raw
    };
    let kind = |change: fn(ClientConfig) -> ClientConfig| {
        Arc::new(World { verifies_server: Arc::new(Kind), ..World::new().with_client(change) })
    };
    // The verifier of this crate has its own opinion.
    for world in [kind(|config| config), calling(ClientConfig::dangerous_any_key_usage)] {
        let error = answered(&world).refused_with(Alert::UNSUPPORTED_CERTIFICATE, "key usage");
        assert_eq!(error, Error::Certificate(CertificateError::WrongPurpose));
    }
    let info = goes_on(answered(&kind(ClientConfig::dangerous_any_key_usage)));
    let leaf = info.peer.expect("a peer").peer().chain[0].clone();
    assert!(!tls12::pki::Leaf::parse(&leaf).expect("a certificate").may_sign());
}

#[test]
fn a_client_whose_key_usage_forbids_signing_is_believed_only_where_any_is() {
    let issued = not_for_signing(Spec::client("alice"), "test root of clients");
    let world = |change: fn(ServerConfig) -> ServerConfig| {
        let world = World::new().with_client_certificate(ClientAuth::Require, Key::EcdsaP256);
        Arc::new(World { verifies_client: Arc::new(Kind), ..world.with_server(change) })
    };
    let presented = |world: &Arc<World>| {
        let mut raw = client_of(world);
        let flight = raw.greet(&Hello::new());
        raw.message(&certificate(&issued.chain));
        (raw, flight)
    };
    let (raw, _) = presented(&world(|config| config));
    let error = raw.refused_with(Alert::UNSUPPORTED_CERTIFICATE, "key usage");
    assert_eq!(error, Error::Certificate(CertificateError::WrongPurpose));

    let (mut raw, flight) = presented(&world(ServerConfig::dangerous_any_key_usage));
    raw.exchange(&flight);
    let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
    let request = SignatureRequest { credential: "alice".into(), scheme, message: raw.transcript.clone() };
    let signature = issued.local_key().sign(&request).expect("a key that signs").0;
    raw.message(&framed(15, &[&[4, 3], &prefixed::<2>(&signature)[..]].concat()));
    raw.change_cipher_spec();
    let finished = raw.finished(Side::Client);
    raw.message(&finished);
    raw.read_finished();
    assert!(raw.close(b"").info.expect("a connection").peer.is_some());
}

#[test]
fn a_hello_request_in_a_handshake_is_ignored_or_the_end_as_the_configuration_says() {
    const REQUEST: [u8; 4] = [0; 4];
    // Before the answer, between two of its messages, and packed behind its end.
    for place in 0..3 {
        let answered = |world: &Arc<World>| {
            let mut raw = server_of(world);
            let answer = raw.answer();
            let messages = [answer.hello, answer.certificate, answer.key_exchange, answer.done];
            raw.transcript.extend(messages.concat());
            let mut said = messages.to_vec();
            said.insert([0, 2, 4][place], REQUEST.to_vec());
            raw.record(HANDSHAKE, &said.concat());
            raw
        };
        goes_on(answered(&calling(|config| config)));
        let raw = answered(&calling(ClientConfig::with_fatal_renegotiation));
        let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, "HelloRequest");
        assert!(matches!(error, Error::Unexpected { got: "HelloRequest", .. }), "{place}: {error:?}");
    }
}

#[test]
fn a_message_out_of_turn_is_unexpected_whatever_is_in_it_and_in_turn_it_is_malformed() {
    // ClientKeyExchange, ClientHello and Finished with nothing in them.
    for msg_type in [16, 20, 15, 11] {
        let mut raw = client_of(&serving(|config| config));
        raw.message(&framed(msg_type, &[]));
        let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, "out of turn");
        assert!(matches!(error, Error::Unexpected { expected: ["ClientHello"], .. }), "{error:?}");
    }
    let mut raw = client_of(&serving(|config| config));
    raw.message(&framed(1, &[]));
    assert!(matches!(raw.refused_with(Alert::DECODE_ERROR, "in turn"), Error::Decode { .. }));

    for msg_type in [11, 12, 13, 22, 20] {
        let mut raw = server_of(&calling(|config| config));
        raw.answer();
        raw.message(&framed(msg_type, &[]));
        let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, "out of turn");
        assert!(matches!(error, Error::Unexpected { expected: ["ServerHello"], .. }), "{error:?}");
    }
    let mut raw = server_of(&calling(|config| config));
    raw.answer();
    raw.message(&framed(2, &[]));
    assert!(matches!(raw.refused_with(Alert::DECODE_ERROR, "in turn"), Error::Decode { .. }));
}

/// A server with a P-384 certificate for [`NAME`] and a P-256 one for another name.
fn two_credentials() -> (Arc<World>, Issued, Issued) {
    let ca = Ca::new("test root");
    let named = ca.issue(&Spec { key: Key::EcdsaP384, ..Spec::server(&[NAME]) });
    let other = ca.issue(&Spec::server(&["b.example"]));
    let config =
        ServerConfig::new(&RUSTCRYPTO, other.credential("other")).with_credential(named.credential("named"));
    let keys = vec![("named".into(), named.local_key()), ("other".into(), other.local_key())];
    let world = World { keys, ..World::new().with_server(|_| config) };
    (Arc::new(world), named, other)
}

#[test]
fn a_credential_for_the_name_is_presented_and_if_it_cannot_be_used_another_one() {
    let (world, named, other) = two_credentials();
    let hello = || Hello::new().with(10, &[0, 6, 0, 29, 0, 23, 0, 24]).with(SERVER_NAME, &server_name(NAME));
    let presented = |hello: Hello| client_of(&world).greet(&hello).messages[1].clone();
    assert_eq!(presented(hello().with(13, &[0, 4, 4, 3, 5, 3])), certificate(&named.chain));
    // The client does not know the curve of the first.
    let hello = hello().with(13, &[0, 4, 4, 3, 5, 3]).with(10, &[0, 4, 0, 29, 0, 23]);
    assert_eq!(presented(hello), certificate(&other.chain));
}

#[test]
fn of_two_credentials_that_do_not_fit_the_error_names_what_came_nearer() {
    let (world, ..) = two_credentials();
    let error = |hello: Hello| {
        let mut raw = client_of(&world);
        raw.message(&hello.message());
        raw.refused_with(Alert::HANDSHAKE_FAILURE, "nothing fits")
    };
    let no_curve = Hello::new().with(10, &[0, 2, 0, 29]);
    assert_eq!(error(no_curve), Error::Incompatible(Incompatible::Curve));
    // The curve of one is known, and its schemes are not; whichever is looked at first.
    for group in [24, 23] {
        let hello = Hello::new().with(10, &[0, 4, 0, 29, 0, group]).with(13, &[0, 2, 8, 7]);
        for hello in [hello.clone(), hello.with(SERVER_NAME, &server_name(NAME))] {
            assert_eq!(error(hello), Error::Incompatible(Incompatible::Scheme), "{group}");
        }
    }
}

/// Whether a ServerHello acknowledges the name.
fn acknowledges(hello: &[u8]) -> bool {
    match Message::decode(hello) {
        Ok(Some(Message::ServerHello(hello))) => hello.extensions.server_name,
        other => panic!("ServerHello is next, not {other:?}"),
    }
}

#[test]
fn a_name_is_acknowledged_where_it_was_used_and_where_the_application_says_that_it_was() {
    let greeted = |world: &Arc<World>, name: Option<&str>| {
        let hello = match name {
            Some(name) => Hello::new().with(SERVER_NAME, &server_name(name)),
            None => Hello::new(),
        };
        acknowledges(&client_of(world).greet(&hello).messages[0])
    };
    let (plain, saying) = (serving(|config| config), serving(ServerConfig::with_name_acknowledged));
    assert!(greeted(&plain, Some(NAME)));
    assert!(!greeted(&plain, Some("b.example")));
    assert!(greeted(&saying, Some("b.example")));
    // RFC 6066, 3: nothing answers what was not said.
    assert!(!greeted(&saying, None));
}

#[test]
fn no_name_is_acknowledged_when_a_session_is_resumed() {
    // RFC 6066, 3: "the server MUST NOT include a server_name extension in the server hello".
    for by in BOTH {
        let world = World::resuming_by(by).with_server(ServerConfig::with_name_acknowledged);
        let hello = |world: &World| {
            let log = world.run(usize::MAX).wires.down.log;
            let (_, mut body) = take_records(&mut log.clone()).remove(0);
            take_messages(&mut body).remove(0)
        };
        assert!(acknowledges(&hello(&world)));
        assert!(!acknowledges(&hello(&world.visited())));
    }
}

#[test]
fn a_session_without_the_extended_master_secret_is_kept_only_where_the_configuration_says_so_by_name() {
    let session = |change: fn(ClientConfig) -> ClientConfig| {
        let world = calling(|config| change(config.dangerous_without_extended_master_secret()));
        let mut raw = server_of(&world);
        let mut greeting = Greeting { session_id: vec![7; 32], ..Greeting::new() };
        greeting.extensions.retain(|(extension, _)| *extension != EXTENDED_MASTER_SECRET);
        raw.serve_plainly(&greeting);
        raw.end_in_any_way().session
    };
    assert!(session(|config| config).is_none());
    let kept = session(ClientConfig::dangerous_resume_without_extended_master_secret).expect("a session");
    assert!(!kept.extended_master_secret());
}
