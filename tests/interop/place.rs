//! A CA, a server and a client, in memory for us and in files for others.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};

use pki_types::{ServerName, UnixTime};
use tls12::{
    ClientConfig, ServerConfig,
    crypto::RUSTCRYPTO,
    pki::WebPki,
    wire::{CipherSuite, NamedGroup},
};

use crate::common::{
    certs::{Ca, Issued, Key, Spec},
    pair::{NAME, World},
};

/// Every kind of key that a server may have.
pub(crate) const KEYS: [Key; 4] = [Key::EcdsaP256, Key::EcdsaP384, Key::Ed25519, Key::Rsa2048];
/// Every group.
pub(crate) const GROUPS: [NamedGroup; 3] = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];

const ROOT: &str = "test root";

/// The suites that go with a key.
pub(crate) fn suites(key: Key) -> [CipherSuite; 3] {
    match key {
        Key::EcdsaP256 | Key::EcdsaP384 | Key::Ed25519 => [
            CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
            CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384,
            CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
        ],
        Key::Rsa2048 => [
            CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256,
            CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384,
            CipherSuite::ECDHE_RSA_CHACHA20_POLY1305_SHA256,
        ],
    }
}

/// `group`, and behind it the curve of the certificate, which a client must offer too (RFC 8422, 5.1).
pub(crate) fn groups(key: Key, group: NamedGroup) -> Vec<NamedGroup> {
    let curve = match key {
        Key::EcdsaP256 => Some(NamedGroup::SECP256R1),
        Key::EcdsaP384 => Some(NamedGroup::SECP384R1),
        Key::Ed25519 | Key::Rsa2048 => None,
    };
    [Some(group), curve.filter(|curve| *curve != group)].into_iter().flatten().collect()
}

/// All that a handshake with one kind of key can be made of: suite and group.
pub(crate) fn cases(key: Key) -> impl Iterator<Item = (CipherSuite, NamedGroup)> {
    suites(key).into_iter().flat_map(|suite| GROUPS.map(|group| (suite, group)))
}

/// A megabyte in which no two parts are alike.
pub(crate) fn megabyte() -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(1 << 20).collect()
}

/// A CA, a server and a client, with their files in a folder that goes when this goes.
pub(crate) struct Place {
    folder: PathBuf,
    ca: Ca,
    key: Key,
    server: Issued,
    client: Issued,
}

impl Place {
    /// Server and client have this kind of key; the CA has P-256.
    pub(crate) fn new(key: Key) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("tls12-interop-{}-{count}", process::id()));
        fs::create_dir(&folder).expect("a folder of our own");
        let ca = Ca::new(ROOT);
        let server = ca.issue(&Spec { key, ..Spec::server(&[NAME, "localhost", "127.0.0.1"]) });
        let client = ca.issue(&Spec { key, ..Spec::client("alice") });
        let place = Self { folder, ca, key, server, client };
        place.write("root.pem", pem("CERTIFICATE", &place.ca.root()).as_bytes());
        place.write_pair("server", &place.server);
        place.write_pair("client", &place.client);
        place
    }

    /// Writes a file, and returns its path.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.folder.join(name), bytes).expect("a file of our own");
        self.path(name)
    }

    /// Writes `name.pem` and `name.key`.
    pub(crate) fn write_pair(&self, name: &str, issued: &Issued) {
        self.write(&format!("{name}.pem"), pem("CERTIFICATE", issued.leaf()).as_bytes());
        let key = issued.key_der();
        self.write(&format!("{name}.key"), pem("PRIVATE KEY", key.secret_der()).as_bytes());
    }

    /// Where a file is: root.pem, server.pem, server.key, client.pem, client.key, or one that was written.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("a path of ASCII").into()
    }

    /// What kind of key server and client have.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    pub(crate) fn ca(&self) -> &Ca {
        &self.ca
    }

    pub(crate) fn server(&self) -> &Issued {
        &self.server
    }

    pub(crate) fn client(&self) -> &Issued {
        &self.client
    }

    /// The key of the CA in PKCS#8. Keys follow from subjects, so whoever has its subject has its key.
    pub(crate) fn ca_key(&self) -> Vec<u8> {
        let same = self.ca.issue(&Spec { subject: ROOT, ..Spec::server(&[NAME]) });
        pem("PRIVATE KEY", same.key_der().secret_der()).into_bytes()
    }

    /// Our side with all that it has by default; each has seeds of its own, and the time is now.
    pub(crate) fn world(&self) -> World {
        static COUNT: AtomicU8 = AtomicU8::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let verifier = Arc::new(WebPki::new(&RUSTCRYPTO, [self.ca.root()]).expect("a root"));
        World {
            server: Arc::new(self.server_config()),
            keys: vec![("server".into(), self.server.local_key())],
            verifies_server: verifier.clone(),
            verifies_client: verifier,
            name: ServerName::try_from(NAME).expect("a name"),
            seeds: ([count; 32], [!count; 32]),
            now: UnixTime::now(),
            ..World::new()
        }
    }

    /// Our side with one suite and one group.
    pub(crate) fn world_for(&self, suite: CipherSuite, group: NamedGroup) -> World {
        let groups = groups(self.key, group);
        let server =
            self.server_config().with_suites(&[suite]).and_then(|config| config.with_groups(&groups));
        let client =
            self.client_config().with_suites(&[suite]).and_then(|config| config.with_groups(&groups));
        World {
            server: Arc::new(server.expect("a suite and a group")),
            client: Arc::new(client.expect("a suite and a group")),
            ..self.world()
        }
    }

    /// Our server's defaults.
    pub(crate) fn server_config(&self) -> ServerConfig {
        ServerConfig::new(&RUSTCRYPTO, self.server.credential("server"))
    }

    /// Our client's defaults.
    pub(crate) fn client_config(&self) -> ClientConfig {
        ClientConfig::new(&RUSTCRYPTO)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for (i, chunk) in der.chunks(3).enumerate() {
        if i % 16 == 0 {
            text.push('\n');
        }
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            match digit <= chunk.len() {
                true => text.push(char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63])),
                false => text.push('='),
            }
        }
    }
    format!("-----BEGIN {label}-----{text}\n-----END {label}-----\n")
}
