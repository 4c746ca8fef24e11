//! Pure functions: our list and their list give one value, or nothing.

use alloc::vec::Vec;

use crate::{
    pki::Credential,
    wire::{List, NamedGroup, ProtocolName, SignatureScheme},
};

/// The first of ours that is among theirs.
pub(crate) fn choose_group(ours: &[NamedGroup], theirs: Option<&List<'_, NamedGroup>>) -> Option<NamedGroup> {
    let mut ours = ours.iter().copied();
    match theirs {
        Some(theirs) => ours.find(|group| theirs.contains(group)),
        // RFC 8422, 4: a client that sends no list leaves the choice to the server. All that do so have P-256.
        None => ours.find(|group| *group == NamedGroup::SECP256R1),
    }
}

/// What the credential can sign with and the peer can read; the credential's order counts.
pub(crate) fn choose_scheme(
    credential: &Credential,
    theirs: &List<'_, SignatureScheme>,
) -> Option<SignatureScheme> {
    credential.schemes().iter().copied().find(|scheme| theirs.contains(scheme))
}

/// The first of our protocols that is among theirs.
pub(crate) fn choose_protocol<'o>(
    ours: &'o [Vec<u8>],
    theirs: &List<'_, ProtocolName<'_>>,
) -> Option<&'o [u8]> {
    ours.iter().map(Vec::as_slice).find(|ours| theirs.iter().any(|ProtocolName(name)| name == *ours))
}
