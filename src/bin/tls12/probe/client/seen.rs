//! What was seen of a handshake.

use std::{sync::Arc, time::Duration};

use tls12::{
    CertificateDer,
    crypto::{HashAlgorithm, Provider},
    wire::{CipherSuite, ExtensionType, NamedGroup, ServerHello},
};

use super::{Held, offer::Session};
use crate::words::hex;

/// A handshake that both sides completed.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) given: Given,
    pub(crate) kind: Kind,
    /// Whether the session ID is the one that was offered, to the byte.
    pub(crate) echoes: bool,
    /// The ticket that came, and its lifetime hint in seconds. May be empty.
    pub(crate) ticket: Option<(Vec<u8>, u32)>,
    /// What may be offered next time.
    pub(crate) session: Arc<Session>,
    pub(crate) times: Times,
    /// The connection, where it was not to be closed.
    pub(crate) held: Option<Held>,
}

/// What the ServerHello gave.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) session_id: Vec<u8>,
    pub(crate) suite: CipherSuite,
    pub(crate) alpn: Option<String>,
    pub(crate) extended_master_secret: bool,
    /// Whether a ticket was promised.
    pub(crate) ticket: bool,
    /// The extensions, in their order.
    pub(crate) extensions: Vec<ExtensionType>,
    pub(crate) random: [u8; 32],
}

/// How it went.
#[derive(Debug)]
pub(crate) enum Kind {
    Full {
        certificate: Certificate,
        group: NamedGroup,
        /// Whether the server asked for a certificate.
        asks: bool,
    },
    /// It was resumed: with the session of this place in the offer.
    Resumed { session: usize },
}

/// Whom the server says it is.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) trust: Trust,
}

/// Whether a certificate is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Its path leads to a root, it is for the name, and the key exchange is signed with its key.
    Verified,
    /// There was nothing to verify it with.
    NotTried,
    /// Why not.
    Refused(String),
}

/// How long it took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) connect: Duration,
    /// From our hello to the server's Finished.
    pub(crate) handshake: Duration,
    /// Up to the server's Finished.
    pub(crate) round_trips: u32,
}

impl Times {
    /// The least of each.
    pub(crate) fn least(self, other: Self) -> Self {
        Self {
            connect: self.connect.min(other.connect),
            handshake: self.handshake.min(other.handshake),
            round_trips: self.round_trips.min(other.round_trips),
        }
    }
}

impl Given {
    pub(crate) fn of(hello: &ServerHello<'_>) -> Self {
        Self {
            session_id: hello.session_id.as_bytes().to_vec(),
            suite: hello.cipher_suite,
            alpn: hello.extensions.alpn.map(|name| String::from_utf8_lossy(name.0).into_owned()),
            extended_master_secret: hello.extensions.extended_master_secret,
            ticket: hello.extensions.session_ticket,
            extensions: hello.extensions.types().collect(),
            random: hello.random,
        }
    }

    /// What does not depend on chance: suite, length of the ID, extensions in their order.
    pub(crate) fn shape(&self) -> String {
        let extensions: Vec<_> = self.extensions.iter().map(|each| each.0.to_string()).collect();
        format!("{}, ID of {}, extensions {}", self.suite, self.session_id.len(), extensions.join(" "))
    }
}

impl Seen {
    pub(crate) fn is_resumed(&self) -> bool {
        matches!(self.kind, Kind::Resumed { .. })
    }

    /// The certificate of a full handshake.
    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        match &self.kind {
            Kind::Full { certificate, .. } => Some(certificate),
            Kind::Resumed { .. } => None,
        }
    }

    /// Whether a ticket came that may be offered.
    pub(crate) fn has_ticket(&self) -> bool {
        self.ticket.as_ref().is_some_and(|(ticket, _)| !ticket.is_empty())
    }
}

impl Certificate {
    /// SHA-256 of the leaf in hexadecimal, or nothing if there is none.
    pub(crate) fn fingerprint(&self, provider: &Provider) -> String {
        let digest =
            self.chain.first().map(|leaf| provider.hash(HashAlgorithm::Sha256).hash(&[leaf.as_ref()]));
        digest.map(|digest| hex(digest.as_ref())).unwrap_or_default()
    }
}
