//! One address, every connection to it, and what all of them showed.

use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Semaphore, time::sleep};

use super::{
    client::{Caller, Offer, Seen, Talk, Trouble},
    experiments::By,
    facts::{Facts, Fastest},
    ladder::{Ladder, Outcome},
    noise::Noise,
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
/// How often whoever offers something may hang in this way, where others are served, before nothing more is offered.
const MOST_HANGS: u32 = 3;
/// For how long whoever limits connections has time to forget some of them.
const PAUSE: Duration = Duration::from_secs(2);

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
    hangs: u32,
    /// What fails of what offers nothing special.
    pub(crate) noise: Noise,
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
            hangs: 0,
            noise: Noise::default(),
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

    /// One connection, and others if the server ends it: what was offered may be the reason, or something that would have
    /// happened to anybody. No more are made than were announced.
    pub(crate) async fn call(&mut self, offer: &Offer) -> Result<Seen, Trouble> {
        if self.silence >= MOST_SILENCE {
            return Err(Trouble::Silence);
        }
        let result = self.connection(offer).await;
        let is_silent = self.silence >= MOST_SILENCE;
        let tries = match &result {
            Err(trouble) if trouble.is_dismissal() => MOST_SILENCE - 1,
            Err(trouble) if trouble.is_silence() && is_silent => 1,
            Ok(_) | Err(_) => return result,
        };
        if self.served.is_none() {
            return result;
        }
        let talk = std::mem::take(&mut self.talk);
        let serves = self.serves_others(tries).await;
        self.talk = talk;
        match serves {
            // What else is offered may be answered: it is tried, but not for ever.
            Ok(()) if is_silent => {
                self.hangs += 1;
                self.silence = if self.hangs < MOST_HANGS { 0 } else { MOST_SILENCE };
                Err(Trouble::Silence)
            }
            serves => serves.and(result),
        }
    }

    /// One connection beside another one, which may be what it fails for: nothing else follows from that.
    pub(crate) async fn call_beside(&mut self, offer: &Offer) -> Result<Seen, Trouble> {
        let silence = self.silence;
        let result = self.connection(offer).await;
        self.silence = silence;
        result
    }

    /// Whether somebody who offers nothing is served.
    async fn serves_others(&mut self, tries: u32) -> Result<(), Trouble> {
        let (plain, silence) = (self.plain(), self.silence);
        for number in 1..=tries {
            if self.controls >= self.allowed.controls {
                return Err(Trouble::Spent);
            }
            self.controls += 1;
            // What was too much may be forgotten.
            if number == tries && number > 1 {
                sleep(PAUSE).await;
            }
            match self.connection(&plain).await {
                Ok(_) => {
                    self.silence = silence;
                    return Ok(());
                }
                Err(Trouble::Spent) => return Err(Trouble::Spent),
                Err(_) => {}
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
        if offer.sessions.is_empty() && offer.demands_as(&self.plain()) {
            self.noise.add(1, result.is_err().into());
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
