//! What goes.

use std::io::{self, IoSlice};

use super::{News, gather::Gathered};
use crate::{
    connection::Writer,
    edge::{Happening, Witness, io_error, is_gone, pool},
    error::Error,
};

/// The most plaintext that is encrypted at once: two of the largest records. More is taken when these are sent.
pub(super) const MOST_TAKEN: usize = 32 * 1024;

/// The sending half, and what is encrypted and not sent yet.
pub(crate) struct Outgoing {
    /// None when nothing more may be sent: after close_notify, and after a fatal alert.
    writer: Option<Writer>,
    /// Without memory while there is nothing to send.
    out: Vec<u8>,
    sent: usize,
    peer: Peer,
    witness: Witness,
}

/// What was heard of the peer.
enum Peer {
    /// It may send more.
    Open,
    /// It said that it does not.
    Closed,
    /// A fatal alert is on its way to it.
    Aborted,
    Failed(Error),
}

impl Outgoing {
    pub(super) fn new(writer: Writer, witness: Witness) -> Self {
        Self { writer: Some(writer), out: Vec::new(), sent: 0, peer: Peer::Open, witness }
    }

    /// Answers what the receiving half found.
    pub(crate) fn hear(&mut self, news: News) {
        self.peer = match news {
            News::Reply(reply) => {
                if let Some(writer) = &mut self.writer {
                    writer.reply(reply, &mut self.out);
                }
                return;
            }
            News::Abort(abort) => {
                if let Some(writer) = self.writer.take() {
                    writer.abort(abort, &mut self.out);
                }
                Peer::Aborted
            }
            News::Closed => {
                self.close();
                Peer::Closed
            }
            News::HalfClosed => Peer::Closed,
            News::Failed(error) => {
                self.writer = None;
                Peer::Failed(error)
            }
        };
    }

    /// Encrypts the beginning of `plaintext`, all of it up to 32 KiB, and says how much that was. To be called when
    /// nothing is unsent.
    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        let taken = plaintext.get(..MOST_TAKEN).unwrap_or(plaintext);
        match (&mut self.writer, &self.peer) {
            (Some(writer), _) => {
                if self.out.capacity() == 0 {
                    self.out = pool::sending();
                }
                writer.send(taken, &mut self.out).map_err(io_error)?;
            }
            (None, Peer::Failed(error)) => return Err(io_error(error.clone())),
            (None, Peer::Open | Peer::Closed | Peer::Aborted) => {
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closed"));
            }
        }
        Ok(taken.len())
    }

    /// The same for the beginning of `parts`: as few records as there are for one slice of that length, unless the first
    /// part is so long that it has whole records of its own.
    pub(crate) fn encrypt_parts(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.encrypt(Gathered::new(parts).bytes())
    }

    /// Says that nothing more will be sent.
    pub(crate) fn close(&mut self) {
        if let Some(writer) = self.writer.take() {
            writer.close(&mut self.out);
        }
    }

    /// What is encrypted and not sent yet.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.out.get(self.sent..).unwrap_or(&[])
    }

    /// The first `n` bytes of what is unsent were sent. With the last of them their memory is given back.
    pub(crate) fn sent(&mut self, n: usize) {
        self.witness.saw(Happening::Sent(self.unsent().get(..n).unwrap_or_default()));
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

    /// Whether what is unsent is a fatal alert, which the peer should get before anybody reports the error.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_aborting(&self) -> bool {
        matches!(self.peer, Peer::Aborted)
    }

    /// Whether it does not matter that something cannot be sent: what counts is that the peer closed, or the error
    /// that follows.
    pub(crate) fn is_ending(&self) -> bool {
        match self.peer {
            Peer::Open => false,
            Peer::Closed | Peer::Aborted | Peer::Failed(_) => true,
        }
    }

    /// What becomes of an error of the transport when this side says goodbye. That the peer is gone is none once it
    /// closed, for it need not wait for an answer; nor once the connection failed, for that was told.
    pub(crate) fn forgive(&mut self, error: io::Error) -> io::Result<()> {
        match self.is_ending() && is_gone(&error) {
            true => {
                self.give_up();
                Ok(())
            }
            false => Err(error),
        }
    }
}
