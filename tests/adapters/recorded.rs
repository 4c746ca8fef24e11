//! Connections that are recorded, and run again.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use tls12::{
    ClientAuth, ClientConfig, ServerConfig,
    blocking::{Acceptor, Connector, Incoming, Stream},
    crypto::{LocalKey, Provider, RUSTCRYPTO},
    pki::{VerifyPeer, WebPki},
    replay::{Difference, End, Recorder, Recording, Replay, Secrets, Step},
    session::{
        ClientSession, HandshakeKind, KeyRing, NotResumed, RenewWhen, ResumedBy, Resumption, SessionContext,
        TicketKey, Tickets,
    },
    store::{ClientSessions, Limits, MemoryStore, Reuse, SessionStore},
    wire::{Alert, CipherSuite},
};

use super::{
    edges::{Edges, bytes, name, sockets},
    resuming::{key, resuming},
};
use crate::common::certs::{Ca, Spec};

/// What was written down.
#[derive(Clone, Default)]
pub(super) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) type Ends = (io::Result<Stream<TcpStream>>, io::Result<Stream<TcpStream>>);

/// A connection, and the recordings of both sides.
pub(super) fn recorded<C, V, S>(
    connector: &Connector<C>,
    acceptor: &Acceptor<LocalKey, V, S>,
    session: Option<ClientSession>,
    secrets: Secrets,
    talk: impl FnOnce(Ends),
) -> [String; 2]
where
    C: VerifyPeer,
    V: VerifyPeer,
    S: SessionStore + 'static,
{
    let (client, server) = sockets();
    let papers = [Paper::default(), Paper::default()];
    let [ours, theirs] = papers.clone().map(|paper| Recorder::new(paper, secrets));
    thread::scope(|scope| {
        let accepting = scope.spawn(|| Incoming::read_recorded(server, 1 << 16, theirs)?.accept(acceptor));
        let client = connector.connect_recorded(name(), session, client, ours);
        talk((client, accepting.join().expect("no panic")));
    });
    papers.map(|paper| paper.text())
}

/// A question, an answer of three records, and a close each way.
pub(super) fn talk((client, server): Ends) {
    let (mut client, mut server) = (client.unwrap(), server.unwrap());
    client.write_all(b"a question").unwrap();
    server.read_exact(&mut [0; 10]).unwrap();
    let answer = bytes(40_000);
    let writing = thread::spawn(move || {
        server.write_all(&answer).unwrap();
        server.shutdown_write().unwrap();
        server.read_to_end(&mut Vec::new()).unwrap();
    });
    let mut got = Vec::new();
    client.read_to_end(&mut got).unwrap();
    assert_eq!(got.len(), 40_000);
    writing.join().unwrap();
}

pub(super) fn steps(text: &str) -> Vec<Step> {
    let recording = Recording::read(text.as_bytes()).unwrap();
    Replay::new(&recording, &RUSTCRYPTO).collect()
}

pub(super) fn end(text: &str) -> End {
    match steps(text).pop() {
        Some(Step::End(end)) => end,
        other => panic!("{other:?}"),
    }
}

/// How many bytes were sent, and how many of them were made again.
fn sent(text: &str) -> (usize, usize) {
    let flushed = steps(text).into_iter().filter_map(|step| match step {
        Step::Sent { bytes, same, .. } => Some((bytes.len(), same)),
        _ => None,
    });
    flushed.fold((0, 0), |(all, alike), (bytes, same)| (all + bytes, alike + same))
}

/// The lines of one name.
pub(super) fn lines<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let begin = format!("{{\"{name}\"");
    text.lines().filter(|line| line.starts_with(&begin)).collect()
}

/// The bytes of all lines of one name, by the JSON itself.
fn sum_of_bytes(text: &str, name: &str) -> usize {
    let count = |line: &&str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line[name]["bytes"].as_str().unwrap().len() / 2
    };
    lines(text, name).iter().map(count).sum()
}

struct Flow {
    name: &'static str,
    texts: [String; 2],
}

