//! Handshakes and data with other implementations over loopback sockets.
//!
//! Those with other programs run when TLS12_INTEROP is 1; else each says that it was left out. Those with rustls
//! need nothing but Rust and always run.
#![cfg(feature = "rustcrypto")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "tests are edges: sockets, files and clocks"
)]

mod common;
#[path = "interop/drive.rs"]
mod drive;
#[path = "vectors/format.rs"]
#[allow(dead_code, reason = "tests/vectors.rs reads what is only written here")]
mod format;
#[path = "interop/gnutls.rs"]
mod gnutls;
#[path = "interop/http.rs"]
mod http;
#[path = "interop/nginx.rs"]
#[allow(dead_code, reason = "tests/probe.rs uses more of it")]
mod nginx;
#[path = "interop/node.rs"]
mod node;
#[path = "interop/openssl.rs"]
mod openssl;
#[path = "interop/openssl_client_auth.rs"]
mod openssl_client_auth;
#[path = "interop/openssl_extensions.rs"]
mod openssl_extensions;
#[path = "interop/place.rs"]
mod place;
#[path = "interop/ports.rs"]
mod ports;
#[path = "interop/program.rs"]
mod program;
#[path = "interop/record.rs"]
mod record;
#[path = "interop/resumption/mod.rs"]
mod resumption;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[path = "interop/rustls.rs"]
mod rustls_peer;
#[path = "interop/socket.rs"]
mod socket;
#[path = "vectors/transcript.rs"]
#[allow(dead_code, reason = "tests/vectors.rs reads what is only written here")]
mod transcript;
