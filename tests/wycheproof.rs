//! The vectors of Wycheproof against every primitive that the bytes of a peer reach.
//!
//! Each test says what must pass and what must fail, counts both, and decides about every vector that is only
//! "acceptable".
#![cfg(feature = "rustcrypto")]

use pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
use tls12::{
    crypto::{AeadAlgorithm, HashAlgorithm, Provider, RUSTCRYPTO, Secret},
    wire::NamedGroup,
};
use wycheproof::{TestResult, aead, ecdh, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify, xdh};

/// Every provider that is compiled in and that this processor can run.
fn providers() -> Vec<&'static Provider> {
    #[cfg(feature = "graviola")]
    match Provider::graviola() {
        Some(graviola) => return vec![&RUSTCRYPTO, graviola],
        None => eprintln!("left out: this processor cannot run graviola"),
    }
    vec![&RUSTCRYPTO]
}

/// How many vectors had to pass, and how many had to fail.
#[derive(Default)]
struct Count {
    passed: usize,
    failed: usize,
}

impl Count {
    /// Compares an outcome with the one that the vector, or our policy, demands.
    fn check(&mut self, id: usize, must_pass: bool, did_pass: bool) {
        assert_eq!(did_pass, must_pass, "vector {id}");
        if must_pass {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    fn assert_some_of_both(&self) {
        assert!(self.passed > 0 && self.failed > 0, "{} passed, {} failed", self.passed, self.failed);
    }
}

fn strict(result: TestResult) -> bool {
    match result {
        TestResult::Valid => true,
        TestResult::Invalid => false,
        TestResult::Acceptable => panic!("a vector that nobody decided about"),
    }
}

fn check_aead(provider: &'static Provider, algorithm: AeadAlgorithm, name: aead::TestName) {
    let mut count = Count::default();
    let aead = provider.aead(algorithm);
    for group in aead::TestSet::load(name).unwrap().test_groups {
        if group.key_size != 8 * algorithm.key_len() || group.nonce_size != 96 || group.tag_size != 128 {
            continue;
        }
        for test in group.tests {
            let nonce: &[u8; 12] = test.nonce[..].try_into().unwrap();
            let mut sealed = [&test.ct[..], &test.tag[..]].concat();
            let mut made = vec![0; test.pt.len() + 16];
            aead.seal_key(&test.key).unwrap().seal(nonce, &test.aad, &test.pt, &mut made).unwrap();
            let opened = aead.open_key(&test.key).unwrap();
            let opened = opened.open(nonce, &test.aad, &mut sealed).map(|plaintext| plaintext.to_vec());
            let did_pass = opened.is_ok();
            count.check(test.tc_id, strict(test.result), did_pass);
            if did_pass {
                assert_eq!(opened.unwrap(), test.pt[..], "vector {}", test.tc_id);
                assert_eq!(made, [&test.ct[..], &test.tag[..]].concat(), "vector {}", test.tc_id);
            }
        }
    }
    count.assert_some_of_both();
}

#[test]
fn aes_128_gcm_seals_and_opens() {
    for provider in providers() {
        check_aead(provider, AeadAlgorithm::Aes128Gcm, aead::TestName::AesGcm);
    }
}

#[test]
fn aes_256_gcm_seals_and_opens() {
    for provider in providers() {
        check_aead(provider, AeadAlgorithm::Aes256Gcm, aead::TestName::AesGcm);
    }
}

#[test]
fn chacha20_poly1305_seals_and_opens() {
    for provider in providers() {
        check_aead(provider, AeadAlgorithm::ChaCha20Poly1305, aead::TestName::ChaCha20Poly1305);
    }
}

#[test]
fn keys_of_another_length_are_refused() {
    for provider in providers() {
        for algorithm in [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes256Gcm, AeadAlgorithm::ChaCha20Poly1305]
        {
            for len in (0..=64).filter(|len| *len != algorithm.key_len()) {
                assert!(provider.aead(algorithm).seal_key(&vec![0; len]).is_none());
                assert!(provider.aead(algorithm).open_key(&vec![0; len]).is_none());
            }
        }
    }
}

#[test]
fn hmac_signs() {
    for provider in providers() {
        for (algorithm, name) in [
            (HashAlgorithm::Sha256, mac::TestName::HmacSha256),
            (HashAlgorithm::Sha384, mac::TestName::HmacSha384),
            (HashAlgorithm::Sha512, mac::TestName::HmacSha512),
        ] {
            let mut count = Count::default();
            for group in mac::TestSet::load(name).unwrap().test_groups {
                for test in group.tests {
                    let full = provider.hmac(algorithm).key(&test.key).sign(&[&test.msg]);
                    let same = full.as_ref().get(..group.tag_size / 8) == Some(&test.tag[..]);
                    count.check(test.tc_id, strict(test.result), same);
                }
            }
            count.assert_some_of_both();
        }
    }
}

#[test]
fn x25519_refuses_nothing_but_a_shared_secret_of_zeros() {
    for provider in providers() {
        let mut count = Count::default();
        for group in xdh::TestSet::load(xdh::TestName::X25519).unwrap().test_groups {
            for test in group.tests {
                let mut entropy = [0; 64];
                entropy[..32].copy_from_slice(&test.private_key);
                let exchange = provider.group(NamedGroup::X25519).unwrap().start(&Secret::new(entropy));
                let shared = exchange.complete(&test.public_key);
                // RFC 7748, 5: values beyond the prime are reduced and points on the twist are taken; 6.1: zeros are not.
                let must_pass = match test.result {
                    TestResult::Valid => true,
                    TestResult::Invalid => false,
                    TestResult::Acceptable => !test.flags.contains(&xdh::TestFlag::ZeroSharedSecret),
                };
                count.check(test.tc_id, must_pass, shared.is_ok());
                if let Ok(shared) = shared {
                    assert_eq!(shared.expose(), &test.shared_secret[..], "vector {}", test.tc_id);
                }
            }
        }
        count.assert_some_of_both();
    }
}

/// The 64 bytes that make `private` the private value of a group of NIST: `private` - 1.
fn entropy_for(private: &[u8]) -> Secret<64> {
    let mut entropy = [0; 64];
    for (to, from) in entropy.iter_mut().rev().zip(private.iter().rev()) {
        *to = *from;
    }
    for byte in entropy.iter_mut().rev() {
        let borrow = *byte == 0;
        *byte = byte.wrapping_sub(1);
        if !borrow {
            break;
        }
    }
    Secret::new(entropy)
}

fn check_ecdh(provider: &'static Provider, group: NamedGroup, name: ecdh::TestName) {
    let mut count = Count::default();
    for set in ecdh::TestSet::load(name).unwrap().test_groups {
        for test in set.tests {
            let exchange = provider.group(group).unwrap().start(&entropy_for(&test.private_key));
            let shared = exchange.complete(&test.public_key);
            // RFC 8422, 5.1.2: compressed points are deprecated; we never say that we take them.
            let compressed = test.flags.contains(&ecdh::TestFlag::CompressedPoint);
            assert!(test.result != TestResult::Acceptable || compressed, "vector {}", test.tc_id);
            count.check(test.tc_id, test.result == TestResult::Valid && !compressed, shared.is_ok());
            if let Ok(shared) = shared {
                assert_eq!(shared.expose(), &test.shared_secret[..], "vector {}", test.tc_id);
            }
        }
    }
    count.assert_some_of_both();
}

#[test]
fn secp256r1_takes_uncompressed_points_on_the_curve_only() {
    for provider in providers() {
        check_ecdh(provider, NamedGroup::SECP256R1, ecdh::TestName::EcdhSecp256r1Ecpoint);
    }
}

#[test]
fn secp384r1_takes_uncompressed_points_on_the_curve_only() {
    for provider in providers() {
        check_ecdh(provider, NamedGroup::SECP384R1, ecdh::TestName::EcdhSecp384r1Ecpoint);
    }
}

/// What verifies certificates with this kind of key and this kind of signature.
fn algorithm(
    provider: &'static Provider,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
) -> &'static dyn SignatureVerificationAlgorithm {
    *provider
        .path_algorithms()
        .iter()
        .find(|known| known.public_key_alg_id() == key && known.signature_alg_id() == signature)
        .unwrap()
}

fn check_ecdsa(
    provider: &'static Provider,
    key: AlgorithmIdentifier,
    signature: AlgorithmIdentifier,
    name: ecdsa::TestName,
) {
    let mut count = Count::default();
    let algorithm = algorithm(provider, key, signature);
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        for test in group.tests {
            let verified = algorithm.verify_signature(&group.key.key, &test.msg, &test.sig);
            count.check(test.tc_id, strict(test.result), verified.is_ok());
        }
    }
    count.assert_some_of_both();
}