/// Every flow, recorded.
fn flows(secrets: Secrets) -> Vec<Flow> {
    let edges = Edges::new();
    let mut flows = Vec::new();
    let mut add = |name, texts| flows.push(Flow { name, texts });
    add("full", recorded(&edges.connector(), &edges.acceptor(), None, secrets, talk));

    let renewing = |tickets| {
        let resumption = Resumption::new(KeyRing::new(key())).with_tickets(tickets);
        Acceptor::new(edges.server_config().with_resumption(resumption), edges.server.local_key())
    };
    let connector = || edges.connector().with_sessions(Arc::new(ClientSessions::new(10, Reuse::Many)));
    for (first, second, tickets) in [
        ("a ticket is issued", "a ticket is resumed", Tickets::Issue),
        ("a ticket is issued to be renewed", "and is renewed", Tickets::Renew(RenewWhen::Always)),
        ("a ticket that will not count", "it does not count", Tickets::IgnoreAndIssue),
    ] {
        let (connector, acceptor) = (connector(), renewing(tickets));
        add(first, recorded(&connector, &acceptor, None, secrets, talk));
        add(second, recorded(&connector, &acceptor, None, secrets, talk));
    }

    let by_id = Acceptor::new(resuming(&edges), edges.server.local_key())
        .with_store(Arc::new(MemoryStore::new(Limits::sessions(10))));
    let config = ClientConfig::new(&RUSTCRYPTO).with_tickets(false).with_alpn([&b"h2"[..]]);
    let connector =
        Connector::new(config, edges.trust()).with_sessions(Arc::new(ClientSessions::new(10, Reuse::Many)));
    add("an ID is given", recorded(&connector, &by_id, None, secrets, talk));
    add("an ID is resumed", recorded(&connector, &by_id, None, secrets, talk));

    let (ca, config) = (Ca::new("clients"), resuming(&edges).with_client_auth(ClientAuth::Require));
    let client = ca.issue(&Spec::client("device"));
    let asking = Acceptor::new(config, edges.server.local_key())
        .with_client_verifier(WebPki::new(&RUSTCRYPTO, [ca.root()]).unwrap());
    let presenting = edges
        .connector()
        .with_credential(client.credential("device"), client.local_key())
        .with_sessions(Arc::new(ClientSessions::new(10, Reuse::Many)));
    add("a client certificate", recorded(&presenting, &asking, None, secrets, talk));
    add("and its session", recorded(&presenting, &asking, None, secrets, talk));
    flows
}

#[test]
fn with_its_secrets_every_flow_happens_again_to_the_last_byte() {
    for Flow { name, texts } in flows(Secrets::Recorded) {
        for text in texts {
            assert_eq!(end(&text), End::Reached, "{name}");
            let (all, same) = sent(&text);
            assert!(all > 0 && all == same && all == sum_of_bytes(&text, "sent"), "{name}: {same} of {all}");
            assert!(steps(&text).iter().any(|step| matches!(step, Step::Complete(_))), "{name}");
        }
    }
}

#[test]
fn without_secrets_every_flow_happens_again_up_to_the_first_byte_that_takes_keys() {
    for Flow { name, texts } in flows(Secrets::Withheld) {
        for (text, hello) in texts.iter().zip([1, 2]) {
            assert_eq!(end(text), End::KeysNeeded, "{name}");
            let (_, same) = sent(text);
            // The record of one hello at least.
            let first: serde_json::Value = serde_json::from_str(lines(text, "sent")[0]).unwrap();
            let first = first["sent"]["bytes"].as_str().unwrap();
            assert!(first.starts_with("160303") || first.starts_with("160301"), "{name}");
            assert_eq!(&first[10..12], format!("{hello:02x}"), "{name}");
            let length = 5 + usize::from_str_radix(&first[6..10], 16).unwrap();
            // A ticket that is renewed is in the record of the hello.
            let hello = 9 + usize::from_str_radix(&first[12..18], 16).unwrap();
            assert!(same >= hello && length >= hello, "{name}: {same} of {hello}");
        }
    }
}

#[test]
fn the_reason_of_a_full_handshake_is_found_again_without_secrets() {
    let texts = flows(Secrets::Withheld);
    let decided = |name: &str| {
        let flow = texts.iter().find(|flow| flow.name == name).unwrap();
        steps(&flow.texts[1]).into_iter().find_map(|step| match step {
            Step::Decided(kind) => Some(kind),
            _ => None,
        })
    };
    assert_eq!(decided("it does not count"), Some(HandshakeKind::Full(NotResumed::PolicyDeclined)));
    assert_eq!(decided("full"), Some(HandshakeKind::Full(NotResumed::NotOffered)));
    assert_eq!(decided("a ticket is resumed"), Some(HandshakeKind::Resumed(ResumedBy::Ticket)));
    assert_eq!(decided("an ID is resumed"), Some(HandshakeKind::Resumed(ResumedBy::SessionId)));
}

