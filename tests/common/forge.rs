//! Records under any key, made and read without the record layer under test.
//!
//! Who has the key log of one side and both randoms can write what the other side would write, and anything else:
//!
//! ```ignore
//! let log = world.keep_key_log();
//! let keys = Keys::new(&log.master(), suite, randoms);
//! let mut sealing = keys.sealing(Side::Server);
//! let record = sealing.seal(ContentType::ALERT, &[1, 100]);
//! ```

use std::sync::{Arc, Mutex};

use tls12::{
    ClientConfig, KeyLog, ServerConfig,
    crypto::{AeadAlgorithm, NONCE_LEN, OpenKey, RUSTCRYPTO, SealKey, Secret, Suite, TAG_LEN, Unauthentic},
    schedule::{KeySchedule, Randoms, Side, WriteKey},
    wire::{CipherSuite, ContentType, Decode, Encode, HEADER_LEN, ProtocolVersion, RecordHeader},
};

use super::pair::World;

/// The lines of a key log.
#[derive(Default)]
pub struct Log(Mutex<Vec<String>>);

impl KeyLog for Log {
    fn log(&self, line: &str) {
        self.0.lock().expect("nobody panics with it").push(line.into());
    }
}

impl Log {
    /// The master secret of the last line, if there is one.
    pub fn master(&self) -> Option<[u8; 48]> {
        let lines = self.0.lock().expect("nobody panics with it");
        let hex = lines.last()?.rsplit(' ').next()?;
        let mut master = [0; 48];
        for (to, digits) in master.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).expect("hex is ASCII");
            *to = u8::from_str_radix(digits, 16).expect("the log is in hex");
        }
        Some(master)
    }

    /// Forgets all lines.
    pub fn clear(&self) {
        self.0.lock().expect("nobody panics with it").clear();
    }
}

impl World {
    /// Both sides write their master secret to the log that is returned.
    pub fn keep_key_log(&mut self) -> Arc<Log> {
        let log = Arc::new(Log::default());
        self.client = Arc::new(ClientConfig::clone(&self.client).with_key_log(log.clone()));
        self.server = Arc::new(ServerConfig::clone(&self.server).with_key_log(log.clone()));
        log
    }
}

/// What both directions of a connection are protected with.
pub struct Keys {
    pub master: KeySchedule,
    pub suite: &'static Suite,
    randoms: Randoms,
}

impl Keys {
    /// The keys that follow from an extended master secret.
    pub fn new(master: &[u8; 48], suite: CipherSuite, randoms: Randoms) -> Self {
        let suite = Suite::find(suite).expect("a suite of this crate");
        let master = KeySchedule::resume(&RUSTCRYPTO, suite.hash, &Secret::new(*master), true);
        Self { master, suite, randoms }
    }

    /// What one side writes with, from its first protected record on.
    pub fn sealing(&self, writer: Side) -> Sealing {
        let keys = self.master.traffic_keys(self.suite, &self.randoms);
        let key = keys.of(writer);
        let made = RUSTCRYPTO.aead(key.algorithm).seal_key(key.key).expect("a key of this provider");
        Sealing { key: made, iv: iv(key), algorithm: key.algorithm, sequence: 0 }
    }

    /// What the other side reads with, from the writer's first protected record on.
    pub fn opening(&self, writer: Side) -> Opening {
        let keys = self.master.traffic_keys(self.suite, &self.randoms);
        let key = keys.of(writer);
        let made = RUSTCRYPTO.aead(key.algorithm).open_key(key.key).expect("a key of this provider");
        Opening { key: made, iv: iv(key), algorithm: key.algorithm, sequence: 0 }
    }

    /// The 12 bytes of a Finished over these messages.
    pub fn verify_data(&self, sender: Side, messages: &[u8]) -> [u8; 12] {
        let digest = RUSTCRYPTO.hash(self.suite.hash).hash(&[messages]);
        *self.master.verify_data(sender, &digest).expose()
    }
}

/// Seals records, of any type and with any number.
pub struct Sealing {
    key: Box<dyn SealKey>,
    iv: [u8; NONCE_LEN],
    algorithm: AeadAlgorithm,
    /// Of the next record.
    pub sequence: u64,
}

impl Sealing {
    /// One whole record; `plaintext` may be longer than a peer should take.
    pub fn seal(&mut self, content_type: ContentType, plaintext: &[u8]) -> Vec<u8> {
        self.seal_with(explicit_nonce(self.algorithm, self.sequence), content_type, plaintext)
    }

