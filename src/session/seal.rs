//! Sessions to sealed bytes and back.
//!
//! ```text
//! struct {
//!     opaque key_name[16];
//!     opaque salt[32];
//!     opaque sealed<16..>;     // AES-256-GCM of a Session, with its tag of 16 bytes
//! }
//! ```
//!
//! The key is HKDF-Expand (SHA-256) of the ring's key under a label that names the purpose, and the salt; it seals once,
//! so the nonce is zero (R19). The
//! additional data is the purpose (`ticket`, or `store` and the [`StoreKey`]), the version of this format, the key
//! name and the salt, so that everything outside of the ciphertext is authenticated, and no ticket can be passed off
//! as a stored session, nor an entry of a store as another (R18, R32).
//!
//! The [`SessionContext`](super::SessionContext) and the [`Partition`](super::Partition) travel inside of the seal,
//! and [`judge`](super::judge()) compares them. In the additional data they would be bound as firmly, but a session of
//! another domain would then look like a forgery, and nobody could tell a misconfigured fleet from an attack.

use alloc::{vec, vec::Vec};

use pki_types::UnixTime;
use zeroize::Zeroizing;

use super::{
    KeyName, KeyRing, KeyState, NotResumed, SealedSession, Session, StoreKey, TicketKey, kdf::SALT_LEN,
};
use crate::{
    crypto::{AeadAlgorithm, Provider, TAG_LEN, copy},
    wire::Reader,
};

/// The longest ticket, and the longest entry of a store, in bytes. What is longer was not sealed here (R18).
pub const MAX_SEALED: usize = 32 * 1024;
/// Key name, salt and tag.
const OVERHEAD: usize = 16 + SALT_LEN + TAG_LEN;
/// Of what is above; the encoding of the session inside has its own.
const FORMAT: u8 = 2;

/// What something is sealed for.
#[derive(Clone, Copy)]
enum Purpose<'k> {
    Ticket,
    Store(&'k StoreKey),
}

impl Purpose<'_> {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Ticket => b"tls12 seal ticket",
            Self::Store(_) => b"tls12 seal store",
        }
    }

    /// The label has a fixed number of bytes per purpose, and so has everything behind it: no two are alike.
    fn additional_data(self, name: &KeyName, salt: &[u8; SALT_LEN]) -> AdditionalData {
        let key: &[u8] = match self {
            Self::Ticket => &[],
            Self::Store(key) => &key.hash,
        };
        let mut data = AdditionalData { bytes: [0; MOST_ADDITIONAL_DATA], len: 0 };
        for part in [self.label(), key, &[FORMAT], &name.0, salt] {
            let place = data.bytes.get_mut(data.len..).unwrap_or_default();
            data.len = data.len.saturating_add(copy(place, part));
        }
        data
    }
}

/// The longest label, a [`StoreKey`], the format, the key name and the salt.
const MOST_ADDITIONAL_DATA: usize = 17 + 32 + 1 + 16 + SALT_LEN;

/// What is authenticated and not sealed.
struct AdditionalData {
    bytes: [u8; MOST_ADDITIONAL_DATA],
    len: usize,
}

impl AsRef<[u8]> for AdditionalData {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// A session that opened, not yet judged.
#[derive(Debug)]
pub struct OpenedTicket {
    /// What was sealed.
    pub session: Session,
    /// The key that opened it.
    pub key_name: KeyName,
    /// What that key does now: a ticket whose key does not seal any more may be worth renewing.
    pub key_state: KeyState,
}

impl KeyRing {
    /// A ticket with this session in it. `salt` is random and used once.
    ///
    /// `None` if no key may seal, or the session is too large for [`MAX_SEALED`]: then an empty ticket goes out (R15).
    pub fn seal_ticket(
        &self,
        provider: &Provider,
        session: &Session,
        salt: &[u8; SALT_LEN],
        now: UnixTime,
    ) -> Option<Vec<u8>> {
        seal(provider, self.sealing_key(now)?, session, salt, Purpose::Ticket)
    }

    /// Opens what a client says is a ticket. Whatever does not open has a reason, and is never an error (R18).
    ///
    /// Longer than [`MAX_SEALED`] is [`NotResumed::TooLong`]; shorter than anything that is sealed here (65 bytes) is
    /// [`NotResumed::UnknownFormat`], as other servers and some tests have it.
    pub fn open_ticket(
        &self,
        provider: &Provider,
        ticket: &[u8],
        now: UnixTime,
    ) -> Result<OpenedTicket, NotResumed> {
        self.open(provider, ticket, Purpose::Ticket, now)
    }

