//! GnuTLS: `gnutls-serv` and `gnutls-cli`.

use std::sync::Arc;

use tls12::{
    ClientAuth, Connection,
    wire::{CipherSuite, NamedGroup},
};

use crate::{
    common::{certs::Key, pair::World},
    drive::Tls,
    openssl_client_auth::{asking, presenting},
    place::{KEYS, Place, cases, groups, megabyte},
    ports::free_port,
    program::{Program, has_peers},
    socket::{Listener, Socket, connect, record_lengths},
};

pub(crate) const TLS_1_2: &str = "NORMAL:-VERS-ALL:+VERS-TLS1.2";

/// A priority string of nothing but one suite and some groups.
fn priority(suite: CipherSuite, groups: &[NamedGroup]) -> String {
    let suite = match suite {
        CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256 => "+ECDHE-ECDSA:+AES-128-GCM",
        CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384 => "+ECDHE-ECDSA:+AES-256-GCM",
        CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 => "+ECDHE-ECDSA:+CHACHA20-POLY1305",
        CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256 => "+ECDHE-RSA:+AES-128-GCM",
        CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384 => "+ECDHE-RSA:+AES-256-GCM",
        CipherSuite::ECDHE_RSA_CHACHA20_POLY1305_SHA256 => "+ECDHE-RSA:+CHACHA20-POLY1305",
        other => panic!("none of our suites: {other:?}"),
    };
    let group = |group: &NamedGroup| match *group {
        NamedGroup::X25519 => ":+GROUP-X25519",
        NamedGroup::SECP256R1 => ":+GROUP-SECP256R1",
        NamedGroup::SECP384R1 => ":+GROUP-SECP384R1",
        other => panic!("none of our groups: {other:?}"),
    };
    let groups: String = groups.iter().map(group).collect();
    format!("NONE:+VERS-TLS1.2:+AEAD:+COMP-NULL:+SIGN-ALL:+CTYPE-X509:{suite}{groups}")
}

/// The path of a key in the form that GnuTLS reads: of an EC key it wants the public key beside the private one.
fn key_file(place: &Place, name: &str) -> String {
    let key = place.path(&format!("{name}.key"));
    match place.key() {
        Key::EcdsaP256 | Key::EcdsaP384 => {
            let whole = place.path(&format!("{name}.sec1.key"));
            Program::start("openssl", &format!("ec -in {key} -out {whole}")).succeed();
            whole
        }
        Key::Ed25519 | Key::Rsa2048 => key,
    }
}

/// A server of a place that echoes lines, with more arguments.
pub(crate) fn serv(place: &Place, more: &str) -> (Program, u16) {
    let (port, cert, key) = (free_port(), place.path("server.pem"), key_file(place, "server"));
    let common = format!("--echo --port {port} --x509certfile {cert} --x509keyfile {key}");
    (Program::start("gnutls-serv", &format!("{common} {more}")), port)
}

/// A client that believes the root of a place. What it has to say goes to a file, whose path is returned too.
pub(crate) fn cli(place: &Place, port: u16, more: &str) -> (Program, String) {
    let (root, log) = (place.path("root.pem"), place.path("gnutls-cli.log"));
    let common = format!(
        "--x509cafile {root} --sni-hostname a.example --verify-hostname a.example --logfile {log} --port {port}"
    );
    (Program::start("gnutls-cli", &format!("{common} {more} 127.0.0.1")), log)
}

/// Lets a client close, for it does not answer our close_notify with its own.
fn close(mut client: Program, tls: Tls<Socket>) {
    client.end_input();
    tls.wait_for_close();
    client.succeed();
}

/// Sends a line and gets it back.
fn echo(tls: &mut Tls<Socket>, line: &[u8]) {
    tls.write(line);
    assert!(tls.read_exact(line.len()) == line, "the line came back altered");
}

