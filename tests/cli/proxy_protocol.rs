//! What a server behind is told of the client.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread::{self, JoinHandle},
};

use ppp::v2::{Addresses, Header};

use super::{
    files::Files,
    running::{Serving, text},
};

/// What one connection brings to a server behind: all up to its end; it is answered with `hello`.
fn behind(listener: &TcpListener) -> JoinHandle<Vec<u8>> {
    let listener = listener.try_clone().expect("a listener");
    thread::spawn(move || {
        let mut tcp = listener.accept().expect("a connection").0;
        let mut all = Vec::new();
        tcp.read_to_end(&mut all).expect("all of it");
        tcp.write_all(b"hello").expect("room");
        all
    })
}

/// The values of a header, by their types. Those of TLS begin behind five bytes.
fn values(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut values = Vec::new();
    let mut rest = bytes;
    while let [kind, high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        values.push((*kind, tail[..length].to_vec()));
        rest = &tail[length..];
    }
    assert!(rest.is_empty());
    values
}

fn value(values: &[(u8, Vec<u8>)], kind: u8) -> Option<String> {
    values
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
}

#[test]
fn the_header_has_addresses_and_what_tls_says_of_the_client() {
    let files = Files::new("proxy-protocol");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let (cert, key) = &files.server;
    let serving = Serving::start(&[
        "--cert",
        cert,
        "--key",
        key,
        "--client-ca",
        &files.root,
        "--client-auth",
        "request",
        "--alpn",
        "x,y",
        "--forward",
        &to,
        "--proxy-protocol",
        "v2",
    ]);
    let kept = files.folder.0.join("session");
    let kept = kept.to_str().unwrap();
    let client = ["--cert", &files.client.0, "--key", &files.client.1];
    let cases: [(&[&str], &str, u8, u32); 4] = [
        (&[&client[..], &["--session-out", kept]].concat(), "no", 0b111, 0),
        (&[&client[..], &["--session-in", kept]].concat(), "ticket", 0b101, 0),
        (&[&client[..], &["--no-tickets", "--session-out", kept]].concat(), "no", 0b111, 0),
        (&[], "no", 0b001, 1),
    ];
    for (more, resumed, flags, verify) in cases {
        let waiting = behind(&listener);
        let args = [&["--ca", &files.root, "--alpn", "y", "--close-on-eof"], more].concat();
        let output = serving.call(&args, b"data");
        assert_eq!(text(&output.stdout), "hello", "{}", text(&output.stderr));
        let all = waiting.join().unwrap();
        let header = Header::try_from(&all[..]).expect("a header of version 2");
        assert_eq!(&all[header.len()..], b"data");
        let Addresses::IPv4(addresses) = header.addresses else { panic!("{header:?}") };
        assert_eq!(addresses.source_address.to_string(), "127.0.0.1");
        assert_eq!(
            (addresses.destination_port, addresses.destination_address.to_string().as_str()),
            (serving.port, "127.0.0.1")
        );
        let values_of = values(header.tlv_bytes());
        assert_eq!(value(&values_of, 0x01).as_deref(), Some("y"));
        assert_eq!(value(&values_of, 0x02).as_deref(), Some("localhost"));
        assert_eq!(value(&values_of, 0xe0).as_deref(), Some(resumed));
        let known = verify == 0;
        assert_eq!(value(&values_of, 0xe1), known.then(|| "CN=a client".to_owned()));
        let tls = &values_of.iter().find(|(kind, _)| *kind == 0x20).expect("facts about TLS").1;
        assert_eq!((tls[0], &tls[1..5]), (flags, &verify.to_be_bytes()[..]), "{more:?}");
        let parts = values(&tls[5..]);
        assert_eq!(value(&parts, 0x21).as_deref(), Some("TLSv1.2"));
        assert_eq!(value(&parts, 0x22), known.then(|| "a client".to_owned()));
        assert_eq!(value(&parts, 0x23).as_deref(), Some("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"));
    }
}

#[test]
fn addresses_of_ipv6_are_told_as_such() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        crate::common::say::say("left out: the PROXY protocol over IPv6, which this machine does not have");
        return;
    };
    let to = format!("[::1]:{}", listener.local_addr().unwrap().port());
    let mut serving = Serving::start_at("[::1]:0", &["--forward", &to, "--proxy-protocol", "v2"]);
    let waiting = behind(&listener);
    let address = format!("[::1]:{}", serving.port);
    let output = super::running::run(&["connect", &address, "--insecure", "--close-on-eof"], b"");
    assert_eq!(text(&output.stdout), "hello", "{}", text(&output.stderr));
    let all = waiting.join().unwrap();
    let header = Header::try_from(&all[..]).expect("a header of version 2");
    let Addresses::IPv6(addresses) = header.addresses else { panic!("{header:?}") };
    assert_eq!(addresses.source_address.to_string(), "::1");
    assert_eq!(addresses.destination_port, serving.port);
    assert!(serving.logged().contains("peer=[::1]:"));
}
