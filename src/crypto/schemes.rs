//! What a signature scheme consists of.

use super::suites::{Authentication, HashAlgorithm};
use crate::wire::SignatureScheme;

/// What kind of cipher suite a key that signs under `scheme` serves; `None` for a scheme of no use here.
///
/// RFC 8422, 2.1 and 5.10: the suites named ECDHE_ECDSA also serve keys of Ed25519.
pub fn authentication(scheme: SignatureScheme) -> Option<Authentication> {
    match scheme {
        SignatureScheme::ECDSA_SECP256R1_SHA256
        | SignatureScheme::ECDSA_SECP384R1_SHA384
        | SignatureScheme::ED25519 => Some(Authentication::Ecdsa),
        SignatureScheme::RSA_PSS_RSAE_SHA256
        | SignatureScheme::RSA_PSS_RSAE_SHA384
        | SignatureScheme::RSA_PSS_RSAE_SHA512
        | SignatureScheme::RSA_PKCS1_SHA256
        | SignatureScheme::RSA_PKCS1_SHA384
        | SignatureScheme::RSA_PKCS1_SHA512 => Some(Authentication::Rsa),
        _ => None,
    }
}

/// What a message is hashed with before it is signed under `scheme`; `None` for Ed25519, which hashes by itself and
/// twice, and for a scheme of no use here.
pub fn hash(scheme: SignatureScheme) -> Option<HashAlgorithm> {
    match scheme {
        SignatureScheme::ECDSA_SECP256R1_SHA256
        | SignatureScheme::RSA_PSS_RSAE_SHA256
        | SignatureScheme::RSA_PKCS1_SHA256 => Some(HashAlgorithm::Sha256),
        SignatureScheme::ECDSA_SECP384R1_SHA384
        | SignatureScheme::RSA_PSS_RSAE_SHA384
        | SignatureScheme::RSA_PKCS1_SHA384 => Some(HashAlgorithm::Sha384),
        SignatureScheme::RSA_PSS_RSAE_SHA512 | SignatureScheme::RSA_PKCS1_SHA512 => {
            Some(HashAlgorithm::Sha512)
        }
        _ => None,
    }
}
