//! Values with fields, for a person and in JSON.

use std::fmt::Write as _;

use tls12::explain::Registered;

use crate::{
    daemon::log::{is_harmless, quote},
    words::hex,
};

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Flag(bool),
    Number(u64),
    Text(String),
    /// Bytes; in JSON a text in hexadecimal.
    Bytes(Vec<u8>),
    /// A number with a name that a registry gives it, if it has one; so many bytes long.
    Code(Code),
    List(Vec<Value>),
    Fields(Fields),
    /// Something with a type of its own.
    Typed(Code, Fields),
}

/// A code point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) number: u64,
    pub(crate) name: Option<&'static str>,
    /// How many hexadecimal digits it is written with.
    pub(crate) digits: usize,
}

/// Names and what they stand for, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// The same, where there is something to tell.
    #[must_use]
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// A JSON object on one line.
    pub(crate) fn json(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, to: &mut String) {
        to.push('{');
        for (n, (name, value)) in self.0.iter().enumerate() {
            to.push_str(if n == 0 { "" } else { "," });
            quote(to, name);
            to.push(':');
            value.write_json(to);
        }
        to.push('}');
    }

    /// `name: value, name: value`.
    fn line(&self) -> String {
        let parts = self.0.iter().map(|(name, value)| format!("{name}: {}", value.line()));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Lines of `name: value`, each this far to the right.
    pub(crate) fn write_lines(&self, indent: usize, to: &mut String) {
        for (name, value) in &self.0 {
            let _ = write!(to, "{:indent$}{name}:", "");
            value.write_text(indent, to);
        }
    }
}

/// How many bytes are shown to a person; the others are counted.
const SHOWN: usize = 48;
/// How many elements of a long list have a line each before the rest is counted.
const LISTED: usize = 64;
/// A list that is longer than this, in characters, is long, and so is a line.
const LONG: usize = 90;

impl Value {
    fn write_json(&self, to: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Null => write!(to, "null"),
            Self::Flag(flag) => write!(to, "{flag}"),
            Self::Number(number) => write!(to, "{number}"),
            Self::Bytes(bytes) => write!(to, "\"{}\"", hex(bytes)),
            Self::Text(text) => {
                quote(to, text);
                Ok(())
            }
            Self::Code(code) => {
                let fields = Fields::new().with("code", code.number);
                fields.with("name", code.name.map_or(Self::Null, |name| name.into())).write_json(to);
                Ok(())
            }
            Self::Fields(fields) => {
                fields.write_json(to);
                Ok(())
            }
            Self::Typed(code, fields) => {
                let typed = Fields::new().with("type", Self::Code(code.clone()));
                typed.with("value", fields.clone()).write_json(to);
                Ok(())
            }
            Self::List(values) => {
                to.push('[');
                for (n, value) in values.iter().enumerate() {
                    to.push_str(if n == 0 { "" } else { "," });
                    value.write_json(to);
                }
                to.push(']');
                Ok(())
            }
        };
    }

    /// What is behind a name, with the ends of lines.
    fn write_text(&self, indent: usize, to: &mut String) {
        match self {
            Self::Fields(fields) if fields.0.is_empty() => to.push_str(" nothing\n"),
            Self::Fields(fields) => {
                to.push('\n');
                fields.write_lines(indent + 2, to);
            }
            Self::List(values) if self.line().len() > LONG || values.iter().any(Self::is_structured) => {
                to.push('\n');
                for value in values.iter().take(LISTED) {
                    let _ = write!(to, "{:width$}", "", width = indent + 2);
                    push_wrapped(to, indent + 4, &value.element());
                }
                if let Some(more @ 1..) = values.len().checked_sub(LISTED) {
                    let _ = writeln!(to, "{:width$}and {more} more", "", width = indent + 2);
                }
            }
            value => {
                let _ = writeln!(to, " {}", value.line());
            }
        }
    }

    fn is_structured(&self) -> bool {
        matches!(self, Self::Fields(_) | Self::Typed(..))
    }

    /// On one line.
    fn line(&self) -> String {
        match self {
            Self::Null => "none".into(),
            Self::Flag(true) => "yes".into(),
            Self::Flag(false) => "no".into(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) if text.chars().all(|c| is_harmless(c) || c == ' ') => text.clone(),
            Self::Text(text) => {
                let mut quoted = String::new();
                quote(&mut quoted, text);
                quoted
            }
            Self::Bytes(bytes) => some_hex(bytes),
            Self::Code(Code { number, name: Some(name), digits }) => format!("{name} (0x{number:0digits$x})"),
            Self::Code(Code { number, name: None, digits }) => format!("0x{number:0digits$x}"),
            Self::List(values) if values.is_empty() => "none".into(),
            Self::List(values) => values.iter().map(Self::element).collect::<Vec<_>>().join(", "),
            Self::Fields(fields) => fields.line(),
            Self::Typed(code, fields) => match fields.0.as_slice() {
                [] => Self::Code(code.clone()).element(),
                [(_, value)] => format!("{}: {}", Self::Code(code.clone()).element(), value.line()),
                _ => format!("{}: {}", Self::Code(code.clone()).element(), fields.line()),
            },
        }
    }

    /// Within a list, where the number of what has a name is left out.
    fn element(&self) -> String {
        match self {
            Self::Code(Code { name: Some(name), .. }) => (*name).into(),
            value => value.line(),
        }
    }
}

