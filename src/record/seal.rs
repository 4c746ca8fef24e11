//! Sealing records into the caller's memory.

use alloc::vec::Vec;

use super::{error::RecordError, position::Position};
use crate::{
    crypto::{Place, RecordSealKey, TAG_LEN},
    wire::{ContentType, HEADER_LEN, MAX_PLAINTEXT, ProtocolVersion},
};

/// How much was sealed.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Bytes of plaintext used.
    pub read: usize,
    /// Bytes of ciphertext made.
    pub written: usize,
}

/// Messages that have to be cut, or protected.
#[derive(Debug)]
pub(crate) struct NotOneRecord;

/// The writing side of the record layer.
#[derive(Debug)]
pub(crate) struct Sealer {
    key: Option<RecordSealKey>,
    sequence: u64,
    version: ProtocolVersion,
    /// The longest plaintext of a record (RFC 5246, 6.2.1; RFC 6066, 4; RFC 8449).
    max_plaintext: usize,
}

impl Sealer {
    pub(crate) fn new() -> Self {
        Self { key: None, sequence: 0, version: ProtocolVersion::TLS1_0, max_plaintext: MAX_PLAINTEXT }
    }

    /// Goes on where another stood, with the same key.
    pub(crate) fn again(key: RecordSealKey, at: Position) -> Self {
        Self {
            key: Some(key),
            sequence: at.sequence,
            version: ProtocolVersion::TLS1_2,
            max_plaintext: at.max_plaintext.clamp(1, MAX_PLAINTEXT),
        }
    }

    /// Where it stands; what it leaves is the key.
    pub(crate) fn position(self) -> Position {
        Position { sequence: self.sequence, max_plaintext: self.max_plaintext }
    }

    /// The version is agreed on. Until then records carry the oldest version that receivers know (RFC 5246, E.1).
    pub(crate) fn negotiated(&mut self) {
        self.version = ProtocolVersion::TLS1_2;
    }

    /// Records are protected from now on.
    pub(crate) fn protect(&mut self, key: RecordSealKey) {
        self.key = Some(key);
        self.sequence = 0;
    }

    /// What the peer, or the caller, wants of the length of our records; the smallest wish counts.
    pub(crate) fn limit(&mut self, max_plaintext: usize) {
        self.max_plaintext = self.max_plaintext.min(max_plaintext.max(1));
    }

    /// Appends `payload` as records: one if it is empty or an alert, else as few as the limit allows.
    ///
    /// An alert is never cut in two, not even where records are to be one byte long: many peers, this crate's own
    /// reader among them, take half an alert for a malformed one.
    /// Control messages (alerts, and handshake messages before there is a key) are not counted against the
    /// key's limit, so that a connection can be closed when its key is used up.
    pub(crate) fn control(&mut self, content: ContentType, payload: &[u8], out: &mut Vec<u8>) {
        if payload.is_empty() {
            return self.append(content, payload, out);
        }
        let most = if content == ContentType::ALERT { payload.len() } else { self.max_plaintext };
        for fragment in payload.chunks(most) {
            self.append(content, fragment, out);
        }
    }

    /// Makes one record of what lies in `out` behind room for a header from `start` on, if it may be one record and is not
    /// protected; leaves it as it is otherwise.
    pub(crate) fn frame(
        &mut self,
        content: ContentType,
        out: &mut [u8],
        start: usize,
    ) -> Result<(), NotOneRecord> {
        let record = out.get_mut(start..).unwrap_or_default();
        let (header, body) = record.split_at_mut_checked(HEADER_LEN).ok_or(NotOneRecord)?;
        if self.key.is_some() || !(1..=self.max_plaintext).contains(&body.len()) {
            return Err(NotOneRecord);
        }
        self.header(content, body.len(), header);
        self.sequence = self.sequence.wrapping_add(1);
        Ok(())
    }

    /// Appends all of `plaintext` as application data; none if it is empty.
    pub(crate) fn data(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
        let records = plaintext.len().div_ceil(self.max_plaintext);
        self.check_limit(records)?;
        out.reserve(plaintext.len().saturating_add(records.saturating_mul(self.overhead())));
        for fragment in plaintext.chunks(self.max_plaintext) {
            self.append(ContentType::APPLICATION_DATA, fragment, out);
        }
        Ok(())
    }

    /// Seals as much of `plaintext` as fits into `out` in whole records; allocates nothing.
    pub(crate) fn data_into(&mut self, plaintext: &[u8], out: &mut [u8]) -> Result<Sent, RecordError> {
        let mut sent = Sent { read: 0, written: 0 };
        let (mut rest, mut room) = (plaintext, out);
        loop {
            let fits = room.len().saturating_sub(self.overhead());
            let (fragment, tail) = rest.split_at(rest.len().min(self.max_plaintext).min(fits));
            if fragment.is_empty() {
                return Ok(sent);
            }
            self.check_limit(1)?;
            let len = fragment.len().saturating_add(self.overhead());
            let Some((record, more)) = room.split_at_mut_checked(len) else {
                return Ok(sent);
            };
            self.seal(ContentType::APPLICATION_DATA, fragment, record);
            sent.read = sent.read.saturating_add(fragment.len());
            sent.written = sent.written.saturating_add(len);
            (rest, room) = (tail, more);
        }
    }

