//! Connections that begin in clear text, captured, and explained beside tshark.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use super::{
    captures::{Tcpdump, explained, same, settled, tshark},
    serving::{Serving, has_peers, s_client},
};
use crate::{common::certs::Key, place::Place, program::Program};

/// What a server waits for, and says then.
type Talk = &'static [(&'static str, &'static str)];

/// What `s_client` calls it and tshark does, and what the server says before TLS.
const TALKS: [(&str, &str, Talk); 8] = [
    (
        "-starttls smtp",
        "smtp",
        &[
            ("", "220-a\x16\x03\x01\r\n220 b\r\n"),
            ("EHLO", "250-a\r\n250 STARTTLS\r\n"),
            ("STARTTLS\r\n", "220 go\r\n"),
        ],
    ),
    (
        "-starttls imap",
        "imap",
        &[
            ("", "* OK IMAP4rev1\r\n"),
            ("CAPABILITY\r\n", "* CAPABILITY STARTTLS\r\n. OK done\r\n"),
            ("STARTTLS\r\n", ". OK begin\r\n"),
        ],
    ),
    ("-starttls pop3", "pop", &[("", "+OK POP3\r\n"), ("STLS\r\n", "+OK begin\r\n")]),
    ("-starttls ftp", "ftp", &[("", "220 ftp\r\n"), ("AUTH TLS\r\n", "234 begin\r\n")]),
    ("-starttls postgres", "pgsql", &[("\u{16}\u{2f}", "S")]),
    (
        "-starttls xmpp",
        "xmpp",
        &[
            (
                "version='1.0'>",
                "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>\
                 <stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>",
            ),
            ("<starttls", "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
        ],
    ),
    ("-starttls ldap", "ldap", &[("1466.20037", "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0")]),
    ("-proxy", "http", &[("\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n")]),
];

/// Says what is said before TLS to every caller, then hands all on to a server. Gives its port.
fn front(talk: Talk, server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for caller in listener.incoming() {
            thread::spawn(move || greet(talk, server, caller?));
        }
    });
    port
}

/// What one caller gets. It may end at any time.
fn greet(talk: Talk, server: u16, mut caller: TcpStream) -> io::Result<()> {
    for (awaited, said) in talk {
        let mut got = String::new();
        while !got.contains(awaited) {
            let mut bytes = [0; 4096];
            let count = caller.read(&mut bytes)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            got.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        caller.write_all(said.as_bytes())?;
    }
    let server = TcpStream::connect(("127.0.0.1", server))?;
    let (mut from, mut to) = (caller.try_clone()?, server.try_clone()?);
    let copying = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut &server, &mut &caller);
    let _ = caller.shutdown(Shutdown::Write);
    copying.join().expect("no panic");
    Ok(())
}

fn visit(place: &Place, how: &str, port: u16) {
    let root = place.path("root.pem");
    let whereto = match how {
        "-proxy" => format!("-proxy 127.0.0.1:{port} -connect localhost:443"),
        starttls => format!("-connect 127.0.0.1:{port} {starttls}"),
    };
    s_client(&format!("{whereto} -servername localhost -CAfile {root} -tls1_2"));
}

#[test]
fn what_begins_in_clear_text_is_explained_as_tshark_explains_it() {
    if !has_peers("captures of STARTTLS, and tshark") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let (keys, capture) = (place.path("keys"), place.path("capture"));
    let serving = Serving::start(&place, &["--keylog", &keys]);
    for (how, name, talk) in TALKS {
        let port = front(talk, serving.port);
        let filter = format!("tcp port {port}");
        let arguments = ["-i", "lo", "-U", "--immediate-mode", "-Z", "root", "-w", &capture, &filter];
        let tcpdump = Tcpdump::start(&arguments);
        visit(&place, how, port);
        settled(&capture);
        tcpdump.end();

        let (connections, ours) = explained(&capture, &["--keylog", &keys]);
        let keylog = format!("tls.keylog_file:{keys}");
        same(&ours, &tshark(&capture, &format!("tcp.port=={port},{name}"), &["-o", &keylog]));
        let [connection] = &connections[..] else { panic!("{how}: {connections:?}") };
        let verdict = &connection["verdict"];
        assert_eq!(verdict["client_finished"], "verified", "{how}: {connection}");
        assert_eq!(verdict["server_finished"], "verified", "{how}");
        let said: usize = talk.iter().map(|(_, said)| said.len()).sum();
        assert_eq!(verdict["server_preamble"], said, "{how}");
        let events = connection["events"].as_array().expect("events");
        let hello = events.iter().find(|event| event["from"] == "client" && event["event"] == "record");
        assert_eq!(verdict["client_preamble"], hello.expect("a hello")["offset"], "{how}");
        assert_ne!(verdict["client_preamble"], 0, "{how}");
    }
}

/// A probe says first what each protocol wants, and goes on with TLS.
#[test]
fn a_server_behind_another_protocol_is_probed() {
    if !has_peers("probing servers behind SMTP, IMAP, FTP, PostgreSQL and HTTP") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let serving = Serving::start(&place, &[]);
    let talks: [(&str, Talk); 5] = [
        ("smtp", TALKS[0].2),
        ("imap", &[("", "* OK IMAP4rev1\r\n"), ("a1 STARTTLS\r\n", "* more\r\na1 OK begin\r\n")]),
        ("ftp", TALKS[3].2),
        ("postgres", TALKS[4].2),
        ("http", &[("Upgrade: TLS/1.2\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.2\r\n\r\n")]),
    ];
    for (preamble, talk) in talks {
        let (target, root) = (format!("localhost:{}", front(talk, serving.port)), place.path("root.pem"));
        let more = ["--address", "127.0.0.1", "--ca", &root, "--count", "2", "--preamble", preamble];
        let said =
            Program::start_with(env!("CARGO_BIN_EXE_tls12"), &[&["probe", &target], &more[..]].concat())
                .succeed();
        let verdict = "Sessions are resumed: tickets work; session IDs work.";
        assert!(said.contains(verdict) && !said.contains("broken"), "{preamble}: {said}");
    }
}
