//! Nothing is received over data that is still looked at.

use tls12::{Connection, Received, RecvBuf};

fn overwrite(tls: &mut Connection, buf: &mut RecvBuf) {
    if let Ok(Received::Data(data)) = tls.receive(buf, &mut Vec::new()) {
        buf.spare()[0] = 1;
        println!("{}", data.len());
    }
}

fn main() {}
