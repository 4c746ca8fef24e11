//! Processes that share sessions: in one Redis, on one port.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::serving::{Serving, has_peers};
use crate::{
    common::certs::Key,
    place::Place,
    ports::{PATIENCE, free_port, until_listening},
    program::Program,
};

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/client.js");
const REQUEST: &[u8] = b"GET / HTTP/1.0\r\nAccept: text/plain\r\n\r\n";

/// A Redis of our own, which keeps nothing on disk.
struct Redis {
    port: u16,
    _program: Program,
}

impl Redis {
    fn start(port: u16) -> Self {
        let arguments = format!("--port {port} --bind 127.0.0.1 --save \"\" --appendonly no --daemonize no");
        let arguments: Vec<_> = arguments.split(' ').map(|word| word.trim_matches('"')).collect();
        let program = Program::start_with("redis-server", &arguments);
        until_listening(port);
        Self { port, _program: program }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

/// What `reused` was in each connection of Node's client, which has no tickets.
fn node(place: &Place, ports: &[u16], times: usize) -> Vec<bool> {
    let settings = format!("{{\"times\":{times},\"ports\":{ports:?},\"ca\":\"{}\"}}", place.path("root.pem"));
    let said = Program::start_with("node", &[CLIENT, &settings]).succeed();
    said.lines().map(|line| line.contains("true")).collect()
}

/// The server's verdict on a call without tickets, which offers the session in the file, if there is one, and keeps it there.
fn call(place: &Place, port: u16, kept: &str) -> String {
    let to = format!("127.0.0.1:{port}");
    let root = place.path("root.pem");
    let (name, path) = ("a.example", place.path(kept));
    let mut args =
        vec!["connect", &to, "--ca", &root, "--name", name, "--no-tickets", "--session-out", &path];
    if std::path::Path::new(&path).exists() {
        args.extend(["--session-in", &path]);
    }
    let mut program = Program::start_with(env!("CARGO_BIN_EXE_tls12"), &args);
    program.input(REQUEST);
    program.end_input();
    let text = program.succeed();
    let words: Vec<_> = text.split_whitespace().filter(|word| word.starts_with("re")).take(2).collect();
    words.join(" ")
}

/// Calls until the session in the file is resumed by ID.
fn until_resumed(place: &Place, serving: &Serving) {
    let end = Instant::now() + PATIENCE;
    while call(place, serving.port, "s") != "resumed=id reason=-" {
        assert!(Instant::now() < end, "{}", serving.program.text());
        thread::sleep(Duration::from_millis(20));
    }
}

/// Two processes with one file of keys, so that each can open what the other sealed.
fn two(place: &Place, redis: &Redis, more: &[&str]) -> [Serving; 2] {
    let keys = place.path("ticket.keys");
    if !std::path::Path::new(&keys).exists() {
        Program::start_with(env!("CARGO_BIN_EXE_tls12"), &["ticket-keys", "new", &keys]).succeed();
    }
    let url = redis.url();
    // A busy machine may take its time.
    let patient = ["--session-cache-deadline", "10s"];
    let args = [&["--ticket-keys", &keys, "--session-cache", &url], &patient[..], more].concat();
    [(); 2].map(|()| Serving::start(place, &args))
}

#[test]
fn node_resumes_across_two_processes_that_share_one_redis() {
    if !has_peers("Node and two processes that share one Redis") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let redis = Redis::start(free_port());
    let serving = two(&place, &redis, &[]);
    let ports = serving.each_ref().map(|serving| serving.port);
    assert_eq!(node(&place, &ports, 6), [false, true, true, true, true, true]);
    let logs = serving.map(|it| it.program.text_until(|text| text.matches("event=served").count() == 3));
    assert!(logs[0].contains("resumed=no reason=NotOffered") && logs[1].matches("resumed=id").count() == 3);
}

#[test]
fn processes_on_one_port_share_connections_and_sessions() {
    if !has_peers("two processes on one port that share one Redis") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let redis = Redis::start(free_port());
    let (keys, url, listen) = (place.path("ticket.keys"), redis.url(), format!("127.0.0.1:{}", free_port()));
    Program::start_with(env!("CARGO_BIN_EXE_tls12"), &["ticket-keys", "new", &keys]).succeed();
    let (cert, key) = (place.path("server.pem"), place.path("server.key"));
    let args = [
        "serve",
        "--reuse-port",
        "--listen",
        &listen,
        "--cert",
        &cert,
        "--key",
        &key,
        "--ticket-keys",
        &keys,
        "--session-cache",
        &url,
        "--session-cache-deadline",
        "10s",
    ];
    let serving = [(); 2].map(|()| Serving::listening(&args));
    let port = serving[0].port;
    assert_eq!(port, serving[1].port);
    let reused = node(&place, &[port], 40);
    assert!(!reused[0] && reused[1..].iter().all(|reused| *reused), "{reused:?}");
    // The system distributes by the port of the client: that all 40 went to one of them is not to be expected.
    let counts = serving.each_ref().map(|it| it.program.text().matches("event=served").count());
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    // A third one without the option cannot have the port.
    let alone = Program::start_with(env!("CARGO_BIN_EXE_tls12"), &["serve", "--listen", &listen]).wait();
    assert_eq!(alone.0.code(), Some(1), "{}", alone.1);
}

/// Of a Redis that is killed and comes back empty, clients notice full handshakes, and nothing else.
#[test]
fn a_redis_that_dies_and_comes_back_costs_full_handshakes_alone() {
    if !has_peers("a Redis that dies") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let redis = Redis::start(free_port());
    // Nothing is kept in front of it, so that every lookup asks it.
    let [one, other] = two(&place, &redis, &["--session-cache-local", "0"]);
    assert_eq!(call(&place, one.port, "s"), "resumed=no reason=NotOffered");
    assert_eq!(call(&place, other.port, "s"), "resumed=id reason=-");
    let port = redis.port;
    drop(redis);
    for _ in 0..20 {
        assert_eq!(call(&place, one.port, "s"), "resumed=no reason=StoreUnavailable");
    }
    let log = one.program.text_until(|text| text.matches("event=served").count() == 21);
    assert_eq!(log.matches("reason=StoreUnavailable").count(), 20, "{log}");

    let redis = Redis::start(port);
    // The other one hears only now that its connections are none any more.
    [one, other].iter().for_each(|serving| until_resumed(&place, serving));
    drop(redis);
}

#[test]
fn a_server_starts_without_its_redis_and_uses_it_when_it_comes() {
    if !has_peers("a Redis that comes late") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let port = free_port();
    let url = place.write("url", format!("redis://127.0.0.1:{port}/0\n").as_bytes());
    let args =
        ["--session-cache", &format!("file:{url}"), "--metrics", "127.0.0.1:0", "--session-cache-local", "0"];
    let serving = Serving::start(&place, &args);
    assert_eq!(call(&place, serving.port, "s"), "resumed=no reason=NotOffered");
    assert_eq!(call(&place, serving.port, "s"), "resumed=no reason=StoreUnavailable");
    let redis = Redis::start(port);
    until_resumed(&place, &serving);
    let text = serving.program.text();
    let address =
        text.split("numbers at http://").nth(1).and_then(|rest| rest.split('/').next()).expect("it says so");
    let numbers =
        || Program::start("curl", &format!("--silent --max-time 20 http://{address}/metrics")).succeed();
    // The other connection may still be on its way.
    let end = Instant::now() + PATIENCE;
    while !numbers().contains("tls12_cache_connections 2") {
        assert!(Instant::now() < end, "{}", numbers());
        thread::sleep(Duration::from_millis(20));
    }
    let numbers = numbers();
    for line in [
        "tls12_cache_calls_total{operation=\"get\",outcome=\"found\"} 1",
        "tls12_cache_failures_total{why=\"not-connected\"}",
        "tls12_handshakes_total{outcome=\"full\",code=\"11\",reason=\"StoreUnavailable\"}",
    ] {
        assert!(numbers.contains(line), "no {line} in\n{numbers}");
    }
    drop(redis);
}

/// A Redis that does not let us in is told once, and the file with its URL is read again at SIGHUP.
#[test]
fn a_redis_that_refuses_is_told_and_another_url_is_taken() {
    if !has_peers("a Redis with a password") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let redis = Redis::start(free_port());
    let cli = format!("-p {} CONFIG SET requirepass right", redis.port);
    assert_eq!(Program::start("redis-cli", &cli).succeed().trim(), "OK");
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", redis.port);
    let file = place.write("url", url("wrong").as_bytes());
    let keys = place.path("ticket.keys");
    Program::start_with(env!("CARGO_BIN_EXE_tls12"), &["ticket-keys", "new", &keys]).succeed();
    let args =
        ["--session-cache", &format!("file:{file}"), "--session-cache-local", "0", "--ticket-keys", &keys];
    let serving = Serving::start(&place, &args);
    let said = serving.program.text_with("no connection to Redis");
    assert!(said.contains("does not allow it") && !said.contains("wrong"), "{said}");
    assert!(call(&place, serving.port, "s").contains("reason=NotOffered"));
    assert!(call(&place, serving.port, "s").contains("reason=StoreUnavailable"));
    place.write("url", url("right").as_bytes());
    serving.program.signal("HUP");
    serving.program.text_with("read again");
    until_resumed(&place, &serving);
    assert_eq!(
        serving.program.text().matches("no connection to Redis").count(),
        2,
        "one for each connection"
    );
}

#[test]
fn a_url_that_is_none_is_told_without_its_password() {
    for url in ["redis://alice:secret@host/nothing", "http://alice:secret@host", "redis:/alice:secret@host"] {
        let args = ["serve", "--listen", "127.0.0.1:0", "--session-cache", url];
        let (status, said) = Program::start_with(env!("CARGO_BIN_EXE_tls12"), &args).wait();
        assert_eq!(status.code(), Some(2), "{said}");
        assert!(said.contains("--session-cache") && !said.contains("secret"), "{said}");
    }
}