#[test]
fn sessions_of_another_setting_are_refused_again_for_the_same_reason() {
    let edges = Edges::new();
    let ring = KeyRing::new(key());
    let acceptor = |context: &[u8]| {
        let resumption = Resumption::new(ring.clone()).with_context(SessionContext::derive([context]));
        Acceptor::new(edges.server_config().with_resumption(resumption), edges.server.local_key())
    };
    let connector = edges.connector().with_sessions(Arc::new(ClientSessions::new(10, Reuse::Many)));
    for secrets in [Secrets::Recorded, Secrets::Withheld] {
        recorded(&connector, &acceptor(b"one"), None, secrets, talk);
        let [_, text] = recorded(&connector, &acceptor(b"another"), None, secrets, talk);
        let other = HandshakeKind::Full(NotResumed::OtherContext);
        assert!(steps(&text).iter().any(|step| matches!(step, Step::Decided(kind) if *kind == other)));
        // And one that found another reason would be found out.
        let changed = text.replace("OtherContext", "Expired");
        assert!(matches!(end(&changed), End::Differs(Difference::Outcome { .. })));
    }
}

/// That a key is unknown takes no key to be known: what the recording says of it is not believed.
#[test]
fn a_reason_that_needs_no_keys_is_not_taken_from_the_recording() {
    let edges = Edges::new();
    let connector = edges.connector().with_sessions(Arc::new(ClientSessions::new(10, Reuse::Many)));
    let acceptor = || Acceptor::new(resuming(&edges), edges.server.local_key());
    recorded(&connector, &acceptor(), None, Secrets::Withheld, talk);
    let [_, text] = recorded(&connector, &acceptor(), None, Secrets::Withheld, talk);
    assert_eq!(end(&text), End::KeysNeeded);
    let forged = text.replace("\"not_resumed\":20", "\"not_resumed\":21");
    assert_ne!(forged, text);
    let forged = forged.replace("UnknownTicketKey", "ExpiredTicketKey");
    let now = HandshakeKind::Full(NotResumed::UnknownTicketKey).to_string();
    let recorded = HandshakeKind::Full(NotResumed::ExpiredTicketKey).to_string();
    assert_eq!(end(&forged), End::Differs(Difference::Outcome { now, recorded }));
}

/// The texts of failures, and the alert of the side that failed.
pub(super) fn failures(secrets: Secrets) -> Vec<([String; 2], Alert)> {
    let edges = Edges::new();
    let stranger = WebPki::new(&RUSTCRYPTO, [Ca::new("another root").root()]).unwrap();
    let other = Connector::new(ClientConfig::new(&RUSTCRYPTO), stranger);
    let fail = |(client, server): Ends| assert!(client.is_err() && server.is_err());
    let suites = [CipherSuite::ECDHE_RSA_AES_128_GCM_SHA256];
    let config = ClientConfig::new(&RUSTCRYPTO).with_suites(&suites).unwrap();
    let rsa = Connector::new(config, edges.trust());
    let demanding = edges.server_config().with_client_auth(ClientAuth::Require);
    let demanding = Acceptor::new(demanding, edges.server.local_key());
    // The client has completed its handshake when the server refuses it.
    let late = |(client, server): Ends| assert!(client.is_err() || server.is_err());
    vec![
        (recorded(&other, &edges.acceptor(), None, secrets, fail), Alert::UNKNOWN_CA),
        (recorded(&rsa, &edges.acceptor(), None, secrets, fail), Alert::HANDSHAKE_FAILURE),
        (recorded(&edges.connector(), &demanding, None, secrets, late), Alert::HANDSHAKE_FAILURE),
    ]
}

