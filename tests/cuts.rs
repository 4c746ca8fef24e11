//! However the streams are cut, the same comes out: handshakes, and application data of every length.

mod common;

#[path = "cuts/close.rs"]
mod close;
#[path = "cuts/data.rs"]
mod data;
#[path = "cuts/halves.rs"]
mod halves;
#[path = "cuts/handshakes.rs"]
mod handshakes;

use common::pair::{Peer, Wire};
use tls12::{Error, Received};

/// The most bytes that arrive at once.
const CUTS: [usize; 7] = [usize::MAX, 1, 2, 3, 5, 7, 1000];

/// Lets `bytes` arrive, at most `cut` at a time, and returns what was delivered, record by record.
fn deliver(to: &mut Peer, bytes: &[u8], cut: usize) -> Result<Vec<Vec<u8>>, Error> {
    let (mut wire, mut delivered) = (Wire::default(), Vec::new());
    if !bytes.is_empty() {
        wire.send(bytes);
    }
    loop {
        let mut out = Vec::new();
        match to.tls.receive(&mut to.buf, &mut out)? {
            Received::Data(data) => delivered.push(data.to_vec()),
            Received::NeedsInput => match wire.receive(to.buf.spare(), cut) {
                0 => return Ok(delivered),
                n => to.buf.received(n)?,
            },
            Received::NeedsFlush => panic!("nothing is owed here"),
            Received::Closed => return Ok(delivered),
        }
    }
}
