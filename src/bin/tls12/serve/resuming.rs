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
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{
    cache::{Cache, CacheArgs},
    hosts::Domain,
    key_source::KeySource,
};
use crate::resume_args::{self, Resume};

/// How often sessions that are too old are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// What is needed to resume.
pub(super) struct Resuming {
    source: KeySource,
    period: Duration,
    policy: Resumption,
    /// The name of the context, if it has one.
    context: Option<String>,
    ring: Mutex<KeyRing>,
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
        Ok(Self {
            source,
            period: args.rotate_every,
            policy,
            context,
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
    pub(super) async fn until_next(&self) {
        let mut sweep = interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let next = Instant::now() + self.source.until_next(UnixTime::now(), self.period);
        loop {
            tokio::select! {
                _ = sweep.tick() => self.cache().remove_expired(),
                () = sleep_until(next) => return,
            }
        }
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

    /// Takes the next ring, or says why the former one stays.
    pub(super) fn renew(&self) -> Result<(), ()> {
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
                Ok(())
            }
            Err(why) => {
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
