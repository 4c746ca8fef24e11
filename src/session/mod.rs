//! Layer 2: what outlives a connection, and what became of it.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `outcome.rs` | [`HandshakeKind`], [`NotResumed`], [`TicketSent`]: how a handshake went, and why |
//! | `stats.rs` | [`ResumptionStats`]: how often |
//! | `id.rs` | [`StoreKey`], [`Partition`], [`SessionContext`]: names |
//! | `state.rs` | [`Session`]: what a server resumes, and its encoding |
//! | `client.rs` | [`ClientSession`]: what a client keeps, and its encoding |
//! | `ring.rs` | [`TicketKey`], [`KeyRing`]: keys, and when they do what |
//! | `key_file.rs`, `base64.rs` | [`KeyMaterial`]: the key files of other servers |
//! | `ratchet.rs` | [`Ratchet`]: keys that hosts agree on by the clock |
//! | `seal.rs`, `kdf.rs` | a [`Session`] to a ticket or a [`SealedSession`] and back |
//! | `policy.rs`, `judge.rs` | [`Resumption`], and [`judge()`]: the one gate |
//!
//! The rules that are cited as R1 to R37 are those of resumption, in `docs/rules.md`.

mod base64;
mod client;
mod id;
mod judge;
mod kdf;
mod key_file;
mod outcome;
mod policy;
mod ratchet;
mod ring;
mod seal;
mod state;
mod stats;

pub use client::{ClientSession, ClientSessionParts, ClientToken};
pub use id::{Lookup, NewSession, Partition, PartitionTag, SealedSession, SessionContext, StoreKey};
pub use judge::{CLOCK_SKEW, ClientAuthNeed, Judgement, Offer, judge};
pub use kdf::SALT_LEN;
#[cfg(feature = "std")]
pub(crate) use kdf::SealingSecret;
pub use key_file::{KeyFileError, KeyFileFormat, KeyMaterial};
pub use outcome::{HandshakeKind, NotResumed, ResumedBy, SeenBy, TicketSent};
pub use policy::{
    DEFAULT_AUTHENTICATION_LIFETIME, DEFAULT_LIFETIME, MAX_LIFETIME, RenewWhen, Resumption, Tickets,
};
pub use ratchet::{MAX_CATCH_UP, Ratchet, RatchetError};
pub use ring::{DEFAULT_PERIOD, KeyName, KeyRing, KeyState, KeyTimes, TicketKey, WeakKey};
#[cfg(feature = "replay")]
pub(crate) use seal::Opening;
pub use seal::{MAX_SEALED, OpenedTicket};
pub use state::{
    Lineage, MAX_APPLICATION_DATA, MAX_PEER_CHAIN, Session, SessionParts, SessionPeer, SessionTooLarge,
};
pub use stats::{ResumptionStats, Snapshot};
