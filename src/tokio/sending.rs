//! What sends, and whoever waits for it.

use std::{
    io,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
    task::{Context, Poll, ready},
};

use ::tokio::io::AsyncWrite;

use super::waiting::{Half, Waiting};
use crate::edge::Outgoing;

/// The sending half of a connection, and what its transport is still to do.
pub(super) struct Sending {
    pub(super) outgoing: Outgoing,
    waiting: Waiting,
    transport: Transport,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    /// It has sent what it was given.
    Flushed,
    /// It may keep something until it is flushed.
    Unflushed,
    /// Its sending side is shut down, or was found broken when that was tried.
    ShutDown,
}

impl Sending {
    pub(super) fn new(outgoing: Outgoing) -> Self {
        Self { outgoing, waiting: Waiting::default(), transport: Transport::Flushed }
    }

    /// Takes what `encrypt` encrypts as soon as all that was taken before is sent.
    pub(super) fn poll_write<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
        encrypt: impl FnOnce(&mut Outgoing) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(io, Half::Writing, cx))?;
        let taken = encrypt(&mut self.outgoing)?;
        // What has to wait is sent before anything more is taken.
        match self.poll_send(io, Half::Writing, cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    /// Takes all of `last`; the end of it need not be sent yet.
    pub(super) fn poll_last<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
        last: &mut &[u8],
    ) -> Poll<io::Result<()>> {
        while !last.is_empty() {
            ready!(self.poll_send(io, Half::Writing, cx))?;
            let taken = self.outgoing.encrypt(last)?;
            *last = last.get(taken..).unwrap_or_default();
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_flush<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_push(io, Half::Writing, cx)
    }

    /// Says goodbye, and shuts the transport's sending side down. Once that was tried to the end there is nothing left
    /// to do, however it ended.
    pub(super) fn poll_shutdown<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.outgoing.close();
        if self.transport == Transport::ShutDown {
            return Poll::Ready(Ok(()));
        }
        let pushed = ready!(self.poll_push(io, Half::Writing, cx));
        let result = match pushed.or_else(|error| self.outgoing.forgive(error)) {
            Ok(()) => ready!(self.poll_io(Half::Writing, cx, |_, cx| Pin::new(&mut *io).poll_shutdown(cx))),
            Err(error) => Err(error),
        };
        let result = result.or_else(|error| self.outgoing.forgive(error));
        self.outgoing.give_up();
        self.transport = Transport::ShutDown;
        self.waiting.release(cx.waker());
        Poll::Ready(result)
    }

    /// Sends what is encrypted before something is waited for. Only a fatal alert is waited for itself.
    pub(super) fn poll_send_first<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match self.poll_push(io, Half::Reading, cx) {
            Poll::Pending if self.outgoing.is_aborting() => Poll::Pending,
            Poll::Pending => Poll::Ready(Ok(())),
            Poll::Ready(Err(_)) if self.outgoing.is_ending() => {
                self.outgoing.give_up();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(result) => Poll::Ready(result),
        }
    }

    /// Sends what is encrypted, and flushes the transport if that was given something since.
    fn poll_push<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        half: Half,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_send(io, half, cx))?;
        if self.transport == Transport::Unflushed {
            ready!(self.poll_io(half, cx, |_, cx| Pin::new(&mut *io).poll_flush(cx)))?;
            self.transport = Transport::Flushed;
            self.waiting.release(cx.waker());
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what is encrypted.
    fn poll_send<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        half: Half,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.outgoing.unsent().is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !self.outgoing.unsent().is_empty() {
            match ready!(self.poll_io(half, cx, |unsent, cx| Pin::new(&mut *io).poll_write(cx, unsent)))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.outgoing.sent(n),
            }
            self.transport = Transport::Unflushed;
        }
        self.waiting.release(cx.waker());
        Poll::Ready(Ok(()))
    }

    /// Polls the transport so that it wakes everybody who waits for it. After an error nobody waits any more.
    fn poll_io<R>(
        &mut self,
        half: Half,
        cx: &Context<'_>,
        poll: impl FnOnce(&[u8], &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let combined = self.waiting.combined(half, cx.waker());
        let mut all = Context::from_waker(combined.as_ref().unwrap_or(cx.waker()));
        let polled = poll(self.outgoing.unsent(), &mut all);
        match &polled {
            Poll::Pending => self.waiting.wait(half, cx.waker()),
            Poll::Ready(Err(_)) => self.waiting.release(cx.waker()),
            Poll::Ready(Ok(_)) => {}
        }
        polled
    }
}

/// The way from what receives to what sends.
pub(super) trait Reach {
    /// Does something there.
    fn reach<R>(&mut self, work: impl FnOnce(&mut Sending) -> R) -> R;

    /// The same, unless somebody is there just now: whoever is sends all that there is.
    fn reach_if_free<R>(&mut self, work: impl FnOnce(&mut Sending) -> R) -> Option<R>;
}

impl Reach for Sending {
    fn reach<R>(&mut self, work: impl FnOnce(&mut Sending) -> R) -> R {
        work(self)
    }

    fn reach_if_free<R>(&mut self, work: impl FnOnce(&mut Sending) -> R) -> Option<R> {
        Some(work(self))
    }
}

impl Reach for &Mutex<Sending> {
    fn reach<R>(&mut self, work: impl FnOnce(&mut Sending) -> R) -> R {
        work(&mut locked(self))
    }

    fn reach_if_free<R>(&mut self, work: impl FnOnce(&mut Sending) -> R) -> Option<R> {
        match self.try_lock() {
            Ok(mut sending) => Some(work(&mut sending)),
            Err(TryLockError::Poisoned(poisoned)) => Some(work(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// What is behind a lock, also after a transport panicked: then it is as it was before it was polled.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
