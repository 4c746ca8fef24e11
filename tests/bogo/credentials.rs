//! Whom the shim presents itself as, and what it signs and accepts.

use tls12::{
    ClientAuth, Error, Incompatible,
    wire::{Alert, NamedGroup, SignatureScheme},
};

use crate::{
    common::{
        certs::{Ca, Issued, Key, Spec},
        pair::{NAME, World},
        raw::{Hello, framed, prefixed},
    },
    runner::{Shim, holds},
};

/// A server of the root that clients here trust.
fn server(key: Key) -> Issued {
    Ca::new("test root").issue(&Spec { key, ..Spec::server(&[NAME]) })
}

/// The client of [`World::with_client_certificate`].
pub(crate) fn alice(key: Key) -> Issued {
    Ca::new("test root of clients").issue(&Spec { key, ..Spec::client("alice") })
}

/// A server that asks for a client's certificate.
pub(crate) fn asking(auth: ClientAuth) -> World {
    World { client_credential: None, ..World::new().with_client_certificate(auth, Key::EcdsaP256) }
}

/// A client that has this scheme alone.
fn reading(schemes: &[SignatureScheme]) -> World {
    World::new().with_client(|config| config.with_peer_schemes(schemes).expect("schemes"))
}

const P256: SignatureScheme = SignatureScheme::ECDSA_SECP256R1_SHA256;
const P384: SignatureScheme = SignatureScheme::ECDSA_SECP384R1_SHA384;

#[test]
fn a_server_presents_the_certificate_of_its_file() {
    let issued = server(Key::EcdsaP384);
    let infos = Shim::client("-server").credential(&issued).visits(World::new()).passed(1);
    assert_eq!(infos[0].peer.as_ref().expect("a peer").peer().chain[..], issued.chain[..]);
    // Without one there is nobody to be.
    Shim::client("-server").visits(World::new()).failed(":NO_MATCHING_ISSUER:");
}

#[test]
fn a_client_presents_the_certificate_of_its_file_if_it_is_asked_for() {
    let issued = alice(Key::EcdsaP256);
    let infos = Shim::client("").credential(&issued).visits(asking(ClientAuth::Require)).passed(1);
    assert_eq!(infos[0].peer.as_ref().expect("a peer").peer().chain[..], issued.chain[..]);
    let infos = Shim::client("").visits(asking(ClientAuth::Request)).passed(1);
    assert!(infos[0].peer.is_none());
}

#[test]
fn signing_prefs_are_the_schemes_of_a_credential_best_first() {
    let rsa = || Shim::client("-server").credential(&server(Key::Rsa2048));
    let scheme = |shim: Shim| shim.visits(World::new()).passed(1)[0].peer_scheme;
    assert_eq!(scheme(rsa().and("-signing-prefs 2054")), Some(SignatureScheme::RSA_PSS_RSAE_SHA512));
    // 0x0401 and 0x0501
    assert_eq!(scheme(rsa().and("-signing-prefs 1281 -signing-prefs 1025")), Some(SignatureScheme(0x0501)));
    // Nothing that this client reads.
    let outcome = Shim::server("-signing-prefs 1283").visits(reading(&[P256]));
    outcome.failed_with(":NO_SHARED_CIPHER:", Alert::HANDSHAKE_FAILURE);
}

#[test]
fn verify_prefs_are_advertised_and_nothing_else_is_accepted() {
    // Signed with 0x0403, and 0x0503 was listed.
    let outcome = Shim::client("-verify-prefs 1283").meets(|runner| {
        let mut raw = runner.raw_server();
        let answer = raw.answer();
        raw.say(&answer);
        assert_eq!(raw.alert().description, Alert::ILLEGAL_PARAMETER);
    });
    outcome.failed(":WRONG_SIGNATURE_TYPE:");
    let outcome = Shim::client("-verify-prefs 2055").visits(World::new());
    assert!(matches!(outcome.visits[..], [Err(Error::Incompatible(Incompatible::Scheme))]));
    outcome.failed(":HANDSHAKE_FAILURE_ON_CLIENT_HELLO:");
    Shim::client("-verify-prefs 1027").visits(World::new()).passed(1);
}

#[test]
fn the_scheme_of_the_peer_is_as_expected_or_not_also_when_resumed() {
    let (right, wrong) = ("-expect-peer-signature-algorithm 1027", "-expect-peer-signature-algorithm 1283");
    holds(Shim::client, World::new, right, wrong);
    Shim::client("-resume-count 1").and(right).visits(World::resuming()).passed(2);
    let client = || World::new().with_client_certificate(ClientAuth::Off, Key::EcdsaP256);
    let shim = |flags: &str| Shim::server("-require-any-client-certificate").and(flags);
    holds(shim, client, right, wrong);
}

#[test]
fn the_schemes_that_the_peer_lists_are_as_expected_in_their_order() {
    let world = || reading(&[P384, P256]);
    let flag = |first, second| format!("-expect-peer-verify-pref {first} -expect-peer-verify-pref {second}");
    holds(Shim::server, world, &flag(1283, 1027), &flag(1027, 1283));
    Shim::server("-expect-peer-verify-pref 1283").visits(world()).broken();
    // A client sees them in CertificateRequest.
    let world = || {
        asking(ClientAuth::Request)
            .with_server(|config| config.with_peer_schemes(&[P384, P256]).expect("schemes"))
    };
    holds(Shim::client, world, &flag(1283, 1027), &flag(1027, 1283));
}

