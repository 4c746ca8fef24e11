//! An established connection with its buffers, for adapters to carry to and fro.

use std::io;

use super::{Waiting, io_error, pool};
use crate::{
    connection::{Connection, Facts, HalfReceived, Reader, Writer},
    error::Error,
    record::{RecvBuf, Truncated},
    session::ClientSession,
};

/// Removes the session of a connection from where it is kept.
pub(crate) type Forget = Box<dyn FnOnce() -> Waiting<'static, ()> + Send + Sync>;

/// The most plaintext that is encrypted at once: two of the largest records. More is taken when these are sent.
const MOST_TAKEN: usize = 32 * 1024;

/// A connection, what came and is not read yet, and what is encrypted and not sent yet.
///
/// An idle one holds memory for neither: see [`Self::rest`] and [`Self::sent`].
pub(crate) struct Link {
    reader: Reader,
    /// None when nothing more may be sent: after close_notify, and after a fatal alert.
    writer: Option<Writer>,
    facts: Box<Facts>,
    /// None while nothing came that is not used up.
    buf: Option<RecvBuf>,
    /// Without memory while there is nothing to send.
    out: Vec<u8>,
    sent: usize,
    closed: Closed,
    /// Whether the writing side outlives the peer's close_notify.
    half_close: bool,
    failed: Option<Error>,
    /// What a client may offer next time.
    session: Option<ClientSession>,
    forget: Option<Forget>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closed {
    /// Neither side said that it sends nothing more.
    Neither,
    /// The peer did.
    Peer,
    /// A fatal alert is on its way to the peer; the error behind it comes next.
    Abort,
}

/// What there is to do before data can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is data.
    Data,
    /// There is none, and there never will be.
    Closed,
    /// The peer is owed an answer: send what is unsent.
    Flush,
    /// Receive.
    Input,
}

impl Link {
    pub(crate) fn new(connection: Connection, buf: RecvBuf) -> Self {
        let (reader, writer, facts) = connection.into_parts();
        let mut link = Self {
            reader,
            writer: Some(writer),
            facts,
            buf: Some(buf),
            out: Vec::new(),
            sent: 0,
            closed: Closed::Neither,
            half_close: false,
            failed: None,
            session: None,
            forget: None,
        };
        link.rest();
        link
    }

    pub(crate) fn with_session(mut self, session: Option<ClientSession>) -> Self {
        self.session = session;
        self
    }

    /// What to do with the session when the connection ends with a fatal alert.
    pub(crate) fn forgetting_by(mut self, forget: Option<Forget>) -> Self {
        self.forget = forget;
        self
    }

    pub(crate) fn take_session(&mut self) -> Option<ClientSession> {
        self.session.take()
    }

