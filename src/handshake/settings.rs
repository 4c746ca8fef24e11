//! What a client and a server configure alike.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use crate::{
    crypto::{Provider, SUITES, Suite},
    pki::Leaf,
    schedule::KeyLog,
    wire::{CipherSuite, MAX_PLAINTEXT, NamedGroup, ProtocolName, SignatureScheme, encode_list},
};

/// A configuration that cannot work.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigError {
    /// A suite that this crate does not have.
    UnknownSuite(CipherSuite),
    /// A group that the provider does not have.
    UnknownGroup(NamedGroup),
    /// A signature scheme that the provider does not have.
    UnknownScheme(SignatureScheme),
    /// An empty list, with which no handshake could succeed.
    Empty,
    /// A limit outside of its range.
    Limit,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSuite(suite) => write!(f, "the cipher suite {suite} is not supported"),
            Self::UnknownGroup(group) => write!(f, "the group {group} is not supported"),
            Self::UnknownScheme(scheme) => write!(f, "the signature scheme {scheme} is not supported"),
            Self::Empty => f.write_str("with an empty list no handshake could succeed"),
            Self::Limit => f.write_str("a limit is outside of its range"),
        }
    }
}

impl core::error::Error for ConfigError {}

/// Whether the extended master secret may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExtendedMasterSecret {
    Required,
    Preferred,
}

/// What a request to renegotiate is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renegotiation {
    /// A warning no_renegotiation, a few times (RFC 5246, 7.2.2).
    Warned,
    /// The end.
    Fatal,
}

/// Whether a certificate's key usage (RFC 5280, 4.2.1.3) counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyUsage {
    Enforced,
    Ignored,
}

impl KeyUsage {
    /// Whether the peer whose certificate this is may sign a handshake with its key.
    pub(crate) fn lets_sign(self, leaf: &Leaf) -> bool {
        match self {
            Self::Enforced => leaf.may_sign(),
            Self::Ignored => true,
        }
    }
}

/// What a client and a server configure alike.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) provider: &'static Provider,
    pub(crate) suites: Vec<&'static Suite>,
    pub(crate) groups: Vec<NamedGroup>,
    /// What the peer may sign with.
    pub(crate) schemes: Vec<SignatureScheme>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) encoded: Encoded,
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
    pub(crate) extended_master_secret: ExtendedMasterSecret,
    pub(crate) renegotiation: Renegotiation,
    pub(crate) key_usage: KeyUsage,
    /// The longest Certificate message that is read, in bytes.
    pub(crate) max_certificate: usize,
    /// The longest plaintext of a record that is sent, in bytes.
    pub(crate) max_send: usize,
    /// The longest plaintext of a record that the peer is told to send, in bytes (RFC 8449).
    pub(crate) record_size_limit: Option<u16>,
}

/// The lists as hellos have them, encoded when they are set and not in every handshake.
#[derive(Clone, Default)]
pub(crate) struct Encoded {
    pub(crate) suites: Vec<u8>,
    pub(crate) groups: Vec<u8>,
    pub(crate) schemes: Vec<u8>,
    pub(crate) alpn: Vec<u8>,
}

impl Settings {
    pub(crate) fn new(provider: &'static Provider) -> Self {
        Self {
            provider,
            suites: SUITES.iter().collect(),
            groups: provider.groups().collect(),
            schemes: provider.schemes().collect(),
            alpn: Vec::new(),
            encoded: Encoded::default(),
            key_log: None,
            extended_master_secret: ExtendedMasterSecret::Required,
            renegotiation: Renegotiation::Warned,
            key_usage: KeyUsage::Enforced,
            max_certificate: 64 * 1024,
            max_send: MAX_PLAINTEXT,
            record_size_limit: None,
        }
        .encoded()
    }

    fn encoded(mut self) -> Self {
        self.encode();
        self
    }

    fn encode(&mut self) {
        self.encoded = Encoded {
            suites: encode_list(self.suites.iter().map(|suite| suite.id)),
            groups: encode_list(self.groups.iter().copied()),
            schemes: encode_list(self.schemes.iter().copied()),
            alpn: encode_list(self.alpn.iter().map(|protocol| ProtocolName(protocol))),
        };
    }

    pub(crate) fn set_suites(&mut self, ids: &[CipherSuite]) -> Result<(), ConfigError> {
        let find = |id: &CipherSuite| Suite::find(*id).ok_or(ConfigError::UnknownSuite(*id));
        self.suites = not_empty(ids.iter().map(find).collect::<Result<_, _>>()?)?;
        self.encode();
        Ok(())
    }

    pub(crate) fn set_groups(&mut self, groups: &[NamedGroup]) -> Result<(), ConfigError> {
        let check = |id: &NamedGroup| match self.provider.group(*id) {
            Some(_) => Ok(*id),
            None => Err(ConfigError::UnknownGroup(*id)),
        };
        self.groups = not_empty(groups.iter().map(check).collect::<Result<_, _>>()?)?;
        self.encode();
        Ok(())
    }

    pub(crate) fn set_schemes(&mut self, schemes: &[SignatureScheme]) -> Result<(), ConfigError> {
        let check = |scheme: &SignatureScheme| match self.provider.verifiers(*scheme) {
            [] => Err(ConfigError::UnknownScheme(*scheme)),
            _ => Ok(*scheme),
        };
        self.schemes = not_empty(schemes.iter().map(check).collect::<Result<_, _>>()?)?;
        self.encode();
        Ok(())
    }

