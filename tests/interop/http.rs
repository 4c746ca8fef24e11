//! curl gets a page.

use crate::{
    common::certs::Key,
    drive::Tls,
    place::Place,
    program::{Program, has_peers},
    socket::{Listener, Socket},
};

/// Reads one request and answers it with its own first line.
pub(crate) fn respond(mut tls: Tls<Socket>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.extend(tls.read().expect("a whole request"));
    }
    let line = request.split(|byte| *byte == b'\r').next().expect("a first line");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", line.len());
    tls.write(head.as_bytes());
    tls.write(line);
    tls.close();
}

#[test]
fn curl_gets_the_page() {
    if !has_peers("curl") {
        return;
    }
    for key in [Key::EcdsaP256, Key::Rsa2048] {
        let place = Place::new(key);
        let listener = Listener::new();
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("https://{host}:{}/a/page", listener.port());
            let arguments = format!(
                "--silent --show-error --ipv4 --max-time 20 --cacert {} {url}",
                place.path("root.pem")
            );
            let curl = Program::start("curl", &arguments);
            respond(listener.accept(&place.world()).expect("a handshake"));
            assert_eq!(curl.succeed(), "GET /a/page HTTP/1.1");
        }
        let root = place.path("client.pem");
        let url = format!("https://localhost:{}/", listener.port());
        let curl = Program::start(
            "curl",
            &format!("--silent --show-error --ipv4 --max-time 20 --cacert {root} {url}"),
        );
        assert!(listener.accept(&place.world()).is_err(), "curl trusts somebody else");
        assert_eq!(curl.wait().0.code(), Some(60), "curl's code for a certificate that does not verify");
    }
}
