//! A second copy of a secret is not made by accident.

use tls12::crypto::Secret;

fn spread(secret: &Secret<48>) -> Secret<48> {
    secret.clone()
}

fn main() {}
