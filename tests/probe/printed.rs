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
        "same session 4 of 4 (51 to 100 %)",
        "Rules at 127.0.0.1:",
        "kept   R18 ticket  half a ticket: a full handshake",
        " connections were made, of ",
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
    let output = run(&["nobody.invalid"]);
    assert_eq!(output.status.code(), Some(1));
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
    assert_eq!(code, Some(0));
    assert!(
        report.contains("it does not speak TLS 1.2: the alert protocol_version after our hello"),
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

#[test]
fn what_is_no_tls_at_all_is_told_within_the_time_allowed() {
    let (code, report) = text(&answers(b"HTTP/1.1 400 Bad Request\r\n\r\n"), &["--timeout", "500ms"]);
    assert_eq!(code, Some(0));
    assert!(report.contains("is this TLS?"), "{report}");
    let (code, report) = text(&answers(b""), &["--timeout", "300ms"]);
    assert_eq!(code, Some(0));
    assert!(report.contains("no answer in time after our hello"), "{report}");
}
