//! Where things are in a certificate (RFC 5280, 4.1), of any version.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::net::{Ipv4Addr, Ipv6Addr};

use super::{
    date::Date,
    der::{Der, Malformed, Tag, Value},
};

/// 2.5.29.15, id-ce-keyUsage.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// 2.5.29.17, id-ce-subjectAltName.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// 2.5.29.19, id-ce-basicConstraints.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 2.5.29.30, id-ce-nameConstraints.
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
/// 2.5.29.37, id-ce-extKeyUsage.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];

/// 1.3.6.1.5.5.7.3.1, id-kp-serverAuth.
#[cfg(feature = "webpki")]
pub(super) const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// 1.3.6.1.5.5.7.3.2, id-kp-clientAuth.
#[cfg(feature = "webpki")]
pub(super) const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];

/// What a handshake or path validation needs of a certificate, and rustls-webpki does not tell.
#[cfg_attr(
    not(feature = "webpki"),
    allow(dead_code, reason = "path validation needs more than handshakes do")
)]
#[derive(Debug)]
pub(super) struct Outline<'a> {
    /// Whether it can have extensions (RFC 5280, 4.1.2.1).
    pub(super) is_version_3: bool,
    /// The issuer's DistinguishedName in DER.
    pub(super) issuer: &'a [u8],
    /// The first and the last second of its validity, since 1970.
    pub(super) validity: (u64, u64),
    /// The content of the subject's DistinguishedName.
    pub(super) subject: &'a [u8],
    pub(super) key: PublicKey<'a>,
    /// The content of the AlgorithmIdentifier with which the certificate is signed.
    pub(super) signature_algorithm: &'a [u8],
    pub(super) extensions: Extensions<'a>,
}

/// The extensions that are looked at.
#[cfg_attr(
    not(feature = "webpki"),
    allow(dead_code, reason = "path validation needs more than handshakes do")
)]
#[derive(Debug, Default)]
pub(super) struct Extensions<'a> {
    /// Bit n of the extension is `1 << n`.
    pub(super) key_usage: Option<u16>,
    subject_alt_name: Option<&'a [u8]>,
    extended_key_usage: Option<&'a [u8]>,
    pub(super) basic_constraints: Option<&'a [u8]>,
    pub(super) name_constraints: Option<&'a [u8]>,
    /// There is a critical one that is none of these.
    pub(super) unknown_critical: bool,
}

/// A SubjectPublicKeyInfo.
#[derive(Debug)]
pub(super) struct PublicKey<'a> {
    /// All of it in DER.
    pub(super) whole: &'a [u8],
    /// The content of its AlgorithmIdentifier.
    pub(super) algorithm: &'a [u8],
    /// The content of its bit string, which is the end of `whole`.
    pub(super) bits: &'a [u8],
}

impl<'a> Outline<'a> {
    /// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
    pub(super) fn parse(certificate: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Der::new(certificate);
        let mut parts = outer.enter(Tag::SEQUENCE)?;
        outer.end()?;
        let tbs = parts.enter(Tag::SEQUENCE)?;
        let signature_algorithm = parts.expect(Tag::SEQUENCE)?.content;
        parts.bit_string()?;
        parts.end()?;
        Self::parse_tbs(tbs, signature_algorithm)
    }

    fn parse_tbs(mut tbs: Der<'a>, signature_algorithm: &'a [u8]) -> Result<Self, Malformed> {
        let version = tbs.optional(Tag::explicit(0))?; // 2 stands for version 3
        tbs.expect(Tag::INTEGER)?; // serialNumber
        tbs.expect(Tag::SEQUENCE)?; // signature, which path validation compares with the outer one
        let issuer = tbs.expect(Tag::SEQUENCE)?.whole;
        let mut validity = tbs.enter(Tag::SEQUENCE)?;
        let validity_of = (time(validity.value()?)?, time(validity.value()?)?);
        validity.end()?;
        let subject = tbs.expect(Tag::SEQUENCE)?.content;
        let key = PublicKey::parse(tbs.expect(Tag::SEQUENCE)?)?;
        let mut extensions = Extensions::default();
        while !tbs.is_empty() {
            let value = tbs.value()?;
            if value.tag == Tag::explicit(3) {
                extensions = Extensions::parse(value.content)?;
            }
        }
        let is_version_3 = version.is_some_and(|version| version.content == [Tag::INTEGER.0, 1, 2]);
        Ok(Self {
            is_version_3,
            issuer,
            validity: validity_of,
            subject,
            key,
            signature_algorithm,
            extensions,
        })
    }
}

