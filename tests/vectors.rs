//! Known answers of vectors/: the key schedule, channel bindings, and whole handshakes.
//!
//! Those of records are tests of the record layer itself.
#![cfg(feature = "rustcrypto")]

mod common;
#[path = "vectors/end_point.rs"]
mod end_point;
#[path = "vectors/format.rs"]
mod format;
#[path = "vectors/schedule.rs"]
mod schedule;
