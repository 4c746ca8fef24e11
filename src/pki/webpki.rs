//! The Web PKI rules of rustls-webpki over a set of roots.

use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    ptr,
};

use pki_types::{CertificateDer, IpAddr, ServerName, TrustAnchor, UnixTime};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

use super::{
    der,
    error::CertificateError,
    issuer,
    leaf::Leaf,
    outline::{CLIENT_AUTH, Outline, SERVER_AUTH},
    peer::{PresentedPeer, VerifiedPeer, VerifyPeer},
};
use crate::crypto::Provider;

/// How many certificates of a chain are looked at, the leaf included. Those of the Web PKI have two to four.
const MAX_CHAIN: usize = 16;

/// The Web PKI rules of `rustls-webpki` over a set of roots.
///
/// Checks the path to a root with its signatures (SHA-1 is refused), dates, basic constraints, name constraints, key
/// usage and extended key usage; of a server, also that it is the one that was meant, a DNS name or an IP address
/// in its subjectAltName. A root counts as the certificate that it is: it expires, and if it is no CA's, it issues
/// nothing. Certificate policies are not looked at, and names other than DNS names and IP addresses neither. Revocation is not checked: a stapled OCSP response is there for verifiers that do.
/// The path is built from at most 16 certificates. Cheap to clone.
///
/// A peer may also present one of the roots itself, byte for byte, as servers do whose certificate was made with
/// `openssl req -x509` and is trusted as it is. There is no path then, and basic constraints do not matter; dates, key
/// usage, extended key usage and name count as ever.
#[derive(Clone)]
pub struct WebPki {
    provider: &'static Provider,
    roots: Arc<[TrustAnchor<'static>]>,
    /// What each of them says beyond that, in the same order.
    issuers: Arc<[issuer::Root]>,
    /// SHA-256 of each root's certificate, in ascending order.
    digests: Arc<[[u8; 32]]>,
}

/// A root in three forms, the last one SHA-256 of its certificate.
type Root = ((TrustAnchor<'static>, issuer::Root), [u8; 32]);

impl WebPki {
    /// Trusts `roots`.
    ///
    /// Fails if there is none ([`CertificateError::NoRoots`]), or if one does not parse
    /// ([`CertificateError::BadEncoding`]).
    pub fn new<'a>(
        provider: &'static Provider,
        roots: impl IntoIterator<Item = CertificateDer<'a>>,
    ) -> Result<Self, CertificateError> {
        Self::from_roots(provider, roots.into_iter().map(|root| anchor(&root)).collect::<Result<_, _>>()?)
    }

    /// Trusts those of `roots` that parse, and says how many do not: stores of operating systems hold odd ones.
    ///
    /// Fails if none is left ([`CertificateError::NoRoots`]).
    pub fn from_store<'a>(
        provider: &'static Provider,
        roots: impl IntoIterator<Item = CertificateDer<'a>>,
    ) -> Result<(Self, usize), CertificateError> {
        let mut unusable = 0_usize;
        let mut usable = Vec::new();
        for root in roots {
            match anchor(&root) {
                Ok(root) => usable.push(root),
                Err(_) => unusable = unusable.saturating_add(1),
            }
        }
        Self::from_roots(provider, usable).map(|verifier| (verifier, unusable))
    }

    fn from_roots(provider: &'static Provider, roots: Vec<Root>) -> Result<Self, CertificateError> {
        if roots.is_empty() {
            return Err(CertificateError::NoRoots);
        }
        let (roots, mut digests): (Vec<_>, Vec<_>) = roots.into_iter().unzip();
        let (roots, issuers): (Vec<_>, Vec<_>) = roots.into_iter().unzip();
        digests.sort_unstable();
        digests.dedup();
        Ok(Self { provider, roots: roots.into(), issuers: issuers.into(), digests: digests.into() })
    }

    /// Looks at what rustls-webpki does not look at, of a path that it accepts.
    fn check_issuers(
        &self,
        path: &VerifiedPath<'_>,
        now: UnixTime,
        purpose: &'static [u8],
    ) -> Result<(), Error> {
        let mut roots = self.roots.iter().zip(self.issuers.iter());
        // Two roots may have one name and one key, and differ in all else: this very one is meant.
        let (_, root) = roots.find(|(root, _)| ptr::eq(*root, path.anchor())).ok_or(Error::UnknownIssuer)?;
        root.check(path, now, purpose)
    }

    fn is_root(&self, certificate: &CertificateDer<'_>) -> bool {
        self.digests.binary_search(&Sha256::digest(certificate).into()).is_ok()
    }
}

impl VerifyPeer for WebPki {
    fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        let (first, above) = peer.chain.split_first().ok_or(CertificateError::Missing)?;
        let above = above.get(..MAX_CHAIN - 1).unwrap_or(above);
        // What rustls-webpki does not look at: key usage, and what we could verify a handshake with.
        let leaf = Leaf::parse(first)?;
        leaf.authentication().ok_or(CertificateError::UnsupportedKey)?;
        let certificate = EndEntityCert::try_from(first).map_err(refusal)?;
        let (usage, purpose) = match peer.expected {
            Some(_) => (KeyUsage::server_auth(), SERVER_AUTH),
            None => (KeyUsage::client_auth(), CLIENT_AUTH),
        };
        let algorithms = self.provider.path_algorithms();
        if self.is_root(first) {
            check_root(first, peer.now, purpose)?;
        } else {
            let check = |path: &VerifiedPath<'_>| self.check_issuers(path, peer.now, purpose);
            certificate
                .verify_for_usage(algorithms, &self.roots, above, peer.now, usage, None, Some(&check))
                .map_err(refusal)?;
        }
        if !leaf.may_sign() {
            return Err(CertificateError::WrongPurpose);
        }
        if let Some(name) = &peer.expected {
            certificate
                .verify_is_valid_for_subject_name(name)
                .map_err(|error| misnamed(error, name, first))?;
        }
        Ok(VerifiedPeer::assertion(peer))
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.roots.iter().map(|root| der::sequence(&root.subject)).collect()
    }

