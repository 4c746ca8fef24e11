//! Private keys: ephemeral ones of key exchanges, and those that sign.

use pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rsa::{
    RsaPrivateKey,
    pkcs8::DecodePrivateKey,
    traits::{PrivateKeyParts, PublicKeyParts},
};
use sha2::{Digest, Sha512};
use tls12::{
    crypto::{LocalKey, RUSTCRYPTO, Secret, Sign, SignatureRequest},
    wire::{NamedGroup, SignatureScheme},
};
use zeroize::Zeroizing;

use super::{
    memory::{Needle, left_behind, needle, passing},
    pattern::{fill, pattern, reversed},
    scene::{Moments, Scene},
};

pub(crate) const SCENES: &[Scene] = &[
    Scene {
        name: "x25519",
        play: |moments| exchange(NamedGroup::X25519, moments),
        secrets: || exchanged(NamedGroup::X25519),
    },
    Scene {
        name: "secp256r1",
        play: |moments| exchange(NamedGroup::SECP256R1, moments),
        secrets: || exchanged(NamedGroup::SECP256R1),
    },
    Scene {
        name: "secp384r1",
        play: |moments| exchange(NamedGroup::SECP384R1, moments),
        secrets: || exchanged(NamedGroup::SECP384R1),
    },
    Scene { name: "a key of P-256", play: |moments| sign(P256, moments), secrets: || scalar(P256) },
    Scene { name: "a key of P-384", play: |moments| sign(P384, moments), secrets: || scalar(P384) },
    Scene { name: "a key of Ed25519", play: |moments| sign(ED25519, moments), secrets: ed25519 },
    Scene { name: "a key of RSA", play: sign_rsa, secrets: rsa_numbers },
];

/// Random bytes of which the private value of a NIST group is the last 32 or 48, read as a number, and one more.
fn entropy(group: NamedGroup) -> Secret<64> {
    let from = if group == NamedGroup::SECP256R1 { 32 } else { 16 };
    match group {
        NamedGroup::X25519 => Secret::fill(|bytes| fill(30, bytes)),
        _ => Secret::fill(|bytes| fill(30, &mut bytes[from..])),
    }
}

fn exchange(group: NamedGroup, moments: &Moments) {
    let group = RUSTCRYPTO.group(group).expect("one of ours");
    let theirs = group.start(&Secret::fill(|bytes| fill(31, bytes)));
    let share = theirs.share().to_vec();
    drop(theirs);
    let entropy = entropy(group.id());
    let ours = group.start(&entropy);
    drop(entropy);
    moments.alive();
    let shared = ours.complete(&share).expect("a share");
    moments.alive();
    drop(shared);
    // One that is given up before the peer's share came.
    drop(group.start(&self::entropy(group.id())));
    moments.gone();
}

fn exchanged(id: NamedGroup) -> Vec<Needle> {
    let group = RUSTCRYPTO.group(id).expect("one of ours");
    let theirs = group.start(&Secret::fill(|bytes| fill(31, bytes)));
    let (entropy, share) = (entropy(id), theirs.share().to_vec());
    let shared = group.start(&entropy).complete(&share).expect("a share");
    let shared = shared.expose();
    let mut needles = vec![needle("shared", shared), passing("shared, reversed", reversed(shared))];
    let private = match id {
        NamedGroup::X25519 => &entropy.expose()[..32],
        NamedGroup::SECP256R1 => &entropy.expose()[32..],
        _ => &entropy.expose()[16..],
    };
    match id {
        NamedGroup::X25519 => {
            let mut clamped = private.to_vec();
            (clamped[0], clamped[31]) = (clamped[0] & 248, clamped[31] & 127 | 64);
            needles.extend([needle("private", private), passing("private, clamped", clamped)]);
        }
        _ => {
            // Its last byte is one less than that of the private value, and does not matter for most pieces.
            needles.extend([needle("private, as limbs", reversed(private)), passing("private", private)]);
        }
    }
    needles
}