#[test]
fn ecdsa_over_secp256r1_verifies() {
    for provider in providers() {
        check_ecdsa(
            provider,
            alg_id::ECDSA_P256,
            alg_id::ECDSA_SHA256,
            ecdsa::TestName::EcdsaSecp256r1Sha256,
        );
        check_ecdsa(
            provider,
            alg_id::ECDSA_P256,
            alg_id::ECDSA_SHA512,
            ecdsa::TestName::EcdsaSecp256r1Sha512,
        );
    }
}

#[test]
fn ecdsa_over_secp384r1_verifies() {
    for provider in providers() {
        check_ecdsa(
            provider,
            alg_id::ECDSA_P384,
            alg_id::ECDSA_SHA256,
            ecdsa::TestName::EcdsaSecp384r1Sha256,
        );
        check_ecdsa(
            provider,
            alg_id::ECDSA_P384,
            alg_id::ECDSA_SHA384,
            ecdsa::TestName::EcdsaSecp384r1Sha384,
        );
        check_ecdsa(
            provider,
            alg_id::ECDSA_P384,
            alg_id::ECDSA_SHA512,
            ecdsa::TestName::EcdsaSecp384r1Sha512,
        );
    }
}

#[test]
fn ed25519_verifies() {
    for provider in providers() {
        let mut count = Count::default();
        let algorithm = algorithm(provider, alg_id::ED25519, alg_id::ED25519);
        for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
            for test in group.tests {
                let verified = algorithm.verify_signature(&group.key.pk, &test.msg, &test.sig);
                count.check(test.tc_id, strict(test.result), verified.is_ok());
            }
        }
        count.assert_some_of_both();
    }
}

