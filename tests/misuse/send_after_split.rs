//! A connection in halves is no whole one.

use tls12::Connection;

fn both(mut tls: Connection) {
    let (reader, writer) = tls.split();
    let _ = tls.send(b"more", &mut Vec::new());
    drop((reader, writer));
}

fn main() {}
