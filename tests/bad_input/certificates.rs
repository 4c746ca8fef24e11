//! Certificates that are refused, between our own two sides and by hand.

use std::sync::Arc;

use pki_types::{CertificateDer, ServerName, pem::PemObject};
use tls12::{
    Error, ServerConfig,
    crypto::RUSTCRYPTO,
    pki::{CertificateError, WebPki, dangerous::DangerousAcceptAny},
    wire::{Alert, DecodeError, NamedGroup},
};

use super::{Bystanders, World, calling, requiring, send_long};
use crate::common::{
    certs::{Ca, Issued, NOW, Purpose, Spec, self_signed},
    pair::NAME,
    raw::{Hello, Over, Raw, certificate, identity},
};

/// Our server has this certificate, and our client does not want it: what each of them reports.
fn between_us(issued: &Issued) -> (CertificateError, Error) {
    let mut world = World::new();
    world.server = Arc::new(ServerConfig::new(&RUSTCRYPTO, issued.credential("server")));
    world.keys = vec![("server".into(), issued.local_key())];
    let ended = world.run(usize::MAX);
    match (ended.client.map(|_| ()), ended.server.map(|_| ())) {
        (Err(Error::Certificate(why)), Err(server)) => (why, server),
        other => panic!("the client refuses a certificate, and not {other:?}"),
    }
}

#[test]
fn what_a_client_does_not_believe_its_server_hears() {
    let ca = Ca::new("test root");
    let server = || Spec::server(&[NAME]);
    let expired = CertificateError::Expired { now: NOW, not_after: NOW - 1 };
    let early = CertificateError::NotYetValid { now: NOW, not_before: NOW + 1 };
    let named = CertificateError::NotForName { expected: NAME.into(), presented: vec!["b.example".into()] };
    for (issued, why, alert) in [
        (ca.issue(&Spec { not_after: NOW - 1, ..server() }), expired, Alert::CERTIFICATE_EXPIRED),
        (ca.issue(&Spec { not_before: NOW + 1, ..server() }), early, Alert::CERTIFICATE_EXPIRED),
        (ca.issue(&Spec::server(&["b.example"])), named, Alert::BAD_CERTIFICATE),
        (Ca::new("other").issue(&server()), CertificateError::UnknownIssuer, Alert::UNKNOWN_CA),
        (self_signed(&server()), CertificateError::UnknownIssuer, Alert::UNKNOWN_CA),
        (
            ca.issue(&Spec { purpose: Purpose::Client, ..server() }),
            CertificateError::WrongPurpose,
            Alert::UNSUPPORTED_CERTIFICATE,
        ),
    ] {
        assert_eq!(between_us(&issued), (why, Error::Received(alert)));
    }
}

/// A client of ours and a server with this chain in the place of its own.
fn shown(world: &Arc<World>, chain: &[u8]) -> Raw {
    let mut raw = Raw::server(world, Over::Memory);
    let answer = raw.answer();
    raw.message(&answer.hello);
    send_long(&mut raw, chain);
    raw.message(&[&answer.key_exchange[..], &answer.done].concat());
    raw
}

#[test]
fn a_certificate_with_a_wrong_key_usage_is_refused() {
    let key_usage = &[rcgen::KeyUsagePurpose::KeyEncipherment];
    let issued = Ca::new("test root").issue(&Spec { key_usage, ..Spec::server(&[NAME]) });
    let raw = shown(&Arc::new(World::new()), &certificate(&issued.chain));
    let error = raw.refused_with(Alert::UNSUPPORTED_CERTIFICATE, "keyEncipherment");
    assert_eq!(error, Error::Certificate(CertificateError::WrongPurpose));
}

/// RFC 8422, 5.3 and RFC 5246, 7.4.6: that a key signs is a matter of the handshake, and not of belief alone.
#[test]
fn a_key_that_may_not_sign_is_refused_before_any_verifier_is_asked() {
    let key_usage = &[rcgen::KeyUsagePurpose::KeyAgreement];
    let server = Ca::new("test root").issue(&Spec { key_usage, ..Spec::server(&[NAME]) });
    let believing = World { verifies_server: Arc::new(DangerousAcceptAny), ..World::new() };
    let raw = shown(&Arc::new(believing), &certificate(&server.chain));
    raw.refused_with(Alert::UNSUPPORTED_CERTIFICATE, "of a server");
    let client = Ca::new("clients").issue(&Spec { key_usage, ..Spec::client("alice") });
    let mut world = Arc::into_inner(requiring().0).expect("nobody else has it");
    world.verifies_client = Arc::new(DangerousAcceptAny);
    let mut raw = Raw::client(&Arc::new(world), Over::Memory);
    raw.greet(&Hello::new());
    raw.message(&certificate(&client.chain));
    raw.refused_with(Alert::UNSUPPORTED_CERTIFICATE, "of a client");
}

