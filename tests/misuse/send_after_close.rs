//! What was closed sends nothing more.

use tls12::Connection;

fn one_more_thing(mut tls: Connection) {
    let mut out = Vec::new();
    let reader = tls.close(&mut out);
    let _ = tls.send(b"more", &mut out);
    drop(reader);
}

fn main() {}
