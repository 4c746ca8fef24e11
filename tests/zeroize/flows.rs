//! Whole handshakes and connections: full, by ticket, by ID, given up in every state, and failed.

use std::{
    hint::black_box,
    sync::{Arc, Mutex},
};

use tls12::{
    ClientHandshake, KeyLog, Received, RecvBuf, Seed, ServerHandshake,
    crypto::{RUSTCRYPTO, Suite},
    schedule::Randoms,
    session::{ClientSession, ResumedBy, SessionContext},
    store::{ClientSessions, Limits, MemoryStore, Reuse, SessionStore},
};
use zeroize::{Zeroize, Zeroizing};

use super::{
    memory::{Needle, needle, passing},
    pattern::{Pattern, drawn, fill, filled, pattern, states},
    scene::{Moments, Scene},
    values::of_master,
};
use crate::common::{
    certs::{NOW, at},
    pair::{NAME, Peer, World},
    steps::{Need, Steps},
};

pub(crate) const SCENES: &[Scene] = &[
    Scene {
        name: "full, with a ticket",
        play: |moments| once(ResumedBy::Ticket, moments),
        secrets: || secrets(ResumedBy::Ticket, 1),
    },
    Scene {
        name: "full, with an ID",
        play: |moments| once(ResumedBy::SessionId, moments),
        secrets: || secrets(ResumedBy::SessionId, 1),
    },
    Scene {
        name: "resumed by ticket",
        play: |moments| twice(ResumedBy::Ticket, moments),
        secrets: || secrets(ResumedBy::Ticket, 2),
    },
    Scene {
        name: "resumed by ID",
        play: |moments| twice(ResumedBy::SessionId, moments),
        secrets: || secrets(ResumedBy::SessionId, 2),
    },
    Scene { name: "parked", play: parked, secrets: || secrets(ResumedBy::Ticket, 1) },
    Scene {
        name: "given up in every state",
        play: |moments| cut_off(moments, Cut::GiveUp),
        secrets: || secrets(ResumedBy::Ticket, 1),
    },
    Scene {
        name: "failed in every state",
        play: |moments| cut_off(moments, Cut::Fail),
        secrets: || secrets(ResumedBy::Ticket, 1),
    },
    Scene { name: "stores", play: stores, secrets: stored },
];

/// What the server's application binds into sessions, and what is sent.
const BOUND: u64 = 50;
const SENT: u64 = 51;

/// The seeds of the client and the server in the handshake of this number.
fn seeds(visit: u64) -> [u64; 2] {
    [60 + 2 * visit, 61 + 2 * visit]
}

/// Both sides, and what is on its way to each.
struct Both<'w> {
    world: &'w World,
    client: Steps,
    server: Steps,
    up: Vec<u8>,
    down: Vec<u8>,
}

impl<'w> Both<'w> {
    fn new(world: &'w World, visit: u64, session: Option<ClientSession>) -> Self {
        let [client, server] = seeds(visit).map(|number| Seed::from_rng(&mut Pattern(number)));
        let (config, name) = (world.client.clone(), world.name.clone());
        Self {
            world,
            client: Steps::Client(ClientHandshake::start(
                config,
                name,
                session,
                client,
                RecvBuf::new(),
                world.now,
            )),
            server: Steps::Server(ServerHandshake::start(server, RecvBuf::new(), world.now)),
            up: Vec::new(),
            down: Vec::new(),
        }
    }

    /// One step of each side that can take one; whether there was one.
    fn turn(mut self) -> (Self, bool) {
        let (client, first) = step(self.client, self.world, &mut self.up, &mut self.down);
        let (server, second) = step(self.server, self.world, &mut self.down, &mut self.up);
        (Self { client, server, ..self }, first || second)
    }

    /// To the end of both, with a moment at each step.
    fn finish(mut self, moments: Option<&Moments>) -> (Peer, Option<ClientSession>, Peer) {
        loop {
            let moved;
            (self, moved) = self.turn();
            if !moved {
                break;
            }
            if let Some(moments) = moments {
                moments.alive();
            }
        }
        let (Steps::Client(ClientHandshake::Done(client)), Steps::Server(ServerHandshake::Done(server))) =
            (self.client, self.server)
        else {
            panic!("both sides succeed");
        };
        let server = Peer { tls: server.connection, buf: server.buf };
        (Peer { tls: client.connection, buf: client.buf }, client.session, server)
    }
}

