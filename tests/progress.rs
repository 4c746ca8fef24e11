//! Every handshake ends: no step is taken for ever, an error is told once, and a peer that is gone is noticed.

mod common;

use common::{
    forge::{record, take_records},
    pair::World,
    steps::{Need, Steps},
    worlds::worlds,
};
use tls12::{
    Error, RecordError, Refusal,
    crypto::SignError,
    pki::CertificateError,
    schedule::Side,
    wire::{Alert, ContentType},
};

const BOTH: [Side; 2] = [Side::Client, Side::Server];
/// The most steps between two waits: a handful of asks and one flush.
const MOST_STEPS: usize = 8;

/// Takes steps until bytes are needed, or the end; how many they were.
fn settle(mut steps: Steps, world: &World) -> (Steps, usize) {
    for n in 0..MOST_STEPS {
        steps = match steps.need() {
            Need::Flush { bytes, .. } => {
                assert!(!bytes.is_empty(), "nobody asks to send nothing");
                let next = steps.all_sent();
                assert!(!matches!(next.need(), Need::Flush { .. }), "what was sent is not asked for again");
                next
            }
            Need::Answer => steps.answered(world),
            Need::Input | Need::Done | Need::Failed(_) => return (steps, n),
        };
    }
    panic!("more than {MOST_STEPS} steps without a byte from the peer");
}

/// What the other side sends to this one in a handshake without trouble.
fn stream(side: Side, world: &World) -> Vec<u8> {
    let ended = world.run(usize::MAX);
    match side {
        Side::Client => ended.wires.down.log,
        Side::Server => ended.wires.up.log,
    }
}

/// A side that got the first bytes of a stream and settled.
fn after(side: Side, world: &World, bytes: &[u8]) -> Steps {
    let (mut steps, _) = settle(Steps::start(side, world), world);
    if !bytes.is_empty() {
        steps = settle(steps.received(bytes, world.now), world).0;
    }
    steps
}

/// Where the records of a stream end, beginning with 0.
fn boundaries(stream: &[u8]) -> Vec<usize> {
    let mut ends = vec![0];
    for (_, body) in take_records(&mut stream.to_vec()) {
        ends.push(ends.last().expect("at least one") + 5 + body.len());
    }
    ends
}

#[test]
fn steps_between_two_waits_are_few_in_every_world_and_cut() {
    for (name, world) in worlds() {
        for side in BOTH {
            for cut in [1, 100, 5000] {
                let (mut steps, _) = settle(Steps::start(side, &world), &world);
                for piece in stream(side, &world).chunks(cut) {
                    assert_eq!(steps.need(), Need::Input, "{name}: {side:?}");
                    (steps, _) = settle(steps.received(piece, world.now), &world);
                }
                assert_eq!(steps.need(), Need::Done, "{name}: {side:?}");
            }
        }
    }
}

/// Only bytes lead out of a wait, and each wait is one for bytes that are not there yet.
#[test]
fn a_wait_in_the_middle_of_a_record_stays_a_wait_until_its_last_byte() {
    let world = World::new();
    for side in BOTH {
        let stream = stream(side, &world);
        let first = boundaries(&stream)[1];
        let (mut steps, _) = settle(Steps::start(side, &world), &world);
        for byte in &stream[..first - 1] {
            steps = steps.received(&[*byte], world.now);
            assert_eq!(steps.need(), Need::Input);
        }
        steps = steps.received(&stream[first - 1..first], world.now);
        assert_ne!(steps.need(), Need::Input, "{side:?}: a whole message moves it");
    }
}

#[test]
fn a_peer_that_is_gone_is_noticed_in_every_state() {
    for (name, world) in worlds() {
        for side in BOTH {
            let stream = stream(side, &world);
            let whole = boundaries(&stream);
            let within = (0..stream.len()).step_by(97);
            for end in whole.iter().copied().filter(|end| *end < stream.len()).chain(within) {
                let steps = after(side, &world, &stream[..end]);
                assert_eq!(steps.need(), Need::Input, "{name}: {side:?} after {end} bytes");
                let gone = steps.received(&[], world.now);
                assert_eq!(gone.need(), Need::Failed(Error::Truncated), "{name}: {side:?} after {end} bytes");
            }
        }
    }
}

#[test]
fn a_failing_handshake_ends_after_exactly_one_flush() {
    let unknown = record(ContentType(99), b"what is this");
    let error = Error::Record(RecordError::UnknownType(ContentType(99)));
    for (name, world) in worlds() {
        for side in BOTH {
            let stream = stream(side, &world);
            for end in boundaries(&stream).into_iter().filter(|end| *end < stream.len()) {
                let steps = after(side, &world, &stream[..end]).received(&unknown, world.now);
                let Need::Flush { failure, .. } = steps.need() else {
                    panic!("{name}: {side:?} after {end} bytes: {:?}", steps.need());
                };
                assert_eq!(failure, Some(error.clone()), "{name}: {side:?} after {end} bytes");
                assert_eq!(steps.all_sent().need(), Need::Failed(error.clone()));
            }
        }
    }
}

