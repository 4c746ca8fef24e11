//! Application data of every length, into memory of every length.

use tls12::{
    connection::Sent,
    wire::{ContentType, HEADER_LEN, MAX_PLAINTEXT, MaxFragmentLength},
};

use super::{CUTS, deliver};
use crate::common::{
    forge::take_records,
    pair::{Peer, World},
};

const LENGTHS: [usize; 14] = [
    0,
    1,
    2,
    15,
    16,
    17,
    255,
    256,
    MAX_PLAINTEXT - 1,
    MAX_PLAINTEXT,
    MAX_PLAINTEXT + 1,
    2 * MAX_PLAINTEXT,
    2 * MAX_PLAINTEXT + 1,
    50_000,
];

/// Bytes that tell where they are.
fn plaintext(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n % 251) as u8).collect()
}

fn peers() -> (Peer, Peer) {
    World::new().run(usize::MAX).established()
}

fn send(from: &mut Peer, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    from.tls.send(data, &mut out).expect("it can be sent");
    out
}

fn lengths(records: &[Vec<u8>]) -> Vec<usize> {
    records.iter().map(Vec::len).collect()
}

/// How `len` bytes fall into records of at most `limit`.
fn split(len: usize, limit: usize) -> Vec<usize> {
    let whole = std::iter::repeat_n(limit, len / limit);
    whole.chain(Some(len % limit).filter(|rest| *rest > 0)).collect()
}

#[test]
fn data_of_every_length_arrives_both_ways_however_it_is_cut() {
    let (mut client, mut server) = peers();
    for len in LENGTHS {
        let data = plaintext(len);
        for cut in CUTS {
            let bytes = send(&mut client, &data);
            let delivered = deliver(&mut server, &bytes, cut).expect("it arrives");
            assert_eq!(lengths(&delivered), split(len, MAX_PLAINTEXT), "{len} bytes, cut to {cut}");
            assert!(delivered.concat() == data);
            let bytes = send(&mut server, &data);
            let delivered = deliver(&mut client, &bytes, cut).expect("it arrives");
            assert!(delivered.concat() == data, "{len} bytes, cut to {cut}");
        }
    }
}

#[test]
fn records_of_application_data_are_as_long_as_was_agreed_on() {
    let limit = |world: World| world.run(usize::MAX).established();
    let rsl = limit(
        World::new()
            .with_client(|config| config.with_record_size_limit(700).expect("a limit"))
            .with_server(|config| config.with_record_size_limit(900).expect("a limit")),
    );
    let one_sided =
        limit(World::new().with_client(|config| config.with_record_size_limit(64).expect("a limit")));
    let mfl = limit(
        World::new().with_client(|config| config.with_max_fragment_length(MaxFragmentLength::MAX_1024)),
    );
    let own = limit(World::new().with_client(|config| config.with_max_send_fragment(10).expect("a limit")));
    // Each is how long the client's records are, and the server's.
    let cases =
        [(rsl, 900, 700), (one_sided, MAX_PLAINTEXT, 64), (mfl, 1024, 1024), (own, 10, MAX_PLAINTEXT)];
    for ((mut client, mut server), up, down) in cases {
        for len in [up - 1, up, up + 1, 3 * up] {
            let delivered = deliver(&mut server, &send(&mut client, &plaintext(len)), 1000).expect("data");
            assert_eq!(lengths(&delivered), split(len, up));
        }
        for len in [down - 1, down, down + 1, 3 * down] {
            let delivered = deliver(&mut client, &send(&mut server, &plaintext(len)), 1000).expect("data");
            assert_eq!(lengths(&delivered), split(len, down));
        }
    }
}

#[test]
fn a_record_is_longer_than_its_plaintext_by_what_is_said() {
    let (mut client, _) = peers();
    for len in [1, 100, MAX_PLAINTEXT] {
        let mut bytes = send(&mut client, &plaintext(len));
        assert_eq!(bytes.len(), len + client.tls.record_overhead());
        let records = take_records(&mut bytes);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].0, ContentType::APPLICATION_DATA);
        assert_eq!(records[0].1.len() + HEADER_LEN, len + client.tls.record_overhead());
    }
}

