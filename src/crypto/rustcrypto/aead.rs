//! AES-GCM and ChaCha20-Poly1305.

use alloc::boxed::Box;
use core::marker::PhantomData;

use aes_gcm::{
    AesGcm,
    aead::{
        AeadInOut, KeyInit,
        consts::{U12, U16},
        inout::InOutBuf,
    },
    aes::{Aes128Enc, Aes256Enc},
};
use chacha20poly1305::ChaCha20Poly1305;

use crate::crypto::{
    aead::{Aead, NONCE_LEN, Once, OpenKey, SealError, SealKey, TAG_LEN, Unauthentic},
    record_key::{Cipher as RecordCipher, Keyed},
    suites::AeadAlgorithm,
};

/// GCM decrypts with the cipher's encryption (NIST SP 800-38D, 7.2), so the other half of the key schedule is not made.
type Aes128Gcm = AesGcm<Aes128Enc, U12>;
type Aes256Gcm = AesGcm<Aes256Enc, U12>;

pub(in crate::crypto) static AES_128_GCM: Algorithm<Aes128Gcm> = Algorithm(PhantomData);
pub(in crate::crypto) static AES_256_GCM: Algorithm<Aes256Gcm> = Algorithm(PhantomData);
pub(in crate::crypto) static CHACHA20_POLY1305: Algorithm<ChaCha20Poly1305> = Algorithm(PhantomData);

/// What RFC 5116 calls an AEAD with nonces of 12 and tags of 16 bytes.
pub(in crate::crypto) trait Cipher:
    AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static
{
}

impl<C: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static> Cipher for C {}

pub(in crate::crypto) struct Algorithm<C>(PhantomData<fn() -> C>);

/// The expanded key; the cipher wipes it on drop.
pub(in crate::crypto) struct Key<C>(C);

pub(in crate::crypto) type Aes128GcmKey = Key<Aes128Gcm>;
pub(in crate::crypto) type Aes256GcmKey = Key<Aes256Gcm>;
pub(in crate::crypto) type ChaCha20Poly1305Key = Key<ChaCha20Poly1305>;

impl<C: Cipher> Key<C> {
    pub(in crate::crypto) fn new(key: &[u8]) -> Option<Self> {
        C::new_from_slice(key).ok().map(Self)
    }
}

/// A key that protects records.
pub(super) fn record_cipher(algorithm: AeadAlgorithm, key: &[u8], iv: &[u8]) -> Option<RecordCipher> {
    Some(match algorithm {
        AeadAlgorithm::Aes128Gcm => RecordCipher::Aes128Gcm(Keyed::new(Key::new(key)?, iv)),
        AeadAlgorithm::Aes256Gcm => RecordCipher::Aes256Gcm(Keyed::new(Key::new(key)?, iv)),
        AeadAlgorithm::ChaCha20Poly1305 => RecordCipher::ChaCha20Poly1305(Keyed::new(Key::new(key)?, iv)),
    })
}

impl<C: Cipher> Aead for Algorithm<C> {
    fn seal_key(&self, key: &[u8]) -> Option<Box<dyn SealKey>> {
        Some(Box::new(Key::<C>::new(key)?))
    }

    fn open_key(&self, key: &[u8]) -> Option<Box<dyn OpenKey>> {
        Some(Box::new(Key::<C>::new(key)?))
    }

    fn seal_once(&self, once: Once<'_>, plaintext: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        Key::<C>::new(once.key).ok_or(SealError)?.seal(once.nonce, once.aad, plaintext, out)
    }

    fn open_once<'b>(&self, once: Once<'_>, sealed: &'b mut [u8]) -> Result<&'b mut [u8], Unauthentic> {
        Key::<C>::new(once.key).ok_or(Unauthentic)?.open(once.nonce, once.aad, sealed)
    }
}

impl<C: Cipher> SealKey for Key<C> {
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Result<(), SealError> {
        let (ciphertext, tag) = out.split_at_mut_checked(plaintext.len()).ok_or(SealError)?;
        let tag: &mut [u8; TAG_LEN] = tag.try_into().map_err(|_| SealError)?;
        let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| SealError)?;
        let made = self.0.encrypt_inout_detached(nonce.into(), aad, buffer).map_err(|_| SealError)?;
        *tag = made.into();
        Ok(())
    }
}

impl<C: Cipher> OpenKey for Key<C> {
    fn open<'b>(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        sealed: &'b mut [u8],
    ) -> Result<&'b mut [u8], Unauthentic> {
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(Unauthentic)?;
        // Both ciphers compare the tag before they decrypt: a forgery leaves the ciphertext where it was.
        self.0
            .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(&mut *text), (&*tag).into())
            .map_err(|_| Unauthentic)?;
        Ok(text)
    }
}
