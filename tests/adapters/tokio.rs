//! `tls12::tokio`.

use std::{
    future::poll_fn,
    io::{ErrorKind, Read, Write},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use ::tokio::{
    io::{
        AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
        split,
    },
    net::TcpStream,
    time::{sleep, timeout},
};
use tls12::{
    ClientConfig, Error,
    crypto::RUSTCRYPTO,
    pki::WebPki,
    tokio::{Acceptor, Connector, TlsStream, linger},
    wire::Alert,
};

use super::edges::{Edges, TIMEOUT, bytes, name, sockets, tls_error};
use crate::common::certs::Ca;

fn acceptor(edges: &Edges) -> Acceptor {
    Acceptor::new(edges.server_config(), edges.server.local_key())
}

fn connector(edges: &Edges) -> Connector<WebPki> {
    Connector::new(ClientConfig::new(&RUSTCRYPTO), edges.trust())
}

/// Both sides of an established connection over pipes that hold `capacity` bytes.
async fn established(capacity: usize) -> (TlsStream<DuplexStream>, TlsStream<DuplexStream>) {
    let edges = Edges::new();
    let (client, server) = duplex(capacity);
    let (acceptor, connector) = (acceptor(&edges), connector(&edges));
    let both = async { ::tokio::try_join!(connector.connect(name(), None, client), acceptor.accept(server)) };
    timeout(TIMEOUT, both).await.expect("nobody waits for ever").expect("two connections")
}

#[::tokio::test]
async fn a_line_each_way_and_a_close_each_way() {
    let (mut client, mut server) = established(4096).await;
    client.write_all(b"question\n").await.unwrap();
    let mut line = String::new();
    server.read_line(&mut line).await.unwrap();
    assert_eq!(line, "question\n");
    server.write_all(b"answer\n").await.unwrap();
    server.shutdown().await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "answer\n");
    assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    client.shutdown().await.unwrap();
}

#[::tokio::test(flavor = "multi_thread")]
async fn two_tasks_on_each_side_carry_megabytes_both_ways_at_once() {
    let (client, server) = established(1000).await;
    let mut tasks = Vec::new();
    for stream in [client, server] {
        let (mut reading, mut writing) = split(stream);
        tasks.push(::tokio::spawn(async move {
            writing.write_all(&bytes(2 << 20)).await.unwrap();
            // Nobody closes: a peer that has all its data may be gone by then.
            writing.flush().await.unwrap();
        }));
        tasks.push(::tokio::spawn(async move {
            let mut all = vec![0; 2 << 20];
            reading.read_exact(&mut all).await.unwrap();
            assert!(all == bytes(2 << 20));
        }));
    }
    for task in tasks {
        timeout(TIMEOUT, task).await.expect("nobody waits for ever").expect("all data");
    }
}

#[::tokio::test]
async fn nothing_is_taken_while_bytes_wait_to_be_sent() {
    const CAPACITY: usize = 10_000;
    let (mut client, mut server) = established(CAPACITY).await;
    let data = bytes(1 << 20);
    let mut taken = 0;
    let mut write_until_pending = async |client: &mut TlsStream<DuplexStream>| {
        poll_fn(|cx| {
            loop {
                match Pin::new(&mut *client).poll_write(cx, &data[taken..]) {
                    Poll::Ready(written) => taken += written.unwrap(),
                    Poll::Pending => return Poll::Ready(taken),
                }
            }
        })
        .await
    };
    let taken = write_until_pending(&mut client).await;
    assert!(taken <= CAPACITY + 32 * 1024, "{taken} bytes were taken");
    // Nothing of it is lost, and nothing comes twice.
    let mut received = vec![0; taken];
    let flushing = async { client.flush().await.unwrap() };
    let reading = async { server.read_exact(&mut received).await.unwrap() };
    timeout(TIMEOUT, async { ::tokio::join!(flushing, reading) }).await.expect("nobody waits for ever");
    assert!(received == data[..taken]);
}

