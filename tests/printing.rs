//! No type prints a secret: every public one that can hold some is formatted with known secrets inside, and what comes
//! out is searched for them in hexadecimal, in decimal and in base64.
#![cfg(all(feature = "std", feature = "rustcrypto", feature = "webpki"))]

mod common;

#[path = "zeroize/pattern.rs"]
#[allow(dead_code, reason = "tests/zeroize.rs uses all of it")]
mod pattern;

use std::{
    collections::BTreeSet,
    fmt::{Debug, Write},
    fs,
    path::{Path, PathBuf},
};

use common::{
    certs::{NOW, at},
    pair::World,
    steps::Steps,
};
use pattern::{Pattern, filled, pattern};
use tls12::{
    ClientHandshake, RecvBuf, Seed, ServerHandshake,
    crypto::{Digest, NONCE_LEN, Once, RUSTCRYPTO, Secret, SecretVec, Suite},
    schedule::{KeySchedule, MasterSecret, Premaster, Prf, Randoms, SessionHash, Side},
    session::{
        KeyFileFormat, KeyMaterial, KeyRing, Lineage, Partition, Ratchet, Session, SessionContext,
        SessionParts, TicketKey,
    },
    store::{ClientSessions, Limits, MemoryStore, Reuse},
};

/// Types that have, or borrow, or contain secrets. What each prints is looked at below.
#[rustfmt::skip]
const WITH_SECRETS: &[&str] = &[
    "ClientHandshake", "ClientSession", "ClientSessionParts", "ClientSessions", "Connection",
    "ConnectionInfo", "Digest", "Established", "Exporter", "KeyMaterial", "KeyRing", "KeySchedule",
    "LocalKey", "MasterSecret", "MemoryStore", "NeedsConfig", "NeedsFlush", "NeedsInput", "NeedsSession",
    "NeedsSignature", "NeedsStore", "NeedsVerdict", "Once", "OpenedTicket", "Parked", "Plaintext", "Premaster", "Prf",
    "Ratchet", "Reader", "Received", "RecordOpenKey", "RecordSealKey", "RecvBuf", "Resumption", "Secret", "SecretVec", "Seed",
    "ServerConfig", "ServerHandshake", "Session", "SessionHash", "SessionInfo", "SessionParts",
    "TicketKey", "TrafficKeys", "VerifyData", "WriteKey", "Writer",
];

/// Types that have none: what is public on the wire, sealed, a number, an error, or the caller's configuration.
#[rustfmt::skip]
const WITHOUT: &[&str] = &[
    "Abort", "AeadAlgorithm", "AlertMessage", "Authentication", "BreakerState", "CacheSnapshot", "CacheStats", "CallCounts", "Certificate", "CertificateError",
    "CertificateRequest", "CertificateStatus", "Decryption", "FinishedCheck", "Known", "NotTls12", "Origin", "Progress", "Protocol", "Sessions", "Shape", "Undecoded", "Verdict", "CertificateVerify", "ChangeCipherSpec", "ClientAuth",
    "ClientAuthNeed", "ClientConfig", "ClientExtensions", "ClientHello", "ClientKeyExchange",
    "ClientToken", "ConfigError", "ContextTooLong", "Credential", "DangerousAcceptAny", "DecodeError",
    "Description", "EcdheParams", "Elements", "Error", "Eviction", "Excess", "Extension", "Failed",
    "FileError", "Guarded", "Finished", "HandshakeHeader", "HandshakeKind", "HashAlgorithm", "HelloRequest",
    "Illegal", "Incompatible", "InvalidShare", "Judgement", "KeyError", "KeyFileError", "KeyFileFormat",
    "KeyKind", "KeyName", "KeyState", "KeyTimes", "Leaf", "Limits", "Lineage", "List", "Lookup",
    "Message", "NeedsCredential", "NewSession", "NewSessionTicket", "NoStore", "NoVerifier", "NotResumed",
    "Difference", "End", "Offer", "Others", "Partition", "PartitionTag", "PresentedPeer", "Protection", "Provider", "Randoms", "RatchetError",
    "RecordError", "RecordHeader", "RecordingError", "Refusal", "RenewWhen", "Reply", "ResumedBy", "ResumptionStats",
    "Reuse", "SchemeVerifiers", "SealError", "SealedSession", "SeenBy", "Sent", "ServerExtensions",
    "Secrets", "ServerHello", "ServerHelloDone", "Step", "ServerKeyExchange", "ServerNames", "SessionContext", "SessionId",
    "SessionPeer", "SessionTooLarge", "Side", "SignError", "Signature", "SignatureFailure",
    "SignatureRequest", "Snapshot", "StatusRequest", "StoreError", "StoreKey", "StoreOperation", "Suite", "TicketSent", "TieredStore", "Tickets",
    "Transcript", "Log", "Truncated", "Unauthentic", "VerifiedPeer", "WeakKey",
    "WebPki",
];

