//! One address, every connection to it, and what all of them showed.

use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::Semaphore;

use super::{
    client::{Caller, Offer, Seen, Talk, Trouble},
    experiments::By,
    facts::{Facts, Fastest},
    ladder::{Ladder, Outcome},
};

/// Lets so many connections through at a time, and counts them.
pub(crate) struct Gate {
    permits: Semaphore,
    made: AtomicU32,
    /// How many there will be at most.
    most: u32,
    shows: bool,
}

impl Gate {
    pub(crate) fn new(concurrency: usize, most: u32) -> Self {
        let shows = std::io::stderr().is_terminal();
        Self { permits: Semaphore::new(concurrency), made: AtomicU32::new(0), most, shows }
    }

    /// Counts a connection, and says so where somebody looks on.
    fn count(&self) {
        let made = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        if self.shows {
            let _ = write!(std::io::stderr(), "\r{made} connections of at most {}", self.most);
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        if self.shows {
            let _ = write!(std::io::stderr(), "\r{:50}\r", "");
        }
    }
}

/// After how many connections in a row to which nobody answered no more are made: one that hangs would hold up the
/// report for as long as all its deadlines together.
const MOST_SILENCE: u32 = 8;

/// How many connections may be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// In all.
    pub(crate) most: u32,
    /// Of them, only to find out whether the server still serves those who offer nothing.
    pub(crate) controls: u32,
}

/// One address.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) caller: Arc<Caller>,
    gate: Arc<Gate>,
    alpn: Vec<String>,
    allowed: Allowed,
    made: u32,
    /// How often nobody answered, in a row.
    silence: u32,
    controls: u32,
    /// Which connection was the last one whose handshake succeeded.
    served: Option<u32>,
    /// After how many connections it answered nobody any more.
    pub(crate) stopped_after: Option<u32>,
    pub(crate) facts: Facts,
    pub(crate) fastest: Fastest,
    /// What was said on the last connection.
    talk: Talk,
}

impl Site {
    pub(crate) fn new(
        address: SocketAddr,
        caller: &Arc<Caller>,
        gate: &Arc<Gate>,
        alpn: &[String],
        allowed: Allowed,
    ) -> Self {
        Self {
            address,
            caller: caller.clone(),
            gate: gate.clone(),
            alpn: alpn.to_vec(),
            allowed,
            made: 0,
            silence: 0,
            controls: 0,
            served: None,
            stopped_after: None,
            facts: Facts::default(),
            fastest: Fastest::default(),
            talk: Talk::default(),
        }
    }

    /// Says on standard error how far it is, where it takes long.
    pub(crate) fn say(&self, what: &str) {
        self.gate.clear();
        crate::say::say!("{}: {what}", self.address);
    }

    /// How many connections were tried.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    /// What a client says that has no session, and would like a ticket.
    pub(crate) fn plain(&self) -> Offer {
        Offer::new(self.caller.server_name(), self.alpn.clone())
    }

    /// What was said on the last connection, of which this came; `None` if nothing was.
    pub(crate) fn ladder(&self, outcome: Outcome, by: Option<By>) -> Option<Ladder> {
        Ladder::new(outcome, by.map(By::name), &self.talk)
    }

    /// One connection, and others if the server closes it without a word. No more are made than were announced.
    pub(crate) async fn call(&mut self, offer: &Offer) -> Result<Seen, Trouble> {
        if self.silence >= MOST_SILENCE {
            return Err(Trouble::Silence);
        }
        let result = self.connection(offer).await;
        let tries = match &result {
            // What was offered may be the reason, or that there were too many connections.
            Err(trouble) if trouble.is_dismissal() => MOST_SILENCE - 1,
            Err(trouble) if trouble.is_silence() && self.silence >= MOST_SILENCE => 1,
            Ok(_) | Err(_) => return result,
        };
        if self.served.is_none() {
            return result;
        }
        let talk = std::mem::take(&mut self.talk);
        let serves = self.serves_others(tries).await;
        self.talk = talk;
        serves.and(result)
    }

    /// Whether somebody who offers nothing is served.
    async fn serves_others(&mut self, tries: u32) -> Result<(), Trouble> {
        let (plain, silence) = (self.plain(), self.silence);
        for _ in 0..tries {
            if self.controls >= self.allowed.controls {
                return Err(Trouble::Spent);
            }
            self.controls += 1;
            match self.connection(&plain).await {
                Err(Trouble::Spent) => return Err(Trouble::Spent),
                Err(trouble) if trouble.is_silence() || trouble.is_dismissal() => {}
                Ok(_) | Err(_) => {
                    self.silence = silence;
                    return Ok(());
                }
            }
        }
        (self.silence, self.stopped_after) = (MOST_SILENCE, self.served);
        Err(Trouble::Silence)
    }

    async fn connection(&mut self, offer: &Offer) -> Result<Seen, Trouble> {
        self.talk = Talk::default();
        if self.made >= self.allowed.most {
            return Err(Trouble::Spent);
        }
        let gate = self.gate.clone();
        let _permit = gate.permits.acquire().await.map_err(|_| Trouble::Spent)?;
        self.made += 1;
        gate.count();
        let result = self.caller.call(self.address, offer, &mut self.talk).await;
        match &result {
            Err(trouble) if trouble.is_silence() => self.silence += 1,
            Err(_) => self.silence = 0,
            Ok(_) => (self.silence, self.served) = (0, Some(self.made)),
        }
        if let Ok(seen) = &result {
            self.learn(offer, seen);
        }
        result
    }

    fn learn(&mut self, offer: &Offer, seen: &Seen) {
        self.fastest.add(&seen.kind, seen.times);
        let plain = self.plain();
        // Only answers to the same can be compared.
        if offer.demands_as(&plain) {
            self.facts.add(seen, self.caller.provider);
        }
        if offer.says_as(&plain) {
            self.facts.add_shape(seen);
        }
    }
}
