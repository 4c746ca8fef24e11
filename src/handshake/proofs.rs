//! Values that only exist once something has happened. Each has one maker.

use crate::{
    crypto::Provider,
    error::{Error, Illegal},
    pki::{Leaf, SignatureFailure},
    schedule::{KeySchedule, Side, Transcript},
    wire::{Finished, SignatureScheme},
};

/// No handshake bytes are left over: keys may change, and a flight may end.
#[derive(Debug)]
pub(crate) struct Aligned(pub(super) ());

/// The peer's Finished matched our transcript.
#[derive(Debug)]
pub(crate) struct FinishedVerified(());

impl FinishedVerified {
    /// Compares the peer's Finished, in constant time, to what it must be over the transcript before it.
    pub(crate) fn check(
        finished: &Finished,
        sender: Side,
        schedule: &KeySchedule,
        transcript: &Transcript,
    ) -> Result<Self, Error> {
        let expected = schedule.verify_data(sender, &transcript.current());
        match expected.same_as(&finished.verify_data) {
            true => Ok(Self(())),
            false => Err(Error::BadFinished),
        }
    }
}

/// The peer holds the key of its certificate.
#[derive(Debug)]
pub(crate) struct SignatureVerified(());

/// A signature as the peer sent it.
pub(crate) struct PeerSignature<'a> {
    pub(crate) scheme: SignatureScheme,
    pub(crate) signature: &'a [u8],
}

impl SignatureVerified {
    /// Verifies a handshake signature of the peer under one of the schemes that it was offered.
    pub(crate) fn check(
        provider: &Provider,
        offered: &[SignatureScheme],
        leaf: &Leaf,
        message: &[u8],
        sent: PeerSignature<'_>,
    ) -> Result<Self, Error> {
        // RFC 5246, 7.4.3: "the signature algorithm and hash algorithm used MUST be a pair offered by the client".
        if !offered.contains(&sent.scheme) {
            return Err(Illegal::SchemeNotOffered.into());
        }
        match leaf.verify(provider, sent.scheme, message, sent.signature) {
            Ok(()) => Ok(Self(())),
            Err(SignatureFailure::UnfitScheme) => Err(Illegal::SchemeForOtherKey.into()),
            Err(SignatureFailure::Bad) => Err(Error::BadSignature),
        }
    }
}
