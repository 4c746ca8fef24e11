//! Opening records where they lie.

use core::ops::Range;

use super::{buffer::RecvBuf, error::RecordError};
use crate::{
    crypto::{NONCE_LEN, RecordOpenKey, TAG_LEN},
    wire::{ContentType, Decode, MAX_CIPHERTEXT, MAX_PLAINTEXT, ProtocolVersion, Reader, RecordHeader},
};

/// One record, opened; its bytes are in the buffer still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) content_type: ContentType,
    pub(crate) body: Range<usize>,
}

/// The reading side of the record layer.
#[derive(Debug)]
pub(crate) struct Opener {
    key: Option<RecordOpenKey>,
    pub(super) sequence: u64,
    /// The longest plaintext that the peer may send (RFC 5246, 6.2.1; RFC 6066, 4; RFC 8449).
    max_plaintext: usize,
    version: ExpectedVersion,
}

/// What the version of a record must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ExpectedVersion {
    /// Nothing has come yet: it may not be TLS at all.
    First,
    /// RFC 5246, E.1: "TLS servers compliant with this specification MUST accept any value {03,XX} as the record
    /// layer version number for ClientHello."
    Any,
    /// TLS 1.2, now that it is negotiated.
    Negotiated,
}

impl Opener {
    pub(crate) fn new() -> Self {
        Self { key: None, sequence: 0, max_plaintext: MAX_PLAINTEXT, version: ExpectedVersion::First }
    }

    /// The version is negotiated: records have no other from now on.
    pub(crate) fn negotiated(&mut self) {
        self.version = ExpectedVersion::Negotiated;
    }

    /// Records are protected from now on.
    pub(crate) fn protect(&mut self, key: RecordOpenKey) {
        self.key = Some(key);
        self.sequence = 0;
    }

    /// What we told the peer about the length of its records.
    pub(crate) fn limit(&mut self, max_plaintext: usize) {
        self.max_plaintext = max_plaintext.min(MAX_PLAINTEXT);
    }

    /// Opens the next record of `buf`, if all of it has come.
    pub(crate) fn next(&mut self, buf: &mut RecvBuf) -> Result<Option<Opened>, RecordError> {
        let Some(header) = self.header(buf.record())? else {
            return Ok(None);
        };
        let Some(body) = buf.take_record(header.length.into()) else {
            return Ok(None);
        };
        if self.version == ExpectedVersion::First {
            self.version = ExpectedVersion::Any;
        }
        let opened = match &self.key {
            None => body,
            Some(key) => {
                let plain = open(key, self.sequence, header, buf.bytes(body.clone()))?;
                body.start.saturating_add(plain.start)..body.start.saturating_add(plain.end)
            }
        };
        if opened.len() > self.max_plaintext {
            return Err(RecordError::Overflow);
        }
        self.sequence = self.sequence.checked_add(1).ok_or(RecordError::KeyExhausted)?;
        Ok(Some(Opened { content_type: header.content_type, body: opened }))
    }

    /// The header, as soon as it is there; what is wrong with it is told before the body comes.
    fn header(&self, bytes: &[u8]) -> Result<Option<RecordHeader>, RecordError> {
        if self.version == ExpectedVersion::First {
            refuse_what_is_not_tls(bytes)?;
        }
        let Ok(header) = RecordHeader::read(&mut Reader::new(bytes)) else {
            return Ok(None);
        };
        let version_fits = match self.version {
            ExpectedVersion::First | ExpectedVersion::Any => header.version.0 >> 8 == 3,
            ExpectedVersion::Negotiated => header.version == ProtocolVersion::TLS1_2,
        };
        if !version_fits {
            return Err(RecordError::Version(header.version));
        }
        match header.content_type {
            ContentType::CHANGE_CIPHER_SPEC
            | ContentType::ALERT
            | ContentType::HANDSHAKE
            | ContentType::APPLICATION_DATA => {}
            unknown => return Err(RecordError::UnknownType(unknown)),
        }
        match usize::from(header.length) > self.max_body() {
            true => Err(RecordError::Overflow),
            false => Ok(Some(header)),
        }
    }

