//! Node's `tls`, as client and as server.

use std::sync::Arc;

use tls12::{ClientAuth, wire::NamedGroup};

use crate::{
    common::{certs::Key, pair::World},
    openssl::{group_names, suite_name},
    openssl_client_auth::{asking, presenting},
    place::{KEYS, Place, cases, groups, megabyte, suites},
    program::{Program, has_peers},
    socket::{Listener, connect},
};

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/node_client.js");
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/node_server.js");

/// A server of a place; `more` is more JSON, with a comma before it.
fn server(place: &Place, more: &str) -> (Program, u16) {
    server_of(SERVER, place, more)
}

/// A server of a place as a script has it.
pub(crate) fn server_of(script: &str, place: &Place, more: &str) -> (Program, u16) {
    let (cert, key) = (place.path("server.pem"), place.path("server.key"));
    let options = format!(r#"{{"cert":"{cert}","key":"{key}"{more}}}"#);
    let program = Program::start_with("node", &[script, &options]);
    let text = program.text_with(".\n");
    let port =
        text.trim().trim_end_matches('.').strip_prefix("listening on ").and_then(|port| port.parse().ok());
    (program, port.unwrap_or_else(|| panic!("no port: {text}")))
}

/// A client that believes the root of a place.
fn client(place: &Place, port: u16, more: &str) -> Program {
    let root = place.path("root.pem");
    Program::start_with("node", &[CLIENT, &format!(r#"{{"port":{port},"ca":"{root}"{more}}}"#)])
}

#[test]
fn our_client_speaks_every_suite_and_group_with_node() {
    if !has_peers("our client with Node") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let (peer, port) = server(&place, r#","ecdhCurve":"auto","honorCipherOrder":false"#);
        for (suite, group) in cases(key) {
            let mut tls = connect(&place.world_for(suite, group), port)
                .unwrap_or_else(|error| panic!("{key:?} {suite:?} {group:?}: {error}\n{}", peer.text()));
            tls.write(b"echo");
            assert_eq!(tls.read_exact(4), b"echo");
            assert_eq!((tls.tls.info().suite, tls.tls.info().group), (suite, Some(group)), "{key:?}");
            assert!(tls.close().is_empty());
        }
        peer.text_with(r#""servername":"a.example""#);
    }
}

#[test]
fn our_server_speaks_every_suite_and_every_group_with_node() {
    if !has_peers("our server with Node") {
        return;
    }
    // A process starts slowly: each suite once, with the groups in turn.
    let some = [NamedGroup::X25519, NamedGroup::SECP256R1, NamedGroup::SECP384R1];
    for key in KEYS {
        let place = Place::new(key);
        let listener = Listener::new();
        for (suite, group) in suites(key).into_iter().zip(some) {
            let (name, curves) = (suite_name(suite), group_names(&groups(key, group)));
            let more = format!(r#","ciphers":"{name}","ecdhCurve":"{curves}""#);
            let peer = client(&place, listener.port(), &more);
            let mut tls = listener
                .accept(&place.world_for(suite, group))
                .unwrap_or_else(|error| panic!("{key:?} {suite:?} {group:?}: {error}\n{}", peer.text()));
            peer.input(b"to the server");
            assert_eq!(tls.read_exact(13), b"to the server");
            tls.write(b"to the client");
            assert_eq!(peer.output(13), b"to the client");
            assert_eq!((tls.tls.info().suite, tls.tls.info().group), (suite, Some(group)), "{key:?}");
            tls.close();
            let text = peer.succeed();
            assert!(text.contains(r#""authorized":true"#) && text.contains(name), "{text}");
        }
    }
}

#[test]
fn a_megabyte_each_way_with_node_is_intact() {
    if !has_peers("a megabyte with Node") {
        return;
    }
    let (place, data) = (Place::new(Key::EcdsaP256), megabyte());
    let (_peer, port) = server(&place, "");
    let mut tls = connect(&place.world(), port).expect("a handshake");
    for part in data.chunks(20_000) {
        tls.write(part);
        assert!(tls.read_exact(part.len()) == part, "what came back was altered");
    }
    tls.close();

    let listener = Listener::new();
    let mut peer = client(&place, listener.port(), "");
    let mut tls = listener.accept(&place.world()).expect("a handshake");
    tls.write(&data);
    assert!(peer.output(data.len())[..data.len()] == data, "what we sent came altered");
    peer.input(&data);
    assert!(tls.read_exact(data.len()) == data, "what we were sent came altered");
    peer.end_input();
    tls.wait_for_close();
    peer.succeed();
}

#[test]
fn certificates_of_clients_are_proved_with_node() {
    if !has_peers("client certificates with Node") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let root = place.path("root.pem");
        let (peer, port) =
            server(&place, &format!(r#","ca":"{root}","requestCert":true,"rejectUnauthorized":true"#));
        let mut tls = connect(&presenting(&place), port).expect("a handshake");
        tls.write(b"echo");
        assert_eq!(tls.read_exact(4), b"echo");
        tls.close();
        assert!(peer.text_with("alice").contains(r#""authorized":true"#));

        let listener = Listener::new();
        let more = format!(r#","cert":"{}","key":"{}""#, place.path("client.pem"), place.path("client.key"));
        let peer = client(&place, listener.port(), &more);
        let tls = listener.accept(&asking(&place, ClientAuth::Require)).expect("a handshake");
        let proved = tls.tls.info().peer.clone().expect("a client that proved who it is");
        assert_eq!(&proved.peer().chain[0], place.client().leaf());
        tls.close();
        peer.succeed();
    }
    let place = Place::new(Key::EcdsaP256);
    let listener = Listener::new();
    let peer = client(&place, listener.port(), "");
    assert!(listener.accept(&asking(&place, ClientAuth::Require)).is_err());
    let (status, text) = peer.wait();
    assert!(!status.success() && text.contains("HANDSHAKE_FAILURE"), "{text}");
}

#[test]
fn alpn_is_agreed_on_with_node() {
    if !has_peers("ALPN with Node") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let config = place.server_config().with_alpn([&b"h2"[..], b"ours"]);
    let offer = place.client_config().with_alpn([&b"ours"[..], b"h2"]);
    let world = World { server: Arc::new(config), client: Arc::new(offer), ..place.world() };
    let listener = Listener::new();
    let peer = client(&place, listener.port(), r#","ALPNProtocols":["theirs","ours"]"#);
    let tls = listener.accept(&world).expect("a handshake");
    assert_eq!(tls.tls.info().alpn.as_deref(), Some(&b"ours"[..]));
    tls.close();
    assert!(peer.succeed().contains(r#""alpnProtocol":"ours""#));

    let (_peer, port) = server(&place, r#","ALPNProtocols":["h2"]"#);
    let tls = connect(&world, port).expect("a handshake");
    assert_eq!(tls.tls.info().alpn.as_deref(), Some(&b"h2"[..]));
    tls.close();
}

#[test]
fn node_refuses_a_server_it_does_not_trust() {
    if !has_peers("a server that Node does not trust") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let listener = Listener::new();
    let peer = client(&place, listener.port(), r#","servername":"b.example""#);
    // It verifies after its handshake, and then closes without a word.
    let tls = listener.accept(&place.world()).expect("a handshake");
    let (status, text) = peer.wait();
    assert!(!status.success() && text.contains("ERR_TLS_CERT_ALTNAME_INVALID"), "{text}");
    drop(tls);
}
