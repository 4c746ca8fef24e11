//! What it does.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use super::{
    files::{Files, Folder},
    running::{Serving, command, get, run, text},
};
use crate::common::certs::Ca;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n";

#[test]
fn a_page_tells_the_client_what_the_log_and_the_status_line_tell() {
    let files = Files::new("page");
    let (cert, key) = (&files.server.0, &files.server.1);
    let mut serving = Serving::start(&["--cert", cert, "--key", key, "--alpn", "h9,http/1.1"]);
    assert!(serving.greeting.contains(cert), "{}", serving.greeting);
    let output = serving.call(&["--ca", &files.root, "--alpn", "http/1.1"], REQUEST);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let page = text(&output.stdout);
    let words = page.rsplit("\r\n\r\n").next().expect("a body").trim_end();
    assert!(words.starts_with("resumed=no reason=NotOffered ticket=issued age=0 lineage="), "{words}");
    let agreed = " cipher=TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 group=x25519 ems=yes alpn=http/1.1 sni=localhost \
                  client=-";
    assert!(words.ends_with(agreed), "{words}");
    let status = text(&output.stderr);
    assert!(
        status.contains(" alpn=http/1.1 ") && status.trim_end().ends_with("server=CN=localhost"),
        "{status}"
    );
    let line = serving.logged();
    assert!(line.contains(" event=served ") && line.contains(words) && line.contains(" in=55 "), "{line}");
    assert_eq!(serving.terminate().code(), Some(0));
}

