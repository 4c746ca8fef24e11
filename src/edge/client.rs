//! A client's asks, answered.

use std::{io, sync::Arc};

use pki_types::ServerName;

use super::{
    AsyncVerifyPeer, Happening, LateSign, Link, Side, Turn, Witness, io_steps, link::Forget, receiving,
};
use crate::{
    client::{ClientConfig, ClientHandshake, Established, NeedsCredential, NeedsFlush, NeedsInput},
    crypto::{SignError, Signature, SignatureRequest},
    pki::Credential,
    schedule,
    session::{ClientSession, HandshakeKind, SessionContext, TicketSent},
    store::ClientSessions,
};

io_steps!(client, ClientHandshake);

/// The configuration, who verifies, what to present when the server asks, and where sessions are kept.
pub(crate) struct Client<V> {
    /// As the caller gave it.
    given: ClientConfig,
    /// With what is trusted mixed in.
    config: Arc<ClientConfig>,
    verifier: Arc<V>,
    credentials: Arc<[(Credential, Arc<dyn LateSign>)]>,
    sessions: Option<Arc<ClientSessions>>,
}

impl<V> Clone for Client<V> {
    fn clone(&self) -> Self {
        Self {
            given: self.given.clone(),
            config: self.config.clone(),
            verifier: self.verifier.clone(),
            credentials: self.credentials.clone(),
            sessions: self.sessions.clone(),
        }
    }
}

impl<V: AsyncVerifyPeer> Client<V> {
    pub(crate) fn new(given: ClientConfig, verifier: V) -> Self {
        let config = Arc::new(trusting(given.clone(), &verifier, &[]));
        Self { given, config, verifier: Arc::new(verifier), credentials: Arc::new([]), sessions: None }
    }

    pub(crate) fn with_credential(mut self, credential: Credential, key: Arc<dyn LateSign>) -> Self {
        self.credentials = self.credentials.iter().cloned().chain([(credential, key)]).collect();
        self.config = Arc::new(trusting(self.given.clone(), &*self.verifier, &self.credentials));
        self
    }

    pub(crate) fn with_sessions(mut self, sessions: Arc<ClientSessions>) -> Self {
        self.sessions = Some(sessions);
        self
    }

    pub(crate) fn bound_to(&self) -> SessionContext {
        self.config.bound_to
    }

    /// A handshake with `server`, offering `session`, or else what is kept for it.
    pub(crate) fn call(
        &self,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        witness: Witness,
    ) -> io::Result<(Calling<'_, V>, ClientHandshake)> {
        let (seed, now) = witness.start(schedule::Side::Client)?;
        let session =
            session.or_else(|| self.sessions.as_ref()?.get(&server.to_str(), &self.bound_to(), now));
        witness.saw(Happening::Calls(&server, &self.config, session.as_ref()));
        let step =
            ClientHandshake::start(self.config.clone(), server.clone(), session, seed, receiving(), now);
        Ok((Calling { client: self, server, witness }, step))
    }

    /// The first credential that the server takes, and whose chain leads to an authority that the server names, if it
    /// names any (RFC 5246, 7.4.4); rather one whose chain is signed as the server says. None otherwise: like a
    /// browser, not a certificate that the server did not ask for, since it tells who we are.
    fn choose(&self, ask: &NeedsCredential) -> Option<Credential> {
        let credentials = self.credentials.iter().map(|(credential, _)| credential);
        let mut wanted = credentials
            .filter(|credential| ask.takes(credential) && credential.issued_by_one_of(ask.authorities()))
            .peekable();
        let first = wanted.peek().copied();
        wanted.find(|credential| credential.chain_is_signed_under(ask.schemes())).or(first).cloned()
    }

    async fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        let mut keys = self.credentials.iter();
        match keys.find(|(credential, _)| *credential.name_arc() == request.credential) {
            Some((_, key)) => key.sign_later(request).await,
            None => Err(SignError),
        }
    }
}

