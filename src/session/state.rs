//! What is resumed.

use alloc::{sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use pki_types::{CertificateDer, UnixTime};

use super::{
    NotResumed,
    id::{Partition, SessionContext},
};
use crate::{
    crypto::{Secret, SecretVec},
    wire::{CipherSuite, DecodeError, NamedGroup, ProtocolVersion, Reader, SignatureScheme, Writer},
};

/// The most application data that a session carries, in bytes.
pub const MAX_APPLICATION_DATA: usize = 4 * 1024;
/// The most certificates of a peer that a session carries, in bytes.
pub const MAX_PEER_CHAIN: usize = 24 * 1024;
/// The version of the encoding that is written.
const FORMAT: u8 = 1;
/// Everything in the encoding that always has the same length.
const FIXED_LEN: usize = 1 + 2 + 2 + 1 + 48 + 32 + Partition::LEN + 16 + 8 + 8 + 4 + 2 + 2;
/// The extended master secret was used (RFC 7627).
const FLAG_EXTENDED_MASTER_SECRET: u8 = 1;

/// What every resumption of the same full handshake shares: 16 random bytes, public. Each side draws its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Lineage(pub [u8; 16]);

impl fmt::Display for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::id::hex(&self.0, f)
    }
}

impl fmt::Debug for Lineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who the peer proved to be in the full handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPeer {
    /// Leaf first, DER.
    pub chain: Arc<[CertificateDer<'static>]>,
    /// When the first of them ceases to be valid, in seconds since 1970; looked at again on every resumption (R4).
    pub not_after: u64,
}

/// What a session is made of.
#[derive(Debug)]
pub struct SessionParts {
    /// Of the connection that made the session, and of every one that resumes it (R6).
    pub suite: CipherSuite,
    /// The master secret.
    pub master_secret: Secret<48>,
    /// Whether the master secret is the extended one (RFC 7627).
    pub extended_master_secret: bool,
    /// The host name of the hello, if there was one (R2); kept in lower case. At most 255 bytes.
    pub server_name: Option<Vec<u8>>,
    /// The protocol that was agreed on (RFC 7301), 1 to 255 bytes.
    pub alpn: Option<Vec<u8>>,
    /// The security domain (R3).
    pub context: SessionContext,
    /// The part of the cache.
    pub partition: Partition,
    /// Shared by all resumptions of one full handshake.
    pub lineage: Lineage,
    /// The time of the full handshake in seconds since 1970 (R27).
    pub authenticated_at: u64,
    /// The time at which this ticket or entry was made, in seconds since 1970.
    pub issued_at: u64,
    /// For how many seconds from then on it is resumed.
    pub lifetime: u32,
    /// The client's certificates, if it presented some and they were verified (R30).
    pub peer: Option<SessionPeer>,
    /// What the client signed with, if it did.
    pub peer_scheme: Option<SignatureScheme>,
    /// The group of the key exchange.
    pub group: Option<NamedGroup>,
    /// What the server's application binds into the session and gets back on resumption: at most
    /// [`MAX_APPLICATION_DATA`] bytes, and empty for none.
    pub application_data: SecretVec,
}

/// A part of a session is longer than a session can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTooLarge;

impl fmt::Display for SessionTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a name, the peer's certificates or the application data are longer than a session carries",
        )
    }
}

impl core::error::Error for SessionTooLarge {}

/// What is resumed: the master secret, and what was agreed and proven when it was made. Secret; wiped on drop.
///
/// # Encoding
///
/// Whatever this crate ever sealed stays readable by later versions of it for at least the 7 days that a session can
/// live. Version 1, integers with the most significant byte first:
///
/// ```text
/// struct {
///     uint8  format = 1;
///     uint16 version = 0x0303;
///     uint16 suite;
///     uint8  flags;                      // 1: extended master secret; no other
///     opaque master_secret[48];
///     opaque context[32];
///     opaque partition[32];
///     opaque lineage[16];
///     uint64 authenticated_at;           // seconds since 1970
///     uint64 issued_at;
///     uint32 lifetime;                   // seconds
///     uint16 peer_scheme;                // 0: none
///     uint16 group;                      // 0: none
///     opaque server_name<0..2^8-1>;      // empty: none
///     opaque alpn<0..2^8-1>;             // empty: none
///     opaque application_data<0..2^12>;
///     opaque peer<0..2^24-1>;            // empty, or: uint64 not_after; opaque certificate<1..2^24-1>[..]
/// } Session;
/// ```
pub struct Session(SessionParts);

impl Session {
    /// Checks the lengths and takes over the parts.
    pub fn new(mut parts: SessionParts) -> Result<Self, SessionTooLarge> {
        let fits = |name: &Option<Vec<u8>>| name.as_ref().is_none_or(|name| (1..=255).contains(&name.len()));
        let peer = parts.peer.as_ref().map_or(0, peer_len);
        if !fits(&parts.server_name)
            || !fits(&parts.alpn)
            || parts.application_data.expose().len() > MAX_APPLICATION_DATA
            || peer > MAX_PEER_CHAIN
        {
            return Err(SessionTooLarge);
        }
        if let Some(name) = &mut parts.server_name {
            name.make_ascii_lowercase();
        }
        Ok(Self(parts))
    }

