//! An alert that ends the connection is the last record.

use tls12::connection::{Abort, Writer};

fn go_on(mut writer: Writer, abort: Abort) {
    let mut out = Vec::new();
    writer.abort(abort, &mut out);
    let _ = writer.send(b"more", &mut out);
}

fn main() {}
