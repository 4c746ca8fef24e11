//! Opening records where they lie.

use core::ops::Range;

use super::{buffer::RecvBuf, error::RecordError, position::Position};
use crate::{
    crypto::{Place, RecordOpenKey, TAG_LEN},
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

    /// Goes on where another stood, with the same key.
    pub(crate) fn again(key: RecordOpenKey, at: Position) -> Self {
        Self {
            key: Some(key),
            sequence: at.sequence,
            max_plaintext: at.max_plaintext.min(MAX_PLAINTEXT),
            version: ExpectedVersion::Negotiated,
        }
    }

    /// Where it stands; what it leaves is the key.
    pub(crate) fn position(self) -> Position {
        Position { sequence: self.sequence, max_plaintext: self.max_plaintext }
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
        let opened = match &mut self.key {
            None => body,
            Some(key) => {
                let place = Place { sequence: self.sequence, content_type: header.content_type };
                let plain = key.open(place, buf.bytes(body.clone())).map_err(|_| RecordError::BadMac)?;
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
            Some(key) if self.max_plaintext < MAX_PLAINTEXT => self
                .max_plaintext
                .saturating_add(key.algorithm().explicit_nonce_len())
                .saturating_add(TAG_LEN),
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
