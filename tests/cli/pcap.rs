//! Captures of connections, written by hand.

use std::net::{IpAddr, SocketAddr};

use tls12::schedule::Side;

/// What packets begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    /// With two tags.
    Vlan,
    Raw,
    Null,
    Loop,
    Cooked,
    /// With a tag.
    CookedVlan,
    Cooked2,
}

impl Link {
    pub(super) const ALL: [Self; 8] = [
        Self::Ethernet,
        Self::Vlan,
        Self::Raw,
        Self::Null,
        Self::Loop,
        Self::Cooked,
        Self::CookedVlan,
        Self::Cooked2,
    ];

    fn number(self) -> u32 {
        match self {
            Self::Ethernet | Self::Vlan => 1,
            Self::Raw => 101,
            Self::Null => 0,
            Self::Loop => 108,
            Self::Cooked | Self::CookedVlan => 113,
            Self::Cooked2 => 276,
        }
    }

    pub(super) fn frame(self, ip: &[u8]) -> Vec<u8> {
        let is_v4 = ip[0] >> 4 == 4;
        let kind: [u8; 2] = if is_v4 { [8, 0] } else { [0x86, 0xdd] };
        let header = match self {
            Self::Ethernet => [&[2; 12], &kind[..]].concat(),
            Self::Vlan => [&[2; 12], &[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8][..], &kind].concat(),
            Self::Raw => vec![],
            Self::Null => vec![if is_v4 { 2 } else { 30 }, 0, 0, 0],
            Self::Loop => vec![0, 0, 0, if is_v4 { 2 } else { 30 }],
            Self::CookedVlan => {
                [&[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0, 0x81, 0, 0, 8], &kind[..]].concat()
            }
            Self::Cooked => [&[0, 0, 0, 1, 0, 6, 2, 2, 2, 2, 2, 2, 0, 0], &kind[..]].concat(),
            Self::Cooked2 => [&kind[..], &[0; 18]].concat(),
        };
        let mut frame = [&header, ip].concat();
        // Ethernet pads what is short.
        if matches!(self, Self::Ethernet | Self::Vlan) {
            frame.resize(frame.len().max(60), 0xee);
        }
        frame
    }
}

/// A segment, to be put into a capture in any order and in any form.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) from: Side,
    pub(super) sequence: u32,
    pub(super) acknowledged: u32,
    /// As the header has them: 1 FIN, 2 SYN, 4 RST, 16 ACK.
    pub(super) flags: u8,
    pub(super) payload: Vec<u8>,
}

/// Who talks to whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) client: SocketAddr,
    pub(super) server: SocketAddr,
}

/// The segments of a connection with its beginning and its end, in pieces of this length. The first sequence numbers are
/// near their end, so that they wrap around.
pub(super) fn segments(said: &[(Side, Vec<u8>)], piece: usize) -> Vec<Segment> {
    let mut next = [u32::MAX - 20, u32::MAX - 40];
    let mut all = Vec::new();
    let mut add = |from: Side, flags: u8, payload: &[u8]| {
        let (ours, theirs) = if from == Side::Client { (0, 1) } else { (1, 0) };
        let acknowledged = if flags & 16 == 0 { 0 } else { next[theirs] };
        all.push(Segment { from, sequence: next[ours], acknowledged, flags, payload: payload.to_vec() });
        next[ours] = next[ours].wrapping_add(payload.len() as u32 + u32::from(flags & 3 != 0));
    };
    add(Side::Client, 2, b"");
    add(Side::Server, 18, b"");
    add(Side::Client, 16, b"");
    for (from, bytes) in said {
        bytes.chunks(piece).for_each(|piece| add(*from, 16, piece));
    }
    add(Side::Client, 17, b"");
    add(Side::Server, 17, b"");
    all
}

