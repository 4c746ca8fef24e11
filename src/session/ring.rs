//! Keys that seal and open, and when.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, time::Duration};

use pki_types::UnixTime;
use subtle::ConstantTimeEq;

use super::{
    NotResumed,
    kdf::{SALT_LEN, SealingSecret},
};
use crate::crypto::{HmacSha256, Label, Secret, SecretVec, Seed};

/// The longest that a ring remembers that a key existed after erasing it, counted in keys.
const REMEMBERED: usize = 16;

/// For how long a key seals unless somebody says otherwise: 12 hours. R22 wants at most 24.
pub const DEFAULT_PERIOD: Duration = Duration::from_secs(12 * 60 * 60);

/// The public name of a ticket key: what a ticket begins with. 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KeyName(pub [u8; 16]);

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::id::hex(&self.0, f)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A secret that nobody should believe to be random (R20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeakKey {
    /// All zero: memory that was never filled (CVE-2020-13777).
    AllZero,
    /// The same byte again and again.
    RepeatedByte,
}

impl WeakKey {
    /// Refuses what was certainly not drawn from a random generator.
    pub(super) fn check(secret: &[u8]) -> Result<(), Self> {
        match secret.split_first() {
            Some((first, rest)) if rest.iter().all(|byte| byte == first) => match first {
                0 => Err(Self::AllZero),
                _ => Err(Self::RepeatedByte),
            },
            Some(_) => Ok(()),
            None => Err(Self::AllZero),
        }
    }
}

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllZero => "the secret is all zero, so it was never filled",
            Self::RepeatedByte => "the secret is one byte repeated, so it is not random",
        })
    }
}

impl core::error::Error for WeakKey {}

/// When a key does what, in seconds since 1970. It opens from the start, also while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    /// From when on it seals.
    pub sealing_from: u64,
    /// From when on it seals no more.
    pub sealing_until: u64,
    /// From when on it opens no more, and is erased.
    pub opening_until: u64,
}

impl KeyTimes {
    /// Sealing for `period` from `start` on, and opening for twice as long, so that what was sealed at the end of the
    /// period still opens for another one. Counted in whole seconds, at least one.
    pub fn starting(start: UnixTime, period: Duration) -> Self {
        let (start, period) = (start.as_secs(), period.as_secs().max(1));
        let sealing_until = start.saturating_add(period);
        Self { sealing_from: start, sealing_until, opening_until: sealing_until.saturating_add(period) }
    }
}

/// What a key in a ring does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// It will seal; it opens already, for another host whose clock is ahead may seal with it.
    Waiting,
    /// It seals and opens.
    Sealing,
    /// It only opens.
    Opening,
    /// It does nothing any more.
    Erased,
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Sealing => "sealing",
            Self::Opening => "opening",
            Self::Erased => "erased",
        })
    }
}

/// One key: a name, a secret of 32 or 64 bytes, and its times. Wiped on drop, never printed, used for nothing but
/// sealing sessions (R21).
pub struct TicketKey {
    name: KeyName,
    secret: SecretVec,
    /// The HMAC state of the secret: what every seal begins with.
    state: Box<HmacSha256>,
    times: KeyTimes,
}

impl TicketKey {
    /// A random key that seals for `period` from `now`, and opens for twice as long.
    pub fn generate(seed: Seed, now: UnixTime, period: Duration) -> Self {
        let drawn = seed.draw::<48>(Label::TicketKey);
        let (name, secret) = drawn.expose().split_first_chunk().unwrap_or((&[0; 16], &[]));
        Self::raw(KeyName(*name), secret, KeyTimes::starting(now, period))
    }

    /// A key shared between servers; `secret` comes from a cryptographic generator. What certainly does not is
    /// refused (R20).
    pub fn from_parts(
        name: [u8; 16],
        secret: [u8; 32],
        now: UnixTime,
        period: Duration,
    ) -> Result<Self, WeakKey> {
        // In memory that is wiped, for the argument is a copy of the caller's.
        let secret = Secret::new(secret);
        WeakKey::check(secret.expose())?;
        Ok(Self::raw(KeyName(name), secret.expose(), KeyTimes::starting(now, period)))
    }

    /// Without a check of the secret: the caller made it, or checked it.
    pub(crate) fn raw(name: KeyName, secret: &[u8], times: KeyTimes) -> Self {
        Self { name, secret: SecretVec::copy_of(secret), state: HmacSha256::boxed(secret), times }
    }

