//! With the secrets of a key log.

use std::{fmt::Write, sync::Arc};

use tls12::{
    crypto::RUSTCRYPTO,
    explain::{
        Decryption, Event, Explainer, FinishedCheck, KeyLogSecrets, Protection, Seen, SeenData, Verdict,
    },
    schedule::Side,
    wire::{Alert, AlertLevel, AlertMessage, ContentType, HandshakeType, Message},
};

use super::transcripts::{Said, explained, words};
use crate::common::{
    forge::Keys, pair::World, recording::hellos, resuming::policy, speaking::speak, worlds::resumption_flows,
};

/// A handshake, and the key log of the client.
pub(super) fn with_key_log(mut world: World) -> (Said, String) {
    let log = world.keep_key_log();
    let (said, _) = speak(&world);
    let master = log.master().expect("a line of the key log");
    let line = format!("CLIENT_RANDOM {} {}", hex(&client_random(&said)), hex(&master));
    (said, line)
}

fn client_random(said: &Said) -> [u8; 32] {
    let events = explained(&mut Explainer::new(), said, usize::MAX);
    let Some(Seen::Message(hello)) = events.get(1).map(|event| &event.seen) else { panic!("no hello") };
    match hello.decode() {
        Ok(Message::ClientHello(hello)) => hello.random,
        other => panic!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all");
        text
    })
}

pub(super) fn opened(said: &Said, log: &str, piece: usize) -> (Vec<Event>, Verdict) {
    let secrets = Arc::new(KeyLogSecrets::read(log.as_bytes()));
    let mut explainer = Explainer::new().with_secrets(&RUSTCRYPTO, secrets);
    let events = explained(&mut explainer, said, piece);
    (events, explainer.verdict().clone())
}

#[test]
fn finished_of_both_sides_verifies_in_every_flow() {
    for (name, world) in resumption_flows() {
        let (said, log) = with_key_log(world);
        let (events, verdict) = opened(&said, &log, 13);
        assert_eq!(verdict.decryption, Decryption::Decrypted, "{name}");
        let both = (verdict.client_finished, verdict.server_finished);
        assert_eq!(both, (FinishedCheck::Verified, FinishedCheck::Verified), "{name}");
        let finished: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.seen {
                Seen::Message(message) if message.msg_type == HandshakeType::FINISHED => {
                    Some((message.protection, message.finished))
                }
                _ => None,
            })
            .collect();
        let right = (Protection::Decrypted, Some(FinishedCheck::Verified));
        assert_eq!(finished, [right, right], "{name}");
    }
}

#[test]
fn the_order_between_the_sides_does_not_matter_to_what_is_verified() {
    let (said, log) = with_key_log(World::resuming());
    // The flight of the client was captured twice as late as the answer to it.
    let mut late = said.clone();
    late.swap(2, 3);
    let ours = |(_, verdict): &(Vec<Event>, Verdict)| (verdict.client_finished, verdict.server_finished);
    assert_eq!(ours(&opened(&said, &log, 50)), (FinishedCheck::Verified, FinishedCheck::Verified));
    let (late, _) = (ours(&opened(&late, &log, 50)), ());
    assert_ne!(late.0, FinishedCheck::Wrong);
    assert_ne!(late.1, FinishedCheck::Wrong);
}

#[test]
fn a_changed_message_is_noticed_by_finished() {
    let (mut said, log) = with_key_log(World::resuming());
    // A bit of the server's certificate: everything else goes on as before.
    let flight = said.iter_mut().find(|(from, _)| *from == Side::Server).expect("a flight");
    let at = flight.1.len() / 2;
    flight.1[at] ^= 1;
    let (_, verdict) = opened(&said, &log, 100);
    assert_eq!(
        (verdict.client_finished, verdict.server_finished),
        (FinishedCheck::Wrong, FinishedCheck::Wrong)
    );
    assert!(verdict.to_string().ends_with("; a Finished is wrong"), "{verdict}");
}

