//! What a handshake and a connection take from the heap, also where the peer does its worst: docs/memory.md.
//!
//! Each side runs alone, against a stream that was made before, so that what is counted is its own.

mod common;
#[path = "memory/heap.rs"]
mod heap;
#[cfg(all(feature = "tokio", feature = "blocking", feature = "webpki"))]
#[path = "memory/idle.rs"]
mod idle;
#[path = "memory/parked.rs"]
mod parked;
#[path = "memory/store.rs"]
mod store;

use common::{
    certs::Key,
    forge::{Keys, record, take_messages, take_records},
    pair::World,
    raw::{Hello, certificate, framed, prefixed},
    resuming::BOTH,
    steps::Steps,
};
use heap::{HEAP, Heap};
use tls12::{
    ClientAuth, ClientHandshake, Received, ServerHandshake,
    schedule::{Randoms, Side},
    wire::{CipherSuite, ClientHello, ContentType, MAX_PLAINTEXT, MAX_RECORD},
};

const KIB: usize = 1024;
/// RFC 5246, 7.4: a message has a header of four bytes.
const HEADER: usize = 4;
/// The longest message that is read, beside ClientHello; the default of `with_max_certificate`.
const MESSAGE: usize = 64 * KIB + HEADER;

/// The receive buffer: a record of the largest size (RFC 5246, 6.2.3).
const BUFFER: usize = MAX_RECORD;
/// Keys, states, key exchange, path validation, and both flights with the chains of the tests.
const STATES: usize = 10 * KIB;
/// A handshake in which nobody does anything unusual.
const USUAL: usize = BUFFER + STATES;
/// What an established connection keeps: its buffer, two keys, and what `ConnectionInfo` says.
const IDLE: usize = BUFFER + 4 * KIB;
/// While a message is gathered, a vector that doubles has, as it moves, its old and its new memory: three times what has
/// come; what has come may end with one more record.
const fn gathering(message: usize) -> usize {
    USUAL + 3 * (message + MAX_PLAINTEXT)
}
/// The message is gathered, cut off, and kept in the transcript and as the hello that the configuration is chosen by.
const HELLO: usize = gathering(HEADER + ClientHello::MAX_LEN) + 3 * (HEADER + ClientHello::MAX_LEN);
/// Entries of a list have a vector each, in a vector that doubles. The shortest certificate takes four bytes of a
/// message, the shortest name three: 3 * 24 / 3 bytes of vectors at most for each byte, and the byte itself.
const LIST: usize = gathering(MESSAGE) + 26 * MESSAGE;
/// The longest flight: the chain of the tests, and what goes with it.
const FLIGHT: usize = 4 * KIB;

/// Goes on until bytes are needed, or the end. No flight is longer than [`FLIGHT`].
fn settle(mut steps: Steps, world: &World) -> Steps {
    loop {
        steps = match steps {
            Steps::Client(ClientHandshake::NeedsFlush(ask)) => {
                assert!(ask.bytes().len() <= FLIGHT, "{ask:?}");
                Steps::Client(ask.all_sent())
            }
            Steps::Server(ServerHandshake::NeedsFlush(ask)) => {
                assert!(ask.bytes().len() <= FLIGHT, "{ask:?}");
                Steps::Server(ask.all_sent())
            }
            Steps::Client(
                ClientHandshake::NeedsInput(_) | ClientHandshake::Done(_) | ClientHandshake::Failed(_),
            )
            | Steps::Server(
                ServerHandshake::NeedsInput(_) | ServerHandshake::Done(_) | ServerHandshake::Failed(_),
            ) => return steps,
            ask => ask.answered(world),
        };
    }
}

/// Receives as much as there is room for, and at most `cut` bytes; macro, for both sides have steps of their own.
macro_rules! received {
    ($ask:ident, $stream:ident, $cut:ident, $world:ident) => {{
        let n = $ask.spare().len().min($cut).min($stream.len());
        let (now, later) = $stream.split_at(n);
        $ask.spare()[..n].copy_from_slice(now);
        $stream = later;
        $ask.received(n, $world.now)
    }};
}

