//! An ask takes its own kind of answer.

use tls12::{
    client::NeedsVerdict,
    crypto::{SignError, Signature},
};

fn mixed_up(ask: NeedsVerdict, signature: Result<Signature, SignError>) {
    let _ = ask.answer(signature);
}

fn main() {}
