//! What it resumes, and what it says about it.

use std::{fs, path::Path};

use super::{
    files::{Files, Folder},
    running::{Serving, command, get, run, text, until},
};
use crate::common::certs::Ca;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";

fn path(folder: &Folder, name: &str) -> String {
    folder.0.join(name).to_str().expect("UTF-8").to_owned()
}

/// The value of a word in a line.
fn word<'l>(line: &'l str, key: &str) -> &'l str {
    let mut words = line.split_whitespace();
    words
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
        .unwrap_or_else(|| panic!("no {key} in {line}"))
}

/// Calls with the root, asks for the page, and gives the status line and the words of the page.
fn call(serving: &Serving, root: &str, args: &[&str]) -> (String, String) {
    let output = serving.call(&[&["--ca", root], args].concat(), REQUEST);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    (text(&output.stderr), page.rsplit("\r\n\r\n").next().expect("a body").trim_end().to_owned())
}

fn new_key(folder: &Folder, name: &str) -> String {
    let file = path(folder, name);
    let output = run(&["ticket-keys", "new", &file], b"");
    assert!(output.status.success(), "{}", text(&output.stderr));
    file
}

/// The name of the key in a file.
fn key_name(file: &str) -> String {
    word(&text(&run(&["ticket-keys", "show", file], b"").stdout), "name").to_owned()
}

#[test]
fn demo_shows_what_is_in_each_message_if_that_is_wanted() {
    let output = run(&["demo", "--explain"], b"");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    for inside in
        ["\n      cipher_suites:\n", "session_ticket: ", "extended_master_secret\n", "lifetime_hint: "]
    {
        assert!(shown.contains(inside), "no {inside:?} in\n{shown}");
        assert!(!text(&run(&["demo"], b"").stdout).contains(inside), "{inside}");
    }
}

#[test]
fn demo_shows_every_flow_in_order() {
    let output = run(&["demo"], b"");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let mut rest = shown.as_str();
    let hello = "ClientHello ServerHello";
    let full = format!(
        "{hello} Certificate ServerKeyExchange ServerHelloDone ClientKeyExchange ChangeCipherSpec [Finished]"
    );
    let end = "ChangeCipherSpec [Finished]";
    let flows = [
        format!("{full} NewSessionTicket {end} resumed=no reason=NotOffered ticket=issued"),
        format!("{hello} {end} {end} resumed=ticket reason=- ticket=no resumed=ticket"),
        format!("{hello} NewSessionTicket {end} {end} resumed=ticket reason=- ticket=issued"),
        format!("{full} {end} reason=Declined ticket=no reason=PolicyDeclined"),
        format!("{full} NewSessionTicket {end} reason=Declined ticket=issued reason=PolicyDeclined"),
        format!("{full} NewSessionTicket {end} ticket=empty ticket=empty"),
        format!("{full} {end} reason=NotOffered ticket=no age=0"),
        format!("{hello} {end} {end} resumed=id reason=- ticket=no resumed=id"),
        format!("{full} {end} reason=NotOffered ticket=no age=- lineage=- reason=NotOffered ticket=no age=-"),
        format!(
            "{hello} Certificate ServerKeyExchange CertificateRequest ServerHelloDone Certificate ClientKeyExchange \
                 CertificateVerify {end} {end} client=\"CN=demo"
        ),
    ];
    for expected in flows.iter().flat_map(|flow| flow.split_whitespace()) {
        let at =
            rest.find(expected).unwrap_or_else(|| panic!("no {expected} where it should be in\n{shown}"));
        rest = &rest[at + expected.len()..];
    }
    // What is resumed shows no certificate.
    let resumed = shown.split("\nFull").find(|scene| scene.contains("resumed=id")).expect("by ID");
    assert!(!resumed[resumed.find("Resumed by ID").expect("a title")..].contains("Certificate"), "{resumed}");
}

