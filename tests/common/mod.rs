//! What several integration tests share; each of them is a crate of its own and uses a part.
#![allow(dead_code, unreachable_pub)]

pub mod certs;
pub mod ours;
pub mod pair;
pub mod raw;
