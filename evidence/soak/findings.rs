//! What does not hold.

use std::sync::{Mutex, PoisonError};

/// A sentence that says why it cannot go on.
pub(crate) type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Sentences, each about something that does not hold.
#[derive(Default)]
pub(crate) struct Findings(Mutex<Vec<String>>);

impl Findings {
    pub(crate) fn add(&self, sentence: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sentence.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
