//! A verifier that believes everybody.

use sha2::{Digest, Sha256};

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

    /// A digest of its own, so that no session that was made like this is ever resumed by who verifies.
    fn trust(&self) -> Option<[u8; 32]> {
        Some(Sha256::digest(b"tls12 trusts anybody").into())
    }
}