impl<'a> PublicKey<'a> {
    /// SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING }
    fn parse(spki: Value<'a>) -> Result<Self, Malformed> {
        let mut parts = Der::new(spki.content);
        let algorithm = parts.expect(Tag::SEQUENCE)?.content;
        let (bits, unused) = parts.bit_string()?;
        parts.end()?;
        match unused {
            0 => Ok(Self { whole: spki.whole, algorithm, bits }),
            _ => Err(Malformed),
        }
    }

    /// How many bits the modulus of an RSA key has.
    ///
    /// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017, A.1.1)
    pub(super) fn rsa_bits(&self) -> Result<usize, Malformed> {
        let mut outer = Der::new(self.bits);
        let mut parts = outer.enter(Tag::SEQUENCE)?;
        outer.end()?;
        let modulus = parts.expect(Tag::INTEGER)?.content;
        parts.expect(Tag::INTEGER)?;
        parts.end()?;
        let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
        let significant = modulus.get(zeros..).unwrap_or_default();
        let unused = significant.first().map_or(0, |byte| byte.leading_zeros());
        let bits = significant.len().checked_mul(8).ok_or(Malformed)?;
        bits.checked_sub(usize::try_from(unused).map_err(|_| Malformed)?).ok_or(Malformed)
    }
}

/// UTCTime `YYMMDDhhmmssZ` or GeneralizedTime `YYYYMMDDhhmmssZ` (RFC 5280, 4.1.2.5), in seconds since 1970.
fn time(value: Value<'_>) -> Result<u64, Malformed> {
    let digits = value.content.strip_suffix(b"Z").ok_or(Malformed)?;
    let (year, rest) = match (value.tag, digits.len()) {
        (Tag::UTC_TIME, 12) => {
            let (year, rest) = digits.split_at_checked(2).ok_or(Malformed)?;
            // RFC 5280, 4.1.2.5.1: "Where YY is greater than or equal to 50, the year SHALL be interpreted as 19YY"
            let year = number(year)?;
            (year.saturating_add(if year >= 50 { 1900 } else { 2000 }), rest)
        }
        (Tag::GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at_checked(4).ok_or(Malformed)?;
            (number(year)?, rest)
        }
        _ => return Err(Malformed),
    };
    let mut fields = [year, 0, 0, 0, 0, 0];
    for (field, two) in fields.iter_mut().skip(1).zip(rest.chunks_exact(2)) {
        *field = number(two)?;
    }
    Date::from_fields(fields).map(|date| date.0).ok_or(Malformed)
}

/// At most four decimal digits.
fn number(digits: &[u8]) -> Result<u64, Malformed> {
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = char::from(*digit).to_digit(10).ok_or(Malformed)?;
        Ok(number.saturating_mul(10).saturating_add(digit.into()))
    })
}

