//! The header of a record, and how long a record may be.

use super::{ContentType, Decode, DecodeError, Encode, ProtocolVersion, Reader, Writer};

/// The length of a record's header in bytes.
pub const HEADER_LEN: usize = 5;

/// The most bytes of plaintext in a record (RFC 5246, 6.2.1).
pub const MAX_PLAINTEXT: usize = 1 << 14;

/// The most bytes after the header of an encrypted record (RFC 5246, 6.2.3).
pub const MAX_CIPHERTEXT: usize = MAX_PLAINTEXT + 2048;

/// The most bytes of a record with its header.
pub const MAX_RECORD: usize = HEADER_LEN + MAX_CIPHERTEXT;

/// What stands in front of every record (RFC 5246, 6.2.1). Five bytes.
///
/// ```text
/// struct {
///     ContentType type;
///     ProtocolVersion version;
///     uint16 length;
///     opaque fragment[TLSPlaintext.length];
/// } TLSPlaintext;
/// ```
///
/// Only the form is checked here: which types, versions and lengths are fine depends on the state
/// of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// What the record carries.
    pub content_type: ContentType,
    /// The version the record says it is of.
    pub version: ProtocolVersion,
    /// How many bytes follow.
    pub length: u16,
}

impl<'a> Decode<'a> for RecordHeader {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            content_type: ContentType::read(reader)?,
            version: ProtocolVersion::read(reader)?,
            length: reader.u16()?,
        })
    }
}

impl Encode for RecordHeader {
    fn write(&self, writer: &mut Writer<'_>) {
        self.content_type.write(writer);
        self.version.write(writer);
        writer.u16(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::assert_same;

    #[test]
    fn a_header_is_type_version_and_length() {
        let header = RecordHeader {
            content_type: ContentType::HANDSHAKE,
            version: ProtocolVersion::TLS1_2,
            length: 0x0102,
        };
        assert_same(&header, &[22, 3, 3, 1, 2]);
        assert_eq!(header.encode().len(), HEADER_LEN);
    }

    #[test]
    fn unknown_types_and_versions_survive() {
        let header = RecordHeader {
            content_type: ContentType(0x80),
            version: ProtocolVersion(0x2e01),
            length: 0xffff,
        };
        assert_same(&header, &[0x80, 0x2e, 1, 0xff, 0xff]);
    }

    #[test]
    fn the_longest_record_is_the_one_of_rfc_5246() {
        assert_eq!((MAX_PLAINTEXT, MAX_CIPHERTEXT, MAX_RECORD), (16_384, 18_432, 18_437));
    }
}