fn step(side: Steps, world: &World, out: &mut Vec<u8>, incoming: &mut Vec<u8>) -> (Steps, bool) {
    match side.need() {
        Need::Flush { bytes, .. } => {
            out.extend(bytes);
            (side.all_sent(), true)
        }
        Need::Input if incoming.is_empty() => (side, false),
        Need::Input => (side.received(&std::mem::take(incoming), world.now), true),
        Need::Answer => (side.answered(world), true),
        Need::Done | Need::Failed(_) => (side, false),
    }
}

/// A world whose server binds secret data into its sessions.
fn world(by: ResumedBy) -> World {
    let mut world = World::resuming_by(by);
    world.application_data = vec![0; 100];
    fill(BOUND, &mut world.application_data);
    world
}

/// Forgets the world, whose own copy of the data is no concern of the library's.
fn end(mut world: World) {
    world.application_data.zeroize();
}

fn once(by: ResumedBy, moments: &Moments) {
    let world = world(by);
    let (client, session, server) = Both::new(&world, 1, None).finish(Some(moments));
    talk(client, server, moments);
    moments.alive();
    drop(session);
    end(world);
    moments.gone();
}

fn twice(by: ResumedBy, moments: &Moments) {
    let world = world(by);
    let (client, session, server) = Both::new(&world, 1, None).finish(Some(moments));
    drop((client, server));
    moments.alive();
    let (client, session, server) = Both::new(&world, 2, session).finish(Some(moments));
    drop(session);
    talk(client, server, moments);
    end(world);
    moments.gone();
}

/// Both sides are parked and used again; then they are parked, and that is their end.
fn parked(moments: &Moments) {
    let world = world(ResumedBy::Ticket);
    let (client, session, server) = Both::new(&world, 1, None).finish(Some(moments));
    let (client, server) = (park(client, moments), park(server, moments));
    talk(client, server, moments);
    drop(session);
    let (client, session, server) = Both::new(&world, 1, None).finish(None);
    let both = (client.tls.park(), server.tls.park());
    moments.alive();
    drop((both, client.buf, server.buf, session));
    end(world);
    moments.gone();
}

fn park(peer: Peer, moments: &Moments) -> Peer {
    let parked = peer.tls.park();
    moments.alive();
    Peer { tls: parked.unpark().expect("its keys are made again"), buf: peer.buf }
}

/// Data in one direction, an exporter in the other, and a close.
fn talk(mut client: Peer, mut server: Peer, moments: &Moments) {
    let mut wire = Vec::new();
    client.tls.send(&filled(SENT, 500), &mut wire).expect("sent");
    server.buf.spare()[..wire.len()].copy_from_slice(&wire);
    server.buf.received(wire.len()).expect("something");
    let received = server.tls.receive(&mut server.buf, &mut Vec::new()).expect("a record");
    assert!(matches!(received, Received::Data(data) if data.len() == 500));
    moments.alive();
    let mut exported = Zeroizing::new([0; 32]);
    let exporter = server.tls.exporter().expect("the extended master secret");
    exporter.derive("EXPERIMENTAL", None, &mut *exported).expect("no context");
    moments.alive();
    drop((client.tls.close(&mut wire), client.buf));
    drop(black_box(Box::new((server.tls.split(), server.buf))));
}

/// How a handshake ends early.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// Both sides are dropped.
    GiveUp,
    /// Who waits gets nonsense.
    Fail,
}

/// Cuts a handshake off after no turn, after one, and so on. Its world is another one each time, for that has secrets too.
fn cut_off(moments: &Moments, cut: Cut) {
    for turns in 0.. {
        let world = world(ResumedBy::Ticket);
        let mut both = Both::new(&world, 1, None);
        let mut moved = true;
        for _ in 0..turns {
            (both, moved) = both.turn();
        }
        if cut == Cut::Fail {
            (both.up, both.down) = (vec![0xff; 100], vec![0xff; 100]);
            both = both.turn().0;
        }
        moments.alive();
        drop(both);
        end(world);
        moments.gone();
        if !moved {
            return;
        }
    }
}

