//! Hellos that cannot be read, and hellos that ask for what is not to be had.

use tls12::{
    Error, Illegal, Incompatible, Refusal,
    schedule::Side,
    wire::{Alert, DecodeError},
};

use super::{client_of, client_refuses, server_refuses, serving, world};
use crate::common::{
    ours::Ours,
    raw::{Greeting, Hello, Over, Raw, framed},
};

#[test]
fn a_handshake_message_with_bytes_missing_or_left_over_is_a_decode_error() {
    let body = Hello::new().body();
    let short = framed(1, &body[..body.len() - 1]);
    let long = framed(1, &[&body[..], &[0]].concat());
    for (message, case) in [(short, "one byte short"), (long, "one byte over"), (framed(1, &[]), "nothing")] {
        let error = server_refuses(&world(), &message, Alert::DECODE_ERROR, case);
        assert!(matches!(error, Error::Decode { message: "ClientHello", .. }), "{case}: {error:?}");
    }
    let padded = |at: u8, message: &[u8]| framed(at, &[&message[4..], &[0]].concat());
    client_refuses(&world(), |_, a| a.hello = padded(2, &a.hello), Alert::DECODE_ERROR, "ServerHello");
    client_refuses(&world(), |_, a| a.done = framed(14, &[0]), Alert::DECODE_ERROR, "ServerHelloDone");
    let cut = |at: u8, message: &[u8]| framed(at, &message[4..message.len() - 1]);
    client_refuses(&world(), |_, a| a.certificate = cut(11, &a.certificate), Alert::DECODE_ERROR, "chain");
}

#[test]
fn odd_list_lengths_and_lists_that_may_not_be_empty_are_decode_errors() {
    let hello = Hello::new;
    for (hello, case) in [
        (Hello { suites: vec![], ..hello() }, "no suites"),
        (Hello { compression: vec![], ..hello() }, "no compression methods"),
        (Hello { session_id: vec![5; 33], ..hello() }, "a session id of 33 bytes"),
        (hello().with(10, &[0, 3, 0, 29, 0]), "one and a half groups"),
        (hello().with(10, &[0, 0]), "no groups"),
        (hello().with(13, &[0, 3, 4, 3, 4]), "one and a half signature schemes"),
        (hello().with(13, &[0, 0]), "no signature schemes"),
        (hello().with(11, &[0]), "no point formats"),
        (hello().with(16, &[0, 0]), "no protocols"),
        (hello().with(16, &[0, 1, 0]), "an empty name of a protocol"),
        (hello().with(0, &[0, 0]), "no server names"),
        (hello().with(0, &[0, 3, 0, 0, 0]), "an empty server name"),
        (hello().with(28, &[64]), "half a record size limit"),
        (hello().with(23, &[0]), "an extended master secret with a body"),
        (hello().with(43, &[3, 3, 3, 3]), "one and a half versions"),
        (hello().with(43, &[0]), "no versions"),
    ] {
        server_refuses(&world(), &hello.message(), Alert::DECODE_ERROR, case);
    }
    let mut twice = hello();
    twice.extensions.push((23, vec![]));
    server_refuses(&world(), &twice.message(), Alert::DECODE_ERROR, "an extension twice");
    // One byte of a suite more, and all lengths around it right.
    let body = hello().body();
    let odd = [&body[..35], &[0, 3, 0xc0, 0x2b, 0xc0], &body[39..]].concat();
    let error = server_refuses(&world(), &framed(1, &odd), Alert::DECODE_ERROR, "one and a half suites");
    assert_eq!(error, Error::Decode { message: "ClientHello", why: DecodeError::Ragged });
}

#[test]
fn a_client_hello_announced_longer_than_its_format_is_a_decode_error_before_it_comes() {
    for announced in [131_397_u32, 0x00ff_ffff] {
        let [_, a, b, c] = announced.to_be_bytes();
        let header = [1, a, b, c];
        let error = server_refuses(&world(), &header, Alert::DECODE_ERROR, "only the header came");
        assert_eq!(error, Error::Decode { message: "ClientHello", why: DecodeError::TooLong });
    }
}

