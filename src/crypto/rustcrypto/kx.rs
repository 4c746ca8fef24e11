//! Ephemeral ECDH over x25519, secp256r1 and secp384r1.

use alloc::boxed::Box;

use p256::elliptic_curve::{
    Curve,
    bigint::{NonZero, U256, U384, U512, Uint},
    sec1::ToSec1Point,
};
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroize;

use crate::{
    crypto::{
        copy,
        kx::{Group, InvalidShare, KeyExchange},
        secret::{Secret, SecretVec},
    },
    wire::NamedGroup,
};

/// RFC 7748, 5.
pub(super) struct X25519;

struct X25519Exchange {
    secret: StaticSecret,
    share: PublicKey,
}

impl Group for X25519 {
    fn id(&self) -> NamedGroup {
        NamedGroup::X25519
    }

    /// The private value is the first 32 bytes of `entropy`; the multiplication clamps it.
    fn start(&self, entropy: &Secret<64>) -> Box<dyn KeyExchange> {
        let mut bytes = [0; 32];
        copy(&mut bytes, entropy.expose());
        let secret = StaticSecret::from(bytes);
        bytes.zeroize();
        let share = PublicKey::from(&secret);
        Box::new(X25519Exchange { secret, share })
    }
}

impl KeyExchange for X25519Exchange {
    fn share(&self) -> &[u8] {
        self.share.as_bytes()
    }

    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SecretVec, InvalidShare> {
        let peer: [u8; 32] = peer.try_into().map_err(|_| InvalidShare)?;
        let shared = self.secret.diffie_hellman(&PublicKey::from(peer));
        // RFC 8422, 5.11: "the all-zero value check [...] MUST be performed"; RFC 7748, 6.1: without leaking the value.
        if shared.as_bytes().ct_eq(&[0; 32]).into() {
            return Err(InvalidShare);
        }
        Ok(SecretVec::copy_of(shared.as_bytes()))
    }
}

/// A private value out of 64 random bytes: c mod (n − 1) + 1, the "extra random bits" of FIPS 186-5, A.2.1.
///
/// It is never zero, and its bias is at most 2^-128, for the bytes are 128 bits or more longer than the order.
/// Takes the same time for all bytes.
fn private_value<const LIMBS: usize>(
    entropy: &Secret<64>,
    order_minus_one: &NonZero<Uint<LIMBS>>,
) -> Uint<LIMBS> {
    let mut wide = U512::from_be_slice(entropy.expose());
    let value = wide.rem(order_minus_one).wrapping_add(&Uint::ONE);
    wide.zeroize();
    value
}

/// A group of NIST, over its crate.
macro_rules! nist_group {
    ($group:ident, $exchange:ident, $id:expr, $curve:ident, $nist:ident, $uint:ident, $share_len:literal) => {
        /// RFC 8422, 5.1.1.
        pub(in crate::crypto) struct $group;

        struct $exchange {
            secret: $curve::SecretKey,
            share: $curve::Sec1Point,
        }

        impl $group {
            /// The private value that follows from `entropy`.
            pub(in crate::crypto) fn secret_key(entropy: &Secret<64>) -> $curve::SecretKey {
                const ORDER_MINUS_ONE: NonZero<$uint> =
                    NonZero::<$uint>::new_unwrap($curve::$nist::ORDER.get_copy().wrapping_sub(&$uint::ONE));
                let mut value = private_value(entropy, &ORDER_MINUS_ONE);
                let mut scalar = $curve::NonZeroScalar::from_uint(value)
                    .into_option()
                    .expect("the private value is from 1 to n - 1");
                value.zeroize();
                let secret = $curve::SecretKey::from(&scalar);
                scalar.zeroize();
                secret
            }
        }

        impl Group for $group {
            fn id(&self) -> NamedGroup {
                $id
            }

            fn start(&self, entropy: &Secret<64>) -> Box<dyn KeyExchange> {
                let secret = Self::secret_key(entropy);
                let share = secret.public_key().to_sec1_point(false);
                Box::new($exchange { secret, share })
            }
        }

        impl KeyExchange for $exchange {
            fn share(&self) -> &[u8] {
                self.share.as_bytes()
            }

            fn complete(self: Box<Self>, peer: &[u8]) -> Result<SecretVec, InvalidShare> {
                // RFC 8422, 5.1.2: only the uncompressed format, whose first byte is 4; what has the length of one
                // is neither compressed nor the point at infinity.
                if peer.len() != $share_len || peer.first() != Some(&4) {
                    return Err(InvalidShare);
                }
                // RFC 8422, 5.11: "the server MUST check that the public key is on the curve", and so must the client.
                let peer = $curve::PublicKey::from_sec1_bytes(peer).map_err(|_| InvalidShare)?;
                Ok(SecretVec::copy_of(self.secret.diffie_hellman(&peer).raw_secret_bytes()))
            }
        }
    };
}

nist_group!(Secp256r1, Secp256r1Exchange, NamedGroup::SECP256R1, p256, NistP256, U256, 65);
nist_group!(Secp384r1, Secp384r1Exchange, NamedGroup::SECP384R1, p384, NistP384, U384, 97);
