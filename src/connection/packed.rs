//! A connection in few bytes: what is written when it is parked, and read when it is used again.

use alloc::{boxed::Box, vec::Vec};

use zeroize::Zeroizing;

use super::{
    halves::Past,
    info::ConnectionInfo,
    packed_info::{bits, from_bits, read_info, write_info},
    requests::Requests,
};
use crate::{
    handshake::Renegotiation,
    record::{Position, Temper},
    schedule::{Randoms, Side},
    session::{Partition, PartitionTag, StoreKey},
    wire::{DecodeError, MAX_PLAINTEXT, Reader, Writer},
};

/// What a connection is besides what it points to.
#[derive(Debug)]
pub(super) struct Unpacked {
    /// Without the peer and the name of the credential: these are kept as they are.
    pub(super) info: ConnectionInfo,
    pub(super) randoms: Randoms,
    /// Whether the key schedule is of an extended master secret.
    pub(super) extended: bool,
    pub(super) store_key: Option<StoreKey>,
    pub(super) past: Past,
    pub(super) reading: Position,
    pub(super) writing: Position,
}

/// The bytes; wiped on drop, for an application's data is among them.
pub(super) struct Packed(Zeroizing<Box<[u8]>>);

impl Packed {
    /// Writes it into an allocation of exactly the length that is needed, and leaves no copy.
    pub(super) fn new(unpacked: &Unpacked) -> Self {
        /// More than all that has a fixed length, and a name and a protocol, which are shorter than 256 bytes.
        const MOST: usize = 256 * 3;
        let session = unpacked.info.session.as_ref();
        let data = session.map_or(0, |session| session.application_data.len());
        // What does not grow leaves nothing behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MOST.saturating_add(data)));
        unpacked.write(&mut Writer::new(&mut bytes));
        Self(Zeroizing::new(Box::from(bytes.as_slice())))
    }

    /// Reads what was written.
    pub(super) fn unpack(&self) -> Result<Unpacked, DecodeError> {
        Unpacked::read(&mut Reader::new(&self.0))
    }
}

impl Unpacked {
    fn write(&self, out: &mut Writer<'_>) {
        let is_usual = self.is_usual();
        out.u8(bits([
            self.extended,
            self.store_key.is_some(),
            self.past.side == Side::Server,
            self.past.renegotiation == Renegotiation::Fatal,
            self.past.closed,
            is_usual,
            self.is_of_a_named_partition(),
            false,
        ]));
        out.bytes(&self.randoms.client);
        out.bytes(&self.randoms.server);
        [self.reading.sequence, self.writing.sequence].iter().for_each(|number| write_number(*number, out));
        if let Some(key) = &self.store_key {
            out.bytes(&key.hash);
            if self.is_of_a_named_partition() {
                out.bytes(&key.partition.0);
            }
        }
        if !is_usual {
            self.write_unusual(out);
        }
        write_info(&self.info, out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [extended, stored, server, fatal, closed, is_usual, named, _] = from_bits(input.u8()?);
        let side = if server { Side::Server } else { Side::Client };
        let renegotiation = if fatal { Renegotiation::Fatal } else { Renegotiation::Warned };
        let randoms = Randoms { client: input.array()?, server: input.array()? };
        let mut past = Past { closed, ..Past::none(side, renegotiation) };
        let mut reading = Position { sequence: read_number(input)?, max_plaintext: MAX_PLAINTEXT };
        let mut writing = Position { sequence: read_number(input)?, max_plaintext: MAX_PLAINTEXT };
        let hash = if stored { Some(input.array()?) } else { None };
        let partition = if named { PartitionTag(input.array()?) } else { Partition::default().tag() };
        let store_key = hash.map(|hash| StoreKey { hash, partition });
        if !is_usual {
            for limit in [&mut reading.max_plaintext, &mut writing.max_plaintext] {
                *limit = input.u16()?.into();
            }
            past.temper = Temper::from_counts(input.array()?);
            past.requests = Requests::from_parts(input.array()?, input.u8()?, input.u24()?);
            past.owed = input.u8()?;
        }
        Ok(Self { info: read_info(input)?, randoms, extended, store_key, past, reading, writing })
    }

    /// Whether it takes bytes to say in which partition its session is.
    fn is_of_a_named_partition(&self) -> bool {
        self.store_key.is_some_and(|key| key.partition != Partition::default().tag())
    }

    /// Whether there is nothing of what most connections do not have: limits below those of TLS, and a peer that tries
    /// the patience of its reader.
    fn is_usual(&self) -> bool {
        let Past { temper, requests, owed, .. } = &self.past;
        [self.reading.max_plaintext, self.writing.max_plaintext] == [MAX_PLAINTEXT; 2]
            && (*temper, requests, *owed) == (Temper::default(), &Requests::default(), 0)
    }

    fn write_unusual(&self, out: &mut Writer<'_>) {
        for limit in [self.reading.max_plaintext, self.writing.max_plaintext] {
            // 2^14 at most.
            out.u16(u16::try_from(limit).unwrap_or(u16::MAX));
        }
        out.bytes(&self.past.temper.counts());
        let (header, have, skip) = self.past.requests.parts();
        out.bytes(&header);
        out.u8(have);
        out.u24(skip);
        out.u8(self.past.owed);
    }
}

/// A number in as few bytes as it needs.
pub(super) fn write_number(number: u64, out: &mut Writer<'_>) {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    out.u8_prefixed(|out| out.bytes(bytes.get(zeros..).unwrap_or_default()));
}

/// The same number.
pub(super) fn read_number(input: &mut Reader<'_>) -> Result<u64, DecodeError> {
    let bytes = input.u8_prefixed()?;
    match bytes.len() > size_of::<u64>() {
        true => Err(DecodeError::TooLong),
        false => Ok(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_as_many_bytes_as_it_needs_and_comes_back() {
        for (number, len) in [(0, 1), (1, 2), (255, 2), (256, 3), (u64::from(u32::MAX), 5), (u64::MAX, 9)] {
            let mut bytes = Vec::new();
            write_number(number, &mut Writer::new(&mut bytes));
            assert_eq!(bytes.len(), len);
            assert_eq!(read_number(&mut Reader::new(&bytes)), Ok(number));
        }
        assert_eq!(read_number(&mut Reader::new(&[9; 10])), Err(DecodeError::TooLong));
    }
}
