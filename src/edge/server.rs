//! A server's asks, answered.

use std::{
    io,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Side, Turn, io_steps, now};
use crate::{
    crypto::{Seed, Sign, SignError, Signature, SignatureRequest},
    pki::VerifyPeer,
    record::RecvBuf,
    server::{Established, NeedsFlush, NeedsInput, ServerConfig, ServerHandshake},
};

io_steps!(server, ServerHandshake);

/// A key and the name of its credential.
type NamedKey = (Arc<str>, Arc<dyn Sign>);

/// The configuration, who signs and who verifies. Clones share the configuration.
pub(crate) struct Server<K, V> {
    config: Arc<RwLock<Arc<ServerConfig>>>,
    key: Arc<K>,
    named_keys: Arc<[NamedKey]>,
    verifier: Arc<V>,
}

impl<K, V> Clone for Server<K, V> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            key: self.key.clone(),
            named_keys: self.named_keys.clone(),
            verifier: self.verifier.clone(),
        }
    }
}

impl<K: Sign, V: VerifyPeer> Server<K, V> {
    pub(crate) fn new(config: ServerConfig, key: K, verifier: V) -> Self {
        Self {
            config: Arc::new(RwLock::new(Arc::new(config))),
            key: Arc::new(key),
            named_keys: Arc::new([]),
            verifier: Arc::new(verifier),
        }
    }

    pub(crate) fn with_key(mut self, name: Arc<str>, key: Arc<dyn Sign>) -> Self {
        self.named_keys = self.named_keys.iter().cloned().chain([(name, key)]).collect();
        self
    }

    pub(crate) fn with_verifier<V2>(self, verifier: V2) -> Server<K, V2> {
        let Self { config, key, named_keys, verifier: _ } = self;
        Server { config, key, named_keys, verifier: Arc::new(verifier) }
    }

    pub(crate) fn set_config(&self, config: ServerConfig) {
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    pub(crate) fn start(&self) -> io::Result<ServerHandshake> {
        Ok(ServerHandshake::start(Seed::from_os()?, RecvBuf::new(), now()))
    }

    fn config(&self) -> Arc<ServerConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        match self.named_keys.iter().find(|(name, _)| *name == request.credential) {
            Some((_, key)) => key.sign(request),
            None => self.key.sign(request),
        }
    }
}

impl<K: Sign, V: VerifyPeer> Side for Server<K, V> {
    type Step = ServerHandshake;
    type Flush = NeedsFlush;
    type Input = NeedsInput;
    type Established = Established;

    fn answer(&self, mut step: ServerHandshake) -> Turn<Self> {
        loop {
            step = match step {
                ServerHandshake::NeedsFlush(ask) => return Turn::Flush(ask),
                ServerHandshake::NeedsInput(ask) => return Turn::Input(ask),
                ServerHandshake::NeedsConfig(ask) => ask.answer(self.config()),
                ServerHandshake::NeedsSignature(ask) => {
                    let signature = self.sign(ask.request());
                    ask.answer(signature)
                }
                ServerHandshake::NeedsSession(ask) => ask.answer(None),
                ServerHandshake::NeedsStore(ask) => ask.stored(),
                ServerHandshake::NeedsVerdict(ask) => {
                    let verdict = self.verifier.verify(ask.presented());
                    ask.answer(verdict)
                }
                ServerHandshake::Done(established) => return Turn::Done(established),
                ServerHandshake::Failed(failed) => return Turn::Failed(failed.error),
            };
        }
    }
}