#[::tokio::test]
async fn an_abandoned_read_loses_nothing() {
    let (mut client, mut server) = established(300).await;
    let data = bytes(100_000);
    let expected = data.clone();
    let writing = ::tokio::spawn(async move {
        for part in data.chunks(777) {
            server.write_all(part).await.unwrap();
            ::tokio::task::yield_now().await;
        }
        server.shutdown().await.unwrap();
    });
    let (mut all, mut abandoned) = (Vec::new(), 0);
    loop {
        let mut part = [0; 500];
        let read = ::tokio::select! {
            biased;
            read = client.read(&mut part) => read.unwrap(),
            () = ::tokio::task::yield_now() => { abandoned += 1; continue }
        };
        match read {
            0 => break,
            n => all.extend_from_slice(&part[..n]),
        }
    }
    writing.await.unwrap();
    assert!(all == expected && abandoned > 0, "{} bytes, abandoned {abandoned} times", all.len());
}

#[::tokio::test]
async fn a_read_that_waits_is_woken_by_data_alone() {
    let (mut client, mut server) = established(4096).await;
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    let reading = ::tokio::spawn(async move {
        let mut buffer = [0; 8];
        let mut read = std::pin::pin!(client.read(&mut buffer));
        poll_fn(|cx| {
            counted.fetch_add(1, Ordering::Relaxed);
            read.as_mut().poll(cx)
        })
        .await
    });
    sleep(Duration::from_millis(100)).await;
    assert_eq!(polls.load(Ordering::Relaxed), 1);
    server.write_all(b"data").await.unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), 4);
    assert_eq!(polls.load(Ordering::Relaxed), 2);
}

#[::tokio::test]
async fn an_end_without_close_notify_is_an_error_after_all_data() {
    let (mut client, mut server) = established(4096).await;
    server.write_all(b"half an ans").await.unwrap();
    drop(server);
    let mut answer = Vec::new();
    let error = client.read_to_end(&mut answer).await.unwrap_err();
    assert_eq!((&answer[..], error.kind()), (&b"half an ans"[..], ErrorKind::UnexpectedEof));
    assert_eq!(*tls_error(&error), Error::Truncated);
}

#[::tokio::test]
async fn a_forged_record_is_told_to_the_peer_and_reported_for_ever() {
    let (mut client, mut server) = established(4096).await;
    client.get_mut().write_all(&[23, 3, 3, 0, 32]).await.unwrap();
    client.get_mut().write_all(&[7; 32]).await.unwrap();
    for _ in 0..2 {
        let error = server.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(tls_error(&error).alert(), Some(Alert::BAD_RECORD_MAC));
    }
    assert_eq!(tls_error(&server.write(b"more").await.unwrap_err()).alert(), Some(Alert::BAD_RECORD_MAC));
    let error = client.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(*tls_error(&error), Error::Received(Alert::BAD_RECORD_MAC));
}

#[::tokio::test]
async fn the_alert_about_a_forged_record_is_waited_for_where_the_pipe_is_full() {
    let (mut client, mut server) = established(2048).await;
    let filling = poll_fn(|cx| {
        while Pin::new(&mut server).poll_write(cx, &[0; 1000]).is_ready() {}
        Poll::Ready(())
    });
    filling.await;
    client.get_mut().write_all(&[23, 3, 3, 0, 17]).await.unwrap();
    client.get_mut().write_all(&[7; 17]).await.unwrap();
    let failing = ::tokio::spawn(async move { server.read(&mut [0; 8]).await.unwrap_err() });
    let mut all = Vec::new();
    let error = timeout(TIMEOUT, client.read_to_end(&mut all)).await.unwrap().unwrap_err();
    assert!(!all.is_empty());
    assert_eq!(*tls_error(&error), Error::Received(Alert::BAD_RECORD_MAC));
    assert_eq!(tls_error(&failing.await.unwrap()).alert(), Some(Alert::BAD_RECORD_MAC));
}

