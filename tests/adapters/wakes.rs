//! Who waits is woken by what happens, and by nothing else.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    time::sleep,
};

use super::transports::{Fitful, established, established_over, within};

/// Long enough for a loop that spins to be seen.
const PAUSE: Duration = Duration::from_millis(50);

/// What `work` gives; counts how often it is polled.
async fn counted<R>(polls: Arc<AtomicUsize>, work: impl Future<Output = R>) -> R {
    let mut work = pin!(work);
    poll_fn(|cx| {
        polls.fetch_add(1, Ordering::Relaxed);
        work.as_mut().poll(cx)
    })
    .await
}

fn counter() -> (Arc<AtomicUsize>, impl Fn() -> usize) {
    let polls = Arc::new(AtomicUsize::new(0));
    let counted = polls.clone();
    (polls, move || counted.load(Ordering::Relaxed))
}

#[::tokio::test]
async fn halves_that_have_nothing_to_do_are_polled_once() {
    let (client, mut server) = established(4096).await;
    let (mut reading, mut writing) = client.into_split();
    let (counting, polls) = counter();
    let read = ::tokio::spawn(counted(counting, async move { reading.read(&mut [0; 8]).await.unwrap() }));
    // What the other half does is no reason to wake this one.
    for _ in 0..10 {
        writing.write_all(b"data").await.unwrap();
        writing.flush().await.unwrap();
        sleep(PAUSE / 10).await;
    }
    assert_eq!(polls(), 1);
    server.write_all(b"data").await.unwrap();
    assert_eq!(within(read).await.unwrap(), 4);
    assert_eq!(polls(), 2);
}

#[::tokio::test]
async fn a_write_that_waits_is_polled_when_there_is_room_and_not_before() {
    const CAPACITY: usize = 1000;
    let (mut client, mut server) = established(CAPACITY).await;
    let (counting, polls) = counter();
    let write = ::tokio::spawn(counted(counting, async move {
        client.write_all(&[7; 20_000]).await.unwrap();
        client.flush().await.unwrap();
        client
    }));
    sleep(PAUSE).await;
    assert_eq!(polls(), 1);
    // Each time the pipe is emptied there is something to do, and once at the end.
    server.read_exact(&mut [0; 20_000]).await.unwrap();
    within(write).await.unwrap();
    let most = 20_100 / CAPACITY + 3;
    assert!(polls() <= most, "{} polls, where {most} would do", polls());
}

#[::tokio::test]
async fn a_reader_beside_a_writer_that_waits_is_woken_no_more_often_than_there_is_room() {
    const CAPACITY: usize = 1000;
    let (client, mut server) = established(CAPACITY).await;
    let (mut reading, mut writing) = client.into_split();
    let ((counting, writes), (counting_too, reads)) = (counter(), counter());
    let write = ::tokio::spawn(counted(counting, async move {
        writing.write_all(&[7; 20_000]).await.unwrap();
        writing.flush().await.unwrap();
        writing
    }));
    sleep(PAUSE).await;
    let read = ::tokio::spawn(counted(counting_too, async move { reading.read(&mut [0; 8]).await.unwrap() }));
    sleep(PAUSE).await;
    assert_eq!((writes(), reads()), (1, 1));
    server.read_exact(&mut [0; 20_000]).await.unwrap();
    let _writing = within(write).await.unwrap();
    server.write_all(b"data").await.unwrap();
    within(read).await.unwrap();
    let most = 2 * (20_100 / CAPACITY + 3);
    assert!(writes() <= most && reads() <= most, "{} and {}, where {most} would do", writes(), reads());
}

#[::tokio::test]
async fn a_transport_that_is_not_ready_is_asked_again_only_when_it_says_so() {
    let (client, server) = duplex(100_000);
    let client = Fitful::new(client, 1000, 5);
    let asked = client.polls.clone();
    let (mut client, mut server) = established_over(client, server).await;
    let before = asked.load(Ordering::Relaxed);
    client.write_all(&[7; 30_000]).await.unwrap();
    client.flush().await.unwrap();
    server.read_exact(&mut [0; 30_000]).await.unwrap();
    // It takes 500 bytes on average and nothing every fourth time: some 80 times. Twice that is far from all too often.
    let times = asked.load(Ordering::Relaxed) - before;
    assert!(times < 200, "{times}");
}