/// As many whole records as fit, and one more that is as long as the rest of the memory allows.
fn expected(room: usize, overhead: usize, plaintext: usize) -> Sent {
    let (mut read, mut written) = (0, 0);
    while read < plaintext && room - written > overhead {
        let fragment = (plaintext - read).min(MAX_PLAINTEXT).min(room - written - overhead);
        read += fragment;
        written += fragment + overhead;
    }
    Sent { read, written }
}

#[test]
fn what_is_sent_into_memory_of_any_length_fits_and_arrives() {
    let (mut client, mut server) = peers();
    let overhead = client.tls.record_overhead();
    let record = MAX_PLAINTEXT + overhead;
    let rooms = (0..=2 * overhead + 2)
        .chain(record - 2..=record + overhead + 2)
        .chain(2 * record - 2..=2 * record + 2)
        .chain([4 * record]);
    for room in rooms {
        for len in [0, 1, overhead, 40_000] {
            let data = plaintext(len);
            let mut out = vec![0xee; room];
            let sent = client.tls.send_into(&data, &mut out).expect("it can be sent");
            assert_eq!(sent, expected(room, overhead, len), "{len} bytes into {room}");
            assert!(out[sent.written..].iter().all(|byte| *byte == 0xee), "only what is said is written");
            let delivered = deliver(&mut server, &out[..sent.written], usize::MAX).expect("it arrives");
            assert!(delivered.concat() == data[..sent.read]);
        }
    }
    // Both ways of sending count the same records.
    let delivered = deliver(&mut server, &send(&mut client, b"the same"), 1).expect("it arrives");
    assert_eq!(delivered.concat(), b"the same");
}

#[test]
fn what_is_put_back_is_delivered_again() {
    use tls12::Received::{Data, NeedsInput};
    let (mut client, mut server) = peers();
    let bytes = [send(&mut client, b"abcdef"), send(&mut client, b"ghi")].concat();
    server.buf.spare()[..bytes.len()].copy_from_slice(&bytes);
    server.buf.received(bytes.len()).expect("some bytes");
    // How much is put back, and what is delivered next.
    let turns: [(usize, &[u8]); 6] =
        [(3, b"abcdef"), (99, b"def"), (1, b"def"), (0, b"f"), (2, b"ghi"), (0, b"hi")];
    for (put_back, delivered) in turns {
        match server.tls.receive(&mut server.buf, &mut Vec::new()) {
            Ok(Data(data)) => {
                assert_eq!(&*data, delivered);
                data.put_back(put_back);
            }
            other => panic!("{other:?} in the place of {delivered:?}"),
        }
        assert_eq!(server.buf.pending().len(), put_back.min(delivered.len()));
    }
    assert!(matches!(server.tls.receive(&mut server.buf, &mut Vec::new()), Ok(NeedsInput)));
    assert!(server.buf.is_empty());
}

#[test]
fn what_is_put_back_stays_while_more_arrives() {
    use tls12::Received::Data;
    let (mut client, mut server) = peers();
    for cut in CUTS {
        let bytes = send(&mut client, b"first");
        server.buf.spare()[..bytes.len()].copy_from_slice(&bytes);
        server.buf.received(bytes.len()).expect("some bytes");
        match server.tls.receive(&mut server.buf, &mut Vec::new()) {
            Ok(Data(data)) => data.put_back(4),
            other => panic!("{other:?}"),
        }
        let second = send(&mut client, b"second");
        let whole = second.len();
        for piece in second.chunks(cut.min(whole)) {
            assert_eq!(server.buf.pending(), b"irst");
            server.buf.spare()[..piece.len()].copy_from_slice(piece);
            server.buf.received(piece.len()).expect("some bytes");
        }
        server.buf.consume(1);
        assert_eq!(server.buf.pending(), b"rst");
        let delivered = deliver(&mut server, &[], cut).expect("both are there");
        assert_eq!(delivered, [&b"rst"[..], b"second"]);
    }
}

#[test]
fn the_buffer_stays_where_it_is() {
    let (mut client, mut server) = peers();
    let end = |peer: &mut Peer| peer.buf.spare().as_ptr_range().end.addr();
    let before = end(&mut server);
    for len in LENGTHS {
        let bytes = send(&mut client, &plaintext(len));
        deliver(&mut server, &bytes, 1000).expect("it arrives");
        assert_eq!(end(&mut server), before);
    }
}
