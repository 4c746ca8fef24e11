//! The ratchet, against a file of vectors that was made apart from the crate.

mod session_values;

use std::time::Duration;

use session_values::{Fields, at, secret, session};
use tls12::{
    crypto::RUSTCRYPTO,
    session::{KeyRing, KeyState, MAX_CATCH_UP, Ratchet, RatchetError, WeakKey},
};

const EPOCH: u64 = 1_700_000_000;
const PERIOD: u64 = 3_600;

fn ratchet() -> Ratchet {
    Ratchet::new(secret(5), at(EPOCH), Duration::from_secs(PERIOD)).unwrap()
}

fn start_of(step: u64) -> u64 {
    EPOCH + step * PERIOD
}

/// Name and secret of the key that seals.
fn sealing(ring: &KeyRing, now: u64) -> Vec<u8> {
    ring.sealing_key(at(now)).unwrap().to_bytes48().unwrap().expose().to_vec()
}

#[test]
fn every_step_has_the_key_of_the_vectors() {
    let vectors = Fields::read("ratchet/steps.txt");
    let (epoch, period) = (vectors.number("epoch"), vectors.number("period"));
    let steps = vectors.numbered("key_");
    assert_eq!(steps, [0, 1, 2, 3, 60, 61, 999, 1000]);
    for step in steps {
        let now = epoch + step * period;
        let ratchet = Ratchet::new(vectors.array("seed"), at(epoch), Duration::from_secs(period)).unwrap();
        let ring = ratchet.ring(at(now)).unwrap();
        assert_eq!(sealing(&ring, now), vectors.bytes(&format!("key_{step}")), "step {step}");
        let state = vectors.bytes(&format!("state_{step}"));
        let later = Ratchet::from_bytes(&state, at(epoch), Duration::from_secs(period)).unwrap();
        assert_eq!(sealing(&later.ring(at(now)).unwrap(), now), sealing(&ring, now), "step {step}");
        // It keeps the seed of the step before, whose key still opens.
        if step == 61 || step == 1000 {
            let before = vectors.bytes(&format!("state_{}", step - 1));
            assert_eq!(ratchet.advance(at(now)).unwrap().to_bytes().expose(), before, "step {step}");
        }
    }
}

#[test]
fn hosts_that_were_started_and_stopped_at_different_times_agree() {
    let mut always_up = ratchet();
    for step in 1..200 {
        let now = start_of(step) + 17;
        always_up = always_up.advance(at(now)).unwrap();
        let was_down = ratchet().advance(at(now)).unwrap();
        assert_eq!(
            sealing(&always_up.ring(at(now)).unwrap(), now),
            sealing(&was_down.ring(at(now)).unwrap(), now)
        );
    }
}

#[test]
fn hosts_whose_clocks_differ_by_less_than_a_step_open_each_others_tickets() {
    for step in [1, 2, 50] {
        let boundary = start_of(step);
        let clocks = [boundary - PERIOD / 2, boundary - 1, boundary, boundary + PERIOD / 2 - 1];
        for sealed_at in clocks {
            for opened_at in clocks {
                let sealer = ratchet().ring(at(sealed_at)).unwrap();
                let opener = ratchet().ring(at(opened_at)).unwrap();
                let ticket = sealer.seal_ticket(&RUSTCRYPTO, &session(), &[1; 32], at(sealed_at)).unwrap();
                let opened = opener.open_ticket(&RUSTCRYPTO, &ticket, at(opened_at));
                assert!(opened.is_ok(), "{step} {sealed_at} {opened_at}: {opened:?}");
            }
        }
    }
}

#[test]
fn r22_a_ring_has_the_keys_before_at_and_after_now_and_no_more() {
    let now = start_of(7) + 1;
    let ring = ratchet().ring(at(now)).unwrap();
    let states: Vec<KeyState> = ring.keys(at(now)).map(|(_, state)| state).collect();
    assert_eq!(states, [KeyState::Opening, KeyState::Sealing, KeyState::Waiting]);
    let times: Vec<u64> = ring.keys(at(now)).map(|(key, _)| key.times().sealing_from).collect();
    assert_eq!(times, [start_of(6), start_of(7), start_of(8)]);
    assert!(
        ring.keys(at(now)).all(|(key, _)| key.times().opening_until - key.times().sealing_from == 2 * PERIOD)
    );
}

