//! The ticket keys that fleets have: files of 48 or 80 bytes.
//!
//! | who | 48 bytes | 80 bytes | file |
//! | --- | --- | --- | --- |
//! | nginx | name, AES, HMAC | name, HMAC, AES | one key, raw |
//! | HAProxy | name, AES, HMAC | name, AES, HMAC | one key a line, base64; the last but one seals |
//! | Apache | name, HMAC, AES | | one key, raw |
//! | Node | name, HMAC, AES | | one key, raw |
//! | OpenSSL | name, HMAC, AES | name, HMAC, AES | one key, raw |
//!
//! The name has 16 bytes, and each of the keys 16 or 32. Here both are material for HKDF-SHA256 under labels of our
//! own, so that nothing is sealed twice under one key by two programs that share a file (R21), and tickets of one
//! program do not open in another.

use alloc::vec::Vec;
use core::{fmt, time::Duration};

use pki_types::UnixTime;
use zeroize::Zeroizing;

use super::{
    KeyName, KeyRing, KeyTimes, TicketKey, WeakKey,
    base64::{decode_base64, encode_base64},
};
use crate::{crypto::SecretVec, wire::Reader};

/// In which order a file of ticket keys has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyFileFormat {
    /// HAProxy's if the file is lines of base64, and nginx's otherwise. All hosts that share a key must read it alike.
    Auto,
    /// 48 bytes: name, AES, HMAC; 80 bytes: name, HMAC, AES.
    Nginx,
    /// 48 bytes: name, HMAC, AES.
    Apache,
    /// Lines of base64 of 48 or 80 bytes, or these bytes: name, AES, HMAC. The last line but one seals.
    Haproxy,
    /// 48 bytes: name, HMAC, AES.
    Node,
    /// 48 or 80 bytes: name, HMAC, AES.
    OpenSsl,
}

/// Which of the two keys comes first behind the name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    AesFirst,
    HmacFirst,
}

impl KeyFileFormat {
    /// The order of a key whose two halves have so many bytes; `None` if the format has no such keys.
    fn order(self, half: usize) -> Option<Order> {
        match (self, half) {
            (Self::Nginx | Self::Auto, 16) | (Self::Haproxy, 16 | 32) => Some(Order::AesFirst),
            (Self::Nginx | Self::Auto, 32) | (Self::Apache | Self::Node, 16) | (Self::OpenSsl, 16 | 32) => {
                Some(Order::HmacFirst)
            }
            _ => None,
        }
    }
}

/// Why a file of ticket keys is refused. `line` counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFileError {
    /// Neither 48 nor 80 bytes, or a length that the format does not have.
    Length {
        /// How many bytes there are.
        found: usize,
    },
    /// A line is not base64 of 48 or 80 bytes.
    Line {
        /// Which.
        line: usize,
    },
    /// There is no key in it.
    Empty,
    /// A secret that nobody should believe to be random (R20).
    Weak {
        /// Which key of the file, counted from 1.
        key: usize,
        /// What is wrong with it.
        weak: WeakKey,
    },
}

impl fmt::Display for KeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => {
                write!(f, "a ticket key of this format does not have {found} bytes; 48 or 80 are usual")
            }
            Self::Line { line } => write!(f, "line {line} is not a ticket key of 48 or 80 bytes in base64"),
            Self::Empty => f.write_str("there is no ticket key in it"),
            Self::Weak { key, weak } => write!(f, "ticket key {key} is refused: {weak}"),
        }
    }
}

impl core::error::Error for KeyFileError {}

/// One key of a file: name, HMAC key and AES key, in whatever order they were. Wiped on drop, never printed.
pub struct KeyMaterial {
    name: KeyName,
    /// The HMAC key and the AES key, equally long: 16 or 32 bytes each.
    keys: SecretVec,
}

impl KeyMaterial {
    /// Reads a file of keys; never an empty list. Every part of it must look random (R20).
    pub fn read(bytes: &[u8], format: KeyFileFormat) -> Result<Vec<Self>, KeyFileError> {
        let keys = match format {
            // No line of base64 of a whole key has 48 or 80 characters, so a file of that length is raw.
            KeyFileFormat::Haproxy | KeyFileFormat::Auto if !matches!(bytes.len(), 48 | 80) => {
                read_lines(bytes)?
            }
            _ => {
                Vec::from([Self::read_one(bytes, format).ok_or(KeyFileError::Length { found: bytes.len() })?])
            }
        };
        for (key, number) in keys.iter().zip(1..) {
            let mut halves = key.keys.expose().chunks(key.half());
            let checked = halves.try_for_each(WeakKey::check);
            checked.map_err(|weak| KeyFileError::Weak { key: number, weak })?;
        }
        match keys.is_empty() {
            true => Err(KeyFileError::Empty),
            false => Ok(keys),
        }
    }

