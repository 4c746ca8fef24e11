//! Connections of the adapters that wait for their peers hold no buffers.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the adapters are asked over real sockets, and until what they do is done"
)]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use ::tokio::io::{AsyncReadExt, AsyncWriteExt};
use tls12::{
    ClientConfig, ServerConfig, ServerName, blocking, crypto::RUSTCRYPTO, pki::WebPki, tokio as adapter,
};

use crate::{
    KIB,
    common::certs::{Ca, Issued, Spec},
    heap::{HEAP, Heap},
};

/// How many connections there are at once.
const CONNECTIONS: usize = 16;
/// What they may take, both sides and what a thread or a task of the test takes; one receive buffer has 18 KiB.
const BOUND: usize = CONNECTIONS * 2 * 5 * KIB;
/// What goes each way before a connection is idle: several records, and many reads.
const DATA: usize = 100_000;

struct Parties {
    ca: Ca,
    server: Issued,
}

impl Parties {
    fn new() -> Self {
        let ca = Ca::new("root");
        let server = ca.issue(&Spec::server(&["a.example"]));
        Self { ca, server }
    }

    fn config(&self) -> ServerConfig {
        ServerConfig::new(&RUSTCRYPTO, self.server.credential("server"))
    }

    fn trust(&self) -> WebPki {
        WebPki::new(&RUSTCRYPTO, [self.ca.root()]).expect("a root")
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from("a.example").expect("a name")
}

fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    (client, listener.accept().expect("the other end").0)
}

/// Waits until no more than the bound is taken since `before`: who sent the last byte may not be waiting yet.
fn settles(before: usize) {
    let end = Instant::now() + Duration::from_secs(10);
    let taken = || HEAP.current_usage().saturating_sub(before);
    while taken() > BOUND {
        assert!(Instant::now() < end, "{} bytes are held, more than {BOUND}", taken());
        thread::sleep(Duration::from_millis(5));
    }
    println!("{} bytes for each side of a connection", taken() / CONNECTIONS / 2);
}

/// A client that is not used, whose server waits in a call, after as much as `DATA` each way.
fn blocking_pair(
    acceptor: &blocking::Acceptor,
    connector: &blocking::Connector<WebPki>,
) -> (blocking::Stream<TcpStream>, thread::JoinHandle<()>) {
    let (client, server) = sockets();
    let acceptor = acceptor.clone();
    let serving = thread::spawn(move || {
        let mut tls = acceptor.accept(server).expect("a connection");
        let mut data = vec![0; DATA];
        tls.read_exact(&mut data).expect("data");
        tls.write_all(&data).expect("room");
        drop(data);
        let mut last = [0; 5];
        tls.read_exact(&mut last).expect("it comes after the pause");
        tls.write_all(&last).expect("room");
    });
    let mut tls = connector.connect(name(), None, client).expect("a connection");
    let data = vec![7; DATA];
    tls.write_all(&data).expect("room");
    let mut back = vec![0; DATA];
    tls.read_exact(&mut back).expect("data");
    assert!(back == data);
    (tls, serving)
}

/// After the pause all goes on.
fn finish((mut tls, serving): (blocking::Stream<TcpStream>, thread::JoinHandle<()>)) {
    tls.write_all(b"pause").expect("room");
    let mut back = [0; 5];
    tls.read_exact(&mut back).expect("data");
    assert_eq!(&back, b"pause");
    serving.join().expect("no panic");
}

#[test]
fn blocking_streams_that_wait_or_are_not_used_hold_no_buffers() {
    let _heap = Heap::alone();
    let parties = Parties::new();
    let acceptor = blocking::Acceptor::new(parties.config(), parties.server.local_key());
    let connector = blocking::Connector::new(ClientConfig::new(&RUSTCRYPTO), parties.trust());
    finish(blocking_pair(&acceptor, &connector));
    let before = HEAP.current_usage();
    let pairs: Vec<_> = (0..CONNECTIONS).map(|_| blocking_pair(&acceptor, &connector)).collect();
    settles(before);
    pairs.into_iter().for_each(finish);
}

type AsyncPair = (adapter::TlsStream<::tokio::net::TcpStream>, ::tokio::task::JoinHandle<()>);

