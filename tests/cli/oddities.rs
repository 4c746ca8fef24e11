//! What else is found in captures: fragments, odd segments of TCP, several interfaces, files that are none.

use std::{fs, net::IpAddr};

use serde_json::Value;
use tls12::schedule::Side;

use super::{
    explaining::{ends, events, explain, names, of, recorded, two_visits, v4},
    files::Folder,
    pcap::{Capture, Ends, Format, Link, Segment, block, segments, words},
    running::{run, text},
};

fn v6() -> Ends {
    ends("[2001:db8::7]:40000", "[2001:db8::1]:443")
}

/// The fragments of a packet, each of so many bytes.
fn fragments(packet: &[u8], ends: &Ends, identification: u8, piece: usize) -> Vec<Vec<u8>> {
    let (header, body) = packet.split_at(if matches!(ends.client.ip(), IpAddr::V4(_)) { 20 } else { 40 });
    let count = body.len().div_ceil(piece);
    let fragment = |(n, part): (usize, &[u8])| {
        let more = u16::from(n + 1 < count);
        let offset = (n * piece) as u16;
        let mut header = header.to_vec();
        if header.len() == 20 {
            header[2..4].copy_from_slice(&(20 + part.len() as u16).to_be_bytes());
            header[5] = identification;
            header[6..8].copy_from_slice(&(more * 0x2000 + offset / 8).to_be_bytes());
        } else {
            header[4..6].copy_from_slice(&(8 + part.len() as u16).to_be_bytes());
            header[6] = 44;
            let [high, low] = (offset | more).to_be_bytes();
            header.extend([6, 0, high, low, 0, 0, 0, identification]);
        }
        [&header, part].concat()
    };
    body.chunks(piece).enumerate().map(fragment).collect()
}

/// As in transfers of active FTP (RFC 4217, 7): the server calls, and is the server of TLS all the same.
#[test]
fn the_client_is_who_says_its_hello_whoever_called() {
    let (transfer, called) = (ends("198.51.100.1:20", "192.0.2.7:40001"), v4());
    let [first, second] = two_visits();
    let mut capture = of(&segments(&first, 900), &called);
    for said in [&second, &first] {
        let turned: Vec<_> = said.iter().map(|(side, bytes)| (side.peer(), bytes.clone())).collect();
        capture.add_all(&transfer, &segments(&turned, 300));
    }
    let (found, notes) = explain("active-ftp", &capture, &[]);
    let (passive, _) = explain("passive-ftp", &of(&segments(&second, 300), &called), &[]);
    assert_eq!((found.len(), notes.as_str()), (3, ""));
    assert_eq!([&found[1]["client"], &found[1]["server"]], ["192.0.2.7:40001", "198.51.100.1:20"]);
    assert_eq!(found[1]["verdict"]["handshake"], "resumed by ticket");
    assert_eq!(found[1]["session"]["ticket"]["made_by"], 1, "{}", found[1]["session"]);
    assert_eq!(events(&found[1]), events(&passive[0]));
    assert_eq!(found[2]["verdict"]["handshake"], "full");
    assert!(found.iter().all(|connection| connection["notes"].as_array().is_some_and(Vec::is_empty)));
}

/// A capture in which every packet is in fragments, changed by `change`.
fn in_fragments(ends: &Ends, change: impl Fn(usize, &mut Vec<Vec<u8>>)) -> Capture {
    let mut capture = Capture::new(Link::Ethernet, Format::Pcapng);
    for (n, segment) in segments(&recorded("full_with_ticket"), 900).iter().enumerate() {
        let mut all = fragments(&ends.packet(segment), ends, n as u8, 64);
        change(n, &mut all);
        all.iter().for_each(|fragment| capture.add(fragment));
    }
    capture
}

#[test]
fn fragments_of_packets_are_put_together() {
    let (plain, _) = explain("no-fragments", &of(&segments(&recorded("full_with_ticket"), 900), &v4()), &[]);
    for ends in [v4(), v6()] {
        let backwards = in_fragments(&ends, |n, all| {
            if n % 2 == 0 {
                all.reverse()
            }
        });
        let (found, notes) = explain("fragments", &backwards, &[]);
        assert_eq!((&found[0]["verdict"], notes.as_str()), (&plain[0]["verdict"], ""));
    }
}

