//! The packets of a capture file, pcap or pcapng.
#![expect(clippy::disallowed_types, reason = "the command reads files")]

use std::{
    fs::File,
    io::{Cursor, Read, stdin},
    path::Path,
    time::Duration,
};

use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader, traits::PcapNGPacketBlock};

use super::link::Link;

/// A packet as it was captured.
pub(super) struct Packet<'b> {
    /// Since 1970.
    pub(super) time: Duration,
    pub(super) link: Link,
    pub(super) bytes: &'b [u8],
    /// How many bytes at its end were not captured.
    pub(super) cut: usize,
}

/// How a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// In the middle of a packet.
    Cut,
    /// With something that is no packet, and nobody knows where the next one begins.
    Damaged,
}

/// What is read at once, at first and at most: no packet is longer.
const ROOM: usize = 1 << 20;
const MOST_ROOM: usize = 64 << 20;

/// Gives each packet to `take`. Fails with a sentence, if there is not even one.
pub(super) fn read(path: &Path, mut take: impl FnMut(Packet<'_>)) -> Result<End, String> {
    let trouble = |why: &str| format!("{}: {why}", path.display());
    let mut file: Box<dyn Read + Send> = match path == Path::new("-") {
        true => Box::new(stdin()),
        false => Box::new(File::open(path).map_err(|error| trouble(&error.to_string()))?),
    };
    let mut first = Vec::new();
    let read = (&mut file).take(FIRST).read_to_end(&mut first);
    read.map_err(|error| trouble(&error.to_string()))?;
    if let Some(by) = compressed(&first) {
        return Err(trouble(&format!("this file is compressed: decompress it with {by} before")));
    }
    let mut reader = create_reader(ROOM, Cursor::new(first).chain(file)).map_err(|error| match error {
        PcapError::Eof => trouble("this file is empty"),
        PcapError::ReadError => trouble("this file cannot be read"),
        _ => trouble("this is neither a pcap nor a pcapng file"),
    })?;
    let (mut interfaces, mut room, mut packets) = (Interfaces::default(), ROOM, 0_u64);
    let mut take = |packet: Packet<'_>| {
        packets += 1;
        take(packet);
    };
    loop {
        let lacks = match reader.next() {
            Ok((length, block)) => {
                interfaces.block(block, &mut take);
                reader.consume(length);
                continue;
            }
            Err(error) => Lacks::of(&error),
        };
        match lacks {
            Lacks::Nothing => return Ok(End::Whole),
            Lacks::Bytes if reader.reader_exhausted() => return Ok(End::Cut),
            Lacks::Bytes => {
                let before = reader.data().len();
                reader.refill().map_err(|_| trouble("this file cannot be read to its end"))?;
                if reader.data().len() == before && !reader.reader_exhausted() {
                    break;
                }
            }
            Lacks::Room if room < MOST_ROOM && reader.grow(2 * room) => room *= 2,
            Lacks::Room | Lacks::Sense => break,
        }
    }
    match packets {
        0 => Err(trouble("this file is damaged")),
        _ => Ok(End::Damaged),
    }
}

/// How much of a file is there before anything is made of it: a pipe may give its first bytes one by one.
const FIRST: u64 = 1 << 16;

/// What decompresses a file that begins like this.
fn compressed(first: &[u8]) -> Option<&'static str> {
    match first {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0xfd, b'7', b'z', b'X', b'Z', 0] => Some("xz"),
        [4, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
        [b'B', b'Z', b'h', ..] => Some("bzip2"),
        _ => None,
    }
}

/// Why there is no other block.
enum Lacks {
    /// It was the last one.
    Nothing,
    Bytes,
    Room,
    Sense,
}

impl Lacks {
    fn of(error: &PcapError<&[u8]>) -> Self {
        match error {
            PcapError::Eof => Self::Nothing,
            PcapError::Incomplete(_) | PcapError::UnexpectedEof => Self::Bytes,
            PcapError::BufferTooSmall => Self::Room,
            _ => Self::Sense,
        }
    }
}

