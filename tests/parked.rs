//! A connection that was parked is the one it was: what it says, what it derives, what it sends next, what it refuses.

#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

use common::{
    forge::{Keys, Sealing},
    pair::{Peer, World},
    resuming::policy,
    worlds::worlds,
};
use tls12::{
    Connection, Error, Excess, Received, RecordError, RecvBuf,
    connection::SessionInfo,
    schedule::{Randoms, Side},
    session::{Partition, ResumedBy, StoreKey},
    wire::{Alert, CipherSuite, ContentType},
};

/// Parks it and takes it back.
fn parked(connection: Connection) -> Connection {
    connection.park().unpark().expect("the provider makes its keys again")
}

/// All that a connection says of itself and derives.
#[derive(Debug, PartialEq)]
struct Facts {
    /// `ConnectionInfo` prints all of its fields, the peer's chain among them; a session's data is not printed.
    info: String,
    session: Option<SessionInfo>,
    exported: Option<[u8; 50]>,
    bindings: (Option<[u8; 32]>, Option<Vec<u8>>),
    store_key: Option<StoreKey>,
    overhead: usize,
}

fn facts(connection: &Connection) -> Facts {
    let export = |exporter: tls12::Exporter<'_>| {
        let mut out = [0; 50];
        exporter.derive("EXPERIMENTAL test", Some(b"context"), &mut out).expect("a short context");
        out
    };
    Facts {
        info: format!("{:?}", connection.info()),
        session: connection.info().session.clone(),
        exported: connection.exporter().map(export),
        bindings: (
            connection.exporter().map(|exporter| exporter.channel_binding()),
            connection.tls_server_end_point(),
        ),
        store_key: connection.store_key().copied(),
        overhead: connection.record_overhead(),
    }
}

/// Gives bytes to a connection, whose buffer is empty.
fn feed(buf: &mut RecvBuf, bytes: &[u8]) {
    buf.spare()[..bytes.len()].copy_from_slice(bytes);
    buf.received(bytes.len()).expect("something");
}

/// What one says, the other hears.
#[track_caller]
fn says(from: &mut Peer, to: &mut Peer, what: &[u8]) {
    let mut wire = Vec::new();
    from.tls.send(what, &mut wire).expect("it sends");
    hears(to, &wire, what);
}

#[track_caller]
fn hears(to: &mut Peer, wire: &[u8], what: &[u8]) {
    feed(&mut to.buf, wire);
    let (mut heard, mut out) = (Vec::new(), Vec::new());
    while let Received::Data(data) = to.tls.receive(&mut to.buf, &mut out).expect("it opens") {
        heard.extend_from_slice(&data);
    }
    assert_eq!((&*heard, &*out), (what, &[][..]));
}

fn with_suite(suite: CipherSuite) -> World {
    World::resuming().with_client(|config| config.with_suites(&[suite]).expect("a suite"))
}

/// Two connections, and what a client can send to the server besides.
fn forged() -> (Peer, Peer, Sealing) {
    let mut world = World::resuming();
    let log = world.keep_key_log();
    let ended = world.run(usize::MAX);
    let random = |stream: &[u8]| *stream[11..].first_chunk::<32>().expect("a hello");
    let randoms = Randoms { client: random(&ended.wires.up.log), server: random(&ended.wires.down.log) };
    let (client, server) = ended.established();
    let keys = Keys::new(&log.master().expect("a key log"), server.tls.info().suite, randoms);
    let mut sealing = keys.sealing(Side::Client);
    // Number 0 was Finished.
    sealing.sequence = 1;
    (client, server, sealing)
}

#[test]
fn a_connection_comes_back_as_it_was_and_data_flows_both_ways() {
    for (name, world) in worlds() {
        println!("{name}");
        let (mut client, mut server) = world.run(usize::MAX).established();
        let before = [facts(&client.tls), facts(&server.tls)];
        says(&mut client, &mut server, b"before");
        (client.tls, server.tls) = (parked(client.tls), parked(server.tls));
        assert_eq!([facts(&client.tls), facts(&server.tls)], before, "{name}");
        says(&mut client, &mut server, b"after");
        says(&mut server, &mut client, b"and back");
    }
}

