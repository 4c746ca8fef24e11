//! Whoever drives a handshake says what happens when it fails.

use tls12::ClientHandshake;

fn is_done(step: ClientHandshake) -> bool {
    match step {
        ClientHandshake::NeedsFlush(_) | ClientHandshake::NeedsInput(_) => false,
        ClientHandshake::NeedsVerdict(_) => false,
        ClientHandshake::NeedsCredential(_) | ClientHandshake::NeedsSignature(_) => false,
        ClientHandshake::Done(_) => true,
    }
}

fn main() {}
