//! `tls12 explain` on captures that are written here.

use std::{
    fs,
    io::{Read, Write},
    net::SocketAddr,
};

use serde_json::Value;
use tls12::schedule::Side;

use super::{
    files::Folder,
    pcap::{Capture, Ends, Format, Link, Segment, segments},
    running::{Serving, command, run, text},
};
use crate::common::{
    forge::Log,
    pair::World,
    resuming::shake,
    speaking::speak,
    transcripts::{Said, all},
};

pub(super) fn ends(client: &str, server: &str) -> Ends {
    let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
    Ends { client: address(client), server: address(server) }
}

pub(super) fn v4() -> Ends {
    ends("192.0.2.7:40000", "198.51.100.1:443")
}

pub(super) fn recorded(name: &str) -> Said {
    all().into_iter().find(|each| each.name == name).expect("a flow").said
}

/// Runs it on a capture, and gives what it says: the objects, and the notes.
pub(super) fn explain(name: &str, capture: &Capture, args: &[&str]) -> (Vec<Value>, String) {
    let folder = Folder::new(name);
    let path = folder.0.join("capture");
    fs::write(&path, &capture.bytes).expect("a file");
    let output = run(&[&["explain", "--json", path.to_str().expect("UTF-8")], args].concat(), b"");
    let notes = text(&output.stderr);
    assert!(output.status.success(), "{notes}");
    let objects = text(&output.stdout);
    (objects.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), notes)
}

pub(super) fn of(segments: &[Segment], ends: &Ends) -> Capture {
    let mut capture = Capture::new(Link::Ethernet, Format::Pcap);
    capture.add_all(ends, segments);
    capture
}

/// The events of a connection without the times that its packets had.
pub(super) fn events(connection: &Value) -> Vec<Value> {
    let mut events = connection["events"].as_array().expect("events").clone();
    for event in &mut events {
        event.as_object_mut().expect("an object").remove("microseconds");
    }
    events
}

/// Messages, and what else is no record, by name.
pub(super) fn names(connection: &Value) -> Vec<String> {
    let events = connection["events"].as_array().expect("events").iter();
    let named = events.filter(|event| event["event"] != "record").map(|event| match &event["type"]["name"] {
        Value::String(name) if event["event"] == "message" => name.clone(),
        _ => event["event"].as_str().expect("a name").to_owned(),
    });
    named.collect()
}

#[test]
fn every_link_and_every_format_give_the_same_connection() {
    let said = recorded("full_with_ticket");
    let mut first: Option<Vec<Value>> = None;
    for (client, server) in [("192.0.2.7:40000", "198.51.100.1:443"), ("[2001:db8::7]:40000", "[::1]:443")] {
        for link in Link::ALL {
            for format in [Format::Pcap, Format::BigEndian, Format::Pcapng] {
                let mut capture = Capture::new(link, format);
                capture.add_all(&ends(client, server), &segments(&said, 500));
                let (found, notes) = explain("links", &capture, &[]);
                let [connection] = &found[..] else { panic!("{link:?} {format:?}: {found:?} {notes}") };
                assert_eq!(connection["client"], client, "{link:?} {format:?}");
                assert_eq!(connection["server"], server);
                assert_eq!(connection["time"], "2027-01-15T08:00:00.000Z", "{link:?} {format:?}");
                assert_eq!(connection["verdict"]["handshake"], "full");
                let events = events(connection);
                assert_eq!(&events, first.get_or_insert_with(|| events.clone()), "{link:?} {format:?}");
            }
        }
    }
}

#[test]
fn what_comes_twice_late_or_overlapping_changes_nothing() {
    let in_order = segments(&recorded("full_with_client_certificate"), 100);
    let (plain, _) = explain("order", &of(&in_order, &v4()), &[]);
    let mut twice = in_order.clone();
    for at in (0..in_order.len()).rev().step_by(3) {
        twice.insert((at + 2).min(twice.len()), in_order[at].clone());
    }
    let mut late = in_order.clone();
    for at in (4..late.len() - 8).step_by(5) {
        // Only within a flight: nobody answers what did not come.
        if late[at].from == late[at + 1].from {
            late.swap(at, at + 1);
        }
    }
    let overlapping: Vec<Segment> = in_order
        .iter()
        .zip(in_order.iter().skip(1))
        .map(|(this, next)| {
            let mut segment = this.clone();
            if this.from == next.from && !this.payload.is_empty() {
                segment.payload.extend(&next.payload);
            }
            segment
        })
        .collect();
    for (name, changed) in [("twice", twice), ("late", late), ("overlapping", overlapping)] {
        let (found, _) = explain(name, &of(&changed, &v4()), &[]);
        let kinds = |value: &Value| names(value);
        assert_eq!(kinds(&found[0]), kinds(&plain[0]), "{name}");
        assert_eq!(found[0]["verdict"], plain[0]["verdict"], "{name}");
    }
}