/// One side, which got `stream`, at most `cut` bytes at a time, up to its end or its own.
fn fed(side: Side, world: &World, mut stream: &[u8], cut: usize) -> Steps {
    let mut steps = settle(Steps::start(side, world), world);
    while !stream.is_empty() {
        steps = match steps {
            Steps::Client(ClientHandshake::NeedsInput(mut ask)) => {
                Steps::Client(received!(ask, stream, cut, world))
            }
            Steps::Server(ServerHandshake::NeedsInput(mut ask)) => {
                Steps::Server(received!(ask, stream, cut, world))
            }
            ended => return ended,
        };
        steps = settle(steps, world);
    }
    steps
}

/// What goes to a side in a handshake without trouble.
fn stream(side: Side, world: &World) -> Vec<u8> {
    let wires = world.run(usize::MAX).wires;
    if side == Side::Client { wires.down.log } else { wires.up.log }
}

/// Handshake messages in records of the largest size.
fn records(messages: &[u8]) -> Vec<u8> {
    messages.chunks(MAX_PLAINTEXT).flat_map(|body| record(ContentType::HANDSHAKE, body)).collect()
}

/// The messages in the clear that go to a side up to ChangeCipherSpec, headers included.
fn messages(side: Side, world: &World) -> Vec<Vec<u8>> {
    let all = take_records(&mut stream(side, world)).into_iter();
    let clear = all.take_while(|(content, _)| *content == ContentType::HANDSHAKE);
    take_messages(&mut clear.flat_map(|(_, body)| body).collect())
}

/// Those before the first message of this type.
fn before(msg_type: u8, messages: &[Vec<u8>]) -> Vec<u8> {
    messages.iter().take_while(|message| message[0] != msg_type).flatten().copied().collect()
}

/// The longest ClientHello that there is, with as many suites and extensions as fit.
fn longest_hello() -> Vec<u8> {
    let mut hello = Hello::new();
    hello.session_id = vec![7; 32];
    hello.compression = (0..=254).collect();
    hello.suites.extend((0..32_766).map(|unknown| 0x0101_u16.wrapping_mul(unknown) | 0x2000));
    let mut unknown = 1000..;
    let room = |hello: &Hello| ClientHello::MAX_LEN - hello.body().len();
    let most = room(&hello) / 4 - 1;
    hello.extensions.extend(unknown.by_ref().take(most).map(|extension| (extension, vec![])));
    let filled = vec![0; room(&hello) - 4];
    hello.extensions.push((60_000, filled));
    assert_eq!(hello.body().len(), ClientHello::MAX_LEN);
    hello.message()
}

/// A Certificate message of the longest length that is read: `leaf`, and as many more as fit.
fn longest_chain(leaf: &[u8]) -> Vec<u8> {
    let more = (64 * KIB - 3 - 3 - leaf.len()) / 4;
    let chain = std::iter::once(leaf.to_vec()).chain(std::iter::repeat_n(vec![0x30], more));
    certificate(chain)
}

/// A world whose server asks for certificates, and whose client has one.
fn with_client_certificate() -> World {
    World::new().with_client_certificate(ClientAuth::Require, Key::EcdsaP256)
}

#[test]
fn a_full_handshake_takes_what_it_is_said_to_take_and_gives_it_back() {
    let heap = Heap::alone();
    for world in [World::new(), with_client_certificate(), World::resuming()] {
        for side in [Side::Client, Side::Server] {
            let stream = stream(side, &world);
            let run = || {
                let end = fed(side, &world, &stream, MAX_PLAINTEXT);
                assert!(matches!(
                    end,
                    Steps::Client(ClientHandshake::Done(_)) | Steps::Server(ServerHandshake::Done(_))
                ));
                end
            };
            heap.taken(run).within(USUAL, IDLE);
        }
    }
}

#[test]
fn a_resumed_handshake_takes_what_it_is_said_to_take_and_gives_it_back() {
    let heap = Heap::alone();
    for by in BOTH {
        let world = World::after_a_visit(by);
        for side in [Side::Client, Side::Server] {
            let stream = stream(side, &world);
            heap.taken(|| fed(side, &world, &stream, MAX_PLAINTEXT).connection()).within(USUAL, IDLE);
        }
    }
}