/// Types that have a password, whose `Debug` is looked at in tests/store_shared/hostile.rs.
const WITH_PASSWORD: &[&str] = &["RedisBuilder", "RedisStore"];

/// Recordings, in which there may be secrets, and what runs them; what they print is looked at in
/// tests/adapters/recorded.rs.
const RECORDED: &[&str] = &["Recorder", "Recording", "Replay"];

/// Types that have secrets of a key log, or what was decrypted with them; looked at below.
const LOOKING_ON: &[&str] = &["Event", "Explainer", "KeyLogSecrets", "Seen", "SeenData", "SeenMessage"];

/// The adapters around a [`tls12::Connection`], whose own `Debug` is looked at below.
const ADAPTERS: &[&str] = &[
    "Acceptor",
    "Connector",
    "HalfReceived",
    "Incoming",
    "OwnedReadHalf",
    "OwnedWriteHalf",
    "ReuniteError",
    "Stream",
    "TlsStream",
];

/// Every public type of the library, by its name in the sources.
fn public_types() -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of the crate") {
            let path: PathBuf = entry.expect("a file of the crate").path();
            match path.is_dir() {
                true if !path.ends_with("bin") => folders.push(path),
                true => {}
                false => types.extend(types_of(&fs::read_to_string(&path).expect("a readable file"))),
            }
        }
    }
    assert!(types.len() > 100, "the sources are where this test looks for them");
    types
}

fn types_of(source: &str) -> Vec<String> {
    let declared = source.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("pub ")?;
        rest.strip_prefix("struct ").or_else(|| rest.strip_prefix("enum "))
    });
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric()).collect();
    declared.map(name).filter(|name: &String| !name.is_empty()).collect()
}

#[test]
fn every_public_type_is_known_to_hold_secrets_or_none() {
    let listed = [WITH_SECRETS, WITHOUT, WITH_PASSWORD, LOOKING_ON, RECORDED, ADAPTERS].concat();
    let unknown: Vec<_> = public_types().into_iter().filter(|name| !listed.contains(&&**name)).collect();
    assert!(unknown.is_empty(), "say whether these hold secrets: {unknown:?}");
    let gone: Vec<_> = listed.iter().filter(|name| !public_types().contains(**name)).collect();
    assert!(gone.is_empty(), "there are no such types: {gone:?}");
}

/// Whoever looks on with a key log sees secrets, and does not print them.
#[test]
fn secrets_of_a_key_log_are_not_printed() {
    let secret = [0xa7; 48];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let line = format!("CLIENT_RANDOM {} {}\n", hex(&[1; 32]), hex(&secret));
    let secrets = std::sync::Arc::new(tls12::explain::KeyLogSecrets::read(line.as_bytes()));
    assert_eq!(secrets.len(), 1);
    let mut explainer = tls12::explain::Explainer::new().with_secrets(&RUSTCRYPTO, secrets.clone());
    let events = explainer.bytes(Side::Client, &[22, 3, 3, 0, 1, 1]);
    let data = tls12::explain::SeenData(vec![0xa7; 9]);
    let printed = format!("{data:?}\n{secrets:?}\n{secrets:#?}\n{explainer:?}\n{explainer:#?}\n{events:?}");
    assert!(printed.contains("KeyLogSecrets"), "{printed}");
    assert!(!printed.to_lowercase().contains("a7a7") && !printed.contains("167, 167"), "{printed}");
}