#[test]
fn what_is_not_in_the_capture_is_said_and_gone_on_from() {
    let mut all = segments(&recorded("full_with_ticket"), 60);
    // In the middle of the certificate.
    let first = all.iter().position(|segment| segment.from == Side::Server && segment.payload.len() == 60);
    let lost = all.remove(first.expect("a flight") + 4);
    assert_eq!(lost.payload.len(), 60);
    let (found, _) = explain("loss", &of(&all, &v4()), &[]);
    let missing: Vec<_> =
        found[0]["events"].as_array().unwrap().iter().filter(|event| event["event"] == "missing").collect();
    assert_eq!(missing.len(), 1);
    assert_eq!((&missing[0]["bytes"], &missing[0]["from"]), (&60.into(), &"server".into()));
    assert_eq!(found[0]["verdict"]["gaps"], true);
    assert_eq!(found[0]["verdict"]["handshake"], "full");
    let folder = Folder::new("loss-text");
    let path = folder.0.join("capture");
    fs::write(&path, of(&all, &v4()).bytes).unwrap();
    let said = text(&run(&["explain", path.to_str().unwrap()], b"").stdout);
    assert!(said.contains("(60 bytes not captured)"), "{said}");
}

#[test]
fn packets_that_were_cut_are_missing_what_was_cut() {
    let mut capture = Capture::new(Link::Ethernet, Format::Pcapng);
    for segment in segments(&recorded("full_with_ticket"), 1400) {
        capture.add_cut(&v4().packet(&segment), 14 + 20 + 24 + 300);
    }
    let (found, _) = explain("cut", &capture, &[]);
    let names = names(&found[0]);
    assert_eq!(names[..4], ["ClientHello", "ServerHello", "missing", "damaged"], "{names:?}");
}

#[test]
fn a_connection_that_was_begun_before_is_said_to_be() {
    let all = segments(&recorded("full_with_ticket"), 2000);
    // Without the handshake of TCP nothing of TLS is missing.
    let (found, _) = explain("late", &of(&all[3..], &v4()), &[]);
    assert_eq!(found[0]["verdict"]["gaps"], false);
    assert_eq!(found[0]["verdict"]["handshake"], "full");
    // With the flight of the client first, which of them is the client follows from the ports.
    let (found, _) = explain("later", &of(&all[5..], &v4()), &[]);
    assert_eq!(found[0]["client"], "192.0.2.7:40000");
    assert_eq!(found[0]["notes"][0], "the capture began after this connection had begun");
    assert_eq!(found[0]["verdict"]["handshake"], "full");
    assert!(names(&found[0]).contains(&"NewSessionTicket".to_owned()), "{found:?}");
}

/// Two connections of one client, the second of which resumes the session of the first one.
pub(super) fn two_visits() -> [Said; 2] {
    let mut world = World::resuming();
    let (first, _) = speak(&world);
    world.session = shake(&world).session;
    world.seeds = ([7; 32], [8; 32]);
    [first, speak(&world).0]
}

#[test]
fn the_session_that_is_resumed_is_the_one_of_an_earlier_connection() {
    let [first, second] = two_visits();
    let mut capture = Capture::new(Link::Ethernet, Format::Pcap);
    capture.add_all(&v4(), &segments(&first, 1000));
    // The same port again.
    let mut again = segments(&second, 1000);
    again.iter_mut().for_each(|segment| {
        segment.sequence = segment.sequence.wrapping_add(77);
        segment.acknowledged = segment.acknowledged.wrapping_add(77);
    });
    capture.add_all(&v4(), &again);
    let (found, _) = explain("sessions", &capture, &[]);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["session"], Value::Null);
    assert_eq!(found[1]["verdict"]["handshake"], "resumed by ticket");
    assert_eq!(found[1]["session"]["resumed_by"], "ticket");
    assert_eq!(found[1]["session"]["ticket"]["made_by"], 1);
    // Also where only that one is asked for.
    let (only, _) = explain("sessions-2", &capture, &["--stream", "2"]);
    assert_eq!(only, [found[1].clone()]);
    let folder = Folder::new("sessions-text");
    let path = folder.0.join("capture");
    fs::write(&path, &capture.bytes).unwrap();
    let path = path.to_str().unwrap();
    let said = text(&run(&["explain", path, "--stream", "2"], b"").stdout);
    let expected = "  verdict: a session resumed by ticket\n";
    assert!(
        said.contains(expected) && said.contains("  session: the one that connection 1 made\n"),
        "{said}"
    );
    let output = run(&["explain", path, "--stream", "3"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("there is no connection 3: they are numbered from 1 to 2"));
}