#[test]
fn packets_whose_fragments_are_missing_or_overlap_are_missing_and_said_to_be() {
    for ends in [v4(), v6()] {
        // The last one with bytes of the client: what follows says that it was there.
        let lost = in_fragments(&ends, |n, all| {
            if n == 5 {
                drop(all.remove(1))
            }
        });
        let (found, notes) = explain("lost-fragments", &lost, &[]);
        assert!(
            notes.contains("1 IP packets are left out, for not all their fragments are there"),
            "{notes}"
        );
        assert!(names(&found[0]).contains(&"missing".to_owned()), "{found:?}");
        let other = |n, all: &mut Vec<Vec<u8>>| {
            if n == 5 {
                let mut again = all[0].clone();
                *again.last_mut().expect("bytes") ^= 1;
                all.insert(1, again);
            }
        };
        let (found, notes) = explain("overlapping-fragments", &in_fragments(&ends, other), &[]);
        assert!(notes.contains("1 IP packets are left out, for their fragments overlap"), "{notes}");
        assert!(names(&found[0]).contains(&"missing".to_owned()), "{found:?}");
    }
}

/// What is told of these segments is what is told of the plain ones.
#[track_caller]
fn same_as_plain(name: &str, changed: &[Segment]) {
    let (plain, _) = explain(name, &of(&segments(&recorded("full_with_ticket"), 300), &v4()), &[]);
    let (found, _) = explain(name, &of(changed, &v4()), &[]);
    assert_eq!(found.len(), 1, "{name}");
    assert_eq!(names(&found[0]), names(&plain[0]), "{name}");
    assert_eq!(found[0]["verdict"], plain[0]["verdict"], "{name}");
}

#[test]
fn what_tcp_says_beside_its_bytes_changes_nothing() {
    let all = segments(&recorded("full_with_ticket"), 300);
    // RFC 9293, 3.8.4: one byte that the other side has, or none.
    let mut alive = all.clone();
    for at in (6..alive.len() - 2).rev() {
        let mut segment = all[at].clone();
        segment.sequence = segment.sequence.wrapping_sub(1);
        segment.payload = if at % 2 == 0 { vec![] } else { vec![0x16] };
        alive.insert(at, segment);
    }
    same_as_plain("keep-alive", &alive);
    let mut reset = all.clone();
    reset.truncate(all.len() - 2);
    let last = all[all.len() - 2].clone();
    reset.push(Segment { flags: 4 | 16, payload: vec![21, 3, 3, 0, 2, 2, 40], ..last });
    same_as_plain("reset", &reset);
    let mut late = all.clone();
    late.swap(0, 1);
    same_as_plain("late-syn", &late);
    let mut again = all.clone();
    again.insert(1, all[0].clone());
    again.insert(3, all[1].clone());
    same_as_plain("syn-again", &again);
}

#[test]
fn what_follows_a_connection_that_is_left_out_is_left_out_too() {
    let said = segments(&recorded("full_with_ticket"), 900);
    let (plain, _) = explain("few", &of(&said, &v4()), &[]);
    let mut capture = of(&said, &v4());
    for n in 0..19_999_u32 {
        let client = format!("10.0.{}.{}:1000", n >> 8, n & 255);
        capture.add(&ends(&client, "198.51.100.1:443").packet(&said[0]));
    }
    // The first port again.
    let mut again = said;
    again.iter_mut().for_each(|segment| segment.sequence = segment.sequence.wrapping_add(77));
    capture.add_all(&v4(), &again);
    let (found, notes) = explain("many", &capture, &[]);
    assert!(notes.contains(" 1 connections are left out, for there are too many"), "{notes}");
    assert_eq!(found, plain);
}

#[test]
fn data_in_the_first_segment_are_the_first_data() {
    // RFC 7413: the SYN has data, and they count from the number after its own.
    let mut all = segments(&recorded("full_with_ticket"), 3000);
    let hello = all.remove(3);
    all[0].payload = hello.payload;
    same_as_plain("fast-open", &all);
}

