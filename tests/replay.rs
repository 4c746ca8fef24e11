//! A handshake is a function of its inputs: configuration, seed, clock, bytes and answers.

mod common;

use common::{
    pair::World,
    recording::{Recording, hellos},
    steps::{Need, Steps},
    worlds::worlds,
};
use tls12::{
    schedule::Side,
    wire::{HandshakeType, Message},
};

/// All that both sides send, application data included.
fn everything(world: &World) -> (Vec<u8>, Vec<u8>) {
    let ended = world.run(usize::MAX);
    let (mut up, mut down) = (ended.wires.up.log.clone(), ended.wires.down.log.clone());
    let (mut client, mut server) = ended.established();
    client.tls.send(b"a question", &mut up).expect("it can be sent");
    server.tls.send(&[7; 40_000], &mut down).expect("it can be sent");
    client.tls.close(&mut up);
    server.tls.close(&mut down);
    (up, down)
}

/// What one side sends when it receives this.
fn replay(side: Side, world: &World, received: &[u8]) -> Vec<u8> {
    let (mut steps, mut sent, mut rest) = (Steps::start(side, world), Vec::new(), received);
    loop {
        steps = match steps.need() {
            Need::Flush { bytes, .. } => {
                sent.extend_from_slice(&bytes);
                steps.all_sent()
            }
            Need::Input => {
                let (some, more) = rest.split_at(rest.len().min(100));
                rest = more;
                steps.received(some, world.now)
            }
            Need::Answer => steps.answered(world),
            Need::Done => return sent,
            Need::Failed(error) => panic!("{error}"),
        };
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    for ((name, first), (_, second)) in worlds().into_iter().zip(worlds()) {
        let (first, second) = (everything(&first), everything(&second));
        assert!(first == second, "{name}");
    }
}

/// For whoever looks for the cause of a failure: one side's input is all it takes.
#[test]
fn one_side_alone_says_the_same_again() {
    for (name, world) in worlds() {
        let ended = world.run(usize::MAX);
        let (up, down) = (&ended.wires.up.log, &ended.wires.down.log);
        assert!(replay(Side::Client, &world, down) == *up, "{name}");
        assert!(replay(Side::Server, &world, up) == *down, "{name}");
    }
}

/// The random and the key share of each side.
fn drawn(world: &World) -> [Vec<u8>; 4] {
    let said = Recording::of(world);
    let (_, randoms) = hellos(&[said.client.clone(), said.server.clone()].concat()).expect("two hellos");
    let share = |msg_type| {
        let message = said.find(msg_type).expect("a share");
        match Message::decode(&message) {
            Ok(Some(Message::ServerKeyExchange(exchange))) => exchange.params.public.to_vec(),
            Ok(Some(Message::ClientKeyExchange(exchange))) => exchange.public.to_vec(),
            other => panic!("{other:?}"),
        }
    };
    let (ours, theirs) = (HandshakeType::CLIENT_KEY_EXCHANGE, HandshakeType::SERVER_KEY_EXCHANGE);
    [randoms.client.to_vec(), share(ours), randoms.server.to_vec(), share(theirs)]
}

#[test]
fn another_seed_gives_other_randoms_and_other_shares_of_that_side_alone() {
    let world = |client, server| World { seeds: ([client; 32], [server; 32]), ..World::new() };
    let [random, share, server_random, server_share] = drawn(&world(1, 2));
    let [other_random, other_share, same_random, same_share] = drawn(&world(3, 2));
    assert_ne!(random, other_random);
    assert_ne!(share, other_share);
    assert_eq!((&server_random, &server_share), (&same_random, &same_share));
    let [same_random, same_share, other_random, other_share] = drawn(&world(1, 4));
    assert_ne!(server_random, other_random);
    assert_ne!(server_share, other_share);
    assert_eq!((random, share), (same_random, same_share));
}

/// Both sides may be given the same seed by mistake; their randoms differ all the same, and do not show it.
#[test]
fn randoms_differ_by_side_and_do_not_show_the_seed() {
    let [client, _, server, _] = drawn(&World { seeds: ([1; 32], [1; 32]), ..World::new() });
    assert_ne!(client, server);
    assert!(client != [1; 32] && server != [1; 32]);
}

#[test]
fn another_seed_gives_other_bytes_from_the_first_to_the_last_record() {
    let one = everything(&World::new());
    let other = everything(&World { seeds: ([5; 32], [6; 32]), ..World::new() });
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
    let tail = |bytes: &[u8]| bytes[bytes.len() - 16..].to_vec();
    assert_ne!(tail(&one.0), tail(&other.0), "other keys protect the last record");
    assert_ne!(tail(&one.1), tail(&other.1));
}
