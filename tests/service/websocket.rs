//! A WebSocket server behind `serve --forward`, a client over wss in front of it.

use super::serving::{Serving, has_peers};
use crate::{common::certs::Key, place::Place, program::Program};

/// The one that finds what Debian's packages installed.
const PYTHON: &str = "/usr/bin/python3";
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/websocket_server.py");
const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/websocket_client.py");

#[test]
fn messages_of_1_byte_to_16_mib_come_back_over_wss() {
    if !has_peers("WebSocket over TLS") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let server = Program::start(PYTHON, SERVER);
    let said = server.text_with("listening on ");
    let port = said.trim().rsplit(' ').next().expect("a port");
    let serving = Serving::start(&place, &["--forward", &format!("127.0.0.1:{port}")]);
    let url = format!("wss://localhost:{}/", serving.port);
    let client = Program::start_with(PYTHON, &[CLIENT, &url, &place.path("root.pem")]);
    assert_eq!(client.succeed(), "all came back 411\n");
    let log = serving.program.text_until(|text| text.matches("event=served").count() == 4);
    assert!(!log.contains("event=cut") && !log.contains("event=failed"), "{log}");
}
