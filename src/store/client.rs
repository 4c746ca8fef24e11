//! The sessions of a client.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use pki_types::UnixTime;

use crate::session::{ClientSession, SessionContext};

/// How often a session is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// Until it expires or is forgotten.
    Many,
    /// Once, so that two connections cannot be recognised as one client's by what they offer (R31).
    Once,
}

/// A client's sessions: at most one for each server and each digest of trust settings (R7); a bounded number, of
/// which the least recently used goes out first. For many threads. Secrets are wiped as sessions leave it.
pub struct ClientSessions {
    limit: usize,
    reuse: Reuse,
    kept: Mutex<Kept>,
}

/// Whom a session is for: the server in lower case, and what was trusted.
type Identity = (String, SessionContext);

#[derive(Default)]
struct Kept {
    sessions: HashMap<Identity, (u64, ClientSession)>,
    turn: u64,
}

impl ClientSessions {
    /// An empty cache of at most `limit` sessions; with 0 none is kept.
    pub fn new(limit: usize, reuse: Reuse) -> Self {
        Self { limit, reuse, kept: Mutex::default() }
    }

    /// Keeps a session, in place of the one for the same server and trust settings. What the cache has no room for
    /// goes out.
    pub fn insert(&self, session: ClientSession) {
        let mut kept = self.lock();
        kept.turn += 1;
        let turn = kept.turn;
        kept.sessions.insert(identity(session.server(), session.trust()), (turn, session));
        while kept.sessions.len() > self.limit {
            let oldest = kept.sessions.iter().min_by_key(|(_, (turn, _))| *turn).map(|(who, _)| who.clone());
            oldest.and_then(|oldest| kept.sessions.remove(&oldest));
        }
    }

    /// The session to offer to `server` under these trust settings at `now`. One that is too old is forgotten (R24);
    /// and in single-use mode every one is, as it is handed out (R31).
    pub fn get(&self, server: &str, trust: &SessionContext, now: UnixTime) -> Option<ClientSession> {
        let who = identity(server, trust);
        let mut kept = self.lock();
        kept.turn += 1;
        let turn = kept.turn;
        match kept.sessions.get_mut(&who) {
            Some((used, session)) if session.is_usable(now) && self.reuse == Reuse::Many => {
                *used = turn;
                Some(session.duplicate())
            }
            Some(_) => {
                kept.sessions.remove(&who).map(|(_, session)| session).filter(|one| one.is_usable(now))
            }
            None => None,
        }
    }

    /// Forgets the session for a server: its handshake failed, or its connection ended with a fatal alert (R24, R29).
    pub fn forget(&self, server: &str, trust: &SessionContext) {
        self.lock().sessions.remove(&identity(server, trust));
    }

    /// Forgets all sessions under these trust settings, for instance because they changed (R7).
    pub fn forget_trust(&self, trust: &SessionContext) {
        self.lock().sessions.retain(|(_, theirs), _| theirs != trust);
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.lock().sessions.clear();
    }

    /// How many sessions are kept.
    pub fn len(&self) -> usize {
        self.lock().sessions.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows every session, the least recently used first.
    pub(super) fn for_each(&self, mut show: impl FnMut(&ClientSession)) {
        let kept = self.lock();
        let mut sessions: Vec<_> = kept.sessions.values().collect();
        sessions.sort_by_key(|(turn, _)| *turn);
        sessions.iter().for_each(|(_, session)| show(session));
    }

    /// Every change is one operation on the map, so a thread that panicked left it whole.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn identity(server: &str, trust: &SessionContext) -> Identity {
    (server.to_ascii_lowercase(), *trust)
}

impl fmt::Debug for ClientSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSessions")
            .field("limit", &self.limit)
            .field("reuse", &self.reuse)
            .field("len", &self.len())
            .finish()
    }
}
