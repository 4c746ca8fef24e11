//! Stores that processes share, and how they fail.

use std::{error, fmt, future::Future};

use crate::session::{NewSession, SealedSession, StoreKey};

/// A store that processes share, which says how it failed. [`Guarded`](super::Guarded) makes an
/// [`AsyncSessionStore`](super::AsyncSessionStore) of one.
///
/// Futures that are dropped are calls that were given up: what they asked for may happen or not.
pub trait SharedStore: Send + Sync {
    /// What is kept under `key`. Fails where it is not known.
    fn get(&self, key: &StoreKey) -> impl Future<Output = Result<Option<SealedSession>, StoreError>> + Send;
    /// Keeps a session, for at most its lifetime. Fails where it may not have been kept.
    fn put(&self, session: &NewSession) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Forgets one. Fails where it may still be there.
    fn remove(&self, key: &StoreKey) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Why a shared store did not do what it was asked for. It says nothing of keys or of what lies there.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreError {
    /// There is no connection at the moment.
    NotConnected,
    /// The connection ended before the answer came.
    Lost,
    /// The answer did not come in time.
    TimedOut,
    /// What came is not an answer to what was asked.
    Garbled,
    /// It is there, and still reads what it had stored.
    Loading,
    /// It has no room.
    Full,
    /// It takes nothing.
    ReadOnly,
    /// It does not allow this to whom we are.
    NotAllowed,
    /// What lies there is no session: of another type, or too long.
    NotASession,
    /// It said no for some other reason.
    Refused,
}

impl StoreError {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NotConnected,
        Self::Lost,
        Self::TimedOut,
        Self::Garbled,
        Self::Loading,
        Self::Full,
        Self::ReadOnly,
        Self::NotAllowed,
        Self::NotASession,
        Self::Refused,
    ];

    /// A word for it that stays, for logs and counters.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotConnected => "not-connected",
            Self::Lost => "lost",
            Self::TimedOut => "timed-out",
            Self::Garbled => "garbled",
            Self::Loading => "loading",
            Self::Full => "full",
            Self::ReadOnly => "read-only",
            Self::NotAllowed => "not-allowed",
            Self::NotASession => "not-a-session",
            Self::Refused => "refused",
        }
    }

    /// Whether the store as a whole is of no use at the moment. Otherwise it answered: a store that is full still knows
    /// what it has.
    pub fn is_outage(self) -> bool {
        match self {
            Self::NotConnected | Self::Lost | Self::TimedOut | Self::Garbled | Self::Loading => true,
            Self::Full | Self::ReadOnly | Self::NotAllowed | Self::NotASession | Self::Refused => false,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "the store is not connected",
            Self::Lost => "the connection to the store was lost",
            Self::TimedOut => "the store did not answer in time",
            Self::Garbled => "the store answered something else",
            Self::Loading => "the store is still loading",
            Self::Full => "the store is full",
            Self::ReadOnly => "the store is read-only",
            Self::NotAllowed => "the store does not allow it",
            Self::NotASession => "what the store has there is no session",
            Self::Refused => "the store refused",
        })
    }
}

impl error::Error for StoreError {}
