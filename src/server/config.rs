//! How a server behaves: policy only, no keys, no stores, no clocks.

use alloc::{sync::Arc, vec, vec::Vec};
use core::fmt;

use crate::{
    crypto::Provider,
    handshake::{KeyUsage, Settings, settings_methods},
    pki::Credential,
    session::{Resumption, SessionContext},
};

/// How a server behaves: policy only, no keys, no stores, no clocks. A value: to change it, make another.
#[derive(Clone)]
pub struct ServerConfig {
    pub(crate) settings: Settings,
    pub(crate) credentials: Vec<Credential>,
    pub(crate) client_auth: ClientAuth,
    /// DER, for CertificateRequest.
    pub(crate) client_authorities: Arc<[Vec<u8>]>,
    pub(crate) resumption: Option<Resumption>,
    /// What else makes the sessions of this server trustworthy: the trust anchors of its verifier, say (R3).
    pub(crate) trust: Option<SessionContext>,
    /// Whether the client's name led to this configuration.
    pub(crate) chosen_by_name: bool,
    /// What the settings above come to, computed when they change and not in every handshake.
    derived: SessionContext,
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
    /// Safe defaults: ECDHE with AEADs, extended master secret required, no resumption, no client
    /// certificates.
    pub fn new(provider: &'static Provider, credential: Credential) -> Self {
        Self {
            settings: Settings::new(provider),
            credentials: vec![credential],
            client_auth: ClientAuth::Off,
            client_authorities: Arc::new([]),
            resumption: None,
            trust: None,
            chosen_by_name: false,
            derived: SessionContext::derive([]),
        }
        .rebound()
    }

    /// Another one: for clients that ask for one of its names, or that cannot use the ones before.
    ///
    /// The first one is presented that fits the client's suites, groups and signature schemes: of those whose
    /// certificate is for the name that the client asks for, and if none of them fits, of the others.
    pub fn with_credential(mut self, another: Credential) -> Self {
        self.credentials.push(another);
        self.rebound()
    }

    /// Whether clients present certificates.
    pub fn with_client_auth(mut self, auth: ClientAuth) -> Self {
        self.client_auth = auth;
        self.rebound()
    }

    /// The issuers that a CertificateRequest names, each a DistinguishedName in DER of 1 to 65 535 bytes
    /// (RFC 5246, 7.4.4); none by default, which leaves the choice to the client. What does not fit into the
    /// 65 535 bytes of the list is left out.
    pub fn with_client_authorities(mut self, authorities: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut room = usize::from(u16::MAX);
        let fits = |name: &Vec<u8>| match room.checked_sub(name.len().saturating_add(2)) {
            Some(rest) if !name.is_empty() => {
                room = rest;
                true
            }
            _ => false,
        };
        self.client_authorities = authorities.into_iter().filter(fits).collect();
        self.rebound()
    }

    /// Turns resumption on.
    pub fn with_resumption(mut self, resumption: Resumption) -> Self {
        self.resumption = Some(resumption);
        self
    }

    /// What else makes a session of this server trustworthy, beside its credentials, protocols and what it asks of
    /// clients: a digest of what its verifier trusts. Sessions made under another do not resume (R3).
    pub fn with_trust(mut self, trust: SessionContext) -> Self {
        self.trust = Some(trust);
        self.rebound()
    }

    /// Says that the name which the client asks for led to this configuration, so that the server acknowledges it
    /// (RFC 6066, 3). It does so anyway where the certificate that it presents is for that name.
    pub fn with_name_acknowledged(mut self) -> Self {
        self.chosen_by_name = true;
        self
    }

    /// The security domain of the sessions that this configuration makes (R3): what
    /// [`Resumption::with_context`] says, or else a digest of the credentials, of the protocols, of what is asked of
    /// clients and of what their verifier trusts.
    pub fn session_context(&self) -> SessionContext {
        *self.resumption.as_ref().and_then(Resumption::context).unwrap_or(&self.derived)
    }

    /// Computes the security domain anew.
    fn rebound(mut self) -> Self {
        self.derived = self.derive_context();
        self
    }

    fn derive_context(&self) -> SessionContext {
        let mut parts: Vec<&[u8]> = Vec::new();
        for credential in &self.credentials {
            parts.push(b"credential");
            parts.extend(credential.chain().first().map(|leaf| leaf.as_ref()));
        }
        for protocol in &self.settings.alpn {
            parts.extend([b"protocol", &protocol[..]]);
        }
        parts.push(match self.client_auth {
            ClientAuth::Off => b"no client certificates",
            ClientAuth::Request => b"client certificates requested",
            ClientAuth::Require => b"client certificates required",
        });
        for authority in self.client_authorities.iter() {
            parts.extend([b"authority", &authority[..]]);
        }
        match self.settings.key_usage {
            KeyUsage::Enforced => {}
            KeyUsage::Ignored => parts.push(b"any key usage"),
        }
        if let Some(trust) = &self.trust {
            parts.extend([b"trust", &trust.0[..]]);
        }
        SessionContext::derive(parts)
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
