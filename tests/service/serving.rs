//! `tls12 serve`, and programs that call it.

pub(super) use crate::program::has_peers;
use crate::{place::Place, program::Program};

/// `tls12 serve` or another of its commands that listen, on a port of its own.
pub(super) struct Serving {
    pub(super) program: Program,
    pub(super) port: u16,
}

impl Serving {
    /// With the certificate of this place.
    pub(super) fn start(place: &Place, more: &[&str]) -> Self {
        let (cert, key) = (place.path("server.pem"), place.path("server.key"));
        Self::listening(
            &[&["serve", "--listen", "127.0.0.1:0", "--cert", &cert, "--key", &key], more].concat(),
        )
    }

    pub(super) fn listening(args: &[&str]) -> Self {
        let program = Program::start_with(env!("CARGO_BIN_EXE_tls12"), args);
        let is_whole = |line: &str| line.starts_with("listening on ") && line.ends_with('\n');
        let text = program.text_until(|text| text.split_inclusive('\n').any(is_whole));
        let line = text.lines().find_map(|line| line.strip_prefix("listening on ")).expect("it is there");
        let address = line.split(' ').next().expect("a word");
        let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Self { program, port }
    }
}

/// Calls `tls12 serve` with `openssl s_client` and these arguments, and reads its page.
pub(super) fn s_client(arguments: &str) {
    let mut client = Program::start("openssl", &format!("s_client {arguments}"));
    client.text_with("Verify return code");
    client.input(b"GET / HTTP/1.0\r\n\r\n");
    client.text_with("resumed=");
    client.end_input();
    client.wait();
}

/// Calls with curl, and gives what it writes.
pub(super) fn curl(place: &Place, more: &[&str]) -> String {
    let root = place.path("root.pem");
    let always =
        ["--silent", "--show-error", "--ipv4", "--max-time", "30", "--tls-max", "1.2", "--cacert", &root];
    Program::start_with("curl", &[&always, more].concat()).succeed()
}
