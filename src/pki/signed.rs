//! What certificates are signed with, in the terms of signature_algorithms.

use pki_types::{AlgorithmIdentifier, CertificateDer, alg_id};

use super::outline::Outline;
use crate::wire::SignatureScheme as S;

/// How each algorithm is called there. RSASSA-PSS has one name for each kind of key that makes it (RFC 8446, 4.2.3),
/// and a certificate does not tell which kind its issuer has. SHA-1 has none: nobody should ask for it (RFC 9155, 2).
const NAMES: [(AlgorithmIdentifier, &[S]); 10] = [
    // In TLS 1.2, ECDSA goes with a hash and with no curve (RFC 5246, 7.4.1.4.1).
    (alg_id::ECDSA_SHA256, &[S::ECDSA_SECP256R1_SHA256]),
    (alg_id::ECDSA_SHA384, &[S::ECDSA_SECP384R1_SHA384]),
    (alg_id::ECDSA_SHA512, &[S::ECDSA_SECP521R1_SHA512]),
    (alg_id::ED25519, &[S::ED25519]),
    (alg_id::RSA_PKCS1_SHA256, &[S::RSA_PKCS1_SHA256]),
    (alg_id::RSA_PKCS1_SHA384, &[S::RSA_PKCS1_SHA384]),
    (alg_id::RSA_PKCS1_SHA512, &[S::RSA_PKCS1_SHA512]),
    (alg_id::RSA_PSS_SHA256, &[S::RSA_PSS_RSAE_SHA256, S(0x0809)]),
    (alg_id::RSA_PSS_SHA384, &[S::RSA_PSS_RSAE_SHA384, S(0x080a)]),
    (alg_id::RSA_PSS_SHA512, &[S::RSA_PSS_RSAE_SHA512, S(0x080b)]),
];

/// The schemes, any of which says that a peer can verify this certificate; none for an algorithm that is not known
/// here, or for what is no certificate.
pub(super) fn signed_under(certificate: &CertificateDer<'_>) -> &'static [S] {
    let Ok(outline) = Outline::parse(certificate) else { return &[] };
    let known = NAMES.iter().find(|(algorithm, _)| algorithm.as_ref() == outline.signature_algorithm);
    known.map_or(&[], |(_, schemes)| *schemes)
}
