//! What a handshake agreed on, and what can be derived from it.

use alloc::vec::Vec;
use core::{fmt, time::Duration};

use pki_types::{ServerName, UnixTime};
use zeroize::Zeroize;

use crate::{
    crypto::Provider,
    pki::{Credential, Leaf, VerifiedPeer},
    schedule::{Exporter, KeySchedule, Randoms, Side},
    session::{HandshakeKind, KeyName, Lineage, Session, StoreKey, TicketSent},
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
    /// Of the key exchange that made the resumed session; none in a full handshake.
    pub session_group: Option<NamedGroup>,
    /// What the peer signed the handshake with, or the one that made the session; none if it did not.
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
    /// The session: the one that was resumed, or the one that this handshake made.
    pub session: Option<SessionInfo>,
    /// Whether the peer signalled secure renegotiation (RFC 5746), although nothing is renegotiated here.
    pub secure_renegotiation: bool,
}

/// What there is to know about a session besides its secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// Shared by all connections that go back to the same full handshake: for FTPS, and for telling which data
    /// connection belongs to which control connection.
    pub lineage: Lineage,
    /// The time of that full handshake, in seconds since 1970.
    pub authenticated_at: u64,
    /// The key that opened it or, where one was issued in this handshake, that sealed it. Servers only.
    pub key_name: Option<KeyName>,
    /// What the server's application bound into it; 4 KiB at most. Wiped on drop, never printed. Servers only.
    pub application_data: Vec<u8>,
}

impl SessionInfo {
    /// What a server tells of a session that it opened or sealed with this key.
    pub(crate) fn of(session: &Session, key_name: Option<KeyName>) -> Self {
        Self {
            lineage: session.lineage(),
            authenticated_at: session.authenticated_at(),
            key_name,
            application_data: session.application_data().to_vec(),
        }
    }

    /// How long ago the full handshake was; zero if the clock says that it is still to come.
    pub fn age(&self, now: UnixTime) -> Duration {
        Duration::from_secs(now.as_secs().saturating_sub(self.authenticated_at))
    }
}

impl Drop for SessionInfo {
    fn drop(&mut self) {
        self.application_data.zeroize();
    }
}

impl fmt::Debug for SessionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionInfo")
            .field("lineage", &self.lineage)
            .field("authenticated_at", &self.authenticated_at)
            .field("key_name", &self.key_name)
            .finish_non_exhaustive()
    }
}

/// What a connection keeps of its handshake.
pub(crate) struct Facts {
    pub(crate) info: ConnectionInfo,
    pub(crate) side: Side,
    pub(crate) provider: &'static Provider,
    pub(crate) schedule: KeySchedule,
    pub(crate) randoms: Randoms,
    /// What we presented.
    pub(crate) credential: Option<Credential>,
    /// Where a store has the session of this connection.
    pub(crate) store_key: Option<StoreKey>,
}

impl Facts {
    pub(crate) fn exporter(&self) -> Option<Exporter<'_>> {
        self.schedule.exporter(&self.randoms)
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
