//! Records of 100 bytes, one way.

use std::hint::black_box;

use tls12::{Connection, Received, RecvBuf};

use crate::pair::{Memory, Resumes, World};

const TEXT: [u8; 100] = [b'x'; 100];

/// Seals so many records, which then come in one piece.
pub fn run(records: usize) {
    let mut ended = World::new(Resumes::Ticket).handshake(None, &mut Memory::default());
    let mut wire = vec![0; records * (TEXT.len() + ended.client.record_overhead())];
    measured_seal(&mut ended.client, &mut wire);
    let mut buf = RecvBuf::from_vec(Vec::with_capacity(wire.len()));
    buf.spare()[..wire.len()].copy_from_slice(&wire);
    buf.received(wire.len()).expect("bytes");
    assert_eq!(measured_open(&mut ended.server, &mut buf), records);
}

#[inline(never)]
fn measured_seal(from: &mut Connection, mut wire: &mut [u8]) {
    while !wire.is_empty() {
        let sent = from.send_into(&TEXT, wire).expect("room for a record");
        wire = &mut wire[black_box(sent.written)..];
    }
}

#[inline(never)]
fn measured_open(to: &mut Connection, buf: &mut RecvBuf) -> usize {
    let (mut records, mut reply) = (0, Vec::new());
    while let Received::Data(data) = to.receive(buf, &mut reply).expect("records") {
        records += usize::from(black_box(&*data) == TEXT);
    }
    records
}
