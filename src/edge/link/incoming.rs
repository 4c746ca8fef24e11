//! What comes.

use std::io;

use super::News;
use crate::{
    connection::{HalfReceived, Reader},
    edge::{Happening, Waiting, Witness, io_error, pool},
    error::Error,
    record::{RecvBuf, Truncated},
    session::ClientSession,
};

/// Removes the session of a connection from where it is kept.
pub(crate) type Forget = Box<dyn FnOnce() -> Waiting<'static, ()> + Send + Sync>;

/// The receiving half, and what came and is not read yet.
pub(crate) struct Incoming {
    reader: Reader,
    /// None while nothing came that is not used up.
    buf: Option<RecvBuf>,
    end: End,
    /// Whether the sending half outlives the peer's close_notify.
    half_close: bool,
    /// What a client may offer next time.
    pub(super) session: Option<ClientSession>,
    pub(super) forget: Option<Forget>,
    witness: Witness,
}

enum End {
    /// The peer may send more.
    Open,
    /// It said that it does not.
    Closed,
    /// A fatal alert is on its way to it; the error behind that comes next.
    Aborting,
    Failed(Error),
}

/// What there is to do before data can be read.
#[derive(Debug)]
pub(crate) enum Next {
    /// There is data.
    Data,
    /// There is none, and there never will be.
    Closed,
    /// Tell the sending half, and send what is unsent then.
    News(News),
    /// Receive.
    Input,
}

impl Incoming {
    pub(super) fn new(reader: Reader, buf: RecvBuf, witness: Witness) -> Self {
        let mut incoming = Self {
            reader,
            buf: Some(buf),
            end: End::Open,
            half_close: false,
            session: None,
            forget: None,
            witness,
        };
        incoming.rest();
        incoming
    }

    pub(crate) fn take_session(&mut self) -> Option<ClientSession> {
        self.session.take()
    }

    /// What has to be done now, once, because the connection ended with a fatal alert (R29). To be asked after each
    /// piece of news, and to be done before the peer, or anybody, hears of it.
    pub(crate) fn forgetting(&mut self) -> Option<Waiting<'static, ()>> {
        let fatal = match &self.end {
            End::Failed(error) => error.invalidates_session(),
            End::Aborting => true,
            End::Open | End::Closed => false,
        };
        if !fatal {
            return None;
        }
        self.session = None;
        self.forget.take().map(|forget| forget())
    }

    pub(crate) fn allow_half_close(&mut self) {
        self.half_close = true;
    }

    /// Whether the peer should get a fatal alert before anybody reports the error.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_aborting(&self) -> bool {
        matches!(self.end, End::Aborting)
    }

    /// Opens records until there is something to do.
    pub(crate) fn next(&mut self) -> Result<Next, Error> {
        loop {
            if !self.data().is_empty() {
                return Ok(Next::Data);
            }
            if matches!(self.end, End::Closed) {
                self.rest();
                return Ok(Next::Closed);
            }
            let Some(buf) = &mut self.buf else {
                return Ok(Next::Input);
            };
            let (end, news) = match self.reader.receive(buf) {
                Ok(HalfReceived::NeedsInput) => return Ok(Next::Input),
                Ok(HalfReceived::Data(data)) => {
                    let length = data.len();
                    data.put_back(length);
                    continue;
                }
                Ok(HalfReceived::Reply(reply)) => return Ok(Next::News(News::Reply(reply))),
                Ok(HalfReceived::Abort(abort)) => (End::Aborting, News::Abort(abort)),
                Ok(HalfReceived::Closed) if self.half_close => (End::Closed, News::HalfClosed),
                Ok(HalfReceived::Closed) => (End::Closed, News::Closed),
                Err(error) if matches!(self.end, End::Failed(_)) => return Err(error),
                Err(error) => (End::Failed(error.clone()), News::Failed(error)),
            };
            self.end = end;
            return Ok(Next::News(news));
        }
    }

    /// Where received bytes go.
    pub(crate) fn spare(&mut self) -> &mut [u8] {
        self.buf.get_or_insert_with(pool::receiving).spare()
    }

    /// The first `n` bytes of what is spare were received.
    pub(crate) fn received(&mut self, n: usize) -> io::Result<()> {
        let bytes = self.buf.as_mut().and_then(|buf| buf.spare().get(..n)).unwrap_or_default();
        self.witness.saw(Happening::Received(bytes, None));
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
        let failed = matches!(self.end, End::Aborting | End::Failed(_));
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
}
