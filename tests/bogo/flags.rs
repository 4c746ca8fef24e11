//! The command line by itself: what there is, and what is not implemented.

use crate::{
    common::raw::identity,
    files::{Folder, base64, hex},
    shim::{self, FAILED, PASSED, UNIMPLEMENTED},
};

fn run(args: &[&str]) -> (u8, String, String) {
    let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = shim::run(&args, &mut stdout, &mut stderr);
    (status, String::from_utf8(stdout).expect("text"), String::from_utf8(stderr).expect("text"))
}

/// Whether a command line is read; port 0 is nobody's, so that it ends with a connection that fails.
fn is_read(args: &[&str]) -> bool {
    let (status, stdout, stderr) = run(&[&["-port", "0"], args].concat());
    assert_eq!(stdout, "");
    match status {
        FAILED => assert!(stderr.starts_with("the connection was lost: "), "{args:?} {stderr}"),
        UNIMPLEMENTED => assert!(stderr.starts_with("not implemented: "), "{args:?} {stderr}"),
        other => panic!("{args:?} end with {other}: {stderr}"),
    }
    status == FAILED
}

/// The flags of the runner's tests that have no value.
const SWITCHES: [&str; 46] = [
    "-allow-unknown-alpn-protos",
    "-async",
    "-check-close-notify",
    "-decline-alpn",
    "-decline-ocsp-callback",
    "-enable-ocsp-stapling",
    "-expect-extended-master-secret",
    "-expect-key-usage-invalid",
    "-expect-no-hrr",
    "-expect-no-session",
    "-expect-no-session-id",
    "-expect-session-id",
    "-expect-session-miss",
    "-expect-ticket-renewal",
    "-expect-verify-result",
    "-fail-cert-callback",
    "-fail-early-callback",
    "-fail-ocsp-callback",
    "-fallback-scsv",
    "-ignore-rsa-key-usage",
    "-implicit-handshake",
    "-must-match-issuer",
    "-new-x509-credential",
    "-no-op-extra-handshake",
    "-no-server-name-ack",
    "-no-ticket",
    "-no-tls1",
    "-no-tls11",
    "-no-tls13",
    "-on-resume-no-ticket",
    "-on-resume-verify-fail",
    "-reject-alpn",
    "-renew-ticket",
    "-require-any-client-certificate",
    "-reverify-on-resume",
    "-select-empty-alpn",
    "-send-alert",
    "-server",
    "-set-ocsp-in-callback",
    "-shim-shuts-down",
    "-shim-writes-first",
    "-skip-ticket",
    "-use-custom-verify-callback",
    "-use-early-callback",
    "-use-export-context",
    "-use-ocsp-callback",
];

/// The other switches, whose meaning is nothing here or comes with others.
const MORE_SWITCHES: [&str; 5] = [
    "-use-old-client-cert-callback",
    "-use-ticket-aead-callback",
    "-use-ticket-callback",
    "-verify-fail",
    "-verify-peer",
];

/// The flags of the runner's tests that have a value, and one that they have.
fn with_values(chain: &str, key: &str) -> Vec<(&'static str, String)> {
    let names = hex(b"\x30\x00");
    [
        ("-advertise-alpn", "\x03foo"),
        ("-advertise-npn", "\x03foo"),
        ("-cert-file", chain),
        ("-curves", "23"),
        ("-expect-advertised-alpn", "\x03foo"),
        ("-expect-alpn", "foo"),
        ("-expect-certificate-types", &base64(&[1, 64])),
        ("-expect-client-ca-list", &names),
        ("-expect-curve-id", "29"),
        ("-expect-ocsp-response", &base64(b"staple")),
        ("-expect-peer-cert-file", chain),
        ("-expect-peer-signature-algorithm", "1027"),
        ("-expect-peer-verify-pref", "1027"),
        ("-expect-selected-credential", "-1"),
        ("-expect-server-name", "a.example"),
        ("-export-context", "context"),
        ("-export-keying-material", "32"),
        ("-export-label", "label"),
        ("-host-name", "a.example"),
        ("-key-file", key),
        ("-max-send-fragment", "512"),
        ("-max-version", "771"),
        ("-min-version", "771"),
        ("-ocsp-response", &base64(b"staple")),
        ("-read-size", "512"),
        ("-resume-count", "1"),
        ("-select-alpn", "foo"),
        ("-signing-prefs", "1027"),
        ("-trust-cert", ""),
        ("-use-client-ca-list", "<NULL>"),
        ("-verify-prefs", "1027"),
    ]
    .map(|(flag, value)| (flag, value.to_owned()))
    .into()
}

