//! Which connection made the session of which.

use alloc::collections::{BTreeMap, VecDeque};

use sha2::{Digest, Sha256};

use super::verdict::{Shape, Verdict};
use crate::session::{HandshakeKind, ResumedBy};

/// Remembers the session IDs and the tickets that servers gave, by their hashes, and which connection they are from.
#[derive(Debug)]
pub struct Sessions {
    known: BTreeMap<Name, Known>,
    /// The oldest first.
    order: VecDeque<Name>,
    most: usize,
    forgotten: u64,
}

/// What names a session. Tickets and IDs do not get mixed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Id([u8; 32]),
    Ticket([u8; 32]),
}

/// Where a session is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The connection whose full handshake made it; `None` if that was not seen.
    pub made_by: Option<u64>,
    /// The connection in which the server gave this ID, or this ticket.
    pub issued_by: u64,
}

/// Which session a connection resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// None.
    NotResumed,
    /// One of a connection that was not seen.
    Unseen,
    /// One that is known.
    Of(ResumedBy, Known),
    /// The client offered both a ticket and an ID that a server had given, and nobody can tell which of them it was.
    Either {
        /// That of the ticket, if it is known.
        ticket: Option<Known>,
        /// That of the ID.
        id: Known,
    },
}

impl Default for Sessions {
    /// With room for 65 536 names.
    fn default() -> Self {
        Self::new(1 << 16)
    }
}

impl Sessions {
    /// With room for so many names; when it is full, the oldest are forgotten.
    pub fn new(most: usize) -> Self {
        Self { known: BTreeMap::new(), order: VecDeque::new(), most, forgotten: 0 }
    }

    /// How many names were forgotten because there was no room.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Whether a server gave this session ID to a connection that was added.
    pub fn knows_id(&self, id: &[u8]) -> bool {
        self.find(id_name(id)).is_some()
    }

    /// Adds a connection under a number of its own, once, when its handshake is complete or nothing more comes: which
    /// session it resumed, and what it leaves to later ones.
    pub fn add(&mut self, number: u64, verdict: &Verdict) -> Origin {
        let origin = self.origin(verdict);
        let made_by = match (verdict.shape, origin) {
            (Shape::Full, _) => Some(number),
            (_, Origin::Of(_, known)) => known.made_by,
            (_, Origin::Either { ticket, id }) => match ticket {
                Some(ticket) if ticket.made_by == id.made_by => id.made_by,
                _ => None,
            },
            (_, Origin::NotResumed | Origin::Unseen) => None,
        };
        let known = Known { made_by, issued_by: number };
        if verdict.shape == Shape::Full {
            self.remember(id_name(verdict.session_id.as_bytes()), known);
        }
        if verdict.shape != Shape::Unknown {
            self.remember(ticket_name(&verdict.new_ticket), known);
        }
        origin
    }

    fn origin(&self, verdict: &Verdict) -> Origin {
        let Some(HandshakeKind::Resumed(by)) = verdict.handshake else {
            return match verdict.shape {
                Shape::Abbreviated => Origin::Unseen,
                Shape::Full | Shape::Unknown => Origin::NotResumed,
            };
        };
        let id = self.find(id_name(verdict.offered_id.as_bytes()));
        let ticket = self.find(ticket_name(verdict.offered_ticket.as_deref().unwrap_or_default()));
        match (by, ticket, id) {
            (ResumedBy::Ticket, ticket, Some(id)) => Origin::Either { ticket, id },
            (ResumedBy::Ticket, Some(ticket), None) => Origin::Of(by, ticket),
            (ResumedBy::SessionId, _, Some(id)) => Origin::Of(by, id),
            (ResumedBy::Ticket, None, None) | (ResumedBy::SessionId, _, None) => Origin::Unseen,
        }
    }

    fn find(&self, name: Option<Name>) -> Option<Known> {
        self.known.get(&name?).copied()
    }

    fn remember(&mut self, name: Option<Name>, known: Known) {
        let Some(name) = name else { return };
        if self.known.insert(name, known).is_none() {
            self.order.push_back(name);
        }
        while self.order.len() > self.most {
            let oldest = self.order.pop_front();
            if let Some(oldest) = oldest {
                self.known.remove(&oldest);
            }
            self.forgotten = self.forgotten.saturating_add(1);
        }
    }
}

