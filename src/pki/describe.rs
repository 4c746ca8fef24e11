//! What a certificate says, for a person to read.

use std::fmt;

use pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    date::Date,
    error::CertificateError,
    leaf::{KeyKind, Leaf},
    outline::Outline,
};

/// What a certificate says. All of it is the issuer's word, control characters escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The subject's distinguished name.
    pub subject: String,
    /// The first common name in the subject, if it has one that is text.
    pub common_name: Option<String>,
    /// The issuer's distinguished name.
    pub issuer: String,
    /// DNS names and IP addresses of its subjectAltName.
    pub names: Vec<String>,
    /// The first second of its validity, since 1970.
    pub not_before: u64,
    /// The last second of its validity, since 1970.
    pub not_after: u64,
    /// The kind of its key.
    pub key: String,
    /// Its serial number in hexadecimal.
    pub serial: String,
}

/// Reads what a certificate says; [`CertificateError::BadEncoding`] if it does not parse.
pub fn describe(certificate: &CertificateDer<'_>) -> Result<Description, CertificateError> {
    let bad = |_| CertificateError::BadEncoding;
    let leaf = Leaf::parse(certificate)?;
    let names = Outline::parse(certificate).map_err(bad)?.extensions.names();
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    Ok(Description {
        subject: printable(&parsed.subject().to_string()),
        common_name: parsed
            .subject()
            .iter_common_name()
            .next()
            .and_then(|name| name.as_str().ok())
            .map(printable),
        issuer: printable(&parsed.issuer().to_string()),
        names,
        not_before: leaf.not_before(),
        not_after: leaf.not_after(),
        key: key(leaf.kind()),
        serial: parsed.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

fn key(kind: KeyKind) -> String {
    match kind {
        KeyKind::P256 => "P-256".into(),
        KeyKind::P384 => "P-384".into(),
        KeyKind::Ed25519 => "Ed25519".into(),
        KeyKind::Rsa { bits } => format!("RSA {bits}"),
        KeyKind::RsaPss => "RSA-PSS".into(),
        KeyKind::Other => "unknown kind".into(),
    }
}

/// A certificate comes from anybody, and its text ends on a terminal: what prints nothing, or moves or turns around
/// what is beside it, is escaped.
fn printable(text: &str) -> String {
    // Quotes do no harm, and the escapes of backslashes keep the rest readable.
    text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
        write!(
            f,
            "subject {}, names {}, issuer {}, key {}, valid {} to {}, serial {}",
            or_none(&self.subject),
            or_none(&self.names.join(" ")),
            or_none(&self.issuer),
            self.key,
            Date(self.not_before),
            Date(self.not_after),
            self.serial
        )
    }
}
