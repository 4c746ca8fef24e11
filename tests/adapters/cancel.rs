//! Futures that are dropped wherever they wait, and asked for again.

use std::{future::Future, io::ErrorKind};

use ::tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex},
    task::yield_now,
};

use tls12::tokio::TlsStream;

use super::{
    edges::{Edges, bytes, name, tls_error},
    transports::{EverySecond, acceptor, connector, established, established_over, once, within},
};

const LENGTH: usize = 60_000;

/// Does something again and again, until it is done without waiting. Every future that waits is dropped; `$dropped` counts
/// them.
macro_rules! done {
    ($dropped:ident, $work:expr) => {
        loop {
            match once($work).await {
                Some(result) => break result,
                None => $dropped += 1,
            }
            yield_now().await;
        }
    };
}

/// Writes all, flushes and shuts down.
async fn write(to: &mut (impl AsyncWrite + Unpin), data: &[u8]) -> usize {
    let (mut rest, mut dropped) = (data, 0);
    while !rest.is_empty() {
        let part = &rest[..rest.len().min(4000)];
        let n = done!(dropped, to.write(part)).unwrap();
        rest = &rest[n..];
        done!(dropped, to.flush()).unwrap();
    }
    done!(dropped, to.shutdown()).unwrap();
    dropped
}

/// Reads to the end.
async fn read(from: &mut (impl AsyncRead + Unpin)) -> (Vec<u8>, usize) {
    let (mut all, mut dropped) = (Vec::new(), 0);
    loop {
        let mut part = [0; 700];
        match done!(dropped, from.read(&mut part)).unwrap() {
            0 => return (all, dropped),
            n => all.extend_from_slice(&part[..n]),
        }
    }
}

#[::tokio::test]
async fn every_byte_arrives_both_ways_although_every_future_that_waits_is_dropped() {
    let (client, server) = duplex(3000);
    let (mut client, mut server) =
        established_over(EverySecond::new(client, 1234), EverySecond::new(server, 777)).await;
    client.allow_half_close();
    server.allow_half_close();
    let (up, down) = (bytes(LENGTH), bytes(LENGTH + 1));
    let (write_up, (up_read, read_up)) =
        within(async { ::tokio::join!(write(&mut client, &up), read(&mut server)) }).await;
    let (write_down, (down_read, read_down)) =
        within(async { ::tokio::join!(write(&mut server, &down), read(&mut client)) }).await;
    assert!(up_read == up && down_read == down);
    for dropped in [write_up, read_up, write_down, read_down] {
        assert!(dropped > 20, "only {dropped} were dropped");
    }
}

#[::tokio::test]
async fn the_same_is_true_of_halves_that_carry_both_ways_at_once() {
    let (client, server) = duplex(3000);
    let (mut client, mut server) =
        established_over(EverySecond::new(client, 1234), EverySecond::new(server, 777)).await;
    client.allow_half_close();
    server.allow_half_close();
    let (up, down) = (bytes(LENGTH), bytes(LENGTH + 1));
    let (mut client_reads, mut client_writes) = client.into_split();
    let (mut server_reads, mut server_writes) = server.into_split();
    let all = async {
        ::tokio::join!(
            write(&mut client_writes, &up),
            read(&mut server_reads),
            write(&mut server_writes, &down),
            read(&mut client_reads),
        )
    };
    let (_, (up_read, _), _, (down_read, _)) = within(all).await;
    assert!(up_read == up && down_read == down);
}

#[::tokio::test]
async fn a_write_that_is_dropped_took_nothing() {
    let (mut client, mut server) = established(1000).await;
    assert_eq!(client.write(&[1; 5000]).await.unwrap(), 5000);
    assert!(once(client.write(&[2; 5000])).await.is_none());
    assert!(once(client.write(&[3; 5000])).await.is_none());
    let closing = async { client.shutdown_after(&[4; 10]).await.unwrap() };
    let mut all = Vec::new();
    let (_, read) = within(async { ::tokio::join!(closing, server.read_to_end(&mut all)) }).await;
    read.unwrap();
    assert!(all == [vec![1; 5000], vec![4; 10]].concat());
}

#[::tokio::test]
async fn a_buffer_that_is_filled_and_not_used_is_filled_again() {
    let (mut client, mut server) = established(1000).await;
    client.write_all(b"line\n").await.unwrap();
    assert_eq!(server.fill_buf().await.unwrap(), b"line\n");
    assert_eq!(once(server.fill_buf()).await.unwrap().unwrap(), b"line\n");
    server.consume(5);
    assert!(once(server.fill_buf()).await.is_none());
}

#[::tokio::test]
async fn a_handshake_that_is_dropped_wherever_it_waits_is_an_end_for_the_peer_and_harms_no_other() {
    let edges = Edges::new();
    let (acceptor, connector) = (acceptor(&edges), connector(&edges));
    for drops_client in [false, true] {
        let mut polls = 0;
        // One poll more each time, until one is complete.
        let complete = loop {
            let (client, server) = duplex(500);
            let mut connecting =
                Some(Box::pin(connector.connect(name(), None, EverySecond::new(client, 100))));
            let mut accepting = Some(Box::pin(acceptor.accept(EverySecond::new(server, 100))));
            let mut results = (None, None);
            for _ in 0..polls {
                if let Some(connecting) = connecting.as_mut().filter(|_| results.0.is_none()) {
                    results.0 = once(connecting).await;
                }
                if let Some(accepting) = accepting.as_mut().filter(|_| results.1.is_none()) {
                    results.1 = once(accepting).await;
                }
            }
            match (drops_client, results) {
                (_, (Some(client), Some(server))) => break (client.unwrap(), server.unwrap()),
                (true, (None, None)) => {
                    drop(connecting.take());
                    hears_of_the_end(accepting.take().unwrap()).await;
                }
                (false, (None, None)) => {
                    drop(accepting.take());
                    hears_of_the_end(connecting.take().unwrap()).await;
                }
                // One side is through, and finds out later.
                (_, (Some(_), None) | (None, Some(_))) => {}
            }
            polls += 1;
        };
        drop(complete);
        assert!(polls > 10, "{polls}");
    }
}

/// A handshake whose peer gave up ends with an error, or is complete by then, and its first read tells.
async fn hears_of_the_end<T: AsyncRead + AsyncWrite + Unpin>(
    handshake: impl Future<Output = std::io::Result<TlsStream<T>>>,
) {
    let error = match within(handshake).await {
        Ok(mut tls) => within(tls.read(&mut [0; 8])).await.unwrap_err(),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::UnexpectedEof => assert_eq!(*tls_error(&error), tls12::Error::Truncated),
        kind => assert_eq!(kind, ErrorKind::BrokenPipe),
    }
}
