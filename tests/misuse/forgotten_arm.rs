//! Whoever reads a connection says what happens with an alert that the peer is owed.

use tls12::HalfReceived;

fn drive(received: HalfReceived<'_>) {
    match received {
        HalfReceived::NeedsInput | HalfReceived::Reply(_) | HalfReceived::Closed => {}
        HalfReceived::Data(data) => drop(data),
    }
}

fn main() {}
