//! A session as a client keeps it.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

use pki_types::UnixTime;

use super::{
    Lineage, NotResumed, SessionContext, SessionPeer,
    judge::age,
    policy::{DEFAULT_AUTHENTICATION_LIFETIME, DEFAULT_LIFETIME, MAX_LIFETIME},
    state::{MAX_PEER_CHAIN, SessionTooLarge, not_empty, peer_len, read_peer, read_secret, write_peer},
};
use crate::{
    crypto::{Secret, SecretVec},
    wire::{
        CipherSuite, Decode, DecodeError, Encode, NamedGroup, ProtocolVersion, Reader, SessionId,
        SignatureScheme, Writer,
    },
};

/// The version of the encoding that is written.
const FORMAT: u8 = 2;
/// The first version: without what came of the server's signature, its share and its staple.
const FORMAT_1: u8 = 1;
const BY_ID: u8 = 0;
const BY_TICKET: u8 = 1;

/// What a client offers to have its session resumed. R25: a client that got a ticket keeps no ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientToken {
    /// The ID that the server gave it, 1 to 32 bytes.
    SessionId(SessionId),
    /// A ticket (RFC 5077): nobody but the server looks inside (R24).
    Ticket {
        /// 1 to 65 535 bytes.
        ticket: Vec<u8>,
        /// For how many seconds the server says it will take it; zero says nothing.
        lifetime_hint: u32,
    },
}

/// What a client's session is made of.
#[derive(Debug)]
pub struct ClientSessionParts {
    /// Whom the client meant to reach, as text in lower case: a host name or an address, 1 to 255 bytes (R7).
    pub server: String,
    /// A digest of what the client trusted when it verified the server: roots, verifier, own certificate (R7).
    pub trust: SessionContext,
    /// What is offered.
    pub token: ClientToken,
    /// The cipher suite.
    pub suite: CipherSuite,
    /// The master secret.
    pub master_secret: Secret<48>,
    /// Whether the master secret is the extended one (RFC 7627).
    pub extended_master_secret: bool,
    /// When the ID or ticket came, in seconds since 1970.
    pub received_at: u64,
    /// The time of the full handshake, in seconds since 1970 (R27).
    pub authenticated_at: u64,
    /// Drawn by the client in the full handshake, and shared by all that resume it.
    pub lineage: Lineage,
    /// The protocol of the connection that made it, 1 to 255 bytes; it is not inherited (R8).
    pub alpn: Option<Vec<u8>>,
    /// The server's certificates, which were verified (R30).
    pub peer: Option<SessionPeer>,
    /// What the server signed the full handshake with.
    pub peer_scheme: Option<SignatureScheme>,
    /// The group of the key exchange.
    pub group: Option<NamedGroup>,
    /// The OCSP response that the server stapled in the full handshake, 1 to 65 535 bytes.
    pub ocsp: Option<Arc<[u8]>>,
}

/// A session as a client keeps it: ID or ticket, and the secret. Wiped on drop.
///
/// # Encoding
///
/// [`to_bytes`](Self::to_bytes) contains the master secret: whoever reads it can read and join the connections of the
/// session. What a version of this crate wrote, later ones with the same major version read. Integers with
/// the most significant byte first:
///
/// ```text
/// struct {
///     uint8  format = 2;
///     uint16 version = 0x0303;
///     uint16 suite;
///     uint8  flags;                      // 1: extended master secret; no other
///     opaque master_secret[48];
///     opaque trust[32];
///     opaque lineage[16];
///     uint64 received_at;                // seconds since 1970
///     uint64 authenticated_at;
///     opaque server<1..2^8-1>;
///     opaque alpn<0..2^8-1>;             // empty: none
///     uint8  token;
///     select (token) {
///         case 0: opaque session_id<1..32>;
///         case 1: uint32 lifetime_hint; opaque ticket<1..2^16-1>;
///     };
///     opaque peer<0..2^24-1>;            // empty, or: uint64 not_after; opaque certificate<1..2^24-1>[..]
///     uint16 peer_scheme;                // 0: none
///     uint16 group;                      // 0: none
///     opaque ocsp<0..2^16-1>;            // empty: none
/// } ClientSession;
/// ```
///
/// In format 1 the last three are missing; it is still read.
pub struct ClientSession(Arc<ClientSessionParts>);

impl ClientSession {
    /// Checks the lengths and takes over the parts.
    pub fn new(mut parts: ClientSessionParts) -> Result<Self, SessionTooLarge> {
        let token = match &parts.token {
            ClientToken::SessionId(id) => !id.is_empty(),
            ClientToken::Ticket { ticket, .. } => (1..=usize::from(u16::MAX)).contains(&ticket.len()),
        };
        let alpn = parts.alpn.as_ref().is_none_or(|name| (1..=255).contains(&name.len()));
        let peer = parts.peer.as_ref().map_or(0, peer_len) <= MAX_PEER_CHAIN;
        let ocsp = parts.ocsp.as_ref().is_none_or(|ocsp| (1..=usize::from(u16::MAX)).contains(&ocsp.len()));
        if !(token && alpn && peer && ocsp && (1..=255).contains(&parts.server.len())) {
            return Err(SessionTooLarge);
        }
        parts.server.make_ascii_lowercase();
        Ok(Self(Arc::new(parts)))
    }