#[test]
fn a_key_log_verifies_finished_and_no_secret_is_told() {
    let mut world = World::resuming();
    let log: std::sync::Arc<Log> = world.keep_key_log();
    let (said, _) = speak(&world);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let master = hex(&log.master().expect("a secret"));
    let folder = Folder::new("keylog-of-a-capture");
    let line = format!("# a comment\nCLIENT_RANDOM {} {master}\n", hex(&said[0].1[11..43]));
    let keylog = folder.write_text("keys", &line);
    let (found, _) = explain("keylog-explained", &of(&segments(&said, 1000), &v4()), &["--keylog", &keylog]);
    assert_eq!(found[0]["verdict"]["client_finished"], "verified");
    assert_eq!(found[0]["verdict"]["server_finished"], "verified");
    assert!(!found[0].to_string().contains(&master[..24]));
    let nothing = folder.write_text("nothing", "CLIENT_HANDSHAKE_TRAFFIC_SECRET 00 00\n");
    for wrong in [nothing.as_str(), "/nonexistent"] {
        let output = run(&["explain", &nothing, "--keylog", wrong], b"");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    }
}

#[test]
fn bytes_in_hexadecimal_are_explained_too() {
    let line = |(from, bytes): &(Side, Vec<u8>)| {
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{} {}\n", if *from == Side::Client { ">" } else { "<" }, digits.join(" "))
    };
    let input: String = recorded("resumed_by_id").iter().map(line).collect();
    for args in [&["explain", "--hex"][..], &["explain", "--hex", "-"]] {
        let output = run(args, input.as_bytes());
        let said = text(&output.stdout);
        assert!(output.status.success() && said.contains("verdict: a session resumed by id\n"), "{said}");
        assert!(said.contains("  session: of a connection that is not in here\n"), "{said}");
    }
    let ticket = run(&["explain", "--hex", "--json"], b"< 04000009 00000e10 0003010203");
    let object: Value = serde_json::from_slice(&ticket.stdout).expect("JSON");
    let expected = serde_json::json!({"lifetime_hint": 3600, "ticket": "010203"});
    assert_eq!(object["events"][1]["message"], expected);
    let wrong = run(&["explain", "--hex"], b"xy");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text(&wrong.stderr).contains("line 1: 'x' is no digit of a byte in hexadecimal"));
}

#[test]
fn bad_files_are_refused_with_a_sentence() {
    let folder = Folder::new("bad-captures");
    let whole = of(&segments(&recorded("full_with_ticket"), 1000), &v4());
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.0.join(name);
        fs::write(&path, bytes).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    for (path, why) in [
        ("/nonexistent".to_owned(), "No such file"),
        (write("empty", b""), "this file is empty"),
        (write("text", b"This is a text and no capture at all."), "neither a pcap nor a pcapng file"),
        (write("short", &whole.bytes[..10]), "neither a pcap nor a pcapng file"),
    ] {
        let output = run(&["explain", &path], b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(why), "{path}: {said}");
    }
    let cut = write("cut", &whole.bytes[..whole.bytes.len() - 7]);
    let output = run(&["explain", &cut], b"");
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("the file ends in the middle of a packet"));
    let none = write("none", &Capture::new(Link::Raw, Format::Pcap).bytes);
    let output = run(&["explain", &none], b"");
    assert!(text(&output.stderr).contains("there is no TLS in this capture"), "{output:?}");
}

