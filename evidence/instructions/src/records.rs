//! Records of 100 bytes, one way.

use std::{hint::black_box, time::Instant};

use tls12::{Connection, RecvBuf, Received};

use crate::pair::{Costs, Resumes, World};

const TEXT: [u8; 100] = [b'x'; 100];
/// So many records are sealed, and then opened, in a row.
const BATCH: usize = 100;

pub fn run(rounds: u32) {
    let mut ended = World::new(Resumes::Ticket).handshake(None, &mut Costs::default());
    let mut buf = RecvBuf::new();
    let mut wire = vec![0; BATCH * (TEXT.len() + ended.client.record_overhead())];
    let (mut sealing, mut opening) = Default::default();
    for _ in 0..rounds {
        let start = Instant::now();
        measured_seal(&mut ended.client, &mut wire);
        let between = Instant::now();
        buf.spare()[..wire.len()].copy_from_slice(&wire);
        buf.received(wire.len()).expect("some bytes");
        let before = Instant::now();
        measured_open(&mut ended.server, &mut buf);
        sealing += between - start;
        opening += before.elapsed();
    }
    let records = rounds * u32::try_from(BATCH).expect("a few");
    let _: std::time::Duration = sealing;
    let _: std::time::Duration = opening;
    eprintln!("sealed in {:?}, opened in {:?}", sealing / records, opening / records);
}

#[inline(never)]
fn measured_seal(from: &mut Connection, wire: &mut [u8]) {
    let mut at = 0;
    for _ in 0..BATCH {
        let sent = from.send_into(&TEXT, &mut wire[at..]).expect("a record");
        at += black_box(sent.written);
    }
    assert_eq!(at, wire.len());
}

#[inline(never)]
fn measured_open(to: &mut Connection, buf: &mut RecvBuf) {
    let (mut records, mut reply) = (0, Vec::new());
    while let Received::Data(data) = to.receive(buf, &mut reply).expect("records") {
        records += usize::from(black_box(data.len()) == TEXT.len());
    }
    assert_eq!(records, BATCH);
}
