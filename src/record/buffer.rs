//! The receive buffer.

use alloc::{vec, vec::Vec};
use core::{
    fmt,
    ops::{Deref, DerefMut, Range},
};

use zeroize::Zeroize;

use crate::wire::{HEADER_LEN, MAX_RECORD};

/// Bytes received and not yet used; records are decrypted where they lie.
///
/// It never reallocates, so its address is stable, and it holds at least one record of the largest
/// size (18 437 bytes), so whoever asks for input always has room for it.
pub struct RecvBuf {
    storage: Vec<u8>,
    /// Decrypted, delivered once, and put back by the caller.
    pending: Range<usize>,
    /// First byte of the first record that is not yet decrypted.
    head: usize,
    /// One past the last byte received.
    tail: usize,
    /// One past the last byte that was ever received to: what is behind it was never written.
    used: usize,
}

impl Default for RecvBuf {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RecvBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBuf")
            .field("pending", &self.pending.len())
            .field("received", &self.received_len())
            .finish_non_exhaustive()
    }
}

/// The transport ended before the peer said that it would send nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncated;

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the peer ended the transport without close_notify; what came may be incomplete")
    }
}

impl core::error::Error for Truncated {}

impl RecvBuf {
    /// A buffer for one record of the largest size.
    pub fn new() -> Self {
        // Memory that the allocator has zeroed already, as a rule.
        Self::from_vec(vec![0; MAX_RECORD])
    }

    /// Uses the memory of `storage`, for instance from a pool; it grows now if it is too small for
    /// one record of the largest size, and never again. What is in it is never read.
    pub fn from_vec(mut storage: Vec<u8>) -> Self {
        let size = storage.capacity().max(MAX_RECORD);
        storage.resize(size, 0);
        Self { storage, pending: 0..0, head: 0, tail: 0, used: 0 }
    }

    /// Gives the memory back; all that was received is wiped.
    pub fn into_vec(mut self) -> Vec<u8> {
        self.wipe();
        core::mem::take(&mut self.storage)
    }

    /// Where the next received bytes go; not empty whenever input is asked for.
    pub fn spare(&mut self) -> &mut [u8] {
        let keep = if self.pending.is_empty() { self.head } else { self.pending.start };
        if keep > 0 {
            self.storage.copy_within(keep..self.tail, 0);
            self.head = self.head.saturating_sub(keep);
            self.tail = self.tail.saturating_sub(keep);
            self.pending =
                if self.pending.is_empty() { 0..0 } else { 0..self.pending.end.saturating_sub(keep) };
        }
        self.storage.get_mut(self.tail..).unwrap_or_default()
    }

    /// The first `n` bytes of [`Self::spare`] were received; a larger `n` counts as all of them. None at all is an
    /// error: the transport ended before the peer said so, and somebody may have cut it.
    pub fn received(&mut self, n: usize) -> Result<(), Truncated> {
        self.tail = self.tail.saturating_add(n).min(self.storage.len());
        self.used = self.used.max(self.tail);
        match n {
            0 => Err(Truncated),
            _ => Ok(()),
        }
    }

    /// What [`Plaintext::put_back`] returned, for `BufRead`-like adapters.
    pub fn pending(&self) -> &[u8] {
        self.storage.get(self.pending.clone()).unwrap_or_default()
    }

    /// Uses up `n` bytes of [`Self::pending`]; a larger `n` counts as all of them.
    pub fn consume(&mut self, n: usize) {
        self.pending.start = self.pending.start.saturating_add(n).min(self.pending.end);
    }