/// What was printed, by the names of types.
#[derive(Default)]
struct Printed(Vec<(&'static str, String)>);

impl Printed {
    fn add(&mut self, name: &'static str, value: &dyn Debug) {
        self.0.push((name, format!("{value:?}\n{value:#?}")));
    }

    /// A handshake, whose asks print themselves.
    fn step(&mut self, steps: &Steps) {
        match steps {
            Steps::Client(step) => self.add("ClientHandshake", step),
            Steps::Server(step) => self.add("ServerHandshake", step),
        }
        for ask in ["Config", "Flush", "Input", "Session", "Signature", "Store", "Verdict"] {
            let text = &self.0.last().expect("just printed").1;
            if text.contains(&format!("Needs{ask}")) {
                let text = text.clone();
                let known = WITH_SECRETS.iter().find(|name| name.strip_prefix("Needs") == Some(ask));
                self.0.push((known.expect("it is listed"), text));
            }
        }
    }
}

/// Eight bytes of a secret as people print them, without blanks and in lower case.
fn forms(secret: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for window in secret.windows(8).step_by(4) {
        let hex: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
        let list = |one: fn(&u8) -> String| window.iter().map(one).collect::<Vec<_>>().join(",");
        forms.extend([hex, list(|byte| byte.to_string()), list(|byte| format!("0x{byte:x}"))]);
        forms.push(list(|byte| format!("{byte:02x}")));
    }
    // Every place at which a group of three may begin.
    forms.extend((0..3).map(|at| base64(&secret[at..at + 9]).to_lowercase()));
    forms
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        [18, 12, 6, 0].map(|shift| char::from(DIGITS[(bits >> shift & 63) as usize]))
    };
    bytes.chunks_exact(3).flat_map(group).collect()
}

/// Which of the secrets stand in the text, in any form.
fn told(text: &str, secrets: &[(String, Vec<u8>)]) -> Vec<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let told =
        secrets.iter().filter(|(_, secret)| forms(secret).iter().any(|form| plain.contains(form.as_str())));
    told.map(|(name, _)| name.clone()).collect()
}

#[test]
fn the_search_finds_what_is_printed() {
    let bytes = pattern(1, 32);
    let secrets = [("it".to_owned(), bytes.clone())];
    let hex = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02X}").expect("a String takes it");
        text
    });
    let texts =
        [hex, format!("{bytes:?}"), format!("{bytes:#?}"), format!("{bytes:#x?}"), base64(&bytes[..30])];
    for text in texts {
        assert_eq!(told(&text, &secrets), ["it"], "{text}");
        assert!(told(&text, &[("other".to_owned(), pattern(2, 32))]).is_empty());
    }
}

#[test]
fn no_type_prints_a_secret() {
    let mut printed = Printed::default();
    let mut secrets = vec![];
    values(&mut printed, &mut secrets);
    handshake(&mut printed, &mut secrets);
    for (name, text) in &printed.0 {
        assert_eq!(told(text, &secrets), [""; 0], "{name}: {text}");
    }
    let seen: BTreeSet<_> = printed.0.iter().map(|(name, _)| *name).collect();
    let missing: Vec<_> = WITH_SECRETS.iter().filter(|name| !seen.contains(*name)).collect();
    assert!(missing.is_empty(), "not printed: {missing:?}");
}

type Secrets = Vec<(String, Vec<u8>)>;

