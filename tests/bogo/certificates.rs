//! What the peer presents, and what the shim says of it.

use tls12::{
    ClientAuth,
    crypto::{Sign, SignatureRequest},
    schedule::Side,
    wire::{Alert, NamedGroup, SignatureScheme},
};

use super::credentials::{alice, asking, name};
use crate::{
    common::{
        certs::{Ca, Issued, Key, Spec},
        pair::{NAME, World},
        raw::{ALERT, Hello, certificate, framed, identity, prefixed},
    },
    files::{base64, hex},
    runner::{Outcome, Shim, holds},
};

/// A client that presents a certificate when it is asked.
fn presenting() -> World {
    World::resuming().with_client_certificate(ClientAuth::Off, Key::EcdsaP256)
}

/// A client without one.
fn anonymous() -> World {
    World::resuming()
}

#[test]
fn a_server_that_verifies_its_peer_asks_for_a_certificate_and_does_without() {
    let infos = Shim::server("-verify-peer").visits(presenting()).passed(1);
    assert!(infos[0].credential.is_some());
    Shim::server("-verify-peer").visits(anonymous()).passed(1);
}

#[test]
fn a_server_that_requires_a_certificate_does_not_do_without() {
    Shim::server("-require-any-client-certificate").visits(presenting()).passed(1);
    let outcome = Shim::server("-require-any-client-certificate").visits(anonymous());
    outcome.failed_with(":PEER_DID_NOT_RETURN_A_CERTIFICATE:", Alert::HANDSHAKE_FAILURE);
}

#[test]
fn a_verification_that_fails_counts_only_where_the_peer_is_verified() {
    Shim::client("-verify-fail").visits(World::new()).passed(1);
    Shim::server("-require-any-client-certificate -verify-fail").visits(presenting()).passed(1);
    let outcome = Shim::client("-verify-fail -verify-peer").visits(World::new());
    outcome.failed_with(":CERTIFICATE_VERIFY_FAILED:", Alert::HANDSHAKE_FAILURE);
    let outcome = Shim::server("-verify-fail -verify-peer").visits(presenting());
    outcome.failed_with(":CERTIFICATE_VERIFY_FAILED:", Alert::HANDSHAKE_FAILURE);
    // Nobody can be refused who presents nothing.
    Shim::server("-verify-fail -verify-peer").visits(anonymous()).passed(1);
}

#[test]
fn a_custom_callback_refuses_with_an_alert_of_its_own() {
    let flags = "-verify-fail -verify-peer -use-custom-verify-callback";
    for outcome in [Shim::client(flags).visits(World::new()), Shim::server(flags).visits(presenting())] {
        outcome.failed_with(":CERTIFICATE_VERIFY_FAILED:", Alert::CERTIFICATE_UNKNOWN);
    }
    Shim::client("-verify-peer -use-custom-verify-callback").visits(World::new()).passed(1);
}

#[test]
fn the_verdict_is_as_expected_and_a_session_remembers_it() {
    let flags = "-expect-verify-result -verify-peer -resume-count 1";
    Shim::client(flags).visits(World::resuming()).passed(2);
    Shim::server(flags).visits(presenting()).passed(2);
    Shim::client("-expect-verify-result -verify-fail").visits(World::resuming()).passed(1);
    // The verdict of the full handshake is good, and that of the flag is bad: nobody was asked again.
    let flags = "-expect-verify-result -resume-count 1 -on-resume-verify-fail";
    let outcome = Shim::client(flags).visits(World::resuming());
    assert_eq!(outcome.connections, 2);
    outcome.broken();
    let outcome = Shim::server(flags).and("-verify-peer").visits(presenting());
    assert_eq!(outcome.connections, 2);
    outcome.broken();
}

#[test]
fn a_client_verifies_again_when_it_resumes_only_where_that_is_asked_for() {
    let shim = |flags: &str| Shim::client("-verify-peer -resume-count 1 -on-resume-verify-fail").and(flags);
    shim("").visits(World::resuming()).passed(2);
    let outcome = shim("-reverify-on-resume").visits(World::resuming());
    assert_eq!(outcome.connections, 2);
    outcome.failed_with(":CERTIFICATE_VERIFY_FAILED:", Alert::HANDSHAKE_FAILURE);
    let outcome = shim("-reverify-on-resume -use-custom-verify-callback").visits(World::resuming());
    outcome.failed_with(":CERTIFICATE_VERIFY_FAILED:", Alert::CERTIFICATE_UNKNOWN);
    let good = "-verify-peer -resume-count 1 -reverify-on-resume -expect-verify-result";
    Shim::client(good).visits(World::resuming()).passed(2);
}

#[test]
fn the_chain_of_the_peer_is_that_of_a_file_or_not() {
    Shim::client("-resume-count 1").expecting_peer(&identity()).visits(World::resuming()).passed(2);
    let other = Ca::new("another root").issue(&Spec::server(&[NAME]));
    Shim::client("").expecting_peer(&other).visits(World::new()).broken();
    let shim = || Shim::server("-verify-peer");
    shim().expecting_peer(&alice(Key::EcdsaP256)).visits(presenting()).passed(1);
    shim().expecting_peer(&other).visits(presenting()).broken();
    shim().expecting_peer(&alice(Key::EcdsaP256)).visits(anonymous()).broken();
}

