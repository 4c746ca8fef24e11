//! Layer 5: the client handshake as values; the same rules as the server's.

mod answer;
mod config;
mod finish;
mod full;
mod hello;
mod offer;
mod resumed;
mod states;

use alloc::{boxed::Box, sync::Arc};
use pki_types::{ServerName, UnixTime};

pub use self::config::ClientConfig;
use self::states::{Ask, Awaiting, Client};
use crate::{
    connection::Connection,
    crypto::{Seed, SignError, Signature, SignatureRequest},
    error::Error,
    handshake::{Common, Next, Renegotiation, Step, abort_by_application, flush_and_input, opaque_debug},
    pki::{CertificateError, Credential, PresentedPeer, VerifiedPeer},
    record::RecvBuf,
    schedule::Side,
    session::ClientSession,
    wire::{ClientCertificateType, SignatureScheme},
};

/// What a client handshake needs next.
///
/// Every variant is answered by consuming it, which gives the next one, until [`Self::Done`] or
/// [`Self::Failed`]. A step can wait in a table, go to another thread, or be dropped, which
/// abandons the handshake.
///
/// It usually takes less than 28 KiB of the heap, 18 KiB of which are the [`RecvBuf`]. Messages of the server are gathered
/// as they come, up to a limit: [`ClientConfig::with_max_certificate`] for Certificate, 64 KiB for any
/// other; a list in one takes up to 30 times its bytes. A longer
/// message is refused by its header. docs/memory.md has the bound for each case.
#[must_use]
#[derive(Debug)]
pub enum ClientHandshake {
    /// The server needs these bytes.
    NeedsFlush(NeedsFlush),
    /// Bytes from the server: none that were received are left unused.
    NeedsInput(NeedsInput),
    /// A verdict on the server's certificate.
    NeedsVerdict(NeedsVerdict),
    /// A credential, if we have one that the server would accept.
    NeedsCredential(NeedsCredential),
    /// A signature with the credential's key.
    NeedsSignature(NeedsSignature),
    /// The handshake is complete.
    Done(Established),
    /// The handshake failed; the alert that says so was flushed before.
    Failed(Failed),
}

impl ClientHandshake {
    /// A handshake with `server`, whose certificate must be for this name, offering `session` if there is one.
    ///
    /// A session of another server, of other trust settings or past its time is not offered;
    /// [`ConnectionInfo::handshake`](crate::ConnectionInfo::handshake) says so.
    pub fn start(
        config: Arc<ClientConfig>,
        server: ServerName<'static>,
        session: Option<ClientSession>,
        seed: Seed,
        buf: RecvBuf,
        now: UnixTime,
    ) -> Self {
        let mut common = Common::new(Side::Client, seed, buf, now);
        if config.settings.renegotiation == Renegotiation::Fatal {
            common.channel.refuse_hello_requests();
        }
        let offer = offer::Offer::choose(&config, &server, session, (&common.seed, now));
        common.offered = matches!(offer, offer::Offer::Session(_));
        let state = full::AwaitServerHello::new(config, server, offer, &common.seed);
        common.channel.messages(state.hello(), &mut common.out);
        common.go::<Client>(Ok(Next::Await(Awaiting::ServerHello(Box::new(state)))))
    }
}

impl From<Step<Client>> for ClientHandshake {
    fn from(step: Step<Client>) -> Self {
        match step {
            Step::Flush(flush) => Self::NeedsFlush(NeedsFlush(flush)),
            Step::Input(input) => Self::NeedsInput(NeedsInput(input)),
            Step::Ask(common, Ask::Verdict(state)) => Self::NeedsVerdict(NeedsVerdict { common, state }),
            Step::Ask(common, Ask::Credential(state)) => {
                Self::NeedsCredential(NeedsCredential { common, state })
            }
            Step::Ask(common, Ask::Signature(state)) => {
                Self::NeedsSignature(NeedsSignature { common, state })
            }
            Step::Done(common, complete) => {
                let (connection, buf, session) = complete.into_connection(*common);
                Self::Done(Established { connection, buf, session })
            }
            Step::Failed(common, error) => Self::Failed(Failed { error, forget: common.offered }),
        }
    }
}

flush_and_input!(Client, ClientHandshake, "server");

/// See [`ClientHandshake::NeedsVerdict`]. It comes in full handshakes, and with
/// [`ClientConfig::with_reverification`] in abbreviated ones too.
#[must_use]
pub struct NeedsVerdict {
    common: Box<Common>,
    state: Box<full::Judging>,
}

impl NeedsVerdict {
    /// What the server presented.
    pub fn presented(&self) -> &PresentedPeer {
        &self.state.presented
    }

    /// What the verifier says; a proof about somebody else is a refusal.
    pub fn answer(mut self, verdict: Result<VerifiedPeer, CertificateError>) -> ClientHandshake {
        let next = self.state.verdict(verdict, &mut self.common);
        self.common.go(next)
    }
}

/// See [`ClientHandshake::NeedsCredential`].
#[must_use]
pub struct NeedsCredential {
    common: Box<Common>,
    state: Box<answer::Choosing>,
}

impl NeedsCredential {
    /// The kinds of certificates that the server takes (RFC 5246, 7.4.4).
    pub fn certificate_types(&self) -> &[ClientCertificateType] {
        &self.state.wanted.certificate_types
    }

    /// The signature schemes that the server takes, in its order of preference.
    pub fn schemes(&self) -> &[SignatureScheme] {
        &self.state.wanted.schemes
    }

    /// The issuers that the server names, each a DistinguishedName in DER; none means any.
    pub fn authorities(&self) -> impl Iterator<Item = &[u8]> {
        self.state.wanted.authorities.iter().map(|name| &name[..])
    }

    /// Whether the server takes a certificate of this kind, and a signature that its key can make.
    pub fn takes(&self, credential: &Credential) -> bool {
        answer::scheme(credential, &self.state.wanted).is_ok()
    }

    /// What we present; with `None` we say that we have nothing. A credential that the server does not take is an
    /// error.
    pub fn answer(self, credential: Option<Credential>) -> ClientHandshake {
        let next = self.state.credential(credential);
        self.common.go(next)
    }

    /// Gives up: the alert is `handshake_failure`.
    pub fn refuse(self) -> ClientHandshake {
        self.common.go::<Client>(Err(Error::Refused(crate::error::Refusal::Credential)))
    }
}

/// See [`ClientHandshake::NeedsSignature`].
#[must_use]
pub struct NeedsSignature {
    common: Box<Common>,
    state: Box<answer::Signing>,
}

impl NeedsSignature {
    /// What to sign; clone it to send it away.
    pub fn request(&self) -> &SignatureRequest {
        &self.state.request
    }

    /// What the key holder answered.
    pub fn answer(mut self, signature: Result<Signature, SignError>) -> ClientHandshake {
        let next = self.state.signature(signature, &mut self.common);
        self.common.go(next)
    }
}

/// A complete handshake.
#[must_use]
#[derive(Debug)]
pub struct Established {
    /// The connection.
    pub connection: Connection,
    /// The buffer of the handshake, with whatever the server sent after it.
    pub buf: RecvBuf,
    /// A session to offer next time: what the server gave in this handshake, or the one that was resumed.
    pub session: Option<ClientSession>,
}

/// A failed handshake.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub error: Error,
    /// A session was offered, and must not be offered again (R24, R29).
    pub forget: bool,
}

abort_by_application!(Client, ClientHandshake: NeedsVerdict, NeedsCredential, NeedsSignature);
opaque_debug!(NeedsVerdict, NeedsCredential, NeedsSignature);