/// The values that can be made by hand, all from patterns below 20.
fn values(printed: &mut Printed, secrets: &mut Secrets) {
    secrets.extend((1..20).map(|number| (format!("pattern {number}"), pattern(number, 48))));
    let array = |number| Secret::<48>::fill(|bytes| pattern::fill(number, bytes));
    let vec = |number| SecretVec::copy_of(&filled(number, 48));
    printed.add("Secret", &array(1));
    printed.add("SecretVec", &vec(2));
    printed.add("Seed", &Seed::from_rng(&mut Pattern(3)));
    printed.add("Digest", &Digest::new(&pattern(4, 48)));
    printed.add("Premaster", &Premaster::new(vec(5)));
    let suite = &tls12::crypto::SUITES[0];
    printed.add("Prf", &Prf::new(&RUSTCRYPTO, suite.hash, &pattern(6, 48)));
    schedule(printed, suite, array(7));
    printed.add("SessionHash", &SessionHash::of(Digest::new(&pattern(8, 48))));
    let key = |number| {
        let mut secret = [0; 32];
        pattern::fill(number, &mut secret);
        TicketKey::from_parts([1; 16], secret, at(NOW), std::time::Duration::from_secs(60)).expect("random")
    };
    printed.add("TicketKey", &key(9));
    printed.add("KeyRing", &KeyRing::new(key(10)));
    session(printed, array(15), vec(16), key(17));
    printed.add("Resumption", &tls12::session::Resumption::new(KeyRing::new(key(11))));
    let keys = KeyMaterial::read(&pattern(12, 48), KeyFileFormat::Node).expect("a key");
    secrets.retain(|(name, _)| name != "pattern 12");
    secrets.push(("the keys of a file".into(), pattern(12, 48)[16..].to_vec()));
    printed.add("KeyMaterial", &keys[0]);
    let hour = std::time::Duration::from_secs(3600);
    printed.add("Ratchet", &Ratchet::from_bytes(&pattern(13, 32), at(NOW), hour).expect("a seed"));
    let mut buf = RecvBuf::new();
    pattern::fill(14, &mut buf.spare()[..48]);
    buf.received(48).expect("something");
    printed.add("RecvBuf", &buf);
}

/// A server's session: its parts, itself, and as a ticket that was opened.
fn session(printed: &mut Printed, master_secret: Secret<48>, application_data: SecretVec, key: TicketKey) {
    let parts = SessionParts {
        suite: tls12::crypto::SUITES[0].id,
        master_secret,
        extended_master_secret: true,
        server_name: None,
        alpn: None,
        context: SessionContext::derive([&b"context"[..]]),
        partition: Partition::default(),
        lineage: Lineage([9; 16]),
        authenticated_at: NOW,
        issued_at: NOW,
        lifetime: 60,
        peer: None,
        peer_scheme: None,
        group: None,
        application_data,
    };
    printed.add("SessionParts", &parts);
    let session = Session::new(parts).expect("nothing in it is long");
    printed.add("Session", &session);
    let ring = KeyRing::new(key);
    let ticket = ring.seal_ticket(&RUSTCRYPTO, &session, &[3; 32], at(NOW)).expect("the key seals");
    printed.add("OpenedTicket", &ring.open_ticket(&RUSTCRYPTO, &ticket, at(NOW)).expect("it opens"));
}

fn schedule(printed: &mut Printed, suite: &Suite, secret: Secret<48>) {
    let schedule = KeySchedule::resume(&RUSTCRYPTO, suite.hash, &secret, true);
    let randoms = Randoms { client: [1; 32], server: [2; 32] };
    let once = Once { key: &secret.expose()[..32], nonce: &[1; NONCE_LEN], aad: &[] };
    printed.add("Once", &once);
    printed.add("KeySchedule", &schedule);
    let premaster = Premaster::new(SecretVec::copy_of(secret.expose()));
    printed.add("MasterSecret", &MasterSecret::classic(&RUSTCRYPTO, suite.hash, premaster, &randoms));
    let keys = schedule.traffic_keys(suite, &randoms);
    printed.add("RecordSealKey", &keys.of(Side::Client).sealing(&RUSTCRYPTO));
    printed.add("RecordOpenKey", &keys.of(Side::Client).opening(&RUSTCRYPTO));
    printed.add("WriteKey", &keys.of(Side::Client));
    printed.add("TrafficKeys", &keys);
    let transcript = RUSTCRYPTO.hash(suite.hash).hash(&[b"messages"]);
    printed.add("VerifyData", &schedule.verify_data(Side::Client, &transcript));
    printed.add("Exporter", &schedule.exporter(&randoms));
}

