//! A recording that somebody edited, run again.
//!
//! Oracle: it is refused or comes to an end, which is said once and last; there are no more steps than the recording has
//! bytes; every step can be printed; no more was made again than was sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tls12::{
    crypto::RUSTCRYPTO,
    replay::{Recording, Replay, Step},
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(recording) = Recording::read(bytes) else { return };
    let mut replay = Replay::new(&recording, &RUSTCRYPTO);
    let (mut steps, mut ended) = (0, false);
    for step in replay.by_ref() {
        assert!(!ended, "{step:?} after the end");
        steps += 1;
        assert!(steps <= bytes.len());
        assert!(!format!("{step:?}").is_empty());
        match step {
            Step::Sent { bytes, same, .. } => assert!(same <= bytes.len()),
            Step::End(_) => ended = true,
            _ => {}
        }
    }
    assert!(ended);
    assert!(!format!("{:?}", replay.secrets()).is_empty());
});