#[test]
fn a_version_below_1_2_is_a_protocol_version() {
    for version in [0x0002, 0x0300, 0x0301, 0x0302] {
        let old = || Hello { version, ..Hello::new() };
        let fallback = Hello { suites: vec![0xc02b, 0x5600], ..old() };
        let no_common_suite = Hello { suites: vec![0x002f], ..old() };
        let by_extension = Hello::new().with(43, &[4, 3, 4, 3, 2]);
        for hello in [old(), fallback, no_common_suite, by_extension] {
            let error = server_refuses(&world(), &hello.message(), Alert::PROTOCOL_VERSION, "an old version");
            assert_eq!(error, Error::Incompatible(Incompatible::Version));
        }
    }
    for version in [0x0302, 0x0304] {
        let hello = Greeting { version, ..Greeting::new() }.message();
        client_refuses(&world(), |_, a| a.hello = hello, Alert::PROTOCOL_VERSION, "a server of it");
    }
}

/// RFC 7507 asks for inappropriate_fallback where the server speaks a higher version than the hello offers. Ours
/// speaks TLS 1.2 alone: a hello that offers less has no version in common, and that is what it is told.
#[test]
fn tls_fallback_scsv_in_a_hello_that_offers_all_we_support_is_accepted() {
    let fallback = Hello { suites: vec![0x5600, 0xc02b], ..Hello::new() };
    let mut raw = client_of(&world());
    raw.connect(&fallback);
    raw.close(b"");
    let less = Hello { version: 0x0302, ..fallback };
    server_refuses(&world(), &less.message(), Alert::PROTOCOL_VERSION, "it offers TLS 1.1");
}

#[test]
fn no_common_suite_group_or_signature_scheme_is_a_handshake_failure() {
    let suites = Hello { suites: vec![0x002f, 0xc02f, 0x1301], ..Hello::new() };
    for (hello, what) in [
        (suites, Incompatible::Suite),
        (Hello::new().with(10, &[0, 4, 0, 25, 0, 30]), Incompatible::Group),
        (Hello::new().with(13, &[0, 4, 2, 3, 6, 3]), Incompatible::Scheme),
        (Hello::new().without(13), Incompatible::Scheme),
        // The certificate's key is on P-256, which this client cannot read (RFC 8422, 5.1).
        (Hello::new().with(10, &[0, 2, 0, 29]), Incompatible::Curve),
        (Hello::new().without(23), Incompatible::ExtendedMasterSecret),
    ] {
        let error = server_refuses(&world(), &hello.message(), Alert::HANDSHAKE_FAILURE, "nothing in common");
        assert_eq!(error, Error::Incompatible(what));
    }
}

#[test]
fn no_null_compression_is_an_illegal_parameter_and_so_is_a_server_that_chose_compression() {
    let hello = Hello { compression: vec![1, 64], ..Hello::new() };
    let error = server_refuses(&world(), &hello.message(), Alert::ILLEGAL_PARAMETER, "no null");
    assert_eq!(error, Error::Illegal(Illegal::Compression));
    let hello = Greeting { compression: 1, ..Greeting::new() }.message();
    let error = client_refuses(&world(), |_, a| a.hello = hello, Alert::ILLEGAL_PARAMETER, "deflate");
    assert_eq!(error, Error::Illegal(Illegal::Compression));
}

#[test]
fn ec_point_formats_without_uncompressed_are_an_illegal_parameter_and_without_any_a_decode_error() {
    let hello = Hello::new().with(11, &[2, 1, 2]);
    server_refuses(&world(), &hello.message(), Alert::ILLEGAL_PARAMETER, "of a client");
    server_refuses(&world(), &Hello::new().with(11, &[0]).message(), Alert::DECODE_ERROR, "an empty list");
    server_refuses(&world(), &Hello::new().with(11, &[]).message(), Alert::DECODE_ERROR, "no list");
    let hello = Greeting::new().with(11, &[1, 1]).message();
    client_refuses(&world(), |_, a| a.hello = hello, Alert::ILLEGAL_PARAMETER, "of a server");
    let hello = Greeting::new().with(11, &[0]).message();
    client_refuses(&world(), |_, a| a.hello = hello, Alert::DECODE_ERROR, "an empty list of a server");
}

