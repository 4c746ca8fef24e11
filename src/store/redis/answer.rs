//! What Redis answers, and what that means.

use ::redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::StoreError;
use crate::session::{MAX_SEALED, SealedSession};

/// What was kept.
pub(super) fn session(answer: Value) -> Result<Option<SealedSession>, StoreError> {
    match answer {
        Value::Nil => Ok(None),
        Value::BulkString(sealed) if sealed.len() > MAX_SEALED => Err(StoreError::NotASession),
        Value::BulkString(sealed) => Ok(Some(SealedSession(sealed))),
        _ => Err(StoreError::Garbled),
    }
}

/// It is done.
pub(super) fn done(answer: Value) -> Result<(), StoreError> {
    match answer {
        Value::Okay => Ok(()),
        _ => Err(StoreError::Garbled),
    }
}

/// To how many it was done, which is of no interest.
pub(super) fn count(answer: Value) -> Result<(), StoreError> {
    match answer {
        Value::Int(_) => Ok(()),
        _ => Err(StoreError::Garbled),
    }
}

/// What an error is for us. Its text is not kept: it may name keys.
pub(super) fn error(error: &RedisError) -> StoreError {
    match error.kind() {
        ErrorKind::Io => StoreError::Lost,
        ErrorKind::AuthenticationFailed => StoreError::NotAllowed,
        ErrorKind::Server(kind) => refusal(kind),
        ErrorKind::Extension => match error.code() {
            Some("OOM") => StoreError::Full,
            Some("WRONGTYPE") => StoreError::NotASession,
            Some("NOAUTH" | "WRONGPASS") => StoreError::NotAllowed,
            _ => StoreError::Refused,
        },
        // Of the kinds that are errors of whoever asks, none is possible; what is left cannot be read.
        _ => StoreError::Garbled,
    }
}

fn refusal(kind: ServerErrorKind) -> StoreError {
    match kind {
        ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown | ServerErrorKind::ClusterDown => {
            StoreError::Loading
        }
        ServerErrorKind::ReadOnly => StoreError::ReadOnly,
        ServerErrorKind::NoPerm => StoreError::NotAllowed,
        _ => StoreError::Refused,
    }
}
