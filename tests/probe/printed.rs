//! What a person sees, and how the command ends.

use std::io::{Read, Write};

use tls12::session::Resumption;

use super::{
    running::run,
    scripted::{Quirk, Scripted},
    serving::{Ours, Serving, ring},
};
use crate::files::Folder;

fn text(serving: &Serving, more: &[&str]) -> (Option<i32>, String) {
    let output = run(&[&[&serving.target()[..], "--address", "127.0.0.1"], more].concat());
    (output.status.code(), String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn the_report_is_read_from_top_to_bottom() {
    let server = Ours::new(Resumption::new(ring(1))).start();
    let (code, text) = text(&server, &["--count", "4"]);
    assert_eq!(code, Some(0));
    let mut rest = text.as_str();
    for expected in [
        "tls12 probe a.example:",
        " (a.example): at most ",
        " connections to 1 address, 2 at a time\n",
        "Sessions are resumed: tickets work; session IDs work.\n",
        "address",
        "127.0.0.1:",
        "work: 4 of 4",
        ", 2 RTT",
        ", 1 RTT",
        "not verified",
        "Findings\n  none\n",
        "agreed on     TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, x25519",
        "lifetime hint 36000 s",
        "session ID    32 bytes where no ticket is asked for, none where one is\n",
        "same session 4 of 4 (51 to 100 %)",
        "behind it     1 server or more, with 1 set of ticket keys or more\n",
        "Rules at 127.0.0.1:",
        "kept   R18 ticket  half a ticket: a full handshake",
        " connections were tried, of ",
    ] {
        let at =
            rest.find(expected).unwrap_or_else(|| panic!("no {expected:?} where it should be in\n{text}"));
        rest = &rest[at + expected.len()..];
    }
    assert!(!text.contains('\x1b'), "colours are for terminals");
}

#[test]
fn the_page_is_one_file_that_loads_nothing() {
    let server = Ours::new(Resumption::new(ring(1))).start();
    let folder = Folder::new("probe-page");
    let page = folder.0.join("page.html");
    let html = page.to_str().expect("UTF-8");
    let (code, _) = text(&server, &["--count", "3", "--html", html, "--address", "127.0.0.3"]);
    assert_eq!(code, Some(0));
    let page = std::fs::read_to_string(&page).expect("a page");
    let complete = page.starts_with("<!DOCTYPE html>") && page.ends_with("</body></html>\n");
    assert!(complete && page.contains("work: 3 of 3") && page.contains("<svg "), "{page}");
    for outside in ["<script", "src=", "href=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(outside), "{outside} in {page}");
    }
}

#[test]
fn no_secret_is_printed_in_any_form() {
    let folder = Folder::new("probe-secrets");
    let html = folder.0.join("page.html").to_str().expect("UTF-8").to_owned();
    for form in [&["--html", &html][..], &["--json"]] {
        let server = Scripted::new(Quirk::OnceRenewed);
        let (code, mut text) = text(&server.start(), form);
        assert_eq!(code, Some(0));
        text += &std::fs::read_to_string(&html).expect("a page");
        let (text, secrets) = (text.to_lowercase(), server.secrets());
        assert!(secrets.len() > 20, "sessions were made");
        for secret in secrets {
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
    }
}

#[test]
fn nothing_that_can_be_reached_is_told_by_the_exit_code() {
    let gone = Serving::start(|_| {});
    let target = gone.target();
    drop(gone);
    let output = run(&[&target, "--address", "127.0.0.1"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("The server cannot be reached."), "{text}");
    assert!(text.contains("No handshake: nobody listens there (the connection was refused)\n"), "{text}");
    assert!(text.contains("Is it the right port"), "{text}");
    assert!(text.contains("2 connections were tried"), "{text}");
    let output = run(&["nobody.invalid"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "No address is found for nobody.invalid:443.\n");
    for wrong in
        [&[][..], &["a.example:x"], &["a.example", "--count", "1"], &["a.example", "--client-cert", "f"]]
    {
        assert_eq!(run(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let output = run(&["a.example", "--ca", "/nonexistent"]);
    assert_eq!(output.status.code(), Some(2));
}

/// Reads a hello and answers with these bytes.
fn answers(bytes: &'static [u8]) -> Serving {
    Serving::start(move |mut tcp| {
        let mut hello = [0; 2048];
        let _ = tcp.read(&mut hello);
        let _ = tcp.write_all(bytes);
        let _ = tcp.read(&mut hello);
    })
}

#[test]
fn a_server_without_tls_1_2_is_told_as_such() {
    let (code, report) = text(&answers(&[21, 3, 3, 0, 2, 2, 70]), &[]);
    assert_eq!(code, Some(1));
    assert!(
        report.contains(
            "it does not speak TLS 1.2: the server sent the alert protocol_version after our hello"
        ),
        "{report}"
    );

    // Its ServerHello has supported_versions, which says 1.3.
    let mut newer = vec![22, 3, 3, 0, 50, 2, 0, 0, 46, 3, 3];
    newer.extend([7; 32]);
    newer.extend([0, 0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
    let (code, report) = text(&answers(newer.leak()), &[]);
    assert_eq!(code, Some(0));
    assert!(report.contains("The server speaks TLS 1.3 only"), "{report}");
}

/// Says this first, and then waits for the client to go.
fn greets(bytes: &'static [u8]) -> Serving {
    Serving::start(move |mut tcp| {
        let _ = tcp.write_all(bytes);
        let _ = tcp.read_to_end(&mut Vec::new());
    })
}

#[test]
fn where_nothing_can_be_judged_each_reason_has_its_sentence_and_its_advice() {
    let quick = ["--timeout", "400ms"];
    let with = |preamble| ["--timeout", "400ms", "--preamble", preamble];
    let no_protocol = [21, 3, 3, 0, 2, 2, 120].as_slice();
    for (server, more, sentence, advice) in [
        (
            answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            &quick[..],
            "the server does not answer with TLS, but with \"HTTP/1.1 400 Bad Request\"",
            "This is HTTP without TLS.",
        ),
        (answers(b"<!DOCTYPE HTML>\n<html>"), &quick, "<!DOCTYPE HTML>", "This is HTTP without TLS."),
        (greets(b"220 hi\r\n"), &quick, "but with \"220 hi\"", "--preamble smtp, imap or ftp"),
        (greets(b"hi\r\n"), &quick, "but with \"hi\"", "This is not TLS."),
        (answers(b""), &quick, "the server did not answer in time after our hello", "says nothing"),
        (answers(no_protocol), &quick, "the alert no_application_protocol after our hello", "--alpn '' none"),
        (
            answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            &with("postgres"),
            "before TLS, the server said \"HTTP/1.1 400 Bad Request\"",
            "Try without --preamble",
        ),
        (
            answers(&[21, 3, 1, 0, 2, 2, 10]),
            &with("postgres"),
            "before TLS, the server answered with TLS already",
            "Try without --preamble",
        ),
        (
            answers(b""),
            &with("smtp"),
            "the server did not answer in time to what was said before TLS",
            "Try without --preamble",
        ),
    ] {
        let (code, report) = text(&server, more);
        // Lines are broken where they are long.
        let flat = report.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(code, Some(1), "{report}");
        assert!(flat.contains(sentence) && flat.contains(advice), "{sentence}, {advice}: {report}");
        assert!(flat.contains("[medium] No handshake: ") && !flat.contains("ECDHE"), "{report}");
    }
}

#[test]
fn a_page_that_cannot_be_written_is_told_before_anybody_is_called() {
    let server = Serving::start(|_| panic!("nobody is called"));
    let output = run(&[&server.target(), "--address", "127.0.0.1", "--html", "/nonexistent/page.html"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("/nonexistent/page.html cannot be written"), "{errors}");
}

#[test]
fn json_is_announced_beside_it() {
    let server = Ours::new(Resumption::new(ring(1))).start();
    let output = run(&[&server.target(), "--address", "127.0.0.1", "--count", "2", "--json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("(a.example): at most ") && errors.lines().count() == 1, "{errors}");
    assert_eq!((output.status.code(), output.stdout.first()), (Some(0), Some(&b'{')));
}

#[test]
fn no_protocol_is_offered_where_none_is_wanted() {
    let server = Ours::new(Resumption::new(ring(1))).start();
    let (code, text) = text(&server, &["--count", "2", "--alpn", ""]);
    assert_eq!(code, Some(0));
    assert!(text.contains(", protocol none\n"), "{text}");
}