#[test]
fn secrets_of_another_connection_open_nothing() {
    let (said, log) = with_key_log(World::resuming());
    let (events, verdict) = opened(&said, &log.replace("CLIENT_RANDOM ", "CLIENT_RANDOM ff"), 100);
    assert_eq!(verdict.decryption, Decryption::NotInKeyLog);
    assert!(words(&events).contains(&"[Finished]".to_owned()));
    // A wrong secret under the right random: the first record does not open, and nothing after it is tried.
    let (start, _) = log.split_at(log.len() - 96);
    let (events, verdict) = opened(&said, &format!("{start}{}", "7".repeat(96)), 100);
    assert_eq!(verdict.decryption, Decryption::Decrypted);
    assert!(events.iter().any(|event| matches!(event.seen, Seen::DoesNotOpen { .. })));
    assert_eq!(verdict.client_finished, FinishedCheck::Unchecked);
}

#[test]
fn no_secret_and_no_data_is_printed() {
    let (said, log) = with_key_log(World::resuming().with_policy(policy()));
    let secrets = Arc::new(KeyLogSecrets::read(log.as_bytes()));
    let mut explainer = Explainer::new().with_secrets(&RUSTCRYPTO, secrets.clone());
    let events = explained(&mut explainer, &said, 100);
    let printed = format!("{explainer:?} {events:?} {secrets:?} {:?}", explainer.verdict());
    let master = log.rsplit(' ').next().expect("a secret");
    assert!(!printed.contains(&master[..16]), "{printed}");
    let bytes: Vec<u8> =
        (0..48).map(|at| u8::from_str_radix(&master[2 * at..2 * at + 2], 16).expect("hex")).collect();
    let list: Vec<String> = bytes[..6].iter().map(u8::to_string).collect();
    assert!(!printed.contains(&list.join(", ")), "{printed}");
}

/// What one side sends after its Finished.
fn sealed(said: &Said, master: &[u8; 48], from: Side, content_type: ContentType, plain: &[u8]) -> Vec<u8> {
    let mut explainer = Explainer::new();
    let messages: Vec<Vec<u8>> = explained(&mut explainer, said, usize::MAX)
        .into_iter()
        .filter_map(|event| match event.seen {
            Seen::Message(message) => Some(message.raw),
            _ => None,
        })
        .collect();
    let (suite, randoms) = hellos(&messages).expect("both hellos");
    let mut sealing = Keys::new(master, suite, randoms).sealing(from);
    // Finished was the first.
    sealing.seal(ContentType::HANDSHAKE, &[0; 16]);
    sealing.seal(content_type, plain)
}

#[test]
fn data_and_alerts_are_opened_and_data_is_kept_only_where_that_was_asked_for() {
    let mut world = World::resuming();
    let master = {
        let log = world.keep_key_log();
        speak(&world);
        log.master().expect("a line of the key log")
    };
    let (mut said, log) = with_key_log(World::resuming());
    let data = sealed(&said, &master, Side::Client, ContentType::APPLICATION_DATA, b"a question");
    let alert = sealed(&said, &master, Side::Server, ContentType::ALERT, &[1, 0]);
    said.extend([(Side::Client, data), (Side::Server, alert)]);
    let (events, _) = opened(&said, &log, 77);
    let last: Vec<_> =
        events.iter().rev().filter(|event| !matches!(event.seen, Seen::Record(_))).take(2).collect();
    let close = AlertMessage { level: AlertLevel::WARNING, description: Alert::CLOSE_NOTIFY };
    assert_eq!(last[0].seen, Seen::Alert(close));
    assert_eq!(last[1].seen, Seen::ApplicationData { length: 10, data: None });
    let secrets = Arc::new(KeyLogSecrets::read(log.as_bytes()));
    let mut explainer = Explainer::new().with_secrets(&RUSTCRYPTO, secrets).with_application_data();
    let events = explained(&mut explainer, &said, 77);
    let data = Seen::ApplicationData { length: 10, data: Some(SeenData(b"a question".to_vec())) };
    assert!(events.iter().any(|event| event.seen == data));
}
