//! What can be chosen of a store in Redis.

use std::{fmt, io, sync::Arc, time::Duration};

use ::tokio::runtime::Handle;

use super::{
    RedisStore, Shared,
    command::Commands,
    line::{Line, Opened, Opener, keep},
    place::{IsTls, Place},
};
use crate::{edge::AsyncVerifyPeer, tokio::Connector};

/// The options of a [`RedisStore`], made by [`RedisStore::builder`].
///
/// A URL is `redis://[user:password@]host[:port][/database]`, the same with `rediss` for TLS, which needs
/// [`Self::with_tls`], or `redis+unix:///path[?db=number&user=name&pass=word]`. The port is 6379 where none is said.
/// Neither user nor password is ever printed.
pub struct RedisBuilder {
    place: Place,
    tls: Option<Arc<dyn super::place::Secure>>,
    connections: usize,
    patience: Duration,
    commands: Commands,
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place: _, tls: _, connections, patience, commands } = self;
        f.debug_struct("RedisBuilder")
            .field("connections", connections)
            .field("connect_timeout", patience)
            .field("commands", commands)
            .finish_non_exhaustive()
    }
}

impl RedisBuilder {
    pub(super) fn new(url: &str) -> io::Result<Self> {
        Ok(Self {
            place: Place::read(url)?,
            tls: None,
            connections: 2,
            patience: Duration::from_secs(1),
            commands: Commands { prefix: "tls12:".to_owned(), timeout: None, capacity: None },
        })
    }

    /// How `rediss://` is secured: whom the connector believes, and, where it has
    /// [sessions](Connector::with_sessions), connections that are made anew resume.
    #[must_use]
    pub fn with_tls<V: AsyncVerifyPeer + 'static>(mut self, connector: Connector<V>) -> Self {
        self.tls = Some(Arc::new(connector));
        self
    }

    /// How many connections there are, 2 by default and 1 to 64. Calls share them, and none waits for another's answer.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections.clamp(1, 64);
        self
    }

    /// How long making a connection may take, with TLS, login and a first answer: 1 second by default. No handshake
    /// waits for it.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.patience = timeout;
        self
    }

    /// What begins the names of all keys, `tls12:` by default.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.commands.prefix = prefix.into();
        self
    }

    /// For how long at most a session is kept there; by default as long as it lives.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.commands.timeout = Some(timeout);
        self
    }

    /// How many sessions are kept at most under this prefix, in all partitions together; the oldest goes out first. By
    /// default Redis itself decides, by its `maxmemory` and `maxmemory-policy`.
    ///
    /// Redis keeps two indices for it, some 380 bytes more for each session. All processes that share the prefix must
    /// say the same.
    #[must_use]
    pub fn with_capacity(mut self, sessions: u32) -> Self {
        self.commands.capacity = Some(sessions);
        self
    }

    /// Connects. Fails where there is no Redis, or where it does not let us in; what is lost later is made anew.
    pub async fn connect(self) -> io::Result<RedisStore> {
        let (opener, runtime, connections) = self.opener()?;
        let first = opener.open().await?;
        Ok(start(&opener, &runtime, connections, Some(first)))
    }

    /// Goes on connecting in the background, whether there is a Redis or not. Fails where there is no runtime, or
    /// `rediss://` without [`Self::with_tls`].
    pub fn open(self) -> io::Result<RedisStore> {
        let (opener, runtime, connections) = self.opener()?;
        Ok(start(&opener, &runtime, connections, None))
    }

    fn opener(self) -> io::Result<(Arc<Opener>, Handle, usize)> {
        let Self { place, tls, connections, patience, commands } = self;
        if let (IsTls::Yes, None) = (place.is_tls(), &tls) {
            let what = "rediss:// needs to be told whom to believe: RedisBuilder::with_tls";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        Ok((Arc::new(Opener { place, tls, patience, commands }), runtime, connections))
    }
}

fn start(
    opener: &Arc<Opener>,
    runtime: &Handle,
    connections: usize,
    mut first: Option<Opened>,
) -> RedisStore {
    let lines: Vec<_> = (0..connections).map(|_| Arc::new(Line::default())).collect();
    let keepers = lines.iter().map(|line| {
        let first = first.take().map(|opened| line.raise(opened));
        runtime.spawn(keep(line.clone(), opener.clone(), first)).abort_handle()
    });
    let keepers = keepers.collect();
    RedisStore { shared: Arc::new(Shared { lines, commands: opener.commands.clone(), keepers }) }
}
