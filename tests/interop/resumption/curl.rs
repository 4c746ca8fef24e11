//! curl, twice in one process. It takes sessions by ID only, unless its TLS library says otherwise.

use super::{HandshakeKind, NEW_ID, Ours, ResumedBy, TicketSent, policy, verdict};
use crate::{
    common::certs::Key,
    http::respond,
    place::Place,
    program::{Program, has_peers},
};

#[test]
fn curl_resumes_on_its_second_connection() {
    if !has_peers("resumption with curl") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    for (more, resumes) in [("", true), ("--no-sessionid", false)] {
        let ours = Ours::new(&place);
        let url = format!("https://localhost:{}", ours.port());
        let root = place.path("root.pem");
        let curl = Program::start(
            "curl",
            &format!(
                "--verbose --ipv4 --tls-max 1.2 --max-time 20 --cacert {root} {more} {url}/one {url}/two"
            ),
        );
        let first = ours.accept(policy(1)).expect("a handshake");
        let ticket = first.tls.info().ticket;
        assert_eq!(verdict(&first), (NEW_ID.0, ticket));
        respond(first);
        let second = ours.accept(policy(1)).expect("a handshake");
        let expected = match (resumes, ticket) {
            (false, _) => (NEW_ID.0, ticket),
            (true, TicketSent::Issued) => (HandshakeKind::Resumed(ResumedBy::Ticket), TicketSent::No),
            (true, _) => (HandshakeKind::Resumed(ResumedBy::SessionId), TicketSent::No),
        };
        assert_eq!(verdict(&second), expected);
        respond(second);
        let text = curl.succeed();
        assert!(text.contains("GET /one HTTP/1.1") && text.contains("GET /two HTTP/1.1"), "{text}");
        // It says that it offers a session, and whether a certificate came.
        assert_eq!(text.contains("using session ID"), resumes, "{text}");
        let certificates = text.matches("(IN), TLS handshake, Certificate (11)").count();
        assert_eq!(certificates, if resumes { 1 } else { 2 }, "{text}");
    }
}