/// Handshakes whose seeds are patterns 20 to 23, step by step, and the connections, with data that is pattern 30.
fn handshake(printed: &mut Printed, secrets: &mut Secrets) {
    secrets.extend((20..24).map(|number| (format!("seed {number}"), pattern(number, 32))));
    secrets.push(("application data".into(), pattern(24, 60)));
    secrets.push(("what is sent".into(), pattern(30, 60)));
    secrets.push(("the ring".into(), pattern::drawn(&[7; 32], b"ticket key")[16..48].to_vec()));
    for (by, first) in [(tls12::session::ResumedBy::Ticket, 20), (tls12::session::ResumedBy::SessionId, 22)] {
        let mut world = World::resuming_by(by);
        world.application_data = pattern(24, 60);
        printed.add("ServerConfig", &world.server);
        printed.add("LocalKey", &world.keys[0].1);
        let session = shake(&world, None, first, printed, secrets);
        shake(&world, session, first, printed, secrets);
    }
}

fn shake(
    world: &World,
    session: Option<tls12::session::ClientSession>,
    first: u64,
    printed: &mut Printed,
    secrets: &mut Secrets,
) -> Option<tls12::session::ClientSession> {
    let seed = |number| Seed::from_rng(&mut Pattern(number));
    let (config, name) = (world.client.clone(), world.name.clone());
    let mut client =
        Steps::Client(ClientHandshake::start(config, name, session, seed(first), RecvBuf::new(), world.now));
    let mut server = Steps::Server(ServerHandshake::start(seed(first + 1), RecvBuf::new(), world.now));
    let (mut up, mut down) = (Vec::new(), Vec::new());
    loop {
        printed.step(&client);
        printed.step(&server);
        let moved;
        (client, moved) = turn(client, world, &mut up, &mut down);
        let too;
        (server, too) = turn(server, world, &mut down, &mut up);
        if !moved && !too {
            break;
        }
    }
    let (Steps::Client(ClientHandshake::Done(client)), Steps::Server(ServerHandshake::Done(server))) =
        (client, server)
    else {
        panic!("both sides succeed");
    };
    established(client, server, printed, secrets)
}

fn turn(side: Steps, world: &World, out: &mut Vec<u8>, incoming: &mut Vec<u8>) -> (Steps, bool) {
    match side.need() {
        common::steps::Need::Flush { bytes, .. } => {
            out.extend(bytes);
            (side.all_sent(), true)
        }
        common::steps::Need::Input if !incoming.is_empty() => {
            (side.received(&std::mem::take(incoming), world.now), true)
        }
        common::steps::Need::Answer => (side.answered(world), true),
        _ => (side, false),
    }
}

fn established(
    client: tls12::client::Established,
    mut server: tls12::server::Established,
    printed: &mut Printed,
    secrets: &mut Secrets,
) -> Option<tls12::session::ClientSession> {
    printed.add("Established", &client);
    printed.add("Established", &server);
    printed.add("Connection", &server.connection);
    printed.add("ConnectionInfo", server.connection.info());
    printed.add("SessionInfo", &server.connection.info().session);
    let (mut wire, mut connection) = (Vec::new(), client.connection);
    connection.send(&pattern(30, 60), &mut wire).expect("sent");
    server.buf.spare()[..wire.len()].copy_from_slice(&wire);
    server.buf.received(wire.len()).expect("something");
    let received = server.connection.receive(&mut server.buf, &mut wire).expect("a record");
    printed.add("Received", &received);
    let tls12::Received::Data(data) = received else { panic!("data was sent") };
    printed.add("Plaintext", &data);
    printed.add("RecvBuf", &server.buf);
    let parked = server.connection.park();
    printed.add("Parked", &parked);
    let (reader, writer) = parked.unpark().expect("its keys are made again").split();
    printed.add("Reader", &reader);
    printed.add("Writer", &writer);
    if let Some(session) = &client.session {
        secrets.push(("a master secret".into(), session.master_secret().expose().to_vec()));
        kept(session, printed);
    }
    client.session
}

/// A client's session, in a cache and in parts; and a server's.
fn kept(session: &tls12::session::ClientSession, printed: &mut Printed) {
    printed.add("ClientSession", session);
    printed.add("ClientSessionParts", &common::resuming::parts_of(session));
    let cache = ClientSessions::new(3, Reuse::Many);
    cache.insert(session.duplicate());
    printed.add("ClientSessions", &cache);
    printed.add("MemoryStore", &MemoryStore::new(Limits::sessions(3)));
}