    /// The same with an explicit nonce of the caller's choice, which has the length that the algorithm has.
    pub fn seal_with(&mut self, explicit: Vec<u8>, content_type: ContentType, plaintext: &[u8]) -> Vec<u8> {
        let nonce = nonce(&self.iv, self.algorithm, &explicit, self.sequence);
        let mut sealed = vec![0; plaintext.len() + TAG_LEN];
        let aad = additional_data(self.sequence, content_type, plaintext.len());
        self.key.seal(&nonce, &aad, plaintext, &mut sealed).expect("the lengths fit");
        self.sequence += 1;
        record(content_type, &[explicit, sealed].concat())
    }
}

/// Opens records in their order.
pub struct Opening {
    key: Box<dyn OpenKey>,
    iv: [u8; NONCE_LEN],
    algorithm: AeadAlgorithm,
    pub sequence: u64,
}

impl Opening {
    /// The plaintext of a record's body.
    pub fn open(&mut self, content_type: ContentType, body: &[u8]) -> Result<Vec<u8>, Unauthentic> {
        let (explicit, sealed) =
            body.split_at_checked(self.algorithm.explicit_nonce_len()).ok_or(Unauthentic)?;
        let plain_len = sealed.len().checked_sub(TAG_LEN).ok_or(Unauthentic)?;
        let nonce = nonce(&self.iv, self.algorithm, explicit, self.sequence);
        let aad = additional_data(self.sequence, content_type, plain_len);
        let mut sealed = sealed.to_vec();
        let plain = self.key.open(&nonce, &aad, &mut sealed)?.to_vec();
        self.sequence += 1;
        Ok(plain)
    }
}

/// The fixed part of the nonces, at the front; the rest is zero.
fn iv(key: WriteKey<'_>) -> [u8; NONCE_LEN] {
    let mut iv = [0; NONCE_LEN];
    iv[..key.iv.len()].copy_from_slice(key.iv);
    iv
}

/// RFC 5288, 3: eight bytes of the writer's choice; RFC 7905, 2: none.
fn explicit_nonce(algorithm: AeadAlgorithm, sequence: u64) -> Vec<u8> {
    match algorithm {
        AeadAlgorithm::Aes128Gcm | AeadAlgorithm::Aes256Gcm => sequence.to_be_bytes().to_vec(),
        AeadAlgorithm::ChaCha20Poly1305 => Vec::new(),
    }
}

/// RFC 5288, 3: "salt[4]" and "nonce_explicit[8]"; RFC 7905, 2: the IV with the number XORed into its end.
fn nonce(iv: &[u8; NONCE_LEN], algorithm: AeadAlgorithm, explicit: &[u8], sequence: u64) -> [u8; NONCE_LEN] {
    let mut nonce = *iv;
    match algorithm {
        AeadAlgorithm::Aes128Gcm | AeadAlgorithm::Aes256Gcm => nonce[4..].copy_from_slice(explicit),
        AeadAlgorithm::ChaCha20Poly1305 => {
            let numbered = u64::from_be_bytes(iv[4..].try_into().expect("eight bytes")) ^ sequence;
            nonce[4..].copy_from_slice(&numbered.to_be_bytes());
        }
    }
    nonce
}

/// RFC 5246, 6.2.3.3: number, type, version, and the length of the plaintext.
fn additional_data(sequence: u64, content_type: ContentType, plain_len: usize) -> Vec<u8> {
    let length = u16::try_from(plain_len).expect("a length of two bytes").to_be_bytes();
    [&sequence.to_be_bytes()[..], &[content_type.0, 3, 3], &length].concat()
}

/// A record in the clear.
pub fn record(content_type: ContentType, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a length of two bytes");
    let header = RecordHeader { content_type, version: ProtocolVersion::TLS1_2, length };
    [&header.encode()[..], body].concat()
}

/// Takes whole records off the front of `bytes`, none of them opened.
pub fn take_records(bytes: &mut Vec<u8>) -> Vec<(ContentType, Vec<u8>)> {
    let mut records = Vec::new();
    while let Some(header) = bytes.first_chunk::<HEADER_LEN>() {
        let header = RecordHeader::decode(header).expect("a header");
        let end = HEADER_LEN + usize::from(header.length);
        if bytes.len() < end {
            break;
        }
        records.push((header.content_type, bytes[HEADER_LEN..end].to_vec()));
        bytes.drain(..end);
    }
    records
}

/// Takes whole handshake messages off the front of `bytes`, headers included.
pub fn take_messages(bytes: &mut Vec<u8>) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some([_, high, middle, low]) = bytes.first_chunk() {
        let end = 4 + u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        if bytes.len() < end {
            break;
        }
        messages.push(bytes.drain(..end).collect());
    }
    messages
}