#[test]
fn a_failure_happens_again_with_its_alert() {
    for secrets in [Secrets::Recorded, Secrets::Withheld] {
        for (texts, alert) in failures(secrets) {
            let failed = texts.iter().flat_map(|text| steps(text)).find_map(|step| match step {
                Step::Failed { error, recorded } if error.alert() == Some(alert) => Some((error, recorded)),
                _ => None,
            });
            let (error, recorded) = failed.unwrap_or_else(|| panic!("{alert}: {texts:?}"));
            assert_eq!(recorded, Some(error.to_string()));
            assert!(texts.iter().all(|text| matches!(end(text), End::Reached | End::KeysNeeded)));
        }
    }
}

#[test]
fn a_record_that_is_forged_in_the_middle_is_answered_again() {
    let edges = Edges::new();
    let forge = |(client, server): Ends| {
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        client.write_all(b"something").unwrap();
        server.read_exact(&mut [0; 9]).unwrap();
        client.get_mut().write_all(&[23, 3, 3, 0, 32]).unwrap();
        client.get_mut().write_all(&[7; 32]).unwrap();
        server.read(&mut [0; 8]).unwrap_err();
    };
    let [_, text] = recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Recorded, forge);
    assert_eq!(end(&text), End::Reached);
    let steps = steps(&text);
    let last_sent = steps.iter().rev().find_map(|step| match step {
        Step::Sent { bytes, same, .. } => Some((bytes.len(), *same)),
        _ => None,
    });
    // A record of an alert under AES-GCM.
    assert_eq!(last_sent, Some((31, 31)));
}

#[test]
fn an_end_without_close_notify_is_in_the_recording() {
    let edges = Edges::new();
    let vanish = |(client, server): Ends| {
        let mut server = server.unwrap();
        drop(client);
        server.read(&mut [0; 8]).unwrap_err();
    };
    let [_, text] = recorded(&edges.connector(), &edges.acceptor(), None, Secrets::Recorded, vanish);
    let truncated = |step: &Step| matches!(step, Step::Failed { error: tls12::Error::Truncated, .. });
    assert!(steps(&text).iter().any(truncated), "{text}");
    assert_eq!(end(&text), End::Reached);
}

/// Master secrets and ticket keys in hex.
fn secrets_of(secrets: Secrets) -> (String, String, Vec<String>) {
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);
    impl tls12::KeyLog for Log {
        fn log(&self, line: &str) {
            self.0.lock().unwrap().push(line.rsplit(' ').next().unwrap().to_owned());
        }
    }
    let (edges, log) = (Edges::new(), Arc::new(Log::default()));
    let secret = [0x5e; 31].iter().copied().chain([1]).collect::<Vec<u8>>().try_into().unwrap();
    let key =
        TicketKey::from_parts([7; 16], secret, tls12::UnixTime::now(), std::time::Duration::from_secs(3600));
    let resumption = Resumption::new(KeyRing::new(key.unwrap()));
    let config: ServerConfig = edges.server_config().with_resumption(resumption).with_key_log(log.clone());
    let acceptor = Acceptor::new(config, edges.server.local_key());
    let connector = edges.connector().with_sessions(Arc::new(ClientSessions::new(10, Reuse::Many)));
    let mut texts = [String::new(), String::new()];
    for _ in 0..2 {
        let more = recorded(&connector, &acceptor, None, secrets, talk);
        texts.iter_mut().zip(more).for_each(|(text, more)| text.push_str(&more));
    }
    let mut known = log.0.lock().unwrap().clone();
    known.push(format!("{}01", "5e".repeat(31)));
    let [client, server] = texts;
    (client, server, known)
}

#[test]
fn what_is_secret_is_recorded_only_where_it_was_asked_for() {
    let (client, server, known) = secrets_of(Secrets::Withheld);
    assert_eq!(known.len(), 3);
    for secret in &known {
        assert!(!client.contains(secret) && !server.contains(secret), "{secret}");
    }
    assert!(!client.contains("seed") && !server.contains("seed"));
    let (client, server, known) = secrets_of(Secrets::Recorded);
    // The session that the client offers has its master secret, and the server its ticket key.
    assert!(client.contains(&known[0]) && server.contains(&known[2]));
    assert!(client.contains("seed") && server.contains("seed"));
}

