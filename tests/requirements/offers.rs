//! What a client of ours says in its hello, whatever it has to resume and whatever it wants.

use std::collections::BTreeSet;

use tls12::{
    crypto::SUITES,
    session::{ClientToken, ResumedBy},
    wire::{CipherSuite, ClientHello, CompressionMethod, EcPointFormat, ProtocolVersion, SignatureScheme},
};

use crate::common::{
    pair::World,
    recording::{Recording, client_hello, server_hello},
    resuming::BOTH,
    worlds::{resumption_flows, worlds},
};

fn each_hello(check: impl Fn(&str, &World, ClientHello<'_>)) {
    for (name, world) in worlds() {
        check(name, &world, client_hello(&Recording::of(&world).client[0]));
    }
}

#[test]
fn every_hello_of_a_client_indicates_secure_renegotiation_once() {
    each_hello(|name, _, hello| {
        assert_eq!(hello.extensions.renegotiation_info, Some(&[][..]), "{name}");
        assert!(!hello.cipher_suites.contains(&CipherSuite::EMPTY_RENEGOTIATION_INFO_SCSV), "{name}");
    });
}

#[test]
fn every_hello_of_a_client_offers_tls_1_2_null_compression_and_suites_that_authenticate() {
    let known: BTreeSet<_> = SUITES.iter().map(|suite| suite.id.0).collect();
    each_hello(|name, _, hello| {
        assert_eq!(hello.version, ProtocolVersion::TLS1_2, "{name}");
        assert_eq!(hello.compression_methods.iter().collect::<Vec<_>>(), [CompressionMethod::NULL], "{name}");
        let offered: BTreeSet<_> = hello.cipher_suites.iter().map(|suite| suite.0).collect();
        assert!(!offered.is_empty() && offered.is_subset(&known), "{name}: {offered:x?}");
    });
    // ECDHE with ECDSA or RSA, and an AEAD; no null encryption, and nobody anonymous.
    let expected = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9];
    assert_eq!(known, BTreeSet::from(expected));
}

#[test]
fn every_hello_of_a_client_lists_signature_schemes_and_none_with_md5_sha_1_or_nobody() {
    each_hello(|name, _, hello| {
        let schemes: Vec<_> = hello.extensions.signature_algorithms.expect("a list").iter().collect();
        // RFC 8422, 5.1.3: intrinsic(8), ed25519(7).
        assert!(schemes.contains(&SignatureScheme(0x0807)), "{name}: {schemes:?}");
        for scheme in schemes {
            let [hash, signature] = scheme.0.to_be_bytes();
            // RFC 5246, 7.4.1.4.1: none(0), md5(1), sha1(2); anonymous(0).
            assert!(hash > 2 && signature > 0, "{name}: {scheme:?}");
        }
    });
}

#[test]
fn every_hello_of_a_client_lists_groups_and_no_point_format_but_uncompressed() {
    each_hello(|name, _, hello| {
        assert!(
            hello.extensions.supported_groups.is_some_and(|groups| groups.iter().next().is_some()),
            "{name}"
        );
        let formats = hello.extensions.ec_point_formats.expect("a list");
        assert_eq!(formats.iter().collect::<Vec<_>>(), [EcPointFormat::UNCOMPRESSED], "{name}");
    });
    // RFC 8422, 5.1.2 has these octets.
    let hello = Recording::of(&World::new()).client.swap_remove(0);
    assert!(hello.windows(6).any(|octets| octets == [0, 11, 0, 2, 1, 0]));
}

#[test]
fn no_extension_of_either_sides_hello_comes_twice_and_a_server_sends_no_signature_algorithms() {
    for (name, world) in worlds() {
        let recording = Recording::of(&world);
        let (ours, theirs) = (client_hello(&recording.client[0]), server_hello(&recording.server[0]));
        let ours: Vec<_> = ours.extensions.types().map(|each| each.0).collect();
        let theirs: Vec<_> = theirs.extensions.types().map(|each| each.0).collect();
        for types in [&ours, &theirs] {
            assert_eq!(types.iter().collect::<BTreeSet<_>>().len(), types.len(), "{name}: {types:?}");
        }
        assert!(theirs.iter().all(|each| ours.contains(each) && *each != 13), "{name}: {theirs:?}");
    }
}

#[test]
fn a_client_asks_for_a_ticket_with_an_empty_one_offers_the_one_it_has_and_says_nothing_if_it_wants_none() {
    let ticket = |world: &World| {
        let hello = Recording::of(world).client.swap_remove(0);
        client_hello(&hello).extensions.session_ticket.map(<[u8]>::to_vec)
    };
    assert_eq!(ticket(&World::resuming()), Some(vec![]));
    assert_eq!(ticket(&World::resuming_by(ResumedBy::SessionId)), None);
    assert_eq!(ticket(&World::after_a_visit(ResumedBy::SessionId)), None);
    let world = World::after_a_visit(ResumedBy::Ticket);
    let session = world.session.as_ref().expect("a session");
    let ClientToken::Ticket { ticket: kept, .. } = session.token() else { panic!("a ticket was given") };
    assert_eq!(ticket(&world).as_ref(), Some(kept));
}

#[test]
fn a_client_that_resumes_offers_the_sessions_suite_and_the_extensions_it_would_send_anyway() {
    for by in BOTH {
        let world = World::after_a_visit(by);
        let suite = world.session.as_ref().expect("a session").suite();
        let (again, first) = (Recording::of(&world), Recording::of(&World::resuming_by(by)));
        let (again, first) = (client_hello(&again.client[0]), client_hello(&first.client[0]));
        assert!(!again.session_id.is_empty() && again.cipher_suites.contains(&suite));
        assert!(again.extensions.types().eq(first.extensions.types()), "{by}");
        assert_eq!(again.extensions.server_name, first.extensions.server_name);
    }
    assert!(resumption_flows().iter().any(|(_, world)| world.session.is_some()));
}

#[test]
fn a_client_names_the_server_once_and_an_address_is_no_name() {
    let recording = Recording::of(&World::new());
    let names = client_hello(&recording.client[0]).extensions.server_name.expect("a name");
    assert_eq!(names.host_name(), Some(&b"a.example"[..]));
    for address in ["192.0.2.1", "2001:db8::1"] {
        let mut world = World::new();
        world.name = address.try_into().expect("an address");
        let tls12::ClientHandshake::NeedsFlush(ask) = world.start_client() else {
            panic!("a hello is first")
        };
        let hello = &ask.bytes()[5..];
        assert!(client_hello(hello).extensions.server_name.is_none(), "{address}");
    }
}

#[test]
fn protocols_are_offered_whole_and_in_their_order() {
    let protocols = [&b"h2"[..], b"http/1.1", &[0xff; 255]];
    let world = World::new().with_client(|config| config.with_alpn(protocols));
    let recording = Recording::of(&world);
    let offered = client_hello(&recording.client[0]).extensions.alpn.expect("a list");
    assert!(offered.iter().map(|name| name.0).eq(protocols));
}
