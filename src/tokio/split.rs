//! A stream in two halves.

use std::{
    error::Error,
    fmt,
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use ::tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::{
    receiving::Receiving,
    sending::{Sending, locked},
    stream::TlsStream,
};
use crate::{
    connection::Facts,
    edge::{stream_facts, stream_session},
};

/// What two halves share. Whoever needs both locks takes the one of what sends first.
pub(super) struct Shared<T> {
    /// Locked while it is polled, and no longer.
    pub(super) io: Mutex<T>,
    /// Locked by the writing half while it encrypts and sends. The reading half waits for it only where the peer is owed
    /// something.
    pub(super) sending: Mutex<Sending>,
    pub(super) facts: Box<Facts>,
}

/// The reading half of a stream, made by [`TlsStream::into_split`].
///
/// It answers what the peer is owed, its close_notify among that. As a stream does, it sends what the other half wrote
/// and did not flush before it waits for the peer.
pub struct OwnedReadHalf<T> {
    pub(super) receiving: Receiving,
    pub(super) shared: Arc<Shared<T>>,
}

/// The writing half of a stream, made by [`TlsStream::into_split`].
///
/// Dropping it says nothing to the peer, and leaves the transport open for the other half. That differs from a half of a
/// socket, whose end is all that can be said; here the peer would have to take it for a cut. Call `shutdown` before.
pub struct OwnedWriteHalf<T> {
    pub(super) shared: Arc<Shared<T>>,
}

impl<T> OwnedReadHalf<T> {
    stream_facts!(shared.facts);
    stream_session!(receiving.incoming);

    /// As [`TlsStream::allow_half_close`].
    pub fn allow_half_close(&mut self) {
        self.receiving.incoming.allow_half_close();
    }

    /// Whether both are halves of one stream.
    pub fn is_pair_of(&self, other: &OwnedWriteHalf<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The stream again. Nothing is lost, whatever the halves were doing. Halves of two streams are given back.
    #[expect(
        clippy::result_large_err,
        reason = "what is given back is what was given, and it is asked for seldom"
    )]
    pub fn reunite(self, other: OwnedWriteHalf<T>) -> Result<TlsStream<T>, ReuniteError<T>> {
        if !self.is_pair_of(&other) {
            return Err(ReuniteError(self, other));
        }
        drop(other);
        let Self { receiving, shared } = self;
        match Arc::try_unwrap(shared) {
            Ok(Shared { io, sending, facts }) => Ok(TlsStream {
                io: io.into_inner().unwrap_or_else(PoisonError::into_inner),
                receiving,
                sending: sending.into_inner().unwrap_or_else(PoisonError::into_inner),
                facts,
            }),
            // There are two halves, and the other one is gone.
            Err(shared) => {
                let other = OwnedWriteHalf { shared: shared.clone() };
                Err(ReuniteError(Self { receiving, shared }, other))
            }
        }
    }
}

impl<T> OwnedWriteHalf<T> {
    stream_facts!(shared.facts);
}

impl<T: AsyncRead + AsyncWrite + Unpin> OwnedWriteHalf<T> {
    /// As [`TlsStream::shutdown_after`].
    pub async fn shutdown_after(&mut self, mut last: &[u8]) -> io::Result<()> {
        poll_fn(|cx| self.send(|sending, io| sending.poll_last(io, cx, &mut last))).await?;
        self.shutdown().await
    }

    fn send<R>(&self, work: impl FnOnce(&mut Sending, &mut Polled<'_, T>) -> R) -> R {
        work(&mut locked(&self.shared.sending), &mut Polled(&self.shared.io))
    }
}

impl<T> fmt::Debug for OwnedReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedReadHalf").field("info", self.info()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for OwnedWriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedWriteHalf").field("info", self.info()).finish_non_exhaustive()
    }
}

/// The halves are of two streams; here they are.
pub struct ReuniteError<T>(pub OwnedReadHalf<T>, pub OwnedWriteHalf<T>);

impl<T> fmt::Debug for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReuniteError").field(&self.0).field(&self.1).finish()
    }
}

impl<T> fmt::Display for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are not of the same stream")
    }
}

impl<T> Error for ReuniteError<T> {}

/// A transport that is locked for each poll.
struct Polled<'a, T>(&'a Mutex<T>);

impl<T: AsyncRead + Unpin> AsyncRead for Polled<'_, T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *locked(self.0)).poll_read(cx, to)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Polled<'_, T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *locked(self.0)).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *locked(self.0)).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *locked(self.0)).poll_shutdown(cx)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> OwnedReadHalf<T> {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Shared { io, sending, .. } = &*self.shared;
        self.receiving.poll_fill(&mut Polled(io), &mut { sending }, cx)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for OwnedReadHalf<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let half = self.get_mut();
        ready!(half.poll_fill(cx))?;
        Poll::Ready(Ok(half.receiving.incoming.data()))
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        self.get_mut().receiving.incoming.consume(n);
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for OwnedReadHalf<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let half = self.get_mut();
        if to.remaining() > 0 {
            ready!(half.poll_fill(cx))?;
            half.receiving.read(to);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for OwnedWriteHalf<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, plaintext: &[u8]) -> Poll<io::Result<usize>> {
        match plaintext {
            [] => Poll::Ready(Ok(0)),
            _ => self.send(|sending, io| sending.poll_write(io, cx, |outgoing| outgoing.encrypt(plaintext))),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match parts.iter().all(|part| part.is_empty()) {
            true => Poll::Ready(Ok(0)),
            false => {
                self.send(|sending, io| sending.poll_write(io, cx, |outgoing| outgoing.encrypt_parts(parts)))
            }
        }
    }

    /// Many short slices become one record.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.send(|sending, io| sending.poll_flush(io, cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.send(|sending, io| sending.poll_shutdown(io, cx))
    }
}
