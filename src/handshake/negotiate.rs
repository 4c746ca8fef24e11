//! Pure functions: our list and their list give one value, or nothing.

use alloc::vec::Vec;

use crate::{
    pki::Credential,
    wire::{NamedGroup, SignatureScheme},
};

/// The first of ours that is among theirs.
pub(crate) fn choose_group(ours: &[NamedGroup], theirs: Option<&[NamedGroup]>) -> Option<NamedGroup> {
    match theirs {
        Some(theirs) => ours.iter().copied().find(|group| theirs.contains(group)),
        // RFC 8422, 4: a client that sends no list leaves the choice to the server. Every client has P-256.
        None => ours.iter().copied().find(|group| *group == NamedGroup::SECP256R1).or(ours.first().copied()),
    }
}

/// What the credential can sign with and the peer can read; the credential's order counts.
pub(crate) fn choose_scheme(credential: &Credential, theirs: &[SignatureScheme]) -> Option<SignatureScheme> {
    credential.schemes().iter().copied().find(|scheme| theirs.contains(scheme))
}

/// The first of our protocols that is among theirs.
pub(crate) fn choose_protocol<'a, 'o>(
    ours: &'o [Vec<u8>],
    theirs: impl Iterator<Item = &'a [u8]> + Clone,
) -> Option<&'o [u8]> {
    ours.iter().map(Vec::as_slice).find(|ours| theirs.clone().any(|their| their == *ours))
}
