//! A stream in two halves.

use std::{
    future::poll_fn,
    io::ErrorKind,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    task::{Context, Poll},
    thread,
};

use ::tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex, split},
    task::JoinHandle,
};
use tls12::{
    tokio::{OwnedReadHalf, OwnedWriteHalf, TlsStream},
    wire::Alert,
};

use super::{
    edges::{TIMEOUT, bytes, tls_error},
    transports::{Fitful, established, established_over, once, within},
};

const MUCH: usize = 1 << 20;

fn halves_go_to_any_thread<T: Send + 'static>(stream: TlsStream<T>) -> (OwnedReadHalf<T>, OwnedWriteHalf<T>) {
    fn is_send<H: Send + Sync + 'static>(half: H) -> H {
        half
    }
    let (reading, writing) = stream.into_split();
    (is_send(reading), is_send(writing))
}

/// A task that writes much and flushes, and one that reads as much.
fn carry<R, W>(mut reading: R, mut writing: W) -> [JoinHandle<()>; 2]
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let write = async move {
        let data = bytes(MUCH);
        for part in data.chunks(70_001) {
            writing.write_all(part).await.unwrap();
            writing.flush().await.unwrap();
        }
        // Nobody closes: a peer that has all its data may be gone by then.
        std::mem::forget(writing);
    };
    let read = async move {
        let mut all = vec![0; MUCH];
        reading.read_exact(&mut all).await.unwrap();
        assert!(all == bytes(MUCH));
        std::mem::forget(reading);
    };
    [::tokio::spawn(write), ::tokio::spawn(read)]
}

async fn fitful(seed: u64) -> (TlsStream<Fitful<DuplexStream>>, TlsStream<Fitful<DuplexStream>>) {
    let (client, server) = duplex(5000);
    established_over(Fitful::new(client, 9000, seed), Fitful::new(server, 9000, seed + 1)).await
}

#[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_tasks_carry_megabytes_at_once_over_a_transport_that_wakes_late_and_only_one() {
    for seed in 1..4 {
        let (client, server) = fitful(seed).await;
        let (client, server) = (halves_go_to_any_thread(client), halves_go_to_any_thread(server));
        for task in carry(client.0, client.1).into_iter().chain(carry(server.0, server.1)) {
            within(task).await.expect("all data");
        }
    }
}

#[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_halves_that_tokio_makes_do_so_too() {
    for seed in 10..13 {
        let (client, server) = fitful(seed).await;
        let (client, server) = (split(client), split(server));
        for task in carry(client.0, client.1).into_iter().chain(carry(server.0, server.1)) {
            within(task).await.expect("all data");
        }
    }
}

#[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_read_makes_the_writer_wait_and_nobody_else() {
    const CAPACITY: usize = 10_000;
    let (client, mut server) = established(CAPACITY).await;
    let (mut reading, mut writing) = client.into_split();
    let data = bytes(MUCH);
    let mut taken = 0;
    while let Some(written) = once(writing.write(&data[taken..])).await {
        taken += written.unwrap();
    }
    assert!(taken <= CAPACITY + 32 * 1024, "{taken} bytes were taken");
    let down = ::tokio::spawn(async move {
        server.write_all(&bytes(MUCH)).await.unwrap();
        server.flush().await.unwrap();
        server
    });
    let mut all = vec![0; MUCH];
    within(reading.read_exact(&mut all)).await.unwrap();
    assert!(all == bytes(MUCH));
    assert!(once(writing.write(b"more")).await.is_none(), "still nobody has read");
    let mut server = within(down).await.unwrap();
    // Nothing of what was taken is lost, and nothing comes twice.
    let mut received = vec![0; taken];
    let (flushed, read) =
        within(async { ::tokio::join!(writing.flush(), server.read_exact(&mut received)) }).await;
    flushed.unwrap();
    read.unwrap();
    assert!(received == data[..taken]);
}

/// A transport whose next write, once it is told to, does not return before it is allowed to.
struct Stuck {
    io: DuplexStream,
    stuck: Arc<AtomicBool>,
    entered: Sender<()>,
    leave: Receiver<()>,
}

impl AsyncRead for Stuck {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, to)
    }
}

