//! Stores that processes share, and what stands in front of them; with fakes, and with a Redis that means no good.
#![cfg(all(feature = "tokio", feature = "rustcrypto"))]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests open sockets and read clocks"
)]

#[path = "store_shared/fakes.rs"]
mod fakes;
#[path = "store_shared/guarded.rs"]
mod guarded;
#[cfg(feature = "redis")]
#[path = "store_shared/hostile.rs"]
mod hostile;
#[path = "store_shared/tiered.rs"]
mod tiered;
