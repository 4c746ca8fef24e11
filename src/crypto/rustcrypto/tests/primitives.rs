//! AEADs, hashes, HMAC and key exchange.

use alloc::{vec, vec::Vec};

use super::{hex, providers};
use crate::{
    crypto::{AeadAlgorithm, HashAlgorithm, InvalidShare, SealError, Secret, Unauthentic},
    wire::NamedGroup,
};

struct AeadVector {
    algorithm: AeadAlgorithm,
    key: &'static str,
    nonce: &'static str,
    aad: &'static str,
    plaintext: Vec<u8>,
    sealed: &'static str,
}

/// The plaintext of both cases of GCM, 60 bytes.
const GCM_PLAINTEXT: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
         1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

fn aead_vectors() -> [AeadVector; 3] {
    [
        // The Galois/Counter Mode of Operation (McGrew, Viega), appendix B, test case 4.
        AeadVector {
            algorithm: AeadAlgorithm::Aes128Gcm,
            key: "feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plaintext: hex(GCM_PLAINTEXT),
            sealed: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
                     21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091
                     5bc94fbc3221a5db94fae95ae7121a47",
        },
        // The same, test case 16.
        AeadVector {
            algorithm: AeadAlgorithm::Aes256Gcm,
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plaintext: hex(GCM_PLAINTEXT),
            sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
                     8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
                     76fc6ece0f4e1768cddf8853bb2d551b",
        },
        // RFC 8439, 2.8.2.
        AeadVector {
            algorithm: AeadAlgorithm::ChaCha20Poly1305,
            key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
            nonce: "070000004041424344454647",
            aad: "50515253c0c1c2c3c4c5c6c7",
            plaintext: b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                         sunscreen would be it."
                .to_vec(),
            sealed: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6
                     3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36
                     92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
                     3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691",
        },
    ]
}

#[test]
fn the_aeads_agree_with_their_documents() {
    for provider in providers() {
        for vector in aead_vectors() {
            let aead = provider.aead(vector.algorithm);
            let nonce: [u8; 12] = hex(vector.nonce).try_into().unwrap();
            let mut sealed = vec![0; vector.plaintext.len() + 16];
            let seal = aead.seal_key(&hex(vector.key)).unwrap();
            seal.seal(&nonce, &hex(vector.aad), &vector.plaintext, &mut sealed).unwrap();
            assert_eq!(sealed, hex(vector.sealed));
            let open = aead.open_key(&hex(vector.key)).unwrap();
            assert_eq!(open.open(&nonce, &hex(vector.aad), &mut sealed).unwrap(), vector.plaintext);
        }
    }
}

#[test]
fn what_was_changed_anywhere_is_not_opened_and_not_decrypted() {
    for provider in providers() {
        for vector in aead_vectors() {
            let open = provider.aead(vector.algorithm).open_key(&hex(vector.key)).unwrap();
            let nonce: [u8; 12] = hex(vector.nonce).try_into().unwrap();
            for at in 0..hex(vector.sealed).len() {
                let mut sealed = hex(vector.sealed);
                sealed[at] ^= 1;
                let before = sealed.clone();
                assert_eq!(open.open(&nonce, &hex(vector.aad), &mut sealed), Err(Unauthentic));
                // Left as it was, or wiped: nothing of the plaintext is there.
                let (text, tag) = sealed.split_at(sealed.len() - 16);
                assert!(sealed == before || text.iter().all(|byte| *byte == 0) && before.ends_with(tag));
            }
            assert_eq!(open.open(&nonce, b"other", &mut hex(vector.sealed)), Err(Unauthentic));
            assert_eq!(open.open(&[0; 12], &hex(vector.aad), &mut hex(vector.sealed)), Err(Unauthentic));
        }
    }
}

