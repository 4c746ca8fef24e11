//! Nothing is sent before the handshake is over.

use tls12::client::NeedsInput;

fn impatient(mut step: NeedsInput) {
    step.send(b"early", &mut Vec::new());
}

fn main() {}