    /// What a renewed ticket contains (flow 2 of RFC 5077): the same session, with its master secret, its original
    /// authentication time and its lineage, issued at `now` for `lifetime` seconds.
    pub fn renewed(mut self, now: UnixTime, lifetime: u32) -> Self {
        (self.0.issued_at, self.0.lifetime) = (now.as_secs(), lifetime);
        self
    }

    /// Always TLS 1.2 (R6).
    pub fn version(&self) -> ProtocolVersion {
        ProtocolVersion::TLS1_2
    }

    /// The cipher suite.
    pub fn suite(&self) -> CipherSuite {
        self.0.suite
    }

    /// The master secret, 48 bytes.
    pub fn master_secret(&self) -> &Secret<48> {
        &self.0.master_secret
    }

    /// Whether the master secret is the extended one (RFC 7627).
    pub fn extended_master_secret(&self) -> bool {
        self.0.extended_master_secret
    }

    /// The host name that it was made under, in lower case.
    pub fn server_name(&self) -> Option<&[u8]> {
        self.0.server_name.as_deref()
    }

    /// The protocol of the connection that made it. It is not inherited (R8).
    pub fn alpn(&self) -> Option<&[u8]> {
        self.0.alpn.as_deref()
    }

    /// The security domain.
    pub fn context(&self) -> &SessionContext {
        &self.0.context
    }

    /// The part of the cache.
    pub fn partition(&self) -> &Partition {
        &self.0.partition
    }

    /// Shared by all resumptions of one full handshake.
    pub fn lineage(&self) -> Lineage {
        self.0.lineage
    }

    /// The time of the full handshake, in seconds since 1970.
    pub fn authenticated_at(&self) -> u64 {
        self.0.authenticated_at
    }

    /// The time at which this ticket or entry was made, in seconds since 1970.
    pub fn issued_at(&self) -> u64 {
        self.0.issued_at
    }

    /// For how many seconds from then on it is resumed.
    pub fn lifetime(&self) -> u32 {
        self.0.lifetime
    }

    /// How long ago the full handshake was; nothing if the clock says that it is still to come.
    pub fn age(&self, now: UnixTime) -> Duration {
        Duration::from_secs(now.as_secs().saturating_sub(self.0.authenticated_at))
    }

    /// Who the client proved to be.
    pub fn peer(&self) -> Option<&SessionPeer> {
        self.0.peer.as_ref()
    }

    /// What the client signed with.
    pub fn peer_scheme(&self) -> Option<SignatureScheme> {
        self.0.peer_scheme
    }

    /// The group of the key exchange.
    pub fn group(&self) -> Option<NamedGroup> {
        self.0.group
    }

    /// What the server's application bound into the session.
    pub fn application_data(&self) -> &[u8] {
        self.0.application_data.expose()
    }

    /// Another session with other application data; more than [`MAX_APPLICATION_DATA`] bytes are an error.
    pub fn with_application_data(mut self, data: SecretVec) -> Result<Self, SessionTooLarge> {
        self.0.application_data = data;
        Self::new(self.0)
    }

    /// The same session with zeros where its master secret and the application's data were, as long as before.
    #[cfg(feature = "replay")]
    pub(crate) fn without_secrets(&self) -> Self {
        let parts = &self.0;
        Self(SessionParts {
            suite: parts.suite,
            master_secret: Secret::fill(|_| {}),
            extended_master_secret: parts.extended_master_secret,
            server_name: parts.server_name.clone(),
            alpn: parts.alpn.clone(),
            context: parts.context,
            partition: parts.partition,
            lineage: parts.lineage,
            authenticated_at: parts.authenticated_at,
            issued_at: parts.issued_at,
            lifetime: parts.lifetime,
            peer: parts.peer.clone(),
            peer_scheme: parts.peer_scheme,
            group: parts.group,
            application_data: SecretVec::new(alloc::vec![0; parts.application_data.expose().len()]),
        })
    }

