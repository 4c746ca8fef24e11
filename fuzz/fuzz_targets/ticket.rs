//! What an attacker makes of a ticket: a sealed value that is edited, cut, extended, spliced with another one, or
//! taken to another place or time.
//!
//! Oracle: what opens is byte for byte something that was sealed, for the purpose that it was sealed for, while its
//! key still opens, and has the session inside that was put there.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tls12_fuzz::{
    common::certs::NOW,
    seals::{LAST, Purpose, session},
};

#[derive(Arbitrary, Debug)]
struct Attack {
    /// The data in the two sessions that are sealed.
    data: [Vec<u8>; 2],
    /// What for.
    sealed_for: [u8; 2],
    edits: Vec<Edit>,
    opened_for: u8,
    /// Seconds after sealing.
    after: u32,
}

#[derive(Arbitrary, Debug)]
enum Edit {
    /// Flips bits of one byte.
    Flip { at: u16, bits: u8 },
    /// One byte is this one.
    Set { at: u16, to: u8 },
    /// Keeps the beginning only.
    Cut { len: u16 },
    /// Something behind it.
    Extend(Vec<u8>),
    /// Something in front of it.
    Prepend(Vec<u8>),
    /// Removes bytes from the middle.
    Remove { at: u16, len: u8 },
    /// From here to there as in the other value.
    Splice { from: u16, to: u16 },
    /// The other value.
    Exchange,
}

fn apply(edit: &Edit, value: &mut Vec<u8>, other: &mut Vec<u8>) {
    let place = |at: &u16, len: usize| usize::from(*at) % len.max(1);
    let len = value.len();
    match edit {
        Edit::Flip { at, bits } => value.get_mut(place(at, len)).into_iter().for_each(|byte| *byte ^= bits),
        Edit::Set { at, to } => value.get_mut(place(at, len)).into_iter().for_each(|byte| *byte = *to),
        Edit::Cut { len: keep } => value.truncate(place(keep, len)),
        Edit::Extend(more) => value.extend_from_slice(more),
        Edit::Prepend(more) => drop(value.splice(..0, more.iter().copied())),
        Edit::Remove { at, len: n } => {
            let from = place(at, len);
            value.drain(from..len.min(from + usize::from(*n)));
        }
        Edit::Splice { from, to } => {
            let (from, to) = (place(from, len), place(to, len));
            for at in from..to.min(other.len()) {
                value[at] = other[at];
            }
        }
        Edit::Exchange => std::mem::swap(value, other),
    }
}

fuzz_target!(|attack: Attack| {
    let sealed = [0, 1].map(|n| {
        let (session, purpose) = (session(&attack.data[n]), Purpose::of(attack.sealed_for[n]));
        (purpose.seal(&session, &[0xa7 + n as u8; 32]), purpose, session)
    });
    let (mut value, mut other) = (sealed[0].0.clone(), sealed[1].0.clone());
    attack.edits.iter().for_each(|edit| apply(edit, &mut value, &mut other));
    let purpose = Purpose::of(attack.opened_for);
    let now = NOW + u64::from(attack.after);
    let ours = sealed.iter().find(|(bytes, sealed_for, _)| *bytes == value && *sealed_for == purpose);
    match (purpose.open(&value, now), ours) {
        (Some(opened), Some((_, _, session))) => {
            assert!(now < LAST, "its key opens no more");
            assert_eq!(opened.session.encode().expose(), session.encode().expose());
        }
        (Some(_), None) => panic!("what was not sealed for {purpose:?} opened"),
        (None, Some(_)) => assert!(now >= LAST, "what was sealed does not open"),
        (None, None) => {}
    }
});