    /// What one seal or ticket is sealed with.
    pub(super) fn sealing_secret(&self, salt: &[u8; SALT_LEN], label: &[u8]) -> SealingSecret {
        SealingSecret::expand(&self.state, salt, label)
    }

    /// The same key with other times.
    pub fn with_times(mut self, times: KeyTimes) -> Self {
        self.times = times;
        self
    }

    /// The same key, which from now on only opens.
    pub fn opening_only(mut self, now: UnixTime) -> Self {
        self.times.sealing_until = self.times.sealing_until.min(now.as_secs());
        self
    }

    /// The public name.
    pub fn name(&self) -> KeyName {
        self.name
    }

    /// When it does what.
    pub fn times(&self) -> KeyTimes {
        self.times
    }

    pub(crate) fn secret(&self) -> &SecretVec {
        &self.secret
    }

    fn is_same_as(&self, other: &Self) -> bool {
        self.name == other.name && bool::from(self.secret.expose().ct_eq(other.secret.expose()))
    }

    fn may_seal(&self, now: u64) -> bool {
        (self.times.sealing_from..self.times.sealing_until.min(self.times.opening_until)).contains(&now)
    }

    fn may_open(&self, now: u64) -> bool {
        now < self.times.opening_until
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketKey")
            .field("name", &self.name)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// Keys that seal and open tickets and stored sessions: never empty, at most one seals at a time.
///
/// A value, cheap to clone. To rotate, make the next ring and configure it; connections that began with the former
/// one finish with it. Which key seals follows from the times of the keys alone, so that a ring with a key that
/// waits rotates by itself, and a ring whose last key is too old seals nothing: tickets are then empty, and
/// handshakes full (R15).
#[derive(Clone)]
pub struct KeyRing {
    /// By rising start of sealing; of two that start at once, the one added last comes last.
    keys: Arc<[Arc<TicketKey>]>,
    /// The names of keys that were erased, oldest first, so that a late ticket has its true reason.
    erased: Arc<[KeyName]>,
    /// What a recording says that something sealed contained, where its key is not in the recording.
    #[cfg(feature = "replay")]
    pub(super) opening: Option<Arc<super::seal::Opening>>,
}

impl KeyRing {
    /// A ring of one key.
    pub fn new(first: TicketKey) -> Self {
        Self::of(Arc::new([Arc::new(first)]), Arc::new([]))
    }

    /// A ring with one more key, which seals and opens by its own times. A key that is already in it gets the times
    /// of the new one.
    #[must_use]
    pub fn with_key(&self, key: TicketKey) -> Self {
        let mut keys: Vec<_> = self.keys.iter().filter(|old| !old.is_same_as(&key)).cloned().collect();
        let at = keys.partition_point(|old| old.times.sealing_from <= key.times.sealing_from);
        keys.insert(at, Arc::new(key));
        Self::of(keys.into(), Arc::clone(&self.erased))
    }

    /// A ring in which `next` seals, as soon as its times say so, and all that are not yet too old at `now` still
    /// open. Keys that are too old are erased (R22).
    #[must_use]
    pub fn rotate(&self, next: TicketKey, now: UnixTime) -> Self {
        self.with_key(next).without_erased(now)
    }

    /// What a reload of key files makes of the former ring and the new one: the keys of `newer`, and those of this
    /// ring that are not among them, which only open from now on and are erased in their time.
    #[must_use]
    pub fn replaced_by(&self, newer: &Self, now: UnixTime) -> Self {
        let retire =
            |old: &Arc<TicketKey>| TicketKey::raw(old.name, old.secret.expose(), old.times).opening_only(now);
        let gone = self.keys.iter().filter(|old| !newer.keys.iter().any(|new| new.is_same_as(old)));
        let mut keys: Vec<_> =
            gone.map(|old| Arc::new(retire(old))).chain(newer.keys.iter().cloned()).collect();
        keys.sort_by_key(|key| key.times.sealing_from);
        Self::of(keys.into(), Arc::clone(&self.erased)).without_erased(now)
    }

    /// The last key stays, whatever its age: a ring is never empty. It does nothing when it is too old.
    fn without_erased(self, now: UnixTime) -> Self {
        let open = |key: &&Arc<TicketKey>| key.may_open(now.as_secs());
        let mut kept: Vec<_> = self.keys.iter().filter(open).cloned().collect();
        if kept.is_empty() {
            kept.extend(self.keys.last().cloned());
        }
        let gone = self.keys.iter().filter(|key| !kept.iter().any(|kept| Arc::ptr_eq(kept, key)));
        let mut erased: Vec<_> = self.erased.iter().copied().chain(gone.map(|key| key.name)).collect();
        erased.drain(..erased.len().saturating_sub(REMEMBERED));
        Self::of(kept.into(), erased.into())
    }

    fn of(keys: Arc<[Arc<TicketKey>]>, erased: Arc<[KeyName]>) -> Self {
        Self {
            keys,
            erased,
            #[cfg(feature = "replay")]
            opening: None,
        }
    }

    /// A ring that remembers these names of erased keys, oldest first.
    #[cfg(feature = "replay")]
    pub(crate) fn with_erased(mut self, names: impl IntoIterator<Item = KeyName>) -> Self {
        self.erased = names.into_iter().collect();
        self
    }

    /// The names of keys that were erased, oldest first.
    #[cfg(feature = "replay")]
    pub(crate) fn erased(&self) -> &[KeyName] {
        &self.erased
    }

    /// All keys, by rising start of sealing.
    #[cfg(feature = "replay")]
    pub(crate) fn all(&self) -> impl Iterator<Item = &TicketKey> {
        self.keys.iter().map(|key| &**key)
    }

    /// All keys, by rising start of sealing, and what each does.
    pub fn keys(&self, now: UnixTime) -> impl Iterator<Item = (&TicketKey, KeyState)> {
        let sealing = self.sealing_key(now);
        self.keys.iter().map(move |key| (&**key, state(key, sealing, now)))
    }

    /// The key that seals: of those whose times allow it the one that started last. `None` if there is none (R15).
    pub fn sealing_key(&self, now: UnixTime) -> Option<&TicketKey> {
        self.keys.iter().rev().map(|key| &**key).find(|key| key.may_seal(now.as_secs()))
    }

    /// The key of this name, if it may still open. All names are compared, each in constant time.
    pub fn find(&self, name: &[u8; 16], now: UnixTime) -> Result<&TicketKey, NotResumed> {
        self.matching(name, now).next().ok_or_else(|| self.why_not(name))
    }

    /// All keys of this name that may open, the newest first: two files may have been given one name.
    pub(super) fn matching(&self, name: &[u8; 16], now: UnixTime) -> impl Iterator<Item = &TicketKey> {
        let same = |key: &&TicketKey| bool::from(key.name.0.ct_eq(name));
        self.keys.iter().rev().map(|key| &**key).filter(same).filter(move |key| key.may_open(now.as_secs()))
    }

    /// Why no key of this name may open.
    pub(super) fn why_not(&self, name: &[u8; 16]) -> NotResumed {
        let known = self.keys.iter().map(|key| &key.name).chain(self.erased.iter());
        match known.fold(subtle::Choice::from(0), |any, known| any | known.0.ct_eq(name)).into() {
            true => NotResumed::ExpiredTicketKey,
            false => NotResumed::UnknownTicketKey,
        }
    }

    /// What the key of a ticket does now.
    pub(super) fn state_of(&self, key: &TicketKey, now: UnixTime) -> KeyState {
        state(key, self.sealing_key(now), now)
    }

    /// For how many seconds at most a ticket sealed at `now` will be accepted: R23, never more than the ring can open.
    /// Zero means that none can be sealed; it is not to be sent, for to a client it means "unspecified" (RFC 5077,
    /// 5.6).
    pub fn lifetime_hint(&self, now: UnixTime, session_lifetime: u32) -> u32 {
        let Some(key) = self.sealing_key(now) else {
            return 0;
        };
        let opens = key.times.opening_until.saturating_sub(now.as_secs());
        u32::try_from(opens).unwrap_or(u32::MAX).min(session_lifetime)
    }
}

fn state(key: &TicketKey, sealing: Option<&TicketKey>, now: UnixTime) -> KeyState {
    let now = now.as_secs();
    match sealing {
        Some(sealing) if core::ptr::eq(sealing, key) => KeyState::Sealing,
        _ if !key.may_open(now) => KeyState::Erased,
        _ if now < key.times.sealing_from => KeyState::Waiting,
        _ => KeyState::Opening,
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter()).finish()
    }
}
