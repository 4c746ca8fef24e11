//! What a handshake agreed on, in few bytes.

use alloc::vec::Vec;

use pki_types::{DnsName, IpAddr, Ipv4Addr, Ipv6Addr, ServerName};

use super::{
    info::{ConnectionInfo, SessionInfo},
    packed::{read_number, write_number},
};
use crate::{
    session::{HandshakeKind, KeyName, Lineage, NotResumed, ResumedBy, TicketSent},
    wire::{CipherSuite, DecodeError, NamedGroup, Reader, SignatureScheme, Writer},
};

/// Beside the reasons why nothing is resumed, which begin with 1 and are fewer.
const RESUMED_BY_ID: u8 = 254;
const RESUMED_BY_TICKET: u8 = 255;

/// All but the peer and the name of the credential.
pub(super) fn write_info(info: &ConnectionInfo, out: &mut Writer<'_>) {
    let session = info.session.as_ref();
    out.u8(bits([
        info.extended_master_secret,
        info.secure_renegotiation,
        info.group.is_some(),
        info.session_group.is_some(),
        info.peer_scheme.is_some(),
        info.alpn.is_some(),
        session.is_some(),
        session.is_some_and(|session| session.key_name.is_some()),
    ]));
    out.u8(match info.handshake {
        HandshakeKind::Full(reason) => u8::try_from(reason.code()).unwrap_or_default(),
        HandshakeKind::Resumed(ResumedBy::SessionId) => RESUMED_BY_ID,
        HandshakeKind::Resumed(ResumedBy::Ticket) => RESUMED_BY_TICKET,
    });
    out.u8(match info.ticket {
        TicketSent::No => 0,
        TicketSent::Issued => 1,
        TicketSent::Empty => 2,
    });
    out.u16(info.suite.0);
    info.group.iter().for_each(|group| out.u16(group.0));
    info.session_group.iter().for_each(|group| out.u16(group.0));
    info.peer_scheme.iter().for_each(|scheme| out.u16(scheme.0));
    info.alpn.iter().for_each(|alpn| out.u8_prefixed(|out| out.bytes(alpn)));
    out.u8_prefixed(|out| write_name(info.server_name.as_ref(), out));
    session.into_iter().for_each(|session| write_session(session, out));
}

/// The same, and nothing may be left.
pub(super) fn read_info(input: &mut Reader<'_>) -> Result<ConnectionInfo, DecodeError> {
    let [
        extended_master_secret,
        secure_renegotiation,
        group,
        session_group,
        peer_scheme,
        alpn,
        session,
        key_name,
    ] = from_bits(input.u8()?);
    let info = ConnectionInfo {
        handshake: match input.u8()? {
            RESUMED_BY_ID => HandshakeKind::Resumed(ResumedBy::SessionId),
            RESUMED_BY_TICKET => HandshakeKind::Resumed(ResumedBy::Ticket),
            reason => {
                HandshakeKind::Full(NotResumed::from_code(reason.into()).ok_or(DecodeError::UnknownFormat)?)
            }
        },
        ticket: match input.u8()? {
            0 => TicketSent::No,
            1 => TicketSent::Issued,
            2 => TicketSent::Empty,
            _ => return Err(DecodeError::UnknownFormat),
        },
        suite: CipherSuite(input.u16()?),
        group: when(group, || input.u16().map(NamedGroup))?,
        session_group: when(session_group, || input.u16().map(NamedGroup))?,
        peer_scheme: when(peer_scheme, || input.u16().map(SignatureScheme))?,
        alpn: when(alpn, || input.u8_prefixed().map(Vec::from))?,
        server_name: read_name(input.u8_prefixed()?)?,
        credential: None,
        peer: None,
        extended_master_secret,
        session: when(session, || read_session(key_name, input))?,
        secure_renegotiation,
    };
    input.end().map(|()| info)
}

/// No name is no byte; a host name is itself, and an address has a zero in front, which no host name has.
fn write_name(name: Option<&ServerName<'_>>, out: &mut Writer<'_>) {
    match name {
        Some(ServerName::DnsName(name)) => out.bytes(name.as_ref().as_bytes()),
        Some(ServerName::IpAddress(IpAddr::V4(address))) => {
            out.u8(0);
            out.bytes(address.as_ref());
        }
        Some(ServerName::IpAddress(IpAddr::V6(address))) => {
            out.u8(0);
            out.bytes(address.as_ref());
        }
        // There is no other kind of name.
        Some(_) | None => {}
    }
}

fn read_name(bytes: &[u8]) -> Result<Option<ServerName<'static>>, DecodeError> {
    let address = |octets: &[u8]| match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
        (Ok(octets), _) => Ok(IpAddr::V4(Ipv4Addr::from(octets))),
        (_, Ok(octets)) => Ok(IpAddr::V6(Ipv6Addr::from(core::net::Ipv6Addr::from(octets).segments()))),
        _ => Err(DecodeError::UnknownFormat),
    };
    match bytes {
        [] => Ok(None),
        [0, octets @ ..] => Ok(Some(ServerName::IpAddress(address(octets)?))),
        name => match DnsName::try_from(name) {
            Ok(name) => Ok(Some(ServerName::DnsName(name.to_owned()))),
            Err(_) => Err(DecodeError::UnknownFormat),
        },
    }
}

