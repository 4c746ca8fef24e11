//! How much data came and went, and when last.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, sleep, timeout},
};

/// The data of one connection, as its two directions see it.
#[derive(Debug)]
pub(crate) struct Traffic {
    begun: Instant,
    /// Milliseconds from the beginning to the last data.
    last: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Self { begun: Instant::now(), last: zero(), received: zero(), sent: zero() }
    }

    /// `n` bytes came from the peer.
    pub(crate) fn receive(&self, n: usize) {
        self.count(&self.received, n);
    }

    /// `n` bytes went to the peer.
    pub(crate) fn send(&self, n: usize) {
        self.count(&self.sent, n);
    }

    /// Bytes that came from the peer.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Bytes that went to the peer.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn count(&self, direction: &AtomicU64, n: usize) {
        direction.fetch_add(u64::try_from(n).unwrap_or(0), Ordering::Relaxed);
        let now = u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.fetch_max(now, Ordering::Relaxed);
    }

    /// Does `work`, unless nothing comes and goes for as long as `idle`.
    pub(crate) async fn unless_idle<R>(
        &self,
        idle: Duration,
        work: impl Future<Output = io::Result<R>>,
    ) -> io::Result<R> {
        tokio::select! {
            result = work => result,
            () = self.idle_for(idle) => Err(io::Error::new(io::ErrorKind::TimedOut, "nothing came or went for too long")),
        }
    }

    async fn idle_for(&self, idle: Duration) {
        let mut left = idle;
        while !left.is_zero() {
            sleep(left).await;
            let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
            left = (last + idle).saturating_sub(self.elapsed());
        }
    }
}

/// The most that [`chunk`] takes at once.
const MOST_AT_ONCE: usize = 16 * 1024;

/// What comes next, nothing at the end. Whoever waits for it holds no memory for it.
pub(crate) async fn chunk(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    poll_fn(|cx| {
        let mut memory = [const { MaybeUninit::uninit() }; MOST_AT_ONCE];
        let mut memory = ReadBuf::uninit(&mut memory);
        ready!(Pin::new(&mut *from).poll_read(cx, &mut memory))?;
        Poll::Ready(Ok(memory.filled().to_vec()))
    })
    .await
}

/// Does `work`, unless it takes longer than `limit`.
pub(crate) async fn within<R>(
    limit: Duration,
    what: &str,
    work: impl Future<Output = io::Result<R>>,
) -> io::Result<R> {
    match timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("{what} took too long"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn data_keeps_a_connection_alive_and_silence_ends_it() {
        let traffic = Traffic::new();
        let idle = Duration::from_secs(10);
        let work = async {
            for _ in 0..3 {
                sleep(Duration::from_secs(9)).await;
                traffic.receive(1);
            }
            std::future::pending::<io::Result<()>>().await
        };
        let error = traffic.unless_idle(idle, work).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!((traffic.received(), traffic.elapsed().as_secs()), (3, 37));
    }
}
