//! TLS 1.2, sans IO: handshakes are values that say what they need.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

#[cfg(feature = "blocking")]
pub mod blocking;
pub mod client;
pub mod connection;
pub mod crypto;
#[cfg(any(feature = "blocking", feature = "tokio"))]
mod edge;
mod error;
mod handshake;
pub mod pki;
mod record;
pub mod schedule;
pub mod server;
pub mod session;
#[cfg(feature = "tokio")]
pub mod tokio;
pub mod wire;

pub use client::{ClientConfig, ClientHandshake};
pub use connection::{Connection, ConnectionInfo, HalfReceived, Received};
pub use crypto::Seed;
pub use error::{Error, Illegal, Incompatible, Refusal};
pub use handshake::ConfigError;
pub use pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
pub use record::{Excess, Plaintext, RecordError, RecvBuf, Truncated};
pub use schedule::{ContextTooLong, Exporter, KeyLog};
pub use server::{ClientAuth, ServerConfig, ServerHandshake};