/// Sessions are bound to what is trusted and to whom the client presents itself as (R7), unless the caller said what
/// they are bound to.
fn trusting<V: AsyncVerifyPeer>(
    given: ClientConfig,
    verifier: &V,
    credentials: &[(Credential, Arc<dyn LateSign>)],
) -> ClientConfig {
    let unsaid = SessionContext::derive([]);
    if given.trust != unsaid {
        return given;
    }
    let trust = verifier.trust();
    let mut parts: Vec<&[u8]> = Vec::new();
    if let Some(trust) = &trust {
        parts.extend([&b"trust"[..], trust]);
    }
    for (credential, _) in credentials {
        parts.push(b"credential");
        parts.extend(credential.chain().first().map(|leaf| leaf.as_ref()));
    }
    given.with_trust(SessionContext::derive(parts))
}

/// A client that calls one server.
pub(crate) struct Calling<'c, V> {
    client: &'c Client<V>,
    server: ServerName<'static>,
    witness: Witness,
}

impl<V: AsyncVerifyPeer> Calling<'_, V> {
    /// Forgets what is kept for this server.
    fn forget(&self) -> Option<Forget> {
        let sessions = self.client.sessions.clone()?;
        let (server, trust) = (self.server.to_str().into_owned(), self.client.bound_to());
        Some(Box::new(move || {
            sessions.forget(&server, &trust);
            Box::pin(std::future::ready(()))
        }))
    }

    fn established(&self, established: Established) -> Link {
        let Established { connection, buf, session } = established;
        let info = connection.info();
        self.witness.saw(Happening::Complete(schedule::Side::Client, info));
        // A session that was only resumed is kept where it was, and where it may be used once it is used up (R31).
        let is_new = match info.handshake {
            HandshakeKind::Full(_) => true,
            HandshakeKind::Resumed(_) => info.ticket == TicketSent::Issued,
        };
        if let (Some(sessions), Some(session), true) = (&self.client.sessions, &session, is_new) {
            sessions.insert(session.duplicate());
        }
        Link::new(connection, buf, &self.witness).with_session(session).forgetting_by(self.forget())
    }
}

impl<V: AsyncVerifyPeer> Side for Calling<'_, V> {
    type Step = ClientHandshake;
    type Flush = NeedsFlush;
    type Input = NeedsInput;
    type Done = Link;

    async fn answer(&self, mut step: ClientHandshake) -> Turn<Self> {
        loop {
            step = match step {
                ClientHandshake::NeedsFlush(ask) => return Turn::Flush(ask),
                ClientHandshake::NeedsInput(ask) => return Turn::Input(ask),
                ClientHandshake::NeedsVerdict(ask) => {
                    let presented = ask.presented().clone();
                    let verdict = self.client.verifier.verify(&presented).await;
                    self.witness.saw(Happening::Verdict(&verdict));
                    ask.answer(verdict)
                }
                ClientHandshake::NeedsCredential(ask) => {
                    let credential = self.client.choose(&ask);
                    self.witness.saw(Happening::Credential(credential.as_ref()));
                    ask.answer(credential)
                }
                ClientHandshake::NeedsSignature(ask) => {
                    let request = ask.request().clone();
                    let signature = self.client.sign(&request).await;
                    self.witness.saw(Happening::Signature(&signature));
                    ask.answer(signature)
                }
                ClientHandshake::Done(established) => {
                    return Turn::Done(Box::new(self.established(established)));
                }
                ClientHandshake::Failed(failed) => {
                    // R24, R29
                    if let (true, Some(forget)) = (failed.forget, self.forget()) {
                        forget().await;
                    }
                    self.witness.saw(Happening::Failed(schedule::Side::Client, &failed.error));
                    return Turn::Failed(failed.error);
                }
            };
        }
    }

    fn witness(&self) -> &Witness {
        &self.witness
    }
}
