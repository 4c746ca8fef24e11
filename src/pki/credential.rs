//! Who we are.

use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt;

use pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use super::{error::CertificateError, leaf::Leaf, outline::Outline, signed::signed_under};
use crate::{
    crypto::Authentication,
    wire::{NamedGroup, SignatureScheme},
};

/// A certificate chain and the name of its key. The key itself stays with the caller. Cheap to clone.
#[derive(Clone)]
pub struct Credential {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    name: Arc<str>,
    chain: Arc<[CertificateDer<'static>]>,
    leaf: Leaf,
    authentication: Authentication,
    schemes: Vec<SignatureScheme>,
    /// Of each certificate of the chain, what it is signed under: any of these.
    signed_under: Vec<&'static [SignatureScheme]>,
    ocsp: Option<Arc<[u8]>>,
}

/// RFC 5246, 7.4: the length of a handshake message has three bytes.
const MAX_MESSAGE: usize = (1 << 24) - 1;

impl Credential {
    /// `chain` is leaf first, each certificate signed by the next; the leaf's public key decides which schemes are
    /// possible. `name` is the caller's, and comes back with every request to sign.
    ///
    /// Fails if the chain is empty ([`CertificateError::Missing`]) or longer than a message
    /// ([`CertificateError::TooLong`]), or if the leaf does not parse ([`CertificateError::BadEncoding`]), has a key
    /// that is not supported ([`CertificateError::UnsupportedKey`]) or one that its key usage keeps from signing
    /// ([`CertificateError::WrongPurpose`]).
    pub fn new(
        name: impl Into<Arc<str>>,
        chain: Vec<CertificateDer<'static>>,
    ) -> Result<Self, CertificateError> {
        let leaf = Leaf::parse(chain.first().ok_or(CertificateError::Missing)?)?;
        if chain.iter().any(|certificate| certificate.is_empty()) {
            return Err(CertificateError::BadEncoding);
        }
        // opaque ASN.1Cert<1..2^24-1>; struct { ASN.1Cert certificate_list<0..2^24-1>; } Certificate;
        let len = chain.iter().try_fold(3_usize, |len, cert| len.checked_add(cert.len())?.checked_add(3));
        if len.is_none_or(|len| len > MAX_MESSAGE) {
            return Err(CertificateError::TooLong);
        }
        let authentication = leaf.authentication().ok_or(CertificateError::UnsupportedKey)?;
        if !leaf.may_sign() {
            return Err(CertificateError::WrongPurpose);
        }
        let schemes = leaf.schemes().to_vec();
        let signed_under = chain.iter().map(signed_under).collect();
        let (name, chain) = (name.into(), chain.into());
        let inner = Inner { name, chain, leaf, authentication, schemes, signed_under, ocsp: None };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Staples an OCSP response in DER (RFC 6066, 8); an empty one means none.
    #[must_use]
    pub fn with_ocsp(mut self, response: Vec<u8>) -> Self {
        Arc::make_mut(&mut self.inner).ocsp = (!response.is_empty()).then(|| response.into());
        self
    }

    /// Signs with none but these of the schemes that are possible, best first. If none is left, the credential fits
    /// no peer.
    #[must_use]
    pub fn with_schemes(mut self, schemes: &[SignatureScheme]) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        let possible = inner.leaf.schemes();
        inner.schemes.clear();
        for scheme in schemes {
            if possible.contains(scheme) && !inner.schemes.contains(scheme) {
                inner.schemes.push(*scheme);
            }
        }
        self
    }

    /// The caller's name for the key.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The same, shared.
    pub fn name_arc(&self) -> &Arc<str> {
        &self.inner.name
    }

    /// What the key may sign with, best first.
    pub fn schemes(&self) -> &[SignatureScheme] {
        &self.inner.schemes
    }

    /// The certificates, leaf first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.inner.chain
    }

    /// The OCSP response to staple.
    pub fn ocsp(&self) -> Option<&[u8]> {
        self.inner.ocsp.as_deref()
    }

    /// The leaf.
    pub fn leaf(&self) -> &Leaf {
        &self.inner.leaf
    }

    /// The cipher suites it serves.
    pub fn authentication(&self) -> Authentication {
        self.inner.authentication
    }

    /// The curve of an EC key, which the peer must support too (RFC 8422, 5.3).
    pub fn group(&self) -> Option<NamedGroup> {
        self.inner.leaf.group()
    }

    /// Whether the leaf is for this name, by its subjectAltName (RFC 6125, 6.4), wildcards included.
    pub fn is_for_name(&self, name: &ServerName<'_>) -> bool {
        let leaf = self.inner.chain.first().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
        leaf.is_some_and(|leaf| leaf.verify_is_valid_for_subject_name(name).is_ok())
    }

    /// The leaf's DNS names and IP addresses, for a person to read.
    pub fn names(&self) -> Vec<String> {
        let leaf = self.inner.chain.first().and_then(|leaf| Outline::parse(leaf).ok());
        leaf.map(|leaf| leaf.extensions.names()).unwrap_or_default()
    }

    /// Whether a certificate of the chain is issued by one of these, each a DistinguishedName in DER.
    ///
    /// RFC 5246, 7.4.6: "one of the certificates in the certificate chain SHOULD be issued by one of the listed
    /// CAs". An empty list names no one, and then any credential will do (7.4.4).
    pub fn issued_by_one_of<'n>(&self, authorities: impl Iterator<Item = &'n [u8]>) -> bool {
        let mut authorities = authorities.peekable();
        if authorities.peek().is_none() {
            return true;
        }
        let issuers: Vec<&[u8]> = self
            .chain()
            .iter()
            .filter_map(|cert| Outline::parse(cert).ok())
            .map(|cert| cert.issuer)
            .collect();
        authorities.any(|authority| issuers.contains(&authority))
    }

    /// Whether each certificate of the chain is signed under one of these schemes (RFC 5246, 7.4.2 and 7.4.4).
    pub fn chain_is_signed_under(&self, schemes: &[SignatureScheme]) -> bool {
        self.inner.signed_under.iter().all(|any| any.iter().any(|scheme| schemes.contains(scheme)))
    }

    /// Whether a key fits: `spki` is its public key, a SubjectPublicKeyInfo in DER.
    pub fn fits_key(&self, spki: &[u8]) -> bool {
        self.inner.leaf.spki() == spki
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("name", &self.inner.name)
            .field("certificates", &self.inner.chain.len())
            .field("key", &self.inner.leaf.kind())
            .field("schemes", &self.inner.schemes)
            .field("ocsp", &self.inner.ocsp.is_some())
            .finish()
    }
}