    /// The longest body of a record, as it is on the wire.
    fn max_body(&self) -> usize {
        match &self.key {
            None => MAX_PLAINTEXT,
            // RFC 6066, 4: a record that cannot hold what was agreed on is refused "without decrypting the message".
            Some(key) if self.max_plaintext < MAX_PLAINTEXT => {
                self.max_plaintext.saturating_add(key.algorithm.explicit_nonce_len()).saturating_add(TAG_LEN)
            }
            Some(_) => MAX_CIPHERTEXT,
        }
    }
}

/// The first bytes of all may be of another protocol, and then a person wants to know which.
fn refuse_what_is_not_tls(bytes: &[u8]) -> Result<(), RecordError> {
    const HTTP: [&[u8]; 5] = [b"GET ", b"POST ", b"HEAD ", b"PUT ", b"CONNE"];
    if HTTP.iter().any(|method| bytes.starts_with(method)) {
        return Err(RecordError::PlainHttp);
    }
    // RFC 5246, E.2: a length of two bytes whose highest bit is set, then msg_type 1.
    match bytes {
        [first, _, 1, ..] if first & 0x80 != 0 => Err(RecordError::Sslv2),
        _ => Ok(()),
    }
}

/// Opens one protected body; the plaintext's place is relative to it.
fn open(
    key: &RecordOpenKey,
    sequence: u64,
    header: RecordHeader,
    body: &mut [u8],
) -> Result<Range<usize>, RecordError> {
    let explicit_len = key.algorithm.explicit_nonce_len();
    let (explicit, sealed) = body.split_at_mut_checked(explicit_len).ok_or(RecordError::BadMac)?;
    let plain_len = sealed.len().checked_sub(TAG_LEN).ok_or(RecordError::BadMac)?;
    let nonce = match explicit.is_empty() {
        true => xor_nonce(key.iv.expose(), sequence),
        false => explicit_nonce(key.iv.expose(), explicit),
    };
    let aad = additional_data(sequence, header.content_type, plain_len);
    key.key.open(&nonce, &aad, sealed).map_err(|_| RecordError::BadMac)?;
    Ok(explicit_len..explicit_len.saturating_add(plain_len))
}

/// RFC 7905, 2: "The padded sequence number is XORed with the client_write_IV … or server_write_IV".
pub(super) fn xor_nonce(iv: &[u8; NONCE_LEN], sequence: u64) -> [u8; NONCE_LEN] {
    let mut nonce = *iv;
    for (to, from) in nonce.iter_mut().skip(4).zip(sequence.to_be_bytes()) {
        *to ^= from;
    }
    nonce
}

/// RFC 5288, 3: "struct { opaque salt[4]; opaque nonce_explicit[8]; } GCMNonce".
pub(super) fn explicit_nonce(iv: &[u8; NONCE_LEN], explicit: &[u8]) -> [u8; NONCE_LEN] {
    let mut nonce = *iv;
    for (to, from) in nonce.iter_mut().skip(4).zip(explicit) {
        *to = *from;
    }
    nonce
}

/// RFC 5246, 6.2.3.3: "additional_data = seq_num + TLSCompressed.type + TLSCompressed.version +
/// TLSCompressed.length".
pub(super) fn additional_data(sequence: u64, content_type: ContentType, plain_len: usize) -> [u8; 13] {
    let [a, b, c, d, e, f, g, h] = sequence.to_be_bytes();
    let [major, minor] = ProtocolVersion::TLS1_2.0.to_be_bytes();
    let [.., high, low] = plain_len.to_be_bytes();
    [a, b, c, d, e, f, g, h, content_type.0, major, minor, high, low]
}
