//! How a client behaves.

use core::fmt;

use crate::{
    crypto::Provider,
    handshake::{KeyUsage, Settings, settings_methods},
    session::SessionContext,
    wire::MaxFragmentLength,
};

/// How a client behaves: policy only. A value: to change it, make another.
#[derive(Clone)]
pub struct ClientConfig {
    pub(crate) settings: Settings,
    pub(crate) status_request: bool,
    pub(crate) max_fragment_length: Option<MaxFragmentLength>,
    pub(crate) fallback: bool,
    pub(crate) tickets: bool,
    pub(crate) trust: SessionContext,
    pub(crate) reverifies: bool,
    pub(crate) keeps_without_extended_master_secret: bool,
    pub(crate) takes_any_protocol: bool,
    /// What its sessions are bound to: what the caller says, and whether certificates count that must not sign.
    pub(crate) bound_to: SessionContext,
}

impl ClientConfig {
    /// Safe defaults: ECDHE with AEADs, extended master secret required, tickets wanted.
    pub fn new(provider: &'static Provider) -> Self {
        Self {
            settings: Settings::new(provider),
            status_request: false,
            max_fragment_length: None,
            fallback: false,
            tickets: true,
            trust: SessionContext::derive([]),
            reverifies: false,
            keeps_without_extended_master_secret: false,
            takes_any_protocol: false,
            bound_to: SessionContext::derive([]),
        }
        .rebound()
    }

    /// Asks for a stapled OCSP response (RFC 6066, 8), which the verifier then finds in
    /// [`PresentedPeer::ocsp`](crate::pki::PresentedPeer::ocsp).
    pub fn with_status_request(mut self) -> Self {
        self.status_request = true;
        self
    }

    /// Asks for records of at most 512 to 4096 bytes of plaintext in both directions (RFC 6066, 4).
    pub fn with_max_fragment_length(mut self, length: MaxFragmentLength) -> Self {
        self.max_fragment_length = Some(length);
        self
    }

    /// Says that a higher version was tried before, and failed (RFC 7507): a server that speaks one refuses then.
    pub fn with_fallback_scsv(mut self) -> Self {
        self.fallback = true;
        self
    }

    /// Whether to ask for tickets, and to offer them (RFC 5077).
    pub fn with_tickets(mut self, on: bool) -> Self {
        self.tickets = on;
        self
    }

    /// What makes a session of this client trustworthy: a digest of what its verifier trusts and of whom it presents
    /// itself as. A session that was made under another is not offered (R7).
    pub fn with_trust(mut self, trust: SessionContext) -> Self {
        self.trust = trust;
        self.rebound()
    }

    /// Asks for a verdict in abbreviated handshakes too: on the certificates and the staple of the full handshake, at
    /// the time of now. A session without certificates, which only a caller can have made, is not offered then. By
    /// default the verdict of the full handshake stands as long as the session does.
    pub fn with_reverification(mut self) -> Self {
        self.reverifies = true;
        self
    }

    /// Also keeps and offers sessions without the extended master secret; only with
    /// [`Self::dangerous_without_extended_master_secret`] are there any. Whoever can make a client connect to a server
    /// of theirs can then make two connections share a master secret (RFC 7627, 1).
    pub fn dangerous_resume_without_extended_master_secret(mut self) -> Self {
        self.keeps_without_extended_master_secret = true;
        self
    }

    /// Takes whatever protocol the server chooses, whether it is among those of [`Self::with_alpn`] or not; which one it
    /// is, the application must look at before it reads a byte. By default another one than those is the end of the
    /// handshake (RFC 7301, 3.1), and a choice by a server that was offered none always is.
    pub fn dangerous_any_alpn(mut self) -> Self {
        self.takes_any_protocol = true;
        self
    }

    /// Computes anew what its sessions are bound to.
    fn rebound(mut self) -> Self {
        self.bound_to = match self.settings.key_usage {
            KeyUsage::Enforced => self.trust,
            KeyUsage::Ignored => SessionContext::derive([&b"any key usage"[..], &self.trust.0]),
        };
        self
    }

    settings_methods!();
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig").field("provider", &self.settings.provider).finish_non_exhaustive()
    }
}