#[test]
fn where_its_session_is_comes_back_in_whichever_partition_that_is() {
    for partition in [Partition::default(), Partition::named(b"a partition")] {
        let policy = policy().with_partition(partition);
        let world = World::resuming_by(ResumedBy::SessionId)
            .with_server(|config| config.with_resumption(policy.clone()));
        let (_, server) = world.run(usize::MAX).established();
        let key = *server.tls.store_key().expect("it is kept");
        assert_eq!(key.partition, partition.tag());
        assert_eq!(parked(server.tls).store_key(), Some(&key));
    }
}

#[test]
fn the_data_that_an_application_bound_comes_back() {
    let mut world = World::resuming();
    world.application_data = vec![7; 4096];
    let (_, server) = world.run(usize::MAX).established();
    let before = facts(&server.tls);
    assert_eq!(before.session.as_ref().map(|session| session.application_data.len()), Some(4096));
    assert_eq!(facts(&parked(server.tls)), before);
}

#[test]
fn one_side_may_be_parked_again_and_again_with_every_algorithm() {
    for suite in [
        CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256,
        CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384,
        CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
    ] {
        let (mut client, mut server) = with_suite(suite).run(usize::MAX).established();
        assert_eq!(server.tls.info().suite, suite);
        for round in 0..300_u16 {
            server.tls = parked(server.tls);
            says(&mut client, &mut server, &round.to_be_bytes());
            if round % 3 == 0 {
                says(&mut server, &mut client, &vec![7; 1 + usize::from(round)]);
            }
        }
    }
}

#[test]
fn the_next_record_has_the_next_number() {
    let (mut client, mut server) = World::resuming().run(usize::MAX).established();
    // RFC 5288, 3: "The nonce_explicit MAY be the 64-bit sequence number", and here it is. Finished was number 0.
    let number = |wire: &[u8]| u64::from_be_bytes(*wire[5..].first_chunk().expect("a record"));
    for expected in 1..70_000 {
        let mut wire = Vec::new();
        client.tls.send(b"x", &mut wire).expect("it sends");
        assert_eq!(number(&wire), expected);
        hears(&mut server, &wire, b"x");
        if [1, 2, 3, 4, 254, 255, 256, 65_535, 65_536].contains(&expected) {
            (client.tls, server.tls) = (parked(client.tls), parked(server.tls));
        }
    }
}

#[test]
fn a_record_from_before_is_refused_after() {
    let (mut client, mut server) = World::resuming().run(usize::MAX).established();
    let mut wire = Vec::new();
    client.tls.send(b"once", &mut wire).expect("it sends");
    hears(&mut server, &wire, b"once");
    server.tls = parked(server.tls);
    feed(&mut server.buf, &wire);
    let mut out = Vec::new();
    assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsFlush)));
    assert_eq!(server.tls.receive(&mut server.buf, &mut out).err(), Some(Error::Record(RecordError::BadMac)));
}

#[test]
fn records_are_no_longer_than_was_agreed() {
    let world = World::new()
        .with_client(|config| config.with_record_size_limit(700).expect("a limit"))
        .with_server(|config| config.with_record_size_limit(900).expect("a limit"));
    let (client, server) = world.run(usize::MAX).established();
    for mut connection in [client.tls, server.tls] {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        connection.send(&[7; 5000], &mut before).expect("it sends");
        assert!(before.len() > 5000 + 5 * connection.record_overhead(), "in several records");
        parked(connection).send(&[7; 5000], &mut after).expect("it sends");
        assert_eq!(before.len(), after.len());
    }
}