#[::tokio::test]
async fn a_refused_certificate_reaches_the_peer_as_an_alert_over_a_socket() {
    let edges = Edges::new();
    let (client, server) = sockets();
    client.set_nonblocking(true).unwrap();
    server.set_nonblocking(true).unwrap();
    let (mut client, mut server) =
        (TcpStream::from_std(client).unwrap(), TcpStream::from_std(server).unwrap());
    let stranger = WebPki::new(&RUSTCRYPTO, [Ca::new("another root").root()]).unwrap();
    let connector = Connector::new(ClientConfig::new(&RUSTCRYPTO), stranger);
    let acceptor = acceptor(&edges);
    let accepting = async {
        let error = acceptor.accept(&mut server).await.map(|_| ()).unwrap_err();
        linger(&mut server).await;
        error
    };
    let connecting = async {
        let error = connector.connect(name(), None, &mut client).await.map(|_| ()).unwrap_err();
        linger(&mut client).await;
        error
    };
    let both = timeout(TIMEOUT, async { ::tokio::join!(accepting, connecting) });
    let (accepted, connected) = both.await.expect("nobody waits for ever");
    assert_eq!(*tls_error(&accepted), Error::Received(Alert::UNKNOWN_CA));
    assert_eq!(tls_error(&connected).alert(), Some(Alert::UNKNOWN_CA));
}

#[::tokio::test]
async fn a_blocking_client_and_an_async_server_understand_each_other() {
    let edges = Edges::new();
    let (client, server) = sockets();
    server.set_nonblocking(true).unwrap();
    let server = TcpStream::from_std(server).unwrap();
    let (acceptor, connector) = (acceptor(&edges), edges.connector());
    let calling = ::tokio::task::spawn_blocking(move || {
        let mut tls = connector.connect(name(), None, client).unwrap();
        tls.write_all(&bytes(300_000)).unwrap();
        tls.shutdown_write().unwrap();
        let mut back = Vec::new();
        tls.read_to_end(&mut back).unwrap();
        back
    });
    let mut tls = acceptor.accept(server).await.unwrap();
    tls.allow_half_close();
    let mut all = Vec::new();
    tls.read_to_end(&mut all).await.unwrap();
    tls.write_all(&all).await.unwrap();
    tls.shutdown().await.unwrap();
    assert!(calling.await.unwrap() == bytes(300_000));
}

/// A transport that counts how often something is written to it.
struct Counted<T>(T, usize);

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, to)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.1 += 1;
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[::tokio::test]
async fn the_last_data_and_the_close_after_it_are_one_write() {
    for (length, writes) in [(0, 1), (5, 1), (32 * 1024, 1), (100_000, 4)] {
        let edges = Edges::new();
        let (client, server) = duplex(200_000);
        let (acceptor, connector) = (acceptor(&edges), connector(&edges));
        let both = async {
            ::tokio::try_join!(connector.connect(name(), None, client), acceptor.accept(Counted(server, 0)))
        };
        let (mut client, mut server) =
            timeout(TIMEOUT, both).await.expect("in time").expect("two connections");
        let before = server.get_ref().1;
        server.shutdown_after(&bytes(length)).await.unwrap();
        assert_eq!(server.get_ref().1 - before, writes, "{length}");
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        assert!(all == bytes(length));
    }
}

#[::tokio::test]
async fn the_last_data_goes_through_a_pipe_that_holds_little() {
    let (mut client, mut server) = established(1000).await;
    let sending = async { server.shutdown_after(&bytes(100_000)).await };
    let mut all = Vec::new();
    let both = async { ::tokio::try_join!(sending, client.read_to_end(&mut all)) };
    timeout(TIMEOUT, both).await.expect("nobody waits for ever").unwrap();
    assert!(all == bytes(100_000));
}
