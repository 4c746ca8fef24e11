//! What a peer is owed is found by the reader.

use tls12::{connection::Abort, wire::Alert};

fn accuse() -> Abort {
    Abort(Alert::DECRYPT_ERROR)
}

fn main() {}