#[test]
fn a_session_in_a_file_resumes_and_both_sides_tell_the_same_of_it() {
    let files = Files::new("session-file");
    let serving = Serving::start(&["--cert", &files.server.0, "--key", &files.server.1]);
    let kept = path(&files.folder, "session");
    let (status, page) = call(&serving, &files.root, &["--session-out", &kept]);
    assert_eq!((word(&status, "resumed"), word(&page, "resumed")), ("no", "no"));
    let before = fs::read(&kept).expect("a session");
    let (again, resumed) = call(&serving, &files.root, &["--session-in", &kept]);
    assert_eq!((word(&again, "resumed"), word(&resumed, "resumed")), ("ticket", "ticket"));
    assert_eq!((word(&resumed, "reason"), word(&resumed, "ticket")), ("-", "no"));
    assert_eq!(word(&again, "lineage"), word(&status, "lineage"));
    assert_eq!(word(&resumed, "lineage"), word(&page, "lineage"));
    assert_eq!((word(&resumed, "key"), word(&resumed, "key").len()), (word(&page, "key"), 32));
    assert!(word(&resumed, "age").parse::<u64>().is_ok(), "{resumed}");
    assert!(fs::read(&kept).expect("a session") == before, "nothing new came, so nothing is written");
}

#[test]
fn a_renewed_ticket_is_written_into_the_file() {
    let files = Files::new("renewed");
    let serving =
        Serving::start(&["--cert", &files.server.0, "--key", &files.server.1, "--tickets", "renew"]);
    let kept = path(&files.folder, "session");
    call(&serving, &files.root, &["--session-out", &kept]);
    for _ in 0..2 {
        let before = fs::read(&kept).expect("a session");
        let (status, _) = call(&serving, &files.root, &["--session-in", &kept]);
        assert_eq!((word(&status, "resumed"), word(&status, "ticket")), ("ticket", "issued"));
        assert!(fs::read(&kept).expect("a session") != before);
    }
    #[cfg(unix)]
    {
        let mode =
            std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&kept).expect("a file").permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_file_that_is_no_use_costs_a_full_handshake_and_a_word() {
    let files = Files::new("no-use");
    let serving = Serving::start(&["--cert", &files.server.0, "--key", &files.server.1]);
    let kept = path(&files.folder, "session");
    call(&serving, &files.root, &["--session-out", &kept]);
    let good = fs::read(&kept).expect("a session");
    let mut damaged = good.clone();
    damaged[100] ^= 1;
    let spoiled = path(&files.folder, "spoiled");
    let foreign = fs::read(&files.root).expect("a certificate");
    let cases = [
        (&damaged[..], "is damaged"),
        (&good[..40], "is damaged"),
        (&foreign, "not a file of client sessions"),
    ];
    for (bytes, sentence) in cases {
        fs::write(&spoiled, bytes).expect("a file");
        let (status, page) = call(&serving, &files.root, &["--session-in", &spoiled]);
        assert!(status.contains(sentence), "{status}");
        assert_eq!(word(&page, "reason"), "NotOffered");
        assert!(fs::read(&spoiled).expect("a file") == bytes, "somebody else's file is left alone");
    }
    let (status, _) = call(&serving, &files.root, &["--session-in", "/nonexistent/session"]);
    assert!(status.contains("/nonexistent/session: "), "{status}");
    // R7: made under other roots.
    let roots = [Ca::new("command root").root(), Ca::new("another root").root()];
    let both = files.folder.write("roots.pem", "CERTIFICATE", &[&roots[0], &roots[1]]);
    let (status, page) = call(&serving, &both, &["--session-in", &kept]);
    assert!(status.contains("there is no session for localhost"), "{status}");
    assert_eq!(word(&page, "reason"), "NotOffered");
}

#[test]
fn reconnecting_says_each_time_how_it_went() {
    let files = Files::new("reconnect");
    let serving = Serving::start(&["--cert", &files.server.0, "--key", &files.server.1]);
    for (args, by) in [(&[][..], "ticket"), (&["--no-tickets"][..], "id")] {
        let args = [&["--ca", files.root.as_str(), "--reconnect", "3"], args].concat();
        let output = serving.call(&args, b"not sent");
        assert!(output.status.success() && output.stdout.is_empty(), "{}", text(&output.stderr));
        let said = text(&output.stderr);
        let verdicts: Vec<&str> = said.lines().map(|line| word(line, "resumed")).collect();
        assert_eq!(verdicts, ["no", by, by, by], "{said}");
    }
}

#[test]
fn policies_and_switches_do_what_they_say() {
    let files = Files::new("policies");
    let identity = ["--cert", &files.server.0, "--key", &files.server.1];
    let verdicts = |server: &[&str], client: &[&str]| {
        let serving = Serving::start(&[&identity, server].concat());
        let args = [&["--ca", files.root.as_str(), "--reconnect", "1"], client].concat();
        let said = text(&serving.call(&args, b"").stderr);
        said.lines()
            .map(|line| format!("{}/{}", word(line, "resumed"), word(line, "ticket")))
            .collect::<Vec<_>>()
    };
    assert_eq!(verdicts(&["--tickets", "off"], &[]), ["no/no", "id/no"]);
    assert_eq!(verdicts(&["--tickets", "use"], &[]), ["no/issued", "ticket/no"]);
    assert_eq!(verdicts(&["--tickets", "renew"], &[]), ["no/issued", "ticket/issued"]);
    assert_eq!(verdicts(&["--tickets", "off", "--session-cache", "off"], &[]), ["no/no", "no/no"]);
    assert_eq!(verdicts(&["--session-cache", "0"], &["--no-tickets"]), ["no/no", "no/no"]);
}

#[test]
fn numbers_are_served_as_text_and_as_prometheus_lines() {
    let files = Files::new("stats");
    let (cert, key) = (&files.server.0, &files.server.1);
    let serving = Serving::start(&["--cert", cert, "--key", key, "--stats", "127.0.0.1:0"]);
    let address = &serving.metrics();
    assert!(serving.call(&["--ca", &files.root, "--reconnect", "2"], b"").status.success());
    assert!(serving.call(&["--ca", &files.root, "--no-tickets", "--reconnect", "1"], b"").status.success());
    // The client is done before the server has heard of it.
    until(address, "tls12_handshakes_total{outcome=\"resumed\",by=\"id\"} 1");
    let (status, body) = get(address, "/");
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(
        body.starts_with("handshakes: 5\nresumed by id: 1, by ticket: 2\ntickets issued: 1, empty: 0\n"),
        "{body}"
    );
    assert!(body.contains("1 NotOffered: 2\n") && body.contains("sessions kept: 1\n"), "{body}");
    assert!(body.contains(" sealing"), "{body}");
    let (_, body) = get(address, "/metrics");
    assert!(body.contains("tls12_handshakes_total{outcome=\"resumed\",by=\"ticket\"} 2\n"), "{body}");
    assert!(body.contains("tls12_connections_open "), "{body}");
    assert_eq!(get(address, "/other").0, "HTTP/1.1 404 Not Found");
    let open = Serving::start(&["--metrics", "0.0.0.0:0"]);
    assert!(open.says("warning: ").contains("can read the numbers"));
    let output = run(&["serve", "--metrics", "192.0.2.1:0", "--listen", "127.0.0.1:0"], b"");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("--metrics 192.0.2.1:0: "), "{}", text(&output.stderr));
}