#[test]
fn our_client_speaks_every_suite_and_group_with_gnutls_serv() {
    if !has_peers("our client with gnutls-serv") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let (server, port) = serv(&place, &format!("--disable-client-cert --priority {TLS_1_2}"));
        for (suite, group) in cases(key) {
            let mut tls = connect(&place.world_for(suite, group), port)
                .unwrap_or_else(|error| panic!("{key:?} {suite:?} {group:?}: {error}\n{}", server.text()));
            echo(&mut tls, b"a line\n");
            assert_eq!((tls.tls.info().suite, tls.tls.info().group), (suite, Some(group)), "{key:?}");
            assert!(tls.close().is_empty());
        }
    }
}

#[test]
fn our_server_speaks_every_suite_and_group_with_gnutls_cli() {
    if !has_peers("our server with gnutls-cli") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let listener = Listener::new();
        for (suite, group) in cases(key) {
            let more = format!("--priority {}", priority(suite, &groups(key, group)));
            let (client, _) = cli(&place, listener.port(), &more);
            let mut tls = listener
                .accept(&place.world_for(suite, group))
                .unwrap_or_else(|error| panic!("{key:?} {suite:?} {group:?}: {error}\n{}", client.text()));
            client.input(b"to the server\n");
            assert_eq!(tls.read_exact(14), b"to the server\n");
            tls.write(b"to the client");
            assert_eq!(client.output(13), b"to the client");
            assert_eq!((tls.tls.info().suite, tls.tls.info().group), (suite, Some(group)), "{key:?}");
            close(client, tls);
        }
    }
}

#[test]
fn a_megabyte_each_way_with_gnutls_is_intact() {
    if !has_peers("a megabyte with gnutls") {
        return;
    }
    let (place, data) = (Place::new(Key::EcdsaP256), megabyte());
    let listener = Listener::new();
    let (client, _) = cli(&place, listener.port(), &format!("--priority {TLS_1_2}"));
    let mut tls = listener.accept(&place.world()).expect("a handshake");
    client.input(&data);
    assert!(tls.read_exact(data.len()) == data, "what we were sent came altered");
    tls.write(&data);
    assert!(client.output(data.len()) == data, "what we sent came altered");
    close(client, tls);

    let (_server, port) = serv(&place, &format!("--disable-client-cert --priority {TLS_1_2}"));
    let mut tls = connect(&place.world(), port).expect("a handshake");
    // It echoes text, line by line.
    for line in data.chunks(8 * 1024) {
        let text: Vec<u8> = line.iter().map(|byte| b'a' + byte % 26).chain(*b"\n").collect();
        echo(&mut tls, &text);
    }
    tls.close();
}

#[test]
fn certificates_of_clients_are_proved_with_gnutls() {
    if !has_peers("client certificates with gnutls") {
        return;
    }
    for key in KEYS {
        let place = Place::new(key);
        let root = place.path("root.pem");
        let (_server, port) = serv(
            &place,
            &format!("--require-client-cert --verify-client-cert --x509cafile {root} --priority {TLS_1_2}"),
        );
        let mut tls = connect(&presenting(&place), port).expect("a handshake");
        echo(&mut tls, b"I am alice\n");
        tls.close();
        assert!(connect(&place.world(), port).is_err(), "a certificate is required");

        let listener = Listener::new();
        let files = format!(
            "--x509certfile {} --x509keyfile {}",
            place.path("client.pem"),
            key_file(&place, "client")
        );
        let (client, _) = cli(&place, listener.port(), &format!("{files} --priority {TLS_1_2}"));
        let tls = listener.accept(&asking(&place, ClientAuth::Require)).expect("a handshake");
        let peer = tls.tls.info().peer.clone().expect("a client that proved who it is");
        assert_eq!(&peer.peer().chain[0], place.client().leaf());
        close(client, tls);
        let (client, _) = cli(&place, listener.port(), &format!("--priority {TLS_1_2}"));
        assert!(listener.accept(&asking(&place, ClientAuth::Require)).is_err(), "a certificate is required");
        assert!(!client.wait().0.success());
    }
}

