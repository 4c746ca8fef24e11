//! How a client behaves.

use core::fmt;

use crate::{
    crypto::Provider,
    handshake::{Settings, settings_methods},
    wire::MaxFragmentLength,
};

/// How a client behaves: policy only. A value: to change it, make another.
#[derive(Clone)]
pub struct ClientConfig {
    pub(crate) settings: Settings,
    pub(crate) status_request: bool,
    pub(crate) max_fragment_length: Option<MaxFragmentLength>,
    pub(crate) fallback: bool,
}

impl ClientConfig {
    /// Safe defaults: ECDHE with AEADs, extended master secret required.
    pub fn new(provider: &'static Provider) -> Self {
        Self {
            settings: Settings::new(provider),
            status_request: false,
            max_fragment_length: None,
            fallback: false,
        }
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

    settings_methods!();
}

impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientConfig").field("provider", &self.settings.provider).finish_non_exhaustive()
    }
}