/// The lines of a key log, in the parent only.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl KeyLog for Lines {
    fn log(&self, line: &str) {
        self.0.lock().expect("nobody panics with it").push(line.into());
    }
}

/// The secrets of `visits` handshakes, which the parent has here too, with a key log.
fn secrets(by: ResumedBy, visits: u64) -> Vec<Needle> {
    let lines = Arc::new(Lines::default());
    let mut world = world(by);
    world.change_client(|config| config.with_key_log(lines.clone()));
    let mut session = None;
    let mut needles = vec![
        needle("the ring", &drawn(&[7; 32], b"ticket key")[16..48]),
        needle("what the application binds", pattern(BOUND, 100)),
    ];
    for visit in 1..=visits {
        let (client, next, server) = Both::new(&world, visit, session.take()).finish(None);
        let suite = Suite::find(client.tls.info().suite).expect("one of ours");
        drop((client, server));
        session = next;
        let line = lines.0.lock().expect("nobody panics with it").pop().expect("a line");
        needles.extend(of_visit(visit, suite, &line));
    }
    // Data is sent in the last one.
    needles.push(match visits {
        1 if by == ResumedBy::Ticket => passing("data", pattern(SENT, 500)),
        _ => needle("data", pattern(SENT, 500)),
    });
    needles
}

fn of_visit(visit: u64, suite: &Suite, line: &str) -> Vec<Needle> {
    let words: Vec<&str> = line.split(' ').collect();
    let [_, _, master] = words[..] else { panic!("a line has three words") };
    let [client, server] = seeds(visit).map(|number| pattern(number, 32));
    let random = |seed: &[u8], label: &[u8]| drawn(seed, label)[..32].try_into().expect("32 bytes");
    let randoms =
        Randoms { client: random(&client, b"client random"), server: random(&server, b"server random") };
    let mut needles = of_master(&format!("visit {visit}"), suite, &hex(master), &randoms);
    let entropy = [&client, &server].map(|seed| drawn(seed, b"key exchange"));
    if visit == 1 {
        let [ours, theirs] = [&entropy[0], &entropy[1]].map(|entropy| {
            let group = RUSTCRYPTO.groups().next().and_then(|id| RUSTCRYPTO.group(id)).expect("a group");
            group.start(&tls12::crypto::Secret::new(entropy[..].try_into().expect("64 bytes")))
        });
        let share = theirs.share().to_vec();
        let premaster = ours.complete(&share).expect("a share");
        needles.push(passing("premaster", premaster.expose()));
        needles.push(needle("the server's private value", &entropy[1][..32]));
        needles.push(passing("the client's private value", &entropy[0][..32]));
        needles.extend(entropy.iter().map(|entropy| passing("its entropy", &entropy[32..])));
    }
    for (side, seed) in [("client", client), ("server", server)] {
        let names =
            ["inner", "outer"].map(|which| format!("visit {visit}: the {side}'s seed, {which} state"));
        needles.extend(names.into_iter().zip(states(&seed)).map(|(name, state)| needle(name, state)));
        needles.push(passing(format!("visit {visit}: the {side}'s seed"), seed));
    }
    needles
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// A client's cache lets go of what leaves it, and a server's store has nothing to let go.
fn stores(moments: &Moments) {
    let world = world(ResumedBy::SessionId);
    let (client, session, server) = Both::new(&world, 1, None).finish(Some(moments));
    drop((client, server));
    let cache = ClientSessions::new(2, Reuse::Many);
    let session = session.expect("an ID to resume by");
    let trust: SessionContext = *session.trust();
    let other = session.duplicate();
    cache.insert(session);
    drop(cache.get(NAME, &trust, at(NOW)).expect("it is there"));
    moments.alive();
    cache.insert(other);
    cache.forget(NAME, &trust);
    assert!(cache.is_empty());
    let kept: Vec<_> = world.store.kept().drain().collect();
    let store = MemoryStore::new(Limits::sessions(10));
    for (key, sealed) in kept {
        store.put(&tls12::session::NewSession { key, sealed, lifetime: std::time::Duration::from_secs(60) });
    }
    end(world);
    assert_eq!(store.len(), 1, "a sealed session is still there");
    moments.gone();
}

fn stored() -> Vec<Needle> {
    let mut needles = secrets(ResumedBy::SessionId, 1);
    needles.retain(|needle| needle.name != "data");
    needles
}
