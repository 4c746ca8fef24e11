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
    session::{KeyName, KeyRing, RenewWhen, Resumption, ResumptionStats, SessionContext, Tickets},
};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{
    cache::{Cache, CacheArgs},
    hosts::Domain,
    key_source::KeySource,
};
use crate::resume_args::{self, Resume};

/// How often sessions that are too old are looked for, and whether a key seals.
const SWEEP_EVERY: Duration = Duration::from_secs(20);
/// After how long at most keys are tried again that could not be read when they were due.
const RETRY: Duration = Duration::from_secs(10);

/// What is needed to resume.
pub(super) struct Resuming {
    source: KeySource,
    period: Duration,
    policy: Resumption,
    /// The name of the context, if it has one.
    context: Option<String>,
    ring: Mutex<KeyRing>,
    /// The key that sealed when that was said last.
    told: Mutex<Option<KeyName>>,
    /// When other keys have to be there.
    due: Mutex<Instant>,
    cache: Mutex<Cache>,
    cache_args: CacheArgs,
    pub(super) stats: Arc<ResumptionStats>,
}

impl Resuming {
    /// What the command line asks for. Fails with a sentence.
    pub(crate) fn new(args: &Resume) -> Result<Self, String> {
        let source = KeySource::new(args);
        let ring = source.ring(None, UnixTime::now(), args.rotate_every)?;
        let policy = Resumption::new(ring.clone())
            .with_lifetime(args.ticket_lifetime)
            .with_authentication_lifetime(args.session_timeout)
            .with_ids(args.cache.keeps())
            .with_tickets(match args.tickets {
                resume_args::Tickets::On => Tickets::Renew(RenewWhen::SecondHalf),
                resume_args::Tickets::Off => Tickets::Off,
                resume_args::Tickets::Use => Tickets::Issue,
                resume_args::Tickets::Renew => Tickets::Renew(RenewWhen::Always),
            });
        let cache = Cache::new(&args.cache)?;
        if let (true, KeySource::Generated) = (cache.is_shared(), &source) {
            crate::say::say!(
                "warning: no other process can use what this one keeps in the shared cache: give all of them the same \
                 --ticket-keys or --ticket-ratchet"
            );
        }
        let stats = Arc::new(ResumptionStats::new());
        let context = args.session_context.clone();
        let (now, period) = (UnixTime::now(), args.rotate_every);
        let told = Mutex::new(ring.sealing_key(now).map(|key| key.name()));
        let due = Mutex::new(Instant::now() + source.until_next(now, period));
        Ok(Self {
            source,
            period: args.rotate_every,
            policy,
            context,
            told,
            due,
            ring: Mutex::new(ring),
            cache: Mutex::new(cache),
            cache_args: args.cache.clone(),
            stats,
        })
    }

    /// Resumes with the keys of now, what was made in this domain alone.
    pub(super) fn config(&self, config: &ServerConfig, domain: &Domain) -> ServerConfig {
        let mut policy = self.policy.clone().with_keys(self.ring()).with_partition(domain.partition);
        if let Some(context) = domain.context {
            policy = policy.with_context(context);
        }
        config.clone().with_resumption(policy)
    }

    /// What the sessions of servers are bound to that share the name of a context; `None` where it has no name, and
    /// certificates and protocols decide.
    pub(super) fn context(&self, auth: ClientAuth, verifier: &dyn VerifyPeer) -> Option<SessionContext> {
        self.context.as_ref().map(|name| context(name, auth, verifier))
    }

    /// In words, for the first lines.
    pub(crate) fn name(&self) -> String {
        if self.policy.tickets() == Tickets::Off && !self.policy.ids() {
            return "tickets: off; sessions without tickets: off; nothing is resumed".into();
        }
        let shared =
            if self.cache().is_shared() { "; sessions without tickets in a shared cache" } else { "" };
        format!("tickets: {}, keys {}; {}{shared}", self.policy.tickets(), self.source.name(), self.keys())
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

    /// Sleeps until other keys have to be there, and forgets meanwhile what is too old.
    ///
    /// The clock that keys go by may be set, and a file may have been unreadable when its time came: whenever no key
    /// seals, there have to be others now.
    pub(super) async fn until_next(&self) {
        let often = SWEEP_EVERY.min(self.period);
        let mut sweep = interval_at(Instant::now() + often, often);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let due = *self.due.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            tokio::select! {
                _ = sweep.tick() => {
                    self.cache().remove_expired();
                    if self.ring().sealing_key(UnixTime::now()).is_none() && Instant::now() < due {
                        return;
                    }
                }
                () = sleep_until(due) => return,
            }
        }
    }

    /// For how long it is waited until keys that are due are tried again.
    fn retry(&self) -> Duration {
        RETRY.min(self.period / 4).max(Duration::from_millis(250))
    }

    fn set_due(&self, due: Instant) {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = due;
    }

    /// Where sessions are kept now.
    pub(super) fn cache(&self) -> Cache {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads again where the shared cache is. Fails with a sentence.
    pub(super) fn renew_cache(&self) -> Result<(), String> {
        let next = self.cache().again(&self.cache_args)?;
        *self.cache.lock().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// Reads keys again, where they come from files: those that are made here have nothing to be read.
    pub(super) fn read_again(&self) -> Result<(), ()> {
        match self.source {
            KeySource::Generated => Ok(()),
            KeySource::Files { .. } | KeySource::Ratchet(_) => self.renew(),
        }
    }

    /// Takes the next ring, or says why the former one stays, and tries again soon.
    pub(super) fn renew(&self) -> Result<(), ()> {
        let (former, now) = (self.ring(), UnixTime::now());
        match self.source.ring(Some(&former), now, self.period) {
            Ok(ring) => {
                let sealing = ring.sealing_key(now).map(|key| key.name());
                let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                let said = if *told == sealing { "read again, the same key seals" } else { "changed" };
                *told = sealing;
                *self.ring.lock().unwrap_or_else(PoisonError::into_inner) = ring;
                self.set_due(Instant::now() + self.source.until_next(now, self.period));
                crate::say::say!("ticket keys {said}; {}", self.keys());
                Ok(())
            }
            Err(why) => {
                let due = *self.due.lock().unwrap_or_else(PoisonError::into_inner);
                // What seals now goes on to; only when its time is over is there a hurry.
                if due <= Instant::now() {
                    self.set_due(Instant::now() + self.retry());
                }
                crate::say::say!("tls12: the ticket keys stay as they are: {why}");
                Err(())
            }
        }
    }

    /// Numbers for a person.
    pub(super) fn text(&self) -> String {
        format!("{}{}{}\n", self.stats.snapshot(), self.cache().text(), self.keys())
    }

    /// Numbers for Prometheus.
    pub(super) fn numbers(&self) -> String {
        format!("{}{}", self.stats.snapshot().prometheus(), self.cache().numbers())
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
