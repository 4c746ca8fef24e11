//! What a cipher suite consists of.

use crate::wire::CipherSuite;

/// A hash algorithm by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
    /// 64 bytes; of signatures only.
    Sha512,
}

impl HashAlgorithm {
    /// The length of its output in bytes.
    #[expect(clippy::len_without_is_empty, reason = "no hash is empty")]
    pub const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// An AEAD algorithm by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AeadAlgorithm {
    /// RFC 5288.
    Aes128Gcm,
    /// RFC 5288.
    Aes256Gcm,
    /// RFC 7905.
    ChaCha20Poly1305,
}

impl AeadAlgorithm {
    /// The length of its key in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }

    /// The length in bytes of what the key block gives of the nonce (`fixed_iv_length`).
    pub const fn fixed_iv_len(self) -> usize {
        match self {
            // RFC 5288, 3: "opaque salt[4]"
            Self::Aes128Gcm | Self::Aes256Gcm => 4,
            // RFC 7905, 2: "The fixed_iv_length is 12 bytes"
            Self::ChaCha20Poly1305 => 12,
        }
    }

    /// The length in bytes of what each record carries of the nonce (`record_iv_length`).
    pub const fn explicit_nonce_len(self) -> usize {
        match self {
            // RFC 5288, 3: "opaque nonce_explicit[8]"
            Self::Aes128Gcm | Self::Aes256Gcm => 8,
            // RFC 7905, 2: "the record nonce … is not transmitted"
            Self::ChaCha20Poly1305 => 0,
        }
    }

    /// How many records one key may protect. Nothing in TLS 1.2 renews a key, so the connection ends there.
    pub const fn record_limit(self) -> u64 {
        match self {
            // RFC 8446, 5.5: "up to 2^24.5 full-size records may be encrypted on a given connection
            // while keeping a safety margin of approximately 2^-57"; the limit is of AES-GCM, not of TLS 1.3.
            Self::Aes128Gcm | Self::Aes256Gcm => 23_726_566,
            // The same section: "the record sequence number would wrap before the safety limit is reached".
            Self::ChaCha20Poly1305 => u64::MAX,
        }
    }
}

/// What the server's key must be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// ECDSA or Ed25519 (RFC 8422, 2.1).
    Ecdsa,
    /// RSA.
    Rsa,
}

/// A cipher suite of this crate. All exchange keys by ephemeral ECDH.
#[derive(Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its code point.
    pub id: CipherSuite,
    /// Who signs the key exchange.
    pub authentication: Authentication,
    /// What protects the records.
    pub aead: AeadAlgorithm,
    /// What the PRF and Finished are made with.
    pub hash: HashAlgorithm,
}

/// All suites, in our order of preference.
pub static SUITES: [Suite; 6] = {
    use AeadAlgorithm::{Aes128Gcm, Aes256Gcm, ChaCha20Poly1305};
    use Authentication::{Ecdsa, Rsa};
    use HashAlgorithm::{Sha256, Sha384};
    const fn suite(
        id: CipherSuite,
        authentication: Authentication,
        aead: AeadAlgorithm,
        hash: HashAlgorithm,
    ) -> Suite {
        Suite { id, authentication, aead, hash }
    }
    [
        suite(CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256, Ecdsa, Aes128Gcm, Sha256),
        suite(CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384, Ecdsa, Aes256Gcm, Sha384),
        suite(CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, Ecdsa, ChaCha20Poly1305, Sha256),
        suite(CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256, Rsa, Aes128Gcm, Sha256),
        suite(CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384, Rsa, Aes256Gcm, Sha384),
        suite(CipherSuite::ECDHE_RSA_CHACHA20_POLY1305_SHA256, Rsa, ChaCha20Poly1305, Sha256),
    ]
};

impl Suite {
    /// The suite of this code point, if it is one of ours.
    pub fn find(id: CipherSuite) -> Option<&'static Self> {
        SUITES.iter().find(|suite| suite.id == id)
    }
}
