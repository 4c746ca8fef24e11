//! Layer 2: what outlives a connection, and what became of it.

mod outcome;

pub use outcome::{HandshakeKind, NotResumed, ResumedBy, TicketSent};
