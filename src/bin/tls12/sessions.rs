//! The sessions of `tls12 connect`, and the files they are in.
#![expect(clippy::disallowed_methods, reason = "the command reads the clock")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tls12::{
    ConnectionInfo, ServerName, UnixTime,
    session::{HandshakeKind, SessionContext, TicketSent},
    store::{ClientSessions, Protection, Reuse},
};

use crate::resume_args;

/// How many sessions a file may have.
const LIMIT: usize = 1024;

/// What is offered and kept.
pub(crate) struct Sessions {
    pub(crate) kept: Arc<ClientSessions>,
    /// The file that was read, if it could be: only such a file is written again.
    read: Option<PathBuf>,
    write: Option<PathBuf>,
}

impl Sessions {
    /// Reads the file, if there is to be one. What is wrong with it costs a full handshake and a word about it.
    pub(crate) fn load(args: &resume_args::Sessions) -> Self {
        let mut read = args.session_in.clone();
        let kept =
            read.as_deref().map(|path| ClientSessions::load(path, Protection::Plain, LIMIT, Reuse::Many));
        let kept = match kept {
            Some(Ok(kept)) => kept,
            Some(Err(error)) => {
                if let Some(path) = read.take() {
                    crate::say::say!("tls12: nothing is resumed: {}: {error}", path.display());
                }
                ClientSessions::new(LIMIT, Reuse::Many)
            }
            None => ClientSessions::new(LIMIT, Reuse::Many),
        };
        Self { kept: Arc::new(kept), read, write: args.session_out.clone() }
    }

    /// Says so where the file that was read has nothing to offer.
    pub(crate) fn check(&self, server: &ServerName<'_>, trust: &SessionContext) {
        let name = server.to_str();
        if let (Some(path), None) = (&self.read, self.kept.get(&name, trust, UnixTime::now())) {
            let path = path.display();
            crate::say::say!(
                "tls12: nothing is resumed: {path}: there is no session for {name} that is not too old and was made \
                 with the same roots and client certificate"
            );
        }
    }

    /// After a handshake: writes what is new.
    pub(crate) fn succeeded(&self, info: &ConnectionInfo) {
        let is_new = match info.handshake {
            HandshakeKind::Full(_) => info.session.is_some(),
            HandshakeKind::Resumed(_) => info.ticket == TicketSent::Issued,
        };
        if let (Some(path), true) = (&self.read, is_new) {
            self.save(path);
        }
        match &self.write {
            Some(path) if self.kept.is_empty() => {
                crate::say::say!("tls12: {} is not written: the server gave no session", path.display());
            }
            Some(path) => self.save(path),
            None => {}
        }
    }

    /// After a handshake that failed: what it offered must not be offered again (R24).
    pub(crate) fn failed(&self) {
        if let Some(path) = &self.read {
            self.save(path);
        }
    }

    /// After a connection that failed: what it resumed, or made, may have been forgotten since (R29).
    pub(crate) fn connection_failed(&self) {
        for path in self.read.iter().chain(&self.write).filter(|path| path.exists()) {
            self.save(path);
        }
    }

    fn save(&self, path: &Path) {
        if let Err(error) = self.kept.save(path, Protection::Plain) {
            crate::say::say!("tls12: the session is not kept: {}: {error}", path.display());
        }
    }
}
