//! A walk over DER (ITU-T X.690) that takes what it is asked for and skips the rest unseen.
//!
//! It never recurses: each step opens one value, so a certificate nested a thousand deep costs nothing.

#[cfg(feature = "webpki")]
use alloc::vec::Vec;

use crate::wire::{DecodeError, Reader};

/// What is not DER, or not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl From<DecodeError> for Malformed {
    fn from(_: DecodeError) -> Self {
        Self
    }
}

/// An identifier octet; tags above 30, of several octets, do not occur in certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(pub(super) u8);

impl Tag {
    pub(super) const BOOLEAN: Self = Self(0x01);
    pub(super) const INTEGER: Self = Self(0x02);
    pub(super) const BIT_STRING: Self = Self(0x03);
    pub(super) const OCTET_STRING: Self = Self(0x04);
    pub(super) const OBJECT_IDENTIFIER: Self = Self(0x06);
    pub(super) const UTC_TIME: Self = Self(0x17);
    pub(super) const GENERALIZED_TIME: Self = Self(0x18);
    pub(super) const SEQUENCE: Self = Self(0x30);

    /// `[n] EXPLICIT`.
    pub(super) const fn explicit(n: u8) -> Self {
        Self(0xa0 | n)
    }
}

/// One value: its tag, its content, and both with the length between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) tag: Tag,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// Values one behind the other.
#[derive(Debug, Clone)]
pub(super) struct Der<'a> {
    reader: Reader<'a>,
}

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { reader: Reader::new(bytes) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    /// The next value.
    pub(super) fn value(&mut self) -> Result<Value<'a>, Malformed> {
        let mut start = self.reader.clone();
        let tag = self.reader.u8()?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed);
        }
        let len = length(&mut self.reader)?;
        let content = self.reader.take(len)?;
        let whole = start.take(start.len().saturating_sub(self.reader.len()))?;
        Ok(Value { tag: Tag(tag), content, whole })
    }

    /// The next value, which has this tag.
    pub(super) fn expect(&mut self, tag: Tag) -> Result<Value<'a>, Malformed> {
        let value = self.value()?;
        if value.tag == tag { Ok(value) } else { Err(Malformed) }
    }

    /// What is inside the next value, which has this tag.
    pub(super) fn enter(&mut self, tag: Tag) -> Result<Self, Malformed> {
        self.expect(tag).map(|value| Self::new(value.content))
    }

    /// The next value if it has this tag.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<Value<'a>>, Malformed> {
        let mut ahead = self.reader.clone();
        if ahead.u8() != Ok(tag.0) {
            return Ok(None);
        }
        self.value().map(Some)
    }

    /// The next value, a bit string: its bytes and how many bits of the last one are not used.
    pub(super) fn bit_string(&mut self) -> Result<(&'a [u8], u8), Malformed> {
        let (unused, bits) = self.expect(Tag::BIT_STRING)?.content.split_first().ok_or(Malformed)?;
        if *unused > 7 || (bits.is_empty() && *unused > 0) {
            return Err(Malformed);
        }
        Ok((bits, *unused))
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        Ok(self.reader.end()?)
    }
}

/// A length: definite, and in as few octets as possible (X.690, 10.1).
fn length(reader: &mut Reader<'_>) -> Result<usize, Malformed> {
    let (len, least) = match reader.u8()? {
        short @ 0..=0x7f => return Ok(short.into()),
        0x81 => (u32::from(reader.u8()?), 0x80),
        0x82 => (u32::from(reader.u16()?), 0x100),
        0x83 => (reader.u24()?, 0x1_0000),
        0x84 => (reader.u32()?, 0x100_0000),
        _ => return Err(Malformed),
    };
    if len < least {
        return Err(Malformed);
    }
    usize::try_from(len).map_err(|_| Malformed)
}

/// A SEQUENCE of `content`.
#[cfg(feature = "webpki")]
pub(super) fn sequence(content: &[u8]) -> Vec<u8> {
    let len = content.len().to_be_bytes();
    let significant = len.iter().position(|byte| *byte != 0).unwrap_or(len.len());
    let len = len.get(significant..).unwrap_or_default();
    let mut out = Vec::with_capacity(content.len().saturating_add(6));
    out.push(Tag::SEQUENCE.0);
    match (len, u8::try_from(len.len())) {
        ([] | [0..0x80], _) => out.push(len.first().copied().unwrap_or(0)),
        (_, Ok(count)) => {
            out.push(0x80 | count);
            out.extend_from_slice(len);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "webpki")]
    use alloc::vec;

    use super::*;

    #[test]
    fn values_are_taken_one_behind_the_other() {
        let mut der = Der::new(&[0x30, 3, 2, 1, 5, 0x03, 2, 0, 0x80]);
        let mut inner = der.enter(Tag::SEQUENCE).unwrap();
        assert_eq!(inner.optional(Tag::BOOLEAN), Ok(None));
        assert_eq!(inner.expect(Tag::INTEGER).unwrap().whole, [2, 1, 5]);
        assert_eq!(inner.end(), Ok(()));
        assert_eq!(der.end(), Err(Malformed));
        assert_eq!(der.bit_string(), Ok((&[0x80][..], 0)));
        assert!(der.is_empty());
        assert_eq!(der.value(), Err(Malformed));
    }

    #[test]
    fn lengths_are_definite_and_minimal_and_within_what_there_is() {
        for bad in [
            &[0x30][..],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 0x7f],
            &[0x30, 0x82, 0, 0xff],
            &[0x30, 0x83, 0, 0xff, 0xff],
            &[0x30, 0x84, 0, 0xff, 0xff, 0xff],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x85, 1, 0, 0, 0, 0],
            &[0x30, 0xff],
            &[0x30, 2, 0],
            &[0x1f, 0x20, 0],
        ] {
            assert_eq!(Der::new(bad).value(), Err(Malformed), "{bad:?}");
        }
        assert_eq!(Der::new(&[3, 0]).bit_string(), Err(Malformed));
        assert_eq!(Der::new(&[3, 1, 1]).bit_string(), Err(Malformed));
        assert_eq!(Der::new(&[3, 2, 8, 0]).bit_string(), Err(Malformed));
    }

    #[cfg(feature = "webpki")]
    #[test]
    fn a_sequence_is_read_as_it_was_written() {
        for len in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = vec![7; len];
            let whole = sequence(&content);
            let mut der = Der::new(&whole);
            assert_eq!(der.expect(Tag::SEQUENCE).unwrap().content, content);
            assert_eq!(der.end(), Ok(()));
        }
    }
}
