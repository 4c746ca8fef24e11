//! SHA-2 and HMAC with it.

use alloc::boxed::Box;
use core::marker::PhantomData;

use crate::crypto::{
    hash::{Digest, Hash, HashContext, Hmac, HmacKey},
    hashing::{Compression, Compression256, Compression384, Compression512, Hashing, digest},
    hmac::Keyed,
};

pub(in crate::crypto) static SHA256: Function<Compression256, 64> = Function(PhantomData);
pub(in crate::crypto) static SHA384: Function<Compression384, 128> = Function(PhantomData);
pub(in crate::crypto) static SHA512: Function<Compression512, 128> = Function(PhantomData);

/// A hash function, and HMAC with it.
pub(in crate::crypto) struct Function<C, const BLOCK: usize>(PhantomData<fn() -> C>);

impl<C: Compression<BLOCK>, const BLOCK: usize> Hash for Function<C, BLOCK> {
    fn start(&self) -> Box<dyn HashContext> {
        Box::new(Hashing::<C, BLOCK>::new())
    }

    fn hash(&self, parts: &[&[u8]]) -> Digest {
        digest::<C, BLOCK>(parts)
    }
}

impl<C: Compression<BLOCK>, const BLOCK: usize> HashContext for Hashing<C, BLOCK> {
    fn update(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn current(&self) -> Digest {
        self.clone().finish()
    }

    fn fork(&self) -> Box<dyn HashContext> {
        Box::new(self.clone())
    }
}

impl<C: Compression<BLOCK>, const BLOCK: usize> Hmac for Function<C, BLOCK> {
    fn key(&self, key: &[u8]) -> Box<dyn HmacKey> {
        Keyed::<C, BLOCK>::boxed(key)
    }
}

impl<C: Compression<BLOCK>, const BLOCK: usize> HmacKey for Keyed<C, BLOCK> {
    fn sign(&self, parts: &[&[u8]]) -> Digest {
        self.sign(parts)
    }
}
