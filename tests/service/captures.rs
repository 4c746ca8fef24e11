//! What `tls12 explain` says of captures by tcpdump, field by field beside what tshark says.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use tls12::{
    explain::Registered,
    wire::{CipherSuite, ExtensionType, NamedGroup, SignatureScheme},
};

use super::serving::{Serving, curl, has_peers, s_client};
use crate::{common::certs::Key, place::Place, program::Program};

/// The values of a field in an event of ours.
type Values = fn(&Value) -> Vec<String>;

/// What is compared: tshark's name of a field, and where we have it.
const FIELDS: [(&str, Values); 9] = [
    ("tls.handshake.type", |event| vec![event["type"]["code"].to_string()]),
    ("tls.handshake.random", |event| text(&event["message"]["random"])),
    ("tls.handshake.session_id", |event| text(&event["message"]["session_id"])),
    ("tls.handshake.ciphersuite", suites),
    ("tls.handshake.session_ticket_length", |event| match event["message"]["ticket"].as_str() {
        Some(ticket) => vec![(ticket.len() / 2).to_string()],
        None => vec![],
    }),
    ("tls.handshake.session_ticket_lifetime_hint", |event| number(&event["message"]["lifetime_hint"])),
    ("tls.handshake.extensions_server_name", |event| text(&extension(event, 0)["host_name"])),
    ("tls.handshake.extensions_alpn_str", |event| {
        let value = extension(event, 16);
        let all = value["protocols"].as_array().into_iter().flatten();
        all.chain([&value["protocol"]]).flat_map(text).collect()
    }),
    ("tls.handshake.extension.type", |event| {
        let all = event["message"]["extensions"].as_array().into_iter().flatten();
        all.map(|extension| extension["type"]["code"].to_string()).collect()
    }),
];

fn text(value: &Value) -> Vec<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect()
}

fn number(value: &Value) -> Vec<String> {
    value.as_u64().map(|number| number.to_string()).into_iter().collect()
}

/// What is in the extension of this type; null if there is none.
fn extension(event: &Value, code: u64) -> Value {
    let mut all = event["message"]["extensions"].as_array().into_iter().flatten();
    all.find(|extension| extension["type"]["code"] == code)
        .map_or(Value::Null, |found| found["value"].clone())
}

fn suites(event: &Value) -> Vec<String> {
    let offered = event["message"]["cipher_suites"].as_array().into_iter().flatten();
    let all = offered.chain([&event["message"]["cipher_suite"]]);
    all.filter_map(|suite| suite["code"].as_u64()).map(|code| format!("0x{code:04x}")).collect()
}

/// What tshark says of each connection: the values of each field, in order.
pub(super) fn tshark(capture: &str, decode: &str, more: &[&str]) -> Vec<Vec<Vec<String>>> {
    let mut arguments = vec!["-r", capture, "-d", decode, "-T", "fields", "-E", "separator=|"];
    // It would wait for what a capture on loopback has twice.
    arguments.extend(["-o", "tcp.desegment_tcp_streams:TRUE", "-Y", "tls", "-e", "tcp.stream"]);
    arguments.extend(FIELDS.iter().flat_map(|(name, _)| ["-e", *name]));
    arguments.extend(more);
    let said = Command::new("tshark").args(&arguments).output().expect("tshark");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let mut all: Vec<Vec<Vec<String>>> = Vec::new();
    for line in String::from_utf8_lossy(&said.stdout).lines() {
        let mut columns = line.split('|');
        let stream: usize = columns.next().and_then(|number| number.parse().ok()).expect("a number");
        all.resize(all.len().max(stream + 1), vec![Vec::new(); FIELDS.len()]);
        for (to, values) in all[stream].iter_mut().zip(columns) {
            to.extend(values.split(',').filter(|value| !value.is_empty()).map(str::to_owned));
        }
    }
    all
}

