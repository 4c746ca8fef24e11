//! Layer 5: the server handshake as values: each says what it needs, and takes nothing else.

mod config;
mod finish;
mod flight;
mod full;
mod give;
mod greeted;
mod greeting;
mod hello;
mod resumed;
mod states;

use alloc::{boxed::Box, sync::Arc};
use core::fmt;

use pki_types::UnixTime;

pub use self::config::{ClientAuth, ServerConfig};
use self::states::{Ask, Server};
use crate::{
    connection::Connection,
    crypto::{SecretVec, Seed, SignError, Signature, SignatureRequest},
    error::{Error, Refusal},
    handshake::{Common, Next, Step, abort_by_application, flush_and_input, opaque_debug},
    pki::{CertificateError, PresentedPeer, VerifiedPeer},
    record::RecvBuf,
    schedule::Side,
    session::{HandshakeKind, Lookup, NewSession, SessionTooLarge, StoreKey},
    wire::{Decode, HANDSHAKE_HEADER_LEN, SignatureScheme},
};

/// What a server handshake needs next.
///
/// Every variant is answered by consuming it, which gives the next one, until [`Self::Done`] or
/// [`Self::Failed`]. A step can wait in a table, go to another thread, or be dropped, which
/// abandons the handshake.
///
/// It usually takes less than 28 KiB of the heap, 18 KiB of which are the [`RecvBuf`]. Messages of the client are gathered
/// as they come, up to a limit: 130 KiB for ClientHello, [`ServerConfig::with_max_certificate`] for Certificate, 64 KiB
/// for any other; a list in one takes up to 30 times its bytes. A longer
/// message is refused by its header. docs/memory.md has the bound for each case.
#[must_use]
#[derive(Debug)]
pub enum ServerHandshake {
    /// The client needs these bytes.
    NeedsFlush(NeedsFlush),
    /// Bytes from the client: none that were received are left unused.
    NeedsInput(NeedsInput),
    /// The configuration for this ClientHello.
    NeedsConfig(NeedsConfig),
    /// The session that the client named, if any store has it.
    NeedsSession(NeedsSession),
    /// A signature with the credential's key.
    NeedsSignature(NeedsSignature),
    /// A verdict on the client's certificate.
    NeedsVerdict(NeedsVerdict),
    /// A session stored, before the client hears that it may resume it.
    NeedsStore(NeedsStore),
    /// The handshake is complete.
    Done(Established),
    /// The handshake failed; the alert that says so was flushed before.
    Failed(Failed),
}

impl ServerHandshake {
    /// A handshake with the client whose first bytes are, or will be, in `buf`.
    pub fn start(seed: Seed, buf: RecvBuf, now: UnixTime) -> Self {
        let common = Common::new(Side::Server, seed, buf, now);
        common.go::<Server>(Ok(Next::Await(states::Awaiting::start())))
    }
}

impl From<Step<Server>> for ServerHandshake {
    fn from(step: Step<Server>) -> Self {
        match step {
            Step::Flush(flush) => Self::NeedsFlush(NeedsFlush(flush)),
            Step::Input(input) => Self::NeedsInput(NeedsInput(input)),
            Step::Ask(common, Ask::Config(state)) => Self::NeedsConfig(NeedsConfig { common, state }),
            Step::Ask(common, Ask::Session(state)) => Self::NeedsSession(NeedsSession { common, state }),
            Step::Ask(common, Ask::Store(state)) => Self::NeedsStore(NeedsStore { common, state }),
            Step::Ask(common, Ask::Signature(state)) => {
                Self::NeedsSignature(NeedsSignature { common, state })
            }
            Step::Ask(common, Ask::Verdict(state)) => Self::NeedsVerdict(NeedsVerdict { common, state }),
            Step::Done(common, complete) => {
                let (connection, buf, _) = complete.into_connection(*common);
                Self::Done(Established { connection, buf })
            }
            Step::Failed(common, error) => {
                let forget = common.forget.filter(|_| error.invalidates_session());
                Self::Failed(Failed { error, forget })
            }
        }
    }
}

flush_and_input!(Server, ServerHandshake, "client");

/// See [`ServerHandshake::NeedsConfig`].
///
/// Every ask can be answered with an alert of the application's choice:
///
/// ```
/// use std::sync::Arc;
/// use tls12::{ServerConfig, ServerHandshake, server::NeedsConfig, wire::Alert};
///
/// fn serve_names_only(ask: NeedsConfig, config: Arc<ServerConfig>) -> ServerHandshake {
///     match ask.client_hello().server_name() {
///         Some(_) => ask.answer(config),
///         None => ask.abort(Alert::ACCESS_DENIED),
///     }
/// }
/// ```
#[must_use]
pub struct NeedsConfig {
    common: Box<Common>,
    state: Box<greeted::Greeted>,
}