#[test]
fn rsa_pkcs1_verifies_and_its_hash_identifiers_carry_null() {
    for provider in providers() {
        use rsa_pkcs1_verify::TestName::*;
        for (hash, names) in [
            (alg_id::RSA_PKCS1_SHA256, [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256]),
            (alg_id::RSA_PKCS1_SHA384, [Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384]),
            (alg_id::RSA_PKCS1_SHA512, [Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512]),
        ] {
            let algorithm = algorithm(provider, alg_id::RSA_ENCRYPTION, hash);
            for name in names {
                let mut count = Count::default();
                for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
                    for test in group.tests {
                        let verified = algorithm.verify_signature(&group.asn_key, &test.msg, &test.sig);
                        // RFC 8017, 9.2, note 1: the parameters of the hash are NULL. Absent ones are tolerated there
                        // for old signatures only, and nobody makes them.
                        let absent = test.flags.contains(&rsa_pkcs1_verify::TestFlag::MissingNull);
                        assert!(test.result != TestResult::Acceptable || absent, "vector {}", test.tc_id);
                        count.check(test.tc_id, test.result == TestResult::Valid, verified.is_ok());
                    }
                }
                count.assert_some_of_both();
            }
        }
    }
}

#[test]
fn rsa_pss_verifies_with_a_salt_as_long_as_the_hash() {
    for provider in providers() {
        use rsa_pss_verify::TestName::*;
        for (hash, names) in [
            (
                alg_id::RSA_PSS_SHA256,
                &[
                    RsaPss2048Sha256Mgf1SaltLen32,
                    RsaPss3072Sha256Mgf1SaltLen32,
                    RsaPss4096Sha256Mgf1SaltLen32,
                ][..],
            ),
            (alg_id::RSA_PSS_SHA384, &[RsaPss2048Sha384Mgf1SaltLen48, RsaPss4096Sha384Mgf1SaltLen48]),
            (alg_id::RSA_PSS_SHA512, &[RsaPss4096Sha512Mgf1SaltLen64]),
        ] {
            let algorithm = algorithm(provider, alg_id::RSA_ENCRYPTION, hash);
            for name in names {
                let mut count = Count::default();
                for group in rsa_pss_verify::TestSet::load(*name).unwrap().test_groups {
                    for test in group.tests {
                        let verified = algorithm.verify_signature(&group.asn_key, &test.msg, &test.sig);
                        count.check(test.tc_id, strict(test.result), verified.is_ok());
                    }
                }
                count.assert_some_of_both();
            }
        }
    }
}

#[test]
fn rsa_pss_refuses_every_other_salt_and_mask() {
    for provider in providers() {
        use rsa_pss_verify::TestName::*;
        let mut refused = 0;
        for (hash, name) in [
            // Salts of no bytes and of 32 bytes, and masks by another hash.
            (alg_id::RSA_PSS_SHA256, RsaPss2048Sha256Mgf1SaltLen0),
            (alg_id::RSA_PSS_SHA256, RsaPss2048Sha256Mgf1Sha1_20),
            (alg_id::RSA_PSS_SHA512, RsaPss4096Sha512Mgf1SaltLen32),
            (alg_id::RSA_PSS_SHA512, RsaPss2048Sha512Mgf1Sha256SaltLen32WithParams),
        ] {
            let algorithm = algorithm(provider, alg_id::RSA_ENCRYPTION, hash);
            for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
                for test in group.tests {
                    // What is invalid there for having another salt may be just right for us.
                    if test.result == TestResult::Valid {
                        let verified = algorithm.verify_signature(&group.asn_key, &test.msg, &test.sig);
                        assert!(verified.is_err(), "vector {}", test.tc_id);
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > 0);
    }
}
