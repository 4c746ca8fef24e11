//! From a packet to the segment of TCP in it.

use std::net::{IpAddr, SocketAddr};

use etherparse::{
    EtherType, Ipv6ExtensionSlice, LaxIpv4Slice, LaxIpv6Slice, LaxNetSlice, LaxSlicedPacket, LenSource,
    TcpSlice, TransportSlice, ip_number,
};

use super::{
    capture::Packet,
    fragments::{Fragment, Name, Place},
};

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
    pub(super) fin: bool,
    pub(super) rst: bool,
}

/// What is in a packet.
pub(super) enum Inside<'b> {
    Tcp(Segment<'b>),
    /// A part of an IP packet with a segment in it.
    Fragment(Fragment<'b>),
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
    // Without this a packet that was padded would seem to be cut. One that does not say its length is not padded.
    let cut = if payload.incomplete || payload.len_source == LenSource::Slice { cut } else { 0 };
    if payload.fragmented {
        let place = match &sliced.net {
            Some(LaxNetSlice::Ipv4(ip)) => Some(place_of_v4(ip)),
            Some(LaxNetSlice::Ipv6(ip)) => place_of_v6(ip),
            Some(LaxNetSlice::Arp(_)) | None => None,
        };
        let place = place.filter(|_| payload.ip_number == ip_number::TCP);
        return place.map_or(Inside::Other, |(identification, offset, place)| {
            let name = Name { from, to, identification };
            Inside::Fragment(Fragment { name, offset, place, bytes: payload.payload, cut })
        });
    }
    match &sliced.transport {
        Some(TransportSlice::Tcp(tcp)) => Inside::Tcp(of_tcp(from, to, tcp, cut)),
        _ => Inside::Other,
    }
}

/// The identification of the packet that a fragment is of, and where in it that is.
fn place_of_v4(ip: &LaxIpv4Slice<'_>) -> (u32, usize, Place) {
    let header = ip.header();
    let offset = header.fragments_offset().byte_offset();
    (header.identification().into(), offset.into(), place(header.more_fragments()))
}

fn place_of_v6(ip: &LaxIpv6Slice<'_>) -> Option<(u32, usize, Place)> {
    ip.extensions().clone().into_iter().find_map(|extension| match extension {
        Ipv6ExtensionSlice::Fragment(header) => {
            let offset = header.fragment_offset().byte_offset();
            Some((header.identification(), offset.into(), place(header.more_fragments())))
        }
        _ => None,
    })
}

fn place(more_fragments: bool) -> Place {
    match more_fragments {
        true => Place::Before,
        false => Place::Last,
    }
}

/// The segment that was put together of fragments.
pub(super) fn whole<'b>(name: &Name, payload: &'b [u8]) -> Option<Segment<'b>> {
    let tcp = TcpSlice::from_slice(payload).ok()?;
    Some(of_tcp(name.from, name.to, &tcp, 0))
}

fn of_tcp<'b>(from: IpAddr, to: IpAddr, tcp: &TcpSlice<'b>, cut: usize) -> Segment<'b> {
    // RFC 9293, 3.10.7: what a reset carries is a text about it, and no data.
    let (payload, cut) = if tcp.rst() { (&[][..], 0) } else { (tcp.payload(), cut) };
    Segment {
        from: SocketAddr::new(from, tcp.source_port()),
        to: SocketAddr::new(to, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        acknowledged: tcp.ack().then(|| tcp.acknowledgment_number()),
        flags: Flags { syn: tcp.syn(), fin: tcp.fin(), rst: tcp.rst() },
        payload,
        cut,
    }
}
