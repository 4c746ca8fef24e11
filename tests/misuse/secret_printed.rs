//! A secret is not text.

use tls12::crypto::Secret;

fn tell(secret: &Secret<48>) {
    println!("{secret}");
}

fn main() {}
