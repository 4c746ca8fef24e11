//! A verifier that believes everybody.

use super::{
    error::CertificateError,
    peer::{PresentedPeer, VerifiedPeer, VerifyPeer},
};

/// Accepts any certificate that comes, so that anybody in the middle can read and change everything.
///
/// For tests, and for who asked for it by a word like `--insecure`. That the peer holds the certificate's key
/// is still checked by the handshake.
#[derive(Debug, Clone, Copy, Default)]
pub struct DangerousAcceptAny;

impl VerifyPeer for DangerousAcceptAny {
    fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        Ok(VerifiedPeer::dangerous_unverified(peer))
    }
}
