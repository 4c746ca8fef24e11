//! A server's asks, answered.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    AsyncSign, AsyncVerifyPeer, Happening, LateSign, Link, NoVerifier, Side, Turn, Witness, io_steps,
    link::Forget, receiving,
};
use crate::{
    connection::Connection,
    crypto::{SignError, Signature, SignatureRequest},
    record::RecvBuf,
    schedule,
    server::{ClientAuth, Established, NeedsConfig, NeedsFlush, NeedsInput, ServerConfig, ServerHandshake},
    session::{ResumptionStats, SessionContext},
    store::AsyncSessionStore,
    wire::Alert,
};

io_steps!(server, ServerHandshake);

/// A key and the name of its credential.
type NamedKey = (Arc<str>, Arc<dyn LateSign>);

/// The configuration, who signs, who verifies, and where sessions are kept. Clones share the configuration.
pub(crate) struct Server<K, V, S> {
    config: Arc<RwLock<Configured>>,
    key: Arc<K>,
    named_keys: Arc<[NamedKey]>,
    verifier: Arc<V>,
    store: Arc<S>,
    stored: Stored,
    stats: Option<Arc<ResumptionStats>>,
}

/// What the caller configured, and what handshakes get.
struct Configured {
    given: ServerConfig,
    used: Arc<ServerConfig>,
}

/// Whether there is a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    Yes,
    No,
}

impl<K, V, S> Clone for Server<K, V, S> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            key: self.key.clone(),
            named_keys: self.named_keys.clone(),
            verifier: self.verifier.clone(),
            store: self.store.clone(),
            stored: self.stored,
            stats: self.stats.clone(),
        }
    }
}

impl<K, S> Server<K, NoVerifier, S> {
    /// A server without a store; `nothing` stands in its place.
    pub(crate) fn new(config: ServerConfig, key: K, nothing: S) -> Self {
        Self {
            config: configured(config, &NoVerifier, Stored::No),
            key: Arc::new(key),
            named_keys: Arc::new([]),
            verifier: Arc::new(NoVerifier),
            store: Arc::new(nothing),
            stored: Stored::No,
            stats: None,
        }
    }
}

impl<K, V: AsyncVerifyPeer, S> Server<K, V, S> {
    pub(crate) fn with_key(mut self, name: Arc<str>, key: Arc<dyn LateSign>) -> Self {
        self.named_keys = self.named_keys.iter().cloned().chain([(name, key)]).collect();
        self
    }

    pub(crate) fn with_verifier<V2: AsyncVerifyPeer>(self, verifier: V2) -> Server<K, V2, S> {
        let config = configured(self.given(), &verifier, self.stored);
        let Self { config: _, key, named_keys, verifier: _, store, stored, stats } = self;
        Server { config, key, named_keys, verifier: Arc::new(verifier), store, stored, stats }
    }

    pub(crate) fn with_store<S2>(self, store: S2) -> Server<K, V, S2> {
        let stored = Stored::Yes;
        let config = configured(self.given(), &*self.verifier, stored);
        let Self { config: _, key, named_keys, verifier, store: _, stored: _, stats } = self;
        Server { config, key, named_keys, verifier, store: Arc::new(store), stored, stats }
    }

    /// Another store in the same place: one with a deadline, say.
    #[cfg(feature = "tokio")]
    pub(crate) fn map_store(mut self, change: impl FnOnce(&S) -> S) -> Self {
        self.store = Arc::new(change(&self.store));
        self
    }

    pub(crate) fn with_stats(mut self, stats: Arc<ResumptionStats>) -> Self {
        self.stats = Some(stats);
        self
    }

    pub(crate) fn set_config(&self, config: ServerConfig) {
        let next = Configured::new(config, &*self.verifier, self.stored);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    fn given(&self) -> ServerConfig {
        self.config.read().unwrap_or_else(PoisonError::into_inner).given.clone()
    }

    fn used(&self) -> Arc<ServerConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).used.clone()
    }
}

fn configured(
    given: ServerConfig,
    verifier: &impl AsyncVerifyPeer,
    stored: Stored,
) -> Arc<RwLock<Configured>> {
    Arc::new(RwLock::new(Configured::new(given, verifier, stored)))
}

impl Configured {
    /// Sessions are bound to what the verifier of their clients trusts (R3), unless the caller said what it is; and
    /// without a store no client is given an ID.
    fn new(given: ServerConfig, verifier: &impl AsyncVerifyPeer, stored: Stored) -> Self {
        let mut used = given.clone();
        if let (None, ClientAuth::Request | ClientAuth::Require, Some(trust)) =
            (&used.trust, used.client_auth, verifier.trust())
        {
            used = used.with_trust(SessionContext(trust));
        }
        if stored == Stored::No {
            used.resumption = used.resumption.map(|resumption| resumption.with_ids(false));
        }
        Self { given, used: Arc::new(used) }
    }
}

