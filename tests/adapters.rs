//! The adapters over real sockets and pipes, where a wrong "needs input" hangs.
#![cfg(all(feature = "blocking", feature = "rustcrypto", feature = "webpki"))]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests open sockets and read clocks"
)]

mod common;

mod adapters {
    mod blocking;
    mod edges;
    mod incoming;
    #[cfg(feature = "tokio")]
    mod late;
    mod resuming;
    #[cfg(feature = "tokio")]
    mod tokio;
}