impl AsyncWrite for Stuck {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        if self.stuck.swap(false, Ordering::SeqCst) {
            self.entered.send(()).expect("somebody waits");
            self.leave.recv_timeout(TIMEOUT).expect("the reader read meanwhile");
        }
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[::tokio::test]
async fn the_reader_decrypts_while_the_writer_is_at_work_on_another_thread() {
    let ((client, server), (entered, waiting), (go, leave)) = (duplex(100_000), channel(), channel());
    let stuck = Arc::new(AtomicBool::new(false));
    let client = Stuck { io: client, stuck: stuck.clone(), entered, leave };
    let (client, mut server) = established_over(client, server).await;
    let (mut reading, mut writing) = client.into_split();
    server.write_all(b"first").await.unwrap();
    server.write_all(b"second").await.unwrap();
    // Both records come at once.
    let mut data = [0; 5];
    reading.read_exact(&mut data).await.unwrap();
    stuck.store(true, Ordering::SeqCst);
    let writer = thread::spawn(move || {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(Pin::new(&mut writing).poll_write(&mut cx, b"data"), Poll::Ready(Ok(4))));
    });
    waiting.recv_timeout(TIMEOUT).expect("the writer is at work");
    let mut data = [0; 6];
    reading.read_exact(&mut data).await.unwrap();
    assert_eq!(&data, b"second");
    go.send(()).expect("it is still there");
    writer.join().expect("it was let go");
}

#[::tokio::test(flavor = "multi_thread")]
async fn the_reading_half_answers_a_close_and_the_writing_half_knows() {
    let (client, mut server) = established(4096).await;
    let (mut reading, mut writing) = client.into_split();
    server.shutdown().await.unwrap();
    assert_eq!(reading.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(within(server.read(&mut [0; 8])).await.unwrap(), 0, "it was answered");
    assert_eq!(writing.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    drop(server);
    writing.shutdown().await.unwrap();
}

#[::tokio::test(flavor = "multi_thread")]
async fn the_alert_about_a_forged_record_overtakes_nothing_and_is_waited_for() {
    let (mut client, server) = established(2048).await;
    let (mut reading, mut writing) = server.into_split();
    let filling = poll_fn(|cx| {
        while Pin::new(&mut writing).poll_write(cx, &[0; 1000]).is_ready() {}
        Poll::Ready(())
    });
    filling.await;
    // Both halves wait until there is room.
    let flushing = ::tokio::spawn(async move {
        writing.flush().await.unwrap();
        writing
    });
    client.get_mut().write_all(&[23, 3, 3, 0, 17]).await.unwrap();
    client.get_mut().write_all(&[7; 17]).await.unwrap();
    let failing = ::tokio::spawn(async move { reading.read(&mut [0; 8]).await.unwrap_err() });
    let mut all = Vec::new();
    let error = within(client.read_to_end(&mut all)).await.unwrap_err();
    assert!(!all.is_empty() && all.iter().all(|byte| *byte == 0));
    assert_eq!(*tls_error(&error), tls12::Error::Received(Alert::BAD_RECORD_MAC));
    assert_eq!(tls_error(&within(failing).await.unwrap()).alert(), Some(Alert::BAD_RECORD_MAC));
    let error = within(flushing).await.unwrap().write(b"more").await.unwrap_err();
    assert_eq!(tls_error(&error).alert(), Some(Alert::BAD_RECORD_MAC));
}

#[::tokio::test]
async fn what_a_dropped_writing_half_took_is_sent_and_no_end_is_said() {
    let (client, mut server) = established(1000).await;
    let (mut reading, mut writing) = client.into_split();
    assert_eq!(once(writing.write(&[7; 20_000])).await.unwrap().unwrap(), 20_000);
    drop(writing);
    let mut all = vec![0; 20_000];
    let serving = async {
        server.read_exact(&mut all).await.unwrap();
        assert!(once(server.read(&mut [0; 8])).await.is_none(), "no end");
        server.write_all(b"answer").await.unwrap();
        server.flush().await.unwrap();
    };
    let mut answer = [0; 6];
    let (_, read) = within(async { ::tokio::join!(serving, reading.read_exact(&mut answer)) }).await;
    read.unwrap();
    assert!(all.iter().all(|byte| *byte == 7));
}

#[::tokio::test]
async fn halves_become_a_stream_again_and_those_of_two_streams_do_not() {
    let (client, mut server) = established(1000).await;
    let (reading, mut writing) = client.into_split();
    let (other, _) = established(1000).await;
    let (other_reading, other_writing) = other.into_split();
    assert!(reading.is_pair_of(&writing) && !reading.is_pair_of(&other_writing));
    assert_eq!(reading.tls_server_end_point(), writing.tls_server_end_point());
    assert_eq!(writing.write(&[7; 5000]).await.unwrap(), 5000);
    let error = reading.reunite(other_writing).unwrap_err();
    assert_eq!(error.to_string(), "the halves are not of the same stream");
    assert!(other_reading.is_pair_of(&error.1));
    let mut client = error.0.reunite(writing).unwrap();
    let mut all = Vec::new();
    let (shut, read) =
        within(async { ::tokio::join!(client.shutdown(), server.read_to_end(&mut all)) }).await;
    shut.unwrap();
    read.unwrap();
    assert_eq!(all.len(), 5000);
}
