//! Who answers asks later.

use std::{future::Future, pin::Pin};

use crate::{
    crypto::{Sign, SignError, Signature, SignatureRequest},
    pki::{CertificateError, PresentedPeer, VerifiedPeer, VerifyPeer},
};

/// What is waited for, without a type of its own.
pub(crate) type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that signs, and may take its time: an HSM, a server of keys. Every [`Sign`] is one.
pub trait AsyncSign: Send + Sync {
    /// Answers a request.
    fn sign(&self, request: &SignatureRequest) -> impl Future<Output = Result<Signature, SignError>> + Send;
}

impl<K: Sign + ?Sized> AsyncSign for K {
    async fn sign(&self, request: &SignatureRequest) -> Result<Signature, SignError> {
        Sign::sign(self, request)
    }
}

/// The same where the type is not known.
pub(crate) trait LateSign: Send + Sync {
    fn sign_later<'a>(&'a self, request: &'a SignatureRequest) -> Waiting<'a, Result<Signature, SignError>>;
}

impl<K: AsyncSign> LateSign for K {
    fn sign_later<'a>(&'a self, request: &'a SignatureRequest) -> Waiting<'a, Result<Signature, SignError>> {
        Box::pin(self.sign(request))
    }
}

/// Something that verifies, and may take its time: it asks a responder, or a person. Every [`VerifyPeer`] is one.
pub trait AsyncVerifyPeer: Send + Sync {
    /// As [`VerifyPeer::verify`].
    fn verify(
        &self,
        peer: &PresentedPeer,
    ) -> impl Future<Output = Result<VerifiedPeer, CertificateError>> + Send;

    /// As [`VerifyPeer::trust`]: a digest of what it believes in. `None` by default.
    fn trust(&self) -> Option<[u8; 32]> {
        None
    }
}

impl<V: VerifyPeer + ?Sized> AsyncVerifyPeer for V {
    async fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
        VerifyPeer::verify(self, peer)
    }

    fn trust(&self) -> Option<[u8; 32]> {
        VerifyPeer::trust(self)
    }
}
