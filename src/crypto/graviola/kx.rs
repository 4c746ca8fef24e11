//! Ephemeral ECDH over x25519, secp256r1 and secp384r1.

use alloc::boxed::Box;

use ::graviola::key_agreement::{p256, p384, x25519};
use zeroize::Zeroize;

use super::CleanRegisters;
use crate::{
    crypto::{
        copy,
        kx::{Group, InvalidShare, KeyExchange},
        rustcrypto::kx,
        secret::{Secret, SecretVec},
    },
    wire::NamedGroup,
};

/// RFC 7748, 5.
pub(super) struct X25519;

struct X25519Exchange {
    secret: x25519::StaticPrivateKey,
    share: [u8; 32],
    _registers: CleanRegisters,
}

impl Group for X25519 {
    fn id(&self) -> NamedGroup {
        NamedGroup::X25519
    }

    /// The private value is the first 32 bytes of `entropy`; the multiplication clamps it.
    fn start(&self, entropy: &Secret<64>) -> Box<dyn KeyExchange> {
        let mut bytes = [0; 32];
        copy(&mut bytes, entropy.expose());
        let secret = x25519::StaticPrivateKey::from_array(&bytes);
        bytes.zeroize();
        let share = secret.public_key().as_bytes();
        Box::new(X25519Exchange { secret, share, _registers: CleanRegisters })
    }
}

impl KeyExchange for X25519Exchange {
    fn share(&self) -> &[u8] {
        &self.share
    }

    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SecretVec, InvalidShare> {
        let peer = x25519::PublicKey::try_from_slice(peer).map_err(|_| InvalidShare)?;
        // RFC 8422, 5.11: "the all-zero value check [...] MUST be performed"; it is, in here.
        let shared = self.secret.diffie_hellman(&peer).map_err(|_| InvalidShare)?;
        Ok(SecretVec::copy_of(&shared.0))
    }
}

/// A group of NIST.
macro_rules! nist_group {
    ($group:ident, $exchange:ident, $id:expr, $curve:ident, $share_len:literal) => {
        /// RFC 8422, 5.1.1.
        pub(super) struct $group;

        struct $exchange {
            secret: $curve::StaticPrivateKey,
            share: [u8; $share_len],
            _registers: CleanRegisters,
        }

        impl Group for $group {
            fn id(&self) -> NamedGroup {
                $id
            }

            /// The private value is that of the portable provider, so that a replay sends the same share on either.
            fn start(&self, entropy: &Secret<64>) -> Box<dyn KeyExchange> {
                let mut value = kx::$group::secret_key(entropy).to_bytes();
                let secret = $curve::StaticPrivateKey::from_bytes(&value)
                    .expect("the private value is from 1 to n - 1");
                value.zeroize();
                let share = secret.public_key_uncompressed();
                Box::new($exchange { secret, share, _registers: CleanRegisters })
            }
        }

        impl KeyExchange for $exchange {
            fn share(&self) -> &[u8] {
                &self.share
            }

            fn complete(self: Box<Self>, peer: &[u8]) -> Result<SecretVec, InvalidShare> {
                // RFC 8422, 5.1.2: only the uncompressed format; 5.11: "the server MUST check that the public key is
                // on the curve", and so must the client. Both are checked in here, and the length.
                let peer = $curve::PublicKey::from_x962_uncompressed(peer).map_err(|_| InvalidShare)?;
                let shared = self.secret.diffie_hellman(&peer).map_err(|_| InvalidShare)?;
                Ok(SecretVec::copy_of(&shared.0))
            }
        }
    };
}

nist_group!(Secp256r1, Secp256r1Exchange, NamedGroup::SECP256R1, p256, 65);
nist_group!(Secp384r1, Secp384r1Exchange, NamedGroup::SECP384R1, p384, 97);