    /// A session for a store, bound to the key that it lies under (R32); `None` as for
    /// [`seal_ticket`](Self::seal_ticket).
    pub fn seal_stored(
        &self,
        provider: &Provider,
        key: &StoreKey,
        session: &Session,
        salt: &[u8; SALT_LEN],
        now: UnixTime,
    ) -> Option<SealedSession> {
        seal(provider, self.sealing_key(now)?, session, salt, Purpose::Store(key)).map(SealedSession)
    }

    /// Opens what a store says lies under `key`, with the reasons of [`open_ticket`](Self::open_ticket).
    pub fn open_stored(
        &self,
        provider: &Provider,
        key: &StoreKey,
        sealed: &SealedSession,
        now: UnixTime,
    ) -> Result<OpenedTicket, NotResumed> {
        self.open(provider, &sealed.0, Purpose::Store(key), now)
    }

    fn open(
        &self,
        provider: &Provider,
        sealed: &[u8],
        purpose: Purpose<'_>,
        now: UnixTime,
    ) -> Result<OpenedTicket, NotResumed> {
        #[cfg(feature = "replay")]
        if let Some(opening) = self.opening.as_ref().filter(|opening| opening.sealed == sealed) {
            return opening.opened();
        }
        if sealed.len() > MAX_SEALED {
            return Err(NotResumed::TooLong);
        }
        let sealed = Sealed::split(sealed).ok_or(NotResumed::UnknownFormat)?;
        let mut reason = self.why_not(&sealed.name.0);
        for key in self.matching(&sealed.name.0, now) {
            match sealed.open(provider, key, purpose) {
                Some(session) => {
                    let key_state = self.state_of(key, now);
                    return Ok(OpenedTicket { session: session?, key_name: key.name(), key_state });
                }
                None => reason = NotResumed::Forged,
            }
        }
        Err(reason)
    }
}

/// What something sealed contained, as somebody saw who had the key.
#[cfg(feature = "replay")]
pub(crate) struct Opening {
    pub(crate) sealed: Vec<u8>,
    pub(crate) opened: Result<OpenedTicket, NotResumed>,
}

#[cfg(feature = "replay")]
impl Opening {
    fn opened(&self) -> Result<OpenedTicket, NotResumed> {
        let OpenedTicket { session, key_name, key_state } = self.opened.as_ref().map_err(|why| *why)?;
        let session = session.without_secrets();
        Ok(OpenedTicket { session, key_name: *key_name, key_state: *key_state })
    }
}

#[cfg(feature = "replay")]
impl KeyRing {
    /// A ring that opens this, and has no key for it.
    pub(crate) fn with_opening(mut self, opening: Opening) -> Self {
        self.opening = Some(alloc::sync::Arc::new(opening));
        self
    }
}

/// The parts of what is sealed.
struct Sealed<'t> {
    name: KeyName,
    salt: [u8; SALT_LEN],
    ciphertext: &'t [u8],
}

impl<'t> Sealed<'t> {
    fn split(bytes: &'t [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (name, salt) = (KeyName(reader.array().ok()?), reader.array().ok()?);
        let ciphertext = reader.rest();
        (ciphertext.len() > TAG_LEN).then_some(Self { name, salt, ciphertext })
    }

    /// What is in it; `None` if it is not authentic.
    fn open(
        &self,
        provider: &Provider,
        key: &TicketKey,
        purpose: Purpose<'_>,
    ) -> Option<Result<Session, NotResumed>> {
        let secret = key.sealing_secret(&self.salt, purpose.label());
        let aad = purpose.additional_data(&self.name, &self.salt);
        let mut buffer = Zeroizing::new(self.ciphertext.to_vec());
        let opened =
            provider.aead(AeadAlgorithm::Aes256Gcm).open_once(secret.once(aad.as_ref()), &mut buffer).ok();
        opened.map(|plaintext| Session::decode(plaintext))
    }
}

fn seal(
    provider: &Provider,
    key: &TicketKey,
    session: &Session,
    salt: &[u8; SALT_LEN],
    purpose: Purpose<'_>,
) -> Option<Vec<u8>> {
    let plaintext = session.encode();
    let len = plaintext.expose().len().checked_add(OVERHEAD).filter(|len| *len <= MAX_SEALED)?;
    let secret = key.sealing_secret(salt, purpose.label());
    let name = key.name();
    let aad = purpose.additional_data(&name, salt);
    let mut out = vec![0; len];
    let (head, ciphertext) = out.split_at_mut_checked(16 + SALT_LEN)?;
    let (name_out, salt_out) = head.split_at_mut_checked(16)?;
    name_out.copy_from_slice(&key.name().0);
    salt_out.copy_from_slice(salt);
    provider
        .aead(AeadAlgorithm::Aes256Gcm)
        .seal_once(secret.once(aad.as_ref()), plaintext.expose(), ciphertext)
        .ok()?;
    Some(out)
}