#[test]
fn a_chain_that_is_empty_is_a_decode_error_of_a_server_and_a_handshake_failure_of_a_client() {
    let nothing = certificate::<[u8; 0]>([]);
    let error = shown(&Arc::new(World::new()), &nothing).refused_with(Alert::DECODE_ERROR, "of a server");
    assert_eq!(error, Error::Decode { message: "Certificate", why: DecodeError::Empty });
    let (world, _) = requiring();
    let mut raw = Raw::client(&world, Over::Memory);
    raw.greet(&Hello::new());
    raw.message(&nothing);
    let error = raw.refused_with(Alert::HANDSHAKE_FAILURE, "of a client");
    assert_eq!(error, Error::Certificate(CertificateError::Missing));
}

#[test]
fn a_certificate_signed_with_sha_1_is_refused() {
    let pem = include_bytes!("../common/sha_1.pem");
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).map(|each| each.unwrap()).collect();
    let mut world = World::new();
    world.verifies_server = Arc::new(WebPki::new(&RUSTCRYPTO, [certificates[0].clone()]).unwrap());
    world.name = ServerName::try_from("sha1.example").unwrap();
    let raw = shown(&Arc::new(world), &certificate(&certificates[1..]));
    let error = raw.refused_with(Alert::UNSUPPORTED_CERTIFICATE, "SHA-1");
    assert_eq!(error, Error::Certificate(CertificateError::UnsupportedSignature));
}

#[test]
fn a_leaf_of_rubbish_is_a_bad_certificate_of_both_sides() {
    let world = Arc::new(World::new());
    let others = Bystanders::of(&world);
    let good = identity().chain[0].to_vec();
    let cut = good[..good.len() - 1].to_vec();
    let longer = [&good[..], &[0]].concat();
    let indefinite = [&[0x30, 0x80], &good[4..], &[0, 0]].concat();
    for leaf in [cut, longer, indefinite, vec![0], vec![0x30; 5000], b"-----BEGIN CERTIFICATE-----".to_vec()]
    {
        shown(&world, &certificate([&leaf])).refused_with(Alert::BAD_CERTIFICATE, "of a server");
        let mut raw = Raw::client(&requiring().0, Over::Memory);
        raw.greet(&Hello::new());
        raw.message(&certificate([&leaf]));
        raw.refused_with(Alert::BAD_CERTIFICATE, "of a client");
    }
    others.are_well();
}

/// Certificate with a body of `len` bytes: a leaf, copies of it, and rubbish where nobody looks.
fn long_chain(leaf: &[u8], len: usize) -> Vec<u8> {
    let mut chain = vec![leaf.to_vec(); 20];
    let used: usize = 3 + chain.iter().map(|each| 3 + each.len()).sum::<usize>();
    chain.push(vec![0x55; len - used - 3]);
    let message = certificate(&chain);
    assert_eq!(message.len(), 4 + len);
    message
}

#[test]
fn a_chain_of_64_kib_is_read_and_one_byte_more_is_not() {
    let leaf = identity().chain[0].to_vec();
    let wide = calling(|config| config.with_max_certificate(200_000));
    let narrow = calling(|config| config.with_max_certificate(20_000));
    let usual = Arc::new(World::new());
    for (world, limit) in [(&usual, 65_536), (&wide, 200_000), (&narrow, 20_000)] {
        let mut raw = shown(world, &long_chain(&leaf, limit));
        raw.read_answer();
        let mut raw = Raw::server(world, Over::Memory);
        let answer = raw.answer();
        raw.message(&answer.hello);
        send_long(&mut raw, &long_chain(&leaf, limit + 1));
        raw.refused_with(Alert::DECODE_ERROR, &format!("one byte over {limit}"));
    }
}

#[test]
fn a_chain_of_64_kib_of_a_client_is_read_and_one_byte_more_is_not() {
    let (world, alice) = requiring();
    for (len, good) in [(65_536, true), (65_537, false)] {
        let mut raw = Raw::client(&world, Over::Memory);
        let flight = raw.greet(&Hello::new());
        send_long(&mut raw, &long_chain(alice.leaf(), len));
        if !good {
            raw.refused_with(Alert::DECODE_ERROR, "one byte over 64 KiB");
            continue;
        }
        // The chain was believed, for only her signature is missing.
        raw.exchange(&flight);
        raw.change_cipher_spec();
        raw.refused_with(Alert::UNEXPECTED_MESSAGE, "CertificateVerify skipped");
    }
}

#[test]
fn a_certificate_on_a_curve_that_was_not_offered_is_an_illegal_parameter() {
    let world = calling(|config| config.with_groups(&[NamedGroup::X25519]).unwrap());
    let raw = shown(&world, &certificate(&identity().chain));
    raw.refused_with(Alert::ILLEGAL_PARAMETER, "P-256");
}
