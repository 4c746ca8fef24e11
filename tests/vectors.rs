//! Known answers of vectors/: the key schedule, channel bindings, and whole handshakes.
//!
//! Those of records are tests of the record layer itself.
#![cfg(feature = "rustcrypto")]

mod common;
#[path = "interop/drive.rs"]
#[allow(dead_code, reason = "tests/interop.rs uses all of it")]
mod drive;
#[path = "vectors/end_point.rs"]
mod end_point;
#[path = "vectors/format.rs"]
mod format;
#[path = "vectors/replay.rs"]
mod replay;
#[path = "vectors/schedule.rs"]
mod schedule;
#[path = "vectors/sessions.rs"]
mod sessions;
#[path = "vectors/transcript.rs"]
#[allow(dead_code, reason = "tests/interop.rs writes what is only read here")]
mod transcript;
