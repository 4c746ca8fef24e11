//! `tls12::blocking`.

use std::{
    io::{BufRead, ErrorKind, Read, Write},
    net::Shutdown,
    thread,
    time::Duration,
};

use tls12::{
    ClientAuth, ClientConfig, Error, ServerName,
    blocking::{Acceptor, Connector, linger},
    crypto::RUSTCRYPTO,
    pki::{CertificateError, VerifyPeer, WebPki},
    wire::{Alert, CipherSuite},
};

use super::edges::{Edges, bytes, established, name, sockets, tls_error};
use crate::common::certs::{Ca, Key, Spec};

#[test]
fn a_line_each_way_and_a_close_each_way() {
    let (mut client, mut server) = established(&Edges::new());
    let binding = client.tls_server_end_point();
    assert!(binding.is_some() && binding == server.tls_server_end_point());
    let binding = client.exporter().map(|exporter| exporter.channel_binding());
    assert!(binding.is_some() && binding == server.exporter().map(|exporter| exporter.channel_binding()));
    client.write_all(b"question\n").unwrap();
    let mut line = String::new();
    server.read_line(&mut line).unwrap();
    assert_eq!(line, "question\n");
    server.write_all(b"answer\n").unwrap();
    server.shutdown_write().unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer\n");
    // The client's stream answered the close by itself.
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(client.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(client.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
}

#[test]
fn a_megabyte_each_way_arrives_intact_over_a_half_closed_connection() {
    let (mut client, mut server) = established(&Edges::new());
    let data = bytes(1 << 20);
    let expected = data.clone();
    let echo = thread::spawn(move || {
        server.allow_half_close();
        let mut all = Vec::new();
        server.read_to_end(&mut all).unwrap();
        server.write_all(&all).unwrap();
        server.close().unwrap();
    });
    client.write_all(&data).unwrap();
    client.shutdown_write().unwrap();
    let mut back = Vec::new();
    client.read_to_end(&mut back).unwrap();
    echo.join().unwrap();
    assert!(back == expected);
}

#[test]
fn an_end_without_close_notify_is_an_error_after_all_data() {
    let (mut client, mut server) = established(&Edges::new());
    server.write_all(b"half an ans").unwrap();
    server.get_ref().shutdown(Shutdown::Both).unwrap();
    let mut answer = Vec::new();
    let error = client.read_to_end(&mut answer).unwrap_err();
    assert_eq!(answer, b"half an ans");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(*tls_error(&error), Error::Truncated);
    assert_eq!(client.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn a_refused_certificate_is_an_error_that_a_person_can_read_and_an_alert_to_the_peer() {
    let (edges, other) = (Edges::new(), Edges::new());
    let (client, server) = sockets();
    let acceptor = edges.acceptor();
    let accepting = thread::spawn(move || acceptor.accept(server).map(|_| ()).unwrap_err());
    let stranger = WebPki::new(&RUSTCRYPTO, [Ca::new("another root").root()]).unwrap();
    let connector = Connector::new(ClientConfig::new(&RUSTCRYPTO), stranger);
    let error = connector.connect(name(), None, &client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    assert_eq!(*tls_error(&error), Error::Certificate(CertificateError::UnknownIssuer));
    assert!(error.to_string().contains("does not lead to a trusted root"), "{error}");
    linger(&client, Duration::from_secs(1));
    assert_eq!(*tls_error(&accepting.join().unwrap()), Error::Received(Alert::UNKNOWN_CA));
    drop(other);
}

#[test]
fn a_forged_record_is_told_to_the_peer_and_reported_for_ever() {
    let (mut client, mut server) = established(&Edges::new());
    client.get_mut().write_all(&[23, 3, 3, 0, 32]).unwrap();
    client.get_mut().write_all(&[7; 32]).unwrap();
    for _ in 0..2 {
        let error = server.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert_eq!(tls_error(&error).alert(), Some(Alert::BAD_RECORD_MAC));
        // Using up nothing changes nothing.
        server.consume(0);
    }
    let error = server.write(b"more").unwrap_err();
    assert_eq!(tls_error(&error).alert(), Some(Alert::BAD_RECORD_MAC));
    let error = client.read(&mut [0; 8]).unwrap_err();
    assert_eq!(*tls_error(&error), Error::Received(Alert::BAD_RECORD_MAC));
}

#[test]
fn the_alert_arrives_although_the_server_left_input_unread() {
    let edges = Edges::new();
    let (client, server) = sockets();
    let suites = [CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256];
    let config = ClientConfig::new(&RUSTCRYPTO).with_suites(&suites).unwrap();
    let connector = Connector::new(config, edges.trust());
    // More than a handshake will read is on its way behind the hello when the server gives up.
    let early = Early { tcp: &client, extra: bytes(100_000) };
    let acceptor = edges.acceptor();
    let accepting = thread::spawn(move || {
        let error = acceptor.accept(&server).map(|_| ()).unwrap_err();
        linger(&server, Duration::from_secs(2));
        error
    });
    let error = connector.connect(name(), None, early).map(|_| ()).unwrap_err();
    assert_eq!(*tls_error(&error), Error::Received(Alert::HANDSHAKE_FAILURE));
    drop(client);
    assert_eq!(tls_error(&accepting.join().unwrap()).alert(), Some(Alert::HANDSHAKE_FAILURE));
}

/// A transport that sends more behind the first flight.
struct Early<'t> {
    tcp: &'t std::net::TcpStream,
    extra: Vec<u8>,
}

impl Read for Early<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        // Reading shortly after, so that a reset would have arrived before the alert is read.
        thread::sleep(Duration::from_millis(50));
        self.tcp.read(to)
    }
}

impl Write for Early<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.tcp.write(bytes)?;
        self.tcp.write_all(&std::mem::take(&mut self.extra))?;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.tcp.flush()
    }
}

