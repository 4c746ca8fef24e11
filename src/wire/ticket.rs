//! Session tickets.

use super::{Decode, DecodeError, Encode, Reader, Writer};

/// Gives the client a ticket to resume the session with (RFC 5077, 3.3).
///
/// ```text
/// struct {
///     uint32 ticket_lifetime_hint;
///     opaque ticket<0..2^16-1>;
/// } NewSessionTicket;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewSessionTicket<'a> {
    /// For how many seconds the ticket may be of use; 0 says nothing about it.
    pub lifetime_hint: u32,
    /// What only the server understands, 0 to 65 535 bytes. Empty where the server promised a
    /// ticket and then made none.
    pub ticket: &'a [u8],
}

impl<'a> Decode<'a> for NewSessionTicket<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { lifetime_hint: reader.u32()?, ticket: reader.u16_prefixed()? })
    }
}

impl Encode for NewSessionTicket<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.lifetime_hint);
        writer.u16_prefixed(|w| w.bytes(self.ticket));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::assert_same;

    #[test]
    fn a_ticket_comes_with_a_hint() {
        let message = NewSessionTicket { lifetime_hint: 7200, ticket: &[9, 8, 7] };
        assert_same(&message, &[0, 0, 0x1c, 0x20, 0, 3, 9, 8, 7]);
    }

    #[test]
    fn a_ticket_may_be_empty() {
        assert_same(&NewSessionTicket { lifetime_hint: 0, ticket: &[] }, &[0, 0, 0, 0, 0, 0]);
    }
}