impl NeedsConfig {
    /// What the client says.
    pub fn client_hello(&self) -> ClientHello<'_> {
        ClientHello { bytes: &self.state.raw }
    }

    /// Binds up to [`MAX_APPLICATION_DATA`](crate::session::MAX_APPLICATION_DATA) bytes into the session of this
    /// handshake, if it makes one; [`SessionInfo`](crate::connection::SessionInfo) has them again whenever it is
    /// resumed. More bytes are an error.
    pub fn with_application_data(mut self, data: &[u8]) -> Result<Self, SessionTooLarge> {
        if data.len() > crate::session::MAX_APPLICATION_DATA {
            return Err(SessionTooLarge);
        }
        self.common.application_data = SecretVec::copy_of(data);
        Ok(self)
    }

    /// Goes on with `config`.
    pub fn answer(mut self, config: Arc<ServerConfig>) -> ServerHandshake {
        let next = self.state.config(config, &mut self.common);
        self.common.go(next)
    }

    /// Wants no such client: the alert is `handshake_failure`.
    pub fn refuse(self) -> ServerHandshake {
        self.common.go::<Server>(Err(Error::Refused(Refusal::Config)))
    }

    /// Serves no such name: the alert is `unrecognized_name` (RFC 6066, 3), or `handshake_failure` to a client whose
    /// hello has no extensions and which need not know the other (RFC 6066, 9).
    pub fn refuse_name(self) -> ServerHandshake {
        let refusal = match self.state.greeting.has_extensions {
            true => Refusal::ServerName,
            false => Refusal::Config,
        };
        self.common.go::<Server>(Err(Error::Refused(refusal)))
    }
}

/// A ClientHello, borrowed from the message.
#[derive(Clone, Copy)]
pub struct ClientHello<'a> {
    bytes: &'a [u8],
}

impl<'a> ClientHello<'a> {
    /// The DNS name it asks for (RFC 6066, 3).
    pub fn server_name(&self) -> Option<&'a str> {
        let name = self.message()?.extensions.server_name?.host_name()?;
        core::str::from_utf8(name).ok()
    }

    /// Its protocols (RFC 7301), the preferred one first.
    pub fn alpn(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let protocols = self.message().and_then(|hello| hello.extensions.alpn);
        protocols.into_iter().flat_map(|list| list.iter()).map(|name| name.0)
    }

    /// Its signature schemes (RFC 5246, 7.4.1.4.1), the preferred one first.
    pub fn signature_schemes(&self) -> impl Iterator<Item = SignatureScheme> + use<'a> {
        let schemes = self.message().and_then(|hello| hello.extensions.signature_algorithms);
        schemes.into_iter().flat_map(|list| list.iter())
    }

    /// All of it. `Some` always, for it was read before.
    pub fn message(&self) -> Option<crate::wire::ClientHello<'a>> {
        let body = self.bytes.get(HANDSHAKE_HEADER_LEN..)?;
        crate::wire::ClientHello::decode(body).ok()
    }

    /// The message itself with its header, for fingerprints.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl fmt::Debug for ClientHello<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHello").field("server_name", &self.server_name()).finish_non_exhaustive()
    }
}

/// See [`ServerHandshake::NeedsSession`].
#[must_use]
pub struct NeedsSession {
    common: Box<Common>,
    state: Box<resumed::Looking>,
}

impl NeedsSession {
    /// Where to look.
    pub fn key(&self) -> &StoreKey {
        &self.state.key
    }

    /// What the store answered; an `Option<SealedSession>` will do.
    pub fn answer(mut self, found: impl Into<Lookup>) -> ServerHandshake {
        let next = (*self.state).found(found.into(), &mut self.common);
        self.common.go(next)
    }
}

/// See [`ServerHandshake::NeedsStore`].
#[must_use]
pub struct NeedsStore {
    common: Box<Common>,
    state: Box<finish::Storing>,
}

impl NeedsStore {
    /// What to store.
    pub fn session(&self) -> &NewSession {
        &self.state.session
    }

    /// Goes on, stored or not: a session that is not there is only not resumed.
    pub fn stored(mut self) -> ServerHandshake {
        let next = (*self.state).stored(&mut self.common);
        self.common.go(Ok(next))
    }
}

/// See [`ServerHandshake::NeedsSignature`].
#[must_use]
pub struct NeedsSignature {
    common: Box<Common>,
    state: Box<full::Signing>,
}

impl NeedsSignature {
    /// What to sign; clone it to send it away.
    pub fn request(&self) -> &SignatureRequest {
        &self.state.request
    }

    /// Why this is a full handshake: what [`ConnectionInfo::handshake`](crate::ConnectionInfo::handshake) will say.
    pub fn handshake(&self) -> HandshakeKind {
        self.state.full.agreed.info.handshake
    }

    /// What the key holder answered.
    pub fn answer(mut self, signature: Result<Signature, SignError>) -> ServerHandshake {
        let next = self.state.signature(signature, &mut self.common);
        self.common.go(next)
    }
}

/// See [`ServerHandshake::NeedsVerdict`].
#[must_use]
pub struct NeedsVerdict {
    common: Box<Common>,
    state: Box<full::Judging>,
}

impl NeedsVerdict {
    /// What the client presented.
    pub fn presented(&self) -> &PresentedPeer {
        &self.state.presented
    }

    /// What the verifier says; a proof about somebody else is a refusal.
    pub fn answer(self, verdict: Result<VerifiedPeer, CertificateError>) -> ServerHandshake {
        let next = self.state.verdict(verdict);
        self.common.go(next)
    }
}

/// A complete handshake.
#[must_use]
#[derive(Debug)]
pub struct Established {
    /// The connection.
    pub connection: Connection,
    /// The buffer of the handshake, with whatever the client sent after it.
    pub buf: RecvBuf,
}

/// A failed handshake.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: Error,
    /// A session that must not be resumed from now on (RFC 5246, 7.2.2): remove it from the store. A connection that
    /// was closed or lost leaves its session in peace (R29).
    pub forget: Option<StoreKey>,
}

abort_by_application!(Server, ServerHandshake: NeedsConfig, NeedsSession, NeedsSignature, NeedsVerdict, NeedsStore);
opaque_debug!(NeedsConfig, NeedsSession, NeedsSignature, NeedsVerdict, NeedsStore);
