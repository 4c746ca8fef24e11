//! Captures of which packets are missing.

use std::fs;

use serde_json::Value;
use tls12::schedule::Side;

use super::{
    explaining::{ends, explain, names, of, recorded, v4},
    files::Folder,
    pcap::{Capture, Ends, Format, Link, Segment, segments},
    running::{run, text},
};
use crate::common::transcripts::Said;

/// The segments of what was said, each one followed by one that says that it came.
fn acknowledged(said: &Said, piece: usize) -> Vec<Segment> {
    let mut all = Vec::new();
    for segment in segments(said, piece) {
        let came = segment.sequence.wrapping_add(segment.payload.len() as u32);
        let (from, sequence) = (segment.from.peer(), segment.acknowledged);
        let answer = Segment { from, sequence, acknowledged: came, flags: 16, payload: vec![] };
        let says_something = !segment.payload.is_empty();
        all.push(segment);
        all.extend(says_something.then_some(answer));
    }
    all
}

/// The same where the server calls, as in transfers of active FTP (RFC 4217, 7).
fn turned(said: &Said) -> Said {
    said.iter().map(|(side, bytes)| (side.peer(), bytes.clone())).collect()
}

/// What is told of the same connection without any one, and without any two, of its packets, if there is something.
fn without_two(name: &str, said: &Said, server_port: u16) -> Vec<Value> {
    let all = acknowledged(said, 700);
    let mut capture = Capture::new(Link::Raw, Format::Pcap);
    for first in 0..all.len() {
        for second in first..all.len() {
            let kept = all.iter().enumerate().filter(|(at, _)| *at != first && *at != second);
            let kept: Vec<Segment> = kept.map(|(_, segment)| segment.clone()).collect();
            let client = format!("10.0.{first}.{second}:40000");
            capture.add_all(&ends(&client, &format!("198.51.100.1:{server_port}")), &kept);
        }
    }
    explain(name, &capture, &[]).0
}

#[test]
fn no_packet_that_is_missing_makes_a_full_handshake_a_resumed_one_or_a_server_a_client() {
    for flow in ["full_with_ticket", "full_with_client_certificate", "resumed_by_ticket", "resumed_by_id"] {
        let kind = flow.split('_').next().expect("a word");
        for (said, server, port) in [
            (recorded(flow), "198.51.100.1:443", 443),
            (turned(&recorded(flow)), "10.0.", 443),
            (turned(&recorded(flow)), "10.0.", 50_000),
        ] {
            let (mut told, found) = (0, without_two(&format!("{flow}-{port}"), &said, port));
            for connection in &found {
                let (handshake, says) =
                    (&connection["verdict"]["handshake"], &connection["verdict"]["sentence"]);
                let (no_hello, gaps) =
                    (connection["verdict"]["offered_id"].is_null(), &connection["verdict"]["gaps"]);
                assert!(!no_hello || *gaps == true, "{flow} {server}: {connection}");
                if let Some(handshake) = handshake.as_str() {
                    told += 1;
                    assert!(handshake.starts_with(kind), "{flow} {server}: {says} {:?}", names(connection));
                    let is = connection["server"].as_str().expect("an address");
                    assert!(is.starts_with(server), "{flow} {server}: {connection}");
                }
            }
            assert!(told > found.len() / 2, "{flow} {server}: {told} of {}", found.len());
        }
    }
}

/// A capture of these words, of which the `missing`th segments with something in them are not there.
fn without(said: &Said, missing: &[usize], ends: &Ends) -> Capture {
    let mut at = 0;
    let mut all = acknowledged(said, usize::MAX);
    all.retain(|segment| {
        at += usize::from(!segment.payload.is_empty());
        segment.payload.is_empty() || !missing.contains(&at)
    });
    of(&all, ends)
}

fn told(name: &str, capture: &Capture) -> String {
    let folder = Folder::new(name);
    let path = folder.0.join("capture");
    fs::write(&path, &capture.bytes).expect("a file");
    text(&run(&["explain", path.to_str().expect("UTF-8")], b"").stdout)
}

#[test]
fn the_server_is_who_says_its_hello_also_where_it_called_and_the_other_hello_is_missing() {
    let capture = without(&turned(&recorded("full_with_ticket")), &[1], &v4());
    let (found, _) = explain("turned", &capture, &[]);
    assert_eq!(found[0]["server"], "192.0.2.7:40000");
    assert_eq!(found[0]["verdict"]["handshake"], "full");
    assert_eq!(found[0]["verdict"]["ticket"], "issued");
    let said = told("turned-text", &capture);
    assert!(said.contains("verdict: a full handshake, of which the ClientHello is not there;"), "{said}");
    assert!(said.contains("\n  ClientKeyExchange ") && !said.contains("\n  ServerHello "), "{said}");
}

