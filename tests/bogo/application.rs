//! What happens once there is a connection.

use tls12::{Error, wire::Alert};

use crate::{
    common::{
        ours::Link,
        pair::World,
        raw::{ALERT, APPLICATION_DATA, Hello},
    },
    runner::Shim,
};

const BOTH: [fn(&str) -> Shim; 2] = [Shim::client, Shim::server];

#[test]
fn records_of_any_length_come_back_turned_and_empty_ones_do_no_harm() {
    let shim = Shim::server("-read-size 512");
    let outcome = shim.meets(|runner| {
        let mut raw = runner.raw_client();
        raw.connect(&Hello::new());
        for len in [1, 511, 512, 513, 1 << 14] {
            raw.record(APPLICATION_DATA, &[]);
            raw.record(APPLICATION_DATA, &vec![0x5a; len]);
            assert_eq!(raw.next_record(), Some((APPLICATION_DATA, vec![0xa5; len])));
        }
        raw.record(ALERT, &[1, 0]);
        assert_eq!(raw.next_record(), Some((ALERT, vec![1, 0])));
    });
    outcome.passed(1);
}

#[test]
fn a_max_send_fragment_is_the_longest_plaintext_that_is_sent() {
    let lengths = |flags| {
        let mut lengths = Vec::new();
        let outcome = Shim::server(flags).meets(|runner| {
            let mut raw = runner.raw_client();
            raw.connect(&Hello::new());
            raw.record(APPLICATION_DATA, &[0; 1500]);
            while lengths.iter().sum::<usize>() < 1500 {
                let (content, body) = raw.next_record().expect("more data");
                assert_eq!((content, &body[..1]), (APPLICATION_DATA, &[0xff][..]));
                lengths.push(body.len());
            }
            raw.record(ALERT, &[1, 0]);
        });
        outcome.passed(1);
        lengths
    };
    assert_eq!(lengths("-max-send-fragment 512"), [512, 512, 476]);
    assert_eq!(lengths(""), [1500]);
}

#[test]
fn a_shim_that_writes_first_says_hello() {
    for shim in BOTH {
        let outcome = shim("-shim-writes-first").meets(|runner| {
            let world = World::new();
            let server = std::ptr::fn_addr_eq(shim, Shim::server as fn(&str) -> Shim);
            let mut peer = if server { runner.call(&world) } else { runner.serve(&world) };
            assert_eq!(peer.hear(5), Ok(b"hello".to_vec()));
            assert!(peer.visit().is_ok());
        });
        outcome.passed(1);
    }
}

#[test]
fn a_shim_that_shuts_down_echoes_nothing_and_closes_at_once() {
    let outcome = Shim::client("-shim-shuts-down").meets(|runner| {
        // Nothing of the runner's, and close_notify comes.
        assert!(runner.serve(&World::new()).close().is_ok());
    });
    outcome.passed(1);
    let outcome = Shim::client("-shim-shuts-down").meets(|runner| {
        assert_eq!(runner.serve(&World::new()).hear(1), Err(Error::Truncated));
    });
    outcome.passed(1);
}

#[test]
fn a_close_that_the_peer_does_not_answer_is_an_error_only_if_that_is_checked() {
    let cut = |flags| {
        Shim::server(flags).meets(|runner| {
            runner.call(&World::new()).cut();
        })
    };
    let unclean = "Unexpected SSL_shutdown result: -1 != 1";
    cut("-shim-shuts-down").passed(1);
    cut("-shim-shuts-down -check-close-notify").failed(unclean);
    let closed = Shim::server("-shim-shuts-down -check-close-notify").meets(|runner| {
        assert!(runner.call(&World::new()).close().is_ok());
    });
    closed.passed(1);
}

#[test]
fn an_end_without_close_notify_is_an_error_only_if_that_is_checked() {
    let cut = |flags| {
        Shim::client(flags).meets(|runner| {
            let mut peer = runner.serve(&World::new());
            assert!(peer.echo(b"data").is_ok());
            assert!(!peer.cut().is_empty(), "close_notify comes anyway");
        })
    };
    cut("").passed(1);
    let outcome = Shim::client("-check-close-notify").meets(|runner| {
        let mut peer = runner.serve(&World::new());
        assert!(peer.echo(b"data").is_ok());
        peer.cut();
    });
    outcome.failed("the peer is gone");
    Shim::client("-check-close-notify").visits(World::new()).passed(1);
}

#[test]
fn send_alert_is_a_fatal_alert_and_no_failure() {
    for flags in ["-send-alert", "-send-alert -shim-writes-first"] {
        let outcome = Shim::client(flags).meets(|runner| {
            let mut peer = runner.serve(&World::new());
            assert_eq!(peer.hear(1), Err(Error::Received(Alert::DECOMPRESSION_FAILURE)), "{flags}");
        });
        outcome.passed(1);
    }
}

/// What the shim sends first, and what its peer derives.
fn exported(flags: &str, label: &str, context: Option<&[u8]>) -> (Vec<u8>, Vec<u8>) {
    let (mut heard, mut ours) = (Vec::new(), vec![0; 48]);
    let shim = Shim::client("-export-keying-material 48").with("-export-label", label).and(flags);
    let shim = if let Some(context) = context { shim.with("-export-context", context) } else { shim };
    let outcome = shim.meets(|runner| {
        let mut peer = runner.serve(&World::new());
        let exporter = peer.connection().exporter().expect("an exporter");
        exporter.derive(label, context, &mut ours).expect("a label of the test's own");
        heard = peer.hear(48).expect("the material comes first");
        assert!(peer.visit().is_ok());
    });
    outcome.passed(1);
    (heard, ours)
}

#[test]
fn exported_keying_material_is_the_first_data_and_both_sides_have_it() {
    let (heard, ours) = exported("", "EXPORTER-a label", None);
    assert_eq!(heard, ours);
    let (heard, ours) = exported("-use-export-context", "EXPORTER-a label", Some(b"some context"));
    assert_eq!(heard, ours);
    // RFC 5705, 4: an empty context is another one than none.
    let (heard, ours) = exported("-use-export-context", "EXPORTER-a label", Some(b""));
    assert_eq!(heard, ours);
    let (heard, ours) = exported("", "EXPORTER-a label", Some(b""));
    assert_ne!(heard, ours, "without the flag there is no context");
}

#[test]
fn the_runners_close_is_answered_with_a_close() {
    let outcome = Shim::server("").meets(|runner| {
        let mut line = runner.call(&World::new()).into_line();
        line.cut();
        assert!(!line.receive().is_empty(), "close_notify");
    });
    outcome.passed(1);
}
