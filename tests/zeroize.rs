//! Every secret is wiped: a child process works with secrets, and its parent searches the child's memory for them, while
//! they are alive, which shows that the search finds them, and when they are gone.
//!
//! On Linux only; docs/secrets.md says what this shows and what it does not.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]
#![cfg_attr(
    target_os = "linux",
    expect(clippy::disallowed_types, reason = "the memory of a process is a file")
)]

mod common;

#[cfg(target_os = "linux")]
#[path = "zeroize/flows.rs"]
mod flows;
#[cfg(target_os = "linux")]
#[path = "zeroize/keys.rs"]
mod keys;
#[cfg(target_os = "linux")]
#[path = "zeroize/memory.rs"]
mod memory;
#[cfg(target_os = "linux")]
#[path = "zeroize/pattern.rs"]
mod pattern;
#[cfg(target_os = "linux")]
#[path = "zeroize/scene.rs"]
mod scene;
#[cfg(target_os = "linux")]
#[path = "zeroize/values.rs"]
mod values;

#[cfg(target_os = "linux")]
mod scenes {
    use super::{flows, keys, scene, values};

    #[test]
    #[ignore = "what the other tests start"]
    fn a_child() {
        [values::SCENES, keys::SCENES, flows::SCENES].into_iter().for_each(scene::play);
    }

    #[test]
    fn each_type_wipes_its_secrets() {
        values::SCENES.iter().for_each(scene::assert_wiped);
    }

    #[test]
    fn private_keys_are_wiped() {
        keys::SCENES.iter().for_each(scene::assert_wiped);
    }

    #[test]
    fn handshakes_and_connections_wipe_their_secrets() {
        flows::SCENES.iter().for_each(scene::assert_wiped);
    }
}

#[cfg(not(target_os = "linux"))]
#[test]
fn left_out() {
    common::say::say("left out: memory is searched through /proc, which is Linux's");
}
