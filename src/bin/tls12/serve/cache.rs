//! Where sessions are kept for clients without tickets: in this process, or in a cache that processes share.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use tls12::{
    ClientConfig,
    crypto::Provider,
    session::{Lookup, NewSession, StoreKey},
    store::{
        AsyncSessionStore, BreakerState, CacheStats, CallCounts, ClientSessions, Eviction, Guarded, Limits,
        MemoryStore, RedisStore, Reuse, SessionStore, TieredStore,
    },
    tokio::Connector,
};

use zeroize::Zeroizing;

use crate::{args::duration, certs, daemon::Numbers, private_file};

/// Where sessions are kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct CacheArgs {
    /// How many sessions are kept for clients without tickets; off; or where processes and machines share them:
    /// redis://[user:password@]host[:port][/database], the same with rediss for TLS, redis+unix:///path, or file:PATH for a
    /// file that has such a URL in it
    #[arg(long, value_name = "N|off|URL", default_value = "20000", value_parser = place)]
    pub(crate) session_cache: Place,
    /// How many sessions each process keeps in front of a shared cache
    #[arg(long, value_name = "N", default_value = "20000")]
    session_cache_local: usize,
    /// For how long a process answers for itself what it stored there or found there
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    session_cache_local_timeout: Duration,
    /// How many sessions the shared cache keeps, oldest out first; without, as many as Redis has room for
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    session_cache_size: Option<u32>,
    /// For how long the shared cache keeps a session; without, for as long as it lives
    #[arg(long, value_name = "TIME", value_parser = duration)]
    session_cache_timeout: Option<Duration>,
    /// For how long a handshake waits for the shared cache
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = duration)]
    session_cache_deadline: Duration,
    /// How many connections to the shared cache there are
    #[arg(long, value_name = "N", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=64))]
    session_cache_connections: u8,
    /// What the names of keys in the shared cache begin with
    #[arg(long, value_name = "TEXT", default_value = "tls12:")]
    session_cache_prefix: String,
    /// Roots to trust for rediss (PEM) instead of those of the system
    #[arg(long, value_name = "FILE")]
    session_cache_ca: Option<PathBuf>,
}

/// Where.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// In this process; so many.
    Here(usize),
    /// A URL.
    Shared(Url),
    /// A file with a URL.
    File(PathBuf),
}

/// There may be a password in it, so it is not printed.
#[derive(Clone)]
pub(crate) struct Url(Zeroizing<String>);

impl std::fmt::Debug for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Url")
    }
}

impl CacheArgs {
    /// Whether anything is kept at all.
    pub(crate) fn keeps(&self) -> bool {
        !matches!(self.session_cache, Place::Here(0))
    }
}

impl CacheArgs {
    /// Where Redis is, if sessions are shared. Fails with a sentence.
    fn url(&self) -> Result<Option<Url>, String> {
        let path = match &self.session_cache {
            Place::Here(_) => return Ok(None),
            Place::Shared(url) => return Ok(Some(url.clone())),
            Place::File(path) => path,
        };
        if let Some(warning) = private_file::others(path)? {
            crate::say::say!("warning: {warning}");
        }
        let bytes = private_file::read(path)?;
        let text = std::str::from_utf8(bytes.trim_ascii());
        let text = text.map_err(|_| private_file::trouble(path, "this is no URL of Redis"))?;
        Ok(Some(Url(text.to_owned().into())))
    }

    /// What would have no effect.
    fn without_url(&self) -> Result<(), String> {
        let given = [
            ("--session-cache-size", self.session_cache_size.is_some()),
            ("--session-cache-timeout", self.session_cache_timeout.is_some()),
            ("--session-cache-ca", self.session_cache_ca.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(format!("{option} needs a --session-cache that is a URL")),
            None => Ok(()),
        }
    }
}

fn place(text: &str) -> Result<Place, String> {
    match (text, text.strip_prefix("file:")) {
        ("off", _) => Ok(Place::Here(0)),
        (_, Some(path)) => Ok(Place::File(path.into())),
        // Whatever it is, there may be a password in it, and what is refused here is repeated.
        _ if text.contains([':', '@', '/']) => Ok(Place::Shared(Url(text.to_owned().into()))),
        (number, None) => {
            number.parse().map(Place::Here).map_err(|_| "a number of sessions, off, or a URL".to_owned())
        }
    }
}

/// Sessions in this process, and in one that others share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Cache {
    kept: Kept,
    pub(crate) stats: Arc<CacheStats>,
    /// For how long the store of a handshake is waited for.
    pub(crate) deadline: Duration,
}