    /// Whom the client meant to reach, in lower case.
    pub fn server(&self) -> &str {
        &self.0.server
    }

    /// A digest of what the client trusted then.
    pub fn trust(&self) -> &SessionContext {
        &self.0.trust
    }

    /// What is offered.
    pub fn token(&self) -> &ClientToken {
        &self.0.token
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

    /// When the ID or ticket came, in seconds since 1970.
    pub fn received_at(&self) -> u64 {
        self.0.received_at
    }

    /// The time of the full handshake, in seconds since 1970.
    pub fn authenticated_at(&self) -> u64 {
        self.0.authenticated_at
    }

    /// Shared by all that resume the same full handshake.
    pub fn lineage(&self) -> Lineage {
        self.0.lineage
    }

    /// The protocol of the connection that made it.
    pub fn alpn(&self) -> Option<&[u8]> {
        self.0.alpn.as_deref()
    }

    /// Who the server proved to be.
    pub fn peer(&self) -> Option<&SessionPeer> {
        self.0.peer.as_ref()
    }

    /// What the server signed the full handshake with.
    pub fn peer_scheme(&self) -> Option<SignatureScheme> {
        self.0.peer_scheme
    }

    /// The group of the key exchange.
    pub fn group(&self) -> Option<NamedGroup> {
        self.0.group
    }

    /// The OCSP response that the server stapled in the full handshake.
    pub fn ocsp(&self) -> Option<&Arc<[u8]>> {
        self.0.ocsp.as_ref()
    }

    /// For how many seconds after it came it is offered: what the server said, and where it said nothing (an ID, or a
    /// hint of zero) 10 hours (R24); never more than 7 days.
    pub fn lifetime(&self) -> u64 {
        let said = match &self.0.token {
            ClientToken::SessionId(_) | ClientToken::Ticket { lifetime_hint: 0, .. } => {
                DEFAULT_LIFETIME.as_secs()
            }
            ClientToken::Ticket { lifetime_hint, .. } => u64::from(*lifetime_hint),
        };
        said.min(MAX_LIFETIME.as_secs())
    }

    /// Whether it may be offered at `now`, or why not: it is past its lifetime (R24), or the server's
    /// certificate is no longer valid, or it comes from the future, which is [`NotResumed::Expired`]; or its full
    /// handshake was 24 hours ago (R27), which is [`NotResumed::AuthenticationTooOld`].
    pub fn check_age(&self, now: UnixTime) -> Result<(), NotResumed> {
        let now = now.as_secs();
        let young = |then: u64, most: u64| age(then, now).is_some_and(|age| age < most);
        let valid = self.0.peer.as_ref().is_none_or(|peer| peer.not_after >= now);
        if !young(self.0.received_at, self.lifetime()) || !valid {
            return Err(NotResumed::Expired);
        }
        match young(self.0.authenticated_at, DEFAULT_AUTHENTICATION_LIFETIME.as_secs()) {
            true => Ok(()),
            false => Err(NotResumed::AuthenticationTooOld),
        }
    }

    /// Whether [`check_age`](Self::check_age) has nothing against it.
    pub fn is_usable(&self, now: UnixTime) -> bool {
        self.check_age(now).is_ok()
    }

    /// The same session with the ticket that renewed it at `now` (R26).
    pub fn renewed(
        &self,
        ticket: Vec<u8>,
        lifetime_hint: u32,
        now: UnixTime,
    ) -> Result<Self, SessionTooLarge> {
        let token = ClientToken::Ticket { ticket, lifetime_hint };
        Self::new(self.with(token, self.0.master_secret.duplicate(), now.as_secs()))
    }

    /// The same session with zeros where its master secret was.
    #[cfg(feature = "replay")]
    pub(crate) fn without_secrets(&self) -> Self {
        Self(Arc::new(self.with(self.0.token.clone(), Secret::fill(|_| {}), self.0.received_at)))
    }

    fn with(&self, token: ClientToken, master_secret: Secret<48>, received_at: u64) -> ClientSessionParts {
        let parts = &*self.0;
        ClientSessionParts {
            server: parts.server.clone(),
            trust: parts.trust,
            token,
            suite: parts.suite,
            master_secret,
            extended_master_secret: parts.extended_master_secret,
            received_at,
            authenticated_at: parts.authenticated_at,
            lineage: parts.lineage,
            alpn: parts.alpn.clone(),
            peer: parts.peer.clone(),
            peer_scheme: parts.peer_scheme,
            group: parts.group,
            ocsp: parts.ocsp.clone(),
        }
    }

    /// The same session once more. The secret is in memory once, and is wiped when the last of them is gone.
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// The encoding above. It contains the master secret.
    pub fn to_bytes(&self) -> SecretVec {
        let parts = &self.0;
        // Large enough, so that the vector never moves and leaves no copy of the secret behind.
        let mut out = Vec::with_capacity(self.encoded_len_at_most());
        let mut w = Writer::new(&mut out);
        w.u8(FORMAT);
        w.u16(self.version().0);
        w.u16(parts.suite.0);
        w.u8(u8::from(parts.extended_master_secret));
        w.bytes(parts.master_secret.expose());
        w.bytes(&parts.trust.0);
        w.bytes(&parts.lineage.0);
        w.u64(parts.received_at);
        w.u64(parts.authenticated_at);
        w.u8_prefixed(|w| w.bytes(parts.server.as_bytes()));
        w.u8_prefixed(|w| w.bytes(parts.alpn.as_deref().unwrap_or_default()));
        match &parts.token {
            ClientToken::SessionId(id) => {
                w.u8(BY_ID);
                id.write(&mut w);
            }
            ClientToken::Ticket { ticket, lifetime_hint } => {
                w.u8(BY_TICKET);
                w.u32(*lifetime_hint);
                w.u16_prefixed(|w| w.bytes(ticket));
            }
        }
        write_peer(&mut w, parts.peer.as_ref());
        w.u16(parts.peer_scheme.map_or(0, |scheme| scheme.0));
        w.u16(parts.group.map_or(0, |group| group.0));
        w.u16_prefixed(|w| w.bytes(parts.ocsp.as_deref().unwrap_or_default()));
        SecretVec::new(out)
    }

    fn encoded_len_at_most(&self) -> usize {
        let ticket = match &self.0.token {
            ClientToken::SessionId(_) => 0,
            ClientToken::Ticket { ticket, .. } => ticket.len(),
        };
        let ocsp = self.0.ocsp.as_ref().map_or(0, |ocsp| ocsp.len());
        // Everything else, with both names at their longest.
        [ticket, ocsp, self.0.peer.as_ref().map_or(0, peer_len)].into_iter().fold(1024, usize::saturating_add)
    }

    /// Reads the encoding above. Another version is [`DecodeError::UnknownFormat`], and everything else that is wrong
    /// is told as of a message.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let format = reader.u8()?;
        if ![FORMAT_1, FORMAT].contains(&format) || reader.u16()? != ProtocolVersion::TLS1_2.0 {
            return Err(DecodeError::UnknownFormat);
        }
        let mut parts = read(&mut reader)?;
        if format == FORMAT {
            read_proofs(&mut reader, &mut parts)?;
        }
        reader.end()?;
        Self::new(parts).map_err(|SessionTooLarge| DecodeError::TooLong)
    }
}

