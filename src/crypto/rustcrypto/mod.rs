//! The portable provider, on RustCrypto.
