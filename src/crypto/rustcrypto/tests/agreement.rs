//! The providers against each other: a replay may change from one to the other.

use alloc::vec;

use pki_types::{PrivateKeyDer, pem::PemObject};

use super::{keys::*, providers};
use crate::{
    crypto::{AeadAlgorithm, HashAlgorithm, LocalKey, Provider, RUSTCRYPTO, Secret},
    wire::NamedGroup,
};

/// Those beside the portable one.
fn others() -> impl Iterator<Item = &'static Provider> {
    providers().into_iter().filter(|provider| provider.name() != RUSTCRYPTO.name())
}

/// The bytes 0, 1, 2 and so on.
fn counting(len: usize) -> alloc::vec::Vec<u8> {
    (0_u8..=255).cycle().take(len).collect()
}

#[test]
fn providers_seal_the_same_and_open_what_the_other_sealed() {
    for (provider, algorithm) in others().flat_map(|provider| {
        [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm, AeadAlgorithm::ChaCha20Poly1305]
            .map(|algorithm| (provider, algorithm))
    }) {
        let key = counting(algorithm.key_len());
        for len in (0..600).chain([1399, 1400, 4096, 16_383, 16_384]) {
            let plaintext = counting(len);
            let aad = counting(len % 40);
            let [portable, other] = [&RUSTCRYPTO, provider].map(|provider| {
                let mut out = vec![0; len + 16];
                let key = provider.aead(algorithm).seal_key(&key).unwrap();
                key.seal(&[7; 12], &aad, &plaintext, &mut out).unwrap();
                out
            });
            assert!(portable == other, "{len} bytes");
            for (opener, mut sealed) in [(&RUSTCRYPTO, other), (provider, portable)] {
                let key = opener.aead(algorithm).open_key(&key).unwrap();
                assert!(key.open(&[7; 12], &aad, &mut sealed).unwrap() == plaintext, "{len} bytes");
            }
        }
    }
}

#[test]
fn providers_hash_the_same() {
    for provider in others() {
        for algorithm in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            for len in 0..300 {
                let bytes = counting(len);
                let [portable, other] = [&RUSTCRYPTO, provider].map(|provider| {
                    let hash = provider.hash(algorithm).hash(&[&bytes]);
                    let hmac = provider.hmac(algorithm).key(&bytes).sign(&[&bytes]);
                    [hash.as_ref().to_vec(), hmac.as_ref().to_vec()]
                });
                assert_eq!(portable, other, "{len} bytes");
            }
        }
    }
}

#[test]
fn the_same_entropy_gives_the_same_share_and_secret_in_both_providers() {
    for provider in others() {
        assert!(provider.groups().eq(RUSTCRYPTO.groups()));
        for group in [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1] {
            for byte in [0, 1, 0x5a, 0xff] {
                let [portable, other] = [&RUSTCRYPTO, provider]
                    .map(|provider| provider.group(group).unwrap().start(&Secret::new([byte; 64])));
                assert_eq!(portable.share(), other.share(), "{group}");
                let peer = provider.group(group).unwrap().start(&Secret::new([byte ^ 0x33; 64]));
                let [portable, other] =
                    [portable, other].map(|exchange| exchange.complete(peer.share()).unwrap());
                assert_eq!(portable.expose(), other.expose(), "{group}");
            }
        }
    }
}

#[test]
fn providers_sign_the_same_and_verify_what_the_other_signed() {
    for provider in others() {
        assert!(provider.schemes().eq(RUSTCRYPTO.schemes()));
        for pem in [P256, P384, ED25519, RSA, RSA_2049] {
            let [portable, other] = [&RUSTCRYPTO, provider].map(|provider| {
                LocalKey::new(provider, PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap()
            });
            assert_eq!(portable.schemes(), other.schemes());
            assert_eq!(portable.public_key(), other.public_key());
            let (kind, public_key) = public_parts(&portable);
            for scheme in portable.schemes() {
                for i in 0..20_u8 {
                    let [portable, other] =
                        [&portable, &other].map(|key| sign(key, *scheme, &[i]).unwrap().0);
                    // A modulus of 2049 bits is left to the portable provider, with its salts.
                    assert_eq!(portable != other, SALTED.contains(scheme) && pem == RSA, "{scheme}");
                    for (signed, verifies) in [(portable, provider), (other, &RUSTCRYPTO)] {
                        let verifier = verifier(verifies, *scheme, &kind).unwrap();
                        assert!(verifier.verify_signature(&public_key, &[i], &signed).is_ok(), "{scheme}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_best_provider_is_the_one_that_this_processor_can_run() {
    let best = Provider::graviola().unwrap_or(&RUSTCRYPTO);
    assert_eq!(Provider::best().name(), best.name());
}