/// The bytes of all flushes, sent `n` at a time.
fn flushed(side: Side, world: &World, n: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut steps = Steps::start(side, world);
    let stream = stream(side, world);
    let mut rest = &stream[..];
    // Every byte is sent once, so there is an end to it.
    for _ in 0..20_000 {
        steps = match steps.need() {
            Need::Flush { bytes, failure } => {
                assert_eq!(failure, None);
                let n = n.min(bytes.len());
                all.extend_from_slice(&bytes[..n]);
                let next = steps.sent(n);
                if let (true, Need::Flush { bytes: left, .. }) = (n < bytes.len(), next.need()) {
                    assert_eq!(left, bytes[n..], "what was sent is gone, and the rest is there");
                }
                next
            }
            Need::Input => {
                let (some, more) = rest.split_at(rest.len().min(10_000));
                rest = more;
                steps.received(some, world.now)
            }
            Need::Answer => steps.answered(world),
            Need::Done => return all,
            Need::Failed(error) => panic!("{error}"),
        };
    }
    panic!("it does not end");
}

#[test]
fn a_flight_may_be_sent_byte_by_byte() {
    for (name, world) in worlds() {
        for side in BOTH {
            let at_once = flushed(side, &world, usize::MAX);
            for n in [1, 7, 600] {
                assert!(flushed(side, &world, n) == at_once, "{name}: {side:?}, {n} at a time");
            }
        }
    }
}

#[test]
fn an_alert_may_be_sent_byte_by_byte_too() {
    let world = World::new();
    for side in BOTH {
        let stream = stream(side, &world);
        let end = boundaries(&stream)[1];
        let data = record(ContentType::APPLICATION_DATA, b"data");
        let mut steps = after(side, &world, &stream[..end]).received(&data, world.now);
        let Need::Flush { bytes: alert, .. } = steps.need() else { panic!("it is told") };
        for n in 0..alert.len() {
            match steps.need() {
                Need::Flush { bytes, failure: Some(Error::Unexpected { .. }) } => {
                    assert_eq!(bytes, alert[n..])
                }
                other => panic!("{other:?}"),
            }
            steps = steps.sent(1);
        }
        assert!(matches!(steps.need(), Need::Failed(Error::Unexpected { .. })));
    }
}

#[test]
fn nothing_sent_changes_nothing_and_too_much_counts_as_all() {
    let world = World::new();
    let steps = Steps::start(Side::Client, &world);
    let before = steps.need();
    let steps = steps.sent(0);
    assert_eq!(steps.need(), before);
    assert_eq!(steps.sent(usize::MAX).need(), Need::Input);
    assert_eq!(Steps::start(Side::Client, &world).sent(1).sent(usize::MAX).need(), Need::Input);
}

/// An answer that is a refusal is told and reported like any error.
#[test]
fn a_refusal_ends_a_handshake_after_one_flush() {
    use tls12::{ClientHandshake as C, ServerHandshake as S};
    let world = World::new();
    let up = stream(Side::Server, &world);
    let (Steps::Server(greeted), Steps::Server(signing)) = (asked(&world, &up, 0), asked(&world, &up, 1))
    else {
        panic!("a server was started");
    };
    let (S::NeedsConfig(config), S::NeedsSignature(signature)) = (greeted, signing) else {
        panic!("the configuration is asked for first, then a signature");
    };
    let config = Steps::Server(config.refuse());
    check_refused(config, Error::Refused(Refusal::Config), Alert::HANDSHAKE_FAILURE);
    let signature = Steps::Server(signature.answer(Err(SignError)));
    check_refused(signature, Error::Refused(Refusal::Signature), Alert::INTERNAL_ERROR);

    let down = stream(Side::Client, &world);
    let (steps, _) = settle(Steps::start(Side::Client, &world), &world);
    let Steps::Client(C::NeedsVerdict(ask)) = steps.received(&down[..boundaries(&down)[1]], world.now) else {
        panic!("a verdict is asked for");
    };
    let verdict = Steps::Client(ask.answer(Err(CertificateError::Revoked)));
    check_refused(verdict, CertificateError::Revoked.into(), Alert::CERTIFICATE_REVOKED);
}

/// A server that got a hello and some answers.
fn asked(world: &World, up: &[u8], answers: usize) -> Steps {
    let hello = boundaries(up)[1];
    let mut steps = settle(Steps::start(Side::Server, world), world).0.received(&up[..hello], world.now);
    for _ in 0..answers {
        steps = steps.answered(world);
    }
    steps
}

fn check_refused(steps: Steps, error: Error, alert: Alert) {
    let bytes = record(ContentType::ALERT, &[2, alert.0]);
    let need = Need::Flush { bytes, failure: Some(error.clone()) };
    // A server that has not chosen a version yet writes the oldest one into its records.
    match steps.need() {
        Need::Flush { bytes: mut told, failure } => {
            told[2] = 3;
            assert_eq!(Need::Flush { bytes: told, failure }, need);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(steps.all_sent().need(), Need::Failed(error));
}
