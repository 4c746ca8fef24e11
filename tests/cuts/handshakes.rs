//! Handshakes.

use tls12::{
    schedule::Side,
    wire::{ContentType, MaxFragmentLength},
};

use super::CUTS;
use crate::common::{
    forge::take_records,
    pair::World,
    puppet::{Now, Puppet},
    recording::Recording,
    worlds::worlds,
};

/// What both sides said, and what their connections tell.
fn outcome(world: &World, cut: usize) -> (Vec<u8>, Vec<u8>, String, String) {
    let ended = world.run(cut);
    let (up, down) = (ended.wires.up.log.clone(), ended.wires.down.log.clone());
    let (client, server) = ended.established();
    (up, down, format!("{:?}", client.tls.info()), format!("{:?}", server.tls.info()))
}

#[test]
fn any_cut_of_a_handshake_gives_the_same_bytes_and_the_same_connections() {
    for (name, world) in worlds() {
        let whole = outcome(&world, usize::MAX);
        for cut in CUTS {
            assert!(outcome(&world, cut) == whole, "{name}: cut to {cut} bytes");
        }
    }
}

#[test]
fn what_was_agreed_on_is_what_the_world_is_about() {
    for (name, world) in worlds() {
        let (client, server) = world.run(3).established();
        let (client, server) = (client.tls.info(), server.tls.info());
        assert_eq!(client.suite, server.suite, "{name}");
        assert_eq!(client.alpn, server.alpn, "{name}");
        assert_eq!(client.alpn.is_some(), name == "ALPN");
        let staple = client.peer.as_ref().and_then(|peer| peer.peer().ocsp.clone());
        assert_eq!(staple.is_some(), name.starts_with("OCSP"), "{name}");
        let certified = name.ends_with("client certificate") && !name.starts_with("no ");
        assert_eq!(server.peer.is_some(), certified, "{name}");
    }
}

/// RFC 6066, 4: "the client and server MUST immediately begin fragmenting messages (including handshake messages)".
#[test]
fn handshake_messages_keep_to_the_fragment_length_that_was_agreed_on() {
    let longest = |world: World| {
        let mut flight = world.run(usize::MAX).wires.down.log;
        take_records(&mut flight).iter().map(|(_, body)| body.len()).max().expect("some records")
    };
    assert!(longest(World::new()) > 512, "the server's flight is longer than a fragment");
    let limited =
        World::new().with_client(|config| config.with_max_fragment_length(MaxFragmentLength::MAX_512));
    assert_eq!(longest(limited), 512);
}

/// A peer may send data right behind its Finished, and it may arrive together with it.
#[test]
fn data_behind_finished_is_not_lost() {
    let mut world = World::new();
    let log = world.keep_key_log();
    let recording = Recording::of(&world);
    for (side, said) in [(Side::Client, &recording.server), (Side::Server, &recording.client)] {
        for cut in CUTS {
            let mut puppet = Puppet::against(side, &world, &log);
            for message in said {
                puppet.message(message);
            }
            puppet.change_cipher_spec();
            let finished = puppet.finished();
            let finished = puppet.seal(ContentType::HANDSHAKE, &finished);
            let data = puppet.seal(ContentType::APPLICATION_DATA, b"early and whole");
            let both = [finished, data].concat();
            both.chunks(cut.min(both.len())).for_each(|piece| drop(puppet.raw(piece)));
            assert_eq!(puppet.now(), Now::Established, "{side:?}: {cut}");
            assert_eq!(puppet.received, b"early and whole", "{side:?}: {cut}");
        }
    }
}