#[test]
fn what_is_not_trusted_is_refused_with_a_sentence_and_code_1() {
    let files = Files::new("trust");
    let mut serving = Serving::start(&["--cert", &files.server.0, "--key", &files.server.1]);
    let other = files.folder.write("other.pem", "CERTIFICATE", &[&Ca::new("other root").root()]);
    let cases = [
        (vec!["--ca", &other], "does not lead to a trusted root", "unknown_ca"),
        (
            vec!["--ca", &files.root, "--name", "other.example"],
            "not for other.example but for localhost",
            "bad_certificate",
        ),
    ];
    for (args, sentence, alert) in cases {
        let output = serving.call(&args, b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(sentence) && said.contains("subject CN=localhost") && said.contains(alert),
            "{said}"
        );
        let line = serving.logged();
        assert!(
            line.contains("event=handshake-failed") && line.contains(&format!("received:{alert}")),
            "{line}"
        );
    }
    let output = serving.call(&["--insecure", "--close-on-eof"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn wrong_usage_is_code_2() {
    let files = Files::new("usage");
    for args in [
        &["connect", "localhost"][..],
        &["connect", "localhost:1", "--ca", "/nonexistent"],
        &["connect", "localhost:1", "--insecure", "--cert", &files.client.0],
        &["connect", "localhost:1", "--insecure", "--name", "no name"],
        &["serve", "--cert", &files.client.0, "--key", &files.server.1],
        &["serve", "--cert", &files.client.1, "--key", &files.client.1],
        &["serve", "--idle-timeout", "soon"],
    ] {
        let output = run(args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output.stderr));
        assert!(!output.stderr.is_empty());
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(run(&["connect", &nobody.to_string(), "--insecure"], b"").status.code(), Some(1));
}

#[test]
fn client_certificates_are_required_and_named() {
    let files = Files::new("client");
    let mut serving = Serving::start(&["--client-ca", &files.root]);
    assert!(serving.greeting.contains("made for localhost"), "{}", serving.greeting);
    let output = serving.call(&["--insecure"], REQUEST);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--cert"), "{}", text(&output.stderr));
    assert!(serving.logged().contains("alert=sent:handshake_failure"));
    let output = serving.call(&["--insecure", "--cert", &files.client.0, "--key", &files.client.1], REQUEST);
    assert!(text(&output.stdout).contains(" client=\"CN=a client\""), "{}", text(&output.stdout));
}

#[test]
fn an_echo_is_binary_safe() {
    let mut serving = Serving::start(&["--echo", "--log", "json"]);
    let data: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
    let output = serving.call(&["--insecure", "--close-on-eof"], &data);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(output.stdout == data);
    let line = serving.logged();
    assert!(line.starts_with("{\"time\":\"") && line.ends_with("}\n"), "{line}");
    assert!(
        line.contains("\"event\":\"served\"") && line.contains("\"in\":300000,\"out\":300000,"),
        "{line}"
    );
}

#[test]
fn forwarding_passes_on_the_end_of_each_direction() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut serving = Serving::start(&["--forward", &address]);
    let behind = thread::spawn(move || {
        let mut tcp = listener.accept().unwrap().0;
        let mut all = Vec::new();
        tcp.read_to_end(&mut all).unwrap();
        write!(tcp, "{} bytes came", all.len()).unwrap();
    });
    let output = serving.call(&["--insecure", "--close-on-eof"], &[7; 100_000]);
    behind.join().unwrap();
    assert_eq!(text(&output.stdout), "100000 bytes came");
    assert!(serving.logged().contains(" event=served "));
    // Nobody listens there any more, and the client hears that this is no regular end.
    let output = serving.call(&["--insecure"], b"hello");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let line = serving.logged();
    assert!(line.contains(" event=failed ") && line.contains("cannot be reached"), "{line}");
}

/// Whoever cuts a connection, or forges a record in it, must not make its beginning look whole to a server behind.
#[test]
fn a_cut_is_passed_on_as_a_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut serving = Serving::start(&["--forward", &address]);
    for forged in [
        &b""[..],
        &[
            23, 3, 3, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0,
        ],
    ] {
        let tcp = serving.socket();
        let config = tls12::ClientConfig::new(&tls12::crypto::RUSTCRYPTO);
        let connector = tls12::blocking::Connector::new(config, tls12::pki::dangerous::DangerousAcceptAny);
        let name = tls12::ServerName::try_from("localhost").unwrap();
        let mut tls = connector.connect(name, None, tcp).unwrap();
        tls.write_all(b"rm -rf /var/tmp").unwrap();
        tls.flush().unwrap();
        let mut behind = listener.accept().unwrap().0;
        behind.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut beginning = [0; 15];
        behind.read_exact(&mut beginning).unwrap();
        tls.get_mut().write_all(forged).unwrap();
        tls.get_mut().shutdown(std::net::Shutdown::Write).unwrap();
        let error = behind.read(&mut [0]).expect_err("no end");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        let line = serving.logged();
        assert!(line.contains(" event=cut ") || line.contains("sent:bad_record_mac"), "{line}");
    }
}

#[test]
fn what_is_no_tls_costs_one_line_of_log_and_nothing_else() {
    let mut serving = Serving::start(&["--handshake-timeout", "300ms"]);
    drop(serving.socket());
    assert!(serving.logged().contains(" event=empty "));
    let mut tcp = serving.socket();
    tcp.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert!(serving.logged().contains("plain HTTP"));
    let mut tcp = serving.socket();
    tcp.write_all(&[0xff; 2000]).unwrap();
    let mut alert = Vec::new();
    let _ = tcp.read_to_end(&mut alert);
    assert_eq!(alert.first(), Some(&21), "an alert record");
    assert!(serving.logged().contains(" event=handshake-failed "));
    let slow = serving.socket();
    assert!((&slow).write_all(&[22, 3, 1]).is_ok());
    assert!(serving.logged().contains(" event=handshake-timeout "));
    let mut cut = serving.socket();
    cut.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    drop(cut);
    assert!(serving.logged().contains("without close_notify"));
    assert!(serving.call(&["--insecure"], REQUEST).status.success());
    assert!(serving.logged().contains(" event=served "));
}

#[test]
fn there_is_room_for_as_many_connections_as_was_said() {
    // One thread accepts them in their order.
    let mut serving = Serving::start(&["--max-connections", "1", "--threads", "1"]);
    let mut first = serving.socket();
    first.write_all(&[22]).unwrap();
    // The first one has its place once the second is turned away.
    let mut second = serving.socket();
    assert_eq!(second.read(&mut [0]).unwrap_or(0), 0);
    assert!(serving.logged().contains(" event=refused"));
    drop(first);
    let line = serving.logged();
    assert!(line.contains(" event=handshake-failed "), "{line}");
    assert!(serving.call(&["--insecure"], REQUEST).status.success());
}

#[test]
fn silence_ends_a_connection() {
    let mut serving = Serving::start(&["--echo", "--idle-timeout", "200ms"]);
    let mut child =
        command(&["connect", &format!("localhost:{}", serving.port), "--insecure"]).spawn().unwrap();
    assert!(serving.logged().contains(" event=idle-timeout "));
    let mut stdin = child.stdin.take();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    drop(stdin.take());
}

#[test]
fn sigterm_lets_a_connection_finish() {
    let mut serving = Serving::start(&["--echo"]);
    let address = format!("localhost:{}", serving.port);
    let mut child = command(&["connect", &address, "--insecure", "--close-on-eof"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdin.write_all(b"before").unwrap();
    let mut back = [0; 6];
    stdout.read_exact(&mut back).unwrap();
    let stopping = thread::spawn(move || serving.terminate().code());
    while TcpStream::connect(address.replace("localhost", "127.0.0.1")).is_ok() {
        thread::sleep(Duration::from_millis(10));
    }
    stdin.write_all(b" after").unwrap();
    drop(stdin);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((&back, rest.as_str()), (b"before", " after"));
    assert!(child.wait().unwrap().success());
    assert_eq!(stopping.join().unwrap(), Some(0));
}

#[test]
fn numbers_are_served_while_connections_finish_and_a_second_signal_ends_them() {
    let args = ["--echo", "--metrics", "127.0.0.1:0", "--drain", "1h"];
    let mut serving = Serving::start(&args);
    let metrics = serving.metrics();
    let address = format!("localhost:{}", serving.port);
    let mut held = command(&["connect", &address, "--insecure"]).spawn().unwrap();
    let (mut stdin, mut stdout) = (held.stdin.take().unwrap(), held.stdout.take().unwrap());
    stdin.write_all(b"x").unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    serving.signal("TERM");
    assert!(serving.says("stopping").contains("open connections: 1"));
    assert!(get(&metrics, "/metrics").1.contains("tls12_connections_open 1\n"));
    assert_eq!(serving.terminate().code(), Some(0));
    let line = serving.logged();
    assert!(line.contains(" event=stopped "), "{line}");
    drop(stdin);
    held.wait().unwrap();
}

/// The master secret is in the file that was asked for, and nowhere else, in no form in which it could be written.
#[test]
fn no_secret_is_written_but_to_the_key_log() {
    for format in ["text", "json"] {
        let folder = Folder::new(&format!("no-secret-{format}"));
        let path = folder.0.join("keys");
        let args = ["--keylog", path.to_str().unwrap(), "--log", format, "--trace", "trace"];
        let mut serving = Serving::start(&args);
        let called = serving.call(&["--insecure"], REQUEST);
        assert!(called.status.success());
        let mut written =
            [serving.greeting.clone(), serving.logged(), text(&called.stdout), text(&called.stderr)].concat();
        written.extend(serving.says_up_to("the connection ended"));
        written.extend(serving.said());
        let written = written.to_lowercase();
        let log = fs::read_to_string(path).unwrap();
        let [_, random, master] = log.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{log}") };
        assert_eq!((random.len(), master.len()), (64, 96));
        let bytes: Vec<u8> =
            (0..48).map(|at| u8::from_str_radix(&master[2 * at..2 * at + 2], 16).unwrap()).collect();
        for window in bytes.windows(6) {
            let hex: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!written.contains(&hex), "{written}");
            let list: Vec<_> = window.iter().map(u8::to_string).collect();
            assert!(!written.contains(&list.join(", ")), "{written}");
        }
    }
}

#[test]
fn what_happens_is_traced_where_that_is_asked_for() {
    let serving = Serving::start(&["--trace", "tls12::handshake=trace,info"]);
    assert!(serving.call(&["--insecure"], REQUEST).status.success());
    assert!(serving.says("asked=\"a signature\"").contains("answer=\"yes\""));
    let complete = serving.says("complete");
    assert!(complete.contains("handshake=full (NotOffered) verdict=1 reason=1 ticket=Issued"), "{complete}");
    assert_eq!(serving.call(&["--ca", "/dev/null"], b"").status.code(), Some(2));
    let other = Files::new("trace");
    assert_eq!(serving.call(&["--ca", &other.root], b"").status.code(), Some(1));
    let failed = serving.says("failed");
    assert!(failed.contains("side=\"server\"") && failed.contains("unknown_ca"), "{failed}");
}

#[test]
fn the_key_log_is_in_the_nss_format() {
    let folder = Folder::new("keylog");
    let path = folder.0.join("keys");
    let serving = Serving::start(&["--keylog", path.to_str().unwrap()]);
    assert!(serving.call(&["--insecure"], REQUEST).status.success());
    let log = fs::read_to_string(path).unwrap();
    let words: Vec<&str> = log.split_whitespace().collect();
    assert_eq!(words.iter().map(|word| word.len()).collect::<Vec<_>>(), [13, 64, 96]);
    assert_eq!(words[0], "CLIENT_RANDOM");
}
