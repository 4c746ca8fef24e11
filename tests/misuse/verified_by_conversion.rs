//! To be presented is not to be verified.

use tls12::pki::{PresentedPeer, VerifiedPeer};

fn believe(peer: PresentedPeer) -> VerifiedPeer {
    peer.into()
}

fn main() {}