/// Last of all: the application's data goes to the end.
fn write_session(session: &SessionInfo, out: &mut Writer<'_>) {
    out.bytes(&session.lineage.0);
    write_number(session.authenticated_at, out);
    session.key_name.iter().for_each(|name| out.bytes(&name.0));
    out.bytes(&session.application_data);
}

fn read_session(key_name: bool, input: &mut Reader<'_>) -> Result<SessionInfo, DecodeError> {
    Ok(SessionInfo {
        lineage: Lineage(input.array()?),
        authenticated_at: read_number(input)?,
        key_name: when(key_name, || input.array().map(KeyName))?,
        application_data: input.rest().to_vec(),
    })
}

fn when<T>(there: bool, read: impl FnOnce() -> Result<T, DecodeError>) -> Result<Option<T>, DecodeError> {
    there.then(read).transpose()
}

/// Eight answers in a byte.
pub(super) fn bits(answers: [bool; 8]) -> u8 {
    answers.iter().fold(0, |bits, answer| bits << 1 | u8::from(*answer))
}

/// The same answers.
pub(super) fn from_bits(bits: u8) -> [bool; 8] {
    [7, 6, 5, 4, 3, 2, 1, 0].map(|place| bits >> place & 1 == 1)
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use super::*;

    fn info() -> ConnectionInfo {
        ConnectionInfo {
            handshake: HandshakeKind::Resumed(ResumedBy::Ticket),
            ticket: TicketSent::Empty,
            suite: CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384,
            group: Some(NamedGroup::X25519),
            session_group: Some(NamedGroup::SECP384R1),
            peer_scheme: Some(SignatureScheme::ED25519),
            alpn: Some(vec![7; 255]),
            server_name: None,
            credential: None,
            peer: None,
            extended_master_secret: true,
            session: Some(SessionInfo {
                lineage: Lineage([1; 16]),
                authenticated_at: u64::MAX,
                key_name: Some(KeyName([2; 16])),
                application_data: vec![3; 4096],
            }),
            secure_renegotiation: false,
        }
    }

    fn written(info: &ConnectionInfo) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_info(info, &mut Writer::new(&mut bytes));
        bytes
    }

    fn comes_back(info: &ConnectionInfo) {
        let back = read_info(&mut Reader::new(&written(info))).unwrap();
        assert_eq!(format!("{back:?}"), format!("{info:?}"));
        // A session's data is not printed.
        assert_eq!(back.session, info.session);
    }

    #[test]
    fn every_field_comes_back_there_or_not() {
        comes_back(&info());
        comes_back(&ConnectionInfo { group: None, secure_renegotiation: true, ..info() });
        comes_back(&ConnectionInfo { session_group: None, extended_master_secret: false, ..info() });
        comes_back(&ConnectionInfo { peer_scheme: None, ticket: TicketSent::No, ..info() });
        comes_back(&ConnectionInfo { alpn: None, ticket: TicketSent::Issued, ..info() });
        comes_back(&ConnectionInfo { session: None, alpn: Some(vec![]), ..info() });
        let mut other = info();
        other.session.iter_mut().for_each(|session| session.key_name = None);
        comes_back(&other);
    }

    #[test]
    fn every_kind_of_handshake_and_of_name_comes_back() {
        comes_back(&ConnectionInfo { handshake: HandshakeKind::Resumed(ResumedBy::SessionId), ..info() });
        for reason in NotResumed::ALL {
            assert!(reason.code() < RESUMED_BY_ID.into());
            comes_back(&ConnectionInfo { handshake: HandshakeKind::Full(*reason), ..info() });
        }
        let longest = [[b'a'; 63]; 4].join(&b'.')[..253].to_vec();
        for name in [&b"a.example"[..], b"UPPER.example", b"192.0.2.1", b"2001:db8::1", b"::", &longest] {
            let name = ServerName::try_from(name).unwrap().to_owned();
            comes_back(&ConnectionInfo { server_name: Some(name), ..info() });
        }
    }

    #[test]
    fn what_was_not_written_is_not_read() {
        let bytes = written(&ConnectionInfo { session: None, ..info() });
        for len in 0..bytes.len() {
            assert!(read_info(&mut Reader::new(&bytes[..len])).is_err());
        }
        assert!(read_info(&mut Reader::new(&[&bytes[..], &[0]].concat())).is_err());
        for (at, byte) in [(1, 99), (2, 3)] {
            let mut other = bytes.clone();
            other[at] = byte;
            assert_eq!(read_info(&mut Reader::new(&other)).err(), Some(DecodeError::UnknownFormat));
        }
    }
}