/// What we say of each.
pub(super) fn explained(capture: &str, more: &[&str]) -> (Vec<Value>, Vec<Vec<Vec<String>>>) {
    let args = [&["explain", "--json", capture], more].concat();
    let said = Command::new(env!("CARGO_BIN_EXE_tls12")).args(&args).output().expect("the command");
    let connections: Vec<Value> = String::from_utf8_lossy(&said.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let fields = connections.iter().map(|connection| {
        let events = connection["events"].as_array().expect("events");
        let messages: Vec<_> = events.iter().filter(|event| event["event"] == "message").collect();
        FIELDS.iter().map(|(_, of)| messages.iter().flat_map(|event| of(event)).collect()).collect()
    });
    let fields = fields.collect();
    (connections, fields)
}

/// A capture that goes on.
pub(super) struct Tcpdump(Child);

impl Tcpdump {
    pub(super) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new("tcpdump");
        let mut child = command.args(arguments).stderr(Stdio::piped()).spawn().expect("tcpdump");
        let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
        let tcpdump = Self(child);
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            assert_ne!(said.read_line(&mut line).expect("text"), 0, "tcpdump captures on loopback, as root");
        }
        // Somebody has to take the rest.
        thread::spawn(move || said.lines().map_while(Result::ok).for_each(drop));
        tcpdump
    }

    /// As Ctrl-C does.
    pub(super) fn end(mut self) {
        let kill = format!("kill -INT {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
        self.0.wait().expect("an end");
    }
}

