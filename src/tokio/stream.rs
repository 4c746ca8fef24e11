//! The stream.

use std::{
    fmt,
    future::poll_fn,
    io,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use ::tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::waiting::{Half, Waiting};
use crate::edge::{self, Link, Next, io_error, is_gone, stream_facts};

/// A connection and its transport.
///
/// The end of what the peer sends is only an end if it said so with close_notify, which is answered at once;
/// otherwise it is an error of kind `UnexpectedEof`. A record that does not authenticate is an error, the peer is told
/// with an alert, and nothing works after it. `shutdown` sends close_notify; dropping a stream says nothing.
///
/// Reading and writing may be abandoned at any await point without losing anything. A write that is complete may
/// still have bytes to send: `flush` or `shutdown` at the end, as with every `AsyncWrite`. It takes at most 32 KiB,
/// and nothing while there are bytes to send.
///
/// A stream that waits for its peer, or is not used, holds no buffers: the one for receiving is given back when all
/// that came is read, unless a part of a record has come, and the one for sending when all is sent. All connections of
/// the process share what a few of them need at once.
pub struct TlsStream<T> {
    io: T,
    link: Link,
    waiting: Waiting,
    /// The session of a connection that failed is being removed from its store. Never locked: the mutex says that
    /// nobody polls it through a shared reference.
    forgetting: Mutex<Option<edge::Waiting<'static, ()>>>,
}

impl<T> TlsStream<T> {
    pub(super) fn new(io: T, link: Link) -> Self {
        Self { io, link, waiting: Waiting::default(), forgetting: Mutex::default() }
    }

    stream_facts!();

    /// The transport.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// The transport. What is read from it or written to it here is missing in the connection.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    /// The transport alone. Nothing is said to the peer.
    pub fn into_inner(self) -> T {
        self.io
    }

    /// From now on the peer's close_notify ends only what it sends. It is answered when this side shuts down.
    /// RFC 5246, 7.2.1, has the answer come at once.
    pub fn allow_half_close(&mut self) {
        self.link.allow_half_close();
    }
}

impl<T> fmt::Debug for TlsStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").field("info", self.info()).finish_non_exhaustive()
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> TlsStream<T> {
    /// Sends `last` and close_notify behind it, and shuts down: what `write_all` and `shutdown` do, in one write of the
    /// transport if `last` has at most 32 KiB. The peer, who is told with the data that there is no more, is woken
    /// once. Dropping the future leaves open how much was sent.
    pub async fn shutdown_after(&mut self, mut last: &[u8]) -> io::Result<()> {
        while !last.is_empty() {
            poll_fn(|cx| self.poll_send(Half::Writing, cx)).await?;
            let taken = self.link.encrypt(last)?;
            last = last.get(taken..).unwrap_or_default();
        }
        self.shutdown().await
    }

    /// Sends what is encrypted.
    fn poll_send(&mut self, half: Half, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.link.unsent().is_empty() {
            let combined = self.waiting.combined(half, cx.waker());
            let mut cx_of_all = Context::from_waker(combined.as_ref().unwrap_or(cx.waker()));
            match Pin::new(&mut self.io).poll_write(&mut cx_of_all, self.link.unsent()) {
                Poll::Pending => {
                    self.waiting.wait(half, cx.waker());
                    return Poll::Pending;
                }
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(n)) => self.link.sent(n),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
        self.waiting.all_sent(cx.waker());
        Poll::Ready(Ok(()))
    }

    /// Sends what is encrypted before something is waited for. Only a fatal alert is waited for itself.
    fn poll_send_first(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.poll_send(Half::Reading, cx) {
            Poll::Pending if self.link.is_aborting() => Poll::Pending,
            Poll::Ready(Err(_)) if self.link.is_ending() => {
                self.link.give_up();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    /// Has the session removed from its store, if that began.
    fn poll_forget(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let slot = self.forgetting.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(forgetting) = slot {
            ready!(forgetting.as_mut().poll(cx));
            *slot = None;
        }
        Poll::Ready(())
    }

    /// Receives until there is data, or the end.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_forget(cx));
            if !self.link.unsent().is_empty() {
                ready!(self.poll_send_first(cx))?;
            }
            let next = self.link.next();
            if let Some(forgetting) = self.link.forgetting() {
                // What came next comes again: an error always does, and an alert waits to be sent.
                self.forgetting = Mutex::new(Some(forgetting));
                continue;
            }
            match next.map_err(io_error)? {
                Next::Data | Next::Closed => return Poll::Ready(Ok(())),
                Next::Flush => {}
                Next::Input => {
                    let mut spare = ReadBuf::new(self.link.spare());
                    let read = Pin::new(&mut self.io).poll_read(cx, &mut spare);
                    let n = spare.filled().len();
                    if read.is_pending() {
                        self.link.rest();
                    }
                    ready!(read)?;
                    self.link.received(n)?;
                }
            }
        }
    }

    /// That the peer is gone is no error once it closed: it need not wait for an answer.
    fn forgive(&mut self, error: io::Error) -> io::Result<()> {
        match self.link.is_closed_by_peer() && is_gone(&error) {
            true => {
                self.link.give_up();
                Ok(())
            }
            false => Err(error),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for TlsStream<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let stream = self.get_mut();
        ready!(stream.poll_fill(cx))?;
        Poll::Ready(Ok(stream.link.data()))
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        self.get_mut().link.consume(n);
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if to.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        ready!(stream.poll_fill(cx))?;
        let data = stream.link.data();
        let data = data.get(..to.remaining()).unwrap_or(data);
        to.put_slice(data);
        let n = data.len();
        stream.link.consume(n);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, plaintext: &[u8]) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        if plaintext.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(stream.poll_send(Half::Writing, cx))?;
        let taken = stream.link.encrypt(plaintext)?;
        // What has to wait is sent before anything more is taken.
        match stream.poll_send(Half::Writing, cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        ready!(stream.poll_send(Half::Writing, cx))?;
        Pin::new(&mut stream.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        stream.link.close();
        if let Err(error) = ready!(stream.poll_send(Half::Writing, cx)) {
            stream.forgive(error)?;
        }
        let shut_down = ready!(Pin::new(&mut stream.io).poll_shutdown(cx));
        Poll::Ready(shut_down.or_else(|error| stream.forgive(error)))
    }
}
