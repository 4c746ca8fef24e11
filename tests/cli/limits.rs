//! What a client may use up, and that others do not notice.

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use super::running::{Serving, text, until};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";

/// A connection from another address of this machine.
fn from(address: &str, port: u16) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tcp = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(format!("{address}:0").parse().expect("an address")).expect("an address of ours");
        socket.connect(([127, 0, 0, 1], port).into()).await.expect("a connection")
    });
    let tcp = tcp.into_std().expect("a socket");
    tcp.set_nonblocking(false).expect("a socket");
    tcp.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    tcp
}

/// Whether the server closes it without a word.
fn is_closed(tcp: &mut TcpStream) -> bool {
    match tcp.read(&mut [0]) {
        Ok(0) => true,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
        Ok(_) => false,
    }
}

fn refused(limit: &str, count: u32) -> String {
    format!("tls12_connections_refused_total{{limit=\"{limit}\"}} {count}")
}

#[test]
fn there_are_as_many_handshakes_at_once_as_was_said() {
    let mut serving =
        Serving::start(&["--metrics", "127.0.0.1:0", "--max-handshakes", "2", "--address-share", "100"]);
    let metrics = serving.metrics();
    let silent = [serving.socket(), serving.socket()];
    until(&metrics, "tls12_handshakes_in_flight 2");
    assert!(is_closed(&mut serving.socket()));
    assert!(serving.logged().contains(" event=refused limit=handshakes"));
    until(&metrics, &refused("handshakes", 1));
    drop(silent);
    until(&metrics, "tls12_handshakes_in_flight 0");
    assert!(serving.call(&["--insecure"], REQUEST).status.success());
}

#[test]
fn who_is_connected_takes_no_place_of_a_handshake() {
    let serving = Serving::start(&["--echo", "--max-handshakes", "1", "--metrics", "127.0.0.1:0"]);
    let metrics = serving.metrics();
    let mut held =
        super::running::command(&["connect", &format!("localhost:{}", serving.port), "--insecure"])
            .spawn()
            .expect("the command");
    until(&metrics, "tls12_connections_open 1");
    until(&metrics, "tls12_handshakes_in_flight 0");
    let output = serving.call(&["--insecure", "--close-on-eof"], b"echo");
    assert_eq!(text(&output.stdout), "echo");
    held.kill().expect("it runs");
    held.wait().expect("an end");
}

#[test]
fn one_address_has_its_share_and_others_come_in() {
    let mut serving = Serving::start(&["--metrics", "127.0.0.1:0", "--max-handshakes", "4"]);
    let metrics = serving.metrics();
    let _silent = [serving.socket(), serving.socket()];
    until(&metrics, "tls12_handshakes_in_flight 2");
    assert!(is_closed(&mut serving.socket()));
    assert!(serving.logged().contains(" event=refused limit=address-share"));
    until(&metrics, &refused("address-share", 1));
    // Somebody else is served meanwhile.
    let mut tcp = from("127.0.0.2", serving.port);
    tcp.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("room");
    let line = serving.logged();
    assert!(line.contains("peer=127.0.0.2:") && line.contains("plain HTTP"), "{line}");
}

#[test]
fn one_address_has_as_many_connections_as_was_said() {
    let mut serving =
        Serving::start(&["--metrics", "127.0.0.1:0", "--max-connections-per-address", "1", "--echo"]);
    let metrics = serving.metrics();
    let _held = serving.socket();
    until(&metrics, "tls12_connections_open 1");
    assert!(is_closed(&mut serving.socket()));
    assert!(serving.logged().contains(" event=refused limit=connections-per-address"));
    let other = from("127.0.0.2", serving.port);
    until(&metrics, "tls12_connections_open 2");
    drop(other);
    until(&metrics, "tls12_connections_open 1");
}

#[test]
fn connections_over_the_limit_are_counted() {
    let serving = Serving::start(&["--metrics", "127.0.0.1:0", "--max-connections", "1"]);
    let metrics = serving.metrics();
    let _held = serving.socket();
    until(&metrics, "tls12_connections_open 1");
    for _ in 0..3 {
        assert!(is_closed(&mut serving.socket()));
    }
    until(&metrics, &refused("connections", 3));
}

#[test]
fn a_handshake_takes_as_many_bytes_as_was_said() {
    let mut serving = Serving::start(&["--handshake-bytes", "512", "--metrics", "127.0.0.1:0"]);
    let metrics = serving.metrics();
    // A hello within the limit, and what follows it: about 400 bytes.
    assert!(serving.call(&["--insecure"], REQUEST).status.success());
    assert!(serving.logged().contains("event=served"));
    // With a longer list of protocols it is over it.
    let names = vec!["x".repeat(120); 3].join(",");
    let output = serving.call(&["--insecure", "--alpn", &names], REQUEST);
    assert!(text(&output.stderr).contains("decode_error"), "{}", text(&output.stderr));
    let line = serving.logged();
    assert!(
        line.contains("event=handshake-failed") && line.contains("more bytes than a handshake may have here"),
        "{line}"
    );
    assert!(line.contains(" limit=handshake-bytes "), "{line}");
    until(&metrics, "tls12_alerts_total{alert=\"decode_error\",direction=\"sent\"} 1");
    until(&metrics, &refused("handshake-bytes", 1));
}

