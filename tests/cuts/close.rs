//! The end of a connection.

use tls12::{
    Error, HalfReceived, Received, RecordError, Truncated,
    wire::{Alert, MAX_PLAINTEXT},
};

use super::deliver;
use crate::common::pair::{Peer, World};

fn peers() -> (Peer, Peer) {
    World::new().run(usize::MAX).established()
}

fn arrive(at: &mut Peer, bytes: &[u8]) {
    at.buf.spare()[..bytes.len()].copy_from_slice(bytes);
    at.buf.received(bytes.len()).expect("some bytes");
}

#[test]
fn a_close_comes_after_all_data_and_stays() {
    let (mut client, mut server) = peers();
    let mut bytes = Vec::new();
    client.tls.send(b"all of it", &mut bytes).expect("it can be sent");
    client.tls.close(&mut bytes);
    arrive(&mut server, &bytes);
    let mut out = Vec::new();
    match server.tls.receive(&mut server.buf, &mut out) {
        Ok(Received::Data(data)) => assert_eq!(&*data, b"all of it"),
        other => panic!("{other:?}"),
    }
    for _ in 0..3 {
        assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::Closed)));
    }
    assert!(out.is_empty(), "how to answer a close is up to the caller");
    assert!(server.buf.is_empty());
}

#[test]
fn each_direction_closes_on_its_own() {
    let (client, mut server) = peers();
    let (mut buf, mut bytes) = (client.buf, Vec::new());
    let mut reader = client.tls.close(&mut bytes);
    deliver(&mut server, &bytes, 1).expect("a close");
    let mut answer = Vec::new();
    server.tls.send(b"still here", &mut answer).expect("the other direction is open");
    server.tls.close(&mut answer);
    buf.spare()[..answer.len()].copy_from_slice(&answer);
    buf.received(answer.len()).expect("some bytes");
    match reader.receive(&mut buf) {
        Ok(HalfReceived::Data(data)) => assert_eq!(&*data, b"still here"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(reader.receive(&mut buf), Ok(HalfReceived::Closed)));
}

#[test]
fn an_end_without_a_close_is_a_truncation() {
    let (mut client, mut server) = peers();
    assert_eq!(server.buf.received(0), Err(Truncated));
    assert_eq!(Error::from(Truncated), Error::Truncated);
    assert_eq!(Error::Truncated.alert(), None, "nobody is there to be told");
    let mut bytes = Vec::new();
    client.tls.send(&[7; MAX_PLAINTEXT], &mut bytes).expect("it can be sent");
    // A part of a record is never delivered.
    arrive(&mut server, &bytes[..bytes.len() - 1]);
    assert!(matches!(server.tls.receive(&mut server.buf, &mut Vec::new()), Ok(Received::NeedsInput)));
}

#[test]
fn an_abort_tells_the_alert_of_the_callers_choice() {
    let (client, mut server) = peers();
    let mut bytes = Vec::new();
    client.tls.abort(Alert::USER_CANCELED, &mut bytes);
    let ended = deliver(&mut server, &bytes, 1);
    assert_eq!(ended, Err(Error::Received(Alert::USER_CANCELED)));
}

#[test]
fn after_a_failure_nothing_is_sent_and_the_error_stays() {
    let (mut client, mut server) = peers();
    let mut bytes = Vec::new();
    client.tls.send(b"data", &mut bytes).expect("it can be sent");
    *bytes.last_mut().expect("some bytes") ^= 1;
    arrive(&mut server, &bytes);
    let mut out = Vec::new();
    assert!(matches!(server.tls.receive(&mut server.buf, &mut out), Ok(Received::NeedsFlush)));
    assert_eq!(deliver(&mut client, &out, 1), Err(Error::Received(Alert::BAD_RECORD_MAC)));
    out.clear();
    let error = Error::Record(RecordError::BadMac);
    for _ in 0..2 {
        assert_eq!(server.tls.receive(&mut server.buf, &mut out).err(), Some(error.clone()));
        assert_eq!(server.tls.send(b"data", &mut out), Err(error.clone()));
        assert_eq!(server.tls.send_into(b"data", &mut [0; 100]), Err(error.clone()));
    }
    let mut reader = server.tls.close(&mut out);
    assert!(out.is_empty(), "the alert was the last record");
    assert_eq!(reader.receive(&mut server.buf).err(), Some(error));
}
