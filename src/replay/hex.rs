//! Bytes and code points as a recording writes them: in hex.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

/// Bytes as hex. They may be secret: wiped on drop, never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Hex(pub(super) Zeroizing<Vec<u8>>);

impl Hex {
    pub(super) fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Zeroizing::new(bytes.as_ref().to_vec()))
    }

    /// The first four bytes: enough for a person to tell one name from another.
    pub(super) fn begins(bytes: &[u8]) -> String {
        bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    /// As many bytes as there have to be.
    pub(super) fn array<const N: usize>(&self) -> Result<[u8; N], String> {
        let wrong = |_| format!("{} bytes in hex where {N} have to be", self.0.len());
        self.0.as_slice().try_into().map_err(wrong)
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Zeroizing::new(String::with_capacity(2 * self.0.len()));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let wrong = || de::Error::custom("this is not hex");
        let digit = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
        for pair in text.as_bytes().chunks(2) {
            let [high, low] = *pair else { return Err(wrong()) };
            let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(wrong()) };
            bytes.push(high << 4 | low);
        }
        Ok(Self(bytes))
    }
}

/// A code point of 16 bits: four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code(pub(super) u16);

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:04x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| de::Error::custom("this is not a code point in hex");
        u16::from_str_radix(&text, 16).map(Self).map_err(wrong)
    }
}