#[test]
fn the_longest_hello_byte_by_byte_takes_no_more_than_a_few_times_its_length() {
    let heap = Heap::alone();
    let world = World::new();
    let stream = records(&longest_hello());
    let (last, all_but_last) = stream.split_last().expect("it is not empty");
    heap.taken(|| fed(Side::Server, &world, all_but_last, 1))
        .within(gathering(HEADER + ClientHello::MAX_LEN), gathering(HEADER + ClientHello::MAX_LEN));
    let whole = [all_but_last, &[*last]].concat();
    let run = || {
        let end = fed(Side::Server, &world, &whole, MAX_PLAINTEXT);
        assert!(matches!(end, Steps::Server(ServerHandshake::NeedsInput(_))), "the server answers it");
        end
    };
    heap.taken(run).within(HELLO, HELLO);
}

#[test]
fn what_is_announced_and_does_not_come_takes_nothing() {
    let heap = Heap::alone();
    let world = World::new();
    let hello = stream(Side::Server, &world);
    let client_hello = take_records(&mut hello.clone()).remove(0).1;
    for (start, announced) in [
        (vec![], [1, 2, 1, 0x44]),
        (client_hello, [16, 1, 0, 0]),
        (before(11, &messages(Side::Client, &world)), [11, 1, 0, 0]),
    ] {
        let side = if announced[0] == 11 { Side::Client } else { Side::Server };
        let stream = [records(&start), records(&announced)].concat();
        let run = || {
            let end = fed(side, &world, &stream, MAX_PLAINTEXT);
            assert!(
                matches!(
                    end,
                    Steps::Client(ClientHandshake::NeedsInput(_))
                        | Steps::Server(ServerHandshake::NeedsInput(_))
                ),
                "its length is legal"
            );
            end
        };
        heap.taken(run).within(USUAL, USUAL);
    }
}

#[test]
fn a_length_beyond_the_limit_takes_nothing_even_if_the_bytes_come() {
    let heap = Heap::alone();
    let world = World::new();
    let hello = take_records(&mut stream(Side::Server, &world)).remove(0).1;
    for (start, msg_type, length) in
        [(vec![], 1, ClientHello::MAX_LEN + 1), (hello.clone(), 16, 64 * KIB + 1), (hello, 16, 0xff_ffff)]
    {
        let stream = [records(&start), records(&framed(msg_type, &vec![0; length]))].concat();
        // Up to one record is taken before the header in it is looked at.
        heap.taken(|| fed(Side::Server, &world, &stream, 1000))
            .within(USUAL + 3 * MAX_PLAINTEXT, USUAL + MAX_PLAINTEXT);
    }
}

#[test]
fn the_longest_message_trickled_takes_no_more_than_a_few_times_its_length() {
    let heap = Heap::alone();
    let world = World::new();
    let hello = take_records(&mut stream(Side::Server, &world)).remove(0).1;
    let longest = framed(16, &vec![0; 64 * KIB]);
    // A record for every byte: 64 Ki records.
    let trickled = longest.chunks(1).flat_map(|byte| record(ContentType::HANDSHAKE, byte));
    let stream: Vec<u8> = records(&hello).into_iter().chain(trickled).collect();
    heap.taken(|| fed(Side::Server, &world, &stream, 6))
        .within(gathering(MESSAGE) + MESSAGE, gathering(MESSAGE));
}

#[test]
fn records_without_data_and_warnings_take_nothing() {
    let heap = Heap::alone();
    let world = World::new();
    for side in [Side::Client, Side::Server] {
        let start = stream(side, &world);
        let first = records(&take_records(&mut start.clone()).remove(0).1);
        for idle in [record(ContentType::HANDSHAKE, &[]), record(ContentType::ALERT, &[1, 110])] {
            let stream = [&first[..], &idle.repeat(5000)].concat();
            heap.taken(|| fed(side, &world, &stream, MAX_PLAINTEXT)).within(USUAL, USUAL);
        }
    }
}

#[test]
fn the_longest_chain_takes_no_more_than_the_limit_allows() {
    let heap = Heap::alone();
    let asked = with_client_certificate();
    let hello = take_records(&mut stream(Side::Server, &asked)).remove(0).1;
    let leaf = asked.client_credential.as_ref().expect("it has one").0.chain()[0].to_vec();
    let to_server = [records(&hello), records(&longest_chain(&leaf))].concat();
    let run = || {
        let end = fed(Side::Server, &asked, &to_server, MAX_PLAINTEXT);
        assert!(matches!(end, Steps::Server(ServerHandshake::NeedsInput(_))), "the chain is believed");
        end
    };
    heap.taken(run).within(LIST, LIST);

    let world = World::new();
    let messages = messages(Side::Client, &world);
    let leaf = common::raw::identity().chain[0].to_vec();
    let to_client = records(&[before(11, &messages), longest_chain(&leaf)].concat());
    let run = || {
        let end = fed(Side::Client, &world, &to_client, MAX_PLAINTEXT);
        assert!(matches!(end, Steps::Client(ClientHandshake::NeedsInput(_))), "the chain is believed");
        end
    };
    heap.taken(run).within(LIST, LIST);
}

