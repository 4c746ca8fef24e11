//! How a server behaves: policy only, no keys, no stores, no clocks.

use alloc::{sync::Arc, vec, vec::Vec};
use core::fmt;

use crate::{
    crypto::Provider,
    handshake::{Settings, settings_methods},
    pki::Credential,
};

/// How a server behaves: policy only, no keys, no stores, no clocks. A value: to change it, make another.
#[derive(Clone)]
pub struct ServerConfig {
    pub(crate) settings: Settings,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) client_auth: ClientAuth,
    /// DER, for CertificateRequest.
    pub(crate) client_authorities: Arc<[Vec<u8>]>,
}

/// Whether clients present certificates (RFC 5246, 7.4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// No.
    Off,
    /// If they have one.
    Request,
    /// Yes.
    Require,
}

impl ServerConfig {
    /// Safe defaults: ECDHE with AEADs, extended master secret required, no client certificates.
    pub fn new(provider: &'static Provider, credential: Credential) -> Self {
        Self {
            settings: Settings::new(provider),
            credentials: vec![credential],
            client_auth: ClientAuth::Off,
            client_authorities: Arc::new([]),
        }
    }

    /// Another one: for clients that ask for one of its names, or that cannot use the ones before.
    ///
    /// Of the credentials whose certificate is for the name that the client asks for, or of all of them if none
    /// is, the first one is presented that fits the client's suites, groups and signature schemes.
    pub fn with_credential(mut self, another: Credential) -> Self {
        self.credentials.push(another);
        self
    }

    /// Whether clients present certificates.
    pub fn with_client_auth(mut self, auth: ClientAuth) -> Self {
        self.client_auth = auth;
        self
    }

    /// The issuers that a CertificateRequest names, each a DistinguishedName in DER of 1 to 65 535 bytes
    /// (RFC 5246, 7.4.4); none by default, which leaves the choice to the client. What does not fit into the
    /// 65 535 bytes of the list is left out.
    pub fn with_client_authorities(mut self, authorities: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut room = usize::from(u16::MAX);
        let fits = |name: &Vec<u8>| match room.checked_sub(name.len() + 2) {
            Some(rest) if !name.is_empty() => {
                room = rest;
                true
            }
            _ => false,
        };
        self.client_authorities = authorities.into_iter().filter(fits).collect();
        self
    }

    settings_methods!();
}

impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("provider", &self.settings.provider)
            .field("credentials", &self.credentials)
            .field("client_auth", &self.client_auth)
            .finish_non_exhaustive()
    }
}
