//! What computes on curves: key exchanges and signatures.

use tls12::{
    PrivateKeyDer,
    crypto::{LocalKey, RUSTCRYPTO, Sign, SignatureRequest},
    wire::{NamedGroup, SignatureScheme},
};

use crate::{
    Claim, Expected,
    claims::secret,
    memcheck::{hide, show},
};

pub const CLAIMS: &[Claim] = &[
    Claim {
        name: "x25519",
        expected: Expected::Verdicts(1, "whether what is shared is zero"),
        run: || exchange(NamedGroup::X25519),
    },
    Claim { name: "secp256r1", expected: IN_RANGE, run: || exchange(NamedGroup::SECP256R1) },
    Claim { name: "secp384r1", expected: IN_RANGE, run: || exchange(NamedGroup::SECP384R1) },
    Claim { name: "a signature with Ed25519", expected: Expected::None, run: ed25519 },
    Claim {
        name: "a signature with ECDSA on P-256",
        expected: Expected::Verdicts(7, NONCE),
        run: ecdsa_p256,
    },
    Claim {
        name: "a signature with ECDSA on P-384",
        expected: Expected::Verdicts(7, "the same"),
        run: ecdsa_p384,
    },
];

const IN_RANGE: Expected =
    Expected::Verdicts(2, "whether the private value is from 1 to n - 1, twice, as it always is");
/// RFC 6979, 3.2, and FIPS 186-5, 6.4.1: what makes a signer try again is known to have not happened.
const NONCE: &str =
    "whether the nonce is below n, and nonce, inverse, r and s are none of them 0 or too large";

fn exchange(id: NamedGroup) {
    let group = RUSTCRYPTO.group(id).expect("one of ours");
    let theirs = group.start(&tls12::crypto::Secret::new([4; 64]));
    let ours = group.start(&secret());
    ours.complete(theirs.share()).expect("a share");
}

/// RFC 8410, 7: what stands before the 32 bytes of a key in PKCS#8.
const ED25519: &[u8] = b"\x30\x2e\x02\x01\0\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

fn ed25519() {
    let mut der = [ED25519, &[6; 32]].concat();
    hide(&mut der[ED25519.len()..]);
    let key = LocalKey::new(&RUSTCRYPTO, PrivateKeyDer::Pkcs8(der.into())).expect("a key");
    let (credential, message) = ("key".into(), b"message".to_vec());
    key.sign(&SignatureRequest { credential, scheme: SignatureScheme::ED25519, message }).expect("signed");
}

/// The function that the library signs with, below the encoding of what comes out, which everybody may know.
macro_rules! ecdsa {
    ($name:ident, $curve:ident, $nist:ident, $len:literal, $hash:ident) => {
        fn $name() {
            let mut scalar = $curve::NonZeroScalar::from_repr([5; $len].into()).expect("in range");
            hide(&mut scalar);
            let made =
                ecdsa::hazmat::sign_prehashed_rfc6979::<$curve::$nist, sha2::$hash>(&scalar, &[8; $len], &[]);
            show(made.0);
        }
    };
}

ecdsa!(ecdsa_p256, p256, NistP256, 32, Sha256);
ecdsa!(ecdsa_p384, p384, NistP384, 48, Sha384);
