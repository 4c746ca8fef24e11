//! Layer 4: an established connection: two verbs, and no queue.

mod halves;
mod info;
mod packed;
mod packed_info;
mod parked;
mod requests;

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

pub(crate) use self::{halves::Step, info::Facts};
pub use self::{
    halves::{Abort, HalfReceived, Reader, Reply, Writer},
    info::{ConnectionInfo, SessionInfo},
    parked::Parked,
};
pub use crate::record::Sent;
use crate::{
    error::Error,
    handshake::{Aligned, Channel, FinishedVerified, Renegotiation},
    record::{Plaintext, RecvBuf},
    schedule::Exporter,
    session::StoreKey,
};

/// A connection whose handshake is complete.
#[must_use]
pub struct Connection {
    reader: Reader,
    writer: Writer,
    facts: Box<Facts>,
}

/// What one record was.
#[must_use]
#[derive(Debug)]
pub enum Received<'b> {
    /// Nothing whole is left in the buffer: send `out`, and receive more bytes.
    NeedsInput,
    /// The peer is owed what was appended to `out`: send it now. A fatal alert comes this way, and
    /// only the next call returns the error behind it.
    NeedsFlush,
    /// Application data, in the buffer it came in; never empty.
    Data(Plaintext<'b>),
    /// The peer will send nothing more, and all that it sent was delivered.
    Closed,
}

impl Connection {
    /// Only after both Finished, and with nothing left over: the proofs say so.
    pub(crate) fn new(
        channel: Channel,
        renegotiation: Renegotiation,
        facts: Box<Facts>,
        _: (FinishedVerified, Aligned),
    ) -> Self {
        let (opener, sealer) = channel.into_parts();
        Self { reader: Reader::new(facts.side, opener, renegotiation), writer: Writer::new(sealer), facts }
    }

    /// Takes the next record out of `buf` and decrypts it where it lies.
    ///
    /// What must be answered is appended to `out`. An error comes again on every later call, also of
    /// [`Self::send`]; the alert that tells the peer came before it, with [`Received::NeedsFlush`].
    pub fn receive<'b>(&mut self, buf: &'b mut RecvBuf, out: &mut Vec<u8>) -> Result<Received<'b>, Error> {
        match self.reader.next(buf)? {
            Step::NeedsInput => Ok(Received::NeedsInput),
            Step::Data(at) => Ok(Received::Data(buf.deliver(at))),
            Step::Closed => Ok(Received::Closed),
            Step::Reply(alert) => {
                self.writer.warn(alert, out);
                Ok(Received::NeedsFlush)
            }
            Step::Abort(alert) => {
                self.writer.end(alert, out);
                Ok(Received::NeedsFlush)
            }
        }
    }

    /// Encrypts all of `plaintext` and appends the records to `out`: 16 KiB of plaintext at most in each, or what
    /// was agreed. Fails as [`Self::receive`] did, or when the key is used up.
    pub fn send(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.reader.check()?;
        self.writer.send(plaintext, out)
    }

    /// Encrypts as much of `plaintext` as fits into `out` in whole records; allocates nothing.
    pub fn send_into(&mut self, plaintext: &[u8], out: &mut [u8]) -> Result<Sent, Error> {
        self.reader.check()?;
        self.writer.send_into(plaintext, out)
    }

    /// Appends `close_notify`; what is left can only receive. After a failure nothing is appended.
    pub fn close(self, out: &mut Vec<u8>) -> Reader {
        if self.reader.check().is_ok() {
            self.writer.close(out);
        }
        self.reader
    }

    /// Ends the connection with a fatal alert of the caller's choice; nothing more is sent or received.
    pub fn abort(self, alert: crate::wire::Alert, out: &mut Vec<u8>) {
        if self.reader.check().is_ok() {
            let mut writer = self.writer;
            writer.end(alert, out);
        }
    }

    /// Two halves for two threads; they share nothing and lock nothing.
    pub fn split(self) -> (Reader, Writer) {
        (self.reader, self.writer)
    }

    /// What the handshake agreed on.
    pub fn info(&self) -> &ConnectionInfo {
        &self.facts.info
    }

    /// Where a store has the session of this connection, if one has: a server removes it there when the connection ends
    /// with a fatal alert, and only then (R29).
    pub fn store_key(&self) -> Option<&StoreKey> {
        self.facts.store_key.as_ref()
    }

    /// The two halves, and all that outlives the handshake.
    #[cfg(any(feature = "blocking", feature = "tokio"))]
    pub(crate) fn into_parts(self) -> (Reader, Writer, Box<Facts>) {
        (self.reader, self.writer, self.facts)
    }

    /// Gives up what can be made again: what is left is a fifth or less, for connections that wait long.
    ///
    /// Bytes that came and are not used up stay with the caller's [`RecvBuf`], which may be dropped if it is empty. A
    /// parked connection is the same in every other way, also after a failure or the peer's close_notify.
    ///
    /// ```
    /// # use tls12::{Connection, Error, Received, RecvBuf};
    /// /// Bytes have come for a connection that was parked.
    /// fn wake(parked: tls12::connection::Parked, buf: &mut RecvBuf) -> Result<Connection, Error> {
    ///     let (mut connection, mut out) = (parked.unpark()?, Vec::new());
    ///     while let Received::Data(data) = connection.receive(buf, &mut out)? {
    ///         println!("{} bytes", data.len());
    ///     }
    ///     Ok(connection)
    /// }
    /// ```
    pub fn park(self) -> Parked {
        Parked::new(self)
    }

    /// For keying material (RFC 5705) and the channel binding `tls-exporter` (RFC 9266); `None` without the
    /// extended master secret.
    pub fn exporter(&self) -> Option<Exporter<'_>> {
        self.facts.exporter()
    }

    /// The channel binding `tls-server-end-point` (RFC 5929, 4): a hash of the server's certificate, 32 to 64
    /// bytes. `None` where the certificate is not known.
    pub fn tls_server_end_point(&self) -> Option<Vec<u8>> {
        self.facts.tls_server_end_point()
    }

    /// By how many bytes a record is longer than its plaintext.
    pub fn record_overhead(&self) -> usize {
        self.writer.overhead()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("info", self.info()).finish_non_exhaustive()
    }
}