impl Ends {
    /// The packet of a segment, from IP on.
    pub(super) fn packet(&self, segment: &Segment) -> Vec<u8> {
        let (from, to) = match segment.from {
            Side::Client => (self.client, self.server),
            Side::Server => (self.server, self.client),
        };
        let mut tcp = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
        tcp.extend(segment.sequence.to_be_bytes());
        tcp.extend(segment.acknowledged.to_be_bytes());
        // With an option of four bytes.
        tcp.extend([0x60, segment.flags, 0xff, 0xff, 0, 0, 0, 0, 1, 1, 1, 0]);
        tcp.extend(&segment.payload);
        let length = (tcp.len() as u16).to_be_bytes();
        let mut ip = match (from.ip(), to.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let total = (tcp.len() as u16 + 20).to_be_bytes();
                let head = [0x45, 0, total[0], total[1], 0, 1, 0x40, 0, 64, 6, 0, 0];
                [&head[..], &from.octets(), &to.octets()].concat()
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let head = [0x60, 0, 0, 0, length[0], length[1], 6, 64];
                [&head[..], &from.octets(), &to.octets()].concat()
            }
            _ => panic!("two families"),
        };
        ip.extend(tcp);
        ip
    }
}

/// A file in the making; packets are a millisecond apart.
pub(super) struct Capture {
    pub(super) bytes: Vec<u8>,
    link: Link,
    format: Format,
    packets: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Pcap,
    /// With nanoseconds, the most significant byte first.
    BigEndian,
    Pcapng,
}

/// When the first packet came: 2027-01-15T08:00:00Z.
const BEGIN: u32 = 1_800_000_000;

impl Capture {
    pub(super) fn new(link: Link, format: Format) -> Self {
        let number = link.number();
        let bytes = match format {
            Format::Pcap => {
                let fields = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, number];
                fields.iter().flat_map(|field: &u32| field.to_le_bytes()).collect()
            }
            Format::BigEndian => {
                let fields = [0xa1b2_3c4d, 0x0002_0004, 0, 0, 262_144, number];
                fields.iter().flat_map(|field: &u32| field.to_be_bytes()).collect()
            }
            Format::Pcapng => {
                let section = block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
                [section, block(1, &words(&[number, 262_144]))].concat()
            }
        };
        Self { bytes, link, format, packets: 0 }
    }

    /// Adds a packet of which only so many bytes were captured.
    pub(super) fn add_cut(&mut self, ip: &[u8], most: usize) {
        let frame = self.link.frame(ip);
        let (kept, whole) = (&frame[..frame.len().min(most)], frame.len() as u32);
        let length = kept.len() as u32;
        let micros = 1000 * self.packets;
        self.packets += 1;
        match self.format {
            Format::Pcap => self.bytes.extend(words(&[BEGIN, micros, length, whole])),
            Format::BigEndian => {
                let fields = [BEGIN, 1000 * micros, length, whole];
                self.bytes.extend(fields.iter().flat_map(|field| field.to_be_bytes()));
            }
            Format::Pcapng => {
                let time = u64::from(BEGIN) * 1_000_000 + u64::from(micros);
                let head = words(&[0, (time >> 32) as u32, time as u32, length, whole]);
                self.bytes.extend(block(6, &[&head, kept].concat()));
                return;
            }
        }
        self.bytes.extend(kept);
    }

    pub(super) fn add(&mut self, ip: &[u8]) {
        self.add_cut(ip, usize::MAX);
    }

    /// Adds segments as they are.
    pub(super) fn add_all(&mut self, ends: &Ends, segments: &[Segment]) {
        segments.iter().for_each(|segment| self.add(&ends.packet(segment)));
    }
}

pub(super) fn words(fields: &[u32]) -> Vec<u8> {
    fields.iter().flat_map(|field| field.to_le_bytes()).collect()
}

/// A block of pcapng, padded to words.
pub(super) fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let length = (12 + body.len() + padding.len()) as u32;
    [&words(&[kind, length])[..], body, &padding, &words(&[length])].concat()
}
