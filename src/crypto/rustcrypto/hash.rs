//! SHA-2 and HMAC with it.

use alloc::boxed::Box;
use core::marker::PhantomData;

use hmac::{KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroize;

use crate::crypto::hash::{Digest, Hash, HashContext, Hmac, HmacKey};

pub(super) static SHA256: Function<Sha256> = Function(PhantomData);
pub(super) static SHA384: Function<Sha384> = Function(PhantomData);
pub(super) static SHA512: Function<Sha512> = Function(PhantomData);
pub(super) static HMAC_SHA256: Keyed<hmac::Hmac<Sha256>> = Keyed(PhantomData);
pub(super) static HMAC_SHA384: Keyed<hmac::Hmac<Sha384>> = Keyed(PhantomData);
pub(super) static HMAC_SHA512: Keyed<hmac::Hmac<Sha512>> = Keyed(PhantomData);

/// A hash function.
pub(super) struct Function<D>(PhantomData<fn() -> D>);

/// The state of a hash; it wipes itself on drop.
struct Context<D>(D);

impl<D: sha2::Digest + Clone + Send + Sync + 'static> Hash for Function<D> {
    fn start(&self) -> Box<dyn HashContext> {
        Box::new(Context(D::new()))
    }

    fn hash(&self, parts: &[&[u8]]) -> Digest {
        let mut state = D::new();
        for part in parts {
            state.update(part);
        }
        taken(&mut state.finalize())
    }
}

impl<D: sha2::Digest + Clone + Send + Sync + 'static> HashContext for Context<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn current(&self) -> Digest {
        taken(&mut self.0.clone().finalize())
    }

    fn fork(&self) -> Box<dyn HashContext> {
        Box::new(Self(self.0.clone()))
    }
}

/// HMAC with a hash function.
pub(super) struct Keyed<M>(PhantomData<fn() -> M>);

/// The state of HMAC behind the two blocks of its key; it wipes itself on drop.
struct Key<M>(M);

impl<M: Mac + KeyInit + Clone + Send + Sync + 'static> Hmac for Keyed<M> {
    #[expect(clippy::expect_used, reason = "RFC 2104, 2: \"The authentication key K can be of any length\"")]
    fn key(&self, key: &[u8]) -> Box<dyn HmacKey> {
        Box::new(Key(<M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length")))
    }
}

impl<M: Mac + Clone + Send + Sync> HmacKey for Key<M> {
    fn sign(&self, parts: &[&[u8]]) -> Digest {
        let mut state = self.0.clone();
        for part in parts {
            state.update(part);
        }
        taken(&mut state.finalize().into_bytes())
    }
}

/// Moves an output into a [`Digest`], and wipes where it was.
fn taken(output: &mut [u8]) -> Digest {
    let digest = Digest::new(output);
    output.zeroize();
    digest
}
