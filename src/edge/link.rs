//! An established connection with its buffers, for adapters to carry to and fro: two halves that share nothing.

mod gather;
mod incoming;
mod outgoing;

pub(crate) use self::{
    incoming::{Forget, Incoming, Next},
    outgoing::Outgoing,
};
use super::Witness;
use crate::{
    connection::{Abort, Connection, Facts, Reply},
    error::Error,
    record::RecvBuf,
    session::ClientSession,
};

/// A connection, what came and is not read yet, and what is encrypted and not sent yet.
///
/// An idle one holds memory for neither: see [`Incoming::rest`] and [`Outgoing::sent`].
pub(crate) struct Link {
    pub(crate) incoming: Incoming,
    pub(crate) outgoing: Outgoing,
    /// What the handshake agreed on, and what can be derived from it.
    pub(crate) facts: Box<Facts>,
}

/// What the incoming half found and the outgoing half has to hear, at once and in this order.
#[must_use]
#[derive(Debug)]
pub(crate) enum News {
    /// The peer is owed a warning.
    Reply(Reply),
    /// The peer is owed a fatal alert; the error behind it is the next news.
    Abort(Abort),
    /// The peer sends nothing more, and is answered in kind (RFC 5246, 7.2.1).
    Closed,
    /// The peer sends nothing more, and is answered when this side has no more to send.
    HalfClosed,
    /// Nothing works any more.
    Failed(Error),
}

impl Link {
    pub(crate) fn new(connection: Connection, buf: RecvBuf, witness: &Witness) -> Self {
        let (reader, writer, facts) = connection.into_parts();
        Self {
            incoming: Incoming::new(reader, buf, witness.clone()),
            outgoing: Outgoing::new(writer, witness.clone()),
            facts,
        }
    }

    pub(crate) fn with_session(mut self, session: Option<ClientSession>) -> Self {
        self.incoming.session = session;
        self
    }

    /// What to do with the session when the connection ends with a fatal alert.
    pub(crate) fn forgetting_by(mut self, forget: Option<Forget>) -> Self {
        self.incoming.forget = forget;
        self
    }
}
