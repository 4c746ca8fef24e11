//! The proofs of a handshake are made by what they prove, and out of reach.

use tls12::handshake::{Aligned, FinishedVerified};

fn prove() -> (FinishedVerified, Aligned) {
    (FinishedVerified(()), Aligned(()))
}

fn main() {}