#[test]
fn a_failure_stays_and_its_alert_is_not_sent_twice() {
    let (mut client, mut server) = World::resuming().run(usize::MAX).established();
    let mut wire = Vec::new();
    client.tls.send(b"data", &mut wire).expect("it sends");
    *wire.last_mut().expect("a tag") ^= 1;
    feed(&mut server.buf, &wire);
    let mut alert = Vec::new();
    assert!(matches!(server.tls.receive(&mut server.buf, &mut alert), Ok(Received::NeedsFlush)));
    for _ in 0..3 {
        server.tls = parked(server.tls);
        let mut out = Vec::new();
        let error = Some(Error::Record(RecordError::BadMac));
        assert_eq!(server.tls.receive(&mut server.buf, &mut out).err(), error);
        assert_eq!(server.tls.send(b"more", &mut out).err(), error);
        assert!(out.is_empty());
    }
    // The alert itself came from the key of the connection.
    feed(&mut client.buf, &alert);
    client.tls = parked(client.tls);
    let told = client.tls.receive(&mut client.buf, &mut Vec::new()).err();
    assert_eq!(told, Some(Error::Received(Alert::BAD_RECORD_MAC)));
    assert_eq!(parked(client.tls).send(b"more", &mut Vec::new()).err(), told);
}

#[test]
fn a_connection_that_the_peer_closed_stays_closed_and_can_send() {
    let (mut client, server) = World::resuming().run(usize::MAX).established();
    let mut wire = Vec::new();
    let mut reader = server.tls.close(&mut wire);
    feed(&mut client.buf, &wire);
    let mut out = Vec::new();
    assert!(matches!(client.tls.receive(&mut client.buf, &mut out), Ok(Received::Closed)));
    client.tls = parked(client.tls);
    assert!(matches!(client.tls.receive(&mut client.buf, &mut out), Ok(Received::Closed)));
    client.tls.send(b"last words", &mut out).expect("it sends");
    let mut buf = server.buf;
    feed(&mut buf, &out);
    let heard = reader.receive(&mut buf).expect("it opens");
    assert!(matches!(heard, tls12::HalfReceived::Data(data) if *data == *b"last words"));
}

#[test]
fn half_a_message_is_not_forgotten() {
    for between in [|connection| connection, parked] {
        let (_, mut server, mut client) = forged();
        let mut out = Vec::new();
        // The header of a ClientHello of 256 bytes and the first two of them.
        feed(&mut server.buf, &client.seal(ContentType::HANDSHAKE, &[1, 0, 1, 0, 3, 3]));
        assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsFlush)));
        assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsInput)));
        server.tls = between(server.tls);
        feed(&mut server.buf, &client.seal(ContentType::HANDSHAKE, &[0; 254]));
        hears(&mut server, &client.seal(ContentType::APPLICATION_DATA, b"data"), b"data");
        feed(&mut server.buf, &client.seal(ContentType::HANDSHAKE, &[1, 0]));
        assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsInput)));
        server.tls = between(server.tls);
        feed(&mut server.buf, &client.seal(ContentType::APPLICATION_DATA, b"data"));
        assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsFlush)));
        let error = server.tls.receive(&mut server.buf, &mut out).expect_err("an error");
        let got = "application data within a handshake message";
        assert_eq!(error, Error::Unexpected { expected: &["application data"], got });
    }
}

#[test]
fn patience_is_not_renewed() {
    for between in [|connection| connection, parked] {
        let (_, mut server, mut client) = forged();
        let mut out = Vec::new();
        for _ in 0..4 {
            feed(&mut server.buf, &client.seal(ContentType::ALERT, &[1, 90]));
            assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsInput)));
            server.tls = between(server.tls);
        }
        feed(&mut server.buf, &client.seal(ContentType::ALERT, &[1, 90]));
        assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsFlush)));
        let error = server.tls.receive(&mut server.buf, &mut out).err();
        assert_eq!(error, Some(Error::Record(RecordError::Excessive(Excess::Warnings))));
    }
}

#[test]
fn an_answer_that_is_owed_is_still_owed() {
    let (_, mut server, mut client) = forged();
    feed(&mut server.buf, &client.seal(ContentType::HANDSHAKE, &[1, 0, 0, 0, 1, 0, 0, 0]));
    for _ in 0..2 {
        let mut out = Vec::new();
        assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsFlush)));
        assert_eq!(out.len(), 2 + server.tls.record_overhead());
        server.tls = parked(server.tls);
    }
    assert!(matches!(server.tls.receive(&mut server.buf, &mut Vec::new()), Ok(Received::NeedsInput)));
}
