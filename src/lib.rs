//! TLS 1.2, sans IO: handshakes are values that say what they need.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod crypto;
pub mod pki;
pub mod wire;
