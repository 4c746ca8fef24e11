//! The adapters over real sockets and pipes, where a wrong "needs input" hangs.
#![cfg(all(feature = "blocking", feature = "rustcrypto", feature = "webpki"))]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests open sockets and read clocks"
)]

mod common;

mod adapters {
    #[cfg(feature = "tokio")]
    mod abandoned;
    mod blocking;
    #[cfg(feature = "tokio")]
    mod cancel;
    mod edges;
    mod incoming;
    #[cfg(feature = "tokio")]
    mod late;
    #[cfg(feature = "replay")]
    mod recorded;
    #[cfg(all(feature = "replay", feature = "tokio"))]
    mod recorded_changes;
    mod resuming;
    #[cfg(feature = "tokio")]
    mod shutdown;
    #[cfg(feature = "tokio")]
    mod split;
    #[cfg(feature = "tokio")]
    mod tokio;
    #[cfg(feature = "tokio")]
    mod transports;
    #[cfg(feature = "tokio")]
    mod vectored;
    #[cfg(feature = "tokio")]
    mod wakes;
}