fn read(reader: &mut Reader<'_>) -> Result<ClientSessionParts, DecodeError> {
    Ok(ClientSessionParts {
        suite: CipherSuite(reader.u16()?),
        extended_master_secret: match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(DecodeError::UnknownFormat),
        },
        master_secret: read_secret(reader)?,
        trust: SessionContext(reader.array()?),
        lineage: Lineage(reader.array()?),
        received_at: reader.u64()?,
        authenticated_at: reader.u64()?,
        server: read_text(reader.u8_prefixed()?)?,
        alpn: not_empty(reader.u8_prefixed()?),
        token: read_token(reader)?,
        peer: read_peer(reader.u24_prefixed()?)?,
        peer_scheme: None,
        group: None,
        ocsp: None,
    })
}

/// What format 1 does not have.
fn read_proofs(reader: &mut Reader<'_>, parts: &mut ClientSessionParts) -> Result<(), DecodeError> {
    parts.peer_scheme = Some(reader.u16()?).filter(|code| *code != 0).map(SignatureScheme);
    parts.group = Some(reader.u16()?).filter(|code| *code != 0).map(NamedGroup);
    parts.ocsp = not_empty(reader.u16_prefixed()?).map(Arc::from);
    Ok(())
}

fn read_text(bytes: &[u8]) -> Result<String, DecodeError> {
    match core::str::from_utf8(bytes) {
        Ok("") => Err(DecodeError::Empty),
        Ok(text) => Ok(text.into()),
        Err(_) => Err(DecodeError::UnknownFormat),
    }
}

fn read_token(reader: &mut Reader<'_>) -> Result<ClientToken, DecodeError> {
    match reader.u8()? {
        BY_ID => match SessionId::read(reader)? {
            id if id.is_empty() => Err(DecodeError::Empty),
            id => Ok(ClientToken::SessionId(id)),
        },
        BY_TICKET => {
            let lifetime_hint = reader.u32()?;
            let ticket = not_empty(reader.u16_prefixed()?).ok_or(DecodeError::Empty)?;
            Ok(ClientToken::Ticket { ticket, lifetime_hint })
        }
        _ => Err(DecodeError::UnknownFormat),
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession")
            .field("server", &self.0.server)
            .field("suite", &self.0.suite)
            .field("lineage", &self.0.lineage)
            .field("received_at", &self.0.received_at)
            .finish_non_exhaustive()
    }
}
