//! Layer 1: primitives behind object-safe traits; signatures as requests and answers.

mod aead;
mod copy;
// The one place that says on which architectures it exists.
#[cfg(feature = "graviola")]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), path = "graviola/absent.rs")]
mod graviola;
mod hash;
mod hashing;
mod hmac;
mod kx;
mod provider;
mod record_key;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;
#[cfg(feature = "replay")]
mod said;
pub mod schemes;
mod secret;
mod seed;
mod sign;
mod suites;
mod verify;

pub use aead::{Aead, NONCE_LEN, Once, OpenKey, SealError, SealKey, TAG_LEN, Unauthentic};
pub(crate) use copy::copy;
pub use hash::{Digest, Hash, HashContext, Hmac, HmacKey, MAX_HASH_LEN};
pub(crate) use hmac::HmacSha256;
pub use kx::{Group, InvalidShare, KeyExchange};
pub use provider::Provider;
pub(crate) use record_key::Place;
pub use record_key::{RecordOpenKey, RecordSealKey};
#[cfg(feature = "rustcrypto")]
pub use rustcrypto::RUSTCRYPTO;
#[cfg(feature = "replay")]
pub(crate) use said::Said;
pub(crate) use secret::wipe;
pub use secret::{Secret, SecretVec};
pub(crate) use seed::Label;
pub use seed::Seed;
pub use sign::{KeyError, LocalKey, Sign, SignError, Signature, SignatureRequest, SigningKey};
pub use suites::{AeadAlgorithm, Authentication, HashAlgorithm, SUITES, Suite};
pub use verify::SchemeVerifiers;
