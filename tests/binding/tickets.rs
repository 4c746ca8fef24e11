//! Tickets that are none: a full handshake with its reason, and never an alert (R18).

use std::sync::Arc;

use tls12::{
    Error, RecordError,
    crypto::{AeadAlgorithm, HashAlgorithm, NONCE_LEN, RUSTCRYPTO, TAG_LEN},
    session::{HandshakeKind, KeyRing, NotResumed, ResumedBy, SessionContext, TicketKey, TicketSent},
    wire::CipherSuite,
};

use crate::common::{
    certs::{NOW, at},
    pair::World,
    raw::{Greeting, Hello, Kept, Over, Raw, SESSION_TICKET, new_session_ticket},
    resuming::{HOURS_12, assert_not_offered, policy, ring},
};

/// What a server of ours says to this ticket; the handshake goes through all the same, and gives a ticket that is
/// one.
fn reason(world: &Arc<World>, ticket: &[u8]) -> NotResumed {
    let mut raw = Raw::client(world, Over::Memory);
    let made = raw.offer(&Hello::new().with(SESSION_TICKET, ticket), None);
    assert!(!made.resumed && made.kept.ticket.len() > 65);
    let info = raw.close(b"").info.expect("a handshake");
    assert_eq!(info.ticket, TicketSent::Issued);
    info.handshake.reason().expect("a full handshake")
}

fn world() -> Arc<World> {
    Arc::new(World::resuming())
}

/// A ticket of a server of ours, with the secret of its session.
fn kept(world: &Arc<World>) -> Kept {
    let mut raw = Raw::client(world, Over::Memory);
    let made = raw.offer(&Hello::new().with(SESSION_TICKET, &[]), None);
    raw.close(b"");
    made.kept
}

#[test]
fn a_ticket_of_no_bytes_asks_for_one_and_offers_none() {
    assert_eq!(reason(&world(), &[]), NotResumed::NotOffered);
}

#[test]
fn tickets_of_any_length_that_nobody_sealed_have_a_reason() {
    let world = world();
    for len in [1, 2, 16, 48, 63, 64] {
        assert_eq!(reason(&world, &vec![7; len]), NotResumed::UnknownFormat, "{len} bytes");
    }
    for len in [65, 66, 200, 16_384, 32_768] {
        assert_eq!(reason(&world, &vec![7; len]), NotResumed::UnknownTicketKey, "{len} bytes");
    }
    // All that a hello has room for beside what else it must say.
    let others: usize = Hello::new().extensions.iter().map(|(_, body)| 4 + body.len()).sum();
    for len in [32_769, 65_535 - 4 - others] {
        assert_eq!(reason(&world, &vec![7; len]), NotResumed::TooLong, "{len} bytes");
    }
    // And 65 535, which only the ring can be asked for.
    let opened = ring().open_ticket(&RUSTCRYPTO, &vec![7; 65_535], at(NOW));
    assert_eq!(opened.expect_err("a reason"), NotResumed::TooLong);
}

#[test]
fn no_bit_of_a_ticket_can_be_flipped() {
    let world = world();
    let ticket = kept(&world).ticket;
    for at in 0..ticket.len() {
        let mut flipped = ticket.clone();
        // Every byte, and each of the eight bits many times; all of them are tried on the seal alone.
        flipped[at] ^= 1 << (at % 8);
        let expected = if at < 16 { NotResumed::UnknownTicketKey } else { NotResumed::Forged };
        assert_eq!(reason(&world, &flipped), expected, "byte {at}");
    }
}

#[test]
fn a_ticket_cut_at_any_length_or_followed_by_something_is_none() {
    let world = world();
    let ticket = kept(&world).ticket;
    for len in 1..ticket.len() {
        let expected = if len < 65 { NotResumed::UnknownFormat } else { NotResumed::Forged };
        assert_eq!(reason(&world, &ticket[..len]), expected, "{len} bytes");
    }
    for more in [&[0][..], &[0; 16], &ticket] {
        assert_eq!(reason(&world, &[&ticket[..], more].concat()), NotResumed::Forged);
    }
}

const NAME: [u8; 16] = *b"a name of a key!";
const SECRET: [u8; 32] = *b"thirty-two bytes of a secret key";
const SALT: [u8; 32] = *b"a salt that no server ever drew.";
/// The version of what is around a session.
const SEAL: u8 = 2;

/// A ticket under a key that we know, made apart from the crate: HKDF-Expand and AES-256-GCM around any plaintext.
fn sealed(format: u8, plaintext: &[u8]) -> Vec<u8> {
    let expand = RUSTCRYPTO.hmac(HashAlgorithm::Sha256).key(&SECRET);
    let label: &[u8] = b"tls12 seal ticket";
    let key = expand.sign(&[label, &SALT, &[1]]);
    let sealer = RUSTCRYPTO.aead(AeadAlgorithm::Aes256Gcm).seal_key(key.as_ref()).expect("32 bytes");
    let mut ciphertext = vec![0; plaintext.len() + TAG_LEN];
    let aad = [label, &[format], &NAME, &SALT].concat();
    sealer.seal(&[0; NONCE_LEN], &aad, plaintext, &mut ciphertext).expect("the lengths fit");
    [&NAME[..], &SALT, &ciphertext].concat()
}

