//! Whether a node answered that knows a session, where not every node does.

use crate::probe::{
    client::{Seen, Trouble},
    tally::Tally,
};

/// The most tries where a session is resumed on some nodes only: enough where two of five offers are resumed.
pub(super) const MOST: u32 = 6;
/// How likely it may be that no node was met that knows the session.
const DOUBT: f64 = 0.05;

/// Which of the nodes behind an address know a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reach {
    Every,
    Some {
        /// How likely it is to meet one that does not.
        miss: f64,
    },
}

impl Reach {
    /// As far as the replays of a session tell.
    pub(super) fn of(fixed: &Tally) -> Self {
        match fixed.is_all() {
            true => Self::Every,
            false => Self::Some { miss: 1.0 - f64::from(fixed.resumed) / f64::from(fixed.completed.max(1)) },
        }
    }
}

/// What came of the same offer so far.
pub(super) struct Answers {
    reach: Reach,
    tries: u32,
    /// How likely it is that nobody who answered knows the session.
    doubt: f64,
    /// The answer that says most.
    best: Option<Result<Seen, Trouble>>,
    full: u32,
    refused: u32,
}

impl Answers {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach, tries: 0, doubt: 1.0, best: None, full: 0, refused: 0 }
    }

    /// Takes an answer; gives what there is to tell, if it is enough. `knows` tells of a full handshake whether the node
    /// has what the session needs.
    pub(super) fn add(
        &mut self,
        result: Result<Seen, Trouble>,
        knows: impl Fn(&Seen) -> bool,
    ) -> Option<Result<Seen, Trouble>> {
        let Reach::Some { miss } = self.reach else { return Some(result) };
        self.tries += 1;
        match &result {
            Ok(seen) if seen.is_resumed() || knows(seen) => return Some(result),
            Ok(_) => self.full += 1,
            Err(Trouble::Alert(..)) => self.refused += 1,
            Err(_) => {}
        }
        if matches!(&result, Ok(_) | Err(Trouble::Alert(..))) {
            self.doubt *= miss;
        }
        if self.best.as_ref().is_none_or(|best| weight(best) < weight(&result)) {
            self.best = Some(result);
        }
        match (self.full, self.refused) {
            // Nodes that do not know the session do what they do for everybody; one did something else.
            (1.., 1..) => self.best.take(),
            _ if self.doubt <= DOUBT => self.best.take(),
            _ if self.tries < MOST => None,
            (0, 0) => self.best.take(),
            (full, 0) => Some(Err(Trouble::Unmet(full, "a full handshake"))),
            (_, refused) => Some(Err(Trouble::Unmet(refused, "refused"))),
        }
    }
}

/// How much an answer says: a refusal shows that the session is known where others make a full handshake.
fn weight(result: &Result<Seen, Trouble>) -> u8 {
    match result {
        Err(Trouble::Gone(_)) => 1,
        Ok(_) => 2,
        Err(Trouble::Alert(..)) => 3,
        Err(_) => 0,
    }
}
