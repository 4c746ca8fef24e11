//! There is one of each handshake.

use tls12::ClientHandshake;

fn fork(step: ClientHandshake) -> (ClientHandshake, ClientHandshake) {
    (step.clone(), step)
}

fn main() {}
