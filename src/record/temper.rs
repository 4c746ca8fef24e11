//! Patience that runs out: what a peer may do a few times, and not for ever.

use super::error::Excess;

/// Records without data that are put up with before one with content, warnings among them or not.
const MAX_EMPTY_RECORDS: u8 = 32;
/// Warning alerts that are put up with before a record with content.
const MAX_WARNINGS: u8 = 4;
/// Requests to renegotiate that are put up with in a connection.
const MAX_RENEGOTIATIONS: u8 = 8;

/// Counts what moves nothing forward.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Temper {
    empty_records: u8,
    warnings: u8,
    renegotiations: u8,
}

impl Temper {
    /// Goes on with these counts.
    pub(crate) fn from_counts([empty_records, warnings, renegotiations]: [u8; 3]) -> Self {
        Self { empty_records, warnings, renegotiations }
    }

    /// What it has counted.
    pub(crate) fn counts(self) -> [u8; 3] {
        [self.empty_records, self.warnings, self.renegotiations]
    }

    /// A record without data came.
    pub(crate) fn empty_record(&mut self) -> Result<(), Excess> {
        count(&mut self.empty_records, MAX_EMPTY_RECORDS, Excess::EmptyRecords)
    }

    /// A warning alert came.
    pub(crate) fn warning(&mut self) -> Result<(), Excess> {
        count(&mut self.warnings, MAX_WARNINGS, Excess::Warnings)
    }

    /// A request to renegotiate came.
    pub(crate) fn renegotiation(&mut self) -> Result<(), Excess> {
        count(&mut self.renegotiations, MAX_RENEGOTIATIONS, Excess::Renegotiations)
    }

    /// Something with content came, and no warning.
    pub(crate) fn content(&mut self) {
        self.empty_records = 0;
        self.warnings = 0;
    }
}

fn count(counter: &mut u8, most: u8, excess: Excess) -> Result<(), Excess> {
    if *counter >= most {
        return Err(excess);
    }
    *counter = counter.saturating_add(1);
    Ok(())
}
