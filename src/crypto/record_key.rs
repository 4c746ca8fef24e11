//! A key of one direction, with all that its algorithm says about a record.
//!
//! One variant for each algorithm of each provider, and no `dyn`: a record is sealed and opened without an indirect call.

use alloc::boxed::Box;
use core::{fmt, ops::Range};

use super::{
    aead::{NONCE_LEN, OpenKey, SealKey, TAG_LEN, Unauthentic},
    copy,
    secret::wipe,
    suites::AeadAlgorithm,
};
use crate::wire::{ContentType, ProtocolVersion};

/// An expanded key, and what the key block gives of its nonces.
pub(super) struct Keyed<K> {
    key: K,
    /// The fixed part of the nonce, at the front; the rest is zero.
    iv: [u8; NONCE_LEN],
}

impl<K> Keyed<K> {
    pub(super) fn new(key: K, iv: &[u8]) -> Box<Self> {
        let mut keyed = Box::new(Self { key, iv: [0; NONCE_LEN] });
        copy(&mut keyed.iv, iv);
        keyed
    }
}

impl<K> Drop for Keyed<K> {
    fn drop(&mut self) {
        wipe(&mut self.iv);
    }
}

impl<K: SealKey> Keyed<K> {
    fn seal(&self, algorithm: AeadAlgorithm, place: Place, fragment: &[u8], body: &mut [u8]) {
        let Some((explicit, sealed)) = body.split_at_mut_checked(algorithm.explicit_nonce_len()) else {
            return;
        };
        // RFC 5288, 3: "The nonce_explicit MAY be the 64-bit sequence number."
        copy(explicit, &place.sequence.to_be_bytes());
        let nonce = nonce(algorithm, &self.iv, place.sequence, explicit);
        let aad = additional_data(place, fragment.len());
        if self.key.seal(&nonce, &aad, fragment, sealed).is_err() {
            // The lengths fit by construction. Were they ever not to, nothing readable may leave.
            sealed.fill(0);
        }
    }
}

impl<K: OpenKey> Keyed<K> {
    fn open(
        &self,
        algorithm: AeadAlgorithm,
        place: Place,
        body: &mut [u8],
    ) -> Result<Range<usize>, Unauthentic> {
        let explicit_len = algorithm.explicit_nonce_len();
        let (explicit, sealed) = body.split_at_mut_checked(explicit_len).ok_or(Unauthentic)?;
        let plain_len = sealed.len().checked_sub(TAG_LEN).ok_or(Unauthentic)?;
        let nonce = nonce(algorithm, &self.iv, place.sequence, explicit);
        let aad = additional_data(place, plain_len);
        self.key.open(&nonce, &aad, sealed)?;
        Ok(explicit_len..explicit_len.saturating_add(plain_len))
    }
}

/// What record it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// How many records came before it under this key.
    pub(crate) sequence: u64,
    pub(crate) content_type: ContentType,
}

fn nonce(algorithm: AeadAlgorithm, iv: &[u8; NONCE_LEN], sequence: u64, explicit: &[u8]) -> [u8; NONCE_LEN] {
    let mut nonce = *iv;
    let [_, _, _, _, variable @ ..] = &mut nonce;
    match algorithm {
        // RFC 5288, 3: "struct { opaque salt[4]; opaque nonce_explicit[8]; } GCMNonce".
        AeadAlgorithm::Aes128Gcm | AeadAlgorithm::Aes256Gcm => {
            copy(variable, explicit);
        }
        // RFC 7905, 2: "The padded sequence number is XORed with the client_write_IV … or server_write_IV".
        AeadAlgorithm::ChaCha20Poly1305 => {
            variable.iter_mut().zip(sequence.to_be_bytes()).for_each(|(to, from)| *to ^= from);
        }
    }
    nonce
}

/// RFC 5246, 6.2.3.3: "additional_data = seq_num + TLSCompressed.type + TLSCompressed.version +
/// TLSCompressed.length".
fn additional_data(place: Place, plain_len: usize) -> [u8; 13] {
    let [a, b, c, d, e, f, g, h] = place.sequence.to_be_bytes();
    let [major, minor] = ProtocolVersion::TLS1_2.0.to_be_bytes();
    let [.., high, low] = plain_len.to_be_bytes();
    [a, b, c, d, e, f, g, h, place.content_type.0, major, minor, high, low]
}