#[test]
fn a_client_ca_list_is_in_the_request_name_by_name() {
    let (first, second) = (name("first"), name("second"));
    let list = format!("{},{}", hex(&first), hex(&second));
    let requested = |list: &str| {
        let mut request = None;
        let shim = Shim::server("-verify-peer").with("-use-client-ca-list", list);
        shim.meets(|runner| {
            let flight = runner.raw_client().greet(&Hello::new());
            request = flight.messages.into_iter().find(|message| message[0] == 13);
        });
        request.expect("CertificateRequest")
    };
    let names: Vec<u8> =
        [&first, &second].iter().flat_map(|name| [&[0, name.len() as u8], &name[..]].concat()).collect();
    let request = requested(&list);
    let len = u16::try_from(names.len()).expect("two names").to_be_bytes();
    assert!(request.ends_with(&[&len[..], &names].concat()));
    for nobody in ["<NULL>", "<EMPTY>"] {
        let request = requested(nobody);
        assert!(request.ends_with(&[0, 0]) && request.len() < 100);
    }
}

#[test]
fn the_names_and_types_that_a_server_asks_for_are_as_expected_or_not() {
    let world =
        || asking(ClientAuth::Request).with_server(|c| c.with_client_authorities(vec![name("first")]));
    let flag = |list: &str| format!("-expect-client-ca-list {list}");
    holds(Shim::client, world, &flag(&hex(&name("first"))), &flag(&hex(&name("second"))));
    Shim::client(&flag("<EMPTY>")).visits(world()).broken();
    Shim::client(&flag("<EMPTY>")).visits(asking(ClientAuth::Request)).passed(1);

    // rsa_sign and ecdsa_sign, in the order of the request.
    let outcome = |types: &[u8]| {
        let shim = Shim::client("").with("-expect-certificate-types", base64(types));
        shim.visits(asking(ClientAuth::Request))
    };
    outcome(&[64]).broken();
    let orders = [outcome(&[1, 64]), outcome(&[64, 1])];
    let statuses = orders.map(|outcome| outcome.status);
    assert!(statuses == [0, 90] || statuses == [90, 0], "{statuses:?}");
}

#[test]
fn a_certificate_callback_that_fails_is_an_internal_error() {
    let outcome = Shim::server("-fail-cert-callback").visits(World::new());
    outcome.failed_with(":CERT_CB_ERROR:", Alert::INTERNAL_ERROR);
    let shim = Shim::client("-fail-cert-callback").credential(&alice(Key::EcdsaP256));
    shim.visits(asking(ClientAuth::Require)).failed_with(":CERT_CB_ERROR:", Alert::INTERNAL_ERROR);
    // Nobody asks for one.
    Shim::client("-fail-cert-callback").visits(World::new()).passed(1);
}

/// Somebody whose key may not sign (RFC 5280, 4.2.1.3).
fn not_for_signing(spec: Spec<'_>, root: &str) -> Issued {
    Ca::new(root).issue(&Spec { key_usage: &[rcgen::KeyUsagePurpose::KeyAgreement], ..spec })
}

/// A server whose key may not sign, and does; what the client says of it.
fn served_against_key_usage(flags: &str) -> Outcome {
    Shim::client(flags).meets(|runner| {
        let mut raw = runner.raw_server();
        let issued = not_for_signing(Spec::server(&[NAME]), "test root");
        let answer = raw.answer_as(&issued, NamedGroup::X25519);
        raw.say(&answer);
        if flags.is_empty() {
            assert_eq!(raw.alert().description, Alert::UNSUPPORTED_CERTIFICATE);
            return;
        }
        raw.read_answer();
        raw.change_cipher_spec();
        let finished = raw.finished(Side::Server);
        raw.message(&finished);
        raw.record(ALERT, &[1, 0]);
    })
}

/// The same for a client.
fn called_against_key_usage(flags: &str) -> Outcome {
    Shim::server("-verify-peer").and(flags).meets(|runner| {
        let issued = not_for_signing(Spec::client("alice"), "test root of clients");
        let mut raw = runner.raw_client();
        let flight = raw.greet(&Hello::new());
        raw.message(&certificate(&issued.chain));
        if flags.is_empty() {
            assert_eq!(raw.alert().description, Alert::UNSUPPORTED_CERTIFICATE);
            return;
        }
        raw.exchange(&flight);
        let scheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
        let request =
            SignatureRequest { credential: "alice".into(), scheme, message: raw.transcript.clone() };
        let signature = issued.local_key().sign(&request).expect("a key that signs").0;
        raw.message(&framed(15, &[&[4, 3], &prefixed::<2>(&signature)[..]].concat()));
        raw.change_cipher_spec();
        let finished = raw.finished(Side::Client);
        raw.message(&finished);
        raw.read_finished();
        raw.record(ALERT, &[1, 0]);
    })
}

#[test]
fn a_key_usage_counts_unless_it_is_ignored_and_then_it_can_be_told() {
    served_against_key_usage("").failed(":KEY_USAGE_BIT_INCORRECT:");
    served_against_key_usage("-ignore-rsa-key-usage").passed(1);
    served_against_key_usage("-ignore-rsa-key-usage -expect-key-usage-invalid").passed(1);
    Shim::client("-ignore-rsa-key-usage -expect-key-usage-invalid").visits(World::new()).broken();
    called_against_key_usage("").failed(":KEY_USAGE_BIT_INCORRECT:");
    called_against_key_usage("-ignore-rsa-key-usage").passed(1);
}