    /// Whether there is nothing in it: nothing received and unused, nothing put back.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.received_len() == 0
    }

    /// How many received bytes are not decrypted yet.
    pub(crate) fn received_len(&self) -> usize {
        self.tail.saturating_sub(self.head)
    }

    /// The bytes of the first record that is not yet decrypted, as many as came.
    pub(crate) fn record(&self) -> &[u8] {
        self.storage.get(self.head..self.tail).unwrap_or_default()
    }

    /// The body of the first record, `len` bytes long, and where it is; used up with this call.
    ///
    /// `None` as long as not all of it has come.
    pub(crate) fn take_record(&mut self, len: usize) -> Option<Range<usize>> {
        let start = self.head.checked_add(HEADER_LEN)?;
        let end = start.checked_add(len).filter(|end| *end <= self.tail)?;
        self.head = end;
        Some(start..end)
    }

    /// Bytes of a record that was taken.
    pub(crate) fn bytes(&mut self, at: Range<usize>) -> &mut [u8] {
        self.storage.get_mut(at).unwrap_or_default()
    }

    /// Hands decrypted bytes out.
    pub(crate) fn deliver(&mut self, at: Range<usize>) -> Plaintext<'_> {
        self.pending = at.end..at.end;
        Plaintext {
            end: at.end,
            bytes: self.storage.get_mut(at).unwrap_or_default(),
            pending: &mut self.pending,
        }
    }

    /// What was put back, to be delivered again.
    pub(crate) fn take_pending(&mut self) -> Option<Range<usize>> {
        (!self.pending.is_empty()).then(|| self.pending.clone())
    }

    /// Forgets what was received: nothing after a close is looked at.
    pub(crate) fn discard_received(&mut self) {
        self.head = self.tail;
    }

    /// Overwrites what was ever received to: a buffer that had one short record is wiped in no time.
    fn wipe(&mut self) {
        if let Some(used) = self.storage.get_mut(..self.used) {
            used.zeroize();
        }
    }
}

impl Drop for RecvBuf {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// Decrypted bytes, borrowed from the buffer they came in. Dropping it uses them up.
pub struct Plaintext<'b> {
    bytes: &'b mut [u8],
    end: usize,
    pending: &'b mut Range<usize>,
}

impl Plaintext<'_> {
    /// Keeps the last `n` bytes for the next delivery; they are not decrypted twice. A larger `n` counts as all.
    pub fn put_back(self, n: usize) {
        *self.pending = self.end.saturating_sub(n.min(self.bytes.len()))..self.end;
    }
}

impl Deref for Plaintext<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

impl DerefMut for Plaintext<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.bytes
    }
}

impl fmt::Debug for Plaintext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plaintext({} bytes)", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn fill(buf: &mut RecvBuf, bytes: &[u8]) {
        buf.spare()[..bytes.len()].copy_from_slice(bytes);
        buf.received(bytes.len()).expect("some bytes");
    }

    #[test]
    fn it_never_reallocates_and_holds_the_largest_record() {
        let mut buf = RecvBuf::new();
        let address = buf.spare().as_ptr();
        assert_eq!(buf.spare().len(), MAX_RECORD);
        fill(&mut buf, &[1; 100]);
        assert_eq!(buf.take_record(95), Some(5..100));
        assert_eq!(buf.spare().as_ptr(), address);
        assert_eq!(buf.spare().len(), MAX_RECORD);
    }

    #[test]
    fn put_back_bytes_survive_compaction() {
        let mut buf = RecvBuf::new();
        fill(&mut buf, &[9, 9, 9, 9, 9, 1, 2, 3, 4, 7, 7]);
        let body = buf.take_record(4).expect("a record");
        buf.deliver(body).put_back(3);
        fill(&mut buf, &[8]);
        assert_eq!(buf.pending(), [2, 3, 4]);
        assert_eq!(buf.record(), [7, 7, 8]);
        buf.consume(2);
        assert_eq!(buf.pending(), [4]);
        buf.consume(100);
        assert!(buf.pending().is_empty());
        assert_eq!(buf.record(), [7, 7, 8]);
    }

    #[test]
    fn nothing_received_is_a_truncation() {
        assert_eq!(RecvBuf::new().received(0), Err(Truncated));
    }

    #[test]
    fn memory_comes_back_wiped_as_far_as_it_was_ever_used() {
        let mut buf = RecvBuf::from_vec(vec![0; 30_000]);
        fill(&mut buf, &[6; 1000]);
        assert_eq!(buf.take_record(995), Some(5..1000));
        // What was used before is moved over, but not by as much.
        fill(&mut buf, &[7; 10]);
        let memory = buf.into_vec();
        assert_eq!(memory.len(), 30_000);
        assert!(memory.iter().all(|byte| *byte == 0));
    }
}