#[test]
fn what_is_no_tls_12_is_told_as_what_it_is() {
    let http: Said = vec![
        (Side::Client, b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        (Side::Server, b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
    ];
    let (found, _) = explain("http", &of(&segments(&http, 1000), &v4()), &[]);
    assert_eq!(found[0]["verdict"]["protocol"], "HTTP without TLS");
    assert_eq!(found[0]["verdict"]["sentence"], "not TLS 1.2 but HTTP without TLS");
}

/// Deterministic: no packet, whatever is in it, ends the command in another way than it should.
#[test]
fn damaged_captures_are_read_as_far_as_they_go() {
    let folder = Folder::new("damaged-captures");
    let path = folder.0.join("capture");
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    for round in 0..40 {
        let format = [Format::Pcap, Format::Pcapng][round % 2];
        let mut capture = Capture::new(Link::ALL[round % 8], format);
        capture.add_all(&v4(), &segments(&recorded("resumed_by_ticket"), 100));
        for _ in 0..20 {
            let at = next() % capture.bytes.len();
            capture.bytes[at] = next() as u8;
        }
        fs::write(&path, &capture.bytes).expect("a file");
        let output = command(&["explain", path.to_str().expect("UTF-8")]).output().expect("the command");
        assert!(matches!(output.status.code(), Some(0 | 1)), "round {round}: {output:?}");
    }
}

#[test]
fn serve_and_connect_explain_their_own_connections_on_standard_error() {
    let serving = Serving::start(&["--explain"]);
    let address = format!("localhost:{}", serving.port);
    let output = run(&["connect", &address, "--insecure", "--explain", "--reconnect", "1"], b"");
    let said = text(&output.stderr);
    assert!(
        said.contains("verdict: a full handshake: the client offered no session; a ticket is issued"),
        "{said}"
    );
    let agreed = "agreed: TLSv1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, extended master secret, no ALPN, for localhost";
    assert!(said.contains(agreed), "{said}");
    assert!(said.contains("verdict: a session resumed by ticket"), "{said}");
    assert!(said.contains("session: the one that connection 1 made"), "{said}");
    // Which of them ends first there is up to the threads of the server.
    let mut told = [serving.says_up_to("  agreed: "), serving.says_up_to("  agreed: ")].concat().join("\n");
    if !told.contains("  session: ") {
        told += &serving.says_up_to("  session: ").join("\n");
    }
    let made_by_first = "session: the one that connection 1 made";
    for each in ["Connection 1: ", "Connection 2: ", "NewSessionTicket", made_by_first] {
        assert!(told.contains(each), "{each}: {told}");
    }
}

#[test]
fn a_session_is_told_to_be_of_a_connection_that_has_not_ended_yet() {
    let serving = Serving::start(&["--explain", "--echo"]);
    let folder = Folder::new("explain-open");
    let file = folder.0.join("session");
    let file = file.to_str().expect("UTF-8");
    let address = format!("localhost:{}", serving.port);
    let mut open = command(&["connect", &address, "--insecure", "--close-on-eof", "--session-out", file]);
    let mut open = open.spawn().expect("the command");
    let (mut input, mut output) = (open.stdin.take().expect("a pipe"), open.stdout.take().expect("a pipe"));
    input.write_all(b"x").expect("an input");
    output.read_exact(&mut [0]).expect("an echo");
    serving.call(&["--insecure", "--close-on-eof", "--session-in", file], b"");
    let second = serving.says_up_to("  session: ").join("\n");
    assert!(second.contains("Connection 2: ") && !second.contains("Connection 1: "), "{second}");
    assert!(second.contains("session: the one that connection 1 made"), "{second}");
    drop(input);
    assert!(open.wait().expect("an end").success());
    let first = serving.says_up_to("  agreed: ").join("\n");
    assert!(first.contains("Connection 1: "), "{first}");
}

/// A connection of which the client's hello is missing: what would be in it is not known not to be there.
#[test]
fn what_is_in_bytes_that_are_missing_is_not_told_to_be_absent() {
    let said = recorded("full_with_ticket");
    let all = segments(&said, usize::MAX);
    let first = all.iter().position(|segment| !segment.payload.is_empty()).expect("a hello");
    let without: Vec<Segment> =
        all.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, segment)| segment.clone()).collect();
    let (told, _) = explain("explain-unknown", &of(&without, &v4()), &[]);
    let verdict = &told[0]["verdict"];
    for name in ["extended_master_secret", "server_name", "reason"] {
        assert!(verdict[name].is_null(), "{name}: {verdict}");
    }
    assert_eq!(verdict["handshake"], "full");
}

#[test]
fn a_line_for_each_connection_is_enough_for_many() {
    let folder = Folder::new("explain-brief");
    let path = folder.0.join("capture");
    fs::write(&path, of(&segments(&recorded("full_with_ticket"), usize::MAX), &v4()).bytes).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let output = run(&["explain", "--brief", path], b"");
    let said = text(&output.stdout);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("    1  ") && said.contains("192.0.2.7:40000 -> 198.51.100.1:443"), "{said}");
    assert!(said.contains("a full handshake: the client offered no session"), "{said}");
    let output = run(&["explain", "--stream", "0", path], b"");
    assert!(text(&output.stderr).contains("its only one has the number 1"), "{}", text(&output.stderr));
    // And from a pipe.
    let output = run(&["explain", "--brief", "-"], &fs::read(path).expect("a file"));
    assert_eq!(text(&output.stdout), said);
}

#[test]
fn a_hello_that_is_cut_is_told_to_be() {
    let hello = "1603010082010000 7e0303";
    let output = run(&["explain", "--hex", "-"], hello.as_bytes());
    let said = text(&output.stdout);
    assert!(
        said.contains("the client's last record (handshake) is cut: 6 of its 130 bytes are there"),
        "{said}"
    );
}