/// What the blocks before say of packets.
#[derive(Default)]
struct Interfaces {
    /// Of a pcapng file, in the order of their numbers.
    all: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link: Link,
    /// How many of its units of time are a second.
    resolution: u64,
    /// Seconds that are added to its times.
    offset: i64,
}

impl Interfaces {
    fn block(&mut self, block: PcapBlockOwned<'_>, take: &mut impl FnMut(Packet<'_>)) {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let resolution = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                self.all = vec![Interface { link: link(header.network), resolution, offset: 0 }];
            }
            PcapBlockOwned::Legacy(block) => {
                let Some(interface) = self.all.first() else { return };
                let part = u64::from(block.ts_usec);
                let time = Duration::from_secs(block.ts_sec.into()) + fraction(part, interface.resolution);
                let cut = block.origlen.saturating_sub(block.caplen);
                take(packet(time, interface.link, block.data, cut));
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => self.all.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(block)) => self.all.push(Interface {
                link: link(block.linktype),
                resolution: block.ts_resolution().filter(|units| *units > 0).unwrap_or(1_000_000),
                offset: block.ts_offset(),
            }),
            PcapBlockOwned::NG(Block::EnhancedPacket(block)) => {
                let number = usize::try_from(block.if_id).unwrap_or(usize::MAX);
                let Some(interface) = self.all.get(number) else { return };
                let units = u64::from(block.ts_high) << 32 | u64::from(block.ts_low);
                let cut = block.origlen.saturating_sub(block.caplen);
                take(packet(interface.time(units), interface.link, block.packet_data(), cut));
            }
            PcapBlockOwned::NG(Block::SimplePacket(block)) => {
                let Some(interface) = self.all.first() else { return };
                let bytes = block.packet_data();
                let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                take(packet(Duration::ZERO, interface.link, bytes, block.origlen.saturating_sub(captured)));
            }
            PcapBlockOwned::NG(_) => {}
        }
    }
}

impl Interface {
    fn time(&self, units: u64) -> Duration {
        let seconds = (units / self.resolution).saturating_add_signed(self.offset);
        Duration::from_secs(seconds) + fraction(units % self.resolution, self.resolution)
    }
}

/// So many of the units of which a second has `resolution`, less than a second.
fn fraction(units: u64, resolution: u64) -> Duration {
    let nanoseconds = u128::from(units) * 1_000_000_000 / u128::from(resolution.max(1));
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0).min(999_999_999))
}

fn packet(time: Duration, link: Link, bytes: &[u8], cut: u32) -> Packet<'_> {
    Packet { time, link, bytes, cut: usize::try_from(cut).unwrap_or(usize::MAX) }
}

fn link(of: Linktype) -> Link {
    match of {
        Linktype::ETHERNET => Link::Ethernet,
        Linktype::NULL | Linktype::LOOP => Link::Loopback,
        Linktype::RAW | Linktype::IPV4 | Linktype::IPV6 => Link::Raw,
        // What some systems write for raw IP packets, and OpenBSD's.
        Linktype(12 | 14) => Link::Raw,
        Linktype::LINUX_SLL => Link::Cooked,
        Linktype::LINUX_SLL2 => Link::Cooked2,
        _ => Link::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_the_units_of_the_interface() {
        let interface = |resolution, offset| Interface { link: Link::Raw, resolution, offset };
        assert_eq!(interface(1_000_000, 0).time(1_500_001), Duration::new(1, 500_001_000));
        assert_eq!(interface(1_000_000_000, 7).time(1), Duration::new(7, 1));
        assert_eq!(interface(1 << 32, 0).time(1 << 31), Duration::from_millis(500));
        assert_eq!(interface(1, -5).time(3), Duration::ZERO);
    }
}
