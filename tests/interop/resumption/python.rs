//! Python's `ssl`.

use super::{
    BY_ID, BY_TICKET, NEW_ID, NEW_TICKET, Ours, refusing, renewing, resuming, reused,
    without_ticket_after_all,
};
use crate::{
    common::certs::Key,
    place::Place,
    program::{Program, has_peers},
};

const CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/resumption/client.py");

#[test]
fn python_reuses_sessions_by_ticket_and_by_id() {
    if !has_peers("resumption with Python") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let cases = [
        (false, resuming(NEW_TICKET, BY_TICKET)),
        (true, resuming(NEW_ID, BY_ID)),
        (false, renewing()),
        (false, refusing()),
        (false, without_ticket_after_all()),
    ];
    for (no_ticket, plan) in cases {
        let (ours, root) = (Ours::new(&place), place.path("root.pem"));
        let options = format!(r#"{{"port":{},"ca":"{root}","times":6,"noTicket":{no_ticket}}}"#, ours.port());
        let client = Program::start_with("python3", &[CLIENT, &options]);
        ours.serve(&plan);
        let text = client.succeed();
        let said: Vec<bool> = text.lines().map(|line| line.starts_with("reused True")).collect();
        assert_eq!(said, reused(&plan), "{text}");
        let last = if no_ticket { "ticket False" } else { "ticket True" };
        assert!(text.trim_end().ends_with(last), "{text}");
    }
}