#[test]
fn the_digest_is_that_of_the_configuration_and_not_of_its_secrets() {
    let edges = Edges::new();
    let digest = |secrets, acceptor: &Acceptor<LocalKey>| {
        let [_, text] = recorded(&edges.connector(), acceptor, None, secrets, talk);
        Recording::read(text.as_bytes()).unwrap().config_digest().unwrap()
    };
    let acceptor = Acceptor::new(resuming(&edges), edges.server.local_key());
    let [withheld, recorded] =
        [Secrets::Withheld, Secrets::Recorded].map(|secrets| digest(secrets, &acceptor));
    assert_eq!(withheld, recorded);
    assert_ne!(withheld, digest(Secrets::Withheld, &edges.acceptor()));
}

#[test]
fn a_recording_that_is_full_ends_there_and_the_connection_does_not() {
    let edges = Edges::new();
    for limit in [0, 1, 100, 600, 1_000, 10_000] {
        let (client, server) = sockets();
        let paper = Paper::default();
        let recorder = Recorder::new(paper.clone(), Secrets::Recorded).with_limit(limit);
        let acceptor = edges.acceptor();
        let accepting =
            thread::spawn(move || Incoming::read_recorded(server, 1 << 16, recorder)?.accept(&acceptor));
        let client = edges.connector().connect(name(), None, client);
        talk((client, accepting.join().unwrap()));
        let text = paper.text();
        assert_eq!(end(&text), End::Full, "{limit}");
        // What was left out is no end of the transport.
        assert!(!steps(&text).iter().any(|step| matches!(step, Step::Failed { .. })), "{limit}: {text}");
        assert_eq!(sum_of_bytes(&text, "sent") + sum_of_bytes(&text, "received"), limit);
    }
}

#[test]
fn a_sink_that_fails_is_left_alone() {
    struct Broken(Arc<Mutex<usize>>);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            *self.0.lock().unwrap() += 1;
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (edges, asked) = (Edges::new(), Arc::new(Mutex::new(0)));
    let (client, server) = sockets();
    let recorder = Recorder::new(Broken(asked.clone()), Secrets::Withheld);
    let acceptor = edges.acceptor();
    let accepting =
        thread::spawn(move || Incoming::read_recorded(server, 1 << 16, recorder)?.accept(&acceptor));
    talk((edges.connector().connect(name(), None, client), accepting.join().unwrap()));
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[test]
fn another_provider_makes_the_same_bytes() {
    for Flow { name, texts } in flows(Secrets::Recorded) {
        for text in texts {
            let recording = Recording::read(text.as_bytes()).unwrap();
            let last = Replay::new(&recording, Provider::best()).last();
            assert!(matches!(last, Some(Step::End(End::Reached))), "{name}: {last:?}");
        }
    }
}

#[test]
fn nothing_that_has_a_recording_prints_its_secrets() {
    let (_, server, known) = secrets_of(Secrets::Recorded);
    // The second of two connections, which was resumed.
    let begins = server.rfind("{\"recording\"").unwrap();
    let recording = Recording::read(&server.as_bytes()[begins..]).unwrap();
    let seed = lines(&server[begins..], "started")[0].split('"').nth_back(1).unwrap();
    let mut replay = Replay::new(&recording, &RUSTCRYPTO);
    let steps: Vec<Step> = replay.by_ref().collect();
    assert!(!replay.secrets().is_empty(), "the master secret is there");
    let recorder = Recorder::new(io::sink(), Secrets::Recorded);
    let printed = format!("{recording:?} {recording:#?} {replay:?} {steps:?} {recorder:?}");
    for secret in known.iter().map(String::as_str).chain([seed]) {
        let bytes: Vec<u8> = (0..secret.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&secret[at..at + 2], 16).unwrap())
            .collect();
        let numbers = format!("{bytes:?}");
        let some = &numbers[1..numbers.len() / 3];
        assert!(!printed.contains(secret) && !printed.contains(some), "{secret}");
    }
}

/// Recordings of version 0.1.0: whoever changes what is sent, or what a recording is, hears of it here.
#[test]
fn what_was_recorded_long_ago_happens_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/recordings");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 32);
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let fails = name.starts_with("refused") || name.starts_with("distrusted");
        let expected = if name.contains("withheld") && !fails { End::KeysNeeded } else { End::Reached };
        match end(&text) {
            // The client of a server that refuses it says Finished before it hears of that.
            End::KeysNeeded if name.starts_with("refused-withheld") => {}
            other => assert_eq!(other, expected, "{name}"),
        }
    }
}
