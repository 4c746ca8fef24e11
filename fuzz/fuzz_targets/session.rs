//! Bytes as a session of a server, as one of a client, and as an entry of a store.
//!
//! Oracle: a session that decodes is encoded as the same bytes (a client's of format 1 in format 2), and survives sealing for a store; bytes that nobody
//! sealed never open, under no key of any store; an entry opens where it was put, and under no other key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls12::session::{ClientSession, MAX_SEALED, NotResumed, Session};
use tls12_fuzz::{
    common::certs::{NOW, at},
    seals::Purpose,
};

const SALT: [u8; 32] = [0xa7; 32];
/// Where the names of hosts are in the two encodings, behind one byte with their length.
const NAME_OF_SERVER_SESSION: usize = 158;
const NAME_OF_CLIENT_SESSION: usize = 118;

/// The same bytes with the name in lower case, as it is kept.
fn lowered(bytes: &[u8], name: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let len = usize::from(bytes[name]);
    bytes[name + 1..][..len].make_ascii_lowercase();
    bytes
}

fn of_server(bytes: &[u8], place: u8) {
    let session = match Session::decode(bytes) {
        Ok(session) => session,
        Err(reason) => return assert_eq!(reason, NotResumed::UnknownFormat),
    };
    let encoded = session.encode();
    assert_eq!(encoded.expose(), lowered(bytes, NAME_OF_SERVER_SESSION), "it is written as other bytes");
    let again = Session::decode(encoded.expose()).expect("what was written is read");
    assert_eq!(again.encode().expose(), encoded.expose());
    if encoded.expose().len() + 64 > MAX_SEALED {
        return;
    }
    let put = Purpose::Store(place % 3 + 1);
    let sealed = put.seal(&session, &SALT);
    for purpose in (0..4).map(Purpose::of) {
        let opened = purpose.open(&sealed, NOW);
        assert_eq!(opened.is_some(), purpose == put, "sealed for {put:?}, opened for {purpose:?}");
        if let Some(opened) = opened {
            assert_eq!(opened.session.encode().expose(), encoded.expose());
        }
    }
}

fn of_client(bytes: &[u8]) {
    let Ok(session) = ClientSession::from_bytes(bytes) else { return };
    let encoded = session.to_bytes();
    let mut expected = lowered(bytes, NAME_OF_CLIENT_SESSION);
    if expected[0] == 1 {
        // It is written in format 2, which ends with what format 1 does not know.
        expected[0] = 2;
        expected.extend([0; 6]);
    }
    assert_eq!(encoded.expose(), expected, "it is written as other bytes");
    let again = ClientSession::from_bytes(encoded.expose()).expect("what was written is read");
    assert_eq!(again.to_bytes().expose(), encoded.expose());
    assert_eq!(again.is_usable(at(NOW)), session.check_age(at(NOW)).is_ok());
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    match choice % 3 {
        0 => of_server(bytes, choice / 3),
        1 => of_client(bytes),
        _ => {
            for purpose in (0..4).map(Purpose::of) {
                assert!(purpose.open(bytes, NOW).is_none(), "what nobody sealed opened for {purpose:?}");
            }
        }
    }
});
