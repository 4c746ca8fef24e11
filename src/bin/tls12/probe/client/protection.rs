//! Records under keys (RFC 5246, 6.2.3.3; RFC 5288; RFC 7905).

use tls12::{
    crypto::{AeadAlgorithm, NONCE_LEN, OpenKey, Provider, SealKey, Suite, TAG_LEN},
    schedule::{KeySchedule, Randoms, Side, WriteKey},
    wire::{ContentType, ProtocolVersion},
};

/// A key of one direction and its place in it.
pub(crate) struct Protection<K: ?Sized> {
    key: Box<K>,
    iv: [u8; NONCE_LEN],
    algorithm: AeadAlgorithm,
    sequence: u64,
}

/// What a client seals with, and what it opens with.
pub(crate) struct Keys {
    pub(crate) sealing: Protection<dyn SealKey>,
    pub(crate) opening: Protection<dyn OpenKey>,
}

impl Keys {
    /// The keys of a connection; `None` if the provider has none of this suite.
    pub(crate) fn new(
        provider: &Provider,
        schedule: &KeySchedule,
        suite: &Suite,
        randoms: &Randoms,
    ) -> Option<Self> {
        let keys = schedule.traffic_keys(suite, randoms);
        let (ours, theirs) = (keys.of(Side::Client), keys.of(Side::Server));
        let seal_key = provider.aead(suite.aead).seal_key(ours.key)?;
        let open_key = provider.aead(suite.aead).open_key(theirs.key)?;
        Some(Self { sealing: Protection::new(seal_key, &ours), opening: Protection::new(open_key, &theirs) })
    }
}

impl<K: ?Sized> Protection<K> {
    fn new(key: Box<K>, from: &WriteKey<'_>) -> Self {
        let mut iv = [0; NONCE_LEN];
        iv.iter_mut().zip(from.iv).for_each(|(to, byte)| *to = *byte);
        Self { key, iv, algorithm: from.algorithm, sequence: 0 }
    }

    fn nonce(&self, explicit: &[u8]) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        let [_, _, _, _, variable @ ..] = &mut nonce;
        match self.algorithm {
            AeadAlgorithm::Aes128Gcm | AeadAlgorithm::Aes256Gcm => {
                variable.iter_mut().zip(explicit).for_each(|(to, byte)| *to = *byte);
            }
            AeadAlgorithm::ChaCha20Poly1305 => {
                variable.iter_mut().zip(self.sequence.to_be_bytes()).for_each(|(to, byte)| *to ^= byte);
            }
        }
        nonce
    }

    fn additional_data(&self, content_type: ContentType, length: usize) -> Vec<u8> {
        let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        let version = ProtocolVersion::TLS1_2.0.to_be_bytes();
        [&self.sequence.to_be_bytes()[..], &[content_type.0], &version, &length].concat()
    }
}

impl Protection<dyn SealKey> {
    /// The body of a record.
    pub(crate) fn seal(&mut self, content_type: ContentType, plaintext: &[u8]) -> Option<Vec<u8>> {
        let sequence = self.sequence.to_be_bytes();
        let explicit = sequence.get(..self.algorithm.explicit_nonce_len()).unwrap_or_default();
        let mut sealed = vec![0; plaintext.len() + TAG_LEN];
        let aad = self.additional_data(content_type, plaintext.len());
        self.key.seal(&self.nonce(explicit), &aad, plaintext, &mut sealed).ok()?;
        self.sequence += 1;
        Some([explicit, &sealed].concat())
    }
}

impl Protection<dyn OpenKey> {
    /// The plaintext of a record; `None` if it is not sealed with this key, here.
    pub(crate) fn open(&mut self, content_type: ContentType, body: &[u8]) -> Option<Vec<u8>> {
        let (explicit, sealed) = body.split_at_checked(self.algorithm.explicit_nonce_len())?;
        let length = sealed.len().checked_sub(TAG_LEN)?;
        let aad = self.additional_data(content_type, length);
        let mut sealed = sealed.to_vec();
        let opened = self.key.open(&self.nonce(explicit), &aad, &mut sealed).ok()?.to_vec();
        self.sequence += 1;
        Some(opened)
    }
}