    /// SHA-256 over the roots, in whatever order they were given.
    fn trust(&self) -> Option<[u8; 32]> {
        let mut all = Sha256::new_with_prefix(b"tls12 trusts these roots");
        self.digests.iter().for_each(|digest| all.update(digest));
        Some(all.finalize().into())
    }
}

impl fmt::Debug for WebPki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebPki").field("roots", &self.roots.len()).field("provider", self.provider).finish()
    }
}

fn anchor(root: &CertificateDer<'_>) -> Result<Root, CertificateError> {
    let anchor = anchor_from_trusted_cert(root).map_err(|_| CertificateError::BadEncoding)?;
    let issuer = issuer::Root::parse(root).map_err(|_| CertificateError::BadEncoding)?;
    Ok(((anchor.to_owned(), issuer), Sha256::digest(root).into()))
}

/// What rustls-webpki checks on a path, of a peer's certificate that is a root and has none.
fn check_root(root: &CertificateDer<'_>, now: UnixTime, purpose: &[u8]) -> Result<(), CertificateError> {
    let root = Outline::parse(root).map_err(|_| CertificateError::BadEncoding)?;
    let (now, (not_before, not_after)) = (now.as_secs(), root.validity);
    if now < not_before {
        return Err(CertificateError::NotYetValid { now, not_before });
    }
    if now > not_after {
        return Err(CertificateError::Expired { now, not_after });
    }
    match root.extensions.are_for(purpose) {
        Ok(true) => Ok(()),
        Ok(false) => Err(CertificateError::WrongPurpose),
        Err(_) => Err(CertificateError::BadEncoding),
    }
}

/// What rustls-webpki found, in our words. Its list of errors is open, so the last line is for those to come.
fn refusal(error: Error) -> CertificateError {
    match error {
        Error::CertExpired { time, not_after } => {
            CertificateError::Expired { now: time.as_secs(), not_after: not_after.as_secs() }
        }
        Error::CertNotValidYet { time, not_before } => {
            CertificateError::NotYetValid { now: time.as_secs(), not_before: not_before.as_secs() }
        }
        Error::CertRevoked => CertificateError::Revoked,
        Error::UnknownIssuer => CertificateError::UnknownIssuer,
        Error::InvalidSignatureForPublicKey => CertificateError::BadSignature,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            CertificateError::UnsupportedSignature
        }
        Error::EmptyEkuExtension | Error::RequiredEkuNotFoundContext(_) => CertificateError::WrongPurpose,
        Error::BadDer
        | Error::BadDerTime
        | Error::ExtensionValueInvalid
        | Error::InvalidSerialNumber
        | Error::MalformedExtensions
        | Error::MalformedNameConstraint
        | Error::TrailingData(_) => CertificateError::BadEncoding,
        other => CertificateError::Unacceptable(reason(&other)),
    }
}

fn reason(error: &Error) -> &'static str {
    match error {
        Error::CaUsedAsEndEntity => {
            "it is a CA's own certificate (basicConstraints CA:TRUE) in the place of a server's or client's, and is \
             not itself among the roots"
        }
        Error::EndEntityUsedAsCa => {
            "it is issued by a certificate that may not issue any (basicConstraints without CA:TRUE, key usage without \
             keyCertSign, or no name)"
        }
        Error::InvalidCertValidity => "it ends before it begins",
        Error::MaximumNameConstraintComparisonsExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumPathDepthExceeded
        | Error::MaximumSignatureChecksExceeded => "its chain takes too long to check",
        Error::NameConstraintViolation => "its issuer may not issue for this name (name constraints)",
        Error::PathLenConstraintViolated => {
            "there are more CAs below one of its issuers than that one allows"
        }
        Error::SignatureAlgorithmMismatch => "it names two different signature algorithms",
        Error::UnsupportedCertVersion => "it is not of X.509 version 3",
        Error::UnsupportedCriticalExtension => "it has a critical extension that is not known here",
        _ => "it breaks the rules of the Web PKI",
    }
}

/// Why a certificate is not for a name.
fn misnamed(error: Error, expected: &ServerName<'_>, leaf: &CertificateDer<'_>) -> CertificateError {
    match error {
        Error::CertNotValidForName(_) => {
            let presented = Outline::parse(leaf).map(|leaf| leaf.extensions.names()).unwrap_or_default();
            CertificateError::NotForName { expected: text(expected), presented }
        }
        error => refusal(error),
    }
}

fn text(name: &ServerName<'_>) -> String {
    match name {
        ServerName::DnsName(name) => name.as_ref().to_string(),
        ServerName::IpAddress(IpAddr::V4(address)) => Ipv4Addr::from(*address.as_ref()).to_string(),
        ServerName::IpAddress(IpAddr::V6(address)) => Ipv6Addr::from(*address.as_ref()).to_string(),
        other => format!("{other:?}"),
    }
}