#[derive(Clone)]
enum Kept {
    Here(Arc<MemoryStore>),
    Shared { store: Tiered, url: Arc<Url> },
}

type Tiered = TieredStore<MemoryStore, Guarded<RedisStore>>;

impl Cache {
    /// Fails with a sentence. That nobody answers at a URL is no failure: it may come.
    pub(super) fn new(args: &CacheArgs) -> Result<Self, String> {
        let (stats, deadline) = (Arc::new(CacheStats::new()), args.session_cache_deadline);
        let Some(url) = args.url()? else {
            args.without_url()?;
            let Place::Here(count) = args.session_cache else { return Err("there is no URL".into()) };
            let kept = Kept::Here(Arc::new(MemoryStore::new(Limits::sessions(count))));
            return Ok(Self { kept, stats, deadline });
        };
        let kept = Kept::Shared { store: tiered(&url, args, &stats)?, url: Arc::new(url) };
        // The deadline that counts is that of the shared level alone.
        Ok(Self { kept, stats, deadline: 2 * deadline })
    }

    /// The same with what the file with the URL says now; itself if that is what it said before. Fails with a sentence.
    pub(super) fn again(&self, args: &CacheArgs) -> Result<Self, String> {
        let Kept::Shared { url: former, .. } = &self.kept else { return Ok(self.clone()) };
        match args.url()? {
            Some(url) if url.0 != former.0 => {
                let store = tiered(&url, args, &self.stats)?;
                Ok(Self { kept: Kept::Shared { store, url: Arc::new(url) }, ..self.clone() })
            }
            Some(_) | None => Ok(self.clone()),
        }
    }

    /// Whether other processes share it.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self.kept, Kept::Shared { .. })
    }

    fn local(&self) -> &MemoryStore {
        match &self.kept {
            Kept::Here(store) => store,
            Kept::Shared { store, .. } => store.local(),
        }
    }

    /// Forgets what is too old.
    pub(super) fn remove_expired(&self) {
        self.local().remove_expired();
    }

    /// Numbers for a person.
    pub(super) fn text(&self) -> String {
        let kept = format!("sessions kept: {}\n", self.local().len());
        match &self.kept {
            Kept::Here(_) => kept,
            Kept::Shared { store, .. } => format!(
                "{kept}shared cache: {} connections\n{}",
                store.shared().store().connected(),
                self.stats.snapshot()
            ),
        }
    }

    /// Numbers for Prometheus.
    pub(super) fn numbers(&self) -> String {
        let (numbers, snapshot) = (Numbers::new(), self.stats.snapshot());
        let kept = i64::try_from(self.local().len()).unwrap_or(i64::MAX);
        numbers.gauge("tls12_sessions_kept", "Sessions in the memory of this process.", kept);
        let Kept::Shared { store, .. } = &self.kept else {
            return numbers.encode();
        };
        let connected = i64::try_from(store.shared().store().connected()).unwrap_or(i64::MAX);
        numbers.gauge("tls12_cache_connections", "Connections to the shared cache.", connected);
        let is_open = i64::from(snapshot.breaker == BreakerState::Open);
        numbers.gauge("tls12_cache_breaker_open", "Whether the shared cache is left alone.", is_open);
        let opened = numbers.counters("tls12_cache_breaker_opened_total", "Times that it began to be.", &[]);
        opened.with_label_values::<&str>(&[]).inc_by(snapshot.opened);
        let help = "Lookups in the memory of this process, in front of the shared cache.";
        let local = numbers.counters("tls12_cache_local_total", help, &["outcome"]);
        for (outcome, count) in [
            ("hit", snapshot.local_hits),
            ("miss", snapshot.local_misses),
            ("removed", snapshot.local_removed),
        ] {
            local.with_label_values(&[outcome]).inc_by(count);
        }
        calls(&numbers, [("get", snapshot.get), ("put", snapshot.put), ("remove", snapshot.remove)]);
        let help = "Calls of the shared cache that failed, by why.";
        let failures = numbers.counters("tls12_cache_failures_total", help, &["why"]);
        for (error, count) in snapshot.errors().filter(|(_, count)| *count > 0) {
            failures.with_label_values(&[error.name()]).inc_by(count);
        }
        numbers.encode()
    }
}