#[test]
fn each_direction_is_explained_without_the_other() {
    let all = segments(&recorded("full_with_ticket"), 300);
    let of_side = |side| all.iter().filter(|segment| segment.from == side).cloned().collect::<Vec<_>>();
    let (found, _) = explain("client-alone", &of(&of_side(Side::Client), &v4()), &[]);
    assert_eq!(
        names(&found[0]),
        ["ClientHello", "ClientKeyExchange", "change_cipher_spec", "encrypted_finished"]
    );
    assert_eq!(found[0]["verdict"]["progress"], "ClientHello");
    let (found, _) = explain("server-alone", &of(&of_side(Side::Server), &v4()), &[]);
    assert_eq!(found[0]["server"], "198.51.100.1:443");
    assert_eq!(names(&found[0])[..2], ["ServerHello", "Certificate"]);
    assert_eq!(found[0]["verdict"]["handshake"], "full");
    assert_eq!(found[0]["verdict"]["sentence"].as_str().map(|text| text.contains("ClientHello")), Some(true));
}

#[test]
fn packets_without_a_length_are_as_long_as_what_was_captured() {
    // What a network card cuts into packets is captured before it does.
    for ends in [v4(), v6()] {
        let mut capture = Capture::new(Link::Raw, Format::Pcap);
        for segment in segments(&recorded("full_with_ticket"), 3000) {
            let mut packet = ends.packet(&segment);
            let at = if matches!(ends.client.ip(), IpAddr::V4(_)) { 2 } else { 4 };
            packet[at..at + 2].fill(0);
            capture.add_cut(&packet, 500);
        }
        let (found, _) = explain("no-length", &capture, &[]);
        let names = names(&found[0]);
        let place = |name: &str| names.iter().position(|found| found == name);
        // It is missed at once, and not when what follows does not fit.
        assert!(place("ServerHello") < place("missing"), "{names:?}");
        assert!(place("missing") < place("ClientKeyExchange"), "{names:?}");
    }
}

#[test]
fn interfaces_of_one_file_have_their_own_links_and_times() {
    let mut capture = Capture::new(Link::Ethernet, Format::Pcapng);
    // if_tsresol: nanoseconds.
    let nanoseconds = words(&[0x0001_0009, 9, 0]);
    capture.bytes.extend(block(1, &[words(&[113, 0]), nanoseconds].concat()));
    let begin = 1_800_000_000_000_000_000_u64;
    for (n, segment) in segments(&recorded("full_with_ticket"), 900).iter().enumerate() {
        let (interface, link, time) = match n % 2 {
            0 => (0, Link::Ethernet, begin / 1000 + 250 * n as u64),
            _ => (1, Link::Cooked, begin + 250_000 * n as u64),
        };
        let frame = link.frame(&v4().packet(segment));
        let length = frame.len() as u32;
        let head = words(&[interface, (time >> 32) as u32, time as u32, length, length]);
        capture.bytes.extend(block(6, &[head, frame].concat()));
    }
    let (found, notes) = explain("interfaces", &capture, &[]);
    assert_eq!((found.len(), notes.as_str()), (1, ""));
    assert_eq!(found[0]["time"], "2027-01-15T08:00:00.000Z");
    assert_eq!(found[0]["events"][0]["microseconds"], 750);
    assert_eq!(found[0]["verdict"]["handshake"], "full");
}

#[test]
fn what_comes_before_the_damage_of_a_file_is_told() {
    for format in [Format::Pcap, Format::Pcapng] {
        let mut capture = Capture::new(Link::Raw, format);
        let packets = segments(&recorded("full_with_ticket"), 900);
        capture.add_all(&v4(), &packets);
        let (plain, _) = explain("before-damage", &capture, &[]);
        capture.bytes.extend(words(&[6, u32::MAX - 3, u32::MAX, u32::MAX]));
        capture.bytes.extend([7; 100]);
        capture.add_all(&v4(), &packets);
        // Longer than a packet can be, so that the length is no reason to wait for more.
        capture.bytes.extend(vec![0; 65 << 20]);
        let (found, notes) = explain("damage", &capture, &[]);
        assert!(notes.contains("the file is damaged, and what follows is left out"), "{format:?}: {notes}");
        assert_eq!(found, plain, "{format:?}");
    }
}

