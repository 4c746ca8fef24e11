//! `serve --record`, `connect --record` and `tls12 replay`.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, thread, time::Duration};

use serde_json::Value;

use super::{
    files::Folder,
    running::{Serving, run, text},
};

/// Recordings of a folder by their names, once there are so many and each is whole.
fn recordings(folder: &Folder, count: usize) -> Vec<PathBuf> {
    for _ in 0..400 {
        let entries = fs::read_dir(folder.0.join("recordings")).expect("a folder");
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
        paths.sort();
        let done = |path: &PathBuf| {
            let text = fs::read_to_string(path).expect("a recording");
            // Both said goodbye.
            text.contains("\"failed\"")
                || text.split("\"complete\"").nth(1).is_some_and(|rest| rest.contains("\"sent\""))
        };
        if paths.len() == count && paths.iter().all(done) {
            return paths;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("there are not {count} whole recordings");
}

fn at(folder: &Folder, name: &str) -> String {
    folder.0.join(name).to_str().expect("UTF-8").to_owned()
}

fn path(path: &std::path::Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// What `tls12 replay` says, and its exit code.
fn replay(file: &str, args: &[&str]) -> (String, Option<i32>) {
    let output = run(&[&["replay", file], args].concat(), b"");
    (text(&output.stdout) + &text(&output.stderr), output.status.code())
}

#[test]
fn a_connection_that_both_sides_recorded_happens_again_on_both() {
    let folder = Folder::new("record-both");
    let place = at(&folder, "recordings");
    for (secrets, end) in [(&["--record-secrets"][..], "the same: all"), (&[], "the same up to here")] {
        let _ = fs::remove_dir_all(folder.0.join("recordings"));
        let server = Serving::start(&[&["--session-cache", "10", "--record", &place], secrets].concat());
        assert_eq!(server.says("recording up to").contains("WITH SECRETS"), !secrets.is_empty());
        let client = at(&folder, if secrets.is_empty() { "withheld" } else { "recorded" });
        let args = [&["--insecure", "--reconnect", "1", "--record", &client], secrets].concat();
        let called = server.call(&args, b"");
        assert!(called.status.success(), "{}", text(&called.stderr));
        let mut files: Vec<String> =
            recordings(&folder, 2).iter().map(|file| path(file).to_owned()).collect();
        files.extend([client.clone(), format!("{client}.2")]);
        let flows = ["full (NotOffered)", "resumed by ticket"];
        for (file, flow) in files.iter().zip(flows.iter().cycle()) {
            let (said, code) = replay(file, &[]);
            assert_eq!(code, Some(0), "{said}");
            assert!(said.contains(end) && said.contains(flow), "{said}");
            assert!(said.contains("NeedsInput: ") && said.contains("the same: "), "{said}");
            let mode = fs::metadata(file).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert_eq!(fs::metadata(&place).expect("a folder").permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_failed_handshake_is_recorded_with_its_reason() {
    let folder = Folder::new("record-failed");
    let (place, client) = (at(&folder, "recordings"), at(&folder, "client"));
    let server = Serving::start(&["--record", &place]);
    // Nobody trusts the certificate.
    assert!(!server.call(&["--record", &client], b"").status.success());
    for file in [path(&recordings(&folder, 1)[0]), &client] {
        let (said, code) = replay(file, &[]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("Failed") && said.contains("the same: all"), "{said}");
    }
    assert!(replay(&client, &[]).0.contains("refused: the certificate"));
}

#[test]
fn the_steps_are_also_json() {
    let folder = Folder::new("record-json");
    let file = at(&folder, "client");
    let server = Serving::start(&[]);
    server.call(
        &["--insecure", "--close-on-eof", "--record", &file, "--record-secrets"],
        b"GET / HTTP/1.0\r\n\r\n",
    );
    let (said, code) = replay(&file, &["--json"]);
    assert_eq!(code, Some(0), "{said}");
    let steps: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(steps[0]["step"], "recording");
    assert_eq!(steps[0]["side"], "client");
    assert_eq!(steps[0]["secrets"], true);
    assert_eq!(steps[0]["configuration"].as_str().expect("hex").len(), 64);
    assert_eq!(steps.last().expect("a step")["end"], "reached");
    let complete = steps.iter().find(|step| step["step"] == "complete").expect("a handshake");
    assert_eq!(complete["handshake"], "full (NotOffered)");
    let sent = steps.iter().find(|step| step["step"] == "sent").expect("a hello");
    assert_eq!(sent["bytes"], sent["same"]);
    assert_eq!(sent["events"][1]["event"], "message", "{sent}");
}

#[test]
fn what_is_in_each_message_is_shown_if_that_is_wanted() {
    let folder = Folder::new("record-explain");
    let file = at(&folder, "client");
    let server = Serving::start(&[]);
    server.call(&["--insecure", "--record", &file], b"GET / HTTP/1.0\r\n\r\n");
    let (said, _) = replay(&file, &["--explain"]);
    assert!(said.contains("cipher_suites:") && said.contains("supported_groups"), "{said}");
    assert!(!replay(&file, &[]).0.contains("cipher_suites:"));
}

#[test]
fn what_did_not_happen_is_found_and_is_exit_code_1() {
    let folder = Folder::new("record-changed");
    let file = at(&folder, "client");
    let server = Serving::start(&[]);
    server.call(&["--insecure", "--record", &file], b"GET / HTTP/1.0\r\n\r\n");
    let recorded = fs::read_to_string(&file).expect("a recording");
    let changed = recorded.replace("{\"verdict\":\"verified\"}", "{\"verdict\":\"revoked\"}");
    let (said, code) = replay(&folder.write_text("changed", &changed), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("DIFFERENT: byte 0 of 7 is 15, and 16 in the recording"), "{said}");
}

#[test]
fn what_is_no_recording_is_told_as_such_with_exit_code_2() {
    let folder = Folder::new("record-hostile");
    let header =
        "{\"recording\":{\"format\":1,\"version\":\"0\",\"side\":\"client\",\"secrets\":\"withheld\"}}\n";
    for (name, text, sentence) in [
        ("empty", "", "line 1: there is nothing in it"),
        ("other", "hello\n", "line 1: this is no recording of tls12"),
        ("json", "{\"a\":1}\n", "line 1: this is no recording of tls12"),
        ("format", &header.replace("1,", "9,"), "format 9 is not read"),
        ("twice", &header.repeat(2), "line 2: another recording begins"),
        (
            "garbage",
            &format!("{header}{{\"sent\":{{\"at_us\":1,\"bytes\":\"0g\"}}}}\n"),
            "line 2: what stands under \"sent\" cannot be read: this is not hex",
        ),
    ] {
        let (said, code) = replay(&folder.write_text(name, text), &[]);
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains(sentence), "{name}: {said}");
    }
    let (said, code) = replay(&at(&folder, "none"), &[]);
    assert!(code == Some(2) && said.contains("No such file"), "{said}");
}

#[test]
fn what_a_recording_says_moves_no_cursor() {
    let folder = Folder::new("record-cursor");
    let header = "{\"recording\":{\"format\":1,\"version\":\"\\u001b[31m\",\"side\":\"server\",\"secrets\":\"withheld\"}}\n";
    let lines = format!("{header}{{\"started\":{{\"now\":1}}}}\n{{\"complete\":\"\\u001b[2J\"}}\n");
    let (said, _) = replay(&folder.write_text("cursor", &lines), &[]);
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn what_is_no_line_of_a_recording_moves_no_cursor_either_and_is_not_told_at_length() {
    let folder = Folder::new("record-line");
    let header =
        "{\"recording\":{\"format\":1,\"version\":\"0\",\"side\":\"server\",\"secrets\":\"withheld\"}}\n";
    let lines = format!("{header}{{\"\\u001b[2J{}\":1}}\n", "long".repeat(10_000));
    let (said, code) = replay(&folder.write_text("line", &lines), &[]);
    assert!(
        code == Some(2) && said.contains("line 2: version ") && said.contains(" knows no line \""),
        "{said:?}"
    );
    assert!(!said.contains('\u{1b}') && said.len() < 1_000, "{said:?}");
}

#[test]
fn a_file_of_which_not_all_would_be_read_is_refused() {
    let folder = Folder::new("record-long");
    let file = folder.write_text("long", "");
    fs::File::options().write(true).open(&file).expect("a file").set_len((64 << 20) + 1).expect("room");
    let (said, code) = replay(&file, &[]);
    assert!(code == Some(2) && said.contains("longer than the 64 MiB that are read"), "{said}");
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let folder = Folder::new("record-there");
    let there = folder.write_text("there", "something");
    let server = Serving::start(&[]);
    let output = server.call(&["--insecure", "--record", &there], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("this file is there already"), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&there).expect("a file"), "something");
    let output = run(&["serve", "--listen", "127.0.0.1:0", "--record", &there], b"");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn no_more_connections_are_recorded_than_was_said() {
    let folder = Folder::new("record-most");
    let server = Serving::start(&["--record", &at(&folder, "recordings"), "--record-most", "2"]);
    for _ in 0..4 {
        assert!(server.call(&["--insecure"], b"GET / HTTP/1.0\r\n\r\n").status.success());
    }
    server.says("2 connections are recorded; no more are");
    assert_eq!(recordings(&folder, 2).len(), 2);
}

#[test]
fn a_folder_that_vanishes_costs_recordings_and_no_connection() {
    let folder = Folder::new("record-vanishes");
    let server = Serving::start(&["--record", &at(&folder, "recordings")]);
    fs::remove_dir_all(folder.0.join("recordings")).expect("a folder");
    for _ in 0..2 {
        assert!(server.call(&["--insecure"], b"GET / HTTP/1.0\r\n\r\n").status.success());
    }
    server.says("a recording ends here");
}

#[test]
fn the_last_lines_are_written_before_the_server_ends() {
    let folder = Folder::new("record-ends");
    let mut server = Serving::start(&["--record", &at(&folder, "recordings"), "--record-secrets"]);
    assert!(server.call(&["--insecure"], b"GET / HTTP/1.0\r\n\r\n").status.success());
    assert!(server.terminate().success());
    let entry = fs::read_dir(folder.0.join("recordings")).expect("a folder").next().expect("a recording");
    let (said, code) = replay(path(&entry.expect("a file").path()), &[]);
    assert!(code == Some(0) && said.contains("close_notify") && said.contains("the same: all"), "{said}");
}

#[test]
fn a_recording_that_is_cut_is_told_to_be() {
    let folder = Folder::new("record-cut");
    let file = at(&folder, "client");
    let server = Serving::start(&[]);
    server.call(&["--insecure", "--record", &file], b"GET / HTTP/1.0\r\n\r\n");
    let whole = fs::read_to_string(&file).expect("a recording");
    let lines: Vec<&str> = whole.lines().collect();
    let cut = |name: &str, lines: &[&str]| replay(&folder.write_text(name, &lines.join("\n")), &[]);
    for (name, lines) in [("one", &lines[..1]), ("some", &lines[..4])] {
        let (said, code) = cut(name, lines);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("the recording ends before the handshake did, or is not whole"), "{said}");
    }
}

#[test]
fn a_recording_says_when_and_who_called_whom() {
    let folder = Folder::new("record-note");
    let (place, file) = (at(&folder, "recordings"), at(&folder, "client"));
    let server = Serving::start(&["--record", &place]);
    server.call(&["--insecure", "--record", &file], b"GET / HTTP/1.0\r\n\r\n");
    let ends = |file: &str| {
        let said = replay(file, &[]).0;
        let line = said.lines().next().expect("a line").to_owned();
        assert!(line.contains(&format!("-> 127.0.0.1:{})", server.port)), "{line}");
        line.rsplit(", ").next().expect("addresses").to_owned()
    };
    assert_eq!(ends(&file), ends(path(&recordings(&folder, 1)[0])), "both name the same connection");
}

#[test]
fn why_a_recorded_handshake_failed_is_what_a_replay_says_of_its_end() {
    let folder = Folder::new("record-why");
    let file = at(&folder, "client");
    let server = Serving::start(&[]);
    server.call(&["--insecure", "--record", &file], b"GET / HTTP/1.0\r\n\r\n");
    let text = fs::read_to_string(&file).expect("a recording");
    // As it is where the server refuses the certificate of the client behind ChangeCipherSpec.
    let end = text
        .find("{\"received\":")
        .and_then(|first| text[first + 1..].find("{\"received\":").map(|second| first + 1 + second));
    let why = "the peer ended the connection with the alert unsupported_certificate";
    let changed = format!("{}{{\"failed\":\"{why}\"}}\n", &text[..end.expect("a second flight")]);
    let changed = folder.write_text("refused", &changed);
    let (said, code) = replay(&changed, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with(&format!("in the recording it ends with: {why}\n")), "{said}");
    let (said, _) = replay(&changed, &["--json"]);
    let last: Value = serde_json::from_str(said.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["end"], &last["outcome"]), (&"keys-needed".into(), &why.into()), "{last}");
}

#[test]
fn a_recording_of_no_common_protocol_explains_itself() {
    let folder = Folder::new("record-alpn");
    let server = Serving::start(&["--alpn", "h2", "--record", &at(&folder, "recordings")]);
    let client = at(&folder, "client");
    assert!(!server.call(&["--insecure", "--alpn", "http/1.1", "--record", &client], b"").status.success());
    let (said, code) = replay(path(&recordings(&folder, 1)[0]), &[]);
    assert_eq!(code, Some(0), "{said}");
    for line in ["\n  protocols: h2\n", "\n  client_certificates: off\n", "; the client offers no session\n"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    let (said, _) = replay(&client, &["--explain"]);
    for line in [
        "\n  protocols: http/1.1\n",
        "\n  extended_master_secret: required\n",
        "\n  groups: x25519, ",
        "offering no session\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn a_resumption_is_decided_before_it_is_sent() {
    let folder = Folder::new("record-decided");
    let server = Serving::start(&["--record", &at(&folder, "recordings")]);
    assert!(server.call(&["--insecure", "--reconnect", "1"], b"").status.success());
    let (said, code) = replay(path(&recordings(&folder, 2)[1]), &[]);
    assert_eq!(code, Some(0), "{said}");
    let (decided, sent) = (said.find("(decides)"), said.find("NeedsFlush"));
    assert!(decided.is_some() && decided < sent, "{said}");
}

#[test]
fn what_is_not_known_is_refused_in_a_sentence_where_it_may_matter() {
    let folder = Folder::new("record-new");
    let file = at(&folder, "client");
    let server = Serving::start(&[]);
    server.call(&["--insecure", "--record", &file], b"GET / HTTP/1.0\r\n\r\n");
    let text = fs::read_to_string(&file).expect("a recording");
    let with = |name: &str, text: &str| replay(&folder.write_text(name, text), &[]);
    let field = text.replacen("{\"sent\":{", "{\"sent\":{\"color\":7,", 1);
    assert_eq!(with("field", &field).1, Some(0));
    let line = text.replacen("{\"sent\":", "{\"newthing\":1}\n{\"sent\":", 1);
    let (said, code) = with("line", &line);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("knows no line \"newthing\", and the handshake may have been given what is in it"),
        "{said}"
    );
    assert!(!said.contains("variant"), "{said}");
    let (said, code) = with("damaged", &text.replacen("{\"sent\":", "{sent:", 1));
    assert!(
        code == Some(2) && said.contains("this is no JSON object, so the file was damaged or changed"),
        "{said}"
    );
}

#[test]
fn something_else_than_what_is_recorded_is_told_in_a_sentence() {
    let folder = Folder::new("record-else");
    let file = at(&folder, "client");
    let server = Serving::start(&[]);
    server.call(&["--insecure", "--record", &file], b"GET / HTTP/1.0\r\n\r\n");
    let text = fs::read_to_string(&file).expect("a recording");
    let without = text.replace("{\"verdict\":\"verified\"}\n", "");
    let (said, code) = replay(&folder.write_text("else", &without), &[]);
    assert_eq!(code, Some(1), "{said}");
    let sentence = "DIFFERENT: now it is asked whether the peer's certificates are believed (NeedsVerdict), and in the recording something was sent there";
    assert!(said.contains(sentence), "{said}");
}
