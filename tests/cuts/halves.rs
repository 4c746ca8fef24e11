//! A connection in two halves, for two threads.

use std::{sync::mpsc, thread};

use tls12::{
    Error, HalfReceived, RecordError, RecvBuf,
    connection::{Reader, Writer},
    schedule::Side,
    wire::{Alert, ContentType},
};

use crate::common::{
    forge::{Keys, take_records},
    pair::World,
    recording::{Recording, hellos},
};

/// Reads to the end of what comes from `wire`.
fn read_all(mut reader: Reader, mut buf: RecvBuf, wire: &mpsc::Receiver<Vec<u8>>) -> Vec<u8> {
    let mut all = Vec::new();
    let mut waiting = Vec::new();
    loop {
        match reader.receive(&mut buf).expect("no error") {
            HalfReceived::Data(data) => all.extend_from_slice(&data),
            HalfReceived::Closed => return all,
            HalfReceived::NeedsInput => {
                if waiting.is_empty() {
                    waiting = wire.recv().expect("more is on its way");
                }
                let spare = buf.spare();
                let n = spare.len().min(waiting.len());
                spare[..n].copy_from_slice(&waiting[..n]);
                waiting.drain(..n);
                buf.received(n).expect("some bytes");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Writes all of it and closes. A writer that fails drops the wire, which the reader notices.
fn write_all(mut writer: Writer, data: &[u8], wire: mpsc::Sender<Vec<u8>>) {
    for (n, piece) in data.chunks(5000).enumerate() {
        let mut out = vec![0; piece.len() + writer.overhead()];
        match n % 2 {
            0 => {
                let sent = writer.send_into(piece, &mut out).expect("it can be sent");
                assert_eq!((sent.read, sent.written), (piece.len(), out.len()));
            }
            _ => {
                out.clear();
                writer.send(piece, &mut out).expect("it can be sent");
            }
        }
        wire.send(out).expect("somebody reads");
    }
    let mut out = Vec::new();
    writer.close(&mut out);
    wire.send(out).expect("somebody reads");
}

#[test]
fn four_halves_in_four_threads_move_a_megabyte_each_way() {
    let (client, server) = World::new().run(usize::MAX).established();
    let (client_reader, client_writer) = client.tls.split();
    let (server_reader, server_writer) = server.tls.split();
    let (up, at_server) = mpsc::channel();
    let (down, at_client) = mpsc::channel();
    let data = |of: u32| (0..1_000_000_u32).map(|n| (n.wrapping_mul(of) >> 8) as u8).collect::<Vec<u8>>();
    let (upload, download) = (data(7), data(11));
    thread::scope(|scope| {
        let (uploaded, downloaded) = (&upload, &download);
        scope.spawn(move || write_all(client_writer, uploaded, up));
        scope.spawn(move || write_all(server_writer, downloaded, down));
        let (client_buf, server_buf) = (client.buf, server.buf);
        let at_server = scope.spawn(move || read_all(server_reader, server_buf, &at_server));
        let at_client = scope.spawn(move || read_all(client_reader, client_buf, &at_client));
        assert!(at_server.join().expect("a reader ends") == upload);
        assert!(at_client.join().expect("a reader ends") == download);
    });
}

/// What crosses from the reader to the writer is a value.
#[test]
fn what_the_reader_owes_the_writer_sends() {
    let mut world = World::new();
    let log = world.keep_key_log();
    let said = Recording::of(&world);
    let (suite, randoms) = hellos(&[said.client, said.server].concat()).expect("two hellos");
    let (client, _) = world.run(usize::MAX).established();
    let keys = Keys::new(&log.master().expect("a line"), suite, randoms);
    // The Finished of each side were the first records under these keys.
    let (mut sealing, mut opening) = (keys.sealing(Side::Server), keys.opening(Side::Client));
    (sealing.sequence, opening.sequence) = (1, 1);
    let (mut reader, mut writer) = client.tls.split();
    let (mut buf, mut out) = (client.buf, Vec::new());

    let mut records = sealing.seal(ContentType::HANDSHAKE, &[0; 4]);
    let mut forged = sealing.seal(ContentType::APPLICATION_DATA, b"data");
    forged[10] ^= 1;
    records.extend(forged);
    buf.spare()[..records.len()].copy_from_slice(&records);
    buf.received(records.len()).expect("some bytes");

    match reader.receive(&mut buf) {
        Ok(HalfReceived::Reply(reply)) => writer.reply(reply, &mut out),
        other => panic!("{other:?}"),
    }
    match reader.receive(&mut buf) {
        Ok(HalfReceived::Abort(abort)) => writer.abort(abort, &mut out),
        other => panic!("{other:?}"),
    }
    let error = Error::Record(RecordError::BadMac);
    assert_eq!(reader.receive(&mut buf).err(), Some(error.clone()));
    assert_eq!(reader.receive(&mut buf).err(), Some(error));

    let alerts: Vec<_> = take_records(&mut out)
        .into_iter()
        .map(|(content_type, body)| opening.open(content_type, &body).expect("under the right key"))
        .collect();
    assert_eq!(alerts, [[1, Alert::NO_RENEGOTIATION.0], [2, Alert::BAD_RECORD_MAC.0]]);
}