impl<'a> Extensions<'a> {
    /// Extensions ::= SEQUENCE OF SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
    fn parse(explicit: &'a [u8]) -> Result<Self, Malformed> {
        let mut outer = Der::new(explicit);
        let mut list = outer.enter(Tag::SEQUENCE)?;
        outer.end()?;
        let mut found = Self::default();
        while !list.is_empty() {
            let mut extension = list.enter(Tag::SEQUENCE)?;
            let id = extension.expect(Tag::OBJECT_IDENTIFIER)?.content;
            let critical = extension.optional(Tag::BOOLEAN)?.is_some_and(|value| value.content != [0]);
            let value = extension.expect(Tag::OCTET_STRING)?.content;
            extension.end()?;
            // RFC 5280, 4.2: "A certificate MUST NOT include more than one instance of a particular extension."
            let twice = match id {
                KEY_USAGE => found.key_usage.replace(key_usage(value)?).is_some(),
                SUBJECT_ALT_NAME => found.subject_alt_name.replace(value).is_some(),
                EXTENDED_KEY_USAGE => found.extended_key_usage.replace(value).is_some(),
                BASIC_CONSTRAINTS => found.basic_constraints.replace(value).is_some(),
                NAME_CONSTRAINTS => found.name_constraints.replace(value).is_some(),
                _ => {
                    found.unknown_critical |= critical;
                    false
                }
            };
            if twice {
                return Err(Malformed);
            }
        }
        Ok(found)
    }

    /// Whether the certificate is for this purpose: one that does not say is for any.
    ///
    /// ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId (RFC 5280, 4.2.1.12)
    #[cfg(feature = "webpki")]
    pub(super) fn are_for(&self, purpose: &[u8]) -> Result<bool, Malformed> {
        let Some(value) = self.extended_key_usage else {
            return Ok(true);
        };
        let mut outer = Der::new(value);
        let mut purposes = outer.enter(Tag::SEQUENCE)?;
        outer.end()?;
        let mut found = false;
        while !purposes.is_empty() {
            found |= purposes.expect(Tag::OBJECT_IDENTIFIER)?.content == purpose;
        }
        Ok(found)
    }

    /// The DNS names and IP addresses of subjectAltName, to be read by a person: as far as they parse, with what is
    /// not printable ASCII escaped, for they end on a terminal.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut list = Der::new(self.subject_alt_name.unwrap_or_default());
        let Ok(mut list) = list.enter(Tag::SEQUENCE) else {
            return names;
        };
        while let Ok(name) = list.value() {
            names.extend(general_name(name));
        }
        names
    }
}

/// GeneralName ::= CHOICE { .. dNSName [2] IA5String, .. iPAddress [7] OCTET STRING, .. } (RFC 5280, 4.2.1.6)
fn general_name(name: Value<'_>) -> Option<String> {
    match name.tag {
        Tag(0x82) => Some(name.content.escape_ascii().to_string()),
        Tag(0x87) => match (<&[u8; 4]>::try_from(name.content), <&[u8; 16]>::try_from(name.content)) {
            (Ok(v4), _) => Some(Ipv4Addr::from(*v4).to_string()),
            (_, Ok(v6)) => Some(Ipv6Addr::from(*v6).to_string()),
            (Err(_), Err(_)) => None,
        },
        _ => None,
    }
}