#[test]
fn time_over_is_counted() {
    let args =
        ["--metrics", "127.0.0.1:0", "--handshake-timeout", "100ms", "--idle-timeout", "100ms", "--echo"];
    let serving = Serving::start(&args);
    let metrics = serving.metrics();
    let _silent = serving.socket();
    until(&metrics, "tls12_connections_total{event=\"handshake-timeout\"} 1");
    let mut idle =
        super::running::command(&["connect", &format!("localhost:{}", serving.port), "--insecure"])
            .spawn()
            .expect("the command");
    until(&metrics, "tls12_connections_total{event=\"idle-timeout\"} 1");
    drop(idle.stdin.take());
    idle.wait().expect("an end");
}

/// Hellos that drip, hellos that never end, garbage, and sockets that say nothing: who comes meanwhile is served.
#[test]
fn who_comes_among_slow_and_hostile_peers_is_served() {
    let mut serving = Serving::start(&["--metrics", "127.0.0.1:0", "--threads", "1"]);
    let metrics = serving.metrics();
    let mut slow: Vec<_> = (0..40).map(|_| from("127.0.0.2", serving.port)).collect();
    let silent: Vec<_> = (0..40).map(|_| from("127.0.0.3", serving.port)).collect();
    // A record that is announced as long as it may be, and a hello as long as it may be within it.
    let beginning = [22, 3, 1, 0x40, 0, 1, 1, 0xff, 0xff];
    for step in 0..beginning.len() {
        slow.iter_mut().for_each(|tcp| tcp.write_all(&beginning[step..=step]).expect("room"));
        let mut garbage = from("127.0.0.4", serving.port);
        garbage.write_all(&[0xff; 64]).expect("room");
        assert!(serving.call(&["--insecure"], REQUEST).status.success());
    }
    until(&metrics, "tls12_handshakes_in_flight 80");
    let served = (0..2 * beginning.len()).filter(|_| serving.logged().contains("event=served")).count();
    assert_eq!(served, beginning.len());
    drop((slow, silent));
    until(&metrics, "tls12_handshakes_in_flight 0");
}

/// A peer that never reads what it asked for: the server holds little of it, serves others, and ends it in time.
#[test]
fn a_peer_that_does_not_read_costs_little_and_ends() {
    let mut serving = Serving::start(&["--echo", "--idle-timeout", "500ms", "--threads", "1"]);
    let mut child =
        super::running::command(&["connect", &format!("localhost:{}", serving.port), "--insecure"])
            .spawn()
            .expect("the command");
    // Its standard output is a pipe that nobody reads, so that after some megabytes of echo everything stands still.
    let mut input = child.stdin.take().expect("a pipe");
    let writing = thread::spawn(move || while input.write_all(&[7; 65_536]).is_ok() {});
    let output = serving.call(&["--insecure", "--close-on-eof"], b"meanwhile");
    assert_eq!(text(&output.stdout), "meanwhile");
    let lines = [serving.logged(), serving.logged()].concat();
    assert!(lines.contains("event=served") && lines.contains("event=idle-timeout"), "{lines}");
    child.kill().expect("it runs");
    child.wait().expect("an end");
    writing.join().expect("no panic");
}

/// Numbers are given to 16 at a time: whoever asks for more waits, and takes nothing from connections.
#[test]
fn who_asks_for_numbers_without_end_waits() {
    let mut serving = Serving::start(&["--metrics", "127.0.0.1:0"]);
    let metrics = serving.metrics();
    let silent: Vec<_> = (0..16).map(|_| TcpStream::connect(&metrics).expect("a connection")).collect();
    let mut waiting = TcpStream::connect(&metrics).expect("a connection");
    waiting.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    waiting.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("room");
    let error = waiting.read(&mut [0]).expect_err("it waits");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    assert!(serving.call(&["--insecure"], REQUEST).status.success());
    // What is logged is counted.
    assert!(serving.logged().contains(" event=served "));
    drop(silent);
    waiting.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let mut answer = String::new();
    waiting.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("connections that ended served: 1\n"), "{answer}");
}

/// Nobody reads its standard error, and it says a lot there.
#[test]
fn who_does_not_read_what_it_says_stops_nothing() {
    let mut child = super::running::command(&["serve", "--listen", "127.0.0.1:0", "--trace", "trace"])
        .spawn()
        .expect("the command");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut greeting = String::new();
    while !greeting.starts_with("listening on ") {
        greeting.clear();
        stderr.read_line(&mut greeting).expect("a line");
    }
    let address = greeting.split(' ').nth(2).expect("an address").to_owned();
    // Each of them is worth a line, and a pipe has room for 64 KiB.
    for _ in 0..600 {
        let mut tcp = TcpStream::connect(&address).expect("a connection");
        tcp.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("room");
        let _ = tcp.read(&mut [0]);
    }
    let port = address.rsplit(':').next().expect("a port");
    let output = super::running::run(&["connect", &format!("localhost:{port}"), "--insecure"], REQUEST);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let kill = format!("kill -TERM {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    for _ in 0..2_000 {
        if child.try_wait().expect("a status").is_some() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it runs");
    panic!("it did not stop");
}

/// The system took them before the server was told to stop: they are served, and not reset.
#[test]
fn connections_that_wait_when_it_stops_are_served() {
    let serving = Serving::start(&["--threads", "1", "--address-share", "100"]);
    serving.signal("STOP");
    let mut waiting: Vec<_> = (0..400).map(|_| serving.socket()).collect();
    waiting.iter_mut().for_each(|tcp| tcp.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("room"));
    serving.signal("TERM");
    serving.signal("CONT");
    let reset: Vec<_> = waiting.iter_mut().filter_map(|tcp| tcp.read(&mut [0]).err()).collect();
    assert!(reset.is_empty(), "{}: {:?}; {:?}", reset.len(), reset[0], serving.said());
}
