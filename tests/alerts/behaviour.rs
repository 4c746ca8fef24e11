//! What is unusual and all the same in order, and that the alert gets there.

use std::sync::{Arc, Mutex};

use tls12::{
    Error, KeyLog, RecordError,
    schedule::Side,
    wire::{Alert, Message},
};

use super::{client_of, serving, world};
use crate::common::{
    ours::Ours,
    pair::World,
    raw::{APPLICATION_DATA, Greeting, HANDSHAKE, Hello, Over, Raw, framed, prefixed},
};

/// Sends a hello in records of at most `len` bytes, and completes the handshake.
fn connect_in_pieces(hello: &[u8], len: usize) {
    let mut raw = client_of(&world());
    for piece in hello.chunks(len) {
        raw.record(HANDSHAKE, piece);
    }
    raw.transcript.extend_from_slice(hello);
    let flight = raw.flight();
    let message = raw.client_key_exchange(&flight);
    for piece in message.chunks(len) {
        raw.record(HANDSHAKE, piece);
    }
    raw.count_key_exchange(&message, &flight);
    raw.change_cipher_spec();
    let finished = raw.finished(Side::Client);
    raw.transcript.extend_from_slice(&finished);
    for piece in finished.chunks(len) {
        raw.record(HANDSHAKE, piece);
    }
    raw.read_finished();
    raw.echo(b"here we are");
    raw.close(b"here we are");
}

#[test]
fn the_alert_gets_to_a_peer_that_goes_on_sending_and_then_the_connection_ends() {
    let mut raw = client_of(&world());
    raw.record(99, &[0; 100]);
    // Were the socket closed with this unread, a reset would take the alert away.
    raw.send(&[0x17; 200_000]);
    let error = raw.refused_with(Alert::UNEXPECTED_MESSAGE, "with 200 000 bytes behind it");
    assert!(matches!(error, Error::Record(RecordError::UnknownType(_))));
}

#[test]
fn a_client_hello_may_be_as_long_as_its_format_allows() {
    let hello = Hello::new();
    let used: usize = hello.extensions.iter().map(|(_, body)| 4 + body.len()).sum();
    let mut longest = Hello {
        session_id: vec![7; 32],
        suites: (0..32_766).map(|n| 0x0a00 | (n % 200)).chain([0xc02b]).collect(),
        compression: (0..=254).rev().collect(),
        ..hello
    };
    longest.extensions.insert(0, (0x1a1a, vec![0; 65_535 - 4 - used]));
    let message = longest.message();
    assert_eq!(message.len(), 4 + 131_396);
    connect_in_pieces(&message, 16_384);
}

#[test]
fn fragments_of_one_byte_are_normal() {
    let hello = Hello::new().with(0x1a1a, &[0; 500]).message();
    assert!(hello.len() > 500);
    connect_in_pieces(&hello, 1);
}

#[test]
fn a_server_may_send_its_messages_in_fragments_of_one_byte() {
    let mut raw = super::server_of(&world());
    let answer = raw.answer();
    for message in [&answer.hello, &answer.certificate, &answer.key_exchange, &answer.done] {
        raw.transcript.extend_from_slice(message);
        for byte in message {
            raw.record(HANDSHAKE, &[*byte]);
        }
    }
    raw.read_answer();
    raw.change_cipher_spec();
    let finished = raw.finished(Side::Server);
    for byte in &finished {
        raw.record(HANDSHAKE, &[*byte]);
    }
    raw.echo(b"here we are");
    raw.close(b"here we are");
}

#[test]
fn empty_application_records_between_full_ones_are_normal() {
    let mut raw = client_of(&world());
    raw.connect(&Hello::new());
    let mut all = vec![];
    for round in 0..50 {
        for _ in 0..round % 33 {
            raw.record(APPLICATION_DATA, &[]);
        }
        raw.echo(&[round; 3]);
        all.extend_from_slice(&[round; 3]);
    }
    raw.close(&all);
}