#[test]
fn alpn_is_agreed_on_with_gnutls() {
    if !has_peers("ALPN with gnutls") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let server = place.server_config().with_alpn([&b"h2"[..], b"ours"]);
    let client = place.client_config().with_alpn([&b"ours"[..], b"h2"]);
    let world = World { server: Arc::new(server), client: Arc::new(client), ..place.world() };
    let listener = Listener::new();
    let (peer, log) =
        cli(&place, listener.port(), &format!("--alpn theirs --alpn ours --priority {TLS_1_2}"));
    let tls = listener.accept(&world).expect("a handshake");
    assert_eq!(tls.tls.info().alpn.as_deref(), Some(&b"ours"[..]));
    close(peer, tls);
    let log = std::fs::read_to_string(log).expect("its log");
    assert!(log.contains("Application protocol: ours"), "{log}");

    let (_peer, port) = serv(&place, &format!("--disable-client-cert --alpn h2 --priority {TLS_1_2}"));
    let tls = connect(&world, port).expect("a handshake");
    assert_eq!(tls.tls.info().alpn.as_deref(), Some(&b"h2"[..]));
    tls.close();
}

/// The longest plaintext of a record of application data, under AES-GCM (RFC 5288, 3: a nonce of 8 and a tag of 16).
fn longest(records: &[u8]) -> usize {
    record_lengths(records, 23).into_iter().max().expect("some application data") - 24
}

#[test]
fn records_are_as_short_as_record_size_limit_says() {
    if !has_peers("record_size_limit with gnutls") {
        return;
    }
    let (place, mut line) = (Place::new(Key::EcdsaP256), vec![b'7'; 6000]);
    line.push(b'\n');
    let server = place.server_config().with_record_size_limit(1000).expect("a limit");
    let client = place.client_config().with_record_size_limit(700).expect("a limit");
    let world = World { server: Arc::new(server), client: Arc::new(client), ..place.world() };

    // It keeps to its own limit in both directions.
    for (more, sent, received) in [("--recordsize 600", 600, 600), ("", line.len(), 1000)] {
        let listener = Listener::new();
        let (peer, _) = cli(&place, listener.port(), &format!("{more} --priority {TLS_1_2}"));
        let mut tls = listener.accept(&world).expect("a handshake");
        tls.write(&line);
        assert_eq!(peer.output(line.len()), line);
        // It sends no more of what it reads at once than fits into one record.
        peer.input(&line[3000..]);
        assert_eq!(tls.read_exact(received), line[..received]);
        assert_eq!((longest(&tls.io.sent), longest(&tls.io.received)), (sent, received));
        close(peer, tls);
    }

    let more = format!("--disable-client-cert --recordsize 900 --priority {TLS_1_2}");
    let (_peer, port) = serv(&place, &more);
    let mut tls = connect(&world, port).expect("a handshake");
    echo(&mut tls, &line);
    assert_eq!((longest(&tls.io.sent), longest(&tls.io.received)), (900, 700));
    tls.close();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The channel bindings of a connection as GnuTLS prints them.
fn bindings(tls: &Connection) -> [String; 2] {
    let end_point = tls.tls_server_end_point().expect("a certificate");
    let exporter = tls.exporter().expect("the extended master secret").channel_binding();
    [format!("'tls-server-end-point': {}", hex(&end_point)), format!("'tls-exporter': {}", hex(&exporter))]
}

#[test]
fn both_sides_have_the_same_channel_bindings() {
    if !has_peers("channel bindings with gnutls") {
        return;
    }
    for key in [Key::EcdsaP256, Key::Rsa2048] {
        let place = Place::new(key);
        let (peer, port) = serv(&place, &format!("--disable-client-cert --priority {TLS_1_2}"));
        let mut tls = connect(&place.world(), port).expect("a handshake");
        echo(&mut tls, b"a line\n");
        for binding in bindings(&tls.tls) {
            peer.text_with(&binding);
        }
        tls.close();

        let listener = Listener::new();
        let (peer, log) = cli(&place, listener.port(), &format!("--verbose --priority {TLS_1_2}"));
        let tls = listener.accept(&place.world()).expect("a handshake");
        let bindings = bindings(&tls.tls);
        close(peer, tls);
        let log = std::fs::read_to_string(log).expect("its log");
        assert!(bindings.iter().all(|binding| log.contains(binding)), "{bindings:?}\n{log}");
    }
}