impl Drop for Tcpdump {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until nothing more is written to the file.
pub(super) fn settled(path: &str) {
    let (mut before, mut quiet) = (0, 0);
    for _ in 0..200 {
        let length = fs::metadata(path).map_or(0, |file| file.len());
        quiet = if length == before { quiet + 1 } else { 0 };
        if quiet > 5 {
            return;
        }
        before = length;
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{path} is written to without end");
}

/// Two full handshakes and two that resume by ticket with OpenSSL, as many by ID, and a pair of curl's.
fn visits(place: &Place, serving: &Serving) {
    let (root, session) = (place.path("root.pem"), place.path("session"));
    let connect = format!("-connect localhost:{} -servername localhost -CAfile {root}", serving.port);
    for more in ["", "-no_ticket"] {
        for offer in ["-sess_out", "-sess_in"] {
            s_client(&format!("{connect} -tls1_2 -alpn h2,http/1.1 {more} {offer} {session}"));
        }
    }
    let url = format!("https://localhost:{}/", serving.port);
    curl(place, &["--header", "Connection: close", &url, &url]);
}

#[test]
fn captures_are_explained_as_tshark_explains_them() {
    if !has_peers("captures by tcpdump, and tshark") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let (keys, capture) = (place.path("keys"), place.path("capture"));
    let serving = Serving::start(&place, &["--alpn", "http/1.1", "--keylog", &keys]);
    let filter = format!("tcp port {}", serving.port);
    let arguments = ["-i", "lo", "-U", "--immediate-mode", "-Z", "root", "-w", &capture, &filter];
    let tcpdump = Tcpdump::start(&arguments);
    visits(&place, &serving);
    settled(&capture);
    tcpdump.end();

    let (connections, ours) = explained(&capture, &[]);
    assert_eq!(connections.len(), 6, "{connections:?}");
    let decode = format!("tcp.port=={},tls", serving.port);
    same(&ours, &tshark(&capture, &decode, &[]));
    // How each went is what the server wrote to its log.
    let log = serving.program.text();
    let logged: Vec<_> = log.lines().filter(|line| line.contains(" event=served ")).collect();
    assert_eq!(logged.len(), 6, "{log}");
    for (connection, line) in connections.iter().zip(logged) {
        let verdict = &connection["verdict"];
        let handshake = verdict["handshake"].as_str().expect("a verdict");
        let resumed = handshake.strip_prefix("resumed by ").unwrap_or("no");
        let ticket = verdict["ticket"].as_str().expect("a word");
        let words = format!("resumed={resumed} reason={}", verdict["reason"].as_str().unwrap_or("-"));
        assert!(line.contains(&words) && line.contains(&format!(" ticket={ticket} ")), "{line}: {verdict}");
    }
    let origins: Vec<_> = connections.iter().map(|each| &each["session"]).collect();
    assert_eq!((&origins[1]["ticket"]["made_by"], &origins[3]["id"]["made_by"]), (&1.into(), &3.into()));
    // curl was built to use tickets, or not to.
    let by = origins[5]["resumed_by"].as_str().expect("a word");
    assert_eq!(origins[5][by]["made_by"], 5);

    // With the secrets both see Finished too, and we say that it is right.
    let (connections, ours) = explained(&capture, &["--keylog", &keys]);
    same(&ours, &tshark(&capture, &decode, &["-o", &format!("tls.keylog_file:{keys}")]));
    for connection in &connections {
        assert_eq!(connection["verdict"]["client_finished"], "verified");
        assert_eq!(connection["verdict"]["server_finished"], "verified");
    }
    assert!(ours.iter().all(|of| of[0].iter().filter(|kind| *kind == "20").count() == 2), "{ours:?}");
}

pub(super) fn same(ours: &[Vec<Vec<String>>], theirs: &[Vec<Vec<String>>]) {
    assert_eq!(ours.len(), theirs.len());
    for (n, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        for (at, (name, _)) in FIELDS.iter().enumerate() {
            assert_eq!(ours[at], theirs[at], "{name} of connection {}", n + 1);
        }
        assert!(!ours[0].is_empty(), "no messages in connection {}", n + 1);
    }
}

/// Where tshark has an older name, or the one of a draft that took the number before.
const OTHERS: [(&str, u16); 4] = [
    ("tls.handshake.extension.type", 34),
    ("tls.handshake.extensions_supported_group", 0x0200),
    ("tls.handshake.extensions_supported_group", 0x0201),
    ("tls.handshake.extensions_supported_group", 0x0202),
];

#[test]
fn code_points_have_the_names_that_tshark_gives_them() {
    if !has_peers("the names of tshark") {
        return;
    }
    let values = Command::new("tshark").args(["-G", "values"]).output().expect("tshark");
    let values = String::from_utf8_lossy(&values.stdout).into_owned();
    let mut compared = 0;
    for line in values.lines() {
        let Some(["V", field, code, theirs]) = line.split('\t').collect::<Vec<_>>().first_chunk().copied()
        else {
            continue;
        };
        let code = match code.strip_prefix("0x") {
            Some(digits) => u16::from_str_radix(digits, 16).ok(),
            None => code.parse().ok(),
        };
        let Some(code) = code else { continue };
        let ours = match field {
            "tls.handshake.ciphersuite" => CipherSuite(code).registered_name(),
            "tls.handshake.extension.type" => ExtensionType(code).registered_name(),
            "tls.handshake.extensions_supported_group" => NamedGroup(code).registered_name(),
            "tls.handshake.sig_hash_alg" => SignatureScheme(code).registered_name(),
            _ => None,
        };
        match ours {
            None => {}
            Some(_) if OTHERS.contains(&(field, code)) => {}
            Some("GREASE") => assert!(theirs.contains("GREASE"), "{line}"),
            Some(ours) => {
                assert_eq!(ours, theirs, "{line}");
                compared += 1;
            }
        }
    }
    assert!(compared > 400, "{compared}");
}

#[test]
fn what_openssl_shows_of_a_connection_with_msg_is_read() {
    if !has_peers("openssl s_client -msg") {
        return;
    }
    let place = Place::new(Key::EcdsaP256);
    let serving = Serving::start(&place, &["--alpn", "http/1.1"]);
    let mut client =
        Program::start("openssl", &format!("s_client -connect 127.0.0.1:{} -tls1_2 -msg", serving.port));
    client.text_with("Verify return code");
    client.end_input();
    let shown = place.path("shown");
    fs::write(&shown, client.succeed()).expect("a file");
    let said =
        Command::new(env!("CARGO_BIN_EXE_tls12")).args(["explain", "--hex", "--json", &shown]).output();
    let said = said.expect("the command");
    let object: Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let verdict = &object["verdict"];
    assert_eq!((&verdict["handshake"], &verdict["ticket"]), (&"full".into(), &"issued".into()), "{object}");
    assert_eq!(verdict["progress"], "complete");
}
