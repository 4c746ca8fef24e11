//! Records of vectors/records/, which were sealed by another implementation.

use alloc::{vec, vec::Vec};

use sha2::{Digest, Sha256};

use super::{Opened, Opener, RecordError, RecvBuf, Sealer};
use crate::{
    crypto::{AeadAlgorithm, NONCE_LEN, RUSTCRYPTO},
    wire::ContentType,
};

#[path = "../../tests/vectors/format.rs"]
#[allow(dead_code, reason = "tests/vectors.rs reads other kinds of lines")]
mod format;

use format::{Block, blocks};

const AES_128_GCM: &str = include_str!("../../vectors/records/aes-128-gcm.txt");
const AES_256_GCM: &str = include_str!("../../vectors/records/aes-256-gcm.txt");
const CHACHA20_POLY1305: &str = include_str!("../../vectors/records/chacha20-poly1305.txt");

/// The vectors of one AEAD.
struct Vectors {
    algorithm: AeadAlgorithm,
    key: Vec<u8>,
    iv: [u8; NONCE_LEN],
    records: Vec<Record>,
    foreign: Vec<Record>,
}

struct Record {
    content: ContentType,
    plaintext: Vec<u8>,
    record: Made,
}

/// What the record must be.
enum Made {
    Bytes(Vec<u8>),
    Digest(usize, Vec<u8>),
}

impl Vectors {
    fn all() -> [Self; 3] {
        [
            Self::read(AeadAlgorithm::Aes128Gcm, AES_128_GCM),
            Self::read(AeadAlgorithm::Aes256Gcm, AES_256_GCM),
            Self::read(AeadAlgorithm::ChaCha20Poly1305, CHACHA20_POLY1305),
        ]
    }

    fn read(algorithm: AeadAlgorithm, text: &str) -> Self {
        let blocks = blocks(text);
        let mut iv = [0; NONCE_LEN];
        let fixed = blocks[0].bytes("iv");
        iv[..fixed.len()].copy_from_slice(&fixed);
        let mut vectors =
            Self { algorithm, key: blocks[0].bytes("key"), iv, records: vec![], foreign: vec![] };
        for block in &blocks[1..] {
            match block.get("sequence") {
                Some(_) => {
                    assert_eq!(block.number("sequence"), vectors.records.len() as u64);
                    vectors.records.push(Record::read(block));
                }
                None => {
                    assert_eq!(block.number("foreign-sequence"), vectors.foreign.len() as u64);
                    vectors.foreign.push(Record::read(block));
                }
            }
        }
        vectors
    }

    fn sealer(&self) -> Sealer {
        let key = RUSTCRYPTO.record_seal_key(self.algorithm, &self.key, &self.iv);
        let mut sealer = Sealer::new();
        sealer.negotiated();
        sealer.protect(key.expect("a key of the right length"));
        sealer
    }

    fn opener(&self) -> Opener {
        let key = RUSTCRYPTO.record_open_key(self.algorithm, &self.key, &self.iv);
        let mut opener = Opener::new();
        opener.negotiated();
        opener.protect(key.expect("a key of the right length"));
        opener
    }
}

impl Record {
    fn read(block: &Block<'_>) -> Self {
        let content = ContentType(block.number("type").try_into().expect("one byte"));
        match block.get("plaintext-is-61-times") {
            None => Self {
                content,
                plaintext: block.bytes("plaintext"),
                record: Made::Bytes(block.bytes("record")),
            },
            Some(times) => {
                let len = block.number("record-length").try_into().expect("a length");
                Self {
                    content,
                    plaintext: vec![0x61; times.parse().expect("a number")],
                    record: Made::Digest(len, block.bytes("record-sha256")),
                }
            }
        }
    }

    fn check(&self, made: &[u8]) {
        match &self.record {
            Made::Bytes(bytes) => assert_eq!(made, bytes),
            Made::Digest(len, digest) => {
                assert_eq!(made.len(), *len);
                assert_eq!(Sha256::digest(made)[..], digest[..]);
            }
        }
    }
}

fn fill(buf: &mut RecvBuf, bytes: &[u8]) {
    buf.spare()[..bytes.len()].copy_from_slice(bytes);
    buf.received(bytes.len()).expect("some bytes");
}

