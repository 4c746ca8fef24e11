//! Certificates: shown, asked for, stapled to, and proven to be one's own.

use super::{
    CertificateEntry, ClientCertificateType, Decode, DecodeError, DistinguishedName, Encode, List, Reader,
    SignatureScheme, StatusRequest, Writer,
};

/// A chain of certificates (RFC 5246, 7.4.2).
///
/// ```text
/// opaque ASN.1Cert<1..2^24-1>;
///
/// struct {
///     ASN.1Cert certificate_list<0..2^24-1>;
/// } Certificate;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The sender's own certificate first. Empty where a client has none to show.
    pub chain: List<'a, CertificateEntry<'a>>,
}

impl<'a> Decode<'a> for Certificate<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { chain: List::from_encoded(reader.u24_prefixed()?)? })
    }
}

impl Encode for Certificate<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u24_prefixed(|w| self.chain.write(w));
    }
}

/// What an OCSP responder says about the server's certificate (RFC 6066, 8).
///
/// ```text
/// struct {
///     CertificateStatusType status_type;
///     select (status_type) {
///         case ocsp: OCSPResponse;
///     } response;
/// } CertificateStatus;
///
/// opaque OCSPResponse<1..2^24-1>;
/// ```
///
/// Any status but OCSP's is [`DecodeError::UnknownFormat`], an empty response [`DecodeError::Empty`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateStatus<'a> {
    /// The response in DER, 1 to 16 777 215 bytes.
    pub response: &'a [u8],
}

impl<'a> Decode<'a> for CertificateStatus<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            StatusRequest::OCSP => {}
            _ => return Err(DecodeError::UnknownFormat),
        }
        match reader.u24_prefixed()? {
            [] => Err(DecodeError::Empty),
            response => Ok(Self { response }),
        }
    }
}

impl Encode for CertificateStatus<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(StatusRequest::OCSP);
        writer.u24_prefixed(|w| w.bytes(self.response));
    }
}

/// Asks the client for a certificate (RFC 5246, 7.4.4).
///
/// ```text
/// opaque DistinguishedName<1..2^16-1>;
///
/// struct {
///     ClientCertificateType certificate_types<1..2^8-1>;
///     SignatureAndHashAlgorithm supported_signature_algorithms<2..2^16-2>;
///     DistinguishedName certificate_authorities<0..2^16-1>;
/// } CertificateRequest;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateRequest<'a> {
    /// What the certificate may sign with; not empty.
    pub certificate_types: List<'a, ClientCertificateType>,
    /// What signatures the server verifies, the preferred one first; not empty.
    pub signature_algorithms: List<'a, SignatureScheme>,
    /// Whom the server trusts. Empty where it does not say.
    pub authorities: List<'a, DistinguishedName<'a>>,
}

impl<'a> Decode<'a> for CertificateRequest<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            certificate_types: List::non_empty(reader.u8_prefixed()?)?,
            signature_algorithms: List::non_empty(reader.u16_prefixed()?)?,
            authorities: List::from_encoded(reader.u16_prefixed()?)?,
        })
    }
}

impl Encode for CertificateRequest<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8_prefixed(|w| self.certificate_types.write(w));
        writer.u16_prefixed(|w| self.signature_algorithms.write(w));
        writer.u16_prefixed(|w| self.authorities.write(w));
    }
}

/// Proves that the client holds the key of its certificate (RFC 5246, 7.4.8).
///
/// ```text
/// struct {
///     digitally-signed struct {
///         opaque handshake_messages[handshake_messages_length];
///     }
/// } CertificateVerify;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateVerify<'a> {
    /// How the client signed.
    pub scheme: SignatureScheme,
    /// The signature over all messages before this one, 0 to 65 535 bytes.
    pub signature: &'a [u8],
}

impl<'a> Decode<'a> for CertificateVerify<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { scheme: SignatureScheme::read(reader)?, signature: reader.u16_prefixed()? })
    }
}

impl Encode for CertificateVerify<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        self.scheme.write(writer);
        writer.u16_prefixed(|w| w.bytes(self.signature));
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::check::assert_same;
    use crate::wire::encode_list;

    #[test]
    fn a_chain_is_a_list_of_certificates_in_a_list() {
        let entries = encode_list([CertificateEntry(&[0x30, 1]), CertificateEntry(&[0x31])]);
        let message = Certificate { chain: List::from_encoded(&entries).unwrap() };
        assert_same(
            &Certificate { chain: List::from_encoded(entries.clone().leak()).unwrap() },
            &[0, 0, 9, 0, 0, 2, 0x30, 1, 0, 0, 1, 0x31],
        );
        let certificates: Vec<_> = message.chain.iter().map(|entry| entry.0).collect();
        assert_eq!(certificates, [&[0x30, 1][..], &[0x31]]);
    }

    #[test]
    fn a_chain_may_be_empty_but_not_its_certificates() {
        assert_same(&Certificate { chain: List::EMPTY }, &[0, 0, 0]);
        assert_eq!(Certificate::decode(&[0, 0, 3, 0, 0, 0]), Err(DecodeError::Empty));
    }

    #[test]
    fn a_certificate_does_not_run_past_its_chain() {
        assert_eq!(Certificate::decode(&[0, 0, 4, 0, 0, 2, 0x30]), Err(DecodeError::Ragged));
        assert_eq!(Certificate::decode(&[0, 0, 5, 0, 0, 1, 0x30, 0]), Err(DecodeError::Ragged));
    }

    #[test]
    fn a_status_is_a_response_of_ocsp() {
        assert_same(&CertificateStatus { response: &[0x30, 0] }, &[1, 0, 0, 2, 0x30, 0]);
        assert_eq!(CertificateStatus::decode(&[1, 0, 0, 0]), Err(DecodeError::Empty));
        assert_eq!(CertificateStatus::decode(&[2, 0, 0, 1, 0]), Err(DecodeError::UnknownFormat));
    }

    #[test]
    fn a_request_lists_types_schemes_and_authorities() {
        let message = CertificateRequest {
            certificate_types: List::from_encoded(&[1, 64, 0xee]).unwrap(),
            signature_algorithms: List::from_encoded(&[4, 3, 0x2a, 0x2a]).unwrap(),
            authorities: List::from_encoded(&[0, 2, 0x30, 0]).unwrap(),
        };
        assert_same(&message, &[3, 1, 64, 0xee, 0, 4, 4, 3, 0x2a, 0x2a, 0, 4, 0, 2, 0x30, 0]);
        assert_same(
            &CertificateRequest { authorities: List::EMPTY, ..message },
            &[3, 1, 64, 0xee, 0, 4, 4, 3, 0x2a, 0x2a, 0, 0],
        );
    }

    #[test]
    fn a_request_without_types_or_schemes_asks_for_nothing() {
        assert_eq!(CertificateRequest::decode(&[0, 0, 2, 4, 3, 0, 0]), Err(DecodeError::Empty));
        assert_eq!(CertificateRequest::decode(&[1, 1, 0, 0, 0, 0]), Err(DecodeError::Empty));
        assert_eq!(CertificateRequest::decode(&[1, 1, 0, 3, 4, 3, 4, 0, 0]), Err(DecodeError::Ragged));
        assert_eq!(CertificateRequest::decode(&[1, 1, 0, 2, 4, 3, 0, 2, 0, 0]), Err(DecodeError::Empty));
    }

    #[test]
    fn a_proof_is_a_scheme_and_a_signature() {
        let message = CertificateVerify { scheme: SignatureScheme::ED25519, signature: &[5; 3] };
        assert_same(&message, &[8, 7, 0, 3, 5, 5, 5]);
    }
}
