//! A cursor that cannot run past its end: the one place where lengths are checked on the way in.

use core::fmt;

/// How bytes fail to be a message. Every one of them is answered with `decode_error`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// A length runs past the end.
    Truncated,
    /// Bytes are left over.
    Trailing,
    /// A list or a value is empty, and may not be.
    Empty,
    /// The last element of a list runs past the end of the list, as in a list of pairs with an odd length.
    Ragged,
    /// A value is longer than its format allows.
    TooLong,
    /// The same extension comes twice, or the same kind of name.
    Duplicate,
    /// A value that selects a format has none that is known.
    UnknownFormat,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "a length runs past the end",
            Self::Trailing => "bytes are left over",
            Self::Empty => "something is empty that may not be",
            Self::Ragged => "the length of a list does not fit its elements",
            Self::TooLong => "a value is longer than its format allows",
            Self::Duplicate => "something comes twice that may come once",
            Self::UnknownFormat => "a value is of an unknown format",
        })
    }
}

impl core::error::Error for DecodeError {}

/// A cursor over received bytes.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub fn len(&self) -> usize {
        self.rest.len()
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes, the most significant first, as everywhere in TLS (RFC 5246, 4.1).
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// Three bytes.
    pub fn u24(&mut self) -> Result<u32, DecodeError> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    /// What a length of one byte announces.
    pub fn u8_prefixed(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.u8()?;
        self.take(len.into())
    }

    /// What a length of two bytes announces.
    pub fn u16_prefixed(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.u16()?;
        self.take(len.into())
    }

    /// What a length of three bytes announces.
    pub fn u24_prefixed(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = self.u24()?;
        self.take(usize::try_from(len).map_err(|_| DecodeError::TooLong)?)
    }

    /// Nothing may be left.
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.rest {
            [] => Ok(()),
            _ => Err(DecodeError::Trailing),
        }
    }
}

/// A value that can be read from bytes.
pub trait Decode<'a>: Sized {
    /// Reads one value and leaves the cursor behind it.
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError>;

    /// Reads one value that takes up all of `bytes`.
    fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let value = Self::read(&mut reader)?;
        reader.end()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_big_endian_and_lengths_are_checked() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 2, 7, 8, 9]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16(), Ok(0x0203));
        assert_eq!(reader.u24(), Ok(0x0004_0506));
        assert_eq!(reader.u8_prefixed(), Ok(&[7, 8][..]));
        assert_eq!(reader.end(), Err(DecodeError::Trailing));
        assert_eq!(reader.u16(), Err(DecodeError::Truncated));
        assert_eq!(reader.rest(), &[9]);
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn a_length_past_the_end_is_truncated() {
        assert_eq!(Reader::new(&[3, 1, 2]).u8_prefixed(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&[0, 3, 1, 2]).u16_prefixed(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&[0, 0, 3, 1, 2]).u24_prefixed(), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff]).u24_prefixed(), Err(DecodeError::Truncated));
    }
}
