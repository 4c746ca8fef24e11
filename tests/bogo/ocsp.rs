//! Staples, and the hook for them.

use tls12::{ClientConfig, ConnectionInfo, wire::Alert};

use crate::{
    common::{pair::World, resuming::policy, worlds::STAPLE},
    files::base64,
    runner::Shim,
};

/// A server that staples, and resumes.
fn stapling() -> World {
    World::stapled().with_policy(policy())
}

/// A client that asks for a staple.
fn asking() -> World {
    World::resuming().with_client(ClientConfig::with_status_request)
}

fn client(flags: &str) -> Shim {
    Shim::client("-enable-ocsp-stapling").and(flags)
}

/// A server with a staple.
fn server(flags: &str) -> Shim {
    Shim::server("").with("-ocsp-response", base64(STAPLE)).and(flags)
}

fn staple(info: &ConnectionInfo) -> Option<&[u8]> {
    info.peer.as_ref().and_then(|verified| verified.peer().ocsp.as_deref())
}

#[test]
fn a_client_that_enables_stapling_asks_for_a_staple_and_keeps_it_in_the_session() {
    let expecting = |shim: Shim, response: &[u8]| shim.with("-expect-ocsp-response", base64(response));
    expecting(client(""), STAPLE).visits(stapling()).passed(1);
    expecting(client("-resume-count 1"), STAPLE).visits(stapling()).passed(2);
    expecting(client(""), b"another").visits(stapling()).broken();
    // A server that has none, and a client that does not ask.
    expecting(client(""), STAPLE).visits(World::new()).broken();
    expecting(Shim::client(""), STAPLE).visits(stapling()).broken();
}

#[test]
fn a_server_staples_its_response_where_it_is_asked_for() {
    let infos = server("").visits(asking()).passed(1);
    assert_eq!(staple(&infos[0]), Some(STAPLE));
    let infos = server("").visits(World::new()).passed(1);
    assert_eq!(staple(&infos[0]), None);
    let infos = Shim::server("").visits(asking()).passed(1);
    assert_eq!(staple(&infos[0]), None);
}

#[test]
fn a_hook_that_passes_or_sets_the_response_staples_it() {
    for flags in ["-use-ocsp-callback", "-use-ocsp-callback -set-ocsp-in-callback", "-set-ocsp-in-callback"] {
        let infos = server(flags).visits(asking()).passed(1);
        assert_eq!(staple(&infos[0]), Some(STAPLE), "{flags}");
    }
    client("-use-ocsp-callback").visits(stapling()).passed(1);
}

#[test]
fn a_server_whose_hook_declines_staples_nothing() {
    let infos = server("-use-ocsp-callback -decline-ocsp-callback").visits(asking()).passed(1);
    assert_eq!(staple(&infos[0]), None);
}

#[test]
fn a_hook_that_fails_ends_the_handshake() {
    let flags = "-use-ocsp-callback -fail-ocsp-callback";
    let outcome = client(flags).visits(stapling());
    outcome.failed_with(":OCSP_CB_ERROR:", Alert::BAD_CERTIFICATE_STATUS_RESPONSE);
    // Whichever comes first.
    let outcome = client("-fail-ocsp-callback -use-ocsp-callback").visits(stapling());
    outcome.failed(":OCSP_CB_ERROR:");
    let outcome = server(flags).visits(asking());
    outcome.failed_with(":OCSP_CB_ERROR:", Alert::INTERNAL_ERROR);
    // There is no hook for clients that do not ask.
    server(flags).visits(World::new()).passed(1);
}

#[test]
fn a_response_belongs_to_the_credential_that_it_stands_behind() {
    let credential = crate::common::raw::identity();
    let shim = server("").another(&credential).with("-ocsp-response", base64(b"of the first"));
    let infos = shim.visits(asking()).passed(1);
    assert_eq!(staple(&infos[0]), Some(&b"of the first"[..]));
}
