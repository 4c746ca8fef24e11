//! ChangeCipherSpec, and the Finished that follows it.

use super::{Decode, DecodeError, Encode, HandshakeType, Reader, Writer};

/// Says that what follows is protected by the keys just agreed (RFC 5246, 7.1). One byte, in a
/// record of its own content type.
///
/// ```text
/// struct {
///     enum { change_cipher_spec(1), (255) } type;
/// } ChangeCipherSpec;
/// ```
///
/// Any other byte is [`DecodeError::UnknownFormat`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeCipherSpec;

impl ChangeCipherSpec {
    /// The message, one byte.
    pub const BYTES: [u8; 1] = [1];
}

impl<'a> Decode<'a> for ChangeCipherSpec {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            1 => Ok(Self),
            _ => Err(DecodeError::UnknownFormat),
        }
    }
}

impl Encode for ChangeCipherSpec {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(&Self::BYTES);
    }
}

/// Proves that both sides saw the same handshake (RFC 5246, 7.4.9). Twelve bytes.
///
/// ```text
/// struct {
///     opaque verify_data[verify_data_length];
/// } Finished;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// What the PRF makes of the master secret and the hash of the handshake.
    ///
    /// RFC 5246, 7.4.9: the length is 12 for every cipher suite that does not say otherwise, and
    /// none does. Compare it in constant time, not with `==`.
    pub verify_data: [u8; 12],
}

impl Finished {
    /// The message with its header, 16 bytes.
    pub fn framed(&self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.verify_data;
        [HandshakeType::FINISHED.0, 0, 0, 12, a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

impl<'a> Decode<'a> for Finished {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        reader.array().map(|verify_data| Self { verify_data })
    }
}

impl Encode for Finished {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.verify_data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Handshake, check::assert_same};
    use alloc::vec::Vec;

    #[test]
    fn change_cipher_spec_is_one_byte_of_value_one() {
        assert_same(&ChangeCipherSpec, &[1]);
        assert_eq!(ChangeCipherSpec::decode(&[1, 1]), Err(DecodeError::Trailing));
        assert_eq!(ChangeCipherSpec::decode(&[0]), Err(DecodeError::UnknownFormat));
        assert_eq!(ChangeCipherSpec::decode(&[2]), Err(DecodeError::UnknownFormat));
    }

    #[test]
    fn finished_is_twelve_bytes() {
        let finished = Finished { verify_data: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };
        assert_same(&finished, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let mut framed = Vec::new();
        finished.write_framed(&mut framed);
        assert_eq!(finished.framed()[..], framed);
    }
}
