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

/// The two tables of a provider, in a module that has its algorithms under these names.
///
/// What is verified under which scheme, and in which order, does not depend on the provider, so it is said once.
#[cfg(feature = "rustcrypto")]
macro_rules! tables {
    () => {
        /// What handshake signatures are verified with, in our order of preference.
        pub(in crate::crypto) static SCHEMES: &[SchemeVerifiers] = &[
            SchemeVerifiers {
                scheme: SignatureScheme::ECDSA_SECP256R1_SHA256,
                algorithms: &[&ECDSA_P256_SHA256, &ECDSA_P384_SHA256],
            },
            SchemeVerifiers {
                scheme: SignatureScheme::ECDSA_SECP384R1_SHA384,
                algorithms: &[&ECDSA_P384_SHA384, &ECDSA_P256_SHA384],
            },
            SchemeVerifiers { scheme: SignatureScheme::ED25519, algorithms: &[&ED25519] },
            SchemeVerifiers { scheme: SignatureScheme::RSA_PSS_RSAE_SHA256, algorithms: &[&RSA_PSS_SHA256] },
            SchemeVerifiers { scheme: SignatureScheme::RSA_PSS_RSAE_SHA384, algorithms: &[&RSA_PSS_SHA384] },
            SchemeVerifiers { scheme: SignatureScheme::RSA_PSS_RSAE_SHA512, algorithms: &[&RSA_PSS_SHA512] },
            SchemeVerifiers { scheme: SignatureScheme::RSA_PKCS1_SHA256, algorithms: &[&RSA_PKCS1_SHA256] },
            SchemeVerifiers { scheme: SignatureScheme::RSA_PKCS1_SHA384, algorithms: &[&RSA_PKCS1_SHA384] },
            SchemeVerifiers { scheme: SignatureScheme::RSA_PKCS1_SHA512, algorithms: &[&RSA_PKCS1_SHA512] },
        ];

        /// What certificates may be signed with.
        pub(in crate::crypto) static PATH_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
            &ECDSA_P256_SHA256,
            &ECDSA_P256_SHA384,
            &ECDSA_P256_SHA512,
            &ECDSA_P384_SHA256,
            &ECDSA_P384_SHA384,
            &ECDSA_P384_SHA512,
            &ED25519,
            &RSA_PSS_SHA256,
            &RSA_PSS_SHA384,
            &RSA_PSS_SHA512,
            &RSA_PKCS1_SHA256,
            &RSA_PKCS1_SHA384,
            &RSA_PKCS1_SHA512,
            &RSA_PKCS1_SHA256_ABSENT_PARAMETERS,
            &RSA_PKCS1_SHA384_ABSENT_PARAMETERS,
            &RSA_PKCS1_SHA512_ABSENT_PARAMETERS,
        ];
    };
}
#[cfg(feature = "rustcrypto")]
pub(in crate::crypto) use tables;
