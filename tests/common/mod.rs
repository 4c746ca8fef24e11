//! What several integration tests share; each of them is a crate of its own and uses a part.
#![allow(dead_code, unreachable_pub)]

pub mod certs;
pub mod forge;
pub mod ours;
pub mod pair;
pub mod puppet;
pub mod raw;
pub mod recording;
pub mod resuming;
pub mod say;
pub mod speaking;
pub mod steps;
pub mod transcripts;
pub mod worlds;
