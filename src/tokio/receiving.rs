//! What receives.

use std::{
    io,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::sending::Reach;
use crate::edge::{Incoming, Next, Waiting, io_error};

/// The receiving half of a connection.
pub(super) struct Receiving {
    pub(super) incoming: Incoming,
    /// The session of a connection that failed is being removed from its store. Never locked: the mutex says that
    /// nobody polls it through a shared reference.
    forgetting: Mutex<Option<Waiting<'static, ()>>>,
}

impl Receiving {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self { incoming, forgetting: Mutex::default() }
    }

    /// Receives until there is data, or the end. Nothing of what sends is held while records are decrypted.
    pub(super) fn poll_fill<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        sending: &mut impl Reach,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut told = false;
        loop {
            ready!(self.poll_forget(cx));
            // What the peer is owed goes out whoever else sends just now; anything else goes out by them.
            let sent = match told || self.incoming.is_aborting() {
                true => Some(sending.reach(|sending| sending.poll_send_first(io, cx))),
                false => sending.reach_if_free(|sending| sending.poll_send_first(io, cx)),
            };
            let unsent = match sent {
                Some(sent) => ready!(sent).err(),
                None => None,
            };
            match self.incoming.next().map_err(io_error)? {
                Next::Data | Next::Closed => return Poll::Ready(Ok(())),
                Next::News(news) => {
                    sending.reach(|sending| sending.outgoing.hear(news));
                    told = true;
                }
                Next::Input => {
                    match (self.poll_receive(io, cx), unsent) {
                        // Nobody answers what did not arrive. What came before is read, though.
                        (Poll::Pending, Some(unsent)) => return Poll::Ready(Err(unsent)),
                        (received, _) => ready!(received)?,
                    }
                    told = false;
                }
            }
        }
    }

    /// Waits for bytes. As long as none come, no buffer is held.
    fn poll_receive<T: AsyncRead + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut spare = ReadBuf::new(self.incoming.spare());
        let read = Pin::new(io).poll_read(cx, &mut spare);
        let n = spare.filled().len();
        if read.is_pending() {
            self.incoming.rest();
        }
        ready!(read)?;
        Poll::Ready(self.incoming.received(n))
    }

    /// Has the session removed from its store, if the connection failed.
    fn poll_forget(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let slot = self.forgetting.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(forgetting) = self.incoming.forgetting() {
            *slot = Some(forgetting);
        }
        if let Some(forgetting) = slot {
            ready!(forgetting.as_mut().poll(cx));
            *slot = None;
        }
        Poll::Ready(())
    }

    /// Hands out what there is, as much as there is room for.
    pub(super) fn read(&mut self, to: &mut ReadBuf<'_>) {
        let data = self.incoming.data();
        let data = data.get(..to.remaining()).unwrap_or(data);
        to.put_slice(data);
        let n = data.len();
        self.incoming.consume(n);
    }
}
