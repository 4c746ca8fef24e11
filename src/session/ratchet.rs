//! Ticket keys that hosts agree on by the clock, without a message between them.
//!
//! ```text
//! seed[0]   = 32 random bytes, the same on every host
//! seed[n+1] = HMAC-SHA256(seed[n], "tls12 ratchet step")
//! key[n]    = HMAC-SHA256(seed[n], "tls12 ratchet key")             32 bytes
//! name[n]   = HMAC-SHA256(seed[n], "tls12 ratchet name")            the first 16 bytes
//! n         = floor((now - epoch) / period)
//! ```
//!
//! Key n seals from `epoch + n * period` for one period, and opens for another one (R22). A seed gives the next, and
//! no former one can be computed from it: what a host has forgotten, nobody gets from it.

use alloc::vec::Vec;
use core::{fmt, num::NonZeroU64, time::Duration};

use pki_types::UnixTime;
use zeroize::Zeroizing;

use super::{KeyName, KeyRing, KeyTimes, TicketKey, WeakKey};
use crate::crypto::{HmacSha256, Secret, SecretVec, copy};

/// The most steps that are made at once: almost 30 years of hours, which takes less than a second.
pub const MAX_CATCH_UP: u64 = 1 << 18;

const STEP: &[u8] = b"tls12 ratchet step";
const KEY: &[u8] = b"tls12 ratchet key";
const NAME: &[u8] = b"tls12 ratchet name";

/// Why there is no ratchet, or it does not step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatchetError {
    /// Neither the 32 bytes of a seed nor the 40 of [`Ratchet::to_bytes`].
    Length {
        /// How many bytes there are.
        found: usize,
    },
    /// A seed that nobody should believe to be random (R20).
    Weak(WeakKey),
    /// More than [`MAX_CATCH_UP`] steps behind the clock: the clock, the epoch or the period is wrong.
    TooFar {
        /// How many steps.
        steps: u64,
    },
}

impl fmt::Display for RatchetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => write!(f, "a ratchet has 32 or 40 bytes, not {found}"),
            Self::Weak(weak) => write!(f, "the seed is refused: {weak}"),
            Self::TooFar { steps } => {
                write!(f, "the clock is {steps} steps ahead: is the epoch, the period or the clock right?")
            }
        }
    }
}

impl core::error::Error for RatchetError {}

/// The state of a host: the oldest seed that it still needs. Wiped on drop, never printed.
pub struct Ratchet {
    seed: Secret<32>,
    step: u64,
    /// When step 0 begins, in seconds since 1970.
    epoch: u64,
    /// The length of a step in seconds.
    period: NonZeroU64,
}

impl Ratchet {
    /// A ratchet whose step 0 begins at `epoch`. All hosts have the same seed, epoch and period, the latter in whole
    /// seconds, at least one.
    pub fn new(seed: [u8; 32], epoch: UnixTime, period: Duration) -> Result<Self, RatchetError> {
        Self::from_bytes(&*Zeroizing::new(seed), epoch, period)
    }

    /// A ratchet from the 32 bytes of a seed, or from the 40 of [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: &[u8], epoch: UnixTime, period: Duration) -> Result<Self, RatchetError> {
        let (step, seed) = match bytes.len() {
            32 => (0, bytes),
            _ => match bytes.split_first_chunk::<8>() {
                Some((step, seed)) => (u64::from_be_bytes(*step), seed),
                None => (0, bytes),
            },
        };
        let array = seed.first_chunk::<32>().filter(|_| seed.len() == 32);
        let array = array.ok_or(RatchetError::Length { found: bytes.len() })?;
        WeakKey::check(array).map_err(RatchetError::Weak)?;
        let seed = Secret::fill(|out| out.copy_from_slice(array));
        let period = NonZeroU64::new(period.as_secs()).unwrap_or(NonZeroU64::MIN);
        Ok(Self { seed, step, epoch: epoch.as_secs(), period })
    }

    /// The number of its step in 8 bytes, and the seed of that step. Written in place of the file that it was read
    /// from, it makes sure that nobody who finds that file computes keys of the past.
    pub fn to_bytes(&self) -> SecretVec {
        let mut out = Vec::with_capacity(40);
        out.extend_from_slice(&self.step.to_be_bytes());
        out.extend_from_slice(self.seed.expose());
        SecretVec::new(out)
    }

    /// The step that the clock says is now, counted from the epoch; 0 before it.
    pub fn step_at(&self, now: UnixTime) -> u64 {
        now.as_secs().saturating_sub(self.epoch) / self.period
    }

    /// The oldest step of which it still knows the seed.
    pub fn oldest_step(&self) -> u64 {
        self.step
    }

    /// Steps on to the seed of the step before the one that is now, whose key still opens, and forgets all before it.
    /// A clock that went back changes nothing: what was forgotten stays so.
    pub fn advance(mut self, now: UnixTime) -> Result<Self, RatchetError> {
        let target = self.step_at(now).saturating_sub(1);
        let steps = target.saturating_sub(self.step);
        if steps > MAX_CATCH_UP {
            return Err(RatchetError::TooFar { steps });
        }
        for _ in 0..steps {
            self.seed = next(&self.seed);
        }
        self.step = self.step.max(target);
        Ok(self)
    }

    /// The keys of the steps before, at and after now: the first opens, the second seals, the third waits, so that a
    /// host whose clock is ahead is understood. As a former ring has them all, rotating is replacing the ring.
    ///
    /// Where the clock is behind the oldest step that is known, the keys of that step and of the next one wait, and
    /// none seals until the clock has come there.
    pub fn ring(&self, now: UnixTime) -> Result<KeyRing, RatchetError> {
        let current = self.step_at(now).max(self.step);
        let first = current.saturating_sub(1).max(self.step);
        let steps = first.saturating_sub(self.step);
        if steps > MAX_CATCH_UP {
            return Err(RatchetError::TooFar { steps });
        }
        let mut seed = self.seed.duplicate();
        for _ in 0..steps {
            seed = next(&seed);
        }
        let mut ring = KeyRing::new(self.key(&seed, first));
        for step in first.saturating_add(1)..=current.saturating_add(1) {
            seed = next(&seed);
            ring = ring.with_key(self.key(&seed, step));
        }
        Ok(ring)
    }

    /// When the ring changes next, in seconds since 1970.
    pub fn next_change(&self, now: UnixTime) -> u64 {
        self.start(self.step_at(now).max(self.step).saturating_add(1))
    }

    fn start(&self, step: u64) -> u64 {
        self.epoch.saturating_add(self.period.get().saturating_mul(step))
    }

    fn key(&self, seed: &Secret<32>, step: u64) -> TicketKey {
        let times = KeyTimes {
            sealing_from: self.start(step),
            sealing_until: self.start(step.saturating_add(1)),
            opening_until: self.start(step.saturating_add(2)),
        };
        let mut name = [0; 16];
        copy(&mut name, derive(seed, NAME).expose());
        TicketKey::raw(KeyName(name), derive(seed, KEY).expose(), times)
    }
}

impl fmt::Debug for Ratchet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ratchet")
            .field("step", &self.step)
            .field("epoch", &self.epoch)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}

fn next(seed: &Secret<32>) -> Secret<32> {
    derive(seed, STEP)
}

/// HMAC-SHA256(seed, label).
fn derive(seed: &Secret<32>, label: &[u8]) -> Secret<32> {
    Secret::copy_of(HmacSha256::new(seed.expose()).sign(&[label]).as_ref())
}
