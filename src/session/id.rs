//! Names: of sessions in a store, of partitions, of security domains.

use alloc::vec::Vec;
use core::{fmt, time::Duration};

use sha2::{Digest, Sha256};

use crate::wire::SessionId;

/// Where a session is in a store: SHA-256 over a label, the partition and the session ID.
///
/// R32: IDs are 32 random bytes, so the hash needs no key, survives the rotation of the ring, and tells whoever
/// reads the store nothing: neither the ID, which alone would name the session to a server, nor the partition.
///
/// Beside the hash it says in which partition, so that a store can keep the sessions of each apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreKey {
    /// The hash, which no other session has.
    pub hash: [u8; 32],
    /// In which partition.
    pub partition: PartitionTag,
}

impl StoreKey {
    /// Where the session of this name is that was made in this partition.
    pub fn of(partition: &Partition, id: &SessionId) -> Self {
        let hash = digest("tls12 store key", [&partition.0, id.as_bytes()]);
        Self { hash, partition: partition.tag() }
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(")?;
        hex(&self.hash, f)?;
        f.write_str(")")
    }
}

/// A session as any store sees it: sealed under the server's key ring, bound to its [`StoreKey`] (R32).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSession(pub Vec<u8>);

/// What a store answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It has it.
    Found(SealedSession),
    /// It does not.
    Missing,
    /// It failed, or took too long: a miss, with its own reason (R34).
    Unavailable,
}

impl From<Option<SealedSession>> for Lookup {
    fn from(found: Option<SealedSession>) -> Self {
        found.map_or(Self::Missing, Self::Found)
    }
}

/// A session to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Where; the partition in it is the one whose quota it counts against.
    pub key: StoreKey,
    /// What.
    pub sealed: SealedSession,
    /// For how long at most.
    pub lifetime: Duration,
}

/// A part of a cache, usually a virtual host: sessions of one do not resume in another. 32 bytes, a hash of its name.
///
/// The default is the partition without a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition([u8; 32]);

impl Partition {
    /// The length of the encoding in bytes.
    pub(crate) const LEN: usize = 32;

    /// The partition of this name, of any length.
    pub fn named(name: &[u8]) -> Self {
        Self(digest("tls12 partition", [name]))
    }

    /// The hash of the name.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What stores call it.
    pub fn tag(&self) -> PartitionTag {
        PartitionTag(self.0.first_chunk().copied().unwrap_or_default())
    }
}

impl Default for Partition {
    fn default() -> Self {
        Self::named(b"")
    }
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Partition(")?;
        hex(&self.0, f)?;
        f.write_str(")")
    }
}

/// What stores call a [`Partition`]: the first 8 bytes of its hash. It is printed as 16 hexadecimal digits.
///
/// It only sorts: the hash of a [`StoreKey`] is over the whole partition, so two that had one tag would share no session.
/// Whoever reads it can check a guess of the partition's name. Names of hosts are not secret, for every client says one
/// in the clear (RFC 6066, 3); a partition that is to stay unknown gets a name that nobody guesses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartitionTag(pub [u8; 8]);

impl fmt::Display for PartitionTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Debug for PartitionTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartitionTag({self})")
    }
}

/// A security domain: a digest of what made a session trustworthy (R3, R7). 32 bytes.
///
/// Sessions of one do not resume in another. Servers that are to resume each other's sessions share one by name
/// ([`SessionContext::derive`] of a name that they agree on); sharing keys or a store alone is not enough (R5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionContext(pub [u8; 32]);

impl SessionContext {
    /// SHA-256 over a label and the parts, each behind its length, so that no two lists of parts are alike.
    pub fn derive<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        Self(digest("tls12 session context", parts))
    }
}

impl fmt::Debug for SessionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionContext(")?;
        hex(&self.0, f)?;
        f.write_str(")")
    }
}

/// SHA-256 over the label and the parts, each behind its length in 8 bytes.
fn digest<'p>(label: &'p str, parts: impl IntoIterator<Item = &'p [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in core::iter::once(label.as_bytes()).chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Writes lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8], f: &mut impl fmt::Write) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn r32_a_store_key_depends_on_partition_and_id_and_shows_neither() {
        let (one, two) = (SessionId::from([1; 32]), SessionId::from([2; 32]));
        let (a, b) = (Partition::named(b"a.example"), Partition::named(b"b.example"));
        let keys = [StoreKey::of(&a, &one), StoreKey::of(&a, &two), StoreKey::of(&b, &one)];
        assert_ne!(keys[0], keys[1]);
        assert_ne!(keys[0], keys[2]);
        assert_eq!(keys[0], StoreKey::of(&Partition::named(b"a.example"), &one));
        assert!(!format!("{:?}", keys[0]).contains("0101"));
    }

    #[test]
    fn a_store_key_is_sha_256_of_what_it_says() {
        // Computed apart from this crate.
        let key = StoreKey::of(&Partition::named(b"a.example"), &SessionId::from([7; 32]));
        assert_eq!(
            format!("{key:?}"),
            "StoreKey(218110004bd3e8543375273a2725e7c4e37253acaa5efecdc64bba794e460d74)"
        );
    }

    #[test]
    fn a_store_key_says_in_which_partition_it_is() {
        // Computed apart from this crate.
        let partition = Partition::named(b"a.example");
        let key = StoreKey::of(&partition, &SessionId::from([7; 32]));
        assert_eq!(
            (key.partition, format!("{}", key.partition)),
            (partition.tag(), "4b3062da2f5ada0e".into())
        );
        assert_ne!(key.partition, Partition::default().tag());
    }

    #[test]
    fn r3_parts_of_a_context_do_not_run_into_each_other() {
        let derive = |parts: &[&[u8]]| SessionContext::derive(parts.iter().copied());
        assert_ne!(derive(&[b"ab", b"c"]), derive(&[b"a", b"bc"]));
        assert_ne!(derive(&[b"ab"]), derive(&[b"ab", b""]));
        assert_eq!(derive(&[b"ab", b"c"]), derive(&[b"ab", b"c"]));
    }
}
