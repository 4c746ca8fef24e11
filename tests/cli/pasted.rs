//! `tls12 explain --hex` on what other programs show.

use std::fmt::Write;

use serde_json::Value;
use tls12::schedule::Side;

use super::{
    explaining::{names, recorded},
    files::Folder,
    running::{run, text},
};

/// As `openssl s_client -msg` and `openssl s_server -msg` show it to whoever is on this side: headings, then bytes; what
/// is encrypted by the headers of the records alone.
fn shown(ours: Side, flow: &str) -> String {
    let mut shown =
        String::from("CONNECTED(00000003)\nCan't use SSL_get_servername\ndepth=0 CN = localhost\n");
    let mut dump = |from: Side, what: &str, bytes: &[u8]| {
        let sign = if from == ours { ">>>" } else { "<<<" };
        writeln!(shown, "{sign} TLS 1.2, {what}").expect("room");
        for row in bytes.chunks(16) {
            let row: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(shown, "    {}", row.join(" ")).expect("room");
        }
    };
    let mut encrypted = [false, false];
    for (from, bytes) in recorded(flow) {
        let mut rest = &bytes[..];
        while let [kind, _, _, high, low, ..] = rest {
            let (record, more) = rest.split_at(5 + usize::from(u16::from_be_bytes([*high, *low])));
            let is_encrypted = &mut encrypted[usize::from(from == Side::Server)];
            dump(from, "RecordHeader [length 0005]", &record[..5]);
            match kind {
                20 => *is_encrypted = true,
                22 if *is_encrypted => dump(from, "Handshake [length 0010], Finished", &[20; 16]),
                22 => {
                    dump(from, &format!("Handshake [length {:04x}], a name", record.len() - 5), &record[5..])
                }
                _ => {}
            }
            rest = more;
        }
    }
    shown
        + "---\nServer certificate\n-----BEGIN CERTIFICATE-----\nMIIDQjCCAiqgAwIBAgIUbVLAmAbcT2OZPu7nda0K\n-----END CERTIFICATE-----\nSSL-Session:\n    Protocol  : TLSv1.2\n    0000 - 16 74 b8 8d 4c b6   .t..L.\nDONE\n"
}

fn explained(input: &str, args: &[&str]) -> Value {
    let output = run(&[&["explain", "--hex", "--json"], args].concat(), input.as_bytes());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

#[test]
fn what_openssl_shows_of_a_connection_is_read_on_either_side() {
    for (flow, handshake) in [("full_with_ticket", "full"), ("resumed_by_ticket", "resumed by ticket")] {
        let client = explained(&shown(Side::Client, flow), &[]);
        assert_eq!(client["verdict"]["handshake"], handshake, "{client}");
        assert_eq!(client["verdict"]["progress"], "complete");
        assert_eq!(names(&client)[..2], ["ClientHello", "ServerHello"]);
        assert_eq!(client["notes"], Value::Array(vec![]));
        assert_eq!(explained(&shown(Side::Server, flow), &[]), client);
        // The same as of the bytes themselves.
        let bytes: String = recorded(flow)
            .iter()
            .map(|(from, bytes)| {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("{} {digits}\n", if *from == Side::Client { ">" } else { "<" })
            })
            .collect();
        assert_eq!(explained(&bytes, &[])["verdict"], client["verdict"]);
    }
}

#[test]
fn secrets_are_of_no_use_for_what_openssl_shows_and_that_is_said() {
    let folder = Folder::new("openssl-keys");
    let keys = folder.write_text("keys", &format!("CLIENT_RANDOM {} {}\n", "07".repeat(32), "08".repeat(48)));
    let told = explained(&shown(Side::Client, "full_with_ticket"), &["--keylog", &keys]);
    assert_eq!(told["verdict"]["handshake"], "full");
    assert!(told["notes"][0].as_str().expect("a note").contains("nothing is decrypted"), "{told}");
}

#[test]
fn what_openssl_shows_only_in_part_is_refused_or_said_to_be_cut() {
    let all = shown(Side::Client, "full_with_ticket");
    let lines: Vec<&str> = all.lines().collect();
    let row = lines.iter().position(|line| line.starts_with("    01 00 ")).expect("a hello");
    let without = [&lines[..row], &lines[row + 1..]].concat().join("\n");
    let output = run(&["explain", "--hex"], without.as_bytes());
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains(&format!("line {row}: of these ")) && said.contains(" bytes "), "{said}");
    let cut = explained(&lines[..row + 2].join("\n"), &[]);
    assert!(cut["notes"][0].as_str().expect("a note").contains("is cut: 32 of its"), "{cut}");
}

#[test]
fn each_connection_that_openssl_shows_is_told_with_its_session() {
    let both = [shown(Side::Client, "full_with_ticket"), shown(Side::Client, "resumed_by_ticket")].concat();
    let output = run(&["explain", "--hex", "--json"], both.as_bytes());
    let told: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [full, resumed] = &told[..] else { panic!("{told:?}") };
    assert_eq!(full["verdict"], explained(&shown(Side::Client, "full_with_ticket"), &[])["verdict"]);
    assert_eq!(resumed["verdict"], explained(&shown(Side::Client, "resumed_by_ticket"), &[])["verdict"]);
    assert_eq!((&full["connection"], &resumed["connection"]), (&1.into(), &2.into()));
    assert!(!resumed["session"].is_null(), "{resumed}");
}

#[test]
fn bytes_around_that_are_no_text_hide_nothing() {
    let all = shown(Side::Client, "full_with_ticket");
    let expected = explained(&all, &[]);
    let output = run(&["explain", "--hex", "--json"], &[&b"caf\xe9 \xff\n"[..], all.as_bytes()].concat());
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told, expected);
}

/// OpenSSL, GnuTLS and browsers offer much that this crate does not speak.
#[test]
fn what_is_offered_is_named_also_where_this_crate_does_not_speak_it() {
    let suites = [0x0a, 0x0a, 0xc0, 0x13, 0x00, 0x9e, 0x13, 0x01, 0x56, 0x00];
    let extensions =
        [0, 22, 0, 0, 0x4a, 0x4a, 0, 0, 0, 10, 0, 6, 0, 4, 1, 0, 0x3a, 0x3a, 0, 13, 0, 4, 0, 2, 3, 3];
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 10], &suites, &[1, 0, 0, extensions.len() as u8], &extensions];
    let body = body.concat();
    let hello = [&[1, 0, 0, body.len() as u8][..], &body].concat();
    let digits: String = hello.iter().map(|byte| format!("{byte:02x}")).collect();
    let said = text(&run(&["explain", "--hex"], digits.as_bytes()).stdout);
    for line in [
        "cipher_suites:\n        GREASE\n        TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA\n        TLS_DHE_RSA_WITH_AES_128_GCM_SHA256\n        TLS_AES_128_GCM_SHA256\n        TLS_FALLBACK_SCSV\n",
        "encrypt_then_mac: empty\n        GREASE: empty\n        supported_groups: ffdhe2048, GREASE\n        signature_algorithms: ecdsa_sha224\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let object = explained(&digits, &[]);
    let first = &object["events"][1]["message"]["cipher_suites"][0];
    assert_eq!((&first["code"], &first["name"]), (&0x0a0a.into(), &"GREASE".into()));
}