#[test]
fn times_beyond_all_calendars_are_no_trouble() {
    for (resolution, offset) in [(9, i64::MAX), (0x80, i64::MIN), (0xff, 0), (0x3f, -1)] {
        let mut capture = Capture::new(Link::Ethernet, Format::Pcapng);
        let options =
            [words(&[0x0001_0009, resolution, 0x0008_000e]), offset.to_le_bytes().to_vec()].concat();
        capture.bytes.extend(block(1, &[words(&[1, 0]), options, words(&[0])].concat()));
        for (n, segment) in segments(&recorded("full_with_ticket"), 900).iter().enumerate() {
            let frame = Link::Ethernet.frame(&v4().packet(segment));
            let length = frame.len() as u32;
            let time = if n % 2 == 0 { u32::MAX } else { 0 };
            capture.bytes.extend(block(6, &[words(&[1, time, time, length, length]), frame].concat()));
        }
        let (found, _) = explain("times", &capture, &[]);
        assert_eq!(found[0]["verdict"]["handshake"], "full", "{resolution}");
    }
}

#[test]
fn compressed_files_are_refused_with_the_name_of_what_decompresses_them() {
    let folder = Folder::new("compressed");
    let path = folder.0.join("capture");
    for (first, by) in [
        (&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0][..], "gzip"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0], "zstd"),
        (b"\xfd7zXZ\0", "xz"),
        (&[4, 0x22, 0x4d, 0x18], "lz4"),
        (b"BZh9", "bzip2"),
    ] {
        fs::write(&path, first).expect("a file");
        let output = run(&["explain", path.to_str().expect("UTF-8")], b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(&format!("this file is compressed: decompress it with {by} before")), "{said}");
    }
}

#[test]
fn what_comes_before_tls_is_counted_in_text_and_in_json() {
    let mut said = vec![
        (Side::Server, b"220 mail\r\n".to_vec()),
        (Side::Client, b"STARTTLS\r\n".to_vec()),
        (Side::Server, b"220 go ahead\r\n".to_vec()),
    ];
    said.extend(recorded("full_with_ticket"));
    let capture = of(&segments(&said, 500), &v4());
    let (found, _) = explain("starttls", &capture, &[]);
    let verdict = &found[0]["verdict"];
    assert_eq!((&verdict["client_preamble"], &verdict["server_preamble"]), (&10.into(), &24.into()));
    assert_eq!((&verdict["protocol"], &verdict["handshake"]), (&"TLS 1.2".into(), &"full".into()));
    let names = names(&found[0]);
    // That the first bytes are no TLS is withdrawn.
    assert_eq!(names[..4], ["preamble", "ClientHello", "preamble", "ServerHello"], "{names:?}");
    let folder = Folder::new("starttls-text");
    let path = folder.0.join("capture");
    fs::write(&path, &capture.bytes).expect("a file");
    let said = text(&run(&["explain", path.to_str().expect("UTF-8")], b"").stdout);
    let (client, server) = (said.find("  (10 bytes before TLS)"), said.find("  (24 bytes before TLS)"));
    assert!(client.is_some() && client < server && !said.contains("no TLS at all"), "{said}");
}

#[test]
fn texts_that_are_too_long_are_refused_and_not_cut() {
    let folder = Folder::new("too-long");
    let long = folder.write_text("long", &"# a comment\n".repeat(6 << 20));
    for args in [&["explain", "--hex", &long][..], &["explain", "--hex", "-", "--keylog", &long]] {
        let output = run(args, b"1603");
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains("this is longer than the 64 MiB"), "{said}");
    }
}

#[test]
fn names_that_would_move_a_cursor_are_told_and_move_none() {
    let name = b"\x1b[2J\x1b]0;x\x07\r\n\x9b\xc2\x9b\xe2\x80\xae\xff\"\\\x7f";
    let n = name.len() as u8;
    let server_name = [&[0, 0, 0, n + 5, 0, n + 3, 0, 0, n][..], name].concat();
    let alpn = [&[0, 16, 0, n + 3, 0, n + 1, n][..], name].concat();
    let extensions = [&server_name[..], &alpn].concat();
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0, 0, extensions.len() as u8], &extensions]
        .concat();
    let hello = [&[1, 0, 0, body.len() as u8], &body[..]].concat();
    let input: String = hello.iter().map(|byte| format!("{byte:02x}")).collect();
    let told = text(&run(&["explain", "--hex"], input.as_bytes()).stdout);
    let json = text(&run(&["explain", "--hex", "--json"], input.as_bytes()).stdout);
    let object: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(object["verdict"]["server_name"], String::from_utf8_lossy(name).as_ref());
    assert!(told.contains("server_name: \"\\u001b[2J"), "{told}");
    for said in [&told, &json] {
        let moves = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(moves), "{said:?}");
    }
}
