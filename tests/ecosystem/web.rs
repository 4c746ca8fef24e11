//! HTTP/1.1 and HTTP/2: hyper and axum as servers, hyper and a client without a library as clients.

use std::{future::Future, net::SocketAddr};

use ::tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinSet, spawn_blocking},
    time::timeout,
};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Version, body::Bytes};
use tls12::session::{HandshakeKind, NotResumed, ResumedBy};

use super::{
    axum_server, blocking_client,
    files::Files,
    hyper_client::{self, Connection, Sender},
    hyper_server,
    running::TIMEOUT,
};

const HTTP1: &[&[u8]] = &[b"http/1.1"];
const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
const FULL: HandshakeKind = HandshakeKind::Full(NotResumed::NotOffered);
const RESUMED: HandshakeKind = HandshakeKind::Resumed(ResumedBy::Ticket);

async fn within<R>(work: impl Future<Output = R>) -> R {
    timeout(TIMEOUT, work).await.expect("nobody waits for ever")
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The name of a server with hyper.
async fn hyper(files: &Files) -> String {
    let acceptor = hyper_server::acceptor(&files.server.0, &files.server.1).unwrap();
    let (listener, address) = listener().await;
    ::tokio::spawn(hyper_server::serve(listener, acceptor));
    format!("localhost:{}", address.port())
}

/// The name of a server with axum.
async fn axum(files: &Files) -> String {
    let acceptor = axum_server::acceptor(&files.server.0, &files.server.1).unwrap();
    let (listener, address) = listener().await;
    ::tokio::spawn(axum_server::serve(listener, acceptor));
    format!("localhost:{}", address.port())
}

fn data(length: usize) -> Bytes {
    (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

/// Asks how the handshake went, and has a megabyte come back from `echo`, over each of two connections.
pub(super) async fn visits(roots: &str, server: &str, echo: &str, protocols: &[&[u8]], version: Version) {
    let connector = hyper_client::connector(roots, protocols).unwrap();
    for expected in [FULL, RESUMED] {
        let mut connection = within(Connection::open(&connector, server)).await.unwrap();
        assert_eq!(connection.handshake, expected);
        let answer = within(connection.send(Method::GET, "/", Bytes::new())).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
        let body = within(answer.into_body().collect()).await.unwrap().to_bytes();
        assert_eq!(body, format!("{expected}\n"), "the server says the same");
        let answer = within(connection.send(Method::POST, echo, data(1 << 20))).await.unwrap();
        let body = within(answer.into_body().collect()).await.unwrap().to_bytes();
        assert!(body == data(1 << 20));
        within(connection.close()).await.unwrap();
    }
}

#[::tokio::test(flavor = "multi_thread")]
async fn hyper_speaks_both_versions_by_alpn_and_resumes() {
    let files = Files::new("hyper");
    let server = hyper(&files).await;
    visits(&files.root, &server, "/", BOTH, Version::HTTP_2).await;
    visits(&files.root, &server, "/", HTTP1, Version::HTTP_11).await;
    visits(&files.root, &server, "/", &[], Version::HTTP_11).await;
}

#[::tokio::test(flavor = "multi_thread")]
async fn axum_speaks_both_versions_by_alpn_and_resumes() {
    let files = Files::new("axum");
    let server = axum(&files).await;
    visits(&files.root, &server, "/echo", BOTH, Version::HTTP_2).await;
    visits(&files.root, &server, "/echo", HTTP1, Version::HTTP_11).await;
}

#[::tokio::test(flavor = "multi_thread")]
async fn streams_of_one_connection_carry_their_bodies_both_ways_at_once() {
    let files = Files::new("streams");
    let server = hyper(&files).await;
    let connector = hyper_client::connector(&files.root, BOTH).unwrap();
    let connection = within(Connection::open(&connector, &server)).await.unwrap();
    let Sender::Http2(sender) = &connection.sender else {
        panic!("ALPN chose another protocol");
    };
    let mut streams = JoinSet::new();
    for n in 0..20 {
        let (mut sender, sent) = (sender.clone(), data(100_000 + n));
        let request = Request::post(format!("https://{server}/")).body(Full::new(sent.clone())).unwrap();
        streams.spawn(async move {
            let answer = sender.send_request(request).await.unwrap();
            assert!(answer.into_body().collect().await.unwrap().to_bytes() == sent);
        });
    }
    while let Some(done) = within(streams.join_next()).await {
        done.expect("all of it came back");
    }
    within(connection.close()).await.unwrap();
}

#[::tokio::test]
async fn a_client_that_says_nothing_keeps_no_other_from_axum() {
    let files = Files::new("silent");
    let server = axum(&files).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(&server).await.unwrap());
    }
    visits(&files.root, &server, "/echo", BOTH, Version::HTTP_2).await;
}

#[::tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_library_resumes_over_blocking_sockets() {
    let files = Files::new("plain");
    let server = hyper(&files).await;
    let port = server.rsplit_once(':').unwrap().1.parse().unwrap();
    let connector = blocking_client::connector(&files.root).unwrap();
    for expected in [FULL, RESUMED] {
        let connector = connector.clone();
        let asking =
            spawn_blocking(move || blocking_client::get(&connector, "localhost", port, "/").unwrap());
        let (handshake, answer) = within(asking).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        assert_eq!(handshake, expected);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{expected}\n")), "{answer}");
    }
}
