//! What adapters and stores trace (feature `tracing`), each thing in one place: how handshakes went, what they asked for,
//! how a shared cache does. Nothing that is secret or names a session is in it, and nothing is formatted that nobody
//! wants to see. Without the feature there is nothing.

use super::Happening;
use crate::{connection::ConnectionInfo, error::Error, session::Lookup};

/// What happens in a handshake, as far as it is traced.
pub(super) fn happened(happening: &Happening<'_>) {
    match happening {
        Happening::Complete(side, info) => established(side.name(), info),
        Happening::Failed(side, error) => failed(side.name(), error),
        Happening::Signature(answer) => answered("a signature", yes_or_no(answer)),
        Happening::Verdict(answer) => answered("a verdict on the peer", yes_or_no(answer)),
        Happening::Found(_, found) => answered(
            "a session",
            match found {
                Lookup::Found(_) => "found",
                Lookup::Missing => "missing",
                Lookup::Unavailable => "unavailable",
            },
        ),
        Happening::Stored => answered("to keep a session", "done"),
        Happening::Started(..)
        | Happening::Calls(..)
        | Happening::Configured(..)
        | Happening::Received(..)
        | Happening::TooMuch
        | Happening::Sent(_)
        | Happening::Credential(_)
        | Happening::RefusedName
        | Happening::Aborted(_) => {}
    }
}

/// Whether an answer is one, in a word.
fn yes_or_no<T, E>(answer: &Result<T, E>) -> &'static str {
    if answer.is_ok() { "yes" } else { "no" }
}

/// A handshake is complete.
fn established(side: &'static str, info: &ConnectionInfo) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "tls12::handshake",
        side,
        handshake = %info.handshake,
        verdict = info.handshake.code(),
        reason = info.handshake.reason().map(|reason| reason.code()),
        ticket = ?info.ticket,
        cipher = %info.suite,
        "complete"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (side, info);
}

/// A handshake failed, and the peer was told.
fn failed(side: &'static str, error: &Error) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "tls12::handshake",
        side,
        %error,
        alert = error.alert().map(|alert| alert.to_string()),
        "failed"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (side, error);
}

/// Somebody was asked for something in a handshake, and said this: a word.
fn answered(asked: &'static str, answer: &'static str) {
    #[cfg(feature = "tracing")]
    tracing::trace!(target: "tls12::handshake", asked, answer, "answered");
    #[cfg(not(feature = "tracing"))]
    let _ = (asked, answer);
}

/// A call of a shared store ended.
#[cfg(feature = "tokio")]
pub(crate) fn called(
    operation: crate::store::StoreOperation,
    failure: Option<crate::store::StoreError>,
    took: std::time::Duration,
) {
    #[cfg(feature = "tracing")]
    match failure {
        None => tracing::trace!(target: "tls12::store", ?operation, ?took, "a call ended"),
        Some(error) => tracing::debug!(target: "tls12::store", ?operation, %error, ?took, "a call failed"),
    }
    #[cfg(not(feature = "tracing"))]
    let _ = (operation, failure, took);
}

/// The breaker of a shared store opened or closed.
#[cfg(feature = "tokio")]
pub(crate) fn breaker(state: crate::store::BreakerState) {
    #[cfg(feature = "tracing")]
    match state {
        crate::store::BreakerState::Open => {
            tracing::warn!(target: "tls12::store", "the shared store fails, and is left alone for a while");
        }
        crate::store::BreakerState::Closed => {
            tracing::info!(target: "tls12::store", "the shared store answers again");
        }
    }
    #[cfg(not(feature = "tracing"))]
    let _ = state;
}

/// A connection to a shared store came about, or was lost.
#[cfg(feature = "redis")]
pub(crate) fn connection(is_up: Up) {
    #[cfg(feature = "tracing")]
    match is_up {
        Up::Yes => tracing::info!(target: "tls12::store", "connected to Redis"),
        Up::No => tracing::warn!(target: "tls12::store", "a connection to Redis is lost"),
    }
    #[cfg(not(feature = "tracing"))]
    let _ = is_up;
}

/// No connection to a shared store can be made, for another reason than before. There is no password in it.
#[cfg(feature = "redis")]
pub(crate) fn not_connected(why: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "tls12::store", why, "no connection to Redis");
    #[cfg(not(feature = "tracing"))]
    let _ = why;
}

/// Whether a connection is there.
#[cfg(feature = "redis")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Up {
    Yes,
    No,
}
