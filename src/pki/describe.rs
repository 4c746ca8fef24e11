//! What a certificate says, for a person to read.

use std::fmt;

use pki_types::CertificateDer;
use x509_parser::{
    objects::{oid_registry, oid2abbrev},
    prelude::{FromDer, X509Certificate},
    x509::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name},
};

use super::{
    date::Date,
    error::CertificateError,
    leaf::{KeyKind, Leaf},
    outline::Outline,
};

/// What a certificate says. All of it is the issuer's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The subject's distinguished name, as RFC 4514 writes it but in the order of the certificate: no two are written
    /// alike, and nothing in it moves a cursor.
    pub subject: String,
    /// The first common name in the subject, if it has one that is text: as it is in the certificate.
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
        subject: distinguished_name(parsed.subject()),
        common_name: parsed
            .subject()
            .iter_common_name()
            .next()
            .and_then(|name| name.as_str().ok())
            .map(str::to_owned),
        issuer: distinguished_name(parsed.issuer()),
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

/// A name as RFC 4514 writes it, but with the attributes in the order of the certificate and a space behind each comma.
///
/// No two names are written alike: what stands between attributes is escaped within them (2.4), so that nobody can put a
/// whole name into one of its parts. A certificate comes from anybody, and its text ends on a terminal: what prints
/// nothing, or moves or turns around what is beside it, is escaped too.
fn distinguished_name(name: &X509Name<'_>) -> String {
    let attribute = |attribute: &AttributeTypeAndValue<'_>| {
        let oid = attribute.attr_type();
        let kind = oid2abbrev(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned);
        format!("{kind}={}", value(attribute))
    };
    let part =
        |part: &RelativeDistinguishedName<'_>| part.iter().map(attribute).collect::<Vec<_>>().join("+");
    name.iter_rdn().map(part).collect::<Vec<_>>().join(", ")
}

/// RFC 4514, 2.4: a value that is no text is "an octothorpe character ('#' U+0023) followed by the hexadecimal
/// representation of each of the octets"; here of its contents.
fn value(attribute: &AttributeTypeAndValue<'_>) -> String {
    match attribute.as_str() {
        Ok(text) => escaped(text),
        Err(_) => {
            let hex = |byte: &u8| format!("{byte:02x}");
            format!("#{}", attribute.as_slice().iter().map(hex).collect::<String>())
        }
    }
}

fn escaped(text: &str) -> String {
    let (mut escaped, last) = (String::new(), text.chars().count().saturating_sub(1));
    for (at, c) in text.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => escaped.extend(['\\', c]),
            ' ' if at == 0 || at == last => escaped.extend(['\\', c]),
            '#' if at == 0 => escaped.extend(['\\', c]),
            '\'' => escaped.push(c),
            c if c.escape_debug().count() == 1 => escaped.push(c),
            c => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escaped.push_str(&format!("\\{byte:02x}")))
            }
        }
    }
    escaped
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_put_a_whole_name_into_a_part_of_one() {
        for (text, expected) in [
            ("alice", "alice"),
            ("Admins, CN=alice", "Admins\\, CN=alice"),
            ("a+b;c<d>e\"f\\", "a\\+b\\;c\\<d\\>e\\\"f\\\\"),
            ("# a ", "\\# a\\ "),
            (" ", "\\ "),
            ("O'Neil", "O'Neil"),
            ("Łukasz \u{1f600}", "Łukasz \u{1f600}"),
            // RFC 4514, 4: "a backslash and two hex digits" for what cannot be seen.
            ("\u{1b}[2J\n\u{202e}", "\\1b[2J\\0a\\e2\\80\\ae"),
            ("", ""),
        ] {
            assert_eq!(escaped(text), expected);
        }
    }
}
