//! Bytes of both sides to somebody who looks on, some of them missing: what honest sides say with pieces of it changed,
//! or anything.
//!
//! Oracle: nothing panics; how the bytes are cut changes nothing; what is told stands where it is told to stand, is kept
//! within bounds, and can be printed; a message that decodes is encoded as the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls12::{
    explain::{Event, Explainer, Seen, Sessions},
    schedule::Side,
    wire::Encode,
};

/// Parts of two bytes and what they announce: the first says whose it is, whether bytes are missing, and of how many
/// further bytes the part is; the second one has the rest of the length.
fn parts(mut bytes: &[u8]) -> Vec<(Side, Option<u64>, &[u8])> {
    let mut parts = Vec::new();
    while let [kind, length, rest @ ..] = bytes {
        let side = if kind & 1 == 0 { Side::Client } else { Side::Server };
        let length = usize::from(kind >> 2) << 8 | usize::from(*length);
        match kind & 2 {
            0 => {
                let (part, behind) = rest.split_at(length.min(rest.len()));
                parts.push((side, None, part));
                bytes = behind;
            }
            _ => {
                parts.push((side, Some(length as u64), &[][..]));
                bytes = rest;
            }
        }
    }
    parts
}

fn explained(parts: &[(Side, Option<u64>, &[u8])], piece: usize) -> (Vec<Event>, Explainer) {
    let (mut explainer, mut events) = (Explainer::new(), Vec::new());
    for (side, missing, part) in parts {
        match missing {
            Some(0) => events.extend(explainer.missing(*side, None)),
            Some(count) => events.extend(explainer.missing(*side, Some(*count))),
            None => part.chunks(piece).for_each(|piece| events.extend(explainer.bytes(*side, piece))),
        }
    }
    (events, explainer)
}

fuzz_target!(|bytes: &[u8]| {
    let parts = parts(bytes);
    let (events, explainer) = explained(&parts, usize::MAX);
    let (cut, again) = explained(&parts, 7);
    assert_eq!(events, cut);
    assert_eq!(explainer.verdict(), again.verdict());
    let sent = |side| {
        let of = parts.iter().filter(|(of, ..)| *of == side);
        of.map(|(_, missing, part)| missing.unwrap_or(0) + part.len() as u64).sum::<u64>()
    };
    for event in &events {
        assert!(event.offset <= sent(event.from), "{event:?}");
        if let Seen::Message(message) = &event.seen {
            if let Ok(decoded) = message.decode() {
                assert_eq!(decoded.encode(), message.raw);
            }
        }
    }
    assert!(!format!("{events:?} {}", explainer.verdict()).is_empty());
    let mut sessions = Sessions::new(2);
    (0..4).for_each(|number| drop(format!("{:?}", sessions.add(number, explainer.verdict()))));
});
