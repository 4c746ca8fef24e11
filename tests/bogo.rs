//! The shim for BoringSSL's test runner, with the runner's part played here: every flag, with a peer of this crate's own
//! or one that does something wrong.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

#[path = "bogo/application.rs"]
mod application;
#[path = "bogo/certificates.rs"]
mod certificates;
#[path = "bogo/connecting.rs"]
mod connecting;
#[path = "bogo/credentials.rs"]
mod credentials;
#[path = "bogo/errors.rs"]
mod errors;
#[path = "bogo/extensions.rs"]
mod extensions;
#[path = "bogo/files.rs"]
mod files;
#[path = "bogo/flags.rs"]
mod flags;
#[path = "bogo/ocsp.rs"]
mod ocsp;
#[path = "bogo/peer.rs"]
mod peer;
#[path = "bogo/runner.rs"]
mod runner;
#[path = "bogo/sessions.rs"]
mod sessions;
#[path = "bogo/shim/mod.rs"]
mod shim;
