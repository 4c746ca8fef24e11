//! What both sides of a connection said, byte by byte, from our hello to the last Finished.

use std::time::Duration;

use tls12::schedule::Side;

/// The most bytes that are kept of a connection: no handshake that succeeds has more.
const MOST: usize = 1024 * 1024;

/// What was said, in its order.
#[derive(Default)]
pub(crate) struct Talk {
    said: Vec<Said>,
    kept: usize,
}

/// Whole records that were sent at once, or read at once.
pub(crate) struct Said {
    pub(crate) from: Side,
    /// Since the connection stood.
    pub(crate) at: Duration,
    pub(crate) bytes: Vec<u8>,
}

impl Talk {
    /// Keeps whole records.
    pub(crate) fn add(&mut self, from: Side, at: Duration, records: &[u8]) {
        if self.kept >= MOST {
            return;
        }
        self.kept += records.len();
        match self.said.last_mut() {
            Some(last) if (last.from, last.at) == (from, at) => last.bytes.extend_from_slice(records),
            _ => self.said.push(Said { from, at, bytes: records.to_vec() }),
        }
    }

    pub(crate) fn said(&self) -> &[Said] {
        &self.said
    }
}
