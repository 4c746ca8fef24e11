//! What one decoder takes and the other does not, and why. Whatever is not in here is a finding.

use tls12::wire::{Decode, ExtensionType as E, HandshakeType as H, Reader};

/// Who takes the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    /// This crate alone.
    Ours,
    /// The other decoder alone.
    Theirs,
}

/// A difference that is meant.
pub struct Difference {
    /// Of this message.
    pub msg_type: H,
    /// Taken by one of the two.
    pub taker: Taker,
    /// If its body is like this.
    pub holds: fn(&[u8]) -> bool,
    /// Why that is right, or does not matter.
    pub reason: &'static str,
}

/// The difference that explains this, if one does.
pub fn explained(msg_type: H, taker: Taker, body: &[u8]) -> Option<&'static Difference> {
    let fits = |each: &&Difference| (each.msg_type, each.taker) == (msg_type, taker) && (each.holds)(body);
    DIFFERENCES.iter().find(fits)
}

/// All of them.
pub const DIFFERENCES: &[Difference] = &[];

/// The bodies of the extensions of this type in a hello, whose extensions begin behind `skip`.
fn extensions(hello: &[u8], skip: fn(&mut Reader<'_>) -> Option<()>) -> Option<Vec<(E, Vec<u8>)>> {
    let mut reader = Reader::new(hello);
    skip(&mut reader)?;
    let mut block = Reader::new(reader.u16_prefixed().ok()?);
    let mut found = Vec::new();
    while !block.is_empty() {
        let extension_type = E::read(&mut block).ok()?;
        found.push((extension_type, block.u16_prefixed().ok()?.to_vec()));
    }
    Some(found)
}