/// Runs a handshake with client certificates and gives both results.
fn mutual(
    edges: &Edges,
    named: &Ca,
    connector: Connector<WebPki>,
) -> (std::io::Result<Option<Vec<u8>>>, std::io::Result<()>) {
    let (client, server) = sockets();
    let verifier = WebPki::new(&RUSTCRYPTO, [named.root()]).unwrap();
    let config = edges
        .server_config()
        .with_client_auth(ClientAuth::Require)
        .with_client_authorities(verifier.authorities());
    let acceptor = Acceptor::new(config, edges.server.local_key()).with_client_verifier(verifier);
    let accepting = thread::spawn(move || {
        let accepted = acceptor.accept(&server);
        let leaf = accepted.map(|tls| tls.info().peer.as_ref().map(|peer| peer.peer().chain[0].to_vec()));
        linger(&server, Duration::from_secs(1));
        leaf
    });
    let connected = connector.connect(name(), None, &client).map(|_| ());
    drop(client);
    (accepting.join().unwrap(), connected)
}

#[test]
fn a_client_presents_the_credential_whose_issuer_the_server_names() {
    let edges = Edges::new();
    let (one, two) = (Ca::new("one"), Ca::new("two"));
    let (first, second) = (one.issue(&Spec::client("first")), two.issue(&Spec::client("second")));
    let connector = edges
        .connector()
        .with_credential(first.credential("first"), first.local_key())
        .with_credential(second.credential("second"), second.local_key());
    let (accepted, connected) = mutual(&edges, &two, connector.clone());
    connected.unwrap();
    assert_eq!(accepted.unwrap(), Some(second.leaf().to_vec()));
    let (accepted, connected) = mutual(&edges, &one, connector);
    connected.unwrap();
    assert_eq!(accepted.unwrap(), Some(first.leaf().to_vec()));
}

#[test]
fn a_client_presents_nothing_that_the_server_did_not_ask_for() {
    let edges = Edges::new();
    let (one, two) = (Ca::new("one"), Ca::new("two"));
    let first = one.issue(&Spec::client("first"));
    let connector = edges.connector().with_credential(first.credential("first"), first.local_key());
    let (accepted, connected) = mutual(&edges, &two, connector);
    assert_eq!(*tls_error(&accepted.unwrap_err()), Error::Certificate(CertificateError::Missing));
    assert_eq!(*tls_error(&connected.unwrap_err()), Error::Received(Alert::HANDSHAKE_FAILURE));
}

