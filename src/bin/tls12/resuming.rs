//! How `tls12 serve` resumes: policy, keys that change while it runs, sessions, numbers.
#![expect(clippy::disallowed_methods, reason = "the command reads the clock")]

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tls12::{
    ClientAuth, ServerConfig, UnixTime,
    pki::VerifyPeer,
    session::{KeyRing, RenewWhen, Resumption, ResumptionStats, SessionContext, TicketKey, Tickets},
    store::{Limits, MemoryStore},
};
use tokio::{
    signal::unix::Signal,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    key_source::KeySource,
    resume_args::{self, Resume},
    serve::Acceptor,
};

/// How often sessions that are too old are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What is needed to resume.
pub(crate) struct Resuming {
    source: KeySource,
    period: Duration,
    policy: Resumption,
    ring: Mutex<KeyRing>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) stats: Arc<ResumptionStats>,
}

impl Resuming {
    /// What the command line asks for. Fails with a sentence.
    pub(crate) fn new(args: &Resume, auth: ClientAuth, verifier: &dyn VerifyPeer) -> Result<Self, String> {
        let source = KeySource::new(args);
        let ring = source.ring(None, UnixTime::now(), args.rotate_every)?;
        let mut policy = Resumption::new(ring.clone())
            .with_lifetime(args.ticket_lifetime)
            .with_authentication_lifetime(args.session_timeout)
            .with_ids(args.session_cache > 0)
            .with_tickets(match args.tickets {
                resume_args::Tickets::On => Tickets::Renew(RenewWhen::SecondHalf),
                resume_args::Tickets::Off => Tickets::Off,
                resume_args::Tickets::Use => Tickets::Issue,
                resume_args::Tickets::Renew => Tickets::Renew(RenewWhen::Always),
            });
        if let Some(name) = &args.session_context {
            policy = policy.with_context(context(name, auth, verifier));
        }
        let store = Arc::new(MemoryStore::new(Limits::sessions(args.session_cache)));
        let stats = Arc::new(ResumptionStats::new());
        Ok(Self { source, period: args.rotate_every, policy, ring: Mutex::new(ring), store, stats })
    }

    /// Resumes with the keys of now.
    pub(crate) fn config(&self, config: &ServerConfig) -> ServerConfig {
        config.clone().with_resumption(self.policy.clone().with_keys(self.ring()))
    }

    /// In words, for the first lines.
    pub(crate) fn name(&self) -> String {
        format!("tickets: {}, keys {}; {}", self.policy.tickets(), self.source.name(), self.keys())
    }

    /// What the keys do now.
    pub(crate) fn keys(&self) -> String {
        let mut text = String::from("keys:");
        for (key, state) in self.ring().keys(UnixTime::now()) {
            // Writing to a String cannot fail.
            let _ = write!(text, " {} {state}", key.name());
        }
        text
    }

    /// Changes keys in their time and at SIGHUP, until it is dropped.
    pub(crate) async fn keep(&self, config: &ServerConfig, acceptor: &Acceptor, mut hangup: Signal) {
        let mut sweep = interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next = self.next();
        loop {
            tokio::select! {
                _ = sweep.tick() => {
                    self.store.remove_expired();
                    continue;
                }
                _ = hangup.recv() => self.renew(),
                () = sleep_until(next) => self.renew(),
            }
            if next <= Instant::now() {
                next = self.next();
            }
            acceptor.set_config(self.config(config));
        }
    }

    fn next(&self) -> Instant {
        Instant::now() + self.source.until_next(UnixTime::now(), self.period)
    }

    /// Takes the next ring, or says why the former one stays.
    fn renew(&self) {
        let former = self.ring();
        match self.source.ring(Some(&former), UnixTime::now(), self.period) {
            Ok(ring) => {
                let now = UnixTime::now();
                let sealing = |ring: &KeyRing| ring.sealing_key(now).map(TicketKey::name);
                let said = if sealing(&former) == sealing(&ring) {
                    "read again, the same key seals"
                } else {
                    "changed"
                };
                *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = ring;
                crate::say::say!("ticket keys {said}; {}", self.keys());
            }
            Err(why) => crate::say::say!("tls12: the ticket keys stay as they are: {why}"),
        }
    }

    fn ring(&self) -> KeyRing {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The context of this name. What is asked of clients stays part of it, so that a name cannot make a session that was
/// accepted without a certificate, or by other roots, good for a server that demands one (R4).
fn context(name: &str, auth: ClientAuth, verifier: &dyn VerifyPeer) -> SessionContext {
    let (auth, trust) = match auth {
        ClientAuth::Off => (&b"off"[..], None),
        ClientAuth::Request => (&b"request"[..], verifier.trust()),
        ClientAuth::Require => (&b"require"[..], verifier.trust()),
    };
    SessionContext::derive([
        &b"tls12 serve"[..],
        name.as_bytes(),
        auth,
        trust.as_ref().map_or(&[], |trust| trust),
    ])
}

#[cfg(test)]
mod tests {
    use tls12::pki::dangerous::DangerousAcceptAny;

    use super::*;
    use tls12::tokio::NoVerifier;

    #[test]
    fn r4_a_name_does_not_stand_for_what_is_asked_of_clients() {
        let off = context("a", ClientAuth::Off, &NoVerifier);
        assert_eq!(off, context("a", ClientAuth::Off, &DangerousAcceptAny));
        assert_ne!(off, context("b", ClientAuth::Off, &NoVerifier));
        assert_ne!(off, context("a", ClientAuth::Request, &NoVerifier));
        let require = |verifier: &dyn VerifyPeer| context("a", ClientAuth::Require, verifier);
        assert_ne!(require(&NoVerifier), require(&DangerousAcceptAny));
    }
}
