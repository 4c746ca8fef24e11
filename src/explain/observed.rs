//! What each message adds to what is known.

use super::{
    event::{NotTls12, SeenMessage},
    verdict::{Progress, Protocol, Shape, Verdict},
};
use crate::{
    schedule::{Randoms, Side},
    session::TicketSent,
    wire::{
        ClientHello, Decode, ExtensionType, HandshakeType, List, Message, ProtocolVersion, Reader,
        ServerHello,
    },
};

/// What is needed of the hellos beside what the verdict has.
#[derive(Debug, Default)]
pub(super) struct Hellos {
    client_random: Option<[u8; 32]>,
    server_random: Option<[u8; 32]>,
    client_knows_extended: bool,
    /// Whether bytes of the server are missing since its hello.
    pub(super) lost_since: bool,
}

impl Hellos {
    /// Both randoms, once they are there.
    pub(super) fn randoms(&self) -> Option<Randoms> {
        Some(Randoms { client: self.client_random?, server: self.server_random? })
    }
}

/// Adds a message that could be read by everybody. What the connection turns out to be, if that is not TLS 1.2.
pub(super) fn message(
    verdict: &mut Verdict,
    hellos: &mut Hellos,
    from: Side,
    message: &SeenMessage,
) -> Option<NotTls12> {
    // Nothing follows from a message of whoever cannot send it.
    if message.sender().is_some_and(|sender| sender != from) {
        verdict.has_misplaced_hello |=
            matches!(message.msg_type, HandshakeType::CLIENT_HELLO | HandshakeType::SERVER_HELLO);
        return None;
    }
    let other = match message.decode() {
        Ok(Message::ClientHello(hello)) if verdict.progress == Progress::Nothing => {
            client_hello(verdict, hellos, &hello);
            None
        }
        Ok(Message::ServerHello(hello)) if verdict.version.is_none() => server_hello(verdict, hellos, &hello),
        Ok(Message::NewSessionTicket(ticket)) => {
            verdict.ticket = match ticket.ticket {
                [] => TicketSent::Empty,
                _ => TicketSent::Issued,
            };
            verdict.lifetime_hint = Some(ticket.lifetime_hint);
            verdict.new_ticket = ticket.ticket.to_vec();
            None
        }
        Ok(_) | Err(_) => None,
    };
    follows(verdict, hellos, from, Follower::Message(message.msg_type));
    verdict.judge();
    other
}

/// What comes after a ServerHello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Follower {
    Message(HandshakeType),
    ChangeCipherSpec,
}

/// Tells a full handshake from an abbreviated one: only in a full one are there certificates and a key exchange (RFC 5246,
/// 7.3), and only in an abbreviated one nothing of them between the hello of the server and its change of keys.
pub(super) fn follows(verdict: &mut Verdict, hellos: &Hellos, from: Side, follower: Follower) {
    let is_after_hello = verdict.version.is_some() && !hellos.lost_since;
    verdict.shape = match (verdict.shape, from, follower) {
        // Who sent it was asked before. Packets may be captured in another order than they were sent.
        (_, _, Follower::Message(msg_type)) if is_of_full(msg_type) => Shape::Full,
        (
            Shape::Unknown,
            Side::Server,
            Follower::Message(HandshakeType::NEW_SESSION_TICKET) | Follower::ChangeCipherSpec,
        ) if is_after_hello => Shape::Abbreviated,
        (shape, ..) => shape,
    };
    verdict.judge();
}

fn is_of_full(msg_type: HandshakeType) -> bool {
    matches!(
        msg_type,
        HandshakeType::CERTIFICATE
            | HandshakeType::CERTIFICATE_STATUS
            | HandshakeType::SERVER_KEY_EXCHANGE
            | HandshakeType::CERTIFICATE_REQUEST
            | HandshakeType::SERVER_HELLO_DONE
            | HandshakeType::CLIENT_KEY_EXCHANGE
            | HandshakeType::CERTIFICATE_VERIFY
    )
}

fn client_hello(verdict: &mut Verdict, hellos: &mut Hellos, hello: &ClientHello<'_>) {
    let extensions = &hello.extensions;
    verdict.protocol = Protocol::Tls;
    verdict.progress = Progress::ClientHello;
    verdict.has_client_hello = true;
    verdict.offered_id = hello.session_id;
    verdict.offered_ticket = extensions.session_ticket.map(<[u8]>::to_vec);
    verdict.server_name = extensions.server_name.and_then(|names| names.host_name()).map(<[u8]>::to_vec);
    verdict.offers_tls13 = offers_tls13(hello);
    hellos.client_random = Some(hello.random);
    hellos.client_knows_extended = extensions.extended_master_secret;
}

/// RFC 8446, 4.2.1: the versions of the client, in an extension of which TLS 1.2 knows nothing.
fn offers_tls13(hello: &ClientHello<'_>) -> bool {
    let versions = hello.extensions.others.find(ExtensionType::SUPPORTED_VERSIONS);
    let list = versions.and_then(|body| Reader::new(body).u8_prefixed().ok());
    let list = list.and_then(|list| List::<ProtocolVersion>::from_encoded(list).ok());
    list.is_some_and(|list| list.contains(&ProtocolVersion::TLS1_3))
}

fn server_hello(verdict: &mut Verdict, hellos: &mut Hellos, hello: &ServerHello<'_>) -> Option<NotTls12> {
    let extensions = &hello.extensions;
    let chosen = extensions.others.find(ExtensionType::SUPPORTED_VERSIONS);
    let chosen = chosen.and_then(|body| ProtocolVersion::decode(body).ok()).unwrap_or(hello.version);
    verdict.version = Some(chosen);
    verdict.suite = Some(hello.cipher_suite);
    verdict.session_id = hello.session_id;
    verdict.alpn = extensions.alpn.map(|name| name.0.to_vec());
    verdict.extended_master_secret = extensions.extended_master_secret && hellos.client_knows_extended;
    verdict.progress = verdict.progress.max(Progress::ServerHello);
    hellos.server_random = Some(hello.random);
    hellos.lost_since = false;
    let other = match chosen {
        ProtocolVersion::TLS1_2 => None,
        ProtocolVersion::TLS1_3 => Some(NotTls12::Tls13),
        version => Some(NotTls12::Version(version)),
    };
    verdict.protocol = other.map_or(Protocol::Tls12, Protocol::Other);
    other
}
