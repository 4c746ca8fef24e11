//! The shares of an ephemeral Diffie-Hellman exchange over elliptic curves, and what ends the server's hello.

use super::{Decode, DecodeError, Encode, NamedGroup, Reader, SignatureScheme, Writer};

/// `ECCurveType.named_curve` (RFC 8422, 5.4), the only one that is left.
const NAMED_CURVE: u8 = 3;

/// The server's share, and the group it is of (RFC 8422, 5.4). This is what the server signs,
/// after both randoms.
///
/// ```text
/// struct {
///     ECCurveType curve_type;    // named_curve(3)
///     NamedCurve namedcurve;
/// } ECParameters;
///
/// struct {
///     ECParameters curve_params;
///     ECPoint public;            // opaque point <1..2^8-1>
/// } ServerECDHParams;
/// ```
///
/// Any other type of curve is [`DecodeError::UnknownFormat`], an empty share [`DecodeError::Empty`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EcdheParams<'a> {
    /// The group the server chose.
    pub group: NamedGroup,
    /// The share as the group encodes it, 1 to 255 bytes; whether it is a point is not checked here.
    pub public: &'a [u8],
}

impl<'a> Decode<'a> for EcdheParams<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            NAMED_CURVE => Ok(Self { group: NamedGroup::read(reader)?, public: read_point(reader)? }),
            _ => Err(DecodeError::UnknownFormat),
        }
    }
}

impl Encode for EcdheParams<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(NAMED_CURVE);
        self.group.write(writer);
        writer.u8_prefixed(|w| w.bytes(self.public));
    }
}

/// The server's share, signed (RFC 5246, 7.4.3; RFC 8422, 5.4).
///
/// ```text
/// struct {
///     ServerECDHParams params;
///     Signature signed_params;
/// } ServerKeyExchange;
///
/// struct {
///     SignatureAndHashAlgorithm algorithm;
///     opaque signature<0..2^16-1>;
/// } DigitallySigned;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerKeyExchange<'a> {
    /// The group and the share.
    pub params: EcdheParams<'a>,
    /// How the server signed.
    pub scheme: SignatureScheme,
    /// The signature over client random, server random and `params`, 0 to 65 535 bytes.
    pub signature: &'a [u8],
}

impl<'a> Decode<'a> for ServerKeyExchange<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            params: EcdheParams::read(reader)?,
            scheme: SignatureScheme::read(reader)?,
            signature: reader.u16_prefixed()?,
        })
    }
}

impl Encode for ServerKeyExchange<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        self.params.write(writer);
        self.scheme.write(writer);
        writer.u16_prefixed(|w| w.bytes(self.signature));
    }
}

/// Says that the server waits for the client (RFC 5246, 7.4.5). No bytes.
///
/// ```text
/// struct { } ServerHelloDone;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerHelloDone;

impl<'a> Decode<'a> for ServerHelloDone {
    fn read(_: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

impl Encode for ServerHelloDone {
    fn write(&self, _: &mut Writer<'_>) {}
}

/// The client's share (RFC 5246, 7.4.7; RFC 8422, 5.7).
///
/// ```text
/// struct {
///     ECPoint ecdh_Yc;           // opaque point <1..2^8-1>
/// } ClientECDiffieHellmanPublic;
/// ```
///
/// An empty share is [`DecodeError::Empty`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientKeyExchange<'a> {
    /// The share as the group encodes it, 1 to 255 bytes; whether it is a point is not checked here.
    pub public: &'a [u8],
}

impl<'a> Decode<'a> for ClientKeyExchange<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self { public: read_point(reader)? })
    }
}

impl Encode for ClientKeyExchange<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        writer.u8_prefixed(|w| w.bytes(self.public));
    }
}

fn read_point<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    match reader.u8_prefixed()? {
        [] => Err(DecodeError::Empty),
        point => Ok(point),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::check::assert_same;

    #[test]
    fn the_signed_share_names_its_curve() {
        let message = ServerKeyExchange {
            params: EcdheParams { group: NamedGroup::X25519, public: &[7, 7, 7] },
            scheme: SignatureScheme::ECDSA_SECP256R1_SHA256,
            signature: &[0x30, 0],
        };
        assert_same(&message, &[3, 0, 29, 3, 7, 7, 7, 4, 3, 0, 2, 0x30, 0]);
        assert_same(&message.params, &[3, 0, 29, 3, 7, 7, 7]);
    }

    #[test]
    fn curves_that_are_spelled_out_are_not_read() {
        for curve_type in [0, 1, 2, 4, 255] {
            let bytes = [curve_type, 0, 29, 1, 7, 4, 3, 0, 0];
            assert_eq!(ServerKeyExchange::decode(&bytes), Err(DecodeError::UnknownFormat));
        }
    }

    #[test]
    fn a_share_is_not_empty() {
        assert_eq!(EcdheParams::decode(&[3, 0, 23, 0]), Err(DecodeError::Empty));
        assert_eq!(ClientKeyExchange::decode(&[0]), Err(DecodeError::Empty));
    }

    #[test]
    fn the_clients_share_stands_alone() {
        assert_same(&ClientKeyExchange { public: &[4, 1, 2] }, &[3, 4, 1, 2]);
    }

    #[test]
    fn server_hello_done_has_no_bytes() {
        assert_same(&ServerHelloDone, &[]);
    }
}
