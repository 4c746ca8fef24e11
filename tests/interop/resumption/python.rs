//! Python's `ssl`.

use super::script::Script;
use crate::program::has_peers;

#[test]
fn python_reuses_sessions_by_ticket_and_by_id() {
    if !has_peers("resumption with Python") {
        return;
    }
    let script = Script {
        program: "python3",
        path: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/resumption/client.py"),
        reused: "reused True",
        tickets: ["ticket False", "ticket True"],
    };
    script.reuses_sessions();
}
