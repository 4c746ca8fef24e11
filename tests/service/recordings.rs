//! Recordings of connections with other programs.

use std::fs;

use tls12::{
    crypto::Provider,
    replay::{End, Recording, Replay, Step},
};

use super::serving::{Serving, curl, has_peers};
use crate::{common::certs::Key, nginx::Nginx, place::Place, program::Program};

/// The steps of the recording in a file, which happens again to its end.
fn again(path: &str) -> Vec<Step> {
    let text = fs::read(path).expect("a recording");
    let recording = Recording::read(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let steps: Vec<Step> = Replay::new(&recording, Provider::best()).collect();
    assert!(matches!(steps.last(), Some(Step::End(End::Reached))), "{path}: {:?}", steps.last());
    steps
}

/// How the handshake ended.
fn handshake(steps: &[Step]) -> String {
    let complete = steps.iter().find_map(|step| match step {
        Step::Complete(info) => Some(info.handshake.to_string()),
        _ => None,
    });
    complete.expect("a complete handshake")
}

fn sent(steps: &[Step]) -> (usize, usize) {
    let lengths = steps.iter().filter_map(|step| match step {
        Step::Sent { bytes, same, .. } => Some((bytes.len(), *same)),
        _ => None,
    });
    lengths.fold((0, 0), |(all, alike), (bytes, same)| (all + bytes, alike + same))
}

#[test]
fn what_curl_and_openssl_said_to_a_server_happens_again() {
    if !has_peers("recordings of connections with curl, OpenSSL and nginx") {
        return;
    }
    let place = Place::new(Key::Rsa2048);
    let folder = place.path("recordings");
    let serving = Serving::start(&place, &["--record", &folder, "--record-secrets"]);
    let url = format!("https://localhost:{}/", serving.port);
    // Two requests over connections of their own: curl resumes by itself.
    curl(&place, &["--http1.1", "--header", "Connection: close", &url, &url]);
    let server = format!("127.0.0.1:{}", serving.port);
    let args = ["s_client", "-connect", &server, "-servername", "localhost", "-tls1_2", "-reconnect"];
    let mut openssl = Program::start_with("openssl", &args);
    openssl.input(b"Q\n");
    openssl.end_input();
    openssl.succeed();
    serving.program.signal("TERM");
    serving.program.succeed();
    let mut files: Vec<_> =
        fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let flows: Vec<String> =
        files.iter().map(|file| handshake(&again(file.to_str().expect("UTF-8")))).collect();
    assert!(flows.len() >= 7, "{flows:?}");
    assert!(flows.iter().any(|flow| flow == "full (NotOffered)"), "{flows:?}");
    assert!(flows.iter().any(|flow| flow == "resumed by ticket"), "{flows:?}");
}

#[test]
fn what_nginx_said_to_a_client_happens_again() {
    if !has_peers("recordings of connections with curl, OpenSSL and nginx") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let nginx = Nginx::with_tls(&place, "ssl_session_cache shared:all:1m;");
    let (file, root) = (place.path("client.tls12"), place.path("root.pem"));
    let args = [
        "connect",
        &nginx.address().to_string(),
        "--name",
        "localhost",
        "--ca",
        &root,
        "--reconnect",
        "1",
        "--record",
        &file,
        "--record-secrets",
    ];
    Program::start_with(env!("CARGO_BIN_EXE_tls12"), &args).succeed();
    for (file, flow) in [(file.clone(), "full (NotOffered)"), (format!("{file}.2"), "resumed by ticket")] {
        let steps = again(&file);
        assert_eq!(handshake(&steps), flow);
        let (all, same) = sent(&steps);
        assert!(all == same && all > 100, "{same} of {all}");
    }
}