fn open(opener: &mut Opener, record: &[u8]) -> Result<(ContentType, Vec<u8>), RecordError> {
    let mut buf = RecvBuf::new();
    fill(&mut buf, record);
    let Opened { content_type, body } = opener.next(&mut buf)?.expect("a whole record");
    Ok((content_type, buf.bytes(body).to_vec()))
}

#[test]
fn sealed_records_are_those_of_another_implementation() {
    for vectors in Vectors::all() {
        let mut sealer = vectors.sealer();
        for record in &vectors.records {
            let mut out = Vec::new();
            match record.content {
                ContentType::APPLICATION_DATA if !record.plaintext.is_empty() => {
                    sealer.data(&record.plaintext, &mut out).expect("the key is fresh");
                }
                content => sealer.control(content, &record.plaintext, &mut out),
            }
            record.check(&out);
        }
        assert!(vectors.records.len() >= 10);
    }
}

#[test]
fn records_sealed_into_memory_are_the_same() {
    for vectors in Vectors::all() {
        let mut sealer = vectors.sealer();
        for record in &vectors.records {
            let len = record.plaintext.len() + sealer.overhead();
            let mut out = vec![0; len];
            match record.content {
                ContentType::APPLICATION_DATA if !record.plaintext.is_empty() => {
                    let sent = sealer.data_into(&record.plaintext, &mut out).expect("the key is fresh");
                    assert_eq!((sent.read, sent.written), (record.plaintext.len(), len));
                }
                content => {
                    out.clear();
                    sealer.control(content, &record.plaintext, &mut out);
                }
            }
            record.check(&out);
        }
    }
}

#[test]
fn records_of_another_implementation_open() {
    for vectors in Vectors::all() {
        let (mut opener, mut opened) = (vectors.opener(), 0);
        for record in &vectors.records {
            let Made::Bytes(bytes) = &record.record else { continue };
            assert_eq!(open(&mut opener, bytes), Ok((record.content, record.plaintext.clone())));
            opened += 1;
        }
        assert!(opened >= 9);
    }
}

#[test]
fn an_explicit_nonce_need_not_be_the_sequence_number() {
    let all = Vectors::all();
    assert_eq!(all.iter().map(|vectors| vectors.foreign.len()).sum::<usize>(), 6);
    for vectors in &all {
        let mut opener = vectors.opener();
        for record in &vectors.foreign {
            let Made::Bytes(bytes) = &record.record else { panic!("foreign records have bytes") };
            assert_eq!(open(&mut opener, bytes), Ok((record.content, record.plaintext.clone())));
        }
    }
}

#[test]
fn a_record_altered_in_any_byte_or_out_of_its_turn_does_not_open() {
    for vectors in Vectors::all() {
        let record = &vectors.records[1];
        let Made::Bytes(bytes) = &record.record else { panic!("the second record is short") };
        // Of the header, the length and the version are other errors.
        for at in (0..1).chain(5..bytes.len()) {
            let mut opener = vectors.opener();
            opener.sequence = 1;
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert_eq!(open(&mut opener, &altered), Err(RecordError::BadMac), "byte {at}");
        }
        for sequence in [0, 2, 1 << 32] {
            let mut opener = vectors.opener();
            opener.sequence = sequence;
            assert_eq!(open(&mut opener, bytes), Err(RecordError::BadMac), "sequence number {sequence}");
        }
    }
}

/// RFC 6066, 4: what is longer than agreed is discarded "without decrypting the message".
#[test]
fn a_record_one_byte_over_the_agreed_limit_is_refused_unopened_with_every_aead() {
    for vectors in Vectors::all() {
        for limit in [64, 512, 16_383] {
            let come = |len: usize, alter: u8| {
                let mut record = Vec::new();
                vectors.sealer().data(&vec![7; len], &mut record).expect("the key is fresh");
                *record.last_mut().expect("a tag") ^= alter;
                let mut opener = vectors.opener();
                opener.limit(limit);
                open(&mut opener, &record).map(|(_, body)| body.len())
            };
            let algorithm = vectors.algorithm;
            assert_eq!(come(limit, 0), Ok(limit), "{algorithm:?}");
            assert_eq!(come(limit, 1), Err(RecordError::BadMac), "{algorithm:?}");
            for alter in [0, 1] {
                assert_eq!(come(limit + 1, alter), Err(RecordError::Overflow), "{algorithm:?}, {limit}");
            }
        }
    }
}
