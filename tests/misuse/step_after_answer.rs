//! A step that was answered is gone, and what it showed too.

use tls12::{
    client::NeedsVerdict,
    pki::{CertificateError, VerifiedPeer},
};

fn look_back(ask: NeedsVerdict, verdict: Result<VerifiedPeer, CertificateError>) {
    let next = ask.answer(verdict);
    let _ = ask.presented();
    drop(next);
}

fn main() {}
