//! The receiving half and the sending half.

use alloc::{boxed::Box, vec::Vec};
use core::{fmt, ops::Range};

use super::requests::Requests;
use crate::{
    error::Error,
    handshake::{ReceivedAlert, Renegotiation, alert_of, read_alert},
    record::{Opened, Opener, Plaintext, RecvBuf, Sealer, Sent, Temper},
    schedule::Side,
    wire::{Alert, AlertLevel, AlertMessage, ContentType, Encode},
};

/// The receiving half.
pub struct Reader {
    pub(super) opener: Opener,
    pub(super) past: Past,
    pub(super) failed: Option<Box<Error>>,
}

/// What a receiving half remembers of its peer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) side: Side,
    pub(super) renegotiation: Renegotiation,
    pub(super) temper: Temper,
    pub(super) requests: Requests,
    /// Warnings that the peer is owed: no more than requests to renegotiate are put up with.
    pub(super) owed: u8,
    pub(super) closed: bool,
}

impl Past {
    /// Of a peer that has sent nothing yet.
    pub(super) fn none(side: Side, renegotiation: Renegotiation) -> Self {
        Self {
            side,
            renegotiation,
            temper: Temper::default(),
            requests: Requests::default(),
            owed: 0,
            closed: false,
        }
    }
}

/// What one record was, in the terms of the buffer.
#[derive(Debug)]
pub(crate) enum Step {
    NeedsInput,
    Data(Range<usize>),
    /// A warning.
    Reply(Alert),
    /// A fatal alert.
    Abort(Alert),
    Closed,
}

/// What a receiving half received.
#[must_use]
#[derive(Debug)]
pub enum HalfReceived<'b> {
    /// Receive more bytes.
    NeedsInput,
    /// Application data; never empty.
    Data(Plaintext<'b>),
    /// Give this to [`Writer::reply`].
    Reply(Reply),
    /// Give this to [`Writer::abort`]; the next call returns the error behind it.
    Abort(Abort),
    /// The peer will send nothing more.
    Closed,
}

/// An answer that the peer is owed.
#[must_use]
#[derive(Debug)]
pub struct Reply(Alert);

/// The last thing that the peer is owed.
#[must_use]
#[derive(Debug)]
pub struct Abort(Alert);

impl Reader {
    pub(super) fn new(side: Side, opener: Opener, renegotiation: Renegotiation) -> Self {
        Self { opener, past: Past::none(side, renegotiation), failed: None }
    }

