//! TLS 1.2, sans IO: handshakes are values that say what they need.
//!
//! A handshake of either side is an enum. Each variant is answered by consuming it, which gives the next one, until
//! [`Done`](ServerHandshake::Done) or [`Failed`](ServerHandshake::Failed). There are no callbacks, there is no
//! object that could be called in the wrong order, and nothing in here opens a socket, reads a clock, draws a
//! random number or holds a private key: time, randomness, sessions, signatures and verdicts go in and come out.
//!
//! ```no_run
//! # #[cfg(all(feature = "std", feature = "rustcrypto"))] {
//! use std::{error::Error, io::{Read, Write}, net::TcpStream, sync::Arc};
//! use tls12::{RecvBuf, Seed, ServerConfig, ServerHandshake, UnixTime, crypto::{LocalKey, Sign}, server::Established};
//!
//! fn handshake(tcp: &mut TcpStream, config: &Arc<ServerConfig>, key: &LocalKey) -> Result<Established, Box<dyn Error>> {
//!     let mut step = ServerHandshake::start(Seed::from_os()?, RecvBuf::new(), UnixTime::now());
//!     loop {
//!         step = match step {
//!             ServerHandshake::NeedsFlush(ask) => {
//!                 tcp.write_all(ask.bytes())?;
//!                 ask.all_sent()
//!             }
//!             ServerHandshake::NeedsInput(mut ask) => {
//!                 let n = tcp.read(ask.spare())?;
//!                 ask.received(n, UnixTime::now())
//!             }
//!             ServerHandshake::NeedsConfig(ask) => ask.answer(config.clone()),
//!             // Without a store; tickets need none.
//!             ServerHandshake::NeedsSession(ask) => ask.answer(None),
//!             ServerHandshake::NeedsStore(ask) => ask.stored(),
//!             ServerHandshake::NeedsSignature(ask) => {
//!                 let signature = key.sign(ask.request());
//!                 ask.answer(signature)
//!             }
//!             ServerHandshake::NeedsVerdict(ask) => {
//!                 // Only asked of a server that asks its clients for certificates.
//!                 ask.answer(Err(tls12::pki::CertificateError::UnknownIssuer))
//!             }
//!             ServerHandshake::Done(done) => return Ok(done),
//!             ServerHandshake::Failed(failed) => return Err(failed.error.into()),
//!         };
//!     }
//! }
//! # }
//! ```
//!
//! A [`Connection`] has two verbs, [`receive`](Connection::receive) and [`send`](Connection::send), and no queue:
//! records are opened where they lie in the caller's [`RecvBuf`] and sealed into the caller's memory.
//!
//! # Layers
//!
//! | layer | modules | |
//! |---|---|---|
//! | 0 | [`wire`] | bytes to values and back |
//! | 1 | [`crypto`] | primitives behind object-safe traits |
//! | 2 | [`schedule`], records, [`session`], [`pki`] | parts that do not know each other |
//! | 3 | [`Error`] | what can go wrong, and its alert |
//! | 4 | [`connection`] | the established connection |
//! | 5 | [`server`], [`client`] | the states, and the values that ask |
//! | 5 | [`explain`] | what somebody sees who only has the bytes |
//! | 6 | adapters, `replay` and the command | the only files with IO, clocks and the system's randomness |
//!
//! Layers 0 to 5 need `core` and `alloc` only (`--no-default-features --features rustcrypto`).
//!
//! # What is left out on purpose
//!
//! TLS 1.3, CBC suites, static RSA, compression, renegotiation, SHA-1.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
// Nothing that a peer sends reaches a panic: layers 0 to 5 do without what could, and unit tests need not.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used,
    )
)]

extern crate alloc;

#[cfg(feature = "blocking")]
#[allow(clippy::pedantic, clippy::restriction, reason = "layer 6")]
pub mod blocking;
pub mod client;
pub mod connection;
pub mod crypto;
#[cfg(any(feature = "blocking", feature = "tokio"))]
#[allow(clippy::pedantic, clippy::restriction, reason = "layer 6")]
mod edge;
mod error;
pub mod explain;
mod handshake;
pub mod pki;
mod record;
#[cfg(feature = "replay")]
#[allow(clippy::pedantic, clippy::restriction, reason = "layer 6")]
pub mod replay;
pub mod schedule;
pub mod server;
pub mod session;
#[cfg(feature = "std")]
#[allow(clippy::pedantic, clippy::restriction, reason = "layer 6")]
pub mod store;
#[cfg(feature = "tokio")]
#[allow(clippy::pedantic, clippy::restriction, reason = "layer 6")]
pub mod tokio;
pub mod wire;

pub use client::{ClientConfig, ClientHandshake};
pub use connection::{Connection, ConnectionInfo, HalfReceived, Received};
pub use crypto::Seed;
pub use error::{Error, Illegal, Incompatible, Refusal};
pub use handshake::ConfigError;
pub use pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem};
pub use record::{Excess, Plaintext, RecordError, RecvBuf, Truncated};
pub use schedule::{ContextTooLong, Exporter, KeyLog};
pub use server::{ClientAuth, ServerConfig, ServerHandshake};
