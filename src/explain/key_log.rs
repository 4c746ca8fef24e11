//! The secrets of a key log.

use alloc::collections::BTreeMap;
use core::fmt;

use crate::crypto::Secret;

/// The master secrets in a key log of the NSS format, by the client's random; wiped on drop, never printed.
#[derive(Default)]
pub struct KeyLogSecrets {
    secrets: BTreeMap<[u8; 32], Secret<48>>,
    skipped: usize,
}

impl KeyLogSecrets {
    /// Reads the lines of a key log: `CLIENT_RANDOM`, 32 bytes and 48 bytes in hexadecimal.
    ///
    /// Comments, empty lines and lines that do not parse are left out, and so are those of other kinds, which are of TLS
    /// 1.3 or of static RSA. Where a random comes twice, the later line counts.
    pub fn read(text: &[u8]) -> Self {
        let mut read = Self::default();
        // Some editors begin a file with a mark of the order of its bytes.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
            match secret_of(line) {
                Some((random, secret)) => drop(read.secrets.insert(random, secret)),
                None if line.is_empty() || line.starts_with(b"#") => {}
                None => read.skipped = read.skipped.saturating_add(1),
            }
        }
        read
    }

    /// Of how many connections there are secrets.
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// How many lines were neither a secret of TLS 1.2 nor a comment.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    pub(super) fn find(&self, client_random: &[u8; 32]) -> Option<&Secret<48>> {
        self.secrets.get(client_random)
    }
}

impl fmt::Debug for KeyLogSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyLogSecrets({} connections)", self.secrets.len())
    }
}

fn secret_of(line: &[u8]) -> Option<([u8; 32], Secret<48>)> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let (kind, random, secret, None) = (words.next()?, words.next()?, words.next()?, words.next()) else {
        return None;
    };
    if kind != b"CLIENT_RANDOM" {
        return None;
    }
    let mut client_random = [0; 32];
    read_hex(random, &mut client_random)?;
    let mut whole = None;
    let secret = Secret::fill(|to| whole = read_hex(secret, to));
    whole.map(|()| (client_random, secret))
}

/// Fills all of `to`, or says that the text is of another length or no hexadecimal.
fn read_hex(text: &[u8], to: &mut [u8]) -> Option<()> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    if pairs.len() != to.len() {
        return None;
    }
    for ([high, low], byte) in pairs.iter().zip(to) {
        *byte = digit(*high)?.checked_mul(16)?.checked_add(digit(*low)?)?;
    }
    Some(())
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn line(random: &str, secret: &str) -> alloc::string::String {
        format!("CLIENT_RANDOM {} {}", random.repeat(32), secret.repeat(48))
    }

    #[test]
    fn secrets_are_found_by_the_random_of_the_client() {
        let text =
            format!("# a comment\n\n{}\r\n{}\n{}", line("a1", "07"), line("B2", "08"), line("a1", "09"));
        let log = KeyLogSecrets::read(text.as_bytes());
        assert_eq!((log.len(), log.skipped(), log.is_empty()), (2, 0, false));
        let marked = format!("\u{feff}{}", line("a1", "07"));
        assert_eq!(KeyLogSecrets::read(marked.as_bytes()).len(), 1);
        assert_eq!(log.find(&[0xa1; 32]).map(|secret| *secret.expose()), Some([9; 48]));
        assert_eq!(log.find(&[0xb2; 32]).map(|secret| *secret.expose()), Some([8; 48]));
        assert!(log.find(&[0xb1; 32]).is_none());
    }

    #[test]
    fn lines_that_are_damaged_or_of_other_kinds_are_counted() {
        let good = line("a1", "07");
        let wrong = [
            good.replace("CLIENT_RANDOM", "CLIENT_TRAFFIC_SECRET_0"),
            good.replace("CLIENT_RANDOM", "RSA"),
            format!("{good} 00"),
            format!("{good}0"),
            good[..good.len() - 2].to_owned(),
            good.replace("07", "+7"),
            good.replace("07", "0g"),
            "CLIENT_RANDOM".to_owned(),
        ];
        let log = KeyLogSecrets::read(wrong.join("\n").as_bytes());
        assert_eq!((log.len(), log.skipped()), (0, wrong.len()));
    }

    #[test]
    fn no_secret_is_printed() {
        let log = KeyLogSecrets::read(line("a1", "07").as_bytes());
        assert_eq!(format!("{log:?}"), "KeyLogSecrets(1 connections)");
    }
}
