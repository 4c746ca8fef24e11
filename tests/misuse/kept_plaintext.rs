//! Data is gone when the next record is taken.

use tls12::{Connection, Received, RecvBuf};

fn hoard(tls: &mut Connection, buf: &mut RecvBuf) {
    let mut out = Vec::new();
    if let Ok(Received::Data(first)) = tls.receive(buf, &mut out) {
        let _ = tls.receive(buf, &mut out);
        println!("{}", first.len());
    }
}

fn main() {}
