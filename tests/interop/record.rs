//! Records whole connections with OpenSSL as files of vectors/transcripts.
//!
//! Run by hand, when what our side sends has changed on purpose:
//! `TLS12_RECORD=1 cargo test --test interop record`. tests/vectors.rs replays them.

use std::{env, fs, path::Path};

use pki_types::UnixTime;
use sha2::{Digest, Sha256};
use tls12::{
    crypto::{LocalKey, Sign, Signature, SignatureRequest},
    wire::{CipherSuite, NamedGroup},
};

use crate::{
    common::certs::{Issued, Key},
    drive::Transport,
    openssl::{group_names, s_client, s_server, suite_name},
    place::{Place, groups},
    program::Program,
    socket::{Listener, Socket},
    transcript::{ANSWER, Event, Holder, LABEL, Ours, QUESTION, Transcript},
};

/// A socket, and all that our side did with it.
struct Recording {
    socket: Socket,
    events: Vec<Event>,
}

impl Transport for Recording {
    fn send(&mut self, bytes: &[u8]) {
        self.events.push(Event::Send(bytes.to_vec()));
        self.socket.send(bytes);
    }

    fn receive(&mut self, into: &mut [u8]) -> usize {
        let n = self.socket.receive(into);
        self.events.push(Event::Receive(into[..n].to_vec()));
        n
    }

    fn sign(&mut self, key: &LocalKey, request: &SignatureRequest) -> Signature {
        let signature = key.sign(request).expect("a key that fits");
        self.events.push(Event::signed(request, &signature));
        signature
    }
}

/// What is recorded: a key and a group for every suite.
const CASES: [(CipherSuite, Key, NamedGroup); 6] = [
    (CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256, Key::EcdsaP256, NamedGroup::X25519),
    (CipherSuite::ECDHE_ECDSA_AES_256_GCM_SHA384, Key::EcdsaP384, NamedGroup::SECP384R1),
    (CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, Key::Ed25519, NamedGroup::SECP256R1),
    (CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256, Key::Rsa2048, NamedGroup::X25519),
    (CipherSuite::ECDHE_RSA_AES_256_GCM_SHA384, Key::Rsa2048, NamedGroup::SECP384R1),
    (CipherSuite::ECDHE_RSA_CHACHA20_POLY1305_SHA256, Key::Rsa2048, NamedGroup::SECP256R1),
];

#[test]
fn record_whole_connections() {
    if env::var_os("TLS12_RECORD").is_none() {
        crate::common::say::say("left out: recording; see vectors/README.md");
        return;
    }
    let version = Program::start("openssl", "version").succeed();
    for ours in [Ours::Client, Ours::Server] {
        for (suite, key, group) in CASES {
            record(ours, (suite, key, group), false, &version);
        }
        record(ours, CASES[0], true, &version);
    }
}

fn holder(issued: &Issued, is_ours: bool) -> Holder {
    let key = is_ours.then(|| issued.key_der().secret_der().to_vec());
    Holder { certificate: issued.leaf().to_vec(), key }
}

fn record(ours: Ours, case: (CipherSuite, Key, NamedGroup), with_certificate: bool, version: &str) {
    let (suite, key, group) = case;
    let side = if ours == Ours::Client { "client" } else { "server" };
    let more = if with_certificate { "_with_certificate" } else { "" };
    let name = format!("{side}_{:04x}{more}", suite.0);
    let place = Place::new(key);
    let mut transcript = Transcript {
        ours,
        suite,
        group,
        seed: Sha256::digest(&name).into(),
        now: UnixTime::now().as_secs(),
        root: place.ca().root().to_vec(),
        server: holder(place.server(), ours == Ours::Server),
        client: with_certificate.then(|| holder(place.client(), ours == Ours::Client)),
        exported: Vec::new(),
        events: Vec::new(),
    };
    let program = match ours {
        Ours::Client => with_s_server(&mut transcript, &place),
        Ours::Server => with_s_client(&mut transcript, &place, key),
    };
    let text = program.text();
    transcript.exported = exported(&text).expect("keying material");
    let comments = format!(
        "# A connection of our {side} with {}, recorded by tests/interop/record.rs.\n\
         # What is exported is what OpenSSL said (-keymatexport).\n\n",
        version.trim()
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("vectors/transcripts/{name}.txt"));
    fs::write(path, format!("{comments}{transcript}")).expect("a file of the repository");
}

fn with_s_server(transcript: &mut Transcript, place: &Place) -> Program {
    let verify = match transcript.client {
        Some(_) => format!("-Verify 1 -CAfile {}", place.path("root.pem")),
        None => String::new(),
    };
    let export = format!("-keymatexport {LABEL} -keymatexportlen 40");
    let (server, port) = s_server(place, &format!("-naccept 1 {export} {verify}"));
    let mut io = Recording { socket: Socket::to(port), events: Vec::new() };
    transcript.run(&mut io, |_| server.input(ANSWER));
    transcript.events = io.events;
    server.text_until(|text| exported(text).is_some());
    server
}

fn with_s_client(transcript: &mut Transcript, place: &Place, key: Key) -> Program {
    let (listener, suite) = (Listener::new(), suite_name(transcript.suite));
    let groups = group_names(&groups(key, transcript.group));
    let files = match transcript.client {
        Some(_) => format!("-cert {} -key {}", place.path("client.pem"), place.path("client.key")),
        None => String::new(),
    };
    let export = format!("-keymatexport {LABEL} -keymatexportlen 40");
    let more = format!("-nocommands -cipher {suite} -groups {groups} {export} {files}");
    let client = s_client(place, listener.port(), &more);
    client.input(QUESTION);
    let mut io = Recording { socket: listener.next(), events: Vec::new() };
    transcript.run(&mut io, |_| {});
    transcript.events = io.events;
    client.text_until(|text| exported(text).is_some());
    client
}

/// The keying material in what OpenSSL printed, once all of it is there.
fn exported(text: &str) -> Option<Vec<u8>> {
    let (_, after) = text.split_once("Keying material: ")?;
    Some(crate::format::from_hex(after.get(..80)?))
}
