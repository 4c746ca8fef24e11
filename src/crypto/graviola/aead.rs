//! AES-GCM and ChaCha20-Poly1305.

use alloc::boxed::Box;
use core::marker::PhantomData;

use ::graviola::aead::{AesGcm, ChaCha20Poly1305};

use super::{CleanRegisters, FirstAes128GcmKey, FirstAes256GcmKey};
use crate::crypto::{
    aead::{Aead, NONCE_LEN, Once, OpenKey, SealError, SealKey, TAG_LEN, Unauthentic},
    copy,
    record_key::{Cipher as RecordCipher, Keyed},
    rustcrypto::{self, Aes128GcmKey, Aes256GcmKey},
    suites::AeadAlgorithm,
};

pub(super) static AES_128_GCM: Algorithm<AesGcm, 16> = Algorithm(PhantomData);
pub(super) static AES_256_GCM: Algorithm<AesGcm, 32> = Algorithm(PhantomData);
pub(super) static CHACHA20_POLY1305: Algorithm<ChaCha20Poly1305, 32> = Algorithm(PhantomData);

/// How long a plaintext may be, in bytes: of AES-GCM (NIST SP 800-38D, 5.2.1.1), and ChaCha20-Poly1305 takes more (RFC 8439,
/// 2.8).
const MAX_PLAINTEXT: u64 = (1 << 36) - 32;

/// A cipher of graviola. It works in place, and wipes its expanded key on drop.
pub(in crate::crypto) trait Cipher: Send + Sync + 'static {
    fn new(key: &[u8]) -> Option<Self>
    where
        Self: Sized;
    fn encrypt(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], text: &mut [u8], tag: &mut [u8; TAG_LEN]);
    /// Overwrites a forgery with zeros: it decrypts while it authenticates.
    fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Unauthentic>;
    /// The portable algorithm, where it is faster with a key of this length that is used once, for a text of this length.
    fn for_one_short_text(key: &[u8], text: &[u8]) -> Option<&'static dyn Aead>;
}

macro_rules! cipher {
    ($cipher:ident, $new:expr, $for_one_short_text:expr) => {
        impl Cipher for $cipher {
            fn new(key: &[u8]) -> Option<Self> {
                $new(key)
            }

            fn encrypt(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], text: &mut [u8], tag: &mut [u8; TAG_LEN]) {
                $cipher::encrypt(self, nonce, aad, text, tag);
            }

            fn decrypt(
                &self,
                nonce: &[u8; NONCE_LEN],
                aad: &[u8],
                text: &mut [u8],
                tag: &[u8; TAG_LEN],
            ) -> Result<(), Unauthentic> {
                $cipher::decrypt(self, nonce, aad, text, tag).map_err(|_| Unauthentic)
            }

            fn for_one_short_text(key: &[u8], text: &[u8]) -> Option<&'static dyn Aead> {
                $for_one_short_text(key, text)
            }
        }
    };
}

cipher!(
    AesGcm,
    |key: &[u8]| matches!(key.len(), 16 | 32).then(|| AesGcm::new(key)),
    // Its key is dearer to make by 0.2 µs, which a kilobyte gives back. A ticket has some 200 bytes.
    |key: &[u8], text: &[u8]| -> Option<&'static dyn Aead> {
        match (key.len(), text.len() < 1024) {
            (16, true) => Some(&rustcrypto::aead::AES_128_GCM),
            (32, true) => Some(&rustcrypto::aead::AES_256_GCM),
            _ => None,
        }
    }
);
cipher!(ChaCha20Poly1305, |key: &[u8]| Some(ChaCha20Poly1305::new(key.try_into().ok()?)), |_: &[u8],
                                                                                           _: &[u8]|
 -> Option<
    &'static dyn Aead,
> { None });

/// An algorithm with keys of `LEN` bytes.
pub(super) struct Algorithm<C, const LEN: usize>(PhantomData<fn() -> C>);

pub(in crate::crypto) struct Key<C> {
    cipher: C,
    _registers: CleanRegisters,
}

pub(in crate::crypto) type AesGcmKey = Key<AesGcm>;
pub(in crate::crypto) type ChaCha20Poly1305Key = Key<ChaCha20Poly1305>;

impl<C: Cipher> Key<C> {
    pub(super) fn new<const LEN: usize>(key: &[u8]) -> Option<Self> {
        let key: &[u8; LEN] = key.try_into().ok()?;
        Some(Self { cipher: C::new(key)?, _registers: CleanRegisters })
    }
}

/// A key that protects records.
pub(super) fn record_cipher(algorithm: AeadAlgorithm, key: &[u8], iv: &[u8]) -> Option<RecordCipher> {
    Some(match algorithm {
        AeadAlgorithm::Aes128Gcm => {
            let first = FirstAes128GcmKey::new(Aes128GcmKey::new(key)?, key);
            RecordCipher::FirstAes128Gcm(Keyed::new(first, iv))
        }
        AeadAlgorithm::Aes256Gcm => {
            let first = FirstAes256GcmKey::new(Aes256GcmKey::new(key)?, key);
            RecordCipher::FirstAes256Gcm(Keyed::new(first, iv))
        }
        AeadAlgorithm::ChaCha20Poly1305 => {
            RecordCipher::GraviolaChaCha20Poly1305(Keyed::new(Key::new::<32>(key)?, iv))
        }
    })
}

impl<C: Cipher, const LEN: usize> Aead for Algorithm<C, LEN> {
    fn seal_key(&self, key: &[u8]) -> Option<Box<dyn SealKey>> {
        Some(Box::new(Key::<C>::new::<LEN>(key)?))
    }

    fn open_key(&self, key: &[u8]) -> Option<Box<dyn OpenKey>> {
        Some(Box::new(Key::<C>::new::<LEN>(key)?))
    }

    fn seal_once(&self, once: Once<'_>, plaintext: &[u8], out: &mut [u8]) -> Result<(), SealError> {
        if let Some(portable) = C::for_one_short_text(once.key, plaintext) {
            return portable.seal_once(once, plaintext, out);
        }
        Key::<C>::new::<LEN>(once.key).ok_or(SealError)?.seal(once.nonce, once.aad, plaintext, out)
    }

    fn open_once<'b>(&self, once: Once<'_>, sealed: &'b mut [u8]) -> Result<&'b mut [u8], Unauthentic> {
        if let Some(portable) = C::for_one_short_text(once.key, sealed) {
            return portable.open_once(once, sealed);
        }
        Key::<C>::new::<LEN>(once.key).ok_or(Unauthentic)?.open(once.nonce, once.aad, sealed)
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
        let (text, tag) = out.split_at_mut_checked(plaintext.len()).ok_or(SealError)?;
        let tag: &mut [u8; TAG_LEN] = tag.try_into().map_err(|_| SealError)?;
        if u64::try_from(plaintext.len()).map_or(true, |len| len > MAX_PLAINTEXT) {
            return Err(SealError);
        }
        copy(text, plaintext);
        self.cipher.encrypt(nonce, aad, text, tag);
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
        self.cipher.decrypt(nonce, aad, text, tag)?;
        Ok(text)
    }
}
