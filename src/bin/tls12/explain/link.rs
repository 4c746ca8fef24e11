//! From a packet to the segment of TCP in it.

use std::net::{IpAddr, SocketAddr};

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};

use super::capture::Packet;

/// What packets of an interface begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Ethernet, with tags of VLANs or without.
    Ethernet,
    /// Four bytes that name a family.
    Loopback,
    /// Nothing: IP.
    Raw,
    /// What Linux writes for any interface.
    Cooked,
    /// And its second version.
    Cooked2,
    /// Something of which nobody here knows anything.
    Other,
}

/// A segment of TCP.
pub(super) struct Segment<'b> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) sequence: u32,
    pub(super) acknowledged: Option<u32>,
    pub(super) flags: Flags,
    pub(super) payload: &'b [u8],
    /// How many bytes behind the payload were not captured.
    pub(super) cut: usize,
}

/// What a segment does beside carrying bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) syn: bool,
    pub(super) end: bool,
}

/// What is in a packet.
pub(super) enum Inside<'b> {
    Tcp(Segment<'b>),
    /// A part of an IP packet, which nobody here puts together.
    Fragment,
    /// An interface of which nobody here knows anything.
    UnknownLink,
    /// Something else.
    Other,
}

pub(super) fn inside<'b>(packet: &Packet<'b>) -> Inside<'b> {
    let bytes = packet.bytes;
    // Behind what of the header stands its type.
    let after = |at: usize, header: usize| {
        let kind = bytes.get(at..at + 2)?;
        let kind = u16::from_be_bytes(kind.try_into().ok()?);
        Some(LaxSlicedPacket::from_ether_type(EtherType(kind), bytes.get(header..)?))
    };
    let sliced = match packet.link {
        Link::Ethernet => LaxSlicedPacket::from_ethernet(bytes).ok(),
        Link::Loopback => bytes.get(4..).and_then(|bytes| LaxSlicedPacket::from_ip(bytes).ok()),
        Link::Raw => LaxSlicedPacket::from_ip(bytes).ok(),
        Link::Cooked => after(14, 16),
        Link::Cooked2 => after(0, 20),
        Link::Other => return Inside::UnknownLink,
    };
    sliced.map_or(Inside::Other, |sliced| segment(&sliced, packet.cut))
}

fn segment<'b>(sliced: &LaxSlicedPacket<'b>, cut: usize) -> Inside<'b> {
    let (from, to, payload): (IpAddr, IpAddr, _) = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => {
            (ip.header().source_addr().into(), ip.header().destination_addr().into(), ip.payload())
        }
        Some(LaxNetSlice::Ipv6(ip)) => {
            (ip.header().source_addr().into(), ip.header().destination_addr().into(), ip.payload())
        }
        Some(LaxNetSlice::Arp(_)) | None => return Inside::Other,
    };
    if payload.fragmented {
        return Inside::Fragment;
    }
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else { return Inside::Other };
    Inside::Tcp(Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        flags: Flags { syn: tcp.syn(), end: tcp.fin() || tcp.rst() },
        payload: tcp.payload(),
        // Without this a packet that was padded would seem to be cut.
        cut: if payload.incomplete { cut } else { 0 },
    })
}