#[test]
fn numbers_tell_how_many_connections_are_open_and_what_one_takes() {
    let serving = Serving::start(&["--echo", "--threads", "2", "--stats", "127.0.0.1:0"]);
    let address = &serving.metrics();
    assert!(get(address, "/").1.contains("connections open: 0\n"));
    let held = [serving.socket(), serving.socket()];
    let body = loop {
        let (_, body) = get(address, "/");
        if body.contains("connections open: 2\n") {
            break body;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    if cfg!(target_os = "linux") {
        assert!(body.contains("memory for each open connection: "), "{body}");
    }
    drop(held);
}

#[test]
fn two_servers_with_one_key_file_resume_each_others_tickets_unless_their_contexts_differ() {
    let files = Files::new("fleet");
    let keys = new_key(&files.folder, "keys");
    let start = |more: &[&str]| {
        let args = ["--cert", &files.server.0, "--key", &files.server.1, "--ticket-keys", &keys];
        Serving::start(&[&args, more].concat())
    };
    let second = |one: &[&str], two: &[&str]| {
        let kept = path(&files.folder, "session");
        call(&start(one), &files.root, &["--session-out", &kept]);
        call(&start(two), &files.root, &["--session-in", &kept]).1
    };
    let resumed = second(&[], &[]);
    assert_eq!((word(&resumed, "resumed"), word(&resumed, "key")), ("ticket", key_name(&keys).as_str()));
    let named = second(&["--session-context", "shop"], &["--session-context", "shop", "--alpn", "a,b"]);
    assert_eq!(word(&named, "resumed"), "ticket");
    // R5: to share keys is not enough.
    for two in [&["--session-context", "bank"][..], &["--alpn", "a,b"]] {
        let other = second(&["--session-context", "shop"], two);
        assert_eq!((word(&other, "resumed"), word(&other, "reason")), ("no", "OtherContext"));
    }
    let stranger = second(&[], &["--client-ca", &files.root, "--client-auth", "request"]);
    assert_eq!(word(&stranger, "reason"), "OtherContext");
}

#[test]
fn keys_are_read_again_at_sighup_and_former_ones_go_on_opening() {
    let files = Files::new("reload");
    let keys = new_key(&files.folder, "keys");
    let old = key_name(&keys);
    let serving =
        Serving::start(&["--cert", &files.server.0, "--key", &files.server.1, "--ticket-keys", &keys]);
    let kept = path(&files.folder, "session");
    let (_, page) = call(&serving, &files.root, &["--session-out", &kept]);
    assert_eq!(word(&page, "key"), old);

    fs::write(&keys, [0; 80]).expect("a file");
    serving.signal("HUP");
    let said = serving.says("the ticket keys stay as they are");
    assert!(said.contains(&keys) && said.contains("all zero"), "{said}");
    let (_, page) = call(&serving, &files.root, &["--session-in", &kept]);
    assert_eq!((word(&page, "resumed"), word(&page, "key")), ("ticket", old.as_str()));

    fs::rename(new_key(&files.folder, "next"), &keys).expect("a rename");
    serving.signal("HUP");
    let said = serving.says("ticket keys changed");
    let new = key_name(&keys);
    assert!(said.contains(&format!("{new} sealing")) && said.contains(&format!("{old} opening")), "{said}");
    let (_, page) = call(&serving, &files.root, &["--session-in", &kept]);
    assert_eq!((word(&page, "resumed"), word(&page, "key")), ("ticket", old.as_str()));
    let (_, page) = call(&serving, &files.root, &[]);
    assert_eq!(word(&page, "key"), new);
}

#[test]
fn generated_keys_rotate_by_themselves_and_former_ones_go_on_opening() {
    let files = Files::new("rotation");
    let args = ["--cert", &files.server.0, "--key", &files.server.1, "--rotate-every", "8s"];
    let serving = Serving::start(&args);
    let kept = path(&files.folder, "session");
    let (_, first) = call(&serving, &files.root, &["--session-out", &kept]);
    let said = serving.says("ticket keys changed");
    assert!(said.contains(&format!("{} opening", word(&first, "key"))), "{said}");
    let (_, again) = call(&serving, &files.root, &["--session-in", &kept]);
    assert_eq!((word(&again, "resumed"), word(&again, "key")), ("ticket", word(&first, "key")));
    let (_, other) = call(&serving, &files.root, &[]);
    assert!(said.contains(&format!("{} sealing", word(&other, "key"))), "{said}");
}

#[test]
fn hosts_with_one_ratchet_seed_resume_each_others_tickets() {
    let files = Files::new("ratchet");
    let seed = files.folder.0.join("seed");
    fs::write(&seed, format!("{}\n", "5eed0123".repeat(8))).expect("a file");
    let seed = seed.to_str().expect("UTF-8");
    let args = ["--cert", &files.server.0, "--key", &files.server.1, "--ticket-ratchet", seed];
    chmod(seed, "644");
    let output = run(&[&["serve", "--listen", "127.0.0.1:0"], &args[..]].concat(), b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("mode 0644"), "{}", text(&output.stderr));
    chmod(seed, "600");
    let kept = path(&files.folder, "session");
    call(&Serving::start(&args), &files.root, &["--session-out", &kept]);
    let (_, page) = call(&Serving::start(&args), &files.root, &["--session-in", &kept]);
    assert_eq!(word(&page, "resumed"), "ticket");
}

fn chmod(path: &str, mode: &str) {
    let status = std::process::Command::new("chmod").args([mode, path]).status().expect("chmod");
    assert!(status.success() && Path::new(path).exists());
}

#[test]
fn a_key_file_that_is_no_file_stops_nobody() {
    for path in ["/dev/zero", "/dev"] {
        let shown = command(&["ticket-keys", "show", path]).output().expect("the command");
        assert!(!shown.status.success());
        assert!(text(&shown.stderr).contains("not a regular file"), "{}", text(&shown.stderr));
    }
}
