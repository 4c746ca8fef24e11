//! What a handshake agreed on, and what can be derived from it.

use alloc::vec::Vec;
use core::fmt;

use pki_types::ServerName;

use crate::{
    crypto::Provider,
    pki::{Credential, Leaf, VerifiedPeer},
    schedule::{Exporter, MasterSecret, Randoms, Side},
    session::{HandshakeKind, TicketSent},
    wire::{CipherSuite, NamedGroup, SignatureScheme},
};

/// What the handshake agreed on.
#[derive(Debug, Clone)]
pub struct ConnectionInfo {
    /// Full or resumed, by what, or why not.
    pub handshake: HandshakeKind,
    /// Whether a ticket was issued in this handshake: with `handshake`, every flow of RFC 5077.
    pub ticket: TicketSent,
    /// Of the connection.
    pub suite: CipherSuite,
    /// Of the key exchange; none when resumed.
    pub group: Option<NamedGroup>,
    /// What the peer signed the handshake with; none if it did not.
    pub peer_scheme: Option<SignatureScheme>,
    /// The protocol agreed on (ALPN).
    pub alpn: Option<Vec<u8>>,
    /// The name asked for.
    pub server_name: Option<ServerName<'static>>,
    /// The caller's name of the credential that we presented; none if we presented none.
    pub credential: Option<alloc::sync::Arc<str>>,
    /// Who the peer proved to be, now or in the resumed session.
    pub peer: Option<VerifiedPeer>,
    /// RFC 7627.
    pub extended_master_secret: bool,
    /// Whether the peer signalled secure renegotiation (RFC 5746), although nothing is renegotiated here.
    pub secure_renegotiation: bool,
}

/// What a connection keeps of its handshake.
pub(crate) struct Facts {
    pub(crate) info: ConnectionInfo,
    pub(crate) side: Side,
    pub(crate) provider: &'static Provider,
    pub(crate) master: MasterSecret,
    pub(crate) randoms: Randoms,
    /// What we presented.
    pub(crate) credential: Option<Credential>,
}

impl Facts {
    pub(crate) fn exporter(&self) -> Option<Exporter<'_>> {
        self.master.exporter(&self.randoms)
    }

    pub(crate) fn tls_server_end_point(&self) -> Option<Vec<u8>> {
        let certificate = match self.side {
            Side::Server => self.credential.as_ref()?.chain().first()?,
            Side::Client => self.info.peer.as_ref()?.peer().chain.first()?,
        };
        let hash = Leaf::parse(certificate).ok()?.end_point_hash();
        Some(self.provider.hash(hash).hash(&[certificate]).as_ref().to_vec())
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}
