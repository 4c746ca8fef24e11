//! Files that change while it runs.

use std::{
    fs,
    io::{Read, Write},
};

use super::{
    files::{Files, Folder},
    running::{Serving, command, get, run, text},
};
use crate::common::certs::Spec;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/plain\r\n\r\n";

fn called(serving: &Serving, args: &[&str]) -> String {
    let output = serving.call(args, REQUEST);
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn a_certificate_is_read_again_and_who_is_connected_goes_on() {
    let files = Files::new("reload");
    let (cert, key) = &files.server;
    let serving = Serving::start(&["--echo", "--cert", cert, "--key", key, "--metrics", "127.0.0.1:0"]);
    let metrics = serving.metrics();
    let address = format!("localhost:{}", serving.port);
    let mut held =
        command(&["connect", &address, "--ca", &files.root, "--close-on-eof"]).spawn().expect("the command");
    let (mut input, mut output) = (held.stdin.take().unwrap(), held.stdout.take().unwrap());
    input.write_all(b"before").unwrap();
    let mut back = [0; 6];
    output.read_exact(&mut back).unwrap();

    // Another subject has another key.
    let (new_cert, new_key) =
        files.issue("new", &Spec { subject: "renewed", ..Spec::server(&["localhost"]) });
    let (old_cert, old_key) = (fs::read(cert).unwrap(), fs::read(key).unwrap());
    fs::copy(&new_cert, cert).unwrap();
    // The key does not fit yet.
    serving.signal("HUP");
    let told = serving.says("certificates and hosts stay as they are");
    assert!(told.contains("not the key of the certificate") && told.contains(key), "{told}");
    let args = ["--ca", &files.root, "--close-on-eof"];
    assert!(called(&serving, &args).contains("server=CN=localhost"));
    fs::copy(&new_key, key).unwrap();
    serving.signal("HUP");
    serving.says("read again: the certificate in");
    assert!(called(&serving, &args).contains("server=CN=renewed"));
    for (bad, why) in [(&b"nothing"[..], "no CERTIFICATE"), (b"", "no CERTIFICATE")] {
        fs::write(cert, bad).unwrap();
        serving.signal("HUP");
        assert!(serving.says("stay as they are").contains(why));
        assert!(called(&serving, &args).contains("server=CN=renewed"));
    }
    fs::remove_file(cert).unwrap();
    serving.signal("HUP");
    assert!(serving.says("stay as they are").contains("No such file"));
    fs::write(cert, old_cert).unwrap();
    fs::write(key, old_key).unwrap();
    serving.signal("HUP");
    serving.says("read again");
    assert!(called(&serving, &args).contains("server=CN=localhost"));

    input.write_all(b" after").unwrap();
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!((&back, rest.as_str()), (b"before", " after"));
    assert!(held.wait().unwrap().success());
    let (_, numbers) = get(&metrics, "/metrics");
    for line in [
        "tls12_reloads_total{result=\"used\",what=\"certificates\"} 2",
        "tls12_reloads_total{result=\"refused\",what=\"certificates\"} 4",
        "tls12_reloads_total{result=\"used\",what=\"ticket-keys\"} 6",
    ] {
        assert!(numbers.contains(line), "no {line} in {numbers}");
    }
}

#[test]
fn hosts_roots_and_backends_are_read_again() {
    let files = Files::new("reload-hosts");
    files.issue("one", &Spec::server(&["one.example"]));
    files.issue("two", &Spec::server(&["two.example"]));
    let host =
        |name: &str, more: &str| format!("[[host]]\ncert = '{name}.pem'\nkey = '{name}-key.pem'\n{more}\n");
    let config = files.folder.write_text("hosts.toml", &host("one", ""));
    let serving = Serving::start(&["--config", &config]);
    let call = |name: &str, more: &[&str]| {
        called(&serving, &[&["--ca", &files.root, "--name", name, "--close-on-eof"], more].concat())
    };
    let reload = |config: &str, says: &str| {
        files.folder.write_text("hosts.toml", config);
        serving.signal("HUP");
        serving.says(says)
    };
    assert!(call("one.example", &[]).contains("resumed=no"));
    assert!(call("two.example", &[]).contains("unrecognized_name"));
    reload(
        &(host("one", "serve = 'echo'") + &host("two", "client-ca = 'root.pem'")),
        "one.example two.example",
    );
    assert!(call("one.example", &[]).starts_with("GET /"));
    assert!(call("two.example", &[]).contains("wants a client certificate"));
    let with = ["--cert", &files.client.0, "--key", &files.client.1];
    assert!(call("two.example", &with).contains("client=\"CN=a client\""));
    // Roots that do not vouch for it any more: the client has nothing for them.
    let other = crate::common::certs::Ca::new("other root");
    files.folder.write("root2.pem", "CERTIFICATE", &[&other.root()]);
    reload(&host("two", "client-ca = 'root2.pem'"), "two.example");
    assert!(call("two.example", &with).contains("wants a client certificate"));
    assert!(call("one.example", &[]).contains("unrecognized_name"));
    assert!(reload("[[host]]\n", "stay as they are").contains("cert"));
    assert!(call("two.example", &with).contains("wants a client certificate"));
}

/// R3, R4: what was believed under the former roots is not resumed under the new ones.
#[test]
fn r4_a_session_does_not_outlive_the_roots_that_its_client_was_verified_by() {
    let files = Files::new("reload-sessions");
    let (cert, key) = &files.server;
    let ca = files.folder.0.join("clients.pem");
    fs::copy(&files.root, &ca).unwrap();
    let serving = Serving::start(&["--cert", cert, "--key", key, "--client-ca", ca.to_str().unwrap()]);
    let kept = files.folder.0.join("session");
    let kept = kept.to_str().unwrap();
    let with = ["--ca", &files.root, "--cert", &files.client.0, "--key", &files.client.1];
    let call = |more: &[&str]| called(&serving, &[&with[..], more].concat());
    assert!(call(&["--session-out", kept]).contains("resumed=no"));
    assert!(call(&["--session-in", kept]).contains("resumed=ticket"));
    // Reading the same again changes nothing.
    serving.signal("HUP");
    serving.says("read again");
    assert!(call(&["--session-in", kept]).contains("resumed=ticket"));
    let other = crate::common::certs::Ca::new("other root");
    files.folder.write("clients.pem", "CERTIFICATE", &[&files.ca.root(), &other.root()]);
    serving.signal("HUP");
    serving.says("read again");
    let said = call(&["--session-in", kept]);
    assert!(said.contains("resumed=no reason=OtherContext"), "{said}");
}

/// Keys that could not be read when somebody asked are there all the same when their time comes.
#[test]
fn a_key_file_that_was_wrong_for_a_while_leaves_no_time_without_a_key() {
    let folder = Folder::new("reload-keys");
    let keys = folder.0.join("keys");
    let keys = keys.to_str().unwrap();
    assert!(run(&["ticket-keys", "new", keys], b"").status.success());
    let serving = Serving::start(&["--ticket-keys", keys, "--rotate-every", "4s"]);
    let good = fs::read(keys).unwrap();
    fs::write(keys, b"short").unwrap();
    serving.signal("HUP");
    serving.says("the ticket keys stay as they are");
    fs::write(keys, good).unwrap();
    for _ in 0..2 {
        assert!(called(&serving, &["--insecure"]).contains("ticket=issued"));
        serving.says("read again, the same key seals");
    }
    assert!(called(&serving, &["--insecure"]).contains("ticket=issued"));
    // And one that is wrong when its time comes is tried again soon.
    let good = fs::read(keys).unwrap();
    fs::write(keys, b"short").unwrap();
    serving.says("the ticket keys stay as they are");
    fs::write(keys, good).unwrap();
    serving.says("read again, the same key seals");
    assert!(called(&serving, &["--insecure"]).contains("ticket=issued"));
}

#[test]
fn what_is_no_file_keeps_nobody_waiting() {
    let files = Files::new("reload-fifo");
    let (cert, key) = &files.server;
    let mut serving = Serving::start(&["--cert", cert, "--key", key]);
    fs::remove_file(cert).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(cert).status().unwrap().success());
    serving.signal("HUP");
    assert!(serving.says("stay as they are").contains("not a regular file"));
    assert!(called(&serving, &["--ca", &files.root]).contains("resumed=no"));
    assert_eq!(serving.terminate().code(), Some(0));
}

/// Keys that are made here are not made anew by every signal, or there would soon be thousands.
#[test]
fn a_signal_makes_no_keys() {
    let files = Files::new("reload-generated");
    let (cert, key) = &files.server;
    let serving = Serving::start(&["--cert", cert, "--key", key, "--metrics", "127.0.0.1:0"]);
    let metrics = serving.metrics();
    for _ in 0..3 {
        serving.signal("HUP");
        serving.says("read again: ");
    }
    let page = get(&metrics, "/").1;
    let keys = page.lines().find(|line| line.starts_with("keys:")).expect("a line");
    assert_eq!(keys.split_whitespace().count(), 3, "{keys}");
}