#[test]
fn what_is_shorter_than_a_tag_is_not_opened() {
    for provider in providers() {
        for vector in aead_vectors() {
            let open = provider.aead(vector.algorithm).open_key(&hex(vector.key)).unwrap();
            for len in 0..16 {
                assert_eq!(open.open(&[0; 12], &[], &mut vec![0; len]), Err(Unauthentic));
            }
        }
    }
}

#[test]
fn sealing_fills_its_output_exactly_or_not_at_all() {
    for provider in providers() {
        for vector in aead_vectors() {
            let seal = provider.aead(vector.algorithm).seal_key(&hex(vector.key)).unwrap();
            for len in [0, 4, 19, 21, 40] {
                let mut out = vec![0; len];
                assert_eq!(seal.seal(&[0; 12], &[], b"four", &mut out), Err(SealError));
                assert_eq!(out, vec![0; len]);
            }
            assert_eq!(seal.seal(&[0; 12], &[], b"four", &mut [0; 20]), Ok(()));
        }
    }
}

/// The key, the message, and HMAC with SHA-256, SHA-384 and SHA-512.
fn hmac_vectors() -> [(Vec<u8>, &'static [u8], [&'static str; 3]); 3] {
    [
        // 4.2, test case 1.
        (
            vec![0x0b; 20],
            b"Hi There",
            [
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
                "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde
                 daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ],
        ),
        // 4.3, test case 2: a key shorter than the output.
        (
            b"Jefe".to_vec(),
            b"what do ya want for nothing?",
            [
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
                "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ],
        ),
        // 4.7, test case 6: a key longer than a block.
        (
            vec![0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            [
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
                "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352
                 6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ],
        ),
    ]
}

#[test]
fn hmac_agrees_with_rfc_4231() {
    for provider in providers() {
        for (key, message, outputs) in hmac_vectors() {
            for (algorithm, output) in all_hashes().into_iter().zip(outputs) {
                let key = provider.hmac(algorithm).key(&key);
                assert_eq!(key.sign(&[message]).as_ref(), hex(output));
                // A key is used again and again, and the parts are one message.
                let (front, back) = message.split_at(3);
                assert_eq!(key.sign(&[front, &[], back]).as_ref(), hex(output));
            }
        }
    }
}

fn all_hashes() -> [HashAlgorithm; 3] {
    [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512]
}

#[test]
fn the_hashes_agree_with_fips_180() {
    for provider in providers() {
        // FIPS 180-2, appendices B.1, D.1 and C.1.
        let outputs = [
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ];
        for (algorithm, output) in all_hashes().into_iter().zip(outputs) {
            let hash = provider.hash(algorithm);
            assert_eq!(hash.hash(&[b"a", b"bc"]).as_ref(), hex(output));
            assert_eq!(hex(output).len(), algorithm.len());
            let mut context = hash.start();
            context.update(b"ab");
            let mut fork = context.fork();
            fork.update(b"x");
            assert_eq!(context.current().as_ref(), hash.hash(&[b"ab"]).as_ref());
            context.update(b"c");
            assert_eq!(context.current().as_ref(), hex(output));
            assert_eq!(fork.current().as_ref(), hash.hash(&[b"abx"]).as_ref());
        }
    }
}

#[test]
fn x25519_agrees_with_rfc_7748() {
    for provider in providers() {
        // RFC 7748, 6.1.
        let exchange = |private: &str| {
            let mut entropy = [0xff; 64];
            entropy[..32].copy_from_slice(&hex(private));
            provider.group(NamedGroup::X25519).unwrap().start(&Secret::new(entropy))
        };
        let alice = exchange("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let bob = exchange("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        let bobs = hex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        assert_eq!(bob.share(), bobs);
        let shared = alice.complete(&bobs).unwrap();
        assert_eq!(shared.expose(), hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
    }
}

/// The bytes 0, 1, 2 and so on.
fn counting() -> Secret<64> {
    Secret::fill(|bytes| bytes.iter_mut().zip(0..).for_each(|(byte, i)| *byte = i))
}

#[test]
fn shares_follow_from_the_entropy_alone() {
    for provider in providers() {
        // Computed apart from this crate: for the curves of NIST, ((entropy mod (n - 1)) + 1)·G; for x25519, the first half
        // of the entropy times the base point.
        let shares = [
        (NamedGroup::X25519, "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"),
        (
            NamedGroup::SECP256R1,
            "04228153bcd380d9097b455d7d3a1eaeb58ec19a5e93b3c5c0f6892eb44d269842
             96cb133c8d72d3f82c35899eb72e8c6f8012a00e1dc431a0534c3bdb2882cebc",
        ),
        (
            NamedGroup::SECP384R1,
            "04b35f5b1f8c4632a6e979f7b809da8a4d38577cf146bd38022385deeb31962103f93a65e283a93b258af67a63b241752a
             9e7ae86d62c4bf1f8a0cf64a02c6ff79d023bdf6a2aa3ff1c4d8867685f847639485347491ab831cbd220a3b199c463a",
        ),
    ];
        assert!(provider.groups().eq(shares.iter().map(|(group, _)| *group)));
        for (group, share) in shares {
            let group = provider.group(group).unwrap();
            assert_eq!(group.start(&counting()).share(), hex(share));
            assert_eq!(group.start(&counting()).share(), hex(share));
        }
    }
}

#[test]
fn both_sides_of_an_exchange_agree() {
    for provider in providers() {
        for group in provider.groups().map(|id| provider.group(id).unwrap()) {
            let ours = group.start(&counting());
            let theirs = group.start(&Secret::new([0x5a; 64]));
            let (our_share, their_share) = (ours.share().to_vec(), theirs.share().to_vec());
            let shared = ours.complete(&their_share).unwrap();
            assert_eq!(shared.expose(), theirs.complete(&our_share).unwrap().expose());
            assert_eq!(shared.expose().len(), if group.id() == NamedGroup::SECP384R1 { 48 } else { 32 });
        }
    }
}

#[test]
fn the_private_value_is_never_zero() {
    for provider in providers() {
        // 64 bytes of zero give 1, so the share is the base point.
        let entropy = Secret::new([0; 64]);
        let share = provider.group(NamedGroup::SECP256R1).unwrap().start(&entropy);
        assert!(share.share().starts_with(&hex("046b17d1f2e12c4247f8bce6e563a440f2")));
        let share = provider.group(NamedGroup::SECP384R1).unwrap().start(&entropy);
        assert!(share.share().starts_with(&hex("04aa87ca22be8b05378eb1c71ef320ad74")));
    }
}

#[test]
fn shares_in_another_form_are_refused() {
    for provider in providers() {
        for group in provider.groups().map(|id| provider.group(id).unwrap()) {
            let good = group.start(&Secret::new([0x5a; 64])).share().to_vec();
            let complete = |share: &[u8]| group.start(&counting()).complete(share).map(|_| ());
            assert_eq!(complete(&good), Ok(()));
            assert_eq!(complete(&[]), Err(InvalidShare));
            assert_eq!(complete(&good[..good.len() - 1]), Err(InvalidShare));
            assert_eq!(complete(&[&good[..], &[0]].concat()), Err(InvalidShare));
            assert_eq!(complete(&vec![0; good.len()]), Err(InvalidShare));
            if group.id() == NamedGroup::X25519 {
                continue;
            }
            // The point at infinity, the compressed and the hybrid form, and a point beside the curve.
            assert_eq!(complete(&[0]), Err(InvalidShare));
            let (x, y) = good[1..].split_at((good.len() - 1) / 2);
            assert_eq!(complete(&[&[2 | y.last().unwrap() & 1], x].concat()), Err(InvalidShare));
            let mut changed = good.clone();
            changed[0] = 6 | y.last().unwrap() & 1;
            assert_eq!(complete(&changed), Err(InvalidShare));
            let mut changed = good.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert_eq!(complete(&changed), Err(InvalidShare));
        }
    }
}
