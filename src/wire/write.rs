//! The one place where lengths are computed on the way out.

use alloc::vec::Vec;

/// Appends to a vector; length prefixes are filled in behind what they announce.
///
/// Content longer than its prefix can announce is cut at the end, so that the framing stays
/// intact; callers that can meet such content check before (`Credential::new` for chains, say).
#[derive(Debug)]
pub struct Writer<'v> {
    out: &'v mut Vec<u8>,
}

impl<'v> Writer<'v> {
    /// Appends to `out`.
    pub fn new(out: &'v mut Vec<u8>) -> Self {
        Self { out }
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Two bytes, the most significant first.
    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    /// The low three bytes of `value`.
    pub fn u24(&mut self, value: u32) {
        let [_, low @ ..] = value.to_be_bytes();
        self.bytes(&low);
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }

    /// A length of one byte, and what `content` writes.
    pub fn u8_prefixed(&mut self, content: impl FnOnce(&mut Writer<'_>)) {
        self.prefixed::<1>(content);
    }

    /// A length of two bytes, and what `content` writes.
    pub fn u16_prefixed(&mut self, content: impl FnOnce(&mut Writer<'_>)) {
        self.prefixed::<2>(content);
    }

    /// A length of three bytes, and what `content` writes.
    pub fn u24_prefixed(&mut self, content: impl FnOnce(&mut Writer<'_>)) {
        self.prefixed::<3>(content);
    }

    fn prefixed<const N: usize>(&mut self, content: impl FnOnce(&mut Writer<'_>)) {
        let at = self.out.len();
        self.bytes(&[0; N]);
        let start = self.out.len();
        content(&mut Writer { out: self.out });
        self.out.truncate(start.saturating_add(const { (1_usize << (8 * N)) - 1 }));
        let len = self.out.len().saturating_sub(start).to_be_bytes();
        if let (Some(prefix), Some(low)) = (self.out.get_mut(at..start), len.last_chunk::<N>()) {
            prefix.copy_from_slice(low);
        }
    }
}

/// A value that can be written as bytes.
pub trait Encode {
    /// Appends the value.
    fn write(&self, writer: &mut Writer<'_>);

    /// The value alone.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut Writer::new(&mut out));
        out
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn write(&self, writer: &mut Writer<'_>) {
        (**self).write(writer);
    }
}

impl<T: Encode> Encode for Option<T> {
    /// Appends the value if there is one, and no byte if there is none.
    fn write(&self, writer: &mut Writer<'_>) {
        self.iter().for_each(|value| value.write(writer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_announce_what_follows() {
        let mut out = Vec::new();
        Writer::new(&mut out).u24_prefixed(|w| {
            w.u8_prefixed(|w| w.bytes(&[1, 2]));
            w.u16_prefixed(|w| w.u24(0x0003_0405));
        });
        assert_eq!(out, [0, 0, 8, 2, 1, 2, 0, 3, 3, 4, 5]);
    }

    #[test]
    fn too_long_content_does_not_break_the_framing() {
        let mut out = Vec::new();
        Writer::new(&mut out).u8_prefixed(|w| w.bytes(&[7; 300]));
        assert_eq!(out.len(), 256);
        assert_eq!(out[0], 255);
    }
}
