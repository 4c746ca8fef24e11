//! Sessions and keys for tests, and the vectors that are written as `name = value`.

#![allow(dead_code, unreachable_pub, reason = "no test uses all of it")]

use std::{collections::HashMap, fs, path::PathBuf, time::Duration};

use pki_types::{CertificateDer, UnixTime};
use tls12::{
    crypto::{Secret, SecretVec},
    session::{
        ClientSession, ClientSessionParts, ClientToken, KeyTimes, Lineage, Partition, Session,
        SessionContext, SessionParts, SessionPeer, TicketKey,
    },
    wire::{CipherSuite, NamedGroup, SignatureScheme},
};

/// The time of the tests in seconds since 1970.
pub const NOW: u64 = 1_800_000_000;
pub const HOUR: u64 = 3_600;
pub const DAY: u64 = 24 * HOUR;

pub fn at(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// 32 bytes that look random and begin with `n`.
pub fn secret(n: u8) -> [u8; 32] {
    std::array::from_fn(|i| n.wrapping_add((i as u8).wrapping_mul(37)))
}

/// A key with a name and a secret of its own.
pub fn key(n: u8, start: u64, period: u64) -> TicketKey {
    TicketKey::from_parts([n; 16], secret(n), at(start), Duration::from_secs(period)).unwrap()
}

pub fn key_with_times(n: u8, times: KeyTimes) -> TicketKey {
    key(n, NOW, HOUR).with_times(times)
}

pub fn context() -> SessionContext {
    SessionContext::derive([&b"fleet"[..]])
}

pub fn peer(not_after: u64) -> SessionPeer {
    SessionPeer { chain: [CertificateDer::from(vec![0x30, 0])].into(), not_after }
}

/// What most sessions here are made of: issued in a full handshake at [`NOW`].
pub fn parts() -> SessionParts {
    SessionParts {
        suite: CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
        master_secret: Secret::new([0x5a; 48]),
        extended_master_secret: true,
        server_name: Some(b"a.example".to_vec()),
        alpn: Some(b"h2".to_vec()),
        context: context(),
        partition: Partition::default(),
        lineage: Lineage([9; 16]),
        authenticated_at: NOW,
        issued_at: NOW,
        lifetime: (10 * HOUR) as u32,
        peer: None,
        peer_scheme: Some(SignatureScheme::ECDSA_SECP256R1_SHA256),
        group: Some(NamedGroup::X25519),
        application_data: SecretVec::copy_of(b"account 7"),
    }
}

pub fn session() -> Session {
    Session::new(parts()).unwrap()
}

pub fn trust() -> SessionContext {
    SessionContext::derive([&b"trust"[..]])
}

pub fn client_parts(server: &str) -> ClientSessionParts {
    ClientSessionParts {
        server: server.into(),
        trust: trust(),
        token: ClientToken::Ticket { ticket: vec![7; 200], lifetime_hint: 7_200 },
        suite: CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384,
        master_secret: Secret::new([0x5a; 48]),
        extended_master_secret: true,
        received_at: NOW,
        authenticated_at: NOW,
        lineage: Lineage([9; 16]),
        alpn: Some(b"h2".to_vec()),
        peer: None,
        peer_scheme: Some(SignatureScheme::RSA_PSS_RSAE_SHA256),
        group: Some(NamedGroup::X25519),
        ocsp: None,
    }
}

pub fn client_session(server: &str) -> ClientSession {
    ClientSession::new(client_parts(server)).unwrap()
}

/// The bytes of a vector.
pub fn vector(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors").join(path);
    fs::OpenOptions::new()
        .read(true)
        .open(&path)
        .and_then(|mut file| {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut file, &mut bytes)?;
            Ok(bytes)
        })
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A vector of lines `name = value`.
pub struct Fields(HashMap<String, String>);

impl Fields {
    pub fn read(path: &str) -> Self {
        let text = String::from_utf8(vector(path)).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let pair = |line: &str| line.split_once(" = ").map(|(name, value)| (name.into(), value.into()));
        Self(lines.map(|line| pair(line).unwrap()).collect())
    }

    pub fn number(&self, name: &str) -> u64 {
        self.0[name].parse().unwrap()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let digits = &self.0[name];
        (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap()).collect()
    }

    pub fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    /// The numbers behind `prefix` in the names.
    pub fn numbered(&self, prefix: &str) -> Vec<u64> {
        let mut numbers: Vec<u64> =
            self.0.keys().filter_map(|name| name.strip_prefix(prefix)?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }
}
