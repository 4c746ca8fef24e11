//! Who a client is, for the server behind: the header of the PROXY protocol, version 2, with what TLS says of it.

use std::net::{IpAddr, SocketAddr};

use tls12::{
    ConnectionInfo,
    pki::{Description, describe},
    session::HandshakeKind,
};

/// "\r\n\r\n\0\r\nQUIT\n": what no server of another protocol takes for a request.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2, command PROXY.
const VERSION_AND_COMMAND: u8 = 0x21;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

// Types of values, as the protocol has them.
const ALPN: u8 = 0x01;
const AUTHORITY: u8 = 0x02;
const SSL: u8 = 0x20;
const SSL_VERSION: u8 = 0x21;
const SSL_COMMON_NAME: u8 = 0x22;
const SSL_CIPHER: u8 = 0x23;
// And those that it leaves to applications, 0xe0 to 0xef.
/// How the session was resumed: `no`, `id` or `ticket`.
const RESUMED: u8 = 0xe0;
/// The subject of the client's certificate, in the words of the log.
const SUBJECT: u8 = 0xe1;

// What the client did.
const CLIENT_SPEAKS_TLS: u8 = 0x01;
const CERTIFICATE_IN_CONNECTION: u8 = 0x02;
const CERTIFICATE_IN_SESSION: u8 = 0x04;

/// The longest text that is told, in bytes, so that a header has room for all of it.
const LONGEST_TEXT: usize = 4096;

/// The header, to be sent before all data.
pub(super) fn header(peer: SocketAddr, local: SocketAddr, info: &ConnectionInfo) -> Vec<u8> {
    let mut body = Vec::new();
    let family = match (peer.ip().to_canonical(), local.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            body.extend([from.octets(), to.octets()].concat());
            TCP_OVER_IPV4
        }
        (from, to) => {
            body.extend([v6(from), v6(to)].concat());
            TCP_OVER_IPV6
        }
    };
    body.extend([peer.port().to_be_bytes(), local.port().to_be_bytes()].concat());
    facts(info, &mut body);
    let mut header = SIGNATURE.to_vec();
    header.extend([VERSION_AND_COMMAND, family]);
    header.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
    header.extend(body);
    header
}

fn v6(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn facts(info: &ConnectionInfo, to: &mut Vec<u8>) {
    let client: Option<Description> =
        info.peer.as_ref().and_then(|peer| peer.peer().chain.first()).and_then(|leaf| describe(leaf).ok());
    if let Some(protocol) = &info.alpn {
        value(ALPN, protocol, to);
    }
    if let Some(name) = &info.server_name {
        value(AUTHORITY, name.to_str().as_bytes(), to);
    }
    value(SSL, &tls(info, client.as_ref()), to);
    let resumed = match info.handshake {
        HandshakeKind::Full(_) => "no".to_owned(),
        HandshakeKind::Resumed(by) => by.to_string(),
    };
    value(RESUMED, resumed.as_bytes(), to);
    if let Some(client) = &client {
        text(SUBJECT, &client.subject, to);
    }
}

/// `struct pp2_tlv_ssl { uint8_t client; uint32_t verify; struct pp2_tlv sub_tlv[0]; }`. A certificate that was not
/// verified does not come as far as here; `verify` is zero only if there was one.
fn tls(info: &ConnectionInfo, client: Option<&Description>) -> Vec<u8> {
    let with_certificate = match (client, info.handshake) {
        (None, _) => 0,
        (Some(_), HandshakeKind::Full(_)) => CERTIFICATE_IN_CONNECTION | CERTIFICATE_IN_SESSION,
        (Some(_), HandshakeKind::Resumed(_)) => CERTIFICATE_IN_SESSION,
    };
    let mut bytes = vec![CLIENT_SPEAKS_TLS | with_certificate];
    bytes.extend(u32::from(client.is_none()).to_be_bytes());
    value(SSL_VERSION, b"TLSv1.2", &mut bytes);
    if let Some(name) = client.and_then(|client| client.common_name.as_ref()) {
        text(SSL_COMMON_NAME, name, &mut bytes);
    }
    value(SSL_CIPHER, info.suite.to_string().as_bytes(), &mut bytes);
    bytes
}

/// A text, unless it is too long: the beginning of one would be another one.
fn text(kind: u8, text: &str, to: &mut Vec<u8>) {
    if text.len() <= LONGEST_TEXT {
        value(kind, text.as_bytes(), to);
    }
}

/// `struct pp2_tlv { uint8_t type; uint8_t length_hi; uint8_t length_lo; uint8_t value[0]; }`
fn value(kind: u8, bytes: &[u8], to: &mut Vec<u8>) {
    to.push(kind);
    to.extend(u16::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
    to.extend_from_slice(bytes);
}
