//! Whether a rule is kept, and what was seen.

use serde::Serialize;

use super::By;
use crate::probe::client::{Seen, Trouble};

/// One rule, tried in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    /// Its number: R1 to R37.
    pub(crate) rule: &'static str,
    /// By what the session was offered: `ticket` or `id`.
    pub(crate) by: &'static str,
    /// What was done.
    pub(crate) tried: String,
    pub(crate) verdict: Keeps,
    /// What was seen.
    pub(crate) seen: String,
}

/// Whether it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Keeps {
    Kept,
    Broken,
    /// This server does not do what the rule is about.
    NotApplicable,
    /// The tries failed.
    CouldNotTell,
}

/// What came of one offer.
pub(crate) type Outcome = Result<Seen, Trouble>;

/// Whether it is kept, and what was seen.
pub(crate) type Judged = (Keeps, String);

impl Row {
    pub(crate) fn new(rule: &'static str, by: By, tried: impl Into<String>, judged: Judged) -> Self {
        let (verdict, seen) = judged;
        Self { rule, by: by.name(), tried: tried.into(), verdict, seen }
    }

    /// There is nothing to try it with, for this reason.
    pub(crate) fn not_applicable(rule: &'static str, by: By, tried: impl Into<String>, why: &str) -> Self {
        Self::new(rule, by, tried, (Keeps::NotApplicable, why.into()))
    }
}

/// What one sees of it in a word or two.
pub(crate) fn words(outcome: &Outcome) -> String {
    match outcome {
        Ok(seen) if seen.is_resumed() => "resumed".into(),
        Ok(_) => "a full handshake".into(),
        Err(trouble) => trouble.to_string(),
    }
}

/// The session must not be resumed; how the server does without is its own matter.
pub(crate) fn must_not_resume(outcome: &Outcome) -> Judged {
    let verdict = match outcome {
        Ok(seen) if seen.is_resumed() => Keeps::Broken,
        Ok(_) => Keeps::Kept,
        Err(trouble) if trouble.is_refusal() => Keeps::Kept,
        Err(_) => Keeps::CouldNotTell,
    };
    (verdict, words(outcome))
}

/// The handshake must be a full one: what was offered is no session, and no reason to refuse either.
pub(crate) fn must_be_full(outcome: &Outcome) -> Judged {
    let verdict = match outcome {
        Ok(seen) if !seen.is_resumed() => Keeps::Kept,
        Err(trouble) if !trouble.is_refusal() => Keeps::CouldNotTell,
        // It opened what it cannot have sealed.
        Ok(_) => Keeps::Broken,
        Err(_) => Keeps::Broken,
    };
    (verdict, words(outcome))
}