#[test]
fn credentials_are_tried_in_their_order_and_the_default_last() {
    let shim = |flags: &str| {
        let shim = Shim::client("-server").credential(&server(Key::EcdsaP256));
        shim.another(&server(Key::Ed25519)).another(&server(Key::EcdsaP384)).and(flags)
    };
    let selected = |index: i32| format!("-expect-selected-credential {index}");
    holds(shim, || reading(&[SignatureScheme::ED25519, P256, P384]), &selected(0), &selected(1));
    holds(shim, || reading(&[P384, P256]), &selected(1), &selected(0));
    // This client does not know the curve of the second.
    let groups = [NamedGroup::X25519, NamedGroup::SECP256R1];
    let world = || reading(&[P256]).with_client(|config| config.with_groups(&groups).expect("groups"));
    holds(shim, world, &selected(-1), &selected(1));
}

#[test]
fn a_clients_credential_fits_the_types_and_schemes_of_the_request() {
    let shim = |flags: &str| {
        let shim = Shim::client("").credential(&alice(Key::EcdsaP256));
        shim.another(&alice(Key::Ed25519)).and(flags)
    };
    let world = || {
        asking(ClientAuth::Require).with_server(|config| config.with_peer_schemes(&[P256]).expect("schemes"))
    };
    holds(shim, world, "-expect-selected-credential -1", "-expect-selected-credential 0");
    let outcome = Shim::client("").credential(&alice(Key::Ed25519)).visits(world());
    outcome.failed_with(":NO_COMMON_SIGNATURE_ALGORITHMS:", Alert::HANDSHAKE_FAILURE);
}

#[test]
fn a_client_without_a_certificate_of_the_types_in_the_request_ends_the_handshake() {
    let outcome = Shim::client("").credential(&alice(Key::EcdsaP256)).meets(|runner| {
        let mut raw = runner.raw_server();
        let mut answer = raw.answer();
        // rsa_sign alone
        answer.request = framed(13, &[&[1, 1], &prefixed::<2>(&[4, 3])[..], &[0, 0]].concat());
        raw.say(&answer);
        assert_eq!(raw.alert().description, Alert::HANDSHAKE_FAILURE);
    });
    outcome.failed(":UNKNOWN_CERTIFICATE_TYPE:");
}

#[test]
fn a_client_that_must_match_an_issuer_presents_what_the_server_asks_for_by_name() {
    let authorities = |names: Vec<Vec<u8>>| {
        move || {
            asking(ClientAuth::Require).with_server(|config| config.with_client_authorities(names.clone()))
        }
    };
    let shim = |flags: &str| {
        let shim = Shim::client("").credential(&alice(Key::EcdsaP256));
        shim.another(&alice(Key::EcdsaP384)).and("-must-match-issuer").and(flags)
    };
    let theirs = authorities(vec![name("somebody else"), name("test root of clients")]);
    holds(shim, theirs, "-expect-selected-credential 0", "-expect-selected-credential -1");
    let other = authorities(vec![name("somebody else")]);
    holds(shim, other, "-expect-selected-credential -1", "-expect-selected-credential 0");
    // No names are no match.
    holds(shim, authorities(vec![]), "-expect-selected-credential -1", "-expect-selected-credential 0");
    let outcome = Shim::client("").credential(&alice(Key::EcdsaP256)).and("-must-match-issuer");
    let outcome = outcome.visits(authorities(vec![name("somebody else")])());
    outcome.failed_with(":NO_MATCHING_ISSUER:", Alert::HANDSHAKE_FAILURE);
}

#[test]
fn a_server_that_must_match_an_issuer_looks_at_certificate_authorities() {
    // RFC 8446, 4.2.4
    const CERTIFICATE_AUTHORITIES: u16 = 47;
    let connect = |names: Option<Vec<u8>>| {
        let hello = match names {
            Some(name) => Hello::new().with(CERTIFICATE_AUTHORITIES, &prefixed::<2>(&prefixed::<2>(&name))),
            None => Hello::new(),
        };
        Shim::server("-must-match-issuer").meets(|runner| {
            let mut raw = runner.raw_client();
            raw.message(&hello.message());
            raw.next_record();
        })
    };
    let lost = connect(Some(name("test root")));
    assert!(!lost.stderr.contains(":NO_MATCHING_ISSUER:"), "{}", lost.stderr);
    connect(Some(name("somebody else"))).failed(":NO_MATCHING_ISSUER:");
    connect(None).failed(":NO_MATCHING_ISSUER:");
}

/// A name with a common name alone (RFC 5280, 4.1.2.4), in DER.
pub(crate) fn name(common_name: &str) -> Vec<u8> {
    let tagged = |tag: u8, body: &[u8]| {
        let len = u8::try_from(body.len()).expect("a short name");
        [&[tag, len], body].concat()
    };
    let value = tagged(0x0c, common_name.as_bytes());
    let attribute = tagged(0x30, &[&b"\x06\x03\x55\x04\x03"[..], &value].concat());
    tagged(0x30, &tagged(0x31, &attribute))
}