/// The two that are left out: a language for lists of suites, and a trace of all messages.
const LEFT_OUT: [(&str, &str); 2] = [("-cipher", "DEFAULT"), ("-expect-msg-callback", "write hs 1\n")];

#[test]
fn each_of_the_84_flags_is_read_but_two_that_are_not_implemented() {
    let folder = Folder::new();
    let (chain, key) = (folder.chain(&identity()), folder.key(&identity()));
    let values = with_values(&chain, &key);
    assert_eq!(SWITCHES.len() + MORE_SWITCHES.len() + values.len() + LEFT_OUT.len(), 84);
    for flag in SWITCHES.iter().chain(&MORE_SWITCHES) {
        assert!(is_read(&[flag]), "{flag}");
    }
    for (flag, value) in &values {
        assert!(is_read(&[flag, value]), "{flag} {value}");
        assert!(!is_read(&[flag]), "{flag} has a value");
    }
    for (flag, value) in LEFT_OUT {
        assert!(!is_read(&[flag, value]), "{flag}");
    }
}

#[test]
fn a_runner_that_asks_for_a_handshaker_hears_no() {
    assert_eq!(run(&["-is-handshaker-supported"]), (PASSED, "No\n".into(), String::new()));
}

#[test]
fn an_unknown_flag_and_a_value_that_we_do_not_have_are_not_implemented() {
    for args in [
        &["-dtls"][..],
        &["-quic"],
        &["server"],
        &["--server"],
        &["-curves", "25"],
        &["-curves", "P-256"],
        &["-max-version", "770"],
        &["-min-version", "772"],
        &["-no-tls12"],
        &["-on-retry-verify-fail"],
        &["-on-shim-verify-fail"],
        &["-on-handshaker-verify-fail"],
        &["-on-initial-dtls"],
        &["-on-resume-curves", "25"],
        &["-port", "many"],
        &["-shim-id", "-1"],
        &["-ocsp-response", "?"],
        &["-use-client-ca-list", "3"],
        &["-use-client-ca-list", "3g"],
        &["-expect-peer-cert-file", "/nowhere"],
        &["-cert-file", "/nowhere", "-key-file", "/nowhere"],
    ] {
        assert!(!is_read(args), "{args:?}");
    }
}

#[test]
fn a_key_or_a_chain_that_is_no_such_thing_is_not_implemented() {
    let folder = Folder::new();
    let (chain, key) = (folder.chain(&identity()), folder.key(&identity()));
    assert!(is_read(&["-cert-file", &chain, "-key-file", &key]));
    assert!(!is_read(&["-cert-file", &key, "-key-file", &key]));
    assert!(!is_read(&["-cert-file", &chain, "-key-file", &chain]));
}

#[test]
fn a_flag_need_not_be_text_and_neither_need_a_value() {
    let run = |args: &[&[u8]]| {
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.to_vec()).collect();
        shim::run(&args, &mut Vec::new(), &mut Vec::new())
    };
    assert_eq!(run(&[b"-port", b"0", b"-\xff"]), UNIMPLEMENTED);
    assert_eq!(run(&[b"-port", b"0", b"-host-name", b"\xff"]), UNIMPLEMENTED);
    assert_eq!(run(&[b"-port", b"0", b"-select-alpn", b"\xff"]), FAILED);
}
