//! A client's asks, answered.

use std::{io, sync::Arc};

use pki_types::ServerName;

use super::{Side, Turn, io_steps, now};
use crate::{
    client::{ClientConfig, ClientHandshake, Established, NeedsCredential, NeedsFlush, NeedsInput},
    crypto::{Seed, Sign, SignError, Signature, SignatureRequest},
    pki::{Credential, VerifyPeer},
    record::RecvBuf,
};

io_steps!(client, ClientHandshake);

/// The configuration, who verifies, and what to present when the server asks.
pub(crate) struct Client<V> {
    config: Arc<ClientConfig>,
    verifier: Arc<V>,
    credentials: Arc<[(Credential, Arc<dyn Sign>)]>,
}

impl<V> Clone for Client<V> {
    fn clone(&self) -> Self {
        Self {
            config: self.config.clone(),
            verifier: self.verifier.clone(),
            credentials: self.credentials.clone(),
        }
    }
}

impl<V: VerifyPeer> Client<V> {
    pub(crate) fn new(config: ClientConfig, verifier: V) -> Self {
        Self { config: Arc::new(config), verifier: Arc::new(verifier), credentials: Arc::new([]) }
    }

    pub(crate) fn with_credential(mut self, credential: Credential, key: Arc<dyn Sign>) -> Self {
        self.credentials = self.credentials.iter().cloned().chain([(credential, key)]).collect();
        self
    }

    pub(crate) fn start(&self, server: ServerName<'static>) -> io::Result<ClientHandshake> {
        Ok(ClientHandshake::start(self.config.clone(), server, None, Seed::from_os()?, RecvBuf::new(), now()))
    }

    /// The first credential that can sign under a scheme of the server's, and whose chain leads to an authority that
    /// the server names, if it names any (RFC 5246, 7.4.4). None otherwise: like a browser, not a certificate that
    /// the server did not ask for, since it tells who we are.
    fn choose(&self, ask: &NeedsCredential) -> Option<Credential> {
        self.credentials
            .iter()
            .map(|(credential, _)| credential)
            .find(|credential| {
                let signs = credential.schemes().iter().any(|scheme| ask.schemes().contains(scheme));
                signs && credential.issued_by_one_of(ask.authorities())
            })
            .cloned()
    }

    fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        let mut keys = self.credentials.iter();
        let found = keys.find(|(credential, _)| *credential.name_arc() == request.credential);
        found.map_or(Err(SignError), |(_, key)| key.sign(request))
    }
}

impl<V: VerifyPeer> Side for Client<V> {
    type Step = ClientHandshake;
    type Flush = NeedsFlush;
    type Input = NeedsInput;
    type Established = Established;

    fn answer(&self, mut step: ClientHandshake) -> Turn<Self> {
        loop {
            step = match step {
                ClientHandshake::NeedsFlush(ask) => return Turn::Flush(ask),
                ClientHandshake::NeedsInput(ask) => return Turn::Input(ask),
                ClientHandshake::NeedsVerdict(ask) => {
                    let verdict = self.verifier.verify(ask.presented());
                    ask.answer(verdict)
                }
                ClientHandshake::NeedsCredential(ask) => {
                    let credential = self.choose(&ask);
                    ask.answer(credential)
                }
                ClientHandshake::NeedsSignature(ask) => {
                    let signature = self.sign(ask.request());
                    ask.answer(signature)
                }
                ClientHandshake::Done(established) => return Turn::Done(established),
                ClientHandshake::Failed(failed) => return Turn::Failed(failed.error),
            };
        }
    }
}
