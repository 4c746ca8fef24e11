//! Handshake signatures against a public key.

use pki_types::SignatureVerificationAlgorithm;

use crate::wire::SignatureScheme;

/// What verifies a signature scheme.
///
/// In TLS 1.2 an ECDSA scheme names a hash and no curve (RFC 5246, 7.4.1.4.1), so there is one algorithm for
/// each kind of key; which one applies is told by its `public_key_alg_id`.
#[derive(Debug, Clone, Copy)]
pub struct SchemeVerifiers {
    /// The scheme.
    pub scheme: SignatureScheme,
    /// One for each kind of key that can sign under it.
    pub algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
}
