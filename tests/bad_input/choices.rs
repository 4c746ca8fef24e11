//! Choices that were not offered, offers that leave no choice, and hellos of other protocols.

use std::sync::Arc;

use tls12::{
    Error, Illegal, Incompatible, RecordError,
    wire::{Alert, CipherSuite, NamedGroup},
};

use super::{Bystanders, World, calling, serving};
use crate::common::raw::{ALERT, Answer, Greeting, Hello, Over, Raw};

fn refused(world: &Arc<World>, change: impl FnOnce(&mut Answer), alert: Alert, case: &str) -> Error {
    let others = Bystanders::of(&Arc::new(World::new()));
    let mut raw = Raw::server(world, Over::Memory);
    let mut answer = raw.answer();
    change(&mut answer);
    raw.say(&answer);
    let error = raw.refused_with(alert, case);
    others.are_well();
    error
}

#[test]
fn a_server_may_choose_only_what_was_offered() {
    let world = calling(|config| {
        let suites = [CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256, CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256];
        let config =
            config.with_suites(&suites).unwrap().with_groups(&[NamedGroup::X25519, NamedGroup::SECP256R1]);
        config.unwrap().with_alpn([&b"h2"[..]])
    });
    let hello = |change: fn(&mut Greeting)| {
        let mut greeting = Greeting::new();
        change(&mut greeting);
        move |a: &mut Answer| a.hello = greeting.message()
    };
    let parameter = Alert::ILLEGAL_PARAMETER;
    for suite in [0xc02c, 0x002f, 0x1301, 0x00ff, 0x5600, 0x0a0a] {
        let greeting = Greeting { suite, ..Greeting::new() };
        let error = refused(&world, |a| a.hello = greeting.message(), parameter, "suite");
        assert_eq!(error, Error::Illegal(Illegal::SuiteNotOffered), "{suite:#x}");
    }
    let error = refused(&world, hello(|h| h.suite = 0xc02f), Alert::UNSUPPORTED_CERTIFICATE, "RSA");
    assert_eq!(error, Error::Illegal(Illegal::CertificateForOtherSuite));
    let error = refused(&world, hello(|h| h.compression = 1), parameter, "compression");
    assert_eq!(error, Error::Illegal(Illegal::Compression));
    let alpn = |h: &mut Greeting| h.extensions.push((16, b"\0\x09\x08http/1.1".to_vec()));
    let error = refused(&world, hello(alpn), parameter, "protocol");
    assert_eq!(error, Error::Illegal(Illegal::ProtocolNotOffered));
    let error = refused(&world, hello(|h| h.extensions.push((35, vec![1]))), Alert::DECODE_ERROR, "a ticket");
    assert!(matches!(error, Error::Decode { message: "ServerHello", .. }));
    for version in [0x0300, 0x0302, 0x0304, 0xfefd] {
        let greeting = Greeting { version, ..Greeting::new() };
        let error = refused(&world, |a| a.hello = greeting.message(), Alert::PROTOCOL_VERSION, "version");
        assert_eq!(error, Error::Incompatible(Incompatible::Version));
    }
    let error = refused(&world, hello(|h| h.extensions.remove(0).1.clear()), Alert::HANDSHAKE_FAILURE, "EMS");
    assert_eq!(error, Error::Incompatible(Incompatible::ExtendedMasterSecret));
}

#[test]
fn a_server_may_choose_only_a_group_that_was_offered() {
    let world = calling(|config| config.with_groups(&[NamedGroup::SECP256R1]).unwrap());
    let error = refused(&world, |_| {}, Alert::ILLEGAL_PARAMETER, "x25519");
    assert_eq!(error, Error::Illegal(Illegal::GroupNotOffered));
    // sect571r1, x448, ffdhe2048 and a value of nobody
    for group in [14, 30, 256, 0x1a1a_u16] {
        let change = |a: &mut Answer| a.key_exchange[5..7].copy_from_slice(&group.to_be_bytes());
        let error = refused(&Arc::new(World::new()), change, Alert::ILLEGAL_PARAMETER, "group");
        assert_eq!(error, Error::Illegal(Illegal::GroupNotOffered), "{group}");
    }
}