    fn read_one(bytes: &[u8], format: KeyFileFormat) -> Option<Self> {
        let half = bytes.len().checked_sub(16)? / 2;
        let order = format.order(half)?;
        let mut reader = Reader::new(bytes);
        let name = KeyName(reader.array().ok()?);
        let (first, second) = (reader.take(half).ok()?, reader.take(half).ok()?);
        reader.end().ok()?;
        let (hmac, aes) = match order {
            Order::HmacFirst => (first, second),
            Order::AesFirst => (second, first),
        };
        let both = Zeroizing::new([hmac, aes].concat());
        Some(Self { name, keys: SecretVec::copy_of(&both) })
    }

    /// The same key in another format; `None` if the format has no keys of this length. HAProxy's is a line of base64.
    pub fn write(&self, format: KeyFileFormat) -> Option<SecretVec> {
        let (hmac, aes) = self.keys.expose().split_at_checked(self.half())?;
        let raw = Zeroizing::new(match format.order(self.half())? {
            Order::HmacFirst => [&self.name.0, hmac, aes].concat(),
            Order::AesFirst => [&self.name.0, aes, hmac].concat(),
        });
        Some(match format {
            KeyFileFormat::Haproxy => encode_base64(&raw),
            _ => SecretVec::copy_of(&raw),
        })
    }

    /// The name in the file, and of every ticket under the key.
    pub fn name(&self) -> KeyName {
        self.name
    }

    /// How many bytes the key has with its name: 48 or 80.
    #[expect(clippy::len_without_is_empty, reason = "no key is empty")]
    pub fn len(&self) -> usize {
        self.keys.expose().len().saturating_add(16)
    }

    fn half(&self) -> usize {
        self.keys.expose().len() / 2
    }

    /// The key to seal and open with.
    pub fn ticket_key(&self, times: KeyTimes) -> TicketKey {
        TicketKey::raw(self.name, self.keys.expose(), times)
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaterial").field("name", &self.name).field("len", &self.len()).finish()
    }
}

impl TicketKey {
    /// Name and secret in the order of Node's `getTicketKeys`: name, HMAC key, AES key of 16 bytes each. `None` for a
    /// key of 80 bytes. It contains the secret.
    pub fn to_bytes48(&self) -> Option<SecretVec> {
        let both = Zeroizing::new([&self.name().0, self.secret().expose()].concat());
        (both.len() == 48).then(|| SecretVec::copy_of(&both))
    }

    /// The key of Node's `setTicketKeys`, sealing for `period` from `now`. Unlike there, [`KeyRing::rotate`] with it
    /// leaves the former keys opening.
    pub fn from_bytes48(bytes: &[u8; 48], now: UnixTime, period: Duration) -> Result<Self, KeyFileError> {
        let keys = KeyMaterial::read(bytes, KeyFileFormat::Node)?;
        let times = KeyTimes::starting(now, period);
        keys.first().map(|key| key.ticket_key(times)).ok_or(KeyFileError::Empty)
    }
}

impl KeyRing {
    /// The ring of several files, in the order in which they were given: the first seals, for `period` from `now`; all
    /// others open for as long as it does. Of a HAProxy file with several keys the last but one is its first.
    ///
    /// An error comes with the number of the file, counted from 0. No file at all is [`KeyFileError::Empty`].
    pub fn from_files<'f>(
        files: impl IntoIterator<Item = &'f [u8]>,
        format: KeyFileFormat,
        now: UnixTime,
        period: Duration,
    ) -> Result<Self, (usize, KeyFileError)> {
        let times = KeyTimes::starting(now, period);
        let mut ring: Option<Self> = None;
        for (number, file) in files.into_iter().enumerate() {
            let mut keys = KeyMaterial::read(file, format).map_err(|error| (number, error))?;
            // HAProxy: the last but one seals.
            let first = keys.len().saturating_sub(2);
            keys.rotate_left(first);
            for key in &keys {
                ring = Some(match ring {
                    None => Self::new(key.ticket_key(times)),
                    // A key that comes again is the key that it is: the first place counts.
                    Some(ring) if ring.find(&key.name().0, now).is_ok() => ring,
                    Some(ring) => ring.with_key(key.ticket_key(times).opening_only(now)),
                });
            }
        }
        ring.ok_or((0, KeyFileError::Empty))
    }
}

/// HAProxy: one key a line; empty lines are left out.
fn read_lines(bytes: &[u8]) -> Result<Vec<KeyMaterial>, KeyFileError> {
    // A file that is not text was meant to be raw, and its length is what is wrong with it.
    let text = core::str::from_utf8(bytes).map_err(|_| KeyFileError::Length { found: bytes.len() })?;
    let lines = text.lines().map(str::trim).zip(1..).filter(|(line, _)| !line.is_empty());
    lines
        .map(|(line, number)| {
            let raw = decode_base64(line);
            raw.and_then(|raw| KeyMaterial::read_one(raw.expose(), KeyFileFormat::Haproxy))
                .ok_or(KeyFileError::Line { line: number })
        })
        .collect()
}
