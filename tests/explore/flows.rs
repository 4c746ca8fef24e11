//! The exploration itself, and the flows that the model has.

use super::{
    alphabet::Kind,
    stages::{CLIENT_STAGES, SERVER_STAGES},
    walk::{explore, flows},
};

/// How many things that change nothing a sequence has before its last symbol.
fn detours() -> usize {
    match std::env::var("TLS12_EXPLORE") {
        Ok(how) if how == "deep" => 2,
        _ => 1,
    }
}

#[test]
fn the_implementation_accepts_exactly_what_the_model_accepts() {
    let detours = detours();
    let began = std::time::Instant::now();
    let client = explore(CLIENT_STAGES, detours);
    println!("client {client:?} {:?}", began.elapsed());
    let server = explore(SERVER_STAGES, detours);
    println!("server {server:?} {:?}", began.elapsed());
    let _ = Kind::Data;
    let _ = flows(CLIENT_STAGES);
    let _ = flows(SERVER_STAGES);
    assert_ne!(server.sequences() + client.sequences(), 0);
}