/// The same with a task.
async fn async_pair(acceptor: &adapter::Acceptor, connector: &adapter::Connector<WebPki>) -> AsyncPair {
    let (client, server) = sockets();
    let [client, server] = [client, server].map(|tcp| {
        tcp.set_nonblocking(true).expect("an option");
        ::tokio::net::TcpStream::from_std(tcp).expect("a runtime")
    });
    let acceptor = acceptor.clone();
    let serving = ::tokio::spawn(async move {
        let mut tls = acceptor.accept(server).await.expect("a connection");
        let mut data = vec![0; DATA];
        tls.read_exact(&mut data).await.expect("data");
        tls.write_all(&data).await.expect("room");
        tls.flush().await.expect("room");
        drop(data);
        let mut last = [0; 5];
        tls.read_exact(&mut last).await.expect("it comes after the pause");
        tls.write_all(&last).await.expect("room");
        tls.flush().await.expect("room");
    });
    let mut tls = connector.connect(name(), None, client).await.expect("a connection");
    let data = vec![7; DATA];
    tls.write_all(&data).await.expect("room");
    tls.flush().await.expect("room");
    let mut back = vec![0; DATA];
    tls.read_exact(&mut back).await.expect("data");
    assert!(back == data);
    (tls, serving)
}

async fn finish_async((mut tls, serving): AsyncPair) {
    tls.write_all(b"pause").await.expect("room");
    let mut back = [0; 5];
    tls.read_exact(&mut back).await.expect("data");
    assert_eq!(&back, b"pause");
    serving.await.expect("no panic");
}

#[test]
fn async_streams_that_wait_or_are_not_used_hold_no_buffers() {
    let _heap = Heap::alone();
    let parties = Parties::new();
    let acceptor = adapter::Acceptor::new(parties.config(), parties.server.local_key());
    let connector = adapter::Connector::new(ClientConfig::new(&RUSTCRYPTO), parties.trust());
    // Of several threads, so that the tasks go on while the test waits.
    let runtime = ::tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        finish_async(async_pair(&acceptor, &connector).await).await;
        let before = HEAP.current_usage();
        let mut pairs = Vec::new();
        for _ in 0..CONNECTIONS {
            pairs.push(async_pair(&acceptor, &connector).await);
        }
        settles(before);
        for pair in pairs {
            finish_async(pair).await;
        }
    });
}

#[test]
fn halves_that_wait_or_are_not_used_hold_no_buffers() {
    let _heap = Heap::alone();
    let parties = Parties::new();
    let acceptor = adapter::Acceptor::new(parties.config(), parties.server.local_key());
    let connector = adapter::Connector::new(ClientConfig::new(&RUSTCRYPTO), parties.trust());
    let runtime = ::tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        finish_async(async_pair(&acceptor, &connector).await).await;
        let before = HEAP.current_usage();
        let mut pairs = Vec::new();
        for _ in 0..CONNECTIONS {
            let (tls, serving) = async_pair(&acceptor, &connector).await;
            let (mut reading, writing) = tls.into_split();
            // One half waits, the other is not used.
            let waiting = ::tokio::spawn(async move {
                reading.read_u8().await.expect("it comes after the pause");
                reading
            });
            pairs.push((waiting, writing, serving));
        }
        settles(before);
        for (waiting, mut writing, serving) in pairs {
            writing.write_all(b"pause").await.expect("room");
            waiting.await.expect("no panic").read_exact(&mut [0; 4]).await.expect("data");
            serving.await.expect("no panic");
        }
    });
}

/// Both ends, the client's after a write that was given up because nobody read.
async fn given_up_pair(
    acceptor: &adapter::Acceptor,
    connector: &adapter::Connector<WebPki>,
) -> [adapter::TlsStream<::tokio::io::DuplexStream>; 2] {
    let (client, server) = ::tokio::io::duplex(KIB);
    let server = acceptor.accept(server);
    let name = name();
    let (client, server) = ::tokio::join!(connector.connect(name, None, client), server);
    let (mut client, mut server) = (client.expect("a connection"), server.expect("a connection"));
    let data = vec![7; DATA];
    let mut taken = 0;
    while let Ok(written) = ::tokio::time::timeout(Duration::from_millis(5), client.write(&data)).await {
        taken += written.expect("room for it later");
    }
    drop(data);
    let mut came = vec![0; taken];
    let (flushed, read) = ::tokio::join!(client.flush(), server.read_exact(&mut came));
    assert_eq!((flushed.is_ok(), read.expect("what was taken")), (true, taken));
    [client, server]
}

#[test]
fn streams_whose_writes_were_given_up_hold_no_buffers_when_all_is_sent() {
    let _heap = Heap::alone();
    let parties = Parties::new();
    let acceptor = adapter::Acceptor::new(parties.config(), parties.server.local_key());
    let connector = adapter::Connector::new(ClientConfig::new(&RUSTCRYPTO), parties.trust());
    let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        drop(given_up_pair(&acceptor, &connector).await);
        let before = HEAP.current_usage();
        let mut pairs = Vec::new();
        for _ in 0..CONNECTIONS {
            pairs.push(given_up_pair(&acceptor, &connector).await);
        }
        settles(before);
    });
}
