//! The master secret from a premaster secret: two constructors, two types of seed.

use super::{
    exporter::Exporter,
    finished::{Side, VerifyData},
    prf::Prf,
    traffic::TrafficKeys,
};
use crate::crypto::{Digest, HashAlgorithm, Provider, Secret, SecretVec, Suite};

/// The randoms of both hellos, 32 bytes each. Public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Randoms {
    /// `ClientHello.random`.
    pub client: [u8; 32],
    /// `ServerHello.random`.
    pub server: [u8; 32],
}

/// The hash of all handshake messages up to and including ClientKeyExchange (RFC 7627, 3).
#[derive(Debug)]
pub struct SessionHash(Digest);

impl SessionHash {
    /// Takes the digest of a transcript that ends with ClientKeyExchange.
    pub fn of(digest: Digest) -> Self {
        Self(digest)
    }
}

/// The premaster secret: what the key exchange gave. Used up by making the master secret.
#[derive(Debug)]
pub struct Premaster(SecretVec);

impl Premaster {
    /// Takes over what a key exchange gave.
    pub fn new(shared: SecretVec) -> Self {
        Self(shared)
    }
}

/// The master secret of a session, 48 bytes, and what follows from it; wiped on drop.
#[derive(Debug)]
pub struct MasterSecret {
    secret: Secret<48>,
    schedule: KeySchedule,
}

impl MasterSecret {
    /// RFC 5246, 8.1: "master_secret = PRF(pre_master_secret, "master secret", ClientHello.random +
    /// ServerHello.random)".
    pub fn classic(
        provider: &Provider,
        hash: HashAlgorithm,
        premaster: Premaster,
        randoms: &Randoms,
    ) -> Self {
        let prf = Prf::new(provider, hash, premaster.0.expose());
        let secret =
            Secret::fill(|out| prf.expand(b"master secret", [&randoms.client, &randoms.server], out));
        Self { schedule: KeySchedule::resume(provider, hash, &secret, false), secret }
    }

    /// RFC 7627, 4: "master_secret = PRF(pre_master_secret, "extended master secret", session_hash)".
    pub fn extended(
        provider: &Provider,
        hash: HashAlgorithm,
        premaster: Premaster,
        session_hash: &SessionHash,
    ) -> Self {
        let prf = Prf::new(provider, hash, premaster.0.expose());
        let secret =
            Secret::fill(|out| prf.expand(b"extended master secret", [session_hash.0.as_ref(), &[]], out));
        Self { schedule: KeySchedule::resume(provider, hash, &secret, true), secret }
    }

    /// The 48 bytes, for a session or a key log.
    pub fn secret(&self) -> &Secret<48> {
        &self.secret
    }

    /// What follows from it.
    pub fn schedule(&self) -> &KeySchedule {
        &self.schedule
    }

    /// What a connection keeps of it.
    pub fn into_schedule(self) -> KeySchedule {
        self.schedule
    }
}

impl AsRef<KeySchedule> for MasterSecret {
    fn as_ref(&self) -> &KeySchedule {
        &self.schedule
    }
}

impl AsRef<KeySchedule> for KeySchedule {
    fn as_ref(&self) -> &KeySchedule {
        self
    }
}

/// All that follows from a master secret in a connection. The HMAC state of the secret is made once, and the secret is
/// not needed any more.
#[derive(Debug)]
pub struct KeySchedule {
    prf: Prf,
    extended: bool,
}

impl KeySchedule {
    /// From the master secret of a session that was made before, extended or not.
    pub fn resume(provider: &Provider, hash: HashAlgorithm, secret: &Secret<48>, extended: bool) -> Self {
        Self { prf: Prf::new(provider, hash, secret.expose()), extended }
    }

    /// Goes on with what another was made of.
    pub(crate) fn of(prf: Prf, extended: bool) -> Self {
        Self { prf, extended }
    }

    /// The PRF under the master secret.
    pub(crate) fn into_prf(self) -> Prf {
        self.prf
    }

    /// Whether the master secret is bound to its handshake (RFC 7627).
    pub fn is_extended(&self) -> bool {
        self.extended
    }

    /// The keys of a connection (RFC 5246, 6.3).
    pub fn traffic_keys(&self, suite: &Suite, randoms: &Randoms) -> TrafficKeys {
        TrafficKeys::derive(&self.prf, suite, randoms)
    }

    /// The `verify_data` of one side's Finished over the transcript so far (RFC 5246, 7.4.9). 12 bytes.
    pub fn verify_data(&self, side: Side, transcript: &Digest) -> VerifyData {
        VerifyData::compute(&self.prf, side, transcript)
    }

    /// Keying material for others; `None` without the extended master secret, for then two connections
    /// may share it (RFC 7627, 5.4).
    pub fn exporter<'m>(&'m self, randoms: &'m Randoms) -> Option<Exporter<'m>> {
        self.extended.then(|| Exporter::new(&self.prf, randoms))
    }
}