/// One element of a list, that goes on further to the right where it is long.
fn push_wrapped(to: &mut String, indent: usize, text: &str) {
    let mut column = indent;
    for part in text.split_inclusive(", ") {
        if column + part.len() > LONG && column > indent {
            to.truncate(to.trim_end().len());
            let _ = write!(to, "\n{:indent$}", "");
            column = indent;
        }
        to.push_str(part);
        column += part.len();
    }
    to.push('\n');
}

fn some_hex(bytes: &[u8]) -> String {
    match bytes.len() {
        0 => "empty".into(),
        1..=SHOWN => hex(bytes),
        length => format!("{}.. ({length} bytes)", hex(bytes.get(..SHOWN - 16).unwrap_or_default())),
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(u64::try_from(number).unwrap_or(u64::MAX))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Self::List(values)
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Fields(fields)
    }
}

/// Code points of one and of two bytes.
macro_rules! codes {
    ($($name:ident: $digits:literal;)*) => {$(
        impl From<tls12::wire::$name> for Value {
            fn from(code: tls12::wire::$name) -> Self {
                Self::Code(Code { number: code.0.into(), name: code.registered_name(), digits: $digits })
            }
        }
    )*};
}

codes! {
    Alert: 2;
    AlertLevel: 2;
    CipherSuite: 4;
    ClientCertificateType: 2;
    CompressionMethod: 2;
    ContentType: 2;
    EcPointFormat: 2;
    ExtensionType: 4;
    HandshakeType: 2;
    MaxFragmentLength: 2;
    NamedGroup: 4;
    ProtocolVersion: 4;
    SignatureScheme: 4;
}

#[cfg(test)]
mod tests {
    use tls12::wire::CipherSuite;

    use super::*;

    fn sample() -> Fields {
        let inner = Fields::new().with("suite", CipherSuite(0xc02f)).with("other", CipherSuite(0x0b0b));
        Fields::new()
            .with("name", "a \"name\"")
            .with("bytes", &[1, 0xab][..])
            .with("inner", inner)
            .with("list", vec![CipherSuite(0xc02b).into(), CipherSuite(0xeeee).into()])
            .with_some("left_out", None::<u64>)
            .with("none", Value::Null)
            .with("yes", true)
    }

    #[test]
    fn json_is_one_object_that_other_programs_read() {
        let json = sample().json();
        let suite = r#"{"code":49195,"name":"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}"#;
        assert!(json.contains(suite) && json.contains(r#"{"code":61166,"name":null}"#), "{json}");
        assert!(json.starts_with(r#"{"name":"a \"name\"","bytes":"01ab","inner":{"suite":"#), "{json}");
        assert!(json.ends_with(r#","none":null,"yes":true}"#), "{json}");
    }

    #[test]
    fn lines_have_names_where_there_are_some() {
        let mut text = String::new();
        sample().write_lines(2, &mut text);
        let expected = "  name: a \"name\"\n  bytes: 01ab\n  inner:\n    \
                        suite: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (0xc02f)\n    other: 0x0b0b\n  \
                        list: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, 0xeeee\n  none: none\n  yes: yes\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_long_goes_on_in_the_next_line() {
        let mut text = String::from("  ");
        push_wrapped(&mut text, 4, &["a word of twenty-five chars"; 5].join(", "));
        let line = "a word of twenty-five chars, a word of twenty-five chars,";
        let last = "a word of twenty-five chars";
        assert_eq!(text, format!("  {line}\n    {line} {last}\n"));
    }

    #[test]
    fn many_bytes_are_counted() {
        assert!(some_hex(&[7; 100]).ends_with(".. (100 bytes)"));
        assert_eq!(some_hex(&[]), "empty");
    }
}
