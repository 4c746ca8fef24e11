//! The wish for a stapled OCSP response.

use crate::wire::list::opaque;
use crate::wire::{Decode, DecodeError, Encode, List, Reader, Writer};

/// What status of the server's certificate the client wishes to see (RFC 6066, 8).
///
/// ```text
/// struct {
///     CertificateStatusType status_type;             // ocsp(1)
///     select (status_type) {
///         case ocsp: OCSPStatusRequest;
///     } request;
/// } CertificateStatusRequest;
///
/// struct {
///     ResponderID responder_id_list<0..2^16-1>;      // opaque ResponderID<1..2^16-1>
///     Extensions  request_extensions;                // opaque Extensions<0..2^16-1>
/// } OCSPStatusRequest;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRequest<'a> {
    /// The kind of status; [`StatusRequest::OCSP`] is the only one that is defined for this.
    pub status_type: u8,
    /// What the kind asks for. For OCSP its form was checked, for others nothing is known about it.
    pub request: &'a [u8],
}

impl StatusRequest<'_> {
    /// `CertificateStatusType.ocsp`.
    pub const OCSP: u8 = 1;
}

impl StatusRequest<'static> {
    /// Asks for an OCSP response from any responder, without extensions.
    pub const fn ocsp() -> Self {
        Self { status_type: Self::OCSP, request: &[0; 4] }
    }
}

impl<'a> Decode<'a> for StatusRequest<'a> {
    /// Reads all that is left, because the length of a request of an unknown kind is unknown.
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let value = Self { status_type: reader.u8()?, request: reader.rest() };
        match value.status_type {
            Self::OCSP => check_ocsp(value.request).map(|()| value),
            _ => Ok(value),
        }
    }
}

impl Encode for StatusRequest<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.status_type);
        writer.bytes(self.request);
    }
}

fn check_ocsp(request: &[u8]) -> Result<(), DecodeError> {
    let mut reader = Reader::new(request);
    List::<ResponderId<'_>>::from_encoded(reader.u16_prefixed()?)?;
    reader.u16_prefixed()?;
    reader.end()
}

opaque! {
    /// The name of an OCSP responder in DER: 1 to 65 535 bytes after a length of two.
    ResponderId, u16_prefixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::assert_same;

    #[test]
    fn a_request_for_ocsp_has_responders_and_extensions() {
        assert_same(&StatusRequest::ocsp(), &[1, 0, 0, 0, 0]);
        let full = StatusRequest { status_type: 1, request: &[0, 3, 0, 1, 9, 0, 2, 7, 7] };
        assert_same(&full, &[1, 0, 3, 0, 1, 9, 0, 2, 7, 7]);
    }

    #[test]
    fn responders_are_not_empty_and_do_not_run_past_their_list() {
        assert_eq!(StatusRequest::decode(&[1, 0, 2, 0, 0, 0, 0]), Err(DecodeError::Empty));
        assert_eq!(StatusRequest::decode(&[1, 0, 3, 0, 2, 9, 0, 0]), Err(DecodeError::Ragged));
        assert_eq!(StatusRequest::decode(&[1, 0, 0, 0, 0, 0]), Err(DecodeError::Trailing));
    }

    #[test]
    fn a_request_of_another_kind_survives() {
        let bytes = [2, 1, 2, 3];
        let value = StatusRequest::decode(&bytes).unwrap();
        assert_eq!(value, StatusRequest { status_type: 2, request: &[1, 2, 3] });
        assert_eq!(value.encode(), bytes);
    }
}
