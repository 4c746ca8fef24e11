//! Many small slices, for one record.

use std::io::IoSlice;

use zeroize::Zeroize;

use super::outgoing::MOST_TAKEN;
use crate::{edge::pool, wire::MAX_PLAINTEXT};

/// The beginning of a list of slices as one slice. Bytes are copied only where records would otherwise be cut where the
/// slices are.
pub(super) enum Gathered<'a> {
    /// As it was given.
    One(&'a [u8]),
    /// Copied; wiped when dropped.
    Many(Vec<u8>),
}

impl<'a> Gathered<'a> {
    /// As much as is encrypted at once, if there is as much.
    pub(super) fn new(parts: &'a [IoSlice<'_>]) -> Self {
        let mut filled = parts.iter().filter(|part| !part.is_empty());
        match (filled.next(), filled.next()) {
            (None, _) => Self::One(&[]),
            (Some(only), None) => Self::One(only),
            (Some(first), Some(_)) => match first.len() / MAX_PLAINTEXT {
                0 => Self::Many(copied(parts)),
                records => Self::One(first.get(..records * MAX_PLAINTEXT).unwrap_or(first)),
            },
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes,
        }
    }
}

impl Drop for Gathered<'_> {
    fn drop(&mut self) {
        if let Self::Many(bytes) = self {
            // Only what was written to; the rest of the memory never held anything.
            bytes.as_mut_slice().zeroize();
            pool::sent(std::mem::take(bytes));
        }
    }
}

fn copied(parts: &[IoSlice<'_>]) -> Vec<u8> {
    let total = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut bytes = pool::sending();
    // At once: memory that a vector leaves as it grows would not be wiped.
    bytes.reserve(total.min(MOST_TAKEN));
    for part in parts {
        let room = MOST_TAKEN.saturating_sub(bytes.len());
        bytes.extend_from_slice(part.get(..room).unwrap_or(part));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much of slices of these lengths is taken, and whether it is copied.
    fn taken(lengths: &[usize]) -> (usize, bool) {
        let all: Vec<_> = lengths.iter().map(|length| vec![7; *length]).collect();
        let parts: Vec<_> = all.iter().map(|part| IoSlice::new(part)).collect();
        let gathered = Gathered::new(&parts);
        assert!(gathered.bytes().iter().all(|byte| *byte == 7));
        (gathered.bytes().len(), matches!(gathered, Gathered::Many(_)))
    }

    #[test]
    fn slices_are_copied_only_where_they_are_shorter_than_a_record() {
        assert_eq!(taken(&[]), (0, false));
        assert_eq!(taken(&[0, 0]), (0, false));
        assert_eq!(taken(&[0, 5, 0]), (5, false));
        assert_eq!(taken(&[1, 2, 3]), (6, true));
        assert_eq!(taken(&[100_000]), (100_000, false));
        assert_eq!(taken(&[200, 100_000]), (MOST_TAKEN, true));
        assert_eq!(taken(&[MAX_PLAINTEXT + 5, 1]), (MAX_PLAINTEXT, false));
        assert_eq!(taken(&[2 * MAX_PLAINTEXT, 1]), (2 * MAX_PLAINTEXT, false));
        assert_eq!(taken(&[1; 40_000]), (MOST_TAKEN, true));
    }
}
