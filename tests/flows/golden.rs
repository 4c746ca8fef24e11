//! What both sides say in each flow, to the byte, against vectors/transcripts/flows.
//!
//! When it has changed on purpose: `TLS12_RECORD=1 cargo test --test flows golden`, and read the diff.
#![expect(clippy::disallowed_methods, reason = "a test of files")]

use std::{env, fmt::Write, fs, path::PathBuf};

use tls12::{
    ClientAuth, ClientConfig, ConnectionInfo,
    crypto::{Authentication, SUITES},
    schedule::Side,
    session::{HandshakeKind, NotResumed, TicketSent},
    wire::NamedGroup,
};

use crate::common::{certs::Key, pair::World, resuming::policy, speaking::speak, worlds::resumption_flows};

/// A flow by its name, and the verdicts at its end.
type Flow = (String, World, &'static str);

/// Every flow of resumption, the three main ones in each suite, and what else a handshake may have.
fn flows() -> Vec<Flow> {
    let of_resumption = resumption_flows().into_iter().map(|(name, world)| (name.to_owned(), world, ""));
    of_resumption.chain(suite_flows()).chain(other_flows()).collect()
}

fn suite_flows() -> Vec<Flow> {
    let mut all = Vec::new();
    for suite in &SUITES {
        let world = |tickets| {
            let key = match suite.authentication {
                Authentication::Ecdsa => Key::EcdsaP256,
                Authentication::Rsa => Key::Rsa2048,
            };
            let client = |config: ClientConfig| {
                config.with_suites(&[suite.id]).expect("a suite").with_tickets(tickets)
            };
            World::with_key(key).with_policy(policy()).with_client(client)
        };
        let name = |flow: &str| format!("{flow}_{:04x}", suite.id.0);
        all.push((name("full_with_ticket"), world(true), "1 1 1"));
        all.push((name("resumed_by_ticket"), world(true).visited(), "3 0 0"));
        all.push((name("resumed_by_id"), world(false).visited(), "2 0 0"));
    }
    all
}

fn other_flows() -> Vec<Flow> {
    let certificate = || World::resuming().with_client_certificate(ClientAuth::Require, Key::EcdsaP256);
    let protocol = || {
        let world = World::resuming().with_client(|config| config.with_alpn([&b"h2"[..], b"http/1.1"]));
        world.with_server(|config| config.with_alpn([&b"http/1.1"[..]]))
    };
    // The curve of the server's certificate has to be among them (RFC 8422, 5.3).
    let groups = |groups: &[NamedGroup]| {
        World::resuming().with_client(|config| config.with_groups(groups).expect("groups"))
    };
    let all = [
        ("full_with_client_certificate", certificate(), "1 1 1"),
        ("resumed_with_client_certificate", certificate().visited(), "3 0 0"),
        ("full_with_alpn", protocol(), "1 1 1"),
        ("resumed_with_alpn", protocol().visited(), "3 0 0"),
        ("full_with_status_request", World::stapled().with_policy(policy()), "1 1 1"),
        ("full_with_secp256r1", groups(&[NamedGroup::SECP256R1]), "1 1 1"),
        ("full_with_secp384r1", groups(&[NamedGroup::SECP384R1, NamedGroup::SECP256R1]), "1 1 1"),
    ];
    all.into_iter().map(|(name, world, verdict)| (name.to_owned(), world, verdict)).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/transcripts/flows")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verdict(info: &ConnectionInfo) -> String {
    let reason = info.handshake.reason().map_or(0, NotResumed::code);
    format!("{} {reason} {}", info.handshake.code(), info.ticket.code())
}

/// The file of a flow.
fn transcript(name: &str, world: &World) -> String {
    let mut text = format!(
        "# A handshake of both sides of this crate: what each was given, what each said, and what each told of it.\n\
         # Written by tests/flows/golden.rs, which compares every byte.\n\nflow: {name}\n"
    );
    let mut line = |name: &str, value: &str| writeln!(text, "{name}: {value}").expect("a String takes all");
    line("now", &world.now.as_secs().to_string());
    line("client-seed", &hex(&world.seeds.0));
    line("server-seed", &hex(&world.seeds.1));
    if let Some(session) = &world.session {
        line("client-session", &hex(session.to_bytes().expose()));
    }
    for (key, sealed) in world.store.kept().iter() {
        line("stored", &format!("{} {}", hex(&key.hash), hex(&sealed.0)));
    }
    let (said, [client, server]) = speak(world);
    for (side, bytes) in said {
        line(if side == Side::Client { "client" } else { "server" }, &hex(&bytes));
    }
    line("client-verdict", &verdict(&client));
    line("server-verdict", &verdict(&server));
    text
}

#[test]
fn golden_transcripts_have_every_byte_of_every_flow() {
    let recording = env::var_os("TLS12_RECORD").is_some();
    let mut differ = Vec::new();
    for (name, world, _) in flows() {
        let path = folder().join(&name).with_extension("txt");
        let now = transcript(&name, &world);
        if recording {
            fs::create_dir_all(folder()).expect("a folder");
            fs::write(&path, &now).expect("a file");
        }
        let golden = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        differ.extend((golden != now).then_some(name));
    }
    assert!(differ.is_empty(), "these flows say something else than their transcripts: {differ:?}");
}

/// The numbers of [`verdict`] by hand: 1 full, 2 by ID, 3 by ticket; the reason; 1 issued, 2 empty.
#[test]
fn golden_transcripts_end_with_the_verdicts_of_their_names() {
    let expected = [
        ("full_with_ticket", "1 1 1", "1 1 1"),
        ("resumed_by_ticket", "3 0 0", "3 0 0"),
        ("resumed_by_ticket_and_renewed", "3 0 1", "3 0 1"),
        ("ticket_refused_and_nothing_new", "1 3 0", "1 4 0"),
        ("ticket_refused_and_a_new_one_issued", "1 3 1", "1 4 1"),
        ("zero_length_ticket", "1 1 2", "1 1 2"),
        ("full_with_id", "1 1 0", "1 1 0"),
        ("resumed_by_id", "2 0 0", "2 0 0"),
        ("full_with_neither", "1 1 0", "1 1 0"),
    ];
    let others: Vec<_> = suite_flows().into_iter().chain(other_flows()).collect();
    let expected: Vec<_> = expected
        .into_iter()
        .chain(others.iter().map(|(name, _, verdict)| (name.as_str(), *verdict, *verdict)))
        .collect();
    let files = fs::read_dir(folder()).expect("a folder").count();
    assert_eq!(files, expected.len(), "a transcript without a flow, or a flow without one");
    for (name, client, server) in expected {
        let path = folder().join(name).with_extension("txt");
        let text = fs::read_to_string(path).expect("a transcript");
        let ends = format!("client-verdict: {client}\nserver-verdict: {server}\n");
        assert!(text.ends_with(&ends), "{name}");
    }
}

#[test]
fn the_numbers_of_a_verdict_are_read_back_as_what_they_are() {
    let (_, [client, _]) = speak(&resumption_flows().remove(3).1);
    assert_eq!(client.handshake, HandshakeKind::Full(NotResumed::Declined));
    assert_eq!((verdict(&client).as_str(), client.ticket), ("1 3 0", TicketSent::No));
}