#[test]
fn r22_what_was_sealed_two_steps_ago_does_not_open() {
    let ticket_at = |step| {
        let now = at(start_of(step));
        ratchet().ring(now).unwrap().seal_ticket(&RUSTCRYPTO, &session(), &[1; 32], now).unwrap()
    };
    let now = at(start_of(10));
    let ring = ratchet().advance(now).unwrap().ring(now).unwrap();
    assert!(ring.open_ticket(&RUSTCRYPTO, &ticket_at(9), now).is_ok());
    assert!(ring.open_ticket(&RUSTCRYPTO, &ticket_at(8), now).is_err());
}

#[test]
fn r22_a_seed_of_the_past_is_not_in_what_a_host_keeps() {
    let advanced = ratchet().advance(at(start_of(10))).unwrap();
    assert_eq!(advanced.oldest_step(), 9);
    // Going back in time does not bring it back: the oldest key that the ring has is that of step 9.
    let ring = advanced.ring(at(start_of(3))).unwrap();
    assert!(ring.keys(at(start_of(3))).all(|(key, _)| key.times().sealing_from >= start_of(9)));
    assert!(ring.sealing_key(at(start_of(3))).is_none());
    let same = advanced.advance(at(start_of(3))).unwrap();
    assert_eq!(same.oldest_step(), 9);
}

#[test]
fn what_a_host_keeps_is_read_back() {
    let advanced = ratchet().advance(at(start_of(10))).unwrap();
    let bytes = advanced.to_bytes();
    assert_eq!(bytes.expose().len(), 40);
    let again = Ratchet::from_bytes(bytes.expose(), at(EPOCH), Duration::from_secs(PERIOD)).unwrap();
    let now = start_of(12);
    assert_eq!(sealing(&again.ring(at(now)).unwrap(), now), sealing(&ratchet().ring(at(now)).unwrap(), now));
    for len in [0, 31, 33, 39, 41] {
        let error = Ratchet::from_bytes(&[7; 41][..len], at(EPOCH), Duration::from_secs(PERIOD)).unwrap_err();
        assert_eq!(error, RatchetError::Length { found: len });
    }
}

#[test]
fn catching_up_is_bounded() {
    let far = start_of(MAX_CATCH_UP + 2);
    let too_far = RatchetError::TooFar { steps: MAX_CATCH_UP + 1 };
    assert_eq!(ratchet().advance(at(far)).unwrap_err(), too_far);
    assert_eq!(ratchet().ring(at(far)).unwrap_err(), too_far);
    assert!(matches!(ratchet().ring(at(u64::MAX)), Err(RatchetError::TooFar { .. })));
    assert_eq!(ratchet().advance(at(far - PERIOD)).unwrap().oldest_step(), MAX_CATCH_UP);
}

#[test]
fn r20_a_seed_that_is_not_random_is_refused() {
    let new = |seed| Ratchet::new(seed, at(EPOCH), Duration::from_secs(PERIOD)).unwrap_err();
    assert_eq!(new([0; 32]), RatchetError::Weak(WeakKey::AllZero));
    assert_eq!(new([9; 32]), RatchetError::Weak(WeakKey::RepeatedByte));
}

#[test]
fn r35_a_ratchet_prints_no_secret() {
    assert_eq!(format!("{:?}", ratchet()), "Ratchet { step: 0, epoch: 1700000000, period: 3600, .. }");
}

#[test]
fn the_next_change_is_the_start_of_the_next_step() {
    assert_eq!(ratchet().next_change(at(start_of(5) + 3)), start_of(6));
    assert_eq!(ratchet().next_change(at(EPOCH - 10)), start_of(1));
}