fn calls(numbers: &Numbers, counted: [(&str, CallCounts); 3]) {
    let help = "Calls of the shared cache, by how they ended.";
    let calls = numbers.counters("tls12_cache_calls_total", help, &["operation", "outcome"]);
    let help = "Time that calls of the shared cache took.";
    let seconds = numbers.seconds("tls12_cache_seconds_total", help, &["operation"]);
    for (operation, counts) in counted {
        for (outcome, count) in [
            ("found", counts.found),
            ("missing", counts.missing),
            ("done", counts.done),
            ("failed", counts.failed),
            ("timed-out", counts.timed_out),
            ("refused", counts.refused),
            ("abandoned", counts.abandoned),
        ] {
            if count > 0 {
                calls.with_label_values(&[operation, outcome]).inc_by(count);
            }
        }
        seconds.with_label_values(&[operation]).inc_by(Duration::from_micros(counts.micros).as_secs_f64());
    }
}

/// A level of this process in front of Redis. Fails with a sentence.
fn tiered(url: &Url, args: &CacheArgs, stats: &Arc<CacheStats>) -> Result<Tiered, String> {
    let redis = redis(&url.0, args).map_err(|error| format!("--session-cache: {error}"))?;
    let guarded = Guarded::new(redis).with_deadline(args.session_cache_deadline).with_stats(stats.clone());
    let local =
        MemoryStore::new(Limits::sessions(args.session_cache_local)).with_eviction(Eviction::OldestFirst);
    Ok(TieredStore::new(local, guarded)
        .with_local_timeout(args.session_cache_local_timeout)
        .with_stats(stats.clone()))
}

fn redis(url: &str, args: &CacheArgs) -> io::Result<RedisStore> {
    let mut builder = RedisStore::builder(url)?
        .with_prefix(args.session_cache_prefix.as_str())
        .with_connections(args.session_cache_connections.into());
    if let Some(size) = args.session_cache_size {
        builder = builder.with_capacity(size);
    }
    if let Some(timeout) = args.session_cache_timeout {
        builder = builder.with_timeout(timeout);
    }
    if url.starts_with("rediss://") {
        let provider = Provider::best();
        let verifier = match &args.session_cache_ca {
            Some(path) => certs::roots(provider, path),
            None => certs::system_roots(provider),
        };
        // Connections that are made anew resume, as they should here.
        let sessions = Arc::new(ClientSessions::new(8, Reuse::Many));
        let connector = Connector::new(ClientConfig::new(provider), verifier.map_err(io::Error::other)?);
        builder = builder.with_tls(connector.with_sessions(sessions));
    }
    builder.open()
}

impl AsyncSessionStore for Cache {
    async fn get(&self, key: &StoreKey) -> Lookup {
        match &self.kept {
            Kept::Here(store) => SessionStore::get(store, key),
            Kept::Shared { store, .. } => AsyncSessionStore::get(store, key).await,
        }
    }

    async fn put(&self, session: &NewSession) {
        match &self.kept {
            Kept::Here(store) => SessionStore::put(store, session),
            Kept::Shared { store, .. } => AsyncSessionStore::put(store, session).await,
        }
    }

    async fn remove(&self, key: &StoreKey) {
        match &self.kept {
            Kept::Here(store) => SessionStore::remove(store, key),
            Kept::Shared { store, .. } => AsyncSessionStore::remove(store, key).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_number_or_nowhere_or_a_url_that_is_not_printed() {
        assert!(matches!(place("7"), Ok(Place::Here(7))));
        assert!(matches!(place("off"), Ok(Place::Here(0))));
        assert!(matches!(place("file:/run/url"), Ok(Place::File(path)) if path.as_os_str() == "/run/url"));
        let url = place("redis://alice:secret@cache").unwrap();
        assert!(!format!("{url:?}").contains("secret"));
        assert!(place("some").is_err());
    }
}
