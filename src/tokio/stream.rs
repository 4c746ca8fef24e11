//! The stream.

use std::{
    fmt,
    future::poll_fn,
    io::{self, IoSlice},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, ready},
};

use ::tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::{
    receiving::Receiving,
    sending::Sending,
    split::{OwnedReadHalf, OwnedWriteHalf, Shared},
};
use crate::{
    connection::Facts,
    edge::{Link, stream_facts, stream_session},
};

/// A connection and its transport.
///
/// The end of what the peer sends is only an end if it said so with close_notify, which is answered at once;
/// otherwise it is an error of kind `UnexpectedEof`. A record that does not authenticate is an error, the peer is told
/// with an alert, and nothing works after it. Dropping a stream says nothing: the peer takes that for a cut.
///
/// How it reads, writes and shuts down, and what may be dropped when, is said in the [module](super).
pub struct TlsStream<T> {
    pub(super) io: T,
    pub(super) receiving: Receiving,
    pub(super) sending: Sending,
    pub(super) facts: Box<Facts>,
}

impl<T> TlsStream<T> {
    pub(super) fn new(io: T, link: Link) -> Self {
        let Link { incoming, outgoing, facts } = link;
        Self { io, receiving: Receiving::new(incoming), sending: Sending::new(outgoing), facts }
    }

    stream_facts!(facts);
    stream_session!(receiving.incoming);

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
        self.receiving.incoming.allow_half_close();
    }

    /// Two halves for two tasks, also on two threads: one decrypts while the other encrypts. They wait for each other
    /// only while the transport is polled, and where the peer is owed an alert, of which a connection has few.
    ///
    /// Dropping a half says nothing to the peer. [`OwnedReadHalf::reunite`] makes a stream of them again.
    pub fn into_split(self) -> (OwnedReadHalf<T>, OwnedWriteHalf<T>) {
        let Self { io, receiving, sending, facts } = self;
        let shared = Arc::new(Shared { io: Mutex::new(io), sending: Mutex::new(sending), facts });
        (OwnedReadHalf { receiving, shared: shared.clone() }, OwnedWriteHalf { shared })
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
        poll_fn(|cx| self.sending.poll_last(&mut self.io, cx, &mut last)).await?;
        self.shutdown().await
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncBufRead for TlsStream<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let stream = self.get_mut();
        ready!(stream.receiving.poll_fill(&mut stream.io, &mut stream.sending, cx))?;
        Poll::Ready(Ok(stream.receiving.incoming.data()))
    }

    fn consume(self: Pin<&mut Self>, n: usize) {
        self.get_mut().receiving.incoming.consume(n);
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if to.remaining() > 0 {
            ready!(stream.receiving.poll_fill(&mut stream.io, &mut stream.sending, cx))?;
            stream.receiving.read(to);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, plaintext: &[u8]) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        match plaintext {
            [] => Poll::Ready(Ok(0)),
            _ => stream.sending.poll_write(&mut stream.io, cx, |outgoing| outgoing.encrypt(plaintext)),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        match parts.iter().all(|part| part.is_empty()) {
            true => Poll::Ready(Ok(0)),
            false => stream.sending.poll_write(&mut stream.io, cx, |outgoing| outgoing.encrypt_parts(parts)),
        }
    }

    /// Many short slices become one record.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        stream.sending.poll_flush(&mut stream.io, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        stream.sending.poll_shutdown(&mut stream.io, cx)
    }
}
