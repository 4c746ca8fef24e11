//! Who watches a connection: everything that goes into it, in the order in which it does.

use std::{fmt, io, sync::Arc};

use pki_types::{ServerName, UnixTime};

use super::{now, trace};
use crate::{
    client::ClientConfig,
    connection::ConnectionInfo,
    crypto::{Seed, SignError, Signature},
    error::Error,
    pki::{CertificateError, Credential, VerifiedPeer},
    schedule::Side,
    server::{ClientHello, ServerConfig},
    session::{ClientSession, Lookup, StoreKey},
    wire::Alert,
};

/// One thing that goes into a connection, or what came of it. The seed is secret, and so is the session.
#[cfg_attr(not(feature = "replay"), expect(dead_code, reason = "nobody watches"))]
pub(crate) enum Happening<'a> {
    /// A handshake of this side began, with this seed at this time.
    Started(Side, &'a [u8; 32], UnixTime),
    /// A client wants this.
    Calls(&'a ServerName<'static>, &'a ClientConfig, Option<&'a ClientSession>),
    /// A server took this configuration for this hello, at the time of the hello.
    Configured(&'a ServerConfig, ClientHello<'a>),
    /// These bytes came, at this time in a handshake. None: no more will come.
    Received(&'a [u8], Option<UnixTime>),
    /// The peer had sent more than it may.
    TooMuch,
    /// These bytes were sent, or were to be.
    Sent(&'a [u8]),
    /// What a store has under this key.
    Found(&'a StoreKey, &'a Lookup),
    /// A session was stored, or not.
    Stored,
    /// A key holder's answer.
    Signature(&'a Result<Signature, SignError>),
    /// A verifier's answer.
    Verdict(&'a Result<VerifiedPeer, CertificateError>),
    /// What a client presents.
    Credential(Option<&'a Credential>),
    /// The name of a hello was refused.
    RefusedName,
    /// The application ended it.
    Aborted(Alert),
    /// The handshake of this side is complete.
    Complete(Side, &'a ConnectionInfo),
    /// The handshake of this side failed.
    Failed(Side, &'a Error),
}

/// Somebody who watches one connection.
pub(crate) trait Watch: Send + Sync {
    fn saw(&self, happening: Happening<'_>);
}

/// Whoever watches this connection, if anybody does.
#[derive(Clone, Default)]
pub(crate) struct Witness(Option<Arc<dyn Watch>>);

impl Witness {
    #[cfg(feature = "replay")]
    pub(crate) fn new(watch: impl Watch + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    /// It is traced too, whoever watches.
    pub(crate) fn saw(&self, happening: Happening<'_>) {
        trace::happened(&happening);
        if let Some(watch) = &self.0 {
            watch.saw(happening);
        }
    }

    /// What a handshake begins with: a seed and the time.
    pub(super) fn start(&self, side: Side) -> io::Result<(Seed, UnixTime)> {
        let now = now();
        Ok((Seed::witnessed(|seed| self.saw(Happening::Started(side, seed, now)))?, now))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "watched" } else { "unwatched" })
    }
}
