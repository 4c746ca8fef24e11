//! Sessions of servers and clients with every option, as bytes and as tickets.

use std::time::Duration;

use pki_types::UnixTime;
use tls12::{
    crypto::RUSTCRYPTO,
    session::{ClientSession, ClientToken, KeyRing, Session, SessionPeer, TicketKey},
};

use crate::format::{Block, blocks, from_hex};

const OPTIONS: &str = include_str!("../../vectors/sessions/options.txt");
const NOW: UnixTime = UnixTime::since_unix_epoch(Duration::from_secs(1_800_003_600));

/// What all sessions share, and the sessions of one kind.
fn sessions(kind: &str) -> (Block<'static>, Vec<Block<'static>>) {
    let mut all = blocks(OPTIONS);
    let shared = all.remove(0);
    all.retain(|block| block.text("kind") == kind);
    (shared, all)
}

/// An option that is empty is not there.
fn optional(block: &Block<'_>, name: &str) -> Option<Vec<u8>> {
    Some(block.bytes(name)).filter(|bytes| !bytes.is_empty())
}

fn assert_peer(peer: Option<&SessionPeer>, block: &Block<'_>) {
    let lines = block.lines().iter().filter(|(name, _)| *name == "certificate");
    let chain: Vec<_> = lines.map(|(_, value)| from_hex(value)).collect();
    let told = peer.map_or(vec![], |peer| peer.chain.iter().map(|each| each.to_vec()).collect());
    assert_eq!(told, chain);
    assert_eq!(peer.map_or(0, |peer| peer.not_after), block.number("not_after"));
}

#[test]
fn a_servers_session_with_any_option_is_read_and_written() {
    let (shared, all) = sessions("server");
    assert_eq!(all.len(), 26);
    for block in &all {
        let session = Session::decode(&block.bytes("encoded")).expect("a session");
        assert_eq!(u64::from(session.suite().0), block.number("suite"));
        assert_eq!(session.extended_master_secret(), block.number("extended") == 1);
        assert_eq!(session.master_secret().expose()[..], shared.bytes("master"));
        assert_eq!(session.context().0, shared.array("context"));
        assert_eq!(session.partition().as_bytes()[..], shared.bytes("partition"));
        assert_eq!(session.lineage().0, shared.array("lineage"));
        let times = (session.authenticated_at(), session.issued_at(), session.lifetime());
        assert_eq!(times, (1_800_000_000, 1_800_003_600, 36_000));
        assert_eq!(session.peer_scheme().map_or(0, |scheme| scheme.0.into()), block.number("scheme"));
        assert_eq!(session.group().map_or(0, |group| group.0.into()), block.number("group"));
        assert_eq!(session.server_name().map(<[u8]>::to_vec), optional(block, "name"));
        assert_eq!(session.alpn().map(<[u8]>::to_vec), optional(block, "alpn"));
        assert_eq!(session.application_data(), block.bytes("application_data"));
        assert_peer(session.peer(), block);
        assert_eq!(session.encode().expose(), block.bytes("encoded"));
    }
}

#[test]
fn a_ticket_with_any_option_is_opened_and_sealed() {
    let (shared, all) = sessions("server");
    let (name, secret) = (shared.array("key-name"), shared.bytes("key-secret"));
    let secret: [u8; 32] = secret.try_into().expect("32 bytes");
    let key = TicketKey::from_parts(name, secret, NOW, Duration::from_secs(3600)).expect("a key");
    let ring = KeyRing::new(key);
    for block in &all {
        let opened =
            ring.open_ticket(&RUSTCRYPTO, &block.bytes("sealed"), NOW).expect("a ticket of ours").session;
        assert_eq!(opened.encode().expose(), block.bytes("encoded"));
        let sealed = ring.seal_ticket(&RUSTCRYPTO, &opened, &shared.array("salt"), NOW).expect("a key seals");
        assert_eq!(sealed, block.bytes("sealed"));
    }
}

#[test]
fn a_clients_session_with_any_option_is_read_and_written() {
    let (shared, all) = sessions("client");
    assert_eq!(all.len(), 31);
    for block in &all {
        let session = ClientSession::from_bytes(&block.bytes("encoded")).expect("a session");
        assert_eq!(u64::from(session.suite().0), block.number("suite"));
        assert_eq!(session.extended_master_secret(), block.number("extended") == 1);
        assert_eq!(session.master_secret().expose()[..], shared.bytes("master"));
        assert_eq!(session.trust().0, shared.array("context"));
        assert_eq!(session.lineage().0, shared.array("lineage"));
        assert_eq!((session.received_at(), session.authenticated_at()), (1_800_003_600, 1_800_000_000));
        assert_eq!(session.server().as_bytes(), block.bytes("name"));
        assert_eq!(session.alpn().map(<[u8]>::to_vec), optional(block, "alpn"));
        match (session.token(), optional(block, "session_id")) {
            (ClientToken::SessionId(id), Some(expected)) => assert_eq!(id.as_bytes(), expected),
            (ClientToken::Ticket { ticket, lifetime_hint }, None) => {
                assert_eq!(*ticket, block.bytes("ticket"));
                assert_eq!(u64::from(*lifetime_hint), block.number("hint"));
            }
            (other, _) => panic!("another token: {other:?}"),
        }
        assert_peer(session.peer(), block);
        assert_eq!(session.peer_scheme().map_or(0, |scheme| scheme.0.into()), block.number("scheme"));
        assert_eq!(session.group().map_or(0, |group| group.0.into()), block.number("group"));
        assert_eq!(session.ocsp().map(|ocsp| ocsp.to_vec()), optional(block, "ocsp"));
        assert_eq!(session.to_bytes().expose(), block.bytes("encoded"));
    }
}