#[test]
fn what_would_be_in_a_hello_that_is_missing_is_null() {
    let said = recorded("full_with_id");
    let of = |missing: usize| explain("null", &without(&said, &[missing], &v4()), &[]).0.remove(0);
    let (no_client, no_server) = (of(1), of(2));
    let is_null = |connection: &Value, name: &str| connection["verdict"][name].is_null();
    assert!(is_null(&no_client, "offered_id") && !is_null(&no_client, "session_id"), "{no_client}");
    assert!(is_null(&no_server, "session_id") && !is_null(&no_server, "offered_id"), "{no_server}");
    // What the hellos agreed on is in both.
    let text = told("null-text", &without(&said, &[2], &v4()));
    assert!(!text.contains("agreed:"), "{text}");
}

/// As in FTP (RFC 4217).
fn after_auth_tls(said: Said) -> Said {
    let mut all = vec![
        (Side::Server, b"220 ProFTPD ready\r\n".to_vec()),
        (Side::Client, b"AUTH TLS\r\n".to_vec()),
        (Side::Server, b"234 ok\r\n".to_vec()),
    ];
    all.extend(said);
    all
}

#[test]
fn tls_whose_hellos_are_missing_behind_something_else_is_told_as_tls() {
    let said = after_auth_tls(recorded("full_with_ticket"));
    for (missing, sentence) in [
        (&[4, 5][..], "a full handshake, of which the hellos are not there; a ticket is issued"),
        (&[4], "a full handshake, of which the ClientHello is not there; a ticket is issued"),
        (&[5], "a full handshake: the client offered no session; a ticket is issued"),
        // Only what is encrypted is left.
        (&[4, 5, 6, 7], "no handshake to be seen"),
    ] {
        let mut said = said.clone();
        let data = |n: u8| [&[23, 3, 3, 0, 40][..], &[n; 40]].concat();
        said.extend([(Side::Client, data(1)), (Side::Server, data(2)), (Side::Client, data(3))]);
        said.extend([(Side::Server, data(4)), (Side::Client, data(5)), (Side::Server, data(6))]);
        let capture = without(&said, missing, &v4());
        let (found, _) = explain("hellos", &capture, &[]);
        let verdict = &found[0]["verdict"];
        assert!(
            verdict["sentence"].as_str().expect("a text").starts_with(sentence),
            "{missing:?}: {verdict}"
        );
        assert_eq!([&verdict["client_preamble"], &verdict["server_preamble"]], [10, 27], "{missing:?}");
        assert_eq!(verdict["gaps"], true);
        let text = told("hellos-text", &capture);
        assert!(!text.contains("no TLS") && text.contains("(10 bytes before TLS)"), "{missing:?}: {text}");
    }
}

#[test]
fn what_is_no_tls_is_not_taken_for_tls_because_bytes_are_missing() {
    let said = after_auth_tls(vec![
        (Side::Client, b"NOOP\r\n".to_vec()),
        (Side::Server, b"200 yes\r\n".to_vec()),
        (Side::Client, b"USER \x17\x03\x03\0\x05\r\n".to_vec()),
        (Side::Server, b"331 \x16\x03\x03 no\r\n".to_vec()),
        (Side::Client, b"QUIT\r\n".to_vec()),
    ]);
    let (found, _) = explain("no-tls", &without(&said, &[4, 5], &v4()), &[]);
    let verdict = &found[0]["verdict"];
    assert_eq!(verdict["sentence"], "no TLS to be seen, and bytes are missing");
    assert_eq!(verdict["protocol"], "no TLS at all");
}

#[test]
fn what_is_missing_stands_out_and_moves_no_column() {
    let mut all = acknowledged(&recorded("full_with_ticket"), 60);
    for side in [Side::Client, Side::Server] {
        let place = |segment: &Segment| segment.from == side && segment.payload.len() == 60;
        let first = all.iter().position(place).expect("a segment");
        all.remove(first + 2);
    }
    let text = told("columns", &of(&all, &v4()));
    let missing: Vec<&str> = text.lines().filter(|line| line.contains(" not captured)")).collect();
    assert_eq!(missing.len(), 2, "{text}");
    for line in missing {
        assert!(line.contains(" . . . ") && !line.contains("--"), "{line}");
        let is_in_its_column = match line.find('>') {
            Some(end) => end == 69 && line.starts_with("  ("),
            None => line.starts_with("  <. .") && line.find('(') == Some(36),
        };
        assert!(is_in_its_column, "{line}");
    }
}