/// A session in the format of its documentation, for a hello without a name.
fn plaintext(format: u8, version: u16, suite: CipherSuite, context: &SessionContext) -> Vec<u8> {
    let partition = *tls12::session::Partition::default().as_bytes();
    let mut out = vec![format];
    out.extend_from_slice(&version.to_be_bytes());
    out.extend_from_slice(&suite.0.to_be_bytes());
    out.push(1);
    out.extend_from_slice(&[0x5a; 48]);
    out.extend_from_slice(&context.0);
    out.extend_from_slice(&partition);
    out.extend_from_slice(&[9; 16]);
    out.extend_from_slice(&[NOW.to_be_bytes(), NOW.to_be_bytes()].concat());
    out.extend_from_slice(&3600_u32.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0]);
    // No name, no protocol, no application data, no certificate.
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0]);
    out
}

#[test]
fn tickets_of_another_version_of_the_format_of_tls_or_of_nothing_at_all_are_none() {
    let key = TicketKey::from_parts(NAME, SECRET, at(NOW), HOURS_12).expect("a key");
    let world = Arc::new(World::new().with_policy(policy().with_keys(KeyRing::new(key))));
    let context = world.server.session_context();
    let suite = tls12::wire::CipherSuite::ECDHE_ECDSA_AES_128_GCM_SHA256;
    // The one that is right is taken, so it is not something else that is wrong with the others.
    let good = plaintext(1, 0x0303, suite, &context);
    let kept = Kept {
        master: [0x5a; 48],
        extended: true,
        session_id: vec![],
        ticket: sealed(SEAL, &good),
        hint: 3600,
    };
    let mut raw = Raw::client(&world, Over::Memory);
    assert!(raw.offer(&kept.hello(), Some(&kept)).resumed);
    let info = raw.close(b"").info.expect("a handshake");
    assert_eq!(info.handshake, HandshakeKind::Resumed(ResumedBy::Ticket));

    for format in [0, 2, 255] {
        let other = plaintext(format, 0x0303, suite, &context);
        assert_eq!(reason(&world, &sealed(SEAL, &other)), NotResumed::UnknownFormat, "format {format}");
    }
    for seal in [0, 1, 255] {
        // The format of the seal is authenticated.
        assert_eq!(reason(&world, &sealed(seal, &good)), NotResumed::Forged, "seal {seal}");
    }
    for version in [0x0300, 0x0301, 0x0302, 0x0304, 0] {
        let other = plaintext(1, version, suite, &context);
        assert_eq!(reason(&world, &sealed(SEAL, &other)), NotResumed::UnknownFormat, "version {version:04x}");
    }
    // Sealed by us, and not a session: whatever it is, it is none.
    for other in [&[][..], &[1], &good[..good.len() - 1], &[&good[..], &[0]].concat(), &[0xff; 300]] {
        let reason = reason(&world, &sealed(SEAL, other));
        assert!([NotResumed::UnknownFormat, NotResumed::Forged].contains(&reason), "{reason}");
    }
    // A suite that this crate does not have, in a session that is ours.
    let other = plaintext(1, 0x0303, CipherSuite(0x1301), &context);
    assert_eq!(reason(&world, &sealed(SEAL, &other)), NotResumed::OtherSuite);
}

#[test]
fn a_ticket_replayed_to_a_server_of_another_domain_is_none() {
    let kept = kept(&world());
    let replayed = |world: World| reason(&Arc::new(world), &kept.ticket);
    let other = SessionContext::derive([&b"another"[..]]);
    assert_eq!(replayed(World::new().with_policy(policy().with_context(other))), NotResumed::OtherContext);
    let partition = tls12::session::Partition::named(b"another");
    assert_eq!(
        replayed(World::new().with_policy(policy().with_partition(partition))),
        NotResumed::OtherPartition
    );
    let alone = World::resuming().with_server(|config| config.with_trust(other));
    assert_eq!(replayed(alone), NotResumed::OtherContext);
}

/// A client holds no secret of whoever sealed the ticket, so it gets nowhere with somebody else's.
#[test]
fn a_ticket_without_its_secret_ends_with_the_first_finished() {
    let world = world();
    let kept = Kept { master: [1; 48], ..kept(&world) };
    let mut raw = Raw::client(&world, Over::Memory);
    raw.randoms.client = kept.hello().random;
    raw.message(&kept.hello().message());
    // Whatever the thief seals with, it is not the key.
    raw.next_message();
    raw.adopt(&kept);
    raw.change_cipher_spec();
    let finished = raw.finished(tls12::schedule::Side::Client);
    raw.message(&finished);
    let end = raw.end_in_any_way();
    assert_eq!(end.error, Some(Error::Record(RecordError::BadMac)));
    assert!(end.info.is_none());
}

#[test]
fn a_client_takes_tickets_of_any_length_and_offers_what_a_hello_has_room_for() {
    for (len, offered) in [(1, true), (49_152, true), (49_153, false), (65_535, false)] {
        let mut world = World::resuming();
        let shared = Arc::new(world);
        let mut raw = Raw::server(&shared, Over::Memory);
        let mut answer = raw.answer();
        answer.hello = Greeting::new().with(SESSION_TICKET, &[]).message();
        raw.say(&answer);
        raw.read_answer();
        let message = new_session_ticket(3600, &vec![7; len]);
        raw.count(&message);
        message.chunks(16_384).for_each(|part| raw.record(22, part));
        raw.change_cipher_spec();
        let finished = raw.finished(tls12::schedule::Side::Server);
        raw.message(&finished);
        let session = raw.close(b"").session.expect("a session");
        world = Arc::into_inner(shared).expect("nobody else has it");
        world.session = Some(session);
        let back = world.visit();
        match offered {
            true => assert_ne!(back.server.handshake.reason(), Some(NotResumed::NotOffered), "{len}"),
            false => assert_not_offered(&back, NotResumed::TooLong),
        }
    }
}
