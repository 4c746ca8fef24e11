//! How a connection is shut down, from either side, also where there is nobody left.

use std::io::{ErrorKind, IoSlice};

use ::tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    net::TcpStream,
};
use tls12::{Error, tokio::TlsStream, wire::ContentType};

use super::{
    edges::{bytes, sockets, tls_error},
    transports::{Fitful, Tap, established, established_over, within},
};

const ALERT: u8 = ContentType::ALERT.0;

/// Both sides of an established connection over the loopback interface.
async fn over_sockets() -> (TlsStream<TcpStream>, TlsStream<TcpStream>) {
    let (client, server) = sockets();
    let [client, server] = [client, server].map(|tcp| {
        tcp.set_nonblocking(true).unwrap();
        TcpStream::from_std(tcp).unwrap()
    });
    established_over(client, server).await
}

#[::tokio::test]
async fn close_notify_is_sent_once_and_the_transport_is_shut_down_once() {
    let (client, server) = duplex(4096);
    let (mut client, mut server) = established_over(Tap::new(client), server).await;
    client.get_mut().records();
    for _ in 0..3 {
        client.shutdown().await.unwrap();
        client.flush().await.unwrap();
    }
    let records: Vec<_> = client.get_mut().records().iter().map(|(content, _)| *content).collect();
    assert_eq!((records, client.get_ref().shut_downs), (vec![ALERT], 1));
    assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
    // The transport ended too, and not only what is in it.
    assert_eq!(server.get_mut().read(&mut [0; 8]).await.unwrap(), 0);
}

#[::tokio::test]
async fn after_a_shutdown_nothing_is_written_and_reading_goes_on_to_the_end() {
    let (mut client, mut server) = over_sockets().await;
    server.allow_half_close();
    client.shutdown_after(b"question").await.unwrap();
    assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    let slices = [IoSlice::new(b"mo"), IoSlice::new(b"re")];
    assert_eq!(client.write_vectored(&slices).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut question = Vec::new();
    server.read_to_end(&mut question).await.unwrap();
    assert_eq!(question, b"question");
    let answering = async {
        server.write_all(&bytes(300_000)).await.unwrap();
        server.shutdown().await.unwrap();
    };
    let mut answer = Vec::new();
    let (_, read) = within(async { ::tokio::join!(answering, client.read_to_end(&mut answer)) }).await;
    read.unwrap();
    assert!(answer == bytes(300_000));
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    client.shutdown().await.unwrap();
}

#[::tokio::test]
async fn a_shutdown_sends_what_was_written_before_it_through_a_pipe_that_holds_little() {
    let (client, server) = duplex(100);
    let (mut client, mut server) = established_over(Fitful::new(client, 50, 3), server).await;
    let writing = async {
        client.write_all(&bytes(10_000)).await.unwrap();
        client.shutdown().await.unwrap();
    };
    let mut all = Vec::new();
    let (_, read) = within(async { ::tokio::join!(writing, server.read_to_end(&mut all)) }).await;
    read.unwrap();
    assert!(all == bytes(10_000));
}

#[::tokio::test]
async fn after_the_peer_closed_a_shutdown_is_ok_although_the_peer_is_gone() {
    let (mut client, mut server) = established(4096).await;
    client.allow_half_close();
    server.shutdown().await.unwrap();
    drop(server);
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    client.shutdown().await.unwrap();
    client.shutdown().await.unwrap();
}

#[::tokio::test]
async fn after_the_peer_closed_a_shutdown_is_ok_although_the_socket_was_reset() {
    let (mut client, mut server) = over_sockets().await;
    client.allow_half_close();
    server.shutdown().await.unwrap();
    assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
    // What is unread when a socket is closed has it reset the connection.
    client.get_mut().write_all(b"unread").await.unwrap();
    server.get_ref().readable().await.unwrap();
    drop(server);
    // Until the reset has come there is an end, and then there is an error.
    while client.get_mut().write(&[0]).await.is_ok() {
        ::tokio::task::yield_now().await;
    }
    client.shutdown().await.unwrap();
    client.shutdown().await.unwrap();
}

#[::tokio::test]
async fn a_peer_that_is_gone_without_a_word_is_an_error_once() {
    let (mut client, server) = established(4096).await;
    drop(server);
    assert_eq!(client.shutdown().await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    client.shutdown().await.unwrap();
    client.flush().await.unwrap();
    assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    let error = client.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(*tls_error(&error), Error::Truncated);
}

#[::tokio::test]
async fn after_a_fatal_alert_a_shutdown_has_nothing_to_add() {
    let (client, server) = duplex(4096);
    let (mut client, mut server) = established_over(client, Tap::new(server)).await;
    server.get_mut().records();
    client.get_mut().write_all(&[23, 3, 3, 0, 32]).await.unwrap();
    client.get_mut().write_all(&[7; 32]).await.unwrap();
    server.read(&mut [0; 8]).await.unwrap_err();
    drop(client);
    server.shutdown().await.unwrap();
    assert_eq!(server.get_mut().records().len(), 1, "the alert alone");
    assert!(tls_error(&server.write(b"more").await.unwrap_err()).alert().is_some());
}

#[::tokio::test]
async fn what_came_before_a_write_failed_is_read_and_then_the_failure_is_told() {
    let (client, server) = duplex(100_000);
    let (mut client, mut server) = established_over(Half(client, false), server).await;
    server.write_all(b"too large, go away").await.unwrap();
    client.get_mut().1 = true;
    assert_eq!(client.write(b"a part of much").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut answer = [0; 18];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"too large, go away");
    // Nobody will answer what did not arrive.
    let error = within(client.read(&mut answer)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

/// A transport whose sending side is gone once it is told to.
struct Half<T>(T, bool);

mod half {
    use std::{
        io,
        pin::Pin,
        task::{Context, Poll},
    };

    use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    use super::Half;

    impl<T: AsyncRead + Unpin> AsyncRead for Half<T> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            to: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, to)
        }
    }

    impl<T: AsyncWrite + Unpin> AsyncWrite for Half<T> {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            match self.1 {
                true => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                false => Pin::new(&mut self.0).poll_write(cx, bytes),
            }
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(cx)
        }
    }
}