    /// What a record is longer than its plaintext, in bytes.
    pub(crate) fn overhead(&self) -> usize {
        self.key.as_ref().map_or(HEADER_LEN, |key| {
            (HEADER_LEN + TAG_LEN).saturating_add(key.algorithm().explicit_nonce_len())
        })
    }

    fn header(&self, content: ContentType, len: usize, header: &mut [u8]) {
        let [major, minor] = self.version.0.to_be_bytes();
        let [.., high, low] = len.to_be_bytes();
        header.copy_from_slice(&[content.0, major, minor, high, low]);
    }

    fn check_limit(&self, records: usize) -> Result<(), RecordError> {
        let limit = self.key.as_ref().map_or(u64::MAX, |key| key.algorithm().record_limit());
        match u64::try_from(records).ok().and_then(|records| self.sequence.checked_add(records)) {
            Some(after) if after <= limit => Ok(()),
            _ => Err(RecordError::KeyExhausted),
        }
    }

    fn append(&mut self, content: ContentType, fragment: &[u8], out: &mut Vec<u8>) {
        let at = out.len();
        out.resize(at.saturating_add(fragment.len()).saturating_add(self.overhead()), 0);
        self.seal(content, fragment, out.get_mut(at..).unwrap_or_default());
    }

    /// Writes one record; `record` is as long as `fragment` and the overhead.
    fn seal(&mut self, content: ContentType, fragment: &[u8], record: &mut [u8]) {
        let Some((header, body)) = record.split_at_mut_checked(HEADER_LEN) else {
            return;
        };
        self.header(content, body.len(), header);
        match &mut self.key {
            None => body.copy_from_slice(fragment),
            Some(key) => key.seal(Place { sequence: self.sequence, content_type: content }, fragment, body),
        }
        // A key seals far fewer records than this counts; see `record_limit` and `control`.
        self.sequence = self.sequence.wrapping_add(1);
    }
}

#[cfg(all(test, feature = "rustcrypto"))]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::crypto::{AeadAlgorithm, NONCE_LEN, RUSTCRYPTO};

    fn sealer(algorithm: AeadAlgorithm, sequence: u64) -> Sealer {
        let key = RUSTCRYPTO.record_seal_key(algorithm, &vec![7; algorithm.key_len()], &[1; NONCE_LEN]);
        let mut sealer = Sealer::new();
        sealer.protect(key.expect("a key"));
        sealer.sequence = sequence;
        sealer
    }

    #[test]
    fn a_key_seals_as_much_data_as_it_may_and_then_only_says_goodbye() {
        let limit = AeadAlgorithm::Aes128Gcm.record_limit();
        let mut sealer = sealer(AeadAlgorithm::Aes128Gcm, limit - 2);
        let mut out = Vec::new();
        // Three records would be one too many, and then none is made.
        assert_eq!(sealer.data(&vec![0; 2 * MAX_PLAINTEXT + 1], &mut out), Err(RecordError::KeyExhausted));
        assert!(out.is_empty());
        assert_eq!(sealer.data(&[0; MAX_PLAINTEXT], &mut out), Ok(()));
        let mut memory = [0; 100];
        assert_eq!(sealer.data_into(b"last", &mut memory).map(|sent| sent.read), Ok(4));
        assert_eq!(sealer.data_into(b"more", &mut memory), Err(RecordError::KeyExhausted));
        assert_eq!(sealer.data(b"more", &mut out), Err(RecordError::KeyExhausted));
        let before = out.len();
        sealer.control(ContentType::ALERT, &[1, 0], &mut out);
        assert_eq!(out.len() - before, 2 + sealer.overhead());
    }

    #[test]
    fn an_alert_is_never_cut_in_two() {
        let mut sealer = Sealer::new();
        sealer.limit(1);
        let mut out = Vec::new();
        sealer.control(ContentType::ALERT, &[2, 40], &mut out);
        assert_eq!(out, [21, 3, 1, 0, 2, 2, 40]);
        out.clear();
        sealer.control(ContentType::HANDSHAKE, &[1, 0], &mut out);
        assert_eq!(out, [22, 3, 1, 0, 1, 1, 22, 3, 1, 0, 1, 0]);
    }

    #[test]
    fn the_limits_are_those_of_the_algorithms() {
        // RFC 8446, 5.5: 2^24.5 records for AES-GCM; ChaCha20-Poly1305 has none below the sequence number's own.
        assert_eq!(AeadAlgorithm::Aes128Gcm.record_limit(), 23_726_566);
        assert_eq!(AeadAlgorithm::Aes256Gcm.record_limit(), 23_726_566);
        let mut sealer = sealer(AeadAlgorithm::ChaCha20Poly1305, u64::MAX - 1);
        assert_eq!(sealer.data(b"last", &mut Vec::new()), Ok(()));
        assert_eq!(sealer.data(b"more", &mut Vec::new()), Err(RecordError::KeyExhausted));
    }
}
