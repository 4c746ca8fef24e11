//! Tickets and stored sessions under keys that are known here.

use std::sync::LazyLock;

use tls12::{
    crypto::{RUSTCRYPTO, Secret, SecretVec},
    session::{
        KeyRing, KeyTimes, Lineage, OpenedTicket, Partition, SealedSession, Session, SessionContext,
        SessionParts, StoreKey, TicketKey,
    },
    wire::{CipherSuite, NamedGroup, SessionId, SignatureScheme},
};

use crate::common::{
    certs::{NOW, at},
    resuming::HOUR,
};

/// A session that is the same in every run, with this data of the application.
pub fn session(data: &[u8]) -> Session {
    let parts = SessionParts {
        suite: CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
        master_secret: Secret::new([0x5a; 48]),
        extended_master_secret: true,
        server_name: Some(b"a.example".to_vec()),
        alpn: Some(b"h2".to_vec()),
        context: SessionContext::derive([&b"fleet"[..]]),
        partition: Partition::default(),
        lineage: Lineage([9; 16]),
        authenticated_at: NOW,
        issued_at: NOW,
        lifetime: 36_000,
        peer: None,
        peer_scheme: Some(SignatureScheme::ECDSA_SECP256R1_SHA256),
        group: Some(NamedGroup::X25519),
        application_data: SecretVec::copy_of(data.get(..4096).unwrap_or(data)),
    };
    Session::new(parts).expect("every part fits")
}

/// When the last key of [`ring`] opens for the last time, in seconds since 1970.
pub const LAST: u64 = NOW + 24 * HOUR;

/// Three keys: one that only opens, one that seals until 12 hours later and opens for 24, and one with the same name
/// as it, which seals nothing.
pub fn ring() -> &'static KeyRing {
    static RING: LazyLock<KeyRing> = LazyLock::new(|| {
        let key = |name, secret: u8, times| {
            let secret = std::array::from_fn(|i| secret.wrapping_add(37_u8.wrapping_mul(i as u8)));
            let key = TicketKey::from_parts([name; 16], secret, at(NOW), std::time::Duration::from_secs(1));
            key.expect("no repeated byte").with_times(times)
        };
        let until = |sealing_until, opening_until| KeyTimes {
            sealing_from: NOW - HOUR,
            sealing_until,
            opening_until,
        };
        KeyRing::new(key(1, 1, until(NOW, NOW + HOUR))).with_key(key(2, 3, until(NOW, LAST))).with_key(key(
            2,
            2,
            until(NOW + 12 * HOUR, LAST),
        ))
    });
    &RING
}

/// What something was sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// For a client.
    Ticket,
    /// For a store, under the key of this number.
    Store(u8),
}

impl Purpose {
    /// Of a byte of the input.
    pub fn of(choice: u8) -> Self {
        match choice % 4 {
            0 => Self::Ticket,
            number => Self::Store(number),
        }
    }

    fn store_key(number: u8) -> StoreKey {
        StoreKey::of(&Partition::default(), &SessionId::from([number; 32]))
    }

    /// Seals a session at [`NOW`].
    pub fn seal(self, session: &Session, salt: &[u8; 32]) -> Vec<u8> {
        let sealed = match self {
            Self::Ticket => ring().seal_ticket(&RUSTCRYPTO, session, salt, at(NOW)),
            Self::Store(number) => {
                let key = Self::store_key(number);
                ring().seal_stored(&RUSTCRYPTO, &key, session, salt, at(NOW)).map(|sealed| sealed.0)
            }
        };
        sealed.expect("a key seals, and the session is short")
    }

    /// Opens what somebody says was sealed for this, at this time.
    pub fn open(self, sealed: &[u8], now: u64) -> Option<OpenedTicket> {
        match self {
            Self::Ticket => ring().open_ticket(&RUSTCRYPTO, sealed, at(now)).ok(),
            Self::Store(number) => {
                let sealed = SealedSession(sealed.to_vec());
                ring().open_stored(&RUSTCRYPTO, &Self::store_key(number), &sealed, at(now)).ok()
            }
        }
    }
}