#[test]
fn every_credential_is_signed_for_by_its_own_key() {
    let edges = Edges::new();
    let spec = Spec { key: Key::EcdsaP384, ..Spec::server(&["b.example"]) };
    let other = edges.ca.issue(&spec);
    let config = edges.server_config().with_credential(other.credential("other"));
    let acceptor = Acceptor::new(config, edges.server.local_key()).with_key("other", other.local_key());
    for (name, credential) in [("a.example", "server"), ("b.example", "other")] {
        let (client, server) = sockets();
        let acceptor = acceptor.clone();
        let accepting = thread::spawn(move || acceptor.accept(server).unwrap());
        edges.connector().connect(ServerName::try_from(name).unwrap(), None, client).unwrap();
        let accepted = accepting.join().unwrap();
        assert_eq!(accepted.info().credential.as_deref(), Some(credential));
    }
}

#[test]
fn a_new_configuration_is_for_the_handshakes_that_follow_of_all_clones() {
    let edges = Edges::new();
    let (acceptor, config) = (edges.acceptor(), ClientConfig::new(&RUSTCRYPTO).with_alpn([&b"one"[..]]));
    let mut protocols = Vec::new();
    for _ in 0..2 {
        let (client, server) = sockets();
        let clone = acceptor.clone();
        let accepting = thread::spawn(move || clone.accept(server).unwrap().info().alpn.clone());
        Connector::new(config.clone(), edges.trust()).connect(name(), None, client).unwrap();
        protocols.push(accepting.join().unwrap());
        acceptor.set_config(edges.server_config().with_alpn([&b"one"[..]]));
    }
    assert_eq!(protocols, [None, Some(b"one".to_vec())]);
}

#[test]
fn a_timeout_of_the_transport_loses_nothing() {
    let (mut client, mut server) = established(&Edges::new());
    client.get_ref().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let error = client.read(&mut [0; 8]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    server.write_all(b"late").unwrap();
    client.get_ref().set_read_timeout(Some(super::edges::TIMEOUT)).unwrap();
    let mut answer = [0; 4];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"late");
}

/// A transport that takes a few bytes at a time, and none every other time, once it is told to.
struct Reluctant {
    tcp: std::net::TcpStream,
    turns: Option<usize>,
}

impl Read for Reluctant {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        self.tcp.read(to)
    }
}

impl Write for Reluctant {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let Some(turns) = &mut self.turns else {
            return self.tcp.write(bytes);
        };
        *turns += 1;
        match *turns % 2 {
            0 => Err(ErrorKind::WouldBlock.into()),
            _ => self.tcp.write(&bytes[..bytes.len().min(1000)]),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.tcp.flush()
    }
}

#[test]
fn writes_that_a_transport_takes_in_parts_arrive_once_and_whole() {
    let edges = Edges::new();
    let (client, server) = sockets();
    let acceptor = edges.acceptor();
    let reading = thread::spawn(move || {
        let mut all = Vec::new();
        acceptor.accept(server).unwrap().read_to_end(&mut all).unwrap();
        all
    });
    let mut client = edges.connector().connect(name(), None, Reluctant { tcp: client, turns: None }).unwrap();
    client.get_mut().turns = Some(0);
    let data = bytes(200_000);
    let (mut left, mut waits) = (&data[..], 0);
    while !left.is_empty() {
        match client.write(left) {
            Ok(n) => left = &left[n..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => waits += 1,
            Err(error) => panic!("{error}"),
        }
    }
    client.get_mut().turns = None;
    client.close().unwrap();
    assert!(reading.join().unwrap() == data);
    assert!(waits > 100, "{waits}");
}

#[test]
fn a_peer_that_leaves_after_its_close_notify_is_no_error() {
    let (client, mut server) = established(&Edges::new());
    server.allow_half_close();
    drop(client.close().unwrap());
    assert_eq!(server.read(&mut [0; 8]).unwrap(), 0);
    // The first bytes to a closed socket are answered with a reset; close_notify goes into it.
    let _ = server.get_mut().write(&[0]);
    thread::sleep(Duration::from_millis(50));
    server.close().unwrap();
}
