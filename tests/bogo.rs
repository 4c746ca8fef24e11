//! The shim for BoringSSL's test runner, with the runner's part played here.
#![cfg(all(feature = "std", feature = "rustcrypto"))]

#[path = "bogo/shim/mod.rs"]
mod shim;

use shim::{PASSED, UNIMPLEMENTED};

fn run(args: &[&str]) -> (u8, String, String) {
    let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = shim::run(&args, &mut stdout, &mut stderr);
    (status, String::from_utf8(stdout).expect("text"), String::from_utf8(stderr).expect("text"))
}

#[test]
fn a_runner_that_asks_for_a_handshaker_hears_no() {
    assert_eq!(run(&["-is-handshaker-supported"]), (PASSED, "No\n".into(), String::new()));
}

#[test]
fn an_unknown_flag_and_a_value_that_we_do_not_have_are_not_implemented() {
    for args in [
        &["-dtls"][..],
        &["-cipher", "DEFAULT"],
        &["-curves", "25"],
        &["-max-version", "770"],
        &["-no-tls12"],
        &["-on-retry-verify-fail"],
        &["-port"],
        &["-port", "many"],
    ] {
        let (status, _, stderr) = run(args);
        assert_eq!(status, UNIMPLEMENTED, "{args:?}");
        assert!(!stderr.is_empty());
    }
}
