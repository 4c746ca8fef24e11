//! AES-GCM and ChaCha20-Poly1305.

use alloc::boxed::Box;
use core::marker::PhantomData;

use aes_gcm::{
    Aes128Gcm, Aes256Gcm,
    aead::{
        AeadInOut, KeyInit,
        consts::{U12, U16},
        inout::InOutBuf,
    },
};
use chacha20poly1305::ChaCha20Poly1305;

use crate::crypto::aead::{Aead, NONCE_LEN, OpenKey, SealError, SealKey, TAG_LEN, Unauthentic};

pub(super) static AES_128_GCM: Algorithm<Aes128Gcm> = Algorithm(PhantomData);
pub(super) static AES_256_GCM: Algorithm<Aes256Gcm> = Algorithm(PhantomData);
pub(super) static CHACHA20_POLY1305: Algorithm<ChaCha20Poly1305> = Algorithm(PhantomData);

/// What RFC 5116 calls an AEAD with nonces of 12 and tags of 16 bytes.
trait Cipher: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static {}

impl<C: AeadInOut<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static> Cipher for C {}

pub(super) struct Algorithm<C>(PhantomData<fn() -> C>);

/// The expanded key; the cipher wipes it on drop.
struct Key<C>(C);

impl<C: Cipher> Aead for Algorithm<C> {
    fn seal_key(&self, key: &[u8]) -> Option<Box<dyn SealKey>> {
        Some(Box::new(Key(C::new_from_slice(key).ok()?)))
    }

    fn open_key(&self, key: &[u8]) -> Option<Box<dyn OpenKey>> {
        Some(Box::new(Key(C::new_from_slice(key).ok()?)))
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