#[test]
fn clients_that_offer_nothing_we_have_cost_nobody_else_the_connection() {
    let world = serving(|config| config.with_alpn([&b"h2"[..]]));
    let others = Bystanders::of(&world);
    let hello = Hello::new;
    for (hello, alert) in [
        (Hello { suites: vec![0x002f, 0x009c], ..hello() }, Alert::HANDSHAKE_FAILURE),
        (Hello { suites: vec![0x1301, 0x1302], ..hello() }, Alert::HANDSHAKE_FAILURE),
        (Hello { suites: vec![0xc02f], ..hello() }, Alert::HANDSHAKE_FAILURE),
        (Hello { suites: vec![0x00ff], ..hello() }, Alert::HANDSHAKE_FAILURE),
        (hello().with(10, &[0, 2, 0, 25]), Alert::HANDSHAKE_FAILURE),
        (hello().with(13, &[0, 2, 2, 1]), Alert::HANDSHAKE_FAILURE),
        (hello().without(13), Alert::HANDSHAKE_FAILURE),
        (hello().without(23), Alert::HANDSHAKE_FAILURE),
        (hello().with(16, b"\0\x03\x02h3"), Alert::NO_APPLICATION_PROTOCOL),
        (hello().with(1, &[9]), Alert::ILLEGAL_PARAMETER),
        (Hello { extensions: vec![], ..hello() }, Alert::HANDSHAKE_FAILURE),
    ] {
        let mut raw = Raw::client(&world, Over::Memory);
        raw.message(&hello.message());
        raw.refused_with(alert, &format!("{hello:?}"));
    }
    others.are_well();
}

#[test]
fn hellos_of_sslv2_are_refused_clearly() {
    // RFC 5246, E.2: the version, three lengths, a cipher and a challenge.
    let mut hello = vec![0x80, 0x1f, 1, 3, 3, 0, 6, 0, 0, 0, 16, 0, 0xc0, 0x2b, 0, 0, 0xff];
    hello.extend_from_slice(&[7; 16]);
    let world = Arc::new(World::new());
    let others = Bystanders::of(&world);
    let mut raw = Raw::client(&world, Over::Memory);
    raw.send(&hello);
    let error = raw.refused_with(Alert::PROTOCOL_VERSION, "SSLv2");
    assert_eq!(error, Error::Record(RecordError::Sslv2));
    assert!(error.to_string().contains("SSLv2"));
    others.are_well();
}

/// What a client of TLS 1.3 says that has TLS 1.2 as well.
fn modern() -> Hello {
    Hello {
        session_id: vec![0x5a; 32],
        suites: vec![0x1301, 0x1302, 0x1303, 0xc02b],
        ..Hello::new()
            .with(43, &[4, 3, 4, 3, 3])
            .with(51, &[&[0, 36, 0, 29, 0, 32][..], &[9; 32]].concat())
            .with(45, &[1, 1])
            .with(44, &[0, 1, 7])
            .with(49, &[])
            .with(50, &[0, 2, 8, 4])
            // RFC 8446, 4.2.11: pre_shared_key is last.
            .with(41, &[&[0, 11, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 33, 32][..], &[8; 32]].concat())
    }
}

#[test]
fn a_hello_of_tls_1_3_works_if_it_has_1_2_among_its_versions_and_the_rest_is_ignored() {
    let mut raw = Raw::client(&Arc::new(World::new()), Over::Memory);
    raw.connect(&modern());
    raw.echo(b"as in 2008");
    raw.close(b"as in 2008");
    for versions in [&[2, 3, 4][..], &[4, 0x0a, 0x0a, 3, 4], &[2, 3, 2]] {
        let mut raw = Raw::client(&Arc::new(World::new()), Over::Memory);
        raw.message(&modern().with(43, versions).message());
        let error = raw.refused_with(Alert::PROTOCOL_VERSION, "without TLS 1.2");
        assert_eq!(error, Error::Incompatible(Incompatible::Version));
    }
}

#[test]
fn plain_http_is_answered_by_nothing_and_named_in_the_error() {
    let world = Arc::new(World::new());
    let others = Bystanders::of(&world);
    for method in ["GET / HTTP/1.1\r\n\r\n", "POST /", "HEAD /", "PUT /x", "CONNECT a:1 HTTP/1.1\r\n\r\n"] {
        let mut raw = Raw::client(&world, Over::Memory);
        raw.send(method.as_bytes());
        assert_eq!(raw.ends_without_a_word(), Error::Record(RecordError::PlainHttp), "{method}");
    }
    for other in ["DELETE / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.9\r\n", "\0\0\0\x55\u{1}SMB"] {
        let mut raw = Raw::client(&world, Over::Memory);
        raw.send(other.as_bytes());
        assert_eq!(raw.next_record().map(|(content, _)| content), Some(ALERT));
        assert!(matches!(raw.end().error, Some(Error::Record(RecordError::Version(_)))), "{other}");
    }
    others.are_well();
}