    /// What has to be done now, once, because the connection ended with a fatal alert (R29).
    pub(crate) fn forgetting(&mut self) -> Option<Waiting<'static, ()>> {
        let fatal = match (&self.failed, self.closed) {
            (Some(error), _) => error.invalidates_session(),
            (None, Closed::Abort) => true,
            (None, Closed::Neither | Closed::Peer) => false,
        };
        if !fatal {
            return None;
        }
        self.session = None;
        self.forget.take().map(|forget| forget())
    }

    /// What the handshake agreed on, and what can be derived from it.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn allow_half_close(&mut self) {
        self.half_close = true;
    }

    // -- receiving

    /// Opens records until there is something to do.
    pub(crate) fn next(&mut self) -> Result<Next, Error> {
        loop {
            if !self.data().is_empty() {
                return Ok(Next::Data);
            }
            if self.is_closed_by_peer() {
                self.rest();
                return Ok(Next::Closed);
            }
            let Some(buf) = &mut self.buf else {
                return Ok(Next::Input);
            };
            match self.reader.receive(buf) {
                Ok(HalfReceived::NeedsInput) => return Ok(Next::Input),
                Ok(HalfReceived::Data(data)) => {
                    let length = data.len();
                    data.put_back(length);
                }
                Ok(HalfReceived::Reply(reply)) => {
                    if let Some(writer) = &mut self.writer {
                        writer.reply(reply, &mut self.out);
                        return Ok(Next::Flush);
                    }
                }
                Ok(HalfReceived::Abort(abort)) => {
                    self.closed = Closed::Abort;
                    if let Some(writer) = self.writer.take() {
                        writer.abort(abort, &mut self.out);
                        return Ok(Next::Flush);
                    }
                }
                Ok(HalfReceived::Closed) => {
                    self.closed = Closed::Peer;
                    if !self.half_close && self.close() {
                        return Ok(Next::Flush);
                    }
                }
                Err(error) => {
                    self.writer = None;
                    self.failed = Some(error.clone());
                    return Err(error);
                }
            }
        }
    }

    /// Where received bytes go.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.buf.get_or_insert_with(pool::receiving).spare()
    }

    /// The first `n` bytes of what is spare were received.
    pub(crate) fn received(&mut self, n: usize) -> io::Result<()> {
        let received = self.buf.as_mut().map_or(Err(Truncated), |buf| buf.received(n));
        received.map_err(|truncated| io_error(truncated.into()))
    }

    /// These bytes were received, few enough for an empty buffer.
    #[cfg(feature = "blocking")]
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !bytes.is_empty() {
            self.spare().iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
        }
        self.received(bytes.len())
    }

    /// Whether no memory is held to receive to.
    #[cfg(feature = "blocking")]
    pub(crate) fn is_resting(&self) -> bool {
        self.buf.is_none()
    }

    /// Gives the receive buffer back if there is nothing in it.
    ///
    /// Where data streams, that is seldom so: a read that takes what there is ends within a record, and keeps the
    /// buffer. Who finds it empty has caught up with the peer, and is about to wait for it.
    ///
    /// After a fatal error it stays, for whoever asks again is told that error again, and waits for nothing.
    pub(crate) fn rest(&mut self) {
        let failed = self.failed.is_some() || self.closed == Closed::Abort;
        if let Some(buf) = self.buf.take_if(|buf| !failed && buf.is_empty()) {
            pool::received(buf);
        }
    }

    /// Decrypted bytes that nobody has read yet.
    pub(crate) fn data(&self) -> &[u8] {
        self.buf.as_ref().map_or(&[], RecvBuf::pending)
    }

    /// The first `n` bytes of the data were read.
    pub(crate) fn consume(&mut self, n: usize) {
        if let Some(buf) = &mut self.buf {
            buf.consume(n);
        }
        self.rest();
    }

    // -- sending

    /// Encrypts the beginning of `plaintext`, all of it up to 32 KiB, and says how much that was. To be called when
    /// nothing is unsent.
    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let taken = plaintext.get(..MOST_TAKEN).unwrap_or(plaintext);
        if self.out.capacity() == 0 {
            self.out = pool::sending();
        }
        match (&mut self.writer, &self.failed) {
            (Some(writer), _) => writer.send(taken, &mut self.out).map_err(io_error)?,
            (None, Some(error)) => return Err(io_error(error.clone())),
            (None, None) => {
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed"));
            }
        }
        Ok(taken.len())
    }

    /// Says that nothing more will be sent; whether that was still to say.
    pub(crate) fn close(&mut self) -> bool {
        let Some(writer) = self.writer.take() else {
            return false;
        };
        writer.close(&mut self.out);
        true
    }

    /// What is encrypted and not sent yet.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or(&[])
    }

    /// The first `n` bytes of what is unsent were sent. With the last of them their memory is given back.
    pub(crate) fn sent(&mut self, n: usize) {
        self.sent += n;
        if self.unsent().is_empty() {
            self.give_up();
        }
    }

    /// Forgets what is unsent.
    pub(crate) fn give_up(&mut self) {
        pool::sent(std::mem::take(&mut self.out));
        self.sent = 0;
    }

    /// Whether a fatal alert is on its way to the peer, which it should get before anybody reports the error.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_aborting(&self) -> bool {
        self.closed == Closed::Abort && !self.unsent().is_empty()
    }

    /// Whether the peer said that it sends nothing more.
    pub(crate) fn is_closed_by_peer(&self) -> bool {
        self.closed == Closed::Peer
    }

    /// Whether it does not matter that something cannot be sent: what counts is that the peer closed, or the error
    /// that follows.
    pub(crate) fn is_ending(&self) -> bool {
        self.closed != Closed::Neither
    }
}