#[test]
fn the_longest_list_of_authorities_takes_no_more_than_the_limit_allows() {
    let heap = Heap::alone();
    let world = World::new();
    let messages = messages(Side::Client, &world);
    let names = [0, 1, 0x30].repeat((64 * KIB - 8) / 3);
    let request = framed(13, &[&[1, 64, 0, 2, 4, 3][..], &prefixed::<2>(&names)].concat());
    let done = framed(14, &[]);
    let stream = records(&[before(14, &messages), request, done].concat());
    let run = || {
        let end = fed(Side::Client, &world, &stream, MAX_PLAINTEXT);
        assert!(matches!(end, Steps::Client(ClientHandshake::NeedsInput(_))), "the client answers it");
        end
    };
    heap.taken(run).within(LIST, LIST);
}

#[test]
fn the_longest_ticket_takes_no_more_than_a_few_times_its_length_and_a_second_one_ends_it() {
    let heap = Heap::alone();
    let world = World::resuming();
    let messages = messages(Side::Client, &world);
    let ticket = framed(4, &[&[0, 0, 14, 16][..], &prefixed::<2>(&vec![7; 65_535])].concat());
    let first_flight = before(4, &messages);
    let run = |tickets: usize| {
        let mut stream = records(&first_flight);
        (0..tickets).for_each(|_| stream.extend(records(&ticket)));
        stream
    };
    let one = run(1);
    let bound = gathering(MESSAGE) + 2 * MESSAGE;
    heap.taken(|| fed(Side::Client, &world, &one, MAX_PLAINTEXT)).within(bound, bound);
    let many = run(50);
    let run = || {
        let end = fed(Side::Client, &world, &many, MAX_PLAINTEXT);
        assert!(matches!(end, Steps::Client(ClientHandshake::Failed(_))));
        end
    };
    heap.taken(run).within(bound, bound);
}

#[test]
fn an_established_connection_takes_nothing_more_whatever_comes() {
    let heap = Heap::alone();
    let mut world = World::new();
    let log = world.keep_key_log();
    let ended = world.run(usize::MAX);
    let random = |stream: &[u8]| *stream[11..].first_chunk::<32>().expect("a hello");
    let randoms = Randoms { client: random(&ended.wires.up.log), server: random(&ended.wires.down.log) };
    let suite: CipherSuite = ended.server.as_ref().expect("a connection").connection.info().suite;
    let mut sealing = Keys::new(&log.master().expect("a key log"), suite, randoms).sealing(Side::Client);
    // Number 0 was Finished.
    sealing.sequence = 1;
    let mut stream = sealing.seal(ContentType::HANDSHAKE, &[1, 0xff, 0xff, 0xff]);
    for _ in 0..100 {
        stream.extend(sealing.seal(ContentType::HANDSHAKE, &[0; MAX_PLAINTEXT]));
    }
    // The same handshake without the log, which grows.
    let (world, to_server) = (World::new(), ended.wires.up.log);
    let run = || {
        let mut peer = fed(Side::Server, &world, &to_server, MAX_PLAINTEXT).connection();
        let (held, mut out) = (HEAP.current_usage(), Vec::with_capacity(KIB));
        let mut rest = &stream[..];
        while !rest.is_empty() {
            let n = peer.buf.spare().len().min(rest.len());
            peer.buf.spare()[..n].copy_from_slice(&rest[..n]);
            peer.buf.received(n).expect("bytes");
            rest = &rest[n..];
            while !matches!(peer.tls.receive(&mut peer.buf, &mut out), Ok(Received::NeedsInput)) {}
        }
        assert!(HEAP.current_usage() <= held + 2 * KIB && out.len() <= KIB);
        peer
    };
    heap.taken(run).within(USUAL, IDLE);
}