    /// Like [`Connection::receive`](super::Connection::receive); what must be answered comes as a value.
    pub fn receive<'b>(&mut self, buf: &'b mut RecvBuf) -> Result<HalfReceived<'b>, Error> {
        Ok(match self.next(buf)? {
            Step::NeedsInput => HalfReceived::NeedsInput,
            Step::Data(at) => HalfReceived::Data(buf.deliver(at)),
            Step::Reply(alert) => HalfReceived::Reply(Reply(alert)),
            Step::Abort(alert) => HalfReceived::Abort(Abort(alert)),
            Step::Closed => HalfReceived::Closed,
        })
    }

    /// The error that ended the connection, if one did.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.failed.as_deref().cloned().map_or(Ok(()), Err)
    }

    /// The one place where an error becomes an alert: first the alert, then, for ever, the error.
    pub(super) fn next(&mut self, buf: &mut RecvBuf) -> Result<Step, Error> {
        self.check()?;
        let error = match self.open_next(buf) {
            Ok(step) => return Ok(step),
            Err(error) => self.failed.insert(Box::new(error)),
        };
        match error.alert() {
            Some(alert) => Ok(Step::Abort(alert)),
            None => Err(Error::clone(error)),
        }
    }

    fn open_next(&mut self, buf: &mut RecvBuf) -> Result<Step, Error> {
        if let Some(at) = buf.take_pending() {
            return Ok(Step::Data(at));
        }
        loop {
            if let Some(owed) = self.past.owed.checked_sub(1) {
                self.past.owed = owed;
                return Ok(Step::Reply(Alert::NO_RENEGOTIATION));
            }
            if self.past.closed {
                // What follows a close is not looked at (RFC 5246, 7.2.1).
                buf.discard_received();
                return Ok(Step::Closed);
            }
            let Some(opened) = self.opener.next(buf)? else {
                return Ok(Step::NeedsInput);
            };
            if let Some(step) = self.record(opened, buf)? {
                return Ok(step);
            }
        }
    }

    /// One record; `None` if it was none that anybody need hear of.
    fn record(&mut self, opened: Opened, buf: &mut RecvBuf) -> Result<Option<Step>, Error> {
        let body = buf.bytes(opened.body.clone());
        match opened.content_type {
            ContentType::APPLICATION_DATA if !self.past.requests.is_aligned() => {
                Err(unexpected("application data within a handshake message"))
            }
            ContentType::APPLICATION_DATA | ContentType::HANDSHAKE if body.is_empty() => {
                self.past.temper.empty_record()?;
                Ok(None)
            }
            ContentType::APPLICATION_DATA => {
                self.past.temper.content();
                Ok(Some(Step::Data(opened.body)))
            }
            ContentType::HANDSHAKE => {
                let requests = self.past.requests.read(self.past.side, body)?;
                self.request(requests)?;
                Ok(None)
            }
            ContentType::ALERT => self.alert(body),
            _ => Err(unexpected("ChangeCipherSpec")),
        }
    }

    /// RFC 5246, 7.2.2: no_renegotiation is "sent by the client in response to a hello request or by the server
    /// in response to a client hello after initial handshaking".
    fn request(&mut self, requests: usize) -> Result<(), Error> {
        self.past.temper.content();
        for _ in 0..requests {
            match self.past.renegotiation {
                Renegotiation::Fatal => return Err(Error::Renegotiation),
                Renegotiation::Warned => self.past.temper.renegotiation()?,
            }
            self.past.owed = self.past.owed.saturating_add(1);
        }
        Ok(())
    }

    fn alert(&mut self, body: &[u8]) -> Result<Option<Step>, Error> {
        match read_alert(body)? {
            ReceivedAlert::Close => {
                self.past.closed = true;
                Ok(Some(Step::Closed))
            }
            ReceivedAlert::Fatal(alert) => Err(Error::Received(alert)),
            ReceivedAlert::Warning(_) => {
                self.past.temper.warning()?;
                Ok(None)
            }
        }
    }
}

fn unexpected(got: &'static str) -> Error {
    Error::Unexpected { expected: &["application data"], got }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("closed", &self.past.closed)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

/// The sending half.
pub struct Writer {
    pub(super) sealer: Sealer,
}

impl Writer {
    pub(super) fn new(sealer: Sealer) -> Self {
        Self { sealer }
    }

    /// As [`Connection::send`](super::Connection::send).
    pub fn send(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        Ok(self.sealer.data(plaintext, out)?)
    }

    /// As [`Connection::send_into`](super::Connection::send_into).
    pub fn send_into(&mut self, plaintext: &[u8], out: &mut [u8]) -> Result<Sent, Error> {
        Ok(self.sealer.data_into(plaintext, out)?)
    }

    /// Tells the peer what the reader found.
    pub fn reply(&mut self, reply: Reply, out: &mut Vec<u8>) {
        self.warn(reply.0, out);
    }

    /// Tells the peer why this is the end.
    pub fn abort(mut self, abort: Abort, out: &mut Vec<u8>) {
        self.end(abort.0, out);
    }

    /// Appends `close_notify`: the end.
    pub fn close(mut self, out: &mut Vec<u8>) {
        self.end(Alert::CLOSE_NOTIFY, out);
    }

    /// By how many bytes a record is longer than its plaintext.
    pub fn overhead(&self) -> usize {
        self.sealer.overhead()
    }

    pub(super) fn warn(&mut self, description: Alert, out: &mut Vec<u8>) {
        let alert = AlertMessage { level: AlertLevel::WARNING, description };
        self.sealer.control(ContentType::ALERT, &alert.encode(), out);
    }

    pub(super) fn end(&mut self, description: Alert, out: &mut Vec<u8>) {
        self.sealer.control(ContentType::ALERT, &alert_of(description).encode(), out);
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}
