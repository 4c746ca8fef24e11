//! The key log in the NSS format, for looking into one's own captures.

use alloc::string::String;
use core::fmt::Write;

use super::master::Randoms;
use crate::crypto::Secret;

/// Somewhere to write secrets to. Whoever reads it can read the connections.
pub trait KeyLog: Send + Sync {
    /// One line without its end: `CLIENT_RANDOM`, the client's random and the master secret, in hex.
    fn log(&self, line: &str);
}

/// Writes the line of a connection.
pub(crate) fn log_master_secret(secret: &Secret<48>, randoms: &Randoms, log: &dyn KeyLog) {
    let mut line = String::with_capacity(14 + 2 * 32 + 1 + 2 * 48);
    line.push_str("CLIENT_RANDOM ");
    hex(&mut line, &randoms.client);
    line.push(' ');
    hex(&mut line, secret.expose());
    log.log(&line);
    zeroize::Zeroize::zeroize(&mut line);
}

fn hex(to: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(to, "{byte:02x}");
    }
}