#[test]
fn a_server_hello_extension_that_was_not_asked_for_is_an_unsupported_extension() {
    // An application protocol, a staple, two limits, TLS 1.3, and what nobody knows.
    for (extension, body) in
        [(16, &[0, 3, 2, b'h', b'2'][..]), (5, &[]), (28, &[64, 0]), (1, &[1]), (43, &[3, 4]), (0x1234, &[])]
    {
        let hello = Greeting::new().with(extension, body).message();
        let alert = Alert::UNSUPPORTED_EXTENSION;
        let error = client_refuses(&world(), |_, a| a.hello = hello, alert, "not asked for");
        assert!(matches!(error, Error::Illegal(Illegal::ExtensionNotOffered(e)) if e.0 == extension));
    }
}

#[test]
fn alpn_without_overlap_is_a_no_application_protocol_where_the_server_has_a_list() {
    let hello = Hello::new().with(16, b"\0\x03\x02h3");
    let listing = serving(|config| config.with_alpn([&b"h2"[..], b"http/1.1"]));
    server_refuses(&listing, &hello.message(), Alert::NO_APPLICATION_PROTOCOL, "h3 alone");
    for (world, hello) in [(&world(), &hello), (&listing, &Hello::new())] {
        let mut raw = client_of(world);
        raw.connect(hello);
        assert_eq!(raw.close(b"").info.map(|info| info.alpn), Some(None));
    }
}

/// A hello with server_name.
fn host(name: &[u8]) -> Hello {
    let len = |extra: usize| ((name.len() + extra) as u16).to_be_bytes();
    Hello::new().with(0, &[&len(3)[..], &[0], &len(0), name].concat())
}

#[test]
fn a_server_name_that_is_no_host_name_is_an_illegal_parameter() {
    for name in
        [&b"a\0.example"[..], b"a\n.example", b"b\xc3\xbccher.example", b"\xff", b"a.example.", b"a b"]
    {
        let error = server_refuses(&world(), &host(name).message(), Alert::ILLEGAL_PARAMETER, "no name");
        assert_eq!(error, Error::Illegal(Illegal::ServerName));
    }
}

#[test]
fn a_name_we_do_not_serve_is_an_unrecognized_name_where_configured_to_be_strict() {
    let greet = |strict, name: &[u8]| {
        let mut ours = Ours::server(&world());
        ours.strict = strict;
        let mut raw = Raw::new(Side::Client, ours, Over::Socket);
        raw.message(&host(name).message());
        raw
    };
    let error = greet(true, b"b.example").refused_with(Alert::UNRECOGNIZED_NAME, "strict");
    assert_eq!(error, Error::Refused(Refusal::ServerName));
    assert!(greet(true, b"a.example").flight().extended);
    assert!(greet(false, b"b.example").flight().extended);
}

#[test]
fn a_record_size_limit_below_64_is_an_illegal_parameter_and_with_trailing_bytes_a_decode_error() {
    let limited = |body: &[u8]| Hello::new().with(28, body);
    for limit in [[0, 0], [0, 63]] {
        let hello = limited(&limit).message();
        let error = server_refuses(&world(), &hello, Alert::ILLEGAL_PARAMETER, "too small");
        assert_eq!(error, Error::Illegal(Illegal::RecordSizeLimit));
    }
    server_refuses(&world(), &limited(&[0, 64, 0]).message(), Alert::DECODE_ERROR, "trailing");
    let mut raw = client_of(&world());
    raw.connect(&limited(&[0, 64]));
    raw.close(b"");
    let limiting = super::calling(|config| config.with_record_size_limit(200).unwrap());
    for (body, alert) in [(&[0, 63][..], Alert::ILLEGAL_PARAMETER), (&[0, 64, 0], Alert::DECODE_ERROR)] {
        let hello = Greeting::new().with(28, body).message();
        client_refuses(&limiting, |_, a| a.hello = hello, alert, "of a server");
    }
}

#[test]
fn renegotiation_data_in_a_first_handshake_is_a_handshake_failure() {
    let hello = Hello::new().with(0xff01, &[1, 9]).message();
    server_refuses(&world(), &hello, Alert::HANDSHAKE_FAILURE, "of a client");
    let hello = Greeting::new().with(0xff01, &[1, 9]).message();
    client_refuses(&world(), |_, a| a.hello = hello, Alert::HANDSHAKE_FAILURE, "of a server");
}