/// What stands before the secret in PKCS#8 (RFC 5958), the length of the secret, and how to sign.
type Kind = (&'static [u8], usize, SignatureScheme);

const P256: Kind = (
    b"\x30\x41\x02\x01\0\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
      \x04\x27\x30\x25\x02\x01\x01\x04\x20",
    32,
    SignatureScheme::ECDSA_SECP256R1_SHA256,
);
const P384: Kind = (
    b"\x30\x4e\x02\x01\0\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\0\x22\
      \x04\x37\x30\x35\x02\x01\x01\x04\x30",
    48,
    SignatureScheme::ECDSA_SECP384R1_SHA384,
);
const ED25519: Kind =
    (b"\x30\x2e\x02\x01\0\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 32, SignatureScheme::ED25519);

fn sign((before, len, scheme): Kind, moments: &Moments) {
    let mut der = Zeroizing::new(vec![0; before.len() + len]);
    let (head, secret) = der.split_at_mut(before.len());
    head.copy_from_slice(before);
    fill(40, secret);
    use_key(der, &[scheme], moments);
}

/// Parses a key, signs with it and drops it.
fn use_key(der: Zeroizing<Vec<u8>>, schemes: &[SignatureScheme], moments: &Moments) {
    let parsed = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(&der[..])));
    let key = parsed.expect("a key");
    drop(der);
    moments.alive();
    for scheme in schemes {
        let message = b"what is signed".to_vec();
        key.sign(&SignatureRequest { credential: "key".into(), scheme: *scheme, message }).expect("signed");
    }
    moments.alive();
    drop(key);
    moments.gone();
}

fn scalar((_, len, _): Kind) -> Vec<Needle> {
    let scalar = pattern(40, len);
    vec![needle("as limbs", reversed(&scalar)), passing("as bytes", scalar)]
}

fn ed25519() -> Vec<Needle> {
    let seed = pattern(40, 32);
    // RFC 8032, 5.1.5: the scalar, and the prefix of what is hashed for the nonce.
    let hash = Sha512::digest(&seed);
    vec![passing("scalar", &hash[1..31]), passing("prefix", &hash[32..]), needle("seed", seed)]
}

const RSA_2048: &str = include_str!("../common/rsa_2048.pem");

fn sign_rsa(moments: &Moments) {
    use_key(
        der(RSA_2048),
        &[SignatureScheme::RSA_PSS_RSAE_SHA256, SignatureScheme::RSA_PKCS1_SHA256],
        moments,
    );
}

/// PEM to DER, in one place that is wiped. Other decoders keep copies, which are not what is looked for here.
fn der(pem: &str) -> Zeroizing<Vec<u8>> {
    let mut der = Zeroizing::new(Vec::with_capacity(pem.len()));
    let (mut bits, mut count) = (0_u32, 0);
    let lines = pem.lines().skip_while(|line| !line.starts_with("-----BEGIN")).skip(1);
    for byte in lines.take_while(|line| !line.starts_with('-')).flat_map(str::bytes) {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            der.push((bits >> count) as u8);
        }
    }
    der
}

fn rsa_numbers() -> Vec<Needle> {
    let key = RsaPrivateKey::from_pkcs8_der(&der(RSA_2048)).expect("a key");
    let mut numbers = vec![("d", key.d().to_be_bytes())];
    numbers.extend(["p", "q"].into_iter().zip(key.primes()).map(|(name, prime)| (name, prime.to_be_bytes())));
    numbers.extend(key.dp().map(|number| ("d mod p - 1", number.to_be_bytes())));
    numbers.extend(key.dq().map(|number| ("d mod q - 1", number.to_be_bytes())));
    assert_eq!((numbers.len(), key.n().bits()), (5, 2048));
    let both = |(name, bytes): (&str, Box<[u8]>)| {
        // The parameters of arithmetic modulo p, which the crate does not wipe.
        let needle = if name == "p" { left_behind } else { needle };
        [
            needle(format!("{name}, as limbs"), reversed(&bytes)),
            passing(format!("{name}, as bytes"), &bytes[..]),
        ]
    };
    numbers.into_iter().flat_map(both).collect()
}
