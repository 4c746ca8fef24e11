//! The providers against the vectors of the RFCs, and their keys against `openssl`; and against each other.

#[cfg(feature = "graviola")]
mod agreement;
mod keys;
mod primitives;

use alloc::{vec, vec::Vec};

use crate::crypto::{Provider, RUSTCRYPTO};

/// Every provider that is compiled in and that this processor can run.
fn providers() -> Vec<&'static Provider> {
    #[cfg(feature = "graviola")]
    match Provider::graviola() {
        Some(graviola) => return vec![&RUSTCRYPTO, graviola],
        None => std::eprintln!("left out: this processor cannot run graviola"),
    }
    vec![&RUSTCRYPTO]
}

/// Decodes hexadecimal digits; spaces and line ends are skipped.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit.try_into().unwrap()).collect();
    digits.chunks(2).map(|pair| 16 * pair[0] + pair[1]).collect()
}
