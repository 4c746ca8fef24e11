//! Somebody between our client and our server who changes what they say.

use std::sync::Arc;

use super::World;
use crate::common::ours::Ours;

/// Where the bytes of handshake messages are among the records of one direction, sealed ones included.
fn handshake_bytes(log: &[u8]) -> Vec<usize> {
    let (mut at, mut places) = (0, vec![]);
    while let Some(&[content, _, _, high, low]) = log[at..].first_chunk() {
        let body = at + 5..at + 5 + usize::from(u16::from_be_bytes([high, low]));
        if content == 22 {
            places.extend(body.clone());
        }
        at = body.end;
    }
    places
}

/// One direction, with one byte of it to be changed.
struct Way {
    passed: usize,
    change: Option<(usize, u8)>,
}

impl Way {
    fn pass(&mut self, mut bytes: Vec<u8>, to: &mut Ours) -> bool {
        if let Some((at, flip)) = self.change
            && let Some(byte) = at.checked_sub(self.passed).and_then(|at| bytes.get_mut(at))
        {
            *byte ^= flip;
        }
        self.passed += bytes.len();
        to.input(&bytes);
        !bytes.is_empty()
    }
}

/// Both sides with somebody in between; whether each of them completed its handshake.
fn connected(world: &Arc<World>, up: Option<(usize, u8)>, down: Option<(usize, u8)>) -> (bool, bool) {
    let (mut client, mut server) = (Ours::client(world), Ours::server(world));
    let [mut up, mut down] = [up, down].map(|change| Way { passed: 0, change });
    loop {
        let sent = up.pass(client.take_output(), &mut server);
        if !down.pass(server.take_output(), &mut client) && !sent {
            return (client.is_connected(), server.is_connected());
        }
    }
}

fn flip(at: usize) -> u8 {
    1 << (at % 8)
}

#[test]
fn a_handshake_with_any_byte_changed_on_the_way_up_is_not_completed_by_either_side() {
    let world = Arc::new(World::new());
    assert_eq!(connected(&world, None, None), (true, true));
    let places = handshake_bytes(&World::new().run(usize::MAX).wires.up.log);
    assert!(places.len() > 150);
    for at in places {
        assert_eq!(connected(&world, Some((at, flip(at))), None), (false, false), "byte {at}");
    }
}

#[test]
fn a_handshake_with_any_byte_changed_on_the_way_down_is_not_completed_by_the_client() {
    let world = Arc::new(World::new());
    let places = handshake_bytes(&World::new().run(usize::MAX).wires.down.log);
    // The last record is the server's Finished: when it is sent, the server has verified the client's.
    let (finished, flight) = (places.len() - 40, places.len());
    assert!(flight > 400);
    for (n, at) in places.into_iter().enumerate() {
        let server = n >= finished;
        assert_eq!(connected(&world, None, Some((at, flip(at)))), (false, server), "byte {at}");
    }
}

/// Without the extended master secret, the keys do not depend on all that was said, but Finished does.
#[test]
fn nor_is_one_without_the_extended_master_secret() {
    let mut world = World::new();
    let server = tls12::ServerConfig::clone(&world.server).dangerous_without_extended_master_secret();
    let client = tls12::ClientConfig::clone(&world.client).dangerous_without_extended_master_secret();
    (world.server, world.client) = (Arc::new(server), Arc::new(client));
    let world = Arc::new(world);
    let places = handshake_bytes(&world.run(usize::MAX).wires.up.log);
    for at in places {
        assert_eq!(connected(&world, Some((at, flip(at))), None), (false, false), "byte {at}");
    }
}
