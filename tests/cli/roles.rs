//! `tls12 explain` finds out who is the client, whoever called and whatever was said before.

use serde_json::Value;
use tls12::schedule::Side;

use super::{
    explaining::{ends, explain, names, of, recorded, v4},
    pcap::segments,
};
use crate::common::transcripts::Said;

const CALLER: &str = "192.0.2.7:40000";
const CALLED: &str = "198.51.100.1:443";

/// The same with the sides exchanged.
fn turned(said: &Said) -> Said {
    said.iter().map(|(side, bytes)| (side.peer(), bytes.clone())).collect()
}

/// What is told of a connection in segments of so many bytes.
fn told(name: &str, said: &Said, piece: usize) -> Value {
    let (mut found, notes) = explain(name, &of(&segments(said, piece), &v4()), &[]);
    assert_eq!((found.len(), notes.as_str()), (1, ""));
    found.remove(0)
}

#[track_caller]
fn called_is_client(told: &Value) {
    assert_eq!([&told["client"], &told["server"]], [CALLED, CALLER], "{told}");
    assert_eq!(
        (&told["verdict"]["handshake"], &told["verdict"]["progress"]),
        (&"full".into(), &"complete".into())
    );
}

#[test]
fn many_short_lines_before_tls_hide_nobody() {
    let mut said: Said = Vec::new();
    for _ in 0..150 {
        said.push((Side::Server, b"NOOP\r\n".to_vec()));
        said.push((Side::Client, b"250 ok\r\n".to_vec()));
    }
    said.extend(turned(&recorded("full_with_ticket")));
    let told = told("chatty", &said, 900);
    called_is_client(&told);
    assert_eq!(told["verdict"]["client_preamble"], 900);
}

/// RFC 5246, 6.2.1: messages may be longer than a record, and a ticket may make the hello so (RFC 5077, 3.3).
fn long_hello() -> Vec<u8> {
    let ticket = [&[0, 35, 0x42, 0x68][..], &[7; 0x4268]].concat();
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0, 0x42, 0x6c], &ticket].concat();
    let message = [&[1, 0, (body.len() >> 8) as u8, body.len() as u8][..], &body].concat();
    let records = message.chunks(1 << 14).map(|part| {
        let [high, low] = (part.len() as u16).to_be_bytes();
        [&[22, 3, 3, high, low], part].concat()
    });
    records.collect::<Vec<_>>().concat()
}

#[test]
fn hellos_that_are_longer_than_a_record_say_who_is_the_client() {
    let mut said = recorded("full_with_ticket");
    said[0].1 = long_hello();
    for piece in [1, 1400] {
        let told = told("long-hello", &turned(&said), piece);
        called_is_client(&told);
        assert_eq!(told["verdict"]["reason"], "Declined");
    }
}

/// A HelloRequest, which only servers may send (RFC 5246, 7.4.1.1).
const HELLO_REQUEST: [u8; 9] = [22, 3, 3, 0, 4, 0, 0, 0, 0];

#[test]
fn a_hello_outweighs_what_was_said_before_it() {
    let said = recorded("full_with_ticket");
    for from in [Side::Client, Side::Server] {
        let mut with = said.clone();
        with.insert(0, (from, HELLO_REQUEST.to_vec()));
        let caller = told("hello-request", &with, 900);
        assert_eq!([&caller["client"], &caller["server"]], [CALLER, CALLED], "{caller}");
        assert_eq!(caller["verdict"]["handshake"], "full");
        assert_eq!(names(&caller)[..3], ["HelloRequest", "ClientHello", "ServerHello"]);
        called_is_client(&told("hello-request-turned", &turned(&with), 900));
    }
}

#[test]
fn hellos_that_are_shown_are_not_said_to_be_missing() {
    // Longer than anything that is kept until it is known who is who.
    let mut said: Said = vec![(Side::Client, b"a line of text\r\n".repeat(5000))];
    said.extend(turned(&recorded("full_with_ticket")));
    let (found, _) = explain("late", &of(&segments(&said, 900), &ends(CALLER, CALLED)), &[]);
    let sentence = found[0]["verdict"]["sentence"].as_str().expect("a sentence");
    assert!(names(&found[0]).contains(&"ClientHello".to_owned()));
    assert!(
        sentence.starts_with("a full handshake, with a hello of the side that cannot send it"),
        "{sentence}"
    );
}