fn id_name(id: &[u8]) -> Option<Name> {
    (!id.is_empty()).then(|| Name::Id(Sha256::digest(id).into()))
}

fn ticket_name(ticket: &[u8]) -> Option<Name> {
    (!ticket.is_empty()).then(|| Name::Ticket(Sha256::digest(ticket).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{explain::verdict::Progress, wire::SessionId};

    fn full(id: &[u8], ticket: &[u8]) -> Verdict {
        let mut verdict = Verdict {
            shape: Shape::Full,
            progress: Progress::Complete,
            has_client_hello: true,
            session_id: SessionId::new(id).expect("an ID"),
            new_ticket: ticket.to_vec(),
            ..Verdict::default()
        };
        verdict.judge();
        verdict
    }

    fn resumed(id: &[u8], ticket: &[u8], renewed: &[u8]) -> Verdict {
        let id = SessionId::new(id).expect("an ID");
        let mut verdict = Verdict {
            shape: Shape::Abbreviated,
            progress: Progress::Complete,
            has_client_hello: true,
            offered_id: id,
            session_id: id,
            offered_ticket: Some(ticket.to_vec()),
            new_ticket: renewed.to_vec(),
            ..Verdict::default()
        };
        verdict.judge();
        verdict
    }

    fn known(made_by: u64, issued_by: u64) -> Known {
        Known { made_by: Some(made_by), issued_by }
    }

    #[test]
    fn a_ticket_leads_to_the_connection_that_made_its_session_over_renewals() {
        let mut sessions = Sessions::default();
        assert_eq!(sessions.add(1, &full(b"", b"one")), Origin::NotResumed);
        assert_eq!(sessions.add(2, &full(b"", b"two")), Origin::NotResumed);
        let by = ResumedBy::Ticket;
        assert_eq!(sessions.add(3, &resumed(b"made up", b"one", b"three")), Origin::Of(by, known(1, 1)));
        assert_eq!(sessions.add(4, &resumed(b"", b"three", b"")), Origin::Of(by, known(1, 3)));
        assert_eq!(sessions.add(5, &resumed(b"", b"five", b"six")), Origin::Unseen);
        let renewed = Known { made_by: None, issued_by: 5 };
        assert_eq!(sessions.add(6, &resumed(b"", b"six", b"")), Origin::Of(by, renewed));
    }

    #[test]
    fn an_id_leads_to_the_connection_that_got_it() {
        let mut sessions = Sessions::default();
        sessions.add(1, &full(b"an id", b""));
        assert!(sessions.knows_id(b"an id") && !sessions.knows_id(b"") && !sessions.knows_id(b"another"));
        assert_eq!(
            sessions.add(2, &resumed(b"an id", b"", b"")),
            Origin::Of(ResumedBy::SessionId, known(1, 1))
        );
        assert_eq!(sessions.add(3, &resumed(b"another", b"", b"")), Origin::Unseen);
    }

    #[test]
    fn with_a_ticket_and_an_id_that_a_server_gave_nobody_can_tell() {
        let mut sessions = Sessions::default();
        sessions.add(1, &full(b"an id", b"a ticket"));
        let either = Origin::Either { ticket: Some(known(1, 1)), id: known(1, 1) };
        assert_eq!(sessions.add(2, &resumed(b"an id", b"a ticket", b"")), either);
        let either = Origin::Either { ticket: None, id: known(1, 1) };
        assert_eq!(sessions.add(3, &resumed(b"an id", b"no ticket", b"")), either);
    }

    #[test]
    fn the_oldest_are_forgotten_and_counted() {
        let mut sessions = Sessions::new(2);
        for n in 1..=4 {
            sessions.add(n.into(), &full(&[n], b""));
        }
        assert_eq!(sessions.forgotten(), 2);
        assert!(!sessions.knows_id(&[2]) && sessions.knows_id(&[3]) && sessions.knows_id(&[4]));
    }
}