#[test]
fn offers_in_unknown_order_with_unknown_values_are_normal() {
    let grease = Hello {
        session_id: vec![1; 32],
        suites: vec![0x1a1a, 0x1301, 0x002f, 0xc02b, 0xfafa, 0x00ff],
        compression: vec![64, 1, 0],
        extensions: vec![
            (0xfafa, vec![]),
            (13, vec![0, 8, 0x2a, 0x2a, 2, 1, 4, 3, 8, 4]),
            (0x4469, vec![0, 3, 2, b'h', b'2']),
            (10, vec![0, 10, 0x3a, 0x3a, 0x11, 0xec, 0, 30, 0, 23, 0, 29]),
            (23, vec![]),
            (11, vec![3, 2, 0, 77]),
            (43, vec![7, 0x4a, 0x4a, 3, 4, 3, 3, 0x0a]),
            (0x1a1a, vec![0]),
        ],
        ..Hello::new()
    };
    let versions = grease.clone().with(43, &[6, 0x4a, 0x4a, 3, 4, 3, 3]);
    for hello in [grease.without(43), versions] {
        let mut raw = client_of(&world());
        raw.connect(&hello);
        assert!(raw.close(b"").info.is_some_and(|info| info.secure_renegotiation));
    }
}

#[test]
fn a_client_may_offer_32_760_signature_schemes() {
    let schemes: Vec<u8> =
        (0..32_759_u16).map(|n| 0x9000 | n).chain([0x0403]).flat_map(u16::to_be_bytes).collect();
    // There is room for two small extensions beside them, and none for groups.
    let hello = Hello::new().without(10).with(13, &[]);
    let used: usize = hello.extensions.iter().map(|(_, body)| 4 + body.len()).sum();
    let list = prefixed::<2>(&schemes);
    assert_eq!((used + list.len(), schemes.len()), (65_535, 2 * 32_760));
    connect_in_pieces(&hello.with(13, &list).message(), 16_384);
}

#[test]
fn server_hello_has_ec_point_formats_only_for_a_client_that_sent_it_and_no_session_ticket_without_a_ticket() {
    let answer = |hello: &Hello| {
        let mut raw = client_of(&world());
        let message = raw.greet(hello).messages.swap_remove(0);
        match Message::decode(&message) {
            Ok(Some(Message::ServerHello(hello))) => {
                let formats = hello.extensions.ec_point_formats.map(|list| list.as_bytes().to_vec());
                (formats, hello.extensions.session_ticket, hello.extensions.types().count())
            }
            other => panic!("ServerHello is first, not {other:?}"),
        }
    };
    assert_eq!(answer(&Hello::new()), (None, false, 2));
    assert_eq!(answer(&Hello::new().with(11, &[1, 0])), (Some(vec![0]), false, 3));
    assert_eq!(answer(&Hello::new().with(11, &[3, 1, 0, 2])), (Some(vec![0]), false, 3));
    // No ticket follows: this server has no keys to seal one with.
    assert_eq!(answer(&Hello::new().with(35, &[])), (None, false, 2));
}

/// Virtual memory of this process in kilobytes.
#[cfg(target_os = "linux")]
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmSize:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number")
}

/// A thousand servers announce a chain of 16 MiB each, and send a byte of it.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn memory_grows_with_what_arrived_and_never_with_what_a_length_says() {
    let world = super::calling(|config| config.with_max_certificate(0x00ff_ffff));
    let hello = Greeting::new().message();
    let bytes = [&hello[..], &[11, 0xff, 0xff, 0xff, 0]].concat();
    let record = [&[22, 3, 3], &prefixed::<2>(&bytes)[..]].concat();
    let before = memory();
    let mut waiting = vec![];
    for _ in 0..1000 {
        let mut ours = Ours::client(&world);
        ours.input(&record);
        assert!(!ours.has_ended());
        waiting.push(ours);
    }
    // Sixteen gigabytes were announced. Other tests run beside this one, and their threads take some.
    assert!(memory().saturating_sub(before) < 4_000_000, "{} kB", memory() - before);
}

/// Keeps the lines of a key log.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl KeyLog for Lines {
    fn log(&self, line: &str) {
        self.0.lock().expect("nobody panics here").push(line.into());
    }
}

/// What opens the alerts in all these tests is what whoever reads the key log has.
#[test]
fn the_key_log_has_the_master_secret_that_opens_an_encrypted_alert() {
    let lines = Arc::new(Lines::default());
    let world: Arc<World> = serving(|config| config.with_key_log(lines.clone()));
    let mut raw = Raw::client(&world, Over::Socket);
    raw.connect(&Hello::new());
    let expected = format!("CLIENT_RANDOM {} {}", "c1".repeat(32), raw.master_secret());
    assert_eq!(lines.0.lock().expect("nobody panics here")[..], [expected]);
    raw.record(HANDSHAKE, &framed(14, &[]));
    raw.refused_with(Alert::UNEXPECTED_MESSAGE, "encrypted");
}