    pub(crate) fn set_record_size_limit(&mut self, limit: u16) -> Result<(), ConfigError> {
        // RFC 8449, 4: "An endpoint MUST NOT send a value lower than 64", nor more than the protocol allows.
        match (64..=MAX_PLAINTEXT).contains(&limit.into()) {
            true => self.record_size_limit = Some(limit),
            false => return Err(ConfigError::Limit),
        }
        Ok(())
    }

    pub(crate) fn set_max_send(&mut self, limit: usize) -> Result<(), ConfigError> {
        match (1..=MAX_PLAINTEXT).contains(&limit) {
            true => self.max_send = limit,
            false => return Err(ConfigError::Limit),
        }
        Ok(())
    }

    /// RFC 7301, 3.1: "opaque ProtocolName<1..2^8-1>"; a name of another length cannot be sent.
    pub(crate) fn set_alpn<'p>(&mut self, protocols: impl IntoIterator<Item = &'p [u8]>) {
        let fits = |protocol: &&[u8]| (1..=255).contains(&protocol.len());
        self.alpn = protocols.into_iter().filter(fits).map(<[u8]>::to_vec).collect();
        self.encode();
    }
}

fn not_empty<T>(list: Vec<T>) -> Result<Vec<T>, ConfigError> {
    if list.is_empty() { Err(ConfigError::Empty) } else { Ok(list) }
}

/// The methods that set them, for a configuration with a field `settings`.
macro_rules! settings_methods {
    () => {
        /// The protocols of ALPN (RFC 7301), in order of preference. Names have 1 to 255 bytes; a name of
        /// another length cannot be sent and is left out.
        pub fn with_alpn<'p>(mut self, protocols: impl IntoIterator<Item = &'p [u8]>) -> Self {
            self.settings.set_alpn(protocols);
            self.rebound()
        }

        /// The cipher suites, in order of preference; by default [`SUITES`](crate::crypto::SUITES).
        /// A suite that this crate does not have, and an empty list, are errors.
        pub fn with_suites(
            mut self,
            suites: &[crate::wire::CipherSuite],
        ) -> Result<Self, crate::handshake::ConfigError> {
            self.settings.set_suites(suites)?;
            Ok(self)
        }

        /// The groups, in order of preference; by default those of the provider.
        /// A group that the provider does not have, and an empty list, are errors.
        pub fn with_groups(
            mut self,
            groups: &[crate::wire::NamedGroup],
        ) -> Result<Self, crate::handshake::ConfigError> {
            self.settings.set_groups(groups)?;
            Ok(self)
        }

        /// What the peer may sign with, in order of preference; by default all that the provider verifies.
        /// A scheme that the provider does not have, and an empty list, are errors.
        pub fn with_peer_schemes(
            mut self,
            schemes: &[crate::wire::SignatureScheme],
        ) -> Result<Self, crate::handshake::ConfigError> {
            self.settings.set_schemes(schemes)?;
            Ok(self)
        }

        /// Tells the peer to send records of at most `limit` bytes of plaintext, 64 to 16 384 (RFC 8449);
        /// another value is an error.
        pub fn with_record_size_limit(mut self, limit: u16) -> Result<Self, crate::handshake::ConfigError> {
            self.settings.set_record_size_limit(limit)?;
            Ok(self)
        }

        /// Sends records of at most `limit` bytes of plaintext, 1 to 16 384; another value is an error.
        pub fn with_max_send_fragment(mut self, limit: usize) -> Result<Self, crate::handshake::ConfigError> {
            self.settings.set_max_send(limit)?;
            Ok(self)
        }

        /// Reads Certificate messages of at most `limit` bytes; 64 KiB by default, 16 MiB is the most there is.
        /// While such a message is read, the peer can make the handshake take 30 times as much memory.
        pub fn with_max_certificate(mut self, limit: usize) -> Self {
            self.settings.max_certificate = limit;
            self
        }

        /// Writes the master secret of every connection to `log`, in the NSS format. Whoever reads the log can
        /// read the connections.
        pub fn with_key_log(mut self, log: alloc::sync::Arc<dyn crate::schedule::KeyLog>) -> Self {
            self.settings.key_log = Some(log);
            self
        }

        /// Ends the connection when the peer wants to renegotiate, in place of a warning (RFC 5246, 7.2.2). A client
        /// does not put up with a HelloRequest in the middle of a handshake either, which it otherwise ignores.
        pub fn with_fatal_renegotiation(mut self) -> Self {
            self.settings.renegotiation = crate::handshake::Renegotiation::Fatal;
            self
        }

        /// Also speaks to peers without the extended master secret (RFC 7627). Such a connection has no exporter
        /// and no channel binding, and its session is not resumed unless another option says so by name.
        pub fn dangerous_without_extended_master_secret(mut self) -> Self {
            self.settings.extended_master_secret = crate::handshake::ExtendedMasterSecret::Preferred;
            self
        }

        /// Also asks for a verdict on peers whose certificate has a key usage that keeps its key from signing
        /// (RFC 5280, 4.2.1.3), and believes their signatures. Some old devices have such certificates.
        ///
        /// The verdict is the verifier's all the same: the one of this crate refuses them, so it takes another one,
        /// to which [`Leaf::may_sign`](crate::pki::Leaf::may_sign) tells which they are.
        pub fn dangerous_any_key_usage(mut self) -> Self {
            self.settings.key_usage = crate::handshake::KeyUsage::Ignored;
            self.rebound()
        }
    };
}
pub(crate) use settings_methods;
