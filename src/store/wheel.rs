//! What expires when: a wheel of wheels (Varghese and Lauck, 1987), so that keeping and forgetting cost the same
//! however much is kept.
//!
//! A time is a number of digits of six bits. An entry lies at the highest digit in which its time differs from that up
//! to which all has expired, in the slot of the value that its time has there. As time passes, a slot whose value comes
//! up is spread over the lower digits: an entry moves at most once for each digit, five times in a day.

use std::vec::Vec;

use super::slab::{At, Links, List, NONE, Slab};

const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;

/// The slots of one digit.
#[derive(Debug)]
struct Digit {
    first: [At; SLOTS],
    /// A bit for each slot that has entries.
    used: u64,
}

impl Digit {
    const EMPTY: Self = Self { first: [NONE; SLOTS], used: 0 };
}

/// Entries by the time at which they expire.
#[derive(Debug)]
pub(super) struct Wheel {
    /// All that expires up to here is gone, but for what came later than it expires.
    past: u64,
    /// From the lowest, as many as were needed.
    digits: Vec<Digit>,
}

/// Where an entry lies.
struct Place {
    digit: usize,
    slot: usize,
}

impl Place {
    /// The bit of its slot.
    fn bit(&self) -> u64 {
        1 << self.slot
    }
}

/// The value of a digit of a time.
fn slot(time: u64, digit: usize) -> usize {
    let shift = u32::try_from(digit).unwrap_or(u32::MAX).saturating_mul(BITS);
    (time.checked_shr(shift).unwrap_or(0) % (SLOTS as u64)) as usize
}

impl Wheel {
    pub(super) const fn new() -> Self {
        Self { past: 0, digits: Vec::new() }
    }

    /// The same for an entry as long as it is not moved: time goes on in lower digits than the one it differs in.
    fn place(&self, expires: u64) -> Place {
        // What has expired already goes where it is found next.
        let expires = expires.max(self.past);
        let digit = highest_difference(expires, self.past);
        Place { digit, slot: slot(expires, digit) }
    }

    pub(super) fn insert(&mut self, at: At, slab: &mut Slab) {
        let Some(entry) = slab.get(at) else {
            return;
        };
        let place = self.place(entry.expires);
        while self.digits.len() <= place.digit {
            self.digits.push(Digit::EMPTY);
        }
        let Some(digit) = self.digits.get_mut(place.digit) else {
            return;
        };
        digit.used |= place.bit();
        if let Some(first) = digit.first.get_mut(place.slot) {
            slab.link(List::Expiry, at, Links { before: NONE, after: *first });
            *first = at;
        }
    }

    pub(super) fn remove(&mut self, at: At, slab: &mut Slab) {
        let Some(expires) = slab.get(at).map(|entry| entry.expires) else {
            return;
        };
        let links = slab.unlink(List::Expiry, at);
        let place = self.place(expires);
        if let (NONE, Some(digit)) = (links.before, self.digits.get_mut(place.digit)) {
            if let Some(first) = digit.first.get_mut(place.slot) {
                *first = links.after;
            }
            if links.after == NONE {
                digit.used &= !place.bit();
            }
        }
    }

    /// An entry that has expired by `now`, which stays in the wheel. To be asked, and the entry to be removed, until
    /// there is none: then time has passed.
    pub(super) fn expired(&mut self, now: u64, slab: &mut Slab) -> Option<At> {
        let now = now.max(self.past);
        let top = highest_difference(now, self.past);
        for (at, digit) in self.digits.iter().enumerate().take(top.saturating_add(1)) {
            // Below the highest digit that changes all has expired; there, what is less than the new value. What is
            // equal comes apart, except in the lowest digit.
            let upto = slot(now, at);
            let before = (1_u64 << upto).wrapping_sub(1);
            let due = match (at == top, at) {
                (false, _) => digit.used,
                (true, 0) => digit.used & (before | 1 << upto),
                (true, _) => digit.used & before,
            };
            if due != 0 {
                return digit.first.get(due.trailing_zeros() as usize).copied();
            }
        }
        let coming = self.take_slot(Place { digit: top, slot: slot(now, top) });
        self.past = now;
        self.spread(coming, slab);
        self.due(slab)
    }

    /// All of a slot, still linked.
    fn take_slot(&mut self, place: Place) -> At {
        let Some(digit) = self.digits.get_mut(place.digit) else {
            return NONE;
        };
        digit.used &= !place.bit();
        digit.first.get_mut(place.slot).map_or(NONE, |first| core::mem::replace(first, NONE))
    }

    fn spread(&mut self, mut at: At, slab: &mut Slab) {
        while at != NONE {
            let next = slab.links(List::Expiry, at).after;
            self.insert(at, slab);
            at = next;
        }
    }

    /// What expires at the time up to which all has expired: a slot that was spread may have brought it.
    fn due(&self, slab: &Slab) -> Option<At> {
        let first = *self.digits.first()?.first.get(slot(self.past, 0))?;
        slab.get(first).map(|_| first)
    }
}

/// The highest digit in which two times differ; the lowest if they do not.
fn highest_difference(a: u64, b: u64) -> usize {
    ((a ^ b).checked_ilog2().unwrap_or(0) / BITS) as usize
}