/// KeyUsage ::= BIT STRING, of nine bits at most (RFC 5280, 4.2.1.3).
fn key_usage(value: &[u8]) -> Result<u16, Malformed> {
    let mut value = Der::new(value);
    let (bits, _) = value.bit_string()?;
    value.end()?;
    let first = bits.first().copied().unwrap_or(0).reverse_bits();
    let second = bits.get(1).copied().unwrap_or(0).reverse_bits();
    Ok(u16::from_le_bytes([first, second]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time_of(tag: Tag, text: &str) -> Result<u64, Malformed> {
        time(Value { tag, content: text.as_bytes(), whole: &[] })
    }

    #[test]
    fn times_have_two_formats_and_no_others() {
        assert_eq!(time_of(Tag::UTC_TIME, "700101000001Z"), Ok(1));
        assert_eq!(time_of(Tag::UTC_TIME, "500101000000Z"), Ok(0));
        assert_eq!(time_of(Tag::UTC_TIME, "241231235959Z"), Ok(1_735_689_599));
        assert_eq!(time_of(Tag::UTC_TIME, "490101000000Z"), Ok(2_493_072_000));
        assert_eq!(time_of(Tag::GENERALIZED_TIME, "99991231235959Z"), Ok(253_402_300_799));
        for bad in
            ["2412312359Z", "241231235959", "24123123595xZ", "241331235959Z", "20241231235959Z", "Z", ""]
        {
            assert_eq!(time_of(Tag::UTC_TIME, bad), Err(Malformed), "{bad}");
        }
        assert_eq!(time_of(Tag::GENERALIZED_TIME, "241231235959Z"), Err(Malformed));
        assert_eq!(time_of(Tag::INTEGER, "241231235959Z"), Err(Malformed));
    }

    #[test]
    fn an_rsa_key_is_as_long_as_its_modulus() {
        let bits_of = |bits| PublicKey { whole: &[], algorithm: &[], bits }.rsa_bits();
        assert_eq!(bits_of(&[0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 3]), Ok(16));
        assert_eq!(bits_of(&[0x30, 7, 2, 2, 0x01, 1, 2, 1, 3]), Ok(9));
        assert_eq!(bits_of(&[0x30, 6, 2, 1, 0, 2, 1, 3]), Ok(0));
        for bad in
            [&[][..], &[0x30, 0], &[0x30, 3, 2, 1, 5], &[0x30, 9, 2, 1, 5, 2, 1, 3, 2, 1, 1], &[0x30, 1, 2]]
        {
            assert_eq!(bits_of(bad), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn key_usage_bits_are_numbered_from_the_first() {
        assert_eq!(key_usage(&[3, 2, 7, 0x80]), Ok(1));
        assert_eq!(key_usage(&[3, 2, 5, 0xa0]), Ok(0b101));
        assert_eq!(key_usage(&[3, 3, 7, 0, 0x80]), Ok(1 << 8));
        assert_eq!(key_usage(&[3, 1, 0]), Ok(0));
        assert_eq!(key_usage(&[3, 2, 7]), Err(Malformed));
        assert_eq!(key_usage(&[4, 1, 0]), Err(Malformed));
    }

    #[test]
    fn names_are_printable_whatever_they_are() {
        let names =
            |san: &'static [u8]| Extensions { subject_alt_name: Some(san), ..Extensions::default() }.names();
        let san = b"\x30\x16\x82\x03a.b\x82\x02\x1bc\x87\x04\x7f\0\0\x01\x87\x01\x07\x81\x02@x";
        assert_eq!(names(san), ["a.b", "\\x1bc", "127.0.0.1"]);
        let v6 = b"\x30\x12\x87\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01";
        assert_eq!(names(v6), ["::1"]);
        assert!(names(b"\x30\x09\x82").is_empty());
        assert!(Extensions::default().names().is_empty());
    }

    #[cfg(feature = "webpki")]
    #[test]
    fn a_certificate_is_for_the_purposes_it_names_and_for_any_if_it_names_none() {
        let is_for = |value: &'static [u8], purpose| {
            Extensions { extended_key_usage: Some(value), ..Extensions::default() }.are_for(purpose)
        };
        let server = b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";
        assert_eq!((is_for(server, SERVER_AUTH), is_for(server, CLIENT_AUTH)), (Ok(true), Ok(false)));
        assert_eq!(is_for(b"\x30\0", SERVER_AUTH), Ok(false));
        assert_eq!(Extensions::default().are_for(SERVER_AUTH), Ok(true));
        for bad in [&b""[..], b"\x30\x01", b"\x30\0\0", b"\x30\x03\x02\x01\x05", b"\x06\x01\x05"] {
            assert_eq!(is_for(bad, SERVER_AUTH), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn an_extension_comes_once() {
        let once = b"\x30\x0d\x30\x0b\x06\x03\x55\x1d\x0f\x04\x04\x03\x02\x07\x80";
        assert_eq!(Extensions::parse(once).unwrap().key_usage, Some(1));
        let mut twice = once.to_vec();
        twice.extend_from_within(2..);
        twice[1] = 0x1a;
        assert_eq!(Extensions::parse(&twice).unwrap_err(), Malformed);
    }
}
