//! Transports that behave as badly as they may, and connections over them.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    thread,
    time::Duration,
};

use ::tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    time::timeout,
};
use tls12::{
    ClientConfig,
    crypto::RUSTCRYPTO,
    pki::WebPki,
    tokio::{Acceptor, Connector, TlsStream},
};

use super::edges::{Edges, TIMEOUT, name};

pub(super) fn acceptor(edges: &Edges) -> Acceptor {
    Acceptor::new(edges.server_config(), edges.server.local_key())
}

pub(super) fn connector(edges: &Edges) -> Connector<WebPki> {
    Connector::new(ClientConfig::new(&RUSTCRYPTO), edges.trust())
}

/// Both sides of an established connection over these transports: the client's and the server's.
pub(super) async fn established_over<C, S>(client: C, server: S) -> (TlsStream<C>, TlsStream<S>)
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let edges = Edges::new();
    let (acceptor, connector) = (acceptor(&edges), connector(&edges));
    let both = async { ::tokio::try_join!(connector.connect(name(), None, client), acceptor.accept(server)) };
    within(both).await.expect("two connections")
}

/// The same over pipes that hold `capacity` bytes.
pub(super) async fn established(capacity: usize) -> (TlsStream<DuplexStream>, TlsStream<DuplexStream>) {
    let (client, server) = duplex(capacity);
    established_over(client, server).await
}

/// What `work` gives, if nobody waits for ever.
pub(super) async fn within<R>(work: impl Future<Output = R>) -> R {
    timeout(TIMEOUT, work).await.expect("nobody waits for ever")
}

/// Polls a future once, and abandons it.
pub(super) async fn once<R>(work: impl Future<Output = R>) -> Option<R> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// A transport that records what is written to it, and counts how often it is shut down.
pub(super) struct Tap<T> {
    pub(super) io: T,
    pub(super) written: Vec<u8>,
    pub(super) shut_downs: usize,
}

impl<T> Tap<T> {
    pub(super) fn new(io: T) -> Self {
        Self { io, written: Vec::new(), shut_downs: 0 }
    }

    /// The content types and lengths of the records that were written since this was asked for last.
    pub(super) fn records(&mut self) -> Vec<(u8, usize)> {
        let (written, mut found) = (std::mem::take(&mut self.written), Vec::new());
        let mut rest = &written[..];
        while let [content, _, _, high, low, after @ ..] = rest {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            found.push((*content, length));
            rest = &after[length..];
        }
        found
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Tap<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, to)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Tap<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let n = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.written.extend_from_slice(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut_downs += 1;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// A transport that takes and gives few bytes at a time, and often none: then it wakes whoever asked last for reading, and
/// for writing, and nobody else, a while later.
pub(super) struct Fitful<T> {
    io: T,
    most: usize,
    slots: Arc<Slots>,
    pub(super) polls: Arc<AtomicUsize>,
}

struct Slots {
    random: AtomicU64,
    reading: Mutex<Option<Waker>>,
    writing: Mutex<Option<Waker>>,
}

impl Slots {
    fn random(&self) -> usize {
        let step = |mut state: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            Some(state)
        };
        let state = self.random.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).expect("a state");
        usize::try_from(state >> 40).expect("24 bits")
    }
}

impl<T> Fitful<T> {
    pub(super) fn new(io: T, most: usize, seed: u64) -> Self {
        let slots = Arc::new(Slots {
            random: AtomicU64::new(seed),
            reading: Mutex::default(),
            writing: Mutex::default(),
        });
        let weak = Arc::downgrade(&slots);
        thread::spawn(move || wake_late(&weak));
        Self { io, most, slots, polls: Arc::default() }
    }

    /// How many bytes at most this time; `None` if it is to wait.
    fn turn(&self, slot: &Mutex<Option<Waker>>, cx: &Context<'_>) -> Option<usize> {
        self.polls.fetch_add(1, Ordering::Relaxed);
        if self.slots.random().is_multiple_of(4) {
            *slot.lock().expect("no panic") = Some(cx.waker().clone());
            return None;
        }
        Some(1 + self.slots.random() % self.most)
    }
}

fn wake_late(slots: &Weak<Slots>) {
    while let Some(slots) = slots.upgrade() {
        for slot in [&slots.reading, &slots.writing] {
            let waker = slot.lock().expect("no panic").take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        thread::sleep(Duration::from_micros(100));
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Fitful<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(most) = self.turn(&self.slots.reading, cx) else {
            return Poll::Pending;
        };
        let mut few = vec![0; most.min(to.remaining())];
        let mut few = ReadBuf::new(&mut few);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut few))?;
        to.put_slice(few.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Fitful<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.turn(&self.slots.writing, cx) {
            None => Poll::Pending,
            Some(most) => Pin::new(&mut self.io).poll_write(cx, &bytes[..most.min(bytes.len())]),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.turn(&self.slots.writing, cx) {
            None => Poll::Pending,
            Some(_) => Pin::new(&mut self.io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.turn(&self.slots.writing, cx) {
            None => Poll::Pending,
            Some(_) => Pin::new(&mut self.io).poll_shutdown(cx),
        }
    }
}

/// A transport that answers at every second poll of each kind, and says at once that it would at the other ones.
pub(super) struct EverySecond<T> {
    io: T,
    most: usize,
    reads: usize,
    writes: usize,
}

impl<T> EverySecond<T> {
    pub(super) fn new(io: T, most: usize) -> Self {
        Self { io, most, reads: 0, writes: 0 }
    }
}

fn every_second(count: &mut usize, cx: &Context<'_>) -> Poll<()> {
    *count += 1;
    if count.is_multiple_of(2) {
        return Poll::Ready(());
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

impl<T: AsyncRead + Unpin> AsyncRead for EverySecond<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(every_second(&mut self.reads, cx));
        let mut few = vec![0; self.most.min(to.remaining())];
        let mut few = ReadBuf::new(&mut few);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut few))?;
        to.put_slice(few.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for EverySecond<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(every_second(&mut self.writes, cx));
        let few = &bytes[..self.most.min(bytes.len())];
        Pin::new(&mut self.io).poll_write(cx, few)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(every_second(&mut self.writes, cx));
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(every_second(&mut self.writes, cx));
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
