//! The peer: presented first, verified then.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use pki_types::{CertificateDer, ServerName, UnixTime};

use super::error::CertificateError;

/// What the peer presented, not yet believed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PresentedPeer {
    /// Leaf first; never empty.
    pub chain: Arc<[CertificateDer<'static>]>,
    /// Whom the client meant to reach; `None` on servers.
    pub expected: Option<ServerName<'static>>,
    /// A stapled OCSP response (RFC 6066, 8).
    pub ocsp: Option<Arc<[u8]>>,
    /// The time of the handshake.
    pub now: UnixTime,
}

/// Proof that somebody verified a peer. Only verifiers make one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct VerifiedPeer {
    peer: Arc<PresentedPeer>,
}

impl VerifiedPeer {
    /// What was verified.
    pub fn peer(&self) -> &PresentedPeer {
        &self.peer
    }

    /// For verifiers outside this crate: says that `peer` was verified.
    pub fn assertion(peer: &PresentedPeer) -> Self {
        Self { peer: Arc::new(peer.clone()) }
    }

    /// Believes `peer` without verifying anything.
    pub fn dangerous_unverified(peer: &PresentedPeer) -> Self {
        Self { peer: Arc::new(peer.clone()) }
    }

    /// Whether this is about `peer`: the same chain, for the same name.
    ///
    /// A handshake refuses a proof about somebody else. The time may differ, for an answer may take a while.
    pub fn is_about(&self, peer: &PresentedPeer) -> bool {
        let same_chain = Arc::ptr_eq(&self.peer.chain, &peer.chain) || self.peer.chain == peer.chain;
        same_chain && self.peer.expected == peer.expected
    }
}

/// Something that verifies without waiting.
pub trait VerifyPeer: Send + Sync {
    /// Builds a path, checks dates, names and purposes.
    ///
    /// A server is verified where `peer.expected` is a name, a client where it is `None`.
    fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError>;

    /// The names of the roots, each a DistinguishedName in DER: what a CertificateRequest may list as
    /// `certificate_authorities` (RFC 5246, 7.4.4). Empty by default, which names no one.
    fn authorities(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// A digest of what it believes in: its roots, and whatever else decides. Two verifiers with one digest accept the
    /// same peers, so sessions that were made under one may be resumed under the other, and under no other (R3, R7).
    ///
    /// `None` by default: then the configuration has to say it (`with_trust`).
    fn trust(&self) -> Option<[u8; 32]> {
        None
    }
}

macro_rules! verify_through {
    ($($pointer:ty),*) => {$(
        impl<V: VerifyPeer + ?Sized> VerifyPeer for $pointer {
            fn verify(&self, peer: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
                (**self).verify(peer)
            }

            fn authorities(&self) -> Vec<Vec<u8>> {
                (**self).authorities()
            }

            fn trust(&self) -> Option<[u8; 32]> {
                (**self).trust()
            }
        }
    )*};
}

verify_through!(&V, Arc<V>, Box<V>);

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::pki::dangerous::DangerousAcceptAny;

    fn presented(leaf: &[u8], expected: Option<&'static str>) -> PresentedPeer {
        PresentedPeer {
            chain: vec![CertificateDer::from(leaf.to_vec())].into(),
            expected: expected.map(|name| ServerName::try_from(name).unwrap()),
            ocsp: None,
            now: UnixTime::since_unix_epoch(core::time::Duration::from_secs(1)),
        }
    }

    #[test]
    fn a_proof_is_about_one_chain_and_one_name() {
        let peer = presented(b"one", Some("a.example"));
        let proof = VerifiedPeer::assertion(&peer);
        assert!(proof.is_about(&peer));
        assert!(proof.is_about(&presented(b"one", Some("a.example"))));
        assert!(!proof.is_about(&presented(b"two", Some("a.example"))));
        assert!(!proof.is_about(&presented(b"one", Some("b.example"))));
        assert!(!proof.is_about(&presented(b"one", None)));
    }

    #[test]
    fn pointers_to_verifiers_verify() {
        struct Named;
        impl VerifyPeer for Named {
            fn verify(&self, _: &PresentedPeer) -> Result<VerifiedPeer, CertificateError> {
                Err(CertificateError::Revoked)
            }
            fn authorities(&self) -> Vec<Vec<u8>> {
                vec![vec![0x30, 0]]
            }
            fn trust(&self) -> Option<[u8; 32]> {
                Some([7; 32])
            }
        }
        let peer = presented(b"one", None);
        let verifiers: [Box<dyn VerifyPeer>; 2] = [Box::new(Arc::new(Named)), Box::new(&Named)];
        for verifier in verifiers {
            assert_eq!(verifier.verify(&peer).unwrap_err(), CertificateError::Revoked);
            assert_eq!(verifier.authorities(), [[0x30, 0]]);
            assert_eq!(verifier.trust(), Some([7; 32]));
        }
        assert!(DangerousAcceptAny.verify(&peer).unwrap().is_about(&peer));
        assert!(DangerousAcceptAny.authorities().is_empty());
    }
}
