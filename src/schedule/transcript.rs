//! The handshake messages so far.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use super::master::SessionHash;
use crate::crypto::{Digest, HashAlgorithm, HashContext, Provider};

/// Whether the messages themselves are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Yes: a client certificate may have to be proven.
    Keep,
    /// No.
    Drop,
}

/// The hash of all handshake messages so far.
pub struct Transcript {
    context: Box<dyn HashContext>,
    log: Option<Vec<u8>>,
}

impl Transcript {
    /// Begins with these messages, headers included: before the ServerHello nobody knows the hash. `Log::Keep` keeps the
    /// messages too, for CertificateVerify signs them unhashed.
    pub fn begin(provider: &Provider, hash: HashAlgorithm, log: Log, messages: &[&[u8]]) -> Self {
        let log = match log {
            Log::Keep => Some(Vec::new()),
            Log::Drop => None,
        };
        let mut transcript = Self { context: provider.hash(hash).start(), log };
        messages.iter().for_each(|message| transcript.add(message));
        transcript
    }

    /// Adds a handshake message, header included.
    pub fn add(&mut self, message: &[u8]) {
        self.context.update(message);
        if let Some(log) = &mut self.log {
            log.extend_from_slice(message);
        }
    }

    /// The hash of what was added.
    pub fn current(&self) -> Digest {
        self.context.current()
    }

    /// The hash at the end of ClientKeyExchange (RFC 7627, 3).
    pub fn session_hash(&self) -> SessionHash {
        SessionHash::of(self.current())
    }

    /// All messages so far, if they were kept (RFC 5246, 7.4.8); they are not kept any longer.
    pub fn take_log(&mut self) -> Option<Vec<u8>> {
        self.log.take()
    }

    /// The messages themselves are not needed after all.
    pub fn drop_log(&mut self) {
        self.log = None;
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcript").field("log", &self.log.as_ref().map(Vec::len)).finish_non_exhaustive()
    }
}
