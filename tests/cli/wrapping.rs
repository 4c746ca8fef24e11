//! The way out: plain in, TLS on.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    time::Duration,
};

use super::{
    files::Files,
    running::{Serving, get},
};
use crate::common::certs::Ca;

/// Sends this to a plain port, ends, and gives all that comes back.
fn exchange(port: u16, data: &[u8]) -> Vec<u8> {
    let mut tcp = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    tcp.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let mut reading = tcp.try_clone().expect("a socket");
    let back = std::thread::spawn(move || {
        let mut back = Vec::new();
        let _ = reading.read_to_end(&mut back);
        back
    });
    // Who ends before it has read everything does so on purpose.
    let _ = tcp.write_all(data);
    let _ = tcp.shutdown(Shutdown::Write);
    back.join().expect("no panic")
}

#[test]
fn plain_connections_are_wrapped_and_resume_one_another() {
    let files = Files::new("wrap");
    let (cert, key) = &files.server;
    let mut server = Serving::start(&["--echo", "--cert", cert, "--key", key, "--client-ca", &files.root]);
    let to = format!("localhost:{}", server.port);
    let client = ["--cert", &files.client.0, "--key", &files.client.1];
    let args = [&["--to", &to, "--ca", &files.root, "--metrics", "127.0.0.1:0"], &client[..]].concat();
    let mut wrapping = Serving::start_as("forward", &args);
    assert!(wrapping.greeting.contains("(plain) and calling localhost:"), "{}", wrapping.greeting);
    let metrics = wrapping.metrics();
    let data: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
    for resumed in ["resumed=no reason=NotOffered", "resumed=ticket reason=-", "resumed=ticket reason=-"] {
        assert!(exchange(wrapping.port, &data) == data);
        let line = wrapping.logged();
        assert!(line.contains(" event=served ") && line.contains(resumed), "{line}");
        assert!(line.contains("server=CN=localhost in=300000 out=300000 "), "{line}");
        let line = server.logged();
        assert!(line.contains(resumed) && line.contains("client=\"CN=a client\""), "{line}");
    }
    let (_, numbers) = get(&metrics, "/metrics");
    assert!(numbers.contains("tls12_handshakes_total{outcome=\"resumed\",by=\"ticket\"} 2\n"), "{numbers}");
    assert!(numbers.contains("tls12_handshake_seconds_count{handshake=\"ticket\"} 2\n"), "{numbers}");
    assert_eq!(wrapping.terminate().code(), Some(0));
}

#[test]
fn a_server_that_is_not_there_or_not_who_it_should_be_costs_one_line() {
    let files = Files::new("wrap-refused");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut wrapping = Serving::start_as("forward", &["--to", &nobody.to_string(), "--insecure"]);
    assert_eq!(exchange(wrapping.port, b"hello"), b"");
    let line = wrapping.logged();
    assert!(line.contains(" event=failed ") && line.contains("cannot be reached"), "{line}");

    let (cert, key) = &files.server;
    let server = Serving::start(&["--cert", cert, "--key", key]);
    let other = files.folder.write("other.pem", "CERTIFICATE", &[&Ca::new("other root").root()]);
    let to = format!("localhost:{}", server.port);
    let mut wrapping = Serving::start_as("forward", &["--to", &to, "--ca", &other]);
    assert_eq!(exchange(wrapping.port, b"a secret"), b"");
    let line = wrapping.logged();
    assert!(line.contains(" event=handshake-failed ") && line.contains("alert=sent:unknown_ca"), "{line}");
    assert!(line.contains("subject CN=localhost"), "{line}");
}

#[test]
fn the_limits_of_the_way_in_hold_for_the_way_out_too() {
    let server = Serving::start(&["--echo"]);
    let to = format!("localhost:{}", server.port);
    let args = ["--to", &to, "--insecure", "--max-connections", "1", "--idle-timeout", "300ms"];
    let mut wrapping = Serving::start_as("forward", &args);
    let mut first = wrapping.socket();
    first.write_all(b"x").unwrap();
    first.read_exact(&mut [0]).unwrap();
    let mut second = wrapping.socket();
    assert_eq!(second.read(&mut [0]).unwrap_or(0), 0);
    assert!(wrapping.logged().contains(" event=refused limit=connections"));
    assert!(wrapping.logged().contains(" event=idle-timeout "));
}

#[test]
fn roots_are_read_again_and_a_file_that_is_wrong_changes_nothing() {
    let files = Files::new("wrap-reload");
    let (cert, key) = &files.server;
    let server = Serving::start(&["--echo", "--cert", cert, "--key", key]);
    let other = Ca::new("other root");
    let roots = files.folder.write("roots.pem", "CERTIFICATE", &[&other.root()]);
    let to = format!("localhost:{}", server.port);
    let mut wrapping = Serving::start_as("forward", &["--to", &to, "--ca", &roots]);
    assert_eq!(exchange(wrapping.port, b"hello"), b"");
    assert!(wrapping.logged().contains("alert=sent:unknown_ca"));
    files.folder.write("roots.pem", "CERTIFICATE", &[&other.root(), &files.ca.root()]);
    wrapping.signal("HUP");
    wrapping.says("read again");
    assert_eq!(exchange(wrapping.port, b"hello"), b"hello");
    files.folder.write_text("roots.pem", "nothing");
    wrapping.signal("HUP");
    assert!(wrapping.says("stay as they are").contains("no CERTIFICATE"));
    assert_eq!(exchange(wrapping.port, b"hello"), b"hello");
}
