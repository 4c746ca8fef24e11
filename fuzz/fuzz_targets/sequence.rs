//! A client visits servers that share ticket keys and a store, each with a security domain, a name and a partition,
//! and on every visit somebody drops, doubles, swaps, edits, forges, replays and reflects messages and records. The
//! client offers what it was given, also where it does not belong, and edited; the entries of the store change places.
//!
//! Oracle, for each visit:
//! - where both sides are established, they have the same secrets, and agree on everything that they report;
//! - whoever is established sent its own Finished and received the peer's, and what it received until then is what
//!   the peer sent, message for message;
//! - nothing is resumed that was made in another domain, under another name or in another partition, by a token that
//!   was edited, from an entry that was moved, later than 24 hours after its full handshake, or without the client
//!   certificate that is required;
//! - whoever fails says so with an alert of TLS 1.2, and where nobody meddled, nobody fails.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls12::{
    ClientAuth, ClientHandshake, ConnectionInfo, ServerHandshake, client,
    schedule::Side,
    server,
    session::{HandshakeKind, ResumedBy},
};
use tls12_fuzz::{
    common::{resuming::HOUR, steps::Steps},
    play::{Memory, Play, Scene, Visit},
    streams::{LEGAL_ALERTS, Said},
    wires::Wires,
};

fn finished(wires: &Wires<'_>, side: Side) {
    let [up, down] = &wires.lines;
    let (to, from) = if side == Side::Client { (down, up) } else { (up, down) };
    assert!(Said::of(&from.sent).is_finished(), "{side:?} is established, and did not say Finished");
    let (received, sent) = (Said::of(&to.delivered), Said::of(&to.sent));
    assert!(received.is_finished(), "{side:?} is established, and received no Finished");
    assert_eq!(received, sent, "{side:?} is established, and did not receive what its peer sent");
}

fn same_secrets(scene: &Scene, client: &client::Established, server: &server::Established) {
    let [of_client, of_server] = [0, 1].map(|side: usize| scene.logs[side].master());
    assert!(of_client.is_some() && of_client == of_server, "two sides, two secrets");
    let (client, server) = (&client.connection, &server.connection);
    let binding =
        |connection: &tls12::Connection| connection.exporter().map(|exporter| exporter.channel_binding());
    assert_eq!(binding(client), binding(server));
    let (one, other) = (client.info(), server.info());
    assert_eq!((one.suite, &one.alpn, one.group), (other.suite, &other.alpn, other.group));
    assert_eq!((one.ticket, one.extended_master_secret), (other.ticket, other.extended_master_secret));
    match (one.handshake, other.handshake) {
        (HandshakeKind::Full(_), HandshakeKind::Full(_)) => {}
        (one, other) => assert_eq!(one, other, "one side resumed, or by something else"),
    }
}

fn at_home(visit: &Visit, scene: &Scene, memory: &Memory, server: &server::Established) {
    let info: &ConnectionInfo = server.connection.info();
    if visit.place.auth() == ClientAuth::Require {
        assert!(info.peer.is_some(), "nobody showed the certificate that is required");
    }
    let HandshakeKind::Resumed(by) = info.handshake else { return };
    let session = info.session.as_ref().expect("what is resumed is a session");
    assert_eq!(session.application_data, visit.place.tag(), "resumed in another context");
    assert!(!scene.tampered, "resumed by an edited token");
    assert!(session.age(scene.world.now).as_secs() < 24 * HOUR, "resumed too late");
    if by == ResumedBy::SessionId {
        let key = server.connection.store_key().expect("it is in a store");
        assert!(!memory.moved.contains(key), "resumed from the entry of another session");
    }
}

fn visit(visit: &Visit, memory: &mut Memory) {
    let scene = memory.scene(visit);
    let mut wires = Wires::new(&visit.edits);
    let [client, server] = wires.run(&scene.world);
    let client = match client {
        Steps::Client(ClientHandshake::Done(done)) => Ok(done),
        Steps::Client(ClientHandshake::Failed(failed)) => Err(failed.error),
        _ => unreachable!("it came to its end"),
    };
    let server = match server {
        Steps::Server(ServerHandshake::Done(done)) => Ok(done),
        Steps::Server(ServerHandshake::Failed(failed)) => Err(failed.error),
        _ => unreachable!("it came to its end"),
    };
    for error in client.as_ref().err().into_iter().chain(server.as_ref().err()) {
        assert!(!wires.untouched, "nobody meddled: {error}");
        assert!(error.alert().is_none_or(|alert| LEGAL_ALERTS.contains(&alert)), "{error}");
    }
    if let Ok(server) = &server {
        finished(&wires, Side::Server);
        at_home(visit, &scene, memory, server);
    }
    if let Ok(client) = &client {
        finished(&wires, Side::Client);
        if let Ok(server) = &server {
            same_secrets(&scene, client, server);
        }
    }
    memory.remember(&scene.world, client.as_ref().ok().and_then(|done| done.session.as_ref()));
}

fuzz_target!(|play: Play| {
    let mut memory = Memory::default();
    play.visits.iter().take(4).for_each(|each| visit(each, &mut memory));
});
