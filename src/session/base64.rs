//! Base64 (RFC 4648, 4), of secrets: the branches do not depend on what the characters are.

use alloc::vec::Vec;

use crate::crypto::SecretVec;

/// The value of a character, or 255. Without a table, so that no memory access depends on a secret.
#[expect(clippy::arithmetic_side_effects, reason = "sums of numbers of 9 bits, in 16")]
fn value(character: u8) -> u8 {
    let c = i16::from(character);
    // All ones if low <= c <= high.
    let within = |low: u8, high: u8| ((i16::from(low) - 1 - c) & (c - i16::from(high) - 1)) >> 8;
    let upper = within(b'A', b'Z') & (c - i16::from(b'A'));
    let lower = within(b'a', b'z') & (c - i16::from(b'a') + 26);
    let digit = within(b'0', b'9') & (c - i16::from(b'0') + 52);
    let plus = within(b'+', b'+') & 62;
    let slash = within(b'/', b'/') & 63;
    let any = within(b'A', b'Z')
        | within(b'a', b'z')
        | within(b'0', b'9')
        | within(b'+', b'+')
        | within(b'/', b'/');
    // Between 0 and 63, or all ones: the low byte is the value either way.
    let [_, low] = ((upper | lower | digit | plus | slash) | !any).to_be_bytes();
    low
}

/// The character of a value below 64.
#[expect(clippy::arithmetic_side_effects, reason = "sums of numbers of 9 bits, in 16")]
fn character(value: u8) -> u8 {
    let v = i16::from(value);
    // The ranges follow each other at other distances than in ASCII; all ones if v is above the end of one.
    let above = |end: i16| (end - v) >> 8;
    let code = v + i16::from(b'A') + (above(25) & 6) - (above(51) & 75) - (above(61) & 15) + (above(62) & 3);
    let [_, low] = code.to_be_bytes();
    low
}

/// Reads base64 with or without its padding; `None` for anything else, also for bits left over that are not zero.
pub(super) fn decode_base64(text: &str) -> Option<SecretVec> {
    let digits = text.trim_end_matches('=').as_bytes();
    let padding = text.len().saturating_sub(digits.len());
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) || digits.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len().div_ceil(4).saturating_mul(3));
    let mut bad = 0;
    let mut left_over = 0;
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for at in 0..4 {
            let value = group.get(at).map_or(0, |digit| value(*digit));
            bad |= value & 0xc0;
            bits = bits << 6 | u32::from(value & 0x3f);
        }
        let [_, bytes @ ..] = bits.to_be_bytes();
        // Two, three and four characters are one, two and three bytes.
        let (whole, rest) = bytes.split_at_checked(group.len().saturating_sub(1))?;
        out.extend_from_slice(whole);
        rest.iter().for_each(|byte| left_over |= byte);
    }
    let out = SecretVec::new(out);
    (bad == 0 && left_over == 0).then_some(out)
}

/// Writes base64 with padding and a line feed.
pub(super) fn encode_base64(bytes: &[u8]) -> SecretVec {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3).saturating_mul(4).saturating_add(1));
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let [.., low] = (bits >> shift & 0x3f).to_be_bytes();
            out.push(if at <= group.len() { character(low) } else { b'=' });
        }
    }
    out.push(b'\n');
    SecretVec::new(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4648_section_10_decode_and_encode() {
        let examples: [(&[u8], &str); 6] = [
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in examples {
            assert_eq!(decode_base64(text).unwrap().expose(), bytes);
            assert_eq!(decode_base64(text.trim_end_matches('=')).unwrap().expose(), bytes);
            assert_eq!(encode_base64(bytes).expose(), [text.as_bytes(), b"\n"].concat());
        }
    }

    #[test]
    fn every_character_has_its_value() {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for byte in 0..=u8::MAX {
            let expected = alphabet.iter().position(|known| *known == byte);
            assert_eq!(value(byte), expected.map_or(255, |at| at as u8), "{byte}");
        }
        for (at, byte) in alphabet.iter().enumerate() {
            assert_eq!(character(at as u8), *byte);
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in ["Z", "Zg=", "Zg===", "Zh==", "Zm9v=", "Zm 9v", "Zm9-", "=", "====", "Zm9vYmFyé"] {
            assert!(decode_base64(text).is_none(), "{text}");
        }
    }
}