    /// The encoding above; it contains the master secret.
    pub fn encode(&self) -> SecretVec {
        let parts = &self.0;
        // The exact length, so that the vector never moves and leaves no copy of the secret behind.
        let mut out = Vec::with_capacity(self.encoded_len());
        let mut w = Writer::new(&mut out);
        w.u8(FORMAT);
        w.u16(self.version().0);
        w.u16(parts.suite.0);
        w.u8(if parts.extended_master_secret { FLAG_EXTENDED_MASTER_SECRET } else { 0 });
        w.bytes(parts.master_secret.expose());
        w.bytes(&parts.context.0);
        w.bytes(parts.partition.as_bytes());
        w.bytes(&parts.lineage.0);
        w.u64(parts.authenticated_at);
        w.u64(parts.issued_at);
        w.u32(parts.lifetime);
        w.u16(parts.peer_scheme.map_or(0, |scheme| scheme.0));
        w.u16(parts.group.map_or(0, |group| group.0));
        w.u8_prefixed(|w| w.bytes(parts.server_name.as_deref().unwrap_or_default()));
        w.u8_prefixed(|w| w.bytes(parts.alpn.as_deref().unwrap_or_default()));
        w.u16_prefixed(|w| w.bytes(parts.application_data.expose()));
        write_peer(&mut w, parts.peer.as_ref());
        SecretVec::new(out)
    }

    #[expect(
        clippy::arithmetic_side_effects,
        reason = "a sum of lengths of what `Session::new` has measured"
    )]
    fn encoded_len(&self) -> usize {
        let len = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len);
        let names = len(self.server_name()) + len(self.alpn()) + self.application_data().len();
        FIXED_LEN + 1 + 1 + 2 + 3 + names + self.peer().map_or(0, peer_len)
    }

    /// Reads the encoding above; anything else is [`NotResumed::UnknownFormat`].
    pub fn decode(bytes: &[u8]) -> Result<Self, NotResumed> {
        let mut reader = Reader::new(bytes);
        match reader.u8() {
            Ok(FORMAT) => {}
            Ok(_) | Err(_) => return Err(NotResumed::UnknownFormat),
        }
        read(&mut reader).ok().and_then(|parts| Self::new(parts).ok()).ok_or(NotResumed::UnknownFormat)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("suite", &self.0.suite)
            .field("lineage", &self.0.lineage)
            .field("authenticated_at", &self.0.authenticated_at)
            .field("issued_at", &self.0.issued_at)
            .finish_non_exhaustive()
    }
}

/// Version 1, behind its first byte.
fn read(reader: &mut Reader<'_>) -> Result<SessionParts, DecodeError> {
    if reader.u16()? != ProtocolVersion::TLS1_2.0 {
        return Err(DecodeError::UnknownFormat);
    }
    let suite = CipherSuite(reader.u16()?);
    let extended_master_secret = match reader.u8()? {
        0 => false,
        FLAG_EXTENDED_MASTER_SECRET => true,
        _ => return Err(DecodeError::UnknownFormat),
    };
    let parts = SessionParts {
        suite,
        extended_master_secret,
        master_secret: read_secret(reader)?,
        context: SessionContext(reader.array()?),
        partition: Partition::from_bytes(reader.array()?),
        lineage: Lineage(reader.array()?),
        authenticated_at: reader.u64()?,
        issued_at: reader.u64()?,
        lifetime: reader.u32()?,
        peer_scheme: Some(reader.u16()?).filter(|code| *code != 0).map(SignatureScheme),
        group: Some(reader.u16()?).filter(|code| *code != 0).map(NamedGroup),
        server_name: not_empty(reader.u8_prefixed()?),
        alpn: not_empty(reader.u8_prefixed()?),
        application_data: SecretVec::copy_of(reader.u16_prefixed()?),
        peer: read_peer(reader.u24_prefixed()?)?,
    };
    reader.end()?;
    Ok(parts)
}

/// Reads `N` secret bytes without leaving a copy on the stack.
pub(super) fn read_secret<const N: usize>(reader: &mut Reader<'_>) -> Result<Secret<N>, DecodeError> {
    reader.take(N).map(Secret::copy_of)
}

pub(super) fn not_empty(bytes: &[u8]) -> Option<Vec<u8>> {
    (!bytes.is_empty()).then(|| bytes.to_vec())
}

/// The length of a peer's encoding in bytes, without the length in front of it.
pub(super) fn peer_len(peer: &SessionPeer) -> usize {
    peer.chain
        .iter()
        .fold(8_usize, |len, certificate| len.saturating_add(certificate.len()).saturating_add(3))
}

pub(super) fn write_peer(w: &mut Writer<'_>, peer: Option<&SessionPeer>) {
    w.u24_prefixed(|w| {
        if let Some(peer) = peer {
            w.u64(peer.not_after);
            peer.chain.iter().for_each(|certificate| w.u24_prefixed(|w| w.bytes(certificate)));
        }
    });
}

pub(super) fn read_peer(bytes: &[u8]) -> Result<Option<SessionPeer>, DecodeError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let mut reader = Reader::new(bytes);
    let not_after = reader.u64()?;
    let mut chain = Vec::new();
    while !reader.is_empty() {
        chain.push(CertificateDer::from(reader.u24_prefixed()?.to_vec()));
    }
    match chain.is_empty() {
        true => Err(DecodeError::Empty),
        false => Ok(Some(SessionPeer { chain: chain.into(), not_after })),
    }
}