/// Makes the type of all keys, with one line for each algorithm of each provider.
macro_rules! ciphers {
    ($($(#[$cfg:meta])* $variant:ident($key:ty) = $algorithm:ident;)*) => {
        /// A key of one direction; wiped on drop.
        #[allow(dead_code, reason = "graviola has no code for most architectures, and its keys do not exist there")]
        pub(super) enum Cipher {
            $($(#[$cfg])* $variant(Box<Keyed<$key>>),)*
        }

        impl Cipher {
            fn algorithm(&self) -> AeadAlgorithm {
                match *self {
                    $($(#[$cfg])* Self::$variant(_) => AeadAlgorithm::$algorithm,)*
                }
            }

            #[cfg_attr(not(feature = "rustcrypto"), expect(unused_variables, reason = "without a provider"))]
            fn seal(&self, place: Place, fragment: &[u8], body: &mut [u8]) {
                match *self {
                    $($(#[$cfg])* Self::$variant(ref keyed) => {
                        keyed.seal(AeadAlgorithm::$algorithm, place, fragment, body)
                    })*
                }
            }

            #[cfg_attr(not(feature = "rustcrypto"), expect(unused_variables, reason = "without a provider"))]
            fn open(&self, place: Place, body: &mut [u8]) -> Result<Range<usize>, Unauthentic> {
                match *self {
                    $($(#[$cfg])* Self::$variant(ref keyed) => {
                        keyed.open(AeadAlgorithm::$algorithm, place, body)
                    })*
                }
            }
        }
    };
}

ciphers! {
    #[cfg(feature = "rustcrypto")]
    Aes128Gcm(super::rustcrypto::Aes128GcmKey) = Aes128Gcm;
    #[cfg(feature = "rustcrypto")]
    Aes256Gcm(super::rustcrypto::Aes256GcmKey) = Aes256Gcm;
    #[cfg(feature = "rustcrypto")]
    ChaCha20Poly1305(super::rustcrypto::ChaCha20Poly1305Key) = ChaCha20Poly1305;
    #[cfg(feature = "graviola")]
    FirstAes128Gcm(super::graviola::FirstAes128GcmKey) = Aes128Gcm;
    #[cfg(feature = "graviola")]
    FirstAes256Gcm(super::graviola::FirstAes256GcmKey) = Aes256Gcm;
    #[cfg(feature = "graviola")]
    GraviolaAes128Gcm(super::graviola::AesGcmKey) = Aes128Gcm;
    #[cfg(feature = "graviola")]
    GraviolaAes256Gcm(super::graviola::AesGcmKey) = Aes256Gcm;
    #[cfg(feature = "graviola")]
    GraviolaChaCha20Poly1305(super::graviola::ChaCha20Poly1305Key) = ChaCha20Poly1305;
}

impl Cipher {
    /// Makes a key that is dearer to make and faster to use, where the provider has one and it is worth it: what it costs
    /// is given back by two records of 100 bytes, or by one of a kilobyte.
    #[cfg(feature = "graviola")]
    fn grow(&mut self, place: Place, len: usize) {
        if place.sequence < 3 && len < 1024 {
            return;
        }
        let grown = match self {
            Self::FirstAes128Gcm(first) => {
                first.key.grown::<16>().map(|key| Self::GraviolaAes128Gcm(Keyed::new(key, &first.iv)))
            }
            Self::FirstAes256Gcm(first) => {
                first.key.grown::<32>().map(|key| Self::GraviolaAes256Gcm(Keyed::new(key, &first.iv)))
            }
            Self::Aes128Gcm(_)
            | Self::Aes256Gcm(_)
            | Self::ChaCha20Poly1305(_)
            | Self::GraviolaAes128Gcm(_)
            | Self::GraviolaAes256Gcm(_)
            | Self::GraviolaChaCha20Poly1305(_) => None,
        };
        if let Some(grown) = grown {
            *self = grown;
        }
    }

    #[cfg(not(feature = "graviola"))]
    fn grow(&mut self, _: Place, _: usize) {}
}

/// A key that seals records, with its part of the nonce; wiped on drop.
pub struct RecordSealKey(pub(super) Cipher);

impl RecordSealKey {
    /// Which algorithm it is a key of.
    pub fn algorithm(&self) -> AeadAlgorithm {
        self.0.algorithm()
    }

    /// Seals a fragment into the body of its record, which is longer by the explicit nonce and the tag.
    pub(crate) fn seal(&mut self, place: Place, fragment: &[u8], body: &mut [u8]) {
        self.0.grow(place, fragment.len());
        self.0.seal(place, fragment, body);
    }
}

/// A key that opens records, with its part of the nonce; wiped on drop.
pub struct RecordOpenKey(pub(super) Cipher);

impl RecordOpenKey {
    /// Which algorithm it is a key of.
    pub fn algorithm(&self) -> AeadAlgorithm {
        self.0.algorithm()
    }

    /// Opens the body of a record where it lies, and says where the plaintext is in it.
    pub(crate) fn open(&mut self, place: Place, body: &mut [u8]) -> Result<Range<usize>, Unauthentic> {
        self.0.grow(place, body.len());
        self.0.open(place, body)
    }
}

impl fmt::Debug for RecordSealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordSealKey({:?})", self.algorithm())
    }
}

impl fmt::Debug for RecordOpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordOpenKey({:?})", self.algorithm())
    }
}
