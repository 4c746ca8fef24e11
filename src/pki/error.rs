//! Why a certificate was refused, in words for a person.

use alloc::{string::String, vec::Vec};
use core::fmt;

use super::date::Date;

/// Why a certificate was refused, the peer's or our own.
///
/// Times are in seconds since 1970-01-01 00:00:00 UTC.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateError {
    /// It does not parse.
    BadEncoding,
    /// There is no path from it to a root that is trusted.
    UnknownIssuer,
    /// It, or a certificate above it, was valid until `not_after`.
    Expired {
        /// The time of the handshake.
        now: u64,
        /// The last second it is valid.
        not_after: u64,
    },
    /// It, or a certificate above it, is valid from `not_before`.
    NotYetValid {
        /// The time of the handshake.
        now: u64,
        /// The first second it is valid.
        not_before: u64,
    },
    /// It is for other names than the one that was called.
    NotForName {
        /// The name that was called.
        expected: String,
        /// The names it is for: DNS names and IP addresses.
        presented: Vec<String>,
    },
    /// Its issuer took it back.
    Revoked,
    /// Its key usage or extended key usage is for something else.
    WrongPurpose,
    /// Its key is none of P-256, P-384, Ed25519 and RSA of 2048 to 8192 bits.
    UnsupportedKey,
    /// It, or a certificate above it, is signed with an algorithm that is not accepted, SHA-1 say, or that does not
    /// go with its issuer's key.
    UnsupportedSignature,
    /// The signature on it, or on a certificate above it, is not by its issuer's key.
    BadSignature,
    /// Anything else.
    Unacceptable(&'static str),
    /// None came where one was needed, or a chain is empty.
    Missing,
    /// A verifier has no roots at all.
    NoRoots,
    /// A chain is longer than a Certificate message can be (RFC 5246, 7.4.2): 2^24 - 1 bytes.
    TooLong,
    /// A private key does not belong to it.
    KeyMismatch,
    /// The stapled OCSP response was refused.
    BadOcsp,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { now, not_after } => write!(
                f,
                "the certificate, or one above it, expired on {} and it is {} now; it must be renewed, or the clock \
                 is wrong",
                Date(*not_after),
                Date(*now)
            ),
            Self::NotYetValid { now, not_before } => write!(
                f,
                "the certificate, or one above it, is valid from {} and it is {} now; is the clock wrong?",
                Date(*not_before),
                Date(*now)
            ),
            Self::NotForName { expected, presented } => not_for_name(f, expected, presented),
            Self::Unacceptable(why) => write!(f, "the certificate is not acceptable: {why}"),
            other => f.write_str(other.sentence()),
        }
    }
}

impl CertificateError {
    /// What there is to say where there are no details.
    fn sentence(&self) -> &'static str {
        match self {
            Self::BadEncoding => "the certificate does not parse",
            Self::UnknownIssuer => {
                "the certificate does not lead to a trusted root: its issuer is not trusted, or an intermediate \
                 certificate is missing from the chain"
            }
            Self::Expired { .. } => "the certificate has expired",
            Self::NotYetValid { .. } => "the certificate is not valid yet",
            Self::NotForName { .. } => "the certificate is for another name",
            Self::Revoked => "the certificate was revoked by its issuer",
            Self::WrongPurpose => {
                "the certificate is not for this purpose: see its key usage (digitalSignature) and its extended key \
                 usage (serverAuth or clientAuth)"
            }
            Self::UnsupportedKey => {
                "the certificate's key is none of P-256, P-384, Ed25519 and RSA (rsaEncryption) of 2048 to 8192 bits"
            }
            Self::UnsupportedSignature => {
                "the certificate, or one above it, is signed with an algorithm that is not accepted (SHA-1, say) or \
                 that does not go with its issuer's key"
            }
            Self::BadSignature => {
                "the signature on the certificate, or on one above it, does not verify: was it issued by another CA of \
                 the same name?"
            }
            Self::Unacceptable(why) => why,
            Self::Missing => "there is no certificate",
            Self::NoRoots => "there are no root certificates to trust, so no certificate can be accepted",
            Self::TooLong => "the certificate chain is longer than a Certificate message can be",
            Self::KeyMismatch => "the private key does not belong to the certificate",
            Self::BadOcsp => "the stapled OCSP response was refused",
        }
    }
}

impl core::error::Error for CertificateError {}

/// How many names of a certificate a message lists.
const NAMES_LISTED: usize = 8;

fn not_for_name(f: &mut fmt::Formatter<'_>, expected: &str, presented: &[String]) -> fmt::Result {
    write!(f, "the certificate is not for {expected} but ")?;
    if presented.is_empty() {
        return f.write_str("for no DNS name or IP address at all (subjectAltName)");
    }
    for (n, name) in presented.iter().take(NAMES_LISTED).enumerate() {
        let before = if n == 0 { "for " } else { ", " };
        write!(f, "{before}{name}")?;
    }
    match presented.len().checked_sub(NAMES_LISTED) {
        None | Some(0) => Ok(()),
        Some(more) => write!(f, " and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    #[test]
    fn a_message_says_what_was_wrong_and_with_what() {
        let expired = CertificateError::Expired { now: 1_735_689_599, not_after: 951_782_400 };
        assert!(expired.to_string().contains("2000-02-29 00:00:00 UTC"));
        assert!(expired.to_string().contains("2024-12-31 23:59:59 UTC"));
        let names = |count: usize| CertificateError::NotForName {
            expected: "a.example".into(),
            presented: (0..count).map(|n| format!("n{n}.example")).collect(),
        };
        assert_eq!(
            names(2).to_string(),
            "the certificate is not for a.example but for n0.example, n1.example"
        );
        assert!(names(8).to_string().ends_with("n7.example"));
        assert!(names(10).to_string().ends_with("n7.example and 2 more"));
        assert!(names(0).to_string().contains("for no DNS name"));
        let all = [CertificateError::NoRoots, CertificateError::Unacceptable("odd")];
        assert!(all.iter().all(|error| !error.to_string().is_empty()));
    }
}
