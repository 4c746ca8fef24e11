//! Node's `tls`, whose server may keep sessions itself and answer late.

use std::time::{Duration, Instant};

use super::{BY_ID, BY_TICKET, Caller, DECLINED, NEW_ID, NEW_TICKET, TicketSent, script::Script, verdict};
use crate::{common::certs::Key, node::server_of, place::Place, program::has_peers};

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/resumption/client.js");
pub(super) const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/resumption/server.js");

#[test]
fn node_reuses_sessions_by_ticket_and_by_id() {
    if !has_peers("resumption with Node") {
        return;
    }
    let script = Script {
        program: "node",
        path: CLIENT,
        reused: r#""reused":true"#,
        tickets: [r#""ticket":false}"#, r#""ticket":true}"#],
    };
    script.reuses_sessions();
}

#[test]
fn our_client_resumes_with_a_node_server_whose_store_answers_late() {
    if !has_peers("a late store of Node") {
        return;
    }
    const LATE: Duration = Duration::from_millis(200);
    let place = Place::new(Key::EcdsaP256);
    let more = format!(r#","noTicket":true,"late":{}"#, LATE.as_millis());
    let (server, port) = server_of(SERVER, &place, &more);
    let mut caller = Caller::new(&place);
    for number in 0..4 {
        let start = Instant::now();
        let mut tls = caller.call(port);
        assert!(start.elapsed() >= LATE, "it asks its store first");
        assert_eq!(verdict(&tls), if number == 0 { NEW_ID } else { BY_ID });
        tls.write(b"echo");
        assert_eq!(tls.read_exact(4), b"echo");
        tls.close();
    }
    let text = server.text_until(|text| text.matches(r#""reused":true"#).count() == 3);
    assert_eq!((text.matches("stored").count(), text.matches("asked").count()), (1, 3), "{text}");

    // Another server does not have the session, and says so as late.
    let (server, port) = server_of(SERVER, &place, &more);
    assert_eq!(verdict(&caller.call(port)), (DECLINED, TicketSent::No));
    server.text_with("asked");
    assert_eq!(verdict(&caller.call(port)), BY_ID);
}

#[test]
fn our_client_resumes_with_a_node_server_by_ticket_until_its_keys_change() {
    if !has_peers("ticket keys of Node") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let (old, new) = ("0102030405060708".repeat(6), "1112131415161718".repeat(6));
    let (server, port) = server_of(SERVER, &place, &format!(r#","ticketKeys":"{old}""#));
    let mut caller = Caller::new(&place);
    for expected in [NEW_TICKET, BY_TICKET, BY_TICKET] {
        assert_eq!(verdict(&caller.call(port)), expected);
    }
    // It forgets its former keys at once.
    server.input(format!("{new}\n").as_bytes());
    server.text_with("keys 11121314");
    for expected in [(DECLINED, TicketSent::Issued), BY_TICKET] {
        assert_eq!(verdict(&caller.call(port)), expected);
    }
    let text = server.text_until(|text| text.matches("reused").count() == 5);
    let said: Vec<bool> =
        text.lines().filter(|line| line.contains("reused")).map(|line| line.contains("true")).collect();
    assert_eq!(said, [false, true, true, false, true], "{text}");
}