impl<K, V, S> Server<K, V, S>
where
    K: AsyncSign,
    V: AsyncVerifyPeer,
    S: AsyncSessionStore + 'static,
{
    /// This server for one client.
    pub(crate) fn serving(&self, witness: Witness) -> Serving<'_, K, V, S> {
        Serving { server: self, witness }
    }

    async fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        match self.named_keys.iter().find(|(name, _)| *name == request.credential) {
            Some((_, key)) => key.sign_later(request).await,
            None => self.key.sign(request).await,
        }
    }

    fn established(&self, connection: Connection, buf: RecvBuf, witness: &Witness) -> Link {
        let info = connection.info();
        witness.saw(Happening::Complete(schedule::Side::Server, info));
        if let Some(stats) = &self.stats {
            stats.record(&info.handshake, info.ticket);
        }
        let forget = connection.store_key().map(|key| {
            let (store, key) = (self.store.clone(), *key);
            let forget: Forget = Box::new(move || Box::pin(async move { store.remove(&key).await }));
            forget
        });
        Link::new(connection, buf, witness).forgetting_by(forget)
    }
}

/// The handshake up to the hello, which nobody has to be asked for.
pub(crate) struct Greeter(pub(crate) Witness);

impl Greeter {
    pub(crate) fn start(&self) -> io::Result<ServerHandshake> {
        let (seed, now) = self.0.start(schedule::Side::Server)?;
        Ok(ServerHandshake::start(seed, receiving(), now))
    }

    /// Serves no such name.
    pub(crate) fn refuse_name(&self, ask: NeedsConfig) -> ServerHandshake {
        self.0.saw(Happening::RefusedName);
        ask.refuse_name()
    }

    /// Ends it with this alert.
    pub(crate) fn abort(&self, ask: NeedsConfig, alert: Alert) -> ServerHandshake {
        self.0.saw(Happening::Aborted(alert));
        ask.abort(alert)
    }
}

impl Side for Greeter {
    type Step = ServerHandshake;
    type Flush = NeedsFlush;
    type Input = NeedsInput;
    type Done = NeedsConfig;

    async fn answer(&self, step: ServerHandshake) -> Turn<Self> {
        match step {
            ServerHandshake::NeedsFlush(ask) => Turn::Flush(ask),
            ServerHandshake::NeedsInput(ask) => Turn::Input(ask),
            ServerHandshake::NeedsConfig(ask) => Turn::Done(Box::new(ask)),
            ServerHandshake::Failed(failed) => {
                self.0.saw(Happening::Failed(schedule::Side::Server, &failed.error));
                Turn::Failed(failed.error)
            }
            ServerHandshake::NeedsSession(_)
            | ServerHandshake::NeedsSignature(_)
            | ServerHandshake::NeedsVerdict(_)
            | ServerHandshake::NeedsStore(_)
            | ServerHandshake::Done(_) => unreachable!("nothing is asked for before the configuration"),
        }
    }

    fn witness(&self) -> &Witness {
        &self.0
    }
}

/// A server, and who watches what it has with one client.
pub(crate) struct Serving<'s, K, V, S> {
    server: &'s Server<K, V, S>,
    witness: Witness,
}

impl<K, V, S> Side for Serving<'_, K, V, S>
where
    K: AsyncSign,
    V: AsyncVerifyPeer,
    S: AsyncSessionStore + 'static,
{
    type Step = ServerHandshake;
    type Flush = NeedsFlush;
    type Input = NeedsInput;
    type Done = Link;

    /// What is asked for is cloned, so that only it is shared with who answers, and the step is not.
    async fn answer(&self, mut step: ServerHandshake) -> Turn<Self> {
        loop {
            step = match step {
                ServerHandshake::NeedsFlush(ask) => return Turn::Flush(ask),
                ServerHandshake::NeedsInput(ask) => return Turn::Input(ask),
                ServerHandshake::NeedsConfig(ask) => {
                    let config = self.server.used();
                    self.witness.saw(Happening::Configured(&config, ask.client_hello()));
                    ask.answer(config)
                }
                ServerHandshake::NeedsSignature(ask) => {
                    let request = ask.request().clone();
                    let signature = self.server.sign(&request).await;
                    self.witness.saw(Happening::Signature(&signature));
                    ask.answer(signature)
                }
                ServerHandshake::NeedsSession(ask) => {
                    let key = *ask.key();
                    let found = self.server.store.get(&key).await;
                    self.witness.saw(Happening::Found(&key, &found));
                    ask.answer(found)
                }
                ServerHandshake::NeedsStore(ask) => {
                    let session = ask.session().clone();
                    self.server.store.put(&session).await;
                    self.witness.saw(Happening::Stored);
                    ask.stored()
                }
                ServerHandshake::NeedsVerdict(ask) => {
                    let presented = ask.presented().clone();
                    let verdict = self.server.verifier.verify(&presented).await;
                    self.witness.saw(Happening::Verdict(&verdict));
                    ask.answer(verdict)
                }
                ServerHandshake::Done(Established { connection, buf }) => {
                    return Turn::Done(Box::new(self.server.established(connection, buf, &self.witness)));
                }
                ServerHandshake::Failed(failed) => {
                    // R29
                    if let Some(key) = failed.forget {
                        self.server.store.remove(&key).await;
                    }
                    self.witness.saw(Happening::Failed(schedule::Side::Server, &failed.error));
                    return Turn::Failed(failed.error);
                }
            };
        }
    }

    fn witness(&self) -> &Witness {
        &self.witness
    }
}
