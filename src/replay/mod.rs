//! Layer 6: connections written down, and run again.
//!
//! A handshake is a function of what goes into it: configuration, session, seed, clock, bytes and answers. A [`Recorder`]
//! writes all of it down while an adapter is at work, [`Recording`] reads it, and a [`Replay`] gives it to this version of
//! the crate again, step by step, and compares what is sent, byte by byte: a report of a bug that reproduces.
//!
//! ```
//! # #[cfg(feature = "rustcrypto")]
//! # fn serve(
//! #     tcp: std::net::TcpStream,
//! #     acceptor: tls12::blocking::Acceptor,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! use std::fs::{self, File};
//! use tls12::{
//!     blocking::Incoming,
//!     crypto::RUSTCRYPTO,
//!     replay::{Recorder, Recording, Replay, Secrets},
//! };
//!
//! let recorder = Recorder::new(File::create("connection.tls12")?, Secrets::Withheld);
//! let failed = Incoming::read_recorded(tcp, 64 * 1024, recorder)?.accept(&acceptor).is_err();
//! # drop(failed);
//!
//! let recording = Recording::read(&fs::read("connection.tls12")?)?;
//! for step in Replay::new(&recording, &RUSTCRYPTO) {
//!     println!("{step:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Secrets
//!
//! The seed gives the keys of a connection, ticket keys open all sessions of a fleet, and a client's session can be resumed by
//! whoever has it. They are written only with [`Secrets::Recorded`]. Where they are withheld, [`Replay`] says how far it goes. What
//! is written in any case is what somebody on the wire sees, and beside it: the configuration without its keys,
//! the answers of stores, key holders and verifiers, and of sessions that clients offered who the client was and what was agreed on.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `recorder.rs` | [`Recorder`]: what happens, to lines |
//! | `recording.rs` | [`Recording`]: the format, read |
//! | `line.rs`, `config.rs`, `resumption.rs`, `hex.rs` | the lines, and values of this crate in them |
//! | `replay.rs`, `script.rs`, `step.rs` | [`Replay`]: a recording as it is played, and what that tells |
//! | `client.rs`, `server.rs`, `answers.rs` | handshakes, and their asks answered as recorded |
//! | `traffic.rs` | what follows a handshake |
//! | `clear.rs` | how far it goes without secrets |

mod answers;
mod clear;
mod client;
mod config;
mod hex;
mod line;
mod recorder;
mod recording;
#[expect(clippy::module_inception, reason = "it is what the module is for")]
mod replay;
mod resumption;
mod script;
mod server;
mod step;
mod traffic;

pub use self::{
    line::{AS_RECORDED, FULL_LINE, Secrets},
    recorder::{DEFAULT_RECORDED, Recorder},
    recording::{Recording, RecordingError},
    replay::Replay,
    step::{Difference, End, Step},
};
