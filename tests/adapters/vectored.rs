//! Many slices, few records.

use std::io::{IoSlice, Read, Write};

use ::tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tls12::wire::{ContentType, MAX_PLAINTEXT};

use super::{
    edges::{Edges, bytes, name, sockets},
    transports::{Tap, established_over},
};

const DATA: u8 = ContentType::APPLICATION_DATA.0;
/// What a record of AES-GCM has besides its plaintext (RFC 5288): the explicit nonce and the tag.
const MORE: usize = 24;

/// `data` in slices of these lengths, over and over.
fn slices<'d>(mut data: &'d [u8], lengths: &[usize]) -> Vec<IoSlice<'d>> {
    let mut slices = Vec::new();
    for length in lengths.iter().cycle() {
        if data.is_empty() {
            return slices;
        }
        let (slice, rest) = data.split_at(data.len().min(*length));
        slices.push(IoSlice::new(slice));
        data = rest;
    }
    slices
}

#[::tokio::test]
async fn slices_become_as_few_records_as_one_slice_would() {
    let (client, server) = duplex(200_000);
    let (mut client, mut server) = established_over(Tap::new(client), server).await;
    assert!(client.is_write_vectored());
    client.get_mut().records();
    let full = (DATA, MAX_PLAINTEXT + MORE);
    for (lengths, total, taken, records) in [
        (&[3][..], 3000, 3000, vec![(DATA, 3000 + MORE)]),
        (&[0, 1], 9, 9, vec![(DATA, 9 + MORE)]),
        // Two records of the largest size are taken at once.
        (&[1], 40_000, 32_768, vec![full, full]),
        (&[200, 100_000], 50_000, 32_768, vec![full, full]),
        // Whole records are taken from where they lie.
        (&[20_000], 40_000, 16_384, vec![full]),
        (&[100_000], 40_000, 32_768, vec![full, full]),
    ] {
        let data = bytes(total);
        let n = client.write_vectored(&slices(&data, lengths)).await.unwrap();
        assert_eq!((n, client.get_mut().records()), (taken, records), "{lengths:?}");
        let mut read = vec![0; n];
        server.read_exact(&mut read).await.unwrap();
        assert!(read == data[..n], "{lengths:?}");
    }
    assert_eq!(client.write_vectored(&[IoSlice::new(&[]), IoSlice::new(&[])]).await.unwrap(), 0);
    assert_eq!(client.get_mut().records(), []);
}

#[::tokio::test]
async fn the_writing_half_writes_slices_as_the_stream_does() {
    let (client, server) = duplex(200_000);
    let (mut client, mut server) = established_over(Tap::new(client), server).await;
    client.get_mut().records();
    let (reading, mut writing) = client.into_split();
    assert!(writing.is_write_vectored());
    let data = bytes(5000);
    assert_eq!(writing.write_vectored(&slices(&data, &[7, 1])).await.unwrap(), 5000);
    let mut read = vec![0; 5000];
    server.read_exact(&mut read).await.unwrap();
    assert!(read == data);
    let mut client = reading.reunite(writing).unwrap();
    assert_eq!(client.get_mut().records(), [(DATA, 5000 + MORE)]);
}

/// A blocking transport that records what is written.
struct Recording(std::net::TcpStream, Vec<u8>);

impl Read for Recording {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(to)
    }
}

impl Write for Recording {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.0.write(bytes)?;
        self.1.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[test]
fn blocking_streams_write_slices_as_one_record_too() {
    let edges = Edges::new();
    let (client, server) = sockets();
    let acceptor = edges.acceptor();
    let reading = std::thread::spawn(move || {
        let mut read = vec![0; 6000];
        let mut server = acceptor.accept(server).unwrap();
        server.read_exact(&mut read).unwrap();
        read
    });
    let mut client = edges.connector().connect(name(), None, Recording(client, Vec::new())).unwrap();
    client.get_mut().1.clear();
    let data = bytes(6000);
    assert_eq!(client.write_vectored(&slices(&data, &[11])).unwrap(), 6000);
    let written = &client.get_ref().1;
    assert_eq!((written[0], written.len()), (DATA, 5 + 6000 + MORE));
    assert_eq!(client.write_vectored(&[]).unwrap(), 0);
    assert!(reading.join().unwrap() == data);
}
