//! The provider against the vectors of the RFCs, and its keys against `openssl`.

mod keys;
mod primitives;

use alloc::vec::Vec;

/// Decodes hexadecimal digits; spaces and line ends are skipped.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit.try_into().unwrap()).collect();
    digits.chunks(2).map(|pair| 16 * pair[0] + pair[1]).collect()
}
