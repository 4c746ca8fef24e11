//! AES-GCM.

use alloc::boxed::Box;

use ::graviola::aead::AesGcm;

use super::CleanRegisters;
use crate::crypto::aead::{Aead, NONCE_LEN, OpenKey, SealError, SealKey, TAG_LEN, Unauthentic};

pub(super) static AES_128_GCM: Algorithm = Algorithm { key_len: 16 };
pub(super) static AES_256_GCM: Algorithm = Algorithm { key_len: 32 };

/// How long a plaintext may be, in bytes (NIST SP 800-38D, 5.2.1.1).
const MAX_PLAINTEXT: u64 = (1 << 36) - 32;

pub(super) struct Algorithm {
    /// In bytes.
    key_len: usize,
}

/// The expanded key and powers of H; graviola wipes them on drop.
struct Key {
    cipher: AesGcm,
    _registers: CleanRegisters,
}

impl Algorithm {
    fn key(&self, key: &[u8]) -> Option<Box<Key>> {
        (key.len() == self.key_len)
            .then(|| Box::new(Key { cipher: AesGcm::new(key), _registers: CleanRegisters }))
    }
}

impl Aead for Algorithm {
    fn seal_key(&self, key: &[u8]) -> Option<Box<dyn SealKey>> {
        Some(self.key(key)?)
    }

    fn open_key(&self, key: &[u8]) -> Option<Box<dyn OpenKey>> {
        Some(self.key(key)?)
    }
}

impl SealKey for Key {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), SealError> {
        let (text, tag) = out.split_at_mut_checked(plaintext.len()).ok_or(SealError)?;
        let tag: &mut [u8; TAG_LEN] = tag.try_into().map_err(|_| SealError)?;
        if u64::try_from(plaintext.len()).map_or(true, |len| len > MAX_PLAINTEXT) {
            return Err(SealError);
        }
        // graviola encrypts in place.
        for (to, from) in text.iter_mut().zip(plaintext) {
            *to = *from;
        }
        self.cipher.encrypt(nonce, aad, text, tag);
        Ok(())
    }
}

impl OpenKey for Key {
    fn open<'b>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], Unauthentic> {
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(Unauthentic)?;
        // graviola decrypts while it authenticates, and overwrites with zeros what turned out to be a forgery.
        self.cipher.decrypt(nonce, aad, text, tag).map_err(|_| Unauthentic)?;
        Ok(text)
    }
}
