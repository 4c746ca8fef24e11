//! WebSocket: tokio-tungstenite and tungstenite, each as server and as client of the other.

use std::{net, thread};

use ::tokio::{net::TcpListener, task::spawn_blocking, time::timeout};

use super::{files::Files, running::TIMEOUT, tungstenite_blocking, tungstenite_tokio};

/// Where frames have headers of other lengths (RFC 6455, 5.2), records end, and more than is taken at once.
const LENGTHS: &[usize] = &[1, 125, 126, 16_384, 32_768, 65_535, 65_536, 1 << 20];

async fn async_server(files: &Files) -> String {
    let acceptor = tungstenite_tokio::acceptor(&files.server.0, &files.server.1).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    ::tokio::spawn(tungstenite_tokio::serve(listener, acceptor));
    format!("localhost:{}", address.port())
}

fn blocking_server(files: &Files) -> String {
    let acceptor = tungstenite_blocking::acceptor(&files.server.0, &files.server.1).unwrap();
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || tungstenite_blocking::serve(&listener, &acceptor));
    format!("localhost:{}", address.port())
}

/// Both clients, one after the other.
async fn calls(files: &Files, server: String) {
    let connector = tungstenite_tokio::connector(&files.root).unwrap();
    let calling = tungstenite_tokio::call(&connector, &server, LENGTHS);
    timeout(TIMEOUT, calling).await.expect("in time").unwrap();
    let connector = tungstenite_blocking::connector(&files.root).unwrap();
    let calling = spawn_blocking(move || tungstenite_blocking::call(&connector, &server, LENGTHS));
    timeout(TIMEOUT, calling).await.expect("in time").unwrap().unwrap();
}

#[::tokio::test(flavor = "multi_thread")]
async fn messages_of_every_length_come_back_from_the_async_server() {
    let files = Files::new("websocket-async");
    let server = async_server(&files).await;
    calls(&files, server).await;
}

#[::tokio::test(flavor = "multi_thread")]
async fn messages_of_every_length_come_back_from_the_blocking_server() {
    let files = Files::new("websocket-blocking");
    let server = blocking_server(&files);
    calls(&files, server).await;
}
